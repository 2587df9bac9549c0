/**
 * A leader that dies at any step of a presign session or a signature: another one goes on or starts anew, everything that was promised holds, and
 * nothing is used a second time. Genesis: genesis.test.ts.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { decodeSessionRequest } from '../src/core.ts';
import { garbage, lyingWhen } from './helpers/lies.ts';
import { RawClient } from './helpers/raw-client.ts';
import { type Line, ToyNetwork, fixture, hex } from './helpers/toy-network.ts';

const networks: ToyNetwork[] = [];
afterEach(() => networks.splice(0).forEach((network) => network.close()));
function opened(): ToyNetwork {
  const network = new ToyNetwork({ from: fixture() });
  networks.push(network);
  return network;
}

/** The leader dies when it is about to send the `nth` request of this step: nothing of it leaves or arrives any more. */
function dying(
  network: ToyNetwork,
  leader: number,
  isStep: (method: string, bytes: Uint8Array) => boolean,
  nth: number,
  under: Line = ({ pass }) => pass(),
): { readonly died: () => boolean } {
  let seen = 0;
  let dead = false;
  network.line = (call) => {
    if (call.from === leader && !dead && isStep(call.method, call.bytes) && ++seen === nth) dead = true;
    if (dead && (call.from === leader || call.to === leader)) return Promise.reject(new Error('killed'));
    return under(call);
  };
  return { died: () => dead };
}

/** Per presign, what the validators have marked: one digest, or the invariant of MPC 5.8 is broken. */
function expectSingleUse(network: ToyNetwork): void {
  const marks = new Map<string, Set<string>>();
  for (const i of network.access.validators)
    for (const [id, digest] of network.marked(i)) marks.set(id, (marks.get(id) ?? new Set()).add(digest));
  for (const [id, digests] of marks) expect(digests.size, id).toBe(1);
}

describe('the leader of a signature dies', () => {
  const lie = (network: ToyNetwork): Line => lyingWhen(network, [{ by: 3, method: 'sign/share', lie: garbage }]);
  for (const [method, nth, needsLie] of [
    ['sign/bind', 1, false],
    ['sign/bind', 3, false],
    ['sign/share', 1, false],
    ['sign/share', 2, false],
    ['sign/prove', 1, true],
    ['sign/prove', 3, true],
    ['sign/record', 1, false],
    ['sign/record', 3, false],
  ] as const) {
    it(`at request ${nth} of ${method}: the same bytes get the signature from another one`, async () => {
      const network = opened();
      const alice = new RawClient(network);
      const taken = await alice.take(1, `${method}/${nth}`);
      const request = alice.signRequest(taken, await alice.signMessage(taken));
      const { died } = dying(network, 1, (called) => called === method, nth, needsLie ? lie(network) : undefined);
      const first = await alice.sign(1, request).catch(() => undefined);
      expect(died()).toBe(true);
      network.restart(1);
      network.line = needsLie ? lie(network) : ({ pass }) => pass();
      const signed = await alice.sign(2, request);
      // Whoever answers, and how often: it is one signature.
      if (first !== undefined) expect(first.signature).toEqual(signed.signature);
      network.killAll();
      network.line = ({ pass }) => pass();
      expect((await alice.sign(1, request)).signature).toEqual(signed.signature);
      // A wallet that lost its message and makes another one gets nothing, wherever it asks.
      const other = alice.signRequest(taken, await alice.signMessage(taken, 'other bytes'));
      for (const leader of [1, 2, 3, 4])
        await expect(alice.sign(leader, other)).rejects.toMatchObject({ check: 'MPC:S2' });
      expectSingleUse(network);
    });
  }

  for (const nth of [1, 2, 3]) {
    it(`at request ${nth} of an assignment: the request gets one presign from whoever leads, others get other ones`, async () => {
      const network = opened();
      const alice = new RawClient(network);
      const { died } = dying(network, 1, (called) => called === 'sign/assign', nth);
      await alice.take(1, 'interrupted').catch(() => undefined);
      expect(died()).toBe(true);
      network.restart(1);
      network.line = ({ pass }) => pass();
      const again = await alice.take(2, 'interrupted');
      const third = await alice.take(3, 'interrupted');
      expect(third.presign.presignId).toEqual(again.presign.presignId);
      const other = await alice.take(4, 'something else');
      expect(other.presign.presignId).not.toEqual(again.presign.presignId);
      // One request per presign at every validator.
      for (const i of network.access.validators) {
        const stored = network.store(i).get('assignment', hex(again.presign.presignId));
        if (stored !== undefined)
          expect(hex(stored)).toBe(hex(network.store(2).get('assignment', hex(again.presign.presignId)) as Uint8Array));
      }
      await alice.sign(3, alice.signRequest(again, await alice.signMessage(again)));
      expectSingleUse(network);
    });
  }
});

describe('two leaders at once', () => {
  it('different requests race for the same presigns: each gets its own, what is lost is a presign and no more', async () => {
    const network = opened();
    const alice = new RawClient(network);
    const takes = await Promise.allSettled([1, 2, 3, 4].map((leader) => alice.take(leader, `race ${leader}`)));
    const won = takes.flatMap((take) => (take.status === 'fulfilled' ? [hex(take.value.presign.presignId)] : []));
    expect(won.length).toBeGreaterThan(0);
    expect(new Set(won).size).toBe(won.length);
  });

  it('two client messages for one presign: one is signed or none, never both (MPC 5.8)', async () => {
    const network = opened();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'split');
    const requests = await Promise.all(
      ['one', 'other'].map(async (label) => alice.signRequest(taken, await alice.signMessage(taken, label))),
    );
    const results = await Promise.allSettled(requests.map((request, i) => alice.sign(i + 1, request)));
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2);
    network.killAll();
    for (const leader of [1, 2, 3, 4]) await Promise.allSettled(requests.map((request) => alice.sign(leader, request)));
    expectSingleUse(network);
    const signatures = new Set(
      network.access.validators.flatMap((i) => {
        const record = network.store(i).get('signature', hex(taken.presign.presignId));
        return record === undefined ? [] : [hex(record)];
      }),
    );
    expect(signatures.size).toBeLessThan(2);
  });
});

describe('the leader of a presign session dies', () => {
  const steps: [string, string, number][] = ['round-1', 'round-2', 'round-3'].map((step) => [
    'session/contribute',
    step,
    2,
  ]);
  steps.push(
    ['session/vote', 'vote', 1],
    ['session/vote', 'vote', 3],
    ['session/commit', 'commit', 1],
    ['session/commit', 'commit', 3],
  );
  it('at any step: others fill the pool, what was certified can be had by all, and no presign comes from two sessions', async () => {
    const network = opened();
    for (const [at, [method, step, nth]] of steps.entries()) {
      const leader = (at % 4) + 1;
      const { died } = dying(
        network,
        leader,
        (called, bytes) => called === method && decodeSessionRequest(network.bodyOf(bytes), 4).step === step,
        nth,
      );
      await network
        .validator(leader)
        .leadPresigns(1)
        .catch(() => undefined);
      expect(died(), `${method} ${step}`).toBe(true);
      network.restart(leader);
      network.line = ({ pass }) => pass();
    }
    await network.validator(2).leadPresigns(1);
    for (const i of network.access.validators) await network.validator(i).catchUp();
    const pools = network.access.validators.map((i) => network.store(i).list('presign'));
    for (const pool of pools) expect(pool).toEqual(pools[0]);
    expect(pools[0]?.length).toBeGreaterThan(Object.keys(fixture().common['presign'] ?? {}).length);
    for (const i of network.access.validators) expect(network.validator(i).status().evidence).toEqual([]);
    // All of them sign.
    const alice = new RawClient(network);
    const taken = await alice.take(4, 'after all that');
    await alice.sign(4, alice.signRequest(taken, await alice.signMessage(taken)));
    expectSingleUse(network);
  });
});
