/**
 * The network key is made between validators that only exchange messages: whole, interrupted at any moment, and with a leader that lies.
 */
import { type Digest, type SessionId, Secret, concat } from '@dwallet/sigma';
import {
  type FactVote,
  type RemoteError,
  assembleCertificate,
  decodeParts,
  decodeReply,
  encodeCall,
  encodeCertificate,
  encodeEnvelope,
  maxBodyBytes,
  openEnvelope,
  openSession,
  sealEnvelope,
  verifyFactVote,
} from '@dwallet/two-pc-mpc/network';
import { afterEach, describe, expect, it } from 'vitest';
import { type SessionRequest, decodeSessionRequest, encodeSessionRequest } from '../src/core.ts';
import { inboxFact } from '../src/sessions/network-dkg.ts';
import { ToyNetwork, type ToyOptions, hex, randomFor, v } from './helpers/toy-network.ts';

const open: ToyNetwork[] = [];
function newNetwork(options: ToyOptions = {}): ToyNetwork {
  const network = new ToyNetwork(options);
  open.push(network);
  return network;
}
afterEach(() => open.splice(0).forEach((network) => network.close()));

/** What a validator tells clients about the network. */
async function networkOf(network: ToyNetwork, index: number): Promise<string> {
  const reply = await network.validator(index).call(encodeCall('network', new Uint8Array(0)));
  return hex(decodeReply(reply, maxBodyBytes));
}

/** The key record without the certificate, whose votes may differ. */
const keyOf = (network: ToyNetwork, index: number): string =>
  hex(decodeParts(network.store(index).get('network', 'key') as Uint8Array, 'key', 2)[0] as Uint8Array);

function expectComplete(network: ToyNetwork): void {
  const shares = new Set<string>();
  for (const i of network.access.validators) {
    expect(network.validator(i).status(), `validator ${i}`).toMatchObject({
      hasKey: true,
      hasSetup: true,
      evidence: [],
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
    const session = hex((network.store(1).get('leading', 'network-dkg') as Uint8Array).subarray(15, 47));
    // After the votes on the key: a new session would lead to another key, for which nobody votes any more.
    await killAt((method) => method === 'session/commit');
    expect(
      network
        .store(2)
        .list('vote')
        .filter((id) => id.startsWith('network-key')),
    ).toHaveLength(1);
    expect(hex((network.store(1).get('leading', 'network-dkg') as Uint8Array).subarray(15, 47))).toBe(session);
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
    const session = (): string => hex((network.store(2).get('leading', 'network-dkg') as Uint8Array).subarray(15, 47));
    const first = session();
    network.line = ({ to, method, bytes, pass }) =>
      to === 3 &&
      method === 'session/contribute' &&
      decodeSessionRequest(network.bodyOf(bytes), 4).step === 'acknowledge'
        ? Promise.reject(new Error('validator 3 is down'))
        : pass();
    await expect(network.validator(2).leadGenesis()).rejects.toMatchObject(missing);
    expect(session()).toBe(first);
    expect(
      network
        .store(2)
        .list('vote')
        .filter((id) => id.startsWith('message-set')),
    ).toHaveLength(2);
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
  const leader = 1;
  const sender = network.committee.identityKeys[leader - 1] as Uint8Array;
  const { sessionId: session, opening } = openSession('SYSTEM', sender, randomFor('lying session'));
  const other = openSession('SYSTEM', sender, randomFor('other session'));

  const request = (
    step: string,
    history: readonly (readonly Uint8Array[])[],
    change: Partial<SessionRequest> = {},
  ): SessionRequest => ({
    protocol: 'network-dkg',
    session,
    step,
    input: opening.fresh,
    history,
    certificates: [],
    ...change,
  });
  const ask = (to: number, method: string, body: SessionRequest): Promise<Uint8Array> =>
    network.ask(leader, to, `session/${method}`, encodeSessionRequest(body));
  const refused = async (answer: Promise<Uint8Array>): Promise<string> => {
    const error = await answer.then(
      () => expect.fail('it was answered'),
      (reason: unknown) => reason,
    );
    return `${(error as RemoteError).code}: ${(error as RemoteError).message}`;
  };
  const registrations = (of: SessionId = session, input = opening.fresh): Promise<Uint8Array[]> =>
    Promise.all([1, 2, 3, 4].map((i) => ask(i, 'contribute', request('register', [], { session: of, input }))));

  it('the same request gets the same bytes, other inputs get nothing (ALREADY_CONTRIBUTED), also after a restart', async () => {
    const [first] = await registrations();
    expect(await ask(1, 'contribute', request('register', []))).toEqual(first);
    network.restart(1);
    expect(await ask(1, 'contribute', request('register', []))).toEqual(first);
    const inbox = await registrations();
    const certificate = encodeCertificate(await fixed([inbox], [1, 2, 3]));
    const deal = request('deal', [inbox], { certificates: [certificate] });
    const bytes = await ask(2, 'contribute', deal);
    expect(await ask(2, 'contribute', deal)).toEqual(bytes);
    // The same members, but one of them with another envelope around the same registration: other inputs.
    const again = openEnvelope(inbox[3] as Uint8Array, network.networkId);
    const body = concat(again.body, Uint8Array.of(0));
    const bent = sealEnvelope(network.keystore(4).identity, { ...again, body });
    const changed = [...inbox.slice(0, 3), encodeEnvelope(bent)];
    network.restart(2);
    const answer = await refused(ask(2, 'contribute', request('deal', [changed], { certificates: [certificate] })));
    expect(answer).toContain('ALREADY_CONTRIBUTED');
  });

  /** Votes of these members on an inbox as the last one of a history. */
  async function votesOf(history: readonly (readonly Uint8Array[])[], members: readonly number[]): Promise<FactVote[]> {
    const body = request('fix', history);
    const fact = inboxFact(body, history.length - 1);
    return Promise.all(
      members.map(async (i) => {
        const vote = { validator: v(i), signature: await ask(i, 'fix', body) };
        expect(verifyFactVote(network.committee, fact, vote)).toBe(true);
        return vote;
      }),
    );
  }
  async function fixed(history: readonly (readonly Uint8Array[])[], members: readonly number[]) {
    const fact = inboxFact(request('fix', history), history.length - 1);
    return assembleCertificate(network.committee, fact, await votesOf(history, members)).certificate;
  }

  it('two inboxes for two halves: nobody votes twice, so at most one gets a certificate (lessons 1.6, 1.16)', async () => {
    // Another session, so that nobody has voted yet.
    const input = other.opening.fresh;
    const body = (inbox: readonly Uint8Array[]): SessionRequest =>
      request('fix', [inbox], { session: other.sessionId, input });
    const all = await registrations(other.sessionId, input);
    const inboxes = [all, all.slice(0, 3)] as const;
    const facts = inboxes.map((inbox) => inboxFact(body(inbox), 0));
    const votes: FactVote[][] = [[], []];
    for (const i of [1, 2]) votes[0]?.push({ validator: v(i), signature: await ask(i, 'fix', body(inboxes[0])) });
    for (const i of [3, 4]) votes[1]?.push({ validator: v(i), signature: await ask(i, 'fix', body(inboxes[1])) });
    for (const restarted of [false, true]) {
      if (restarted) network.restartAll();
      for (const i of [1, 2]) expect(await refused(ask(i, 'fix', body(inboxes[1])))).toContain('ALREADY_VOTED');
      for (const i of [3, 4]) expect(await refused(ask(i, 'fix', body(inboxes[0])))).toContain('ALREADY_VOTED');
    }
    // Asking again for the same vote gives the same vote.
    expect(await ask(1, 'fix', body(inboxes[0]))).toEqual(votes[0]?.[0]?.signature);
    facts.forEach((fact, i) => {
      expect(() => assembleCertificate(network.committee, fact, votes[i] as FactVote[])).toThrow(
        'have weight 2, need 3',
      );
    });
    // A vote for one inbox is none for the other.
    expect(verifyFactVote(network.committee, facts[1] as (typeof facts)[number], votes[0]?.[0] as FactVote)).toBe(
      false,
    );
  });

  it('an inbox with a sender twice, out of order, of another session, step or network is refused', async () => {
    const inbox = await registrations();
    const [a, b, c, d] = inbox as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const [foreign] = (await registrations(other.sessionId, other.opening.fresh)) as [Uint8Array];
    const fix = (messages: readonly Uint8Array[]): Promise<string> =>
      refused(ask(3, 'fix', request('fix', [messages])));
    expect(await fix([a, a, b, c])).toContain('twice');
    expect(await fix([a, b, c, c])).toContain('twice');
    expect(await fix([b, a, c, d])).toContain('ascending order');
    expect(await fix([foreign, b, c, d])).toContain('another session');
    expect(await fix([a, b, c, d, d])).toMatch(/count|exceeds|twice/);
    const reseal = (from: Secret<Uint8Array>, change: Partial<Parameters<typeof sealEnvelope>[1]>): Uint8Array => {
      const { body } = openEnvelope(a, network.networkId);
      const fields = { networkId: network.networkId, session, kind: 'network-dkg/register', body };
      return encodeEnvelope(sealEnvelope(from, { ...fields, ...change }));
    };
    const { identity } = network.keystore(1);
    expect(await fix([reseal(identity, { kind: 'network-dkg/deal' }), b, c, d])).toContain('Envelope.kind');
    expect(await fix([reseal(identity, { networkId: new Uint8Array(32) as Digest }), b, c, d])).toContain('network');
    expect(await fix([reseal(new Secret(randomFor('stranger')(32)), {}), b, c, d])).toContain('NOT_A_MEMBER');
    const bent = a.slice();
    bent[bent.length - 1] = (bent.at(-1) as number) ^ 1;
    expect(await fix([bent, b, c, d])).toContain('signature');
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
    expect(await refused(ask(2, 'vote', request('vote', [inbox])))).toContain('SessionRequest.history');
    expect(await refused(ask(2, 'fix', request('fix', [])))).toContain('no round to fix');
    expect(await refused(ask(2, 'fix', request('fix', [[], [], [], [], [], []])))).toContain('no round to fix');
    expect(await refused(ask(2, 'commit', request('commit', [inbox])))).toContain('DECODE');
  });

  it('a round is not run on an inbox without a certificate, or with one of another inbox (MPC:N5)', async () => {
    const inbox = await registrations();
    const run = (certificates: readonly Uint8Array[]): Promise<string> =>
      refused(ask(3, 'contribute', request('deal', [inbox], { certificates })));
    expect(await run([])).toContain('is not fixed');
    const votes = await votesOf([inbox], [1, 2, 3]);
    const fact = inboxFact(request('fix', [inbox]), 0);
    const certificate = assembleCertificate(network.committee, fact, votes).certificate;
    const two = { ...certificate, votes: certificate.votes.slice(0, 2) };
    expect(await run([encodeCertificate(two)])).toContain('below the threshold');
    const forged = { ...certificate, fact: { ...fact, digest: new Uint8Array(32) as Digest } };
    expect(await run([encodeCertificate(forged)])).toContain('MPC:N5');
    const rest = inbox.slice(0, 3);
    const answer = refused(
      ask(3, 'contribute', request('deal', [rest], { certificates: [encodeCertificate(certificate)] })),
    );
    expect(await answer).toContain('MPC:N5');
  });
});
