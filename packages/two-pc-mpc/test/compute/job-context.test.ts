/** What a worker keeps and what it wipes. */
import { DecodeError, secp256k1Curve } from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import {
  type ComputePool,
  type JobTable,
  createJobContext,
  executeJob,
  frameResult,
  runJob,
  runSecretJob,
} from '../../src/network.ts';
import { toyParameters } from '../helpers/network-fixture.ts';

const context = () => createJobContext(toyParameters(), secp256k1Curve);

describe('wiping', () => {
  const held: Uint8Array[] = [];
  const run = (_: unknown, input: Uint8Array): Uint8Array => {
    held.push(input);
    if (input[0] === 0xff) throw new DecodeError('input', 'is refused');
    return input.slice();
  };
  const table: JobTable = { secret: { secret: true, run }, public: { secret: false, run } };

  test.each([
    ['secret', 1, [0, 0]],
    ['secret', 0xff, [0, 0]],
    ['public', 1, [1, 5]],
    ['public', 0xff, [0xff, 5]],
  ] as const)('of the input of a %s job that begins with %d', (name, first, left) => {
    const job = { name, input: Uint8Array.of(first, 5) };
    const framed = executeJob(context(), table, job);
    expect(framed.length).toBeGreaterThan(32);
    expect(job.input).toEqual(Uint8Array.from(left));
    // Its own copy is wiped whatever it holds.
    expect(held.pop()).toEqual(new Uint8Array(2));
  });

  test('of the result of a secret job, and of the input that was made of parts', async () => {
    const frames: Uint8Array[] = [];
    const inputs: Uint8Array[] = [];
    const pool: ComputePool = {
      parallelism: 1,
      queued: 0,
      active: 0,
      close: async () => {},
      run: async (job) => {
        inputs.push(job.input);
        const framed = frameResult(job, () => {
          if (job.name === 'fails') throw new DecodeError('x', 'is wrong');
          return Uint8Array.of(3, 4);
        });
        frames.push(framed);
        return framed;
      },
    };
    const input = Uint8Array.of(1);
    expect(await runJob(pool, { name: 'job', input, secret: true })).toEqual(Uint8Array.of(3, 4));
    await expect(runJob(pool, { name: 'fails', input, secret: true })).rejects.toThrow(DecodeError);
    expect(await runSecretJob(pool, 'job', [Uint8Array.of(8), Uint8Array.of(9)])).toEqual(Uint8Array.of(3, 4));
    await expect(runSecretJob(pool, 'fails', [Uint8Array.of(8)])).rejects.toThrow(DecodeError);
    for (const framed of frames.splice(0)) expect(framed.some((byte) => byte !== 0)).toBe(false);
    for (const made of inputs.splice(0).slice(2)) expect(made.some((byte) => byte !== 0)).toBe(false);
    await runJob(pool, { name: 'job', input, secret: false });
    expect(frames[0]?.some((byte) => byte !== 0)).toBe(true);
  });
});

test('a worker remembers 32 values of a kind: those that were used last', () => {
  const { remember } = ((it) => ({ remember: it.remember.bind(it) }))(context());
  const made: number[] = [];
  const use = (n: number, kind = 'kind'): number =>
    remember(kind, [Uint8Array.of(n)], () => {
      made.push(n);
      return n;
    });
  for (let n = 0; n < 32; n++) expect(use(n)).toBe(n);
  expect(use(0)).toBe(0);
  use(100, 'another kind');
  expect(made.splice(0)).toEqual([...Array(32).keys(), 100]);
  // One too many: 1 goes, 0 was used after it.
  use(32);
  expect([use(0), use(2), use(31)]).toEqual([0, 2, 31]);
  expect(made.splice(0)).toEqual([32]);
  use(1);
  expect(made).toEqual([1]);
});
