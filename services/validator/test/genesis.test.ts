/**
 * The network key is made between validators that only exchange messages: whole, interrupted at any moment, and with a leader that lies.
 */
import { networkDkg } from '@dwallet/class-groups';
import { type Digest, Secret, concat } from '@dwallet/sigma';
import {
  type Fact,
  type RemoteError,
  assembleCertificate,
  decodeCertificate,
  decodeNetworkReply,
  decodeParts,
  decodeReply,
  encodeCall,
  encodeCertificate,
  encodeEnvelope,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import { afterEach, describe, expect, it } from 'vitest';
import { type SessionRequest, decodeList, decodeSessionRequest, encodeSessionRequest } from '../src/core.ts';
import { listEvidence, verifyEvidence } from '../src/evidence.ts';
import { contributionPlace } from '../src/sessions/contribution.ts';
import { encodeFixRequest, encodeProposal, fixedInboxFact, preparedInboxFact } from '../src/sessions/fixed-inbox.ts';
import { ceremonySession } from '../src/sessions/session.ts';
import { ToyNetwork, type ToyOptions, curve, hex, networkName, randomFor, v } from './helpers/toy-network.ts';

const open: ToyNetwork[] = [];
function newNetwork(options: ToyOptions = {}): ToyNetwork {
  const network = new ToyNetwork(options);
  open.push(network);
  return network;
}
afterEach(() => open.splice(0).forEach((network) => network.close()));

/** What a validator tells clients about the network, without the statement about its own store. */
async function networkOf(network: ToyNetwork, index: number): Promise<string> {
  const reply = await network.validator(index).call(encodeCall('network', new Uint8Array(0)));
  return decodeNetworkReply(decodeReply(reply, maxBodyBytes)).slice(0, -1).map(hex).join();
}

/** The key record without the certificate, whose votes may differ. */
const keyOf = (network: ToyNetwork, index: number): string =>
  hex(decodeParts(network.store(index).get('network', 'key') as Uint8Array, 'key', 2)[0] as Uint8Array);

function expectComplete(network: ToyNetwork, evidence: unknown = []): void {
  const shares = new Set<string>();
  for (const i of network.access.validators) {
    expect(network.validator(i).status(), `validator ${i}`).toMatchObject({
      hasKey: true,
      hasSetup: true,
      evidence,
    });
    expect(keyOf(network, i)).toBe(keyOf(network, 1));
    const own = network.keystore(i).shares;
    expect([...(own?.keys() ?? [])]).toEqual([i]);
    shares.add(String(own?.get(i)?.expose()));
  }
  expect(shares.size).toBe(4);
}

describe('genesis', () => {
  it('is certified, the same for all, and survives kill -9 of everything at any step', async () => {
    const network = newNetwork({ label: 'genesis' });
    const { validators } = network.access;
    await expect(networkOf(network, 1)).rejects.toMatchObject({ code: 'NOT_READY' });

    /** Runs the genesis until a call that `when` picks, kills everything there, and starts it again. */
    const killAt = async (when: (method: string, step: string, to: number) => boolean): Promise<void> => {
      const passed: Promise<unknown>[] = [];
      network.line = async ({ method, to, bytes, pass }) => {
        if (!method.startsWith('session/')) return pass();
        const body = Buffer.from(network.bodyOf(bytes).subarray(0, 80));
        const step = ['register', 'deal', 'acknowledge', 'rehearse', 'network-setup'].find((name) =>
          body.includes(name),
        );
        if (when(method, step ?? '', to)) {
          // What was sent before has arrived by then.
          await Promise.allSettled(passed);
          network.killAll();
          throw new Error('killed');
        }
        const reply = pass();
        passed.push(reply);
        return reply;
      };
      await expect(network.validator(1).leadGenesis()).rejects.toThrow();
      network.line = ({ pass }) => pass();
    };

    await killAt((method, step, to) => method === 'session/contribute' && step === 'deal' && to === 3);
    // After the votes on the key.
    await killAt((method) => method === 'session/commit');
    expect(
      network
        .store(2)
        .list('vote')
        .filter((id) => id.startsWith('network-key')),
    ).toHaveLength(1);
    // In the middle of handing out the result: validators 2 and 3 have the key, the others do not.
    await killAt((method, _step, to) => method === 'session/commit' && to === 4);
    expect(validators.map((i) => network.validator(i).status().hasKey)).toEqual([false, true, true, false]);

    // The leader finds the key at the others and makes the setup; it dies after the votes.
    await killAt((method, step) => method === 'session/commit' && step === 'network-setup');
    expect(network.validator(1).status()).toMatchObject({ hasKey: true, hasSetup: false });
    // Validator 4 was asked for its part of the setup and found out that it had missed the key.
    expect(network.validator(4).status().hasKey).toBe(true);

    await network.validator(1).leadGenesis();
    expectComplete(network);
    await network.client({ name: 'bob' });
    for (const i of validators) {
      expect(network.keystore(i).shares?.size).toBe(1);
      // Nothing is left of the ceremony.
      expect(() => network.keystore(i).ceremony(randomFor('x'))).toThrow('after the ceremony');
    }
    expect(await networkOf(network, 2)).toBe(await networkOf(network, 1));

    // Again: nothing happens.
    const before = await networkOf(network, 3);
    await network.validator(3).leadGenesis();
    expect(await networkOf(network, 3)).toBe(before);

    // The key record is lost although the shares are in the keystore: a kill between the two writes of a commit.
    const share = network.keystore(4).shares?.get(4)?.expose();
    const store = network.store(4);
    const kept = new Map(['dkg', 'setup'].map((id) => [id, store.get('network', id) as Uint8Array]));
    const fresh = newNetwork({ label: 'unused' }).store(1);
    for (const [id, value] of kept) if (id !== 'dkg') fresh.put('network-old', id, value);
    network.stores[3] = fresh;
    network.restart(4);
    expect(network.validator(4).status()).toMatchObject({ hasKey: false, hasSetup: false });
    await network.validator(4).catchUp();
    expectComplete(network);
    expect(network.keystore(4).shares?.get(4)?.expose()).toBe(share);
  });

  it('needs everybody: with one validator down there is no key, and later there is', async () => {
    const network = newNetwork({ label: 'one-down' });
    const missing = { code: 'THRESHOLD_NOT_REACHED', have: 3, need: 4 };
    network.down.add(3);
    await expect(network.validator(2).leadGenesis()).rejects.toMatchObject(missing);
    expect(network.validator(2).status().hasKey).toBe(false);
    network.down.clear();
    // It goes away after it has registered: the ceremony waits, and goes on when it is back.
    network.line = ({ to, method, bytes, pass }) =>
      to === 3 &&
      method === 'session/contribute' &&
      decodeSessionRequest(network.bodyOf(bytes), 4).step === 'acknowledge'
        ? Promise.reject(new Error('validator 3 is down'))
        : pass();
    await expect(network.validator(2).leadGenesis()).rejects.toMatchObject(missing);
    // Registrations and deals are fixed, acknowledgements are waited for.
    expect(network.store(2).list('inbox-locked')).toHaveLength(2);
    // Setup needs a quorum only; whoever missed it fetches it.
    let deafTo = false;
    network.line = async ({ method, to, bytes, pass }) => {
      if (deafTo && to === 4) throw new Error('validator 4 is down');
      const reply = await pass();
      if (method === 'session/commit' && Buffer.from(network.bodyOf(bytes).subarray(0, 20)).includes('network-dkg')) {
        deafTo = true;
      }
      return reply;
    };
    await network.validator(2).leadGenesis();
    expect(network.validator(4).status()).toMatchObject({ hasSetup: false });
    deafTo = false;
    network.line = ({ pass }) => pass();
    await network.validator(4).catchUp();
    expectComplete(network);
  });
});

describe('a leader that lies in the DKG', () => {
  const network = new ToyNetwork({ label: 'lying-leader' });
  const n = 4n;
  const session = ceremonySession(network, 'network-dkg', new Uint8Array(0));
  /** Ballots of validator 1, ascending. */
  const ballot = (turn: number): bigint => BigInt(turn) * n + 1n;

  const request = (
    step: string,
    history: readonly (readonly Uint8Array[])[],
    change: Partial<SessionRequest> = {},
  ): SessionRequest => ({
    protocol: 'network-dkg',
    session,
    step,
    input: new Uint8Array(0),
    history,
    certificates: [],
    ...change,
  });
  const ask = (to: number, method: string, body: SessionRequest, leader = 1): Promise<Uint8Array> =>
    network.ask(leader, to, `session/${method}`, encodeSessionRequest(body));
  const refused = async (answer: Promise<Uint8Array>): Promise<string> => {
    const error = await answer.then(
      () => expect.fail('it was answered'),
      (reason: unknown) => reason,
    );
    return `${(error as RemoteError).code}: ${(error as RemoteError).message}`;
  };
  const registrations = (): Promise<Uint8Array[]> =>
    Promise.all([1, 2, 3, 4].map((i) => ask(i, 'contribute', request('register', []))));
  const propose = (
    to: number,
    history: readonly (readonly Uint8Array[])[],
    of: bigint,
    prepared?: Uint8Array,
    leader = 1,
  ) => network.ask(leader, to, 'session/propose', encodeProposal(request('register', history), of, prepared));
  const fix = (to: number, history: readonly (readonly Uint8Array[])[], prepared: Uint8Array) =>
    network.ask(1, to, 'session/fix', encodeFixRequest(request('register', history), prepared));

  const certificateOf = (fact: Fact, votes: readonly (readonly [number, Uint8Array])[]): Uint8Array =>
    encodeCertificate(
      assembleCertificate(
        network.committee,
        fact,
        votes.map(([i, signature]) => ({ validator: v(i), signature })),
      ).certificate,
    );
  const gather = (members: readonly number[], one: (i: number) => Promise<Uint8Array>) =>
    Promise.all(members.map(async (i) => [i, await one(i)] as const));

  it('the same request gets the same bytes from whoever leads; other inputs get nothing, also after a restart', async () => {
    const [first] = await registrations();
    expect(await ask(1, 'contribute', request('register', []))).toEqual(first);
    expect(await ask(1, 'contribute', request('register', []), 3)).toEqual(first);
    network.restart(1);
    expect(await ask(1, 'contribute', request('register', []))).toEqual(first);
    const elsewhere = ceremonySession(
      { committee: network.committee, networkId: new Uint8Array(32) as Digest },
      'network-dkg',
      new Uint8Array(0),
    );
    expect(await refused(ask(1, 'contribute', request('register', [], { session: elsewhere })))).toContain('NOT_OWNER');
    expect(await refused(ask(1, 'contribute', request('register', [], { input: new Uint8Array(32) })))).toContain(
      'input',
    );
  });

  it('an inbox with a sender twice, out of order, of another session, step, history or network is refused', async () => {
    const inbox = await registrations();
    const [a, b, c, d] = inbox as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const say = (messages: readonly Uint8Array[]): Promise<string> => refused(propose(3, [messages], ballot(0)));
    expect(await say([a, a, b, c])).toContain('twice');
    expect(await say([a, b, c, c])).toContain('twice');
    expect(await say([b, a, c, d])).toContain('ascending order');
    expect(await say([a, b, c, d, d])).toMatch(/count|exceeds|twice/);
    const reseal = (from: Secret<Uint8Array>, change: Partial<Parameters<typeof sealEnvelope>[1]>): Uint8Array => {
      const { body } = openEnvelope(a, network.networkId);
      const fields = { networkId: network.networkId, session, kind: 'network-dkg/register', body };
      return encodeEnvelope(sealEnvelope(from, { ...fields, ...change }));
    };
    const { identity } = network.keystore(1);
    expect(await say([reseal(identity, { session: new Uint8Array(32) }), b, c, d])).toContain('another session');
    expect(await say([reseal(identity, { kind: 'network-dkg/deal' }), b, c, d])).toContain('Envelope.kind');
    expect(await say([reseal(identity, { networkId: new Uint8Array(32) as Digest }), b, c, d])).toContain('network');
    expect(await say([reseal(identity, { body: new Uint8Array(162) }), b, c, d])).toContain('answers another history');
    expect(await say([reseal(new Secret(randomFor('stranger')(32)), {}), b, c, d])).toContain('NOT_A_MEMBER');
    const bent = a.slice();
    bent[bent.length - 1] = (bent.at(-1) as number) ^ 1;
    expect(await say([bent, b, c, d])).toContain('signature');
    // Nobody votes for an inbox that the ceremony could not be finished with.
    expect(await say([a, b, c])).toContain('registrations: have weight 3, need 4');
  });

  it('nobody votes for an inbox that would fill every later request', async () => {
    const [a, b, c, d] = (await registrations()) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const { body } = openEnvelope(d, network.networkId);
    const padded = (more: number): Uint8Array => {
      const fields = { networkId: network.networkId, session, kind: 'network-dkg/register' };
      return encodeEnvelope(
        sealEnvelope(network.keystore(4).identity, { ...fields, body: concat(body, new Uint8Array(more)) }),
      );
    };
    expect(await refused(propose(3, [[a, b, c, padded(1 << 20)]], ballot(0)))).toContain('has a message of more than');
    // A little too long is a fault like others, judged with the inbox.
    expect(await refused(propose(3, [[a, b, c, padded(1)]], ballot(0)))).toContain('registrations: have weight 3');
  });

  it('a history that is not the one of the round is refused', async () => {
    const inbox = await registrations();
    for (const [step, history] of [
      ['register', [inbox]],
      ['deal', []],
      ['deal', [inbox, inbox]],
      ['rehearse', [inbox]],
    ] as const) {
      expect(await refused(ask(2, 'contribute', request(step, history))), step).toContain('SessionRequest.history');
    }
    expect(await refused(ask(2, 'contribute', request('vote', [])))).toContain('not a round');
    expect(await refused(ask(2, 'status', request('rehearse', [])))).toContain('SessionRequest.step');
    expect(await refused(ask(2, 'vote', request('vote', [inbox])))).toContain('SessionRequest.history');
    expect(await refused(propose(2, [], ballot(0)))).toContain('no round to fix');
    expect(await refused(propose(2, [[], [], [], [], []], ballot(0)))).toContain('no round to fix');
    expect(await refused(ask(2, 'commit', request('commit', [inbox])))).toContain('DECODE');
  });

  it('ballots: one vote in each, by their owner only, ascending, and not too far ahead', async () => {
    const inbox = await registrations();
    expect(await refused(propose(4, [inbox], 2n))).toContain('NOT_OWNER');
    expect(await refused(propose(4, [inbox], 0n))).toContain('Ballot.number');
    expect(await refused(propose(4, [inbox], (2n ** 24n / n + 1n) * n + 1n))).toContain('too high');
    const vote = await propose(4, [inbox], ballot(1));
    network.restart(4);
    expect(await propose(4, [inbox], ballot(1))).toEqual(vote);
    expect(await refused(propose(4, [inbox], ballot(0)))).toContain('is over');
    expect(await propose(4, [inbox], ballot(2))).not.toEqual(vote);
  });

  it('a round is not run on an inbox without a certificate, or with one of another inbox or phase (MPC:N5)', async () => {
    const inbox = await registrations();
    const run = (certificates: readonly Uint8Array[]): Promise<string> =>
      refused(ask(3, 'contribute', request('deal', [inbox], { certificates })));
    expect(await run([])).toContain('is not fixed');
    const at = ballot(5);
    const prepared = certificateOf(
      preparedInboxFact(session, 0, inbox, at),
      await gather([1, 2, 3], (i) => propose(i, [inbox], at)),
    );
    // What a quorum has prepared is not fixed yet.
    expect(await run([prepared])).toContain('other phase');
    const fixed = certificateOf(
      fixedInboxFact(session, 0, inbox, at),
      await gather([1, 2, 4], (i) => fix(i, [inbox], prepared)),
    );
    const whole = decodeCertificate(fixed);
    expect(await run([encodeCertificate({ ...whole, votes: whole.votes.slice(0, 2) })])).toContain(
      'below the threshold',
    );
    const forged = { ...whole, fact: { ...whole.fact, digest: new Uint8Array(32) as Digest } };
    expect(await run([encodeCertificate(forged)])).toContain('MPC:N5');
    const deal = request('deal', [inbox], { certificates: [fixed] });
    const bytes = await ask(3, 'contribute', deal);
    expect(await ask(3, 'contribute', deal)).toEqual(bytes);
    // The same members, but one of them with another envelope around the same registration: it is not the fixed inbox.
    const again = openEnvelope(inbox[3] as Uint8Array, network.networkId);
    const bent = sealEnvelope(network.keystore(4).identity, { ...again, body: concat(again.body, Uint8Array.of(0)) });
    const changed = [...inbox.slice(0, 3), encodeEnvelope(bent)];
    expect(await refused(ask(3, 'contribute', request('deal', [changed], { certificates: [fixed] })))).toContain(
      'MPC:N5',
    );
    // Another leader learns it from any member that is locked on it, or knows that it is fixed.
    const status = decodeParts(await ask(1, 'status', request('register', []), 2), 'status', 3);
    expect(status.map(({ length }) => length > 0)).toEqual([true, false, true]);
    const known = decodeParts(await ask(3, 'status', request('register', []), 2), 'status', 3);
    expect(known.map(({ length }) => length > 0)).toEqual([true, true, false]);
    // The deal of everybody is needed before deals are fixed, and the acknowledgement of everybody after that (n < 10).
    const deals = await Promise.all([1, 2, 3, 4].map((i) => ask(i, 'contribute', deal)));
    const proposeDeals = (inbox2: readonly Uint8Array[]): Promise<string> => {
      const proposed = request('deal', [inbox, inbox2], { certificates: [fixed] });
      return refused(network.ask(1, 2, 'session/propose', encodeProposal(proposed, at, undefined)));
    };
    expect(await proposeDeals(deals.slice(1))).toContain('deals: have weight 3, need 4');
    const unproven = request('deal', [inbox, deals]);
    const withoutCertificate = network.ask(1, 2, 'session/propose', encodeProposal(unproven, at, undefined));
    expect(await refused(withoutCertificate)).toContain('is not fixed');
  });
});

/** Two registrations of validator 4, both valid: what it shows to two leaders. */
describe('two inboxes for one round', () => {
  const n = 4n;
  async function twoFaced(label: string) {
    const network = newNetwork({ label });
    const session = ceremonySession(network, 'network-dkg', new Uint8Array(0));
    const request = (
      history: readonly (readonly Uint8Array[])[],
      certificates: readonly Uint8Array[] = [],
    ): SessionRequest => ({
      protocol: 'network-dkg',
      session,
      step: 'register',
      input: new Uint8Array(0),
      history,
      certificates,
    });
    const inbox = await Promise.all(
      [1, 2, 3, 4].map((i) => network.ask(1, i, 'session/contribute', encodeSessionRequest(request([])))),
    );
    const { access, committee, parameters } = network;
    const input = {
      parameters,
      access,
      context: { network: networkName, epoch: 0n, session, identities: committee.identityKeys },
    };
    const { message } = networkDkg.register({ ...input, validator: v(4) }, randomFor(`${label} second face`));
    const place = contributionPlace(request([]), 0, 'register');
    const second = sealEnvelope(network.keystore(4).identity, {
      networkId: network.networkId,
      session,
      kind: 'network-dkg/register',
      body: concat(place, message),
    });
    const other = [...inbox.slice(0, 3), encodeEnvelope(second)];
    const vote = (
      method: 'propose' | 'fix',
      leader: number,
      to: number,
      body: Uint8Array,
    ): Promise<readonly [number, Uint8Array]> =>
      network.ask(leader, to, `session/${method}`, body).then((signature) => [to, signature] as const);
    const certify = (fact: Fact, votes: readonly (readonly [number, Uint8Array])[]): Uint8Array =>
      encodeCertificate(
        assembleCertificate(
          committee,
          fact,
          votes.map(([i, signature]) => ({ validator: v(i), signature })),
        ).certificate,
      );
    const prepare = async (
      leader: number,
      members: readonly number[],
      value: readonly Uint8Array[],
      ballot: bigint,
      earlier?: Uint8Array,
    ) => {
      const body = encodeProposal(request([value]), ballot, earlier);
      const votes = await Promise.all(members.map((to) => vote('propose', leader, to, body)));
      return votes;
    };
    const fix = (leader: number, members: readonly number[], value: readonly Uint8Array[], prepared: Uint8Array) =>
      Promise.all(members.map((to) => vote('fix', leader, to, encodeFixRequest(request([value]), prepared))));
    /** The liar's own votes, for whatever is wanted. */
    const lie = (fact: Fact): readonly [number, Uint8Array] => [
      4,
      signFact(committee, fact, v(4), network.keystore(4).identity).signature,
    ];
    return { network, session, inbox, other, prepare, fix, certify, lie };
  }
  const refusal = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => expect.fail('it was answered'),
      (error: unknown) => `${(error as RemoteError).code}: ${(error as RemoteError).message}`,
    );

  it('are never both fixed: who is locked follows a later quorum only, also after kill -9', async () => {
    const { network, session, inbox, other, prepare, fix, certify, lie } = await twoFaced('never-both');
    // Leader 1 fixes the first one with validators 1, 2 and the liar; it dies before it tells anybody.
    const first = preparedInboxFact(session, 0, inbox, 1n);
    const prepared = certify(first, [...(await prepare(1, [1, 2], inbox, 1n)), lie(first)]);
    const fixedFact = fixedInboxFact(session, 0, inbox, 1n);
    certify(fixedFact, [...(await fix(1, [1, 2], inbox, prepared)), lie(fixedFact)]);
    network.killAll();
    // Leader 2 proposes the second one: those that are locked refuse, so the liar's help is not enough.
    for (const to of [1, 2])
      expect(await refusal(prepare(2, [to], other, n + 2n))).toContain('locked on another inbox');
    const second = preparedInboxFact(session, 0, other, n + 2n);
    const votes = [...(await prepare(2, [3], other, n + 2n)), lie(second)];
    expect(() => certify(second, votes)).toThrow('have weight 2, need 3');
    // A certificate of the ballot in which they are locked, of an earlier phase or for the other inbox unlocks nobody.
    expect(await refusal(prepare(2, [1], other, 2n * n + 2n, prepared))).toContain('MPC:N5');
    // The first one is taken up by whoever leads next, and the ceremony ends with it.
    await network.validator(3).leadGenesis();
    for (const i of [1, 2, 3]) {
      const [, list] = decodeParts(network.store(i).get('inbox-fixed', `${hex(session)}.0`) as Uint8Array, 'fixed', 2);
      expect(decodeList(list as Uint8Array, 'inbox', 4).map(hex)).toEqual(inbox.map(hex));
    }
    // Everybody but the liar has seen both of its registrations.
    const seen = listEvidence(network.store(3)).map(({ kind, accused }) => `${kind} ${accused}`);
    expect(seen).toEqual(['equivocation-message 4']);
    expectComplete(network, expect.anything());
  });

  it('prepared in two ballots: the later quorum unlocks, the earlier one does not, and a leader takes up the later one', async () => {
    const { network, session, inbox, other, prepare, fix, certify, lie } = await twoFaced('unlocking');
    // Only validator 1 is locked on the first inbox (ballot 1), so it was never fixed.
    const first = preparedInboxFact(session, 0, inbox, 1n);
    const firstPrepared = certify(first, [...(await prepare(1, [1, 2], inbox, 1n)), lie(first)]);
    await fix(1, [1], inbox, firstPrepared);
    // The others and the liar prepare the second one in ballot 6.
    const second = preparedInboxFact(session, 0, other, n + 2n);
    const secondPrepared = certify(second, [...(await prepare(2, [2, 3], other, n + 2n)), lie(second)]);
    await fix(2, [2], other, secondPrepared);
    // Who is locked in 1 follows when shown 6; who is locked in 6 does not follow 1.
    expect(await refusal(prepare(3, [1], other, 2n * n + 3n))).toContain('locked on another inbox');
    await prepare(3, [1], other, 2n * n + 3n, secondPrepared);
    expect(await refusal(prepare(3, [2], inbox, 2n * n + 3n, firstPrepared))).toContain('locked on another inbox');
    // Nor is anybody moved by a ballot that is over.
    expect(await refusal(fix(1, [1], inbox, firstPrepared))).toContain('is over');
    // The deciding quorum: 1, 3 and the liar, after everything was killed. The equivocator's own registration was the first one: it stays out of the
    // rest, which is its own affair.
    network.killAll();
    const third = preparedInboxFact(session, 0, other, 3n * n + 3n);
    const last = certify(third, await prepare(3, [1, 2, 3], other, 3n * n + 3n, secondPrepared));
    const fact = fixedInboxFact(session, 0, other, 3n * n + 3n);
    certify(fact, await fix(3, [1, 2, 3], other, last));
    expect(lie(fact)).toHaveLength(2);
    expect(await refusal(prepare(4, [1], inbox, 4n * n + 4n))).toContain('locked on another inbox');
  });

  it('a validator takes no part where a message stands under its name that it did not contribute', async () => {
    // From an earlier run of the ceremony, or from what it did before it was restored.
    const { network, session, other, prepare, fix, certify } = await twoFaced('old-face');
    expect(await refusal(prepare(1, [4], other, 1n))).toContain('CONTRADICTION');
    const prepared = certify(preparedInboxFact(session, 0, other, 1n), await prepare(1, [1, 2, 3], other, 1n));
    const fixed = certify(fixedInboxFact(session, 0, other, 1n), await fix(1, [1, 2, 3], other, prepared));
    const deal: SessionRequest = {
      protocol: 'network-dkg',
      session,
      step: 'deal',
      input: new Uint8Array(0),
      history: [other],
      certificates: [fixed],
    };
    const asked = network.ask(1, 4, 'session/contribute', encodeSessionRequest(deal));
    expect(await refusal(asked)).toContain('CONTRADICTION');
    await network.ask(1, 3, 'session/contribute', encodeSessionRequest(deal));
  });

  it('whoever sees both faces has evidence that convinces anybody', async () => {
    const { network, inbox, other, prepare } = await twoFaced('two-faces');
    await prepare(1, [2], inbox, 1n);
    await prepare(2, [2], other, n + 2n);
    const [summary] = listEvidence(network.store(2));
    expect(summary).toMatchObject({ kind: 'equivocation-message', accused: 4, check: 'MPC:C.3' });
    const file = network.validator(2).evidence(summary?.id ?? '') as Uint8Array;
    const { networkId, parameters } = network;
    expect(verifyEvidence(file, { parameters, curve, networkId })).toMatchObject({ valid: true });
  });
});

describe('leaders in turn and at once', () => {
  it('four validators lead the genesis at once: one network, nobody blamed', async () => {
    const network = newNetwork({ label: 'four-leaders' });
    const results = await Promise.allSettled([1, 2, 3, 4].map((i) => network.validator(i).leadGenesis()));
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    for (const i of network.access.validators) await network.validator(i).catchUp();
    expectComplete(network);
  });

  it('the leader is killed at every step of the genesis and another one goes on each time', async () => {
    const network = newNetwork({ label: 'relay' });
    const steps: [string, string][] = [];
    for (const step of ['register', 'deal', 'acknowledge'])
      for (const method of ['contribute', 'propose', 'fix']) steps.push([`session/${method}`, `network-dkg ${step}`]);
    steps.push(['session/contribute', 'network-dkg rehearse'], ['session/vote', 'network-dkg vote']);
    for (const method of ['contribute', 'propose', 'fix']) steps.push([`session/${method}`, 'network-setup round-1']);
    steps.push(['session/vote', 'network-setup vote']);
    let leader = 0;
    const leaders = new Set<number>();
    for (const [method, step] of steps) {
      leader = (leader % 4) + 1;
      leaders.add(leader);
      // The request of this step to the last member is the last thing that the leader does, or does not do.
      let died = false;
      const last = leader === 4 ? 3 : 4;
      network.line = ({ from, to, method: called, bytes, pass }) => {
        if (died && from === leader) return Promise.reject(new Error('killed'));
        if (from !== leader || called !== method) return pass();
        const { protocol, step: at } = decodeSessionRequest(network.bodyOf(bytes), 4);
        if (`${protocol} ${at}` !== step) return pass();
        if (to !== last) return pass();
        died = true;
        return Promise.reject(new Error('killed'));
      };
      await network
        .validator(leader)
        .leadGenesis()
        .catch(() => undefined);
      expect(died, `${method} ${step}`).toBe(true);
      network.restart(leader);
    }
    expect(leaders.size).toBe(4);
    network.line = ({ pass }) => pass();
    await network.validator(2).leadGenesis();
    for (const i of network.access.validators) await network.validator(i).catchUp();
    expectComplete(network);
    // One contribution of everybody to every step, one fixed inbox for every round.
    for (const i of network.access.validators)
      expect(network.store(i).list('contribution'), `validator ${i}`).toHaveLength(5);
  });
});
