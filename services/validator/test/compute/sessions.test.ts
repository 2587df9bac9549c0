/**
 * Sessions over a pool: a validator whose workers lie, garble or die gives no share and blocks nobody, and two calls at once compute,
 * vote and store once.
 */
import { DecodeError } from '@dwallet/sigma';
import {
  ComputeError,
  type ComputePool,
  InlinePool,
  type Job,
  clientKind,
  decodeReply,
  encodeBlames,
  encodeCall,
  frameResult,
  maxBodyBytes,
  networkJobs,
  packParts,
  runJob,
} from '@dwallet/two-pc-mpc/network';
import { afterEach, describe, expect, test } from 'vitest';
import { garbage, lyingWhen } from '../helpers/lies.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { ToyNetwork, curve, fixture, hex, toyParameters } from '../helpers/toy-network.ts';

const open: ToyNetwork[] = [];
afterEach(() => open.splice(0).forEach((network) => network.close()));

/** Validator `index` computes on `pool`, the others inline. */
function networkWith(index: number, pool: ComputePool): ToyNetwork {
  const network = new ToyNetwork({ from: fixture(), computeOf: (i) => (i === index ? pool : undefined) });
  open.push(network);
  return network;
}

/** An honest pool, behind something. */
function behind(change: (framed: Uint8Array, job: Job) => Uint8Array | Promise<Uint8Array>) {
  const inline = new InlinePool(networkJobs, toyParameters(), curve);
  const jobs: string[] = [];
  const pool: ComputePool = {
    parallelism: 2,
    queued: 0,
    active: 0,
    async run(job) {
      jobs.push(job.name);
      return change(await inline.run(job), job);
    },
    close: async () => {},
  };
  return { pool, jobs, of: (name: string) => jobs.filter((each) => each === name).length };
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a validator whose workers are not right', () => {
  /** A yes that was said about something else. */
  const yes = async (job: Job): Promise<Uint8Array> =>
    frameResult({ ...job, input: new Uint8Array(3) }, () => Uint8Array.of(1));
  test.each([
    ['says yes to something else', (_: Uint8Array, job: Job) => yes(job)],
    ['garbles a byte', (framed: Uint8Array) => framed.map((byte, i) => (i === framed.length - 1 ? byte ^ 1 : byte))],
    ['says nothing', () => new Uint8Array(0)],
    ['dies', () => Promise.reject(new ComputeError('COMPUTE_CRASHED', 'died'))],
  ] as [string, (framed: Uint8Array, job: Job) => Uint8Array | Promise<Uint8Array>][])(
    'one that %s: no vote, no marker, no share; the others sign',
    async (_, lie) => {
      const { pool, of } = behind((framed, job) => (job.name === 'sign/verify' ? lie(framed, job) : framed));
      const network = networkWith(3, pool);
      const client = new RawClient(network);
      const taken = await client.take(1, 'lies');
      const envelope = client.signRequest(taken, await client.signMessage(taken));
      const votes = network.store(3).list('vote').length;
      const { signature, blamed } = await client.sign(1, envelope);
      expect(signature.s).toBeGreaterThan(0n);
      expect(blamed).toEqual([]);
      expect(of('sign/verify')).toBeGreaterThan(0);
      expect(network.store(3).list('vote')).toHaveLength(votes);
      expect(network.marked(3).size).toBe(0);
      expect(network.marked(1).size).toBe(1);
      // It leads nothing either, and says so without naming the client a cheater.
      const reply = await network.validator(3).call(encodeCall(clientKind.sign, envelope));
      expect(() => decodeReply(reply, maxBodyBytes)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^COMPUTE_/) }),
      );
      expect(network.store(3).list('evidence')).toEqual([]);
    },
  );

  test('a presign session goes on without it', async () => {
    const { pool } = behind(() => new Uint8Array(0));
    const network = networkWith(4, pool);
    const before = network.store(1).list('presign').length;
    await network.validator(1).leadPresigns(1);
    for (const i of [1, 2, 3]) expect(network.store(i).list('presign')).toHaveLength(before + 1);
    expect(network.store(4).list('contribution')).toEqual([]);
  });
});

test('a leader whose workers lie about shares that do not combine: not the fault of the client, and another one ends it', async () => {
  const nobody = new Uint8Array(0);
  let lie = (): Uint8Array => nobody;
  const { pool, of } = behind((framed, job) => (job.name === 'sign/abort' ? frameResult(job, () => lie()) : framed));
  const network = networkWith(1, pool);
  const client = new RawClient(network);
  const taken = await client.take(1, 'abort');
  const envelope = client.signRequest(taken, await client.signMessage(taken));
  network.line = lyingWhen(network, [{ by: 3, method: 'sign/share', lie: garbage }]);
  const stranger = encodeBlames([{ party: 9, check: 'CG:3.10', reason: 'is wrong' }]);
  const lies: readonly [() => Uint8Array, string][] = [
    [() => nobody, 'COMPUTE_GARBLED'],
    [() => packParts(stranger, nobody, Uint8Array.of(0), nobody), 'COMPUTE_GARBLED'],
    [
      () => {
        throw new DecodeError('AbortJob.request', 'is another');
      },
      'COMPUTE_FAILED',
    ],
  ];
  for (const [told, expected] of lies) {
    lie = told;
    await expect(client.sign(1, envelope)).rejects.toMatchObject({ code: expected });
  }
  expect(of('sign/abort')).toBe(lies.length);
  expect(network.store(1).list('evidence')).toEqual([]);
  const { signature, blamed } = await client.sign(2, envelope);
  expect(signature.s).toBeGreaterThan(0n);
  expect(blamed).toMatchObject([{ party: 3, check: 'CG:3.10' }]);
});

describe('two calls at once', () => {
  test('for one signature, at two leaders and twice at each: one verification at each validator, one signature', async () => {
    const { pool, of } = behind(async (framed) => {
      await later();
      return framed;
    });
    const network = networkWith(1, pool);
    const client = new RawClient(network);
    const taken = await client.take(2, 'twice');
    const envelope = client.signRequest(taken, await client.signMessage(taken));
    const answers = await Promise.all([1, 1, 2, 2].map((to) => client.sign(to, envelope)));
    expect(new Set(answers.map(({ signature }) => `${signature.r} ${signature.s}`)).size).toBe(1);
    expect(of('sign/verify')).toBe(1);
    for (const i of network.access.validators) expect(network.marked(i).size).toBeLessThanOrEqual(1);
  });

  test('for two messages on one presign: never both', async () => {
    const slow = behind(async (framed) => {
      await later();
      return framed;
    });
    const network = new ToyNetwork({ from: fixture(), computeOf: () => slow.pool });
    open.push(network);
    const client = new RawClient(network);
    const taken = await client.take(2, 'race');
    const messages = await Promise.all([client.signMessage(taken, 'one'), client.signMessage(taken, 'two')]);
    const answers = await Promise.allSettled(
      messages.map((message, i) => client.sign(i + 1, client.signRequest(taken, message))),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    const digests = network.access.validators.flatMap((i) => network.marked(i).get(hex(taken.presign.presignId)) ?? []);
    expect(new Set(digests).size).toBeLessThanOrEqual(1);
  });

  test('of every step of a presign session: the same answer twice, computed once', async () => {
    const { pool, jobs } = behind(async (framed) => {
      await later();
      return framed;
    });
    const network = networkWith(2, pool);
    network.line = async ({ to, method, bytes, pass }) => {
      if (to !== 2 || !method.startsWith('session/')) return pass();
      const [first, second] = await Promise.all([pass(), network.validator(2).call(bytes.slice())]);
      expect(second).toEqual(first);
      return first;
    };
    await network.validator(1).leadPresigns(1);
    const once = new Set(['presign/masks', 'presign/prove-masks', 'presign/nonces', 'presign/finalize']);
    for (const name of once) expect(jobs.filter((each) => each === name)).toHaveLength(1);
    expect(network.store(2).list('presign')).toEqual(network.store(1).list('presign'));
  });

  test('for a new dWallet: verified once, spent once', async () => {
    const { pool, of } = behind(async (framed) => {
      await later();
      return framed;
    });
    const network = networkWith(2, pool);
    network.line = async ({ to, method, bytes, pass }) => {
      if (to !== 2 || !method.startsWith('dwallet/')) return pass();
      const [first, second] = await Promise.all([pass(), network.validator(2).call(bytes.slice())]);
      expect(second).toEqual(first);
      return first;
    };
    const bob = await network.client({ name: 'bob' });
    const wallet = await bob.createDWallet({ rawDigests: true });
    expect(wallet.publicKey).toHaveLength(33);
    // The commit after the vote finds what the vote verified.
    expect(of('dwallet/verify')).toBe(1);
  });
});

test('the inline pool is a pool', async () => {
  const pool = new InlinePool(networkJobs, toyParameters(), curve);
  const job: Job = { name: 'no such job', input: new Uint8Array(0), secret: false };
  await expect(runJob(pool, job)).rejects.toMatchObject({ code: 'DECODE' });
  const aborted = new AbortController();
  aborted.abort();
  await expect(pool.run(job, { signal: aborted.signal })).rejects.toMatchObject({ code: 'COMPUTE_CANCELLED' });
  await pool.close();
  await expect(pool.run(job)).rejects.toMatchObject({ code: 'COMPUTE_CLOSED' });
});
