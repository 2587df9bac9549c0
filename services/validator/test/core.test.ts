/**
 * How a leader listens: for how long, to whom, and what it makes of refusals.
 */
import { CheckError, DecodeError, ThresholdNotReachedError } from '@dwallet/sigma';
import { InlinePool, type Peer, encodeFailure, encodeResult, networkJobs } from '@dwallet/two-pc-mpc/network';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { Core, RefusedError } from '../src/core.ts';
import { silentObserver } from '../src/observer.ts';
import { MemoryRecordStore } from '../src/store/record-store.ts';
import { ToyNetwork, curve, fixture, networkName, randomFor, v } from './helpers/toy-network.ts';

const network = new ToyNetwork({ from: fixture() });
afterAll(() => network.close());

const body = (n: number): Uint8Array => Uint8Array.of(n);
const after = (ms: number, reply: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve) => setTimeout(() => resolve(reply), ms));
const never = new Promise<Uint8Array>(() => {});

/** Validator 1 among others that answer as they are told to. */
function coreWith(answers: Readonly<Record<number, () => Promise<Uint8Array>>>): Core {
  const peers = new Map(
    network.access.validators
      .filter((i) => i !== 1)
      .map(
        (i) => [i, { call: () => answers[i]?.() ?? Promise.resolve(encodeResult(body(i))) } satisfies Peer] as const,
      ),
  );
  const core = new Core({
    index: v(1),
    committee: network.committee,
    networkId: network.networkId,
    networkName,
    parameters: network.parameters,
    curve,
    keystore: network.keystore(1),
    store: new MemoryRecordStore(),
    random: randomFor('core'),
    peers,
    log: () => {},
    timeouts: { answerMs: 60_000, sharesMs: 60_000, fetchMs: 150 },
    clock: systemClock,
    observer: silentObserver,
    compute: new InlinePool(networkJobs, network.parameters, curve),
  });
  core.serveSelf = answers[1] ?? (() => Promise.resolve(encodeResult(body(1))));
  return core;
}

describe('collecting answers', () => {
  it('waits for everybody; who cannot be reached or answers badly is an error among the answers', async () => {
    const core = coreWith({
      2: () => Promise.reject(new Error('gone')),
      3: () => Promise.resolve(Uint8Array.of(9, 9)),
      4: () => after(50, encodeResult(body(44))),
    });
    const accepted: number[] = [];
    const answers = await core.collect('x', body(0), ({ body: [n] }) => {
      if (n === 1) throw new DecodeError('answer', 'is not wanted');
      accepted.push(n as number);
    });
    expect(accepted).toEqual([44]);
    const found = new Map(
      answers.map((answer) => [answer.validator as number, 'error' in answer ? answer.error.message : 'good']),
    );
    expect(found.get(1)).toContain('is not wanted');
    expect(found.get(2)).toBe('gone');
    expect(found.get(3)).toContain('Reply');
    expect(found.get(4)).toBe('good');
  });

  it('with no grace it goes on at weight t, and what comes later is not looked at', async () => {
    let late: ((reply: Uint8Array) => void) | undefined;
    const core = coreWith({ 4: () => new Promise((resolve) => (late = resolve)) });
    const accepted: number[] = [];
    const answers = await core.collect('x', body(0), ({ body: [n] }) => accepted.push(n as number), { graceMs: 0 });
    expect([...accepted].sort((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(answers).toHaveLength(3);
    late?.(encodeResult(body(4)));
    await after(20, body(0));
    expect(accepted).toHaveLength(3);
    expect(answers).toHaveLength(3);
  });

  it('with no grace it ends when more than f agree on a refusal and weight t is out of reach, though one is silent', async () => {
    const refuse = (check: string) => () =>
      Promise.resolve(encodeFailure(new RefusedError('POLICY_REFUSED', 'no', { check })));
    const core = coreWith({ 2: refuse('ZONE:2'), 3: refuse('ZONE:2'), 4: () => never });
    const answers = await core.collect('x', body(0), () => {}, { graceMs: 0, timeoutMs: 3_600_000 });
    expect(answers.map(({ validator }) => validator)).not.toContain(4);
    expect(core.refusal('x', answers, 1)).toMatchObject({ code: 'POLICY_REFUSED', check: 'ZONE:2' });
    // One that wants everybody's answer, or does not know the reason yet, waits.
    const everybody = await core.collect('x', body(0), () => {}, { timeoutMs: 30 });
    expect(everybody).toHaveLength(3);
    const unlike = coreWith({ 2: refuse('ZONE:2'), 3: refuse('ZONE:5'), 4: () => after(40, encodeResult(body(4))) });
    expect(await unlike.collect('x', body(0), () => {}, { graceMs: 0 })).toHaveLength(4);
  });

  it('refused answers do not count towards weight t', async () => {
    const core = coreWith({
      3: () => Promise.resolve(encodeFailure(new Error('x'))),
      4: () => after(60, encodeResult(body(4))),
    });
    const answers = await core.collect('x', body(0), () => {}, { graceMs: 0 });
    expect(answers.filter((answer) => 'body' in answer)).toHaveLength(3);
  });

  it('adaptive grace waits for one that is a little slower, and not for one that is silent', async () => {
    const slow = coreWith({ 4: () => after(300, encodeResult(body(4))) });
    expect(await slow.collect('x', body(0), () => {}, { graceMs: 'adaptive' })).toHaveLength(4);
    const silent = coreWith({ 4: () => never });
    const begin = performance.now();
    expect(await silent.collect('x', body(0), () => {}, { graceMs: 'adaptive' })).toHaveLength(3);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  it('the clock ends it, and counts from when the own part is done', async () => {
    const core = coreWith({
      1: () => after(200, encodeResult(body(1))),
      2: () => never,
      3: () => after(250, encodeResult(body(3))),
      4: () => never,
    });
    const answers = await core.collect('x', body(0), () => {}, { timeoutMs: 150 });
    expect(answers.map(({ validator }) => validator as number).sort((a, b) => a - b)).toEqual([1, 3]);
    const asked = await core.collect('x', body(0), () => {}, { timeoutMs: 50, from: [v(2), v(4)] });
    expect(asked).toEqual([]);
  });
});

describe('what a failed step means', () => {
  const answer = (n: number, error: Error) => ({ validator: v(n), error });
  const core = coreWith({});
  const s1 = (): Error => new CheckError('MPC:S1', 'presign', 'is assigned');

  it("one refusal of four is nobody's word: too few answered", () => {
    for (const error of [s1(), new RefusedError('NOT_OWNER', 'no'), new Error('INTERNAL')]) {
      expect(core.refusal('x', [answer(2, error)], 2)).toBeInstanceOf(ThresholdNotReachedError);
      expect(core.refusal('x', [answer(2, error), answer(3, new Error('gone'))], 2)).toBeInstanceOf(
        ThresholdNotReachedError,
      );
    }
    const different = [answer(2, s1()), answer(3, new RefusedError('NOT_OWNER', 'no'))];
    expect(core.refusal('x', different, 2)).toBeInstanceOf(ThresholdNotReachedError);
  });

  it("the same refusal of more than f is an honest one's too", () => {
    const error = s1();
    expect(core.refusal('x', [answer(2, error), answer(4, s1())], 2)).toBe(error);
    const other = new CheckError('MPC:S2', 'presign', 'is bound');
    expect(core.refusal('x', [answer(1, other), answer(2, error), answer(4, s1())], 1)).toBe(error);
  });
});

describe('asking anybody', () => {
  const read = ([n]: Uint8Array): number => {
    if (n === 2) throw new DecodeError('answer', 'does not verify');
    return n as number;
  };
  it('takes the first answer that holds; refusals, lies and silence are passed over', async () => {
    const core = coreWith({
      3: () => Promise.resolve(encodeFailure(new RefusedError('NOT_FOUND', 'no'))),
      4: () => after(30, encodeResult(body(4))),
    });
    expect(await core.askAny('x', body(0), read)).toBe(4);
    await expect(core.askAny('x', body(0), read, [v(2), v(3)])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(core.askAny('x', body(0), read, [])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const silent = coreWith({ 2: () => never, 3: () => never, 4: () => Promise.reject(new Error('gone')) });
    await expect(silent.askAny('x', body(0), read)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
