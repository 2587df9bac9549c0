/**
 * Records that a validator missed: fetched from others, believed only with their certificates, and never what it must decide itself.
 */
import { type Digest, concat, encodeText, hashTagged, presignId, sessionId } from '@dwallet/sigma';
import {
  type Fact,
  type FactVote,
  assembleCertificate,
  assignmentFact,
  clientKind,
  decodeCertificate,
  decodeParts,
  decodeReply,
  dwalletFact,
  encodeCertificate,
  encodeCreateDWallet,
  encodeParts,
  encodeResult,
  encodeSignatureRecord,
  maxBodyBytes,
  namingSession,
  presignRequestDigest,
  rawMessageRequest,
  signFact,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/network';
import { createDWallet, deriveRecord, decodeDkgMessage } from '@dwallet/two-pc-mpc/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { CoreOptions } from '../src/core.ts';
import { NetworkState } from '../src/network-state.ts';
import { pageIds } from '../src/records.ts';
import { RawClient, type Taken, unshown } from './helpers/raw-client.ts';
import {
  type Snapshot,
  ToyNetwork,
  ToyStore,
  accountKeyOf,
  curve,
  fixture,
  fromHex,
  hex,
  randomFor,
  v,
} from './helpers/toy-network.ts';

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const open: ToyNetwork[] = [];
/** The fixture, in which validator 4 lacks some kinds of records, or some of one kind. */
function without(missing: readonly string[], change: (snapshot: Snapshot) => Snapshot = (same) => same): ToyNetwork {
  const snapshot = fixture();
  const common = { ...snapshot.common };
  const rest: Record<string, Record<string, string>> = {};
  for (const name of missing) {
    const [kind, id] = name.split('/') as [string, string | undefined];
    const all = common[kind] ?? {};
    rest[kind] = {
      ...rest[kind],
      ...Object.fromEntries(Object.entries(all).filter(([key]) => id === undefined || key === id)),
    };
    common[kind] = Object.fromEntries(Object.entries(all).filter(([key]) => id !== undefined && key !== id));
  }
  const own = snapshot.own.map((records, i) => (i === 3 ? records : { ...records, ...rest }));
  const network = new ToyNetwork({ from: change({ ...snapshot, common, own }) });
  open.push(network);
  return network;
}
afterEach(() => open.splice(0).forEach((network) => network.close()));

/** Bends what the others answer to validator 4. @returns how often that happened. */
function bending(network: ToyNetwork, change: (body: Uint8Array) => Uint8Array): { count: number } {
  const seen = { count: 0 };
  network.line = async ({ from, method, pass }) => {
    const reply = await pass();
    if (from !== 4 || method !== 'records/fetch') return reply;
    let body: Uint8Array;
    try {
      body = decodeReply(reply, maxBodyBytes);
    } catch {
      return reply;
    }
    seen.count++;
    return encodeResult(change(body));
  };
  return seen;
}
const flip =
  (at: number) =>
  (body: Uint8Array): Uint8Array => {
    const bent = body.slice();
    const index = at < 0 ? bent.length + at : at;
    bent[index] = (bent[index] as number) ^ 1;
    return bent;
  };

function certify(network: ToyNetwork, fact: Fact, signers = network.access.validators): Uint8Array {
  const votes = signers.map((i) => signFact(network.committee, fact, i, network.keystore(i).identity));
  return encodeCertificate(assembleCertificate(network.committee, fact, votes).certificate);
}

describe('a validator that missed records', () => {
  it('looks at those of the validator that came back only, when it is told which one', async () => {
    const network = new ToyNetwork({ from: fixture(), label: 'catch-up-one' });
    open.push(network);
    const asked: string[] = [];
    network.line = ({ from, to, method, pass }) => {
      asked.push(`${from} ${to} ${method}`);
      return pass();
    };
    await network.validator(4).catchUp([v(2)]);
    expect(asked).toEqual(['4 2 records/list', '4 2 records/list']);
    asked.length = 0;
    await network.validator(4).catchUp();
    expect(asked).toHaveLength(6);
  });

  it('gets past any number of records that are used or that it has, page by page', async () => {
    const low = (n: number): string => n.toString(16).padStart(64, '0');
    const presigns = Object.keys(fixture().common['presign'] ?? {});
    const network = without(['presign', 'dwallet', 'dwallet-acceptance']);
    for (let n = 0; n < 2 * pageIds; n++)
      for (const i of [1, 2, 3, 4]) {
        if (i < 4) network.store(i).put('presign', low(n), new Uint8Array(1));
        if (i < 4) network.store(i).put('assignment', low(n), new Uint8Array(64));
        network.store(i).put('dwallet', low(n), new Uint8Array(1));
        network.store(i).put('dwallet-acceptance', low(n), new Uint8Array(1));
      }
    const asked = new Map<string, number>();
    network.line = ({ method, pass }) => {
      asked.set(method, (asked.get(method) ?? 0) + 1);
      return pass();
    };
    await network.validator(4).catchUp([v(2)]);
    expect(network.store(4).list('presign')).toEqual(presigns.sort());
    expect(
      network
        .store(4)
        .list('dwallet')
        .slice(2 * pageIds),
    ).toEqual(Object.keys(fixture().common['dwallet'] ?? {}).sort());
    // Two full pages of dWallets and the rest; one page of presigns.
    expect([...asked]).toEqual([
      ['records/list', 4],
      ['records/fetch', 1 + presigns.length],
    ]);
  });

  it('leaves a list that does not end, repeats itself or names nothing that is there', async () => {
    const network = without(['presign']);
    const id = (n: number): Uint8Array => fromHex((n + 1).toString(16).padStart(64, '0'));
    const ids = (from: number, count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => id(from + i));
    const fetched: string[] = [];
    let pages = 0;
    const offering = (page: (n: number) => Uint8Array): void => {
      pages = fetched.length = 0;
      network.line = ({ method, bytes, pass }) => {
        if (method === 'records/fetch') fetched.push(hex(network.bodyOf(bytes)));
        const isPage = method === 'records/list' && textOf(network.bodyOf(bytes)).startsWith('presign');
        return isPage ? Promise.resolve(encodeResult(page(pages++))) : pass();
      };
    };
    const known = [...ids(0, pageIds)];
    offering((n) => concat(...ids(n * pageIds, pageIds)));
    await network.validator(4).catchUp([v(2)]);
    expect([pages, fetched.length]).toEqual([1, 64]);
    // Even if it has them all, the same page again is none, nor is a longer one, one in another order or one cut off.
    for (const entry of known) network.store(4).put('presign', hex(entry), new Uint8Array(1));
    for (const [page, count] of [
      [concat(...known), 2],
      [concat(...known, id(pageIds)), 1],
      [concat(...[...known].reverse()), 1],
      [concat(...known).slice(0, -1), 1],
    ] as const) {
      offering(() => page);
      await network.validator(4).catchUp([v(2)]);
      expect([pages, fetched]).toEqual([count, []]);
    }
    network.line = ({ pass }) => pass();
    for (const bad of ['presign\0', `presign\0${'x'.repeat(31)}`, `presign\0${'x'.repeat(33)}`, 'presigns', '\0'])
      await expect(network.ask(4, 1, 'records/list', encodeText(bad)), bad).rejects.toMatchObject({ code: 'DECODE' });
    const after = fixture().common['presign'] ?? {};
    const [first = '', ...rest] = Object.keys(after).sort();
    const request = concat(encodeText('presign\0'), fromHex(first));
    expect(hex(await network.ask(4, 1, 'records/list', request))).toBe(rest.join(''));
  });

  it('derives its key and its share again from the certified messages of the DKG, and takes the setup (MPC:N5)', async () => {
    const network = new ToyNetwork({ label: 'catch-up' });
    open.push(network);
    await network.validator(1).leadGenesis();
    /** Validator 4 loses all records; its keystore stays. */
    const lose = (): void => {
      network.stores[3] = new ToyStore();
      network.restart(4);
      expect(network.validator(4).status()).toMatchObject({ hasKey: false, hasSetup: false });
    };
    const isDkg = (body: Uint8Array): boolean => body.length > 5000;
    lose();
    const commit = network.store(1).get('network', 'dkg') as Uint8Array;
    expect(isDkg(commit)).toBe(true);
    for (const at of [100, Math.floor(commit.length / 2), -1]) {
      const seen = bending(network, flip(at));
      await network.validator(4).catchUp();
      expect(network.validator(4).status().hasKey, `byte ${at}`).toBe(false);
      expect(seen.count).toBe(3);
    }
    bending(network, (body) => (isDkg(body) ? body : flip(-1)(body)));
    await network.validator(4).catchUp();
    expect(network.validator(4).status(), network.logs.at(-1)).toMatchObject({ hasKey: true, hasSetup: false });
    // Another setup under a certificate of the setup, the setup under a certificate of something else.
    bending(network, flip(200));
    await network.validator(4).catchUp();
    expect(network.validator(4).status().hasSetup).toBe(false);
    const [, ofKey] = decodeParts(network.store(1).get('network', 'key') as Uint8Array, 'key', 2);
    bending(network, (body) => encodeParts([decodeParts(body, 'setup', 2)[0] as Uint8Array, ofKey as Uint8Array]));
    await network.validator(4).catchUp();
    expect(network.validator(4).status().hasSetup).toBe(false);

    network.line = ({ pass }) => pass();
    await network.validator(4).catchUp();
    expect(network.validator(4).status()).toMatchObject({ hasKey: true, hasSetup: true });
    for (const id of ['key', 'setup', 'dkg']) {
      expect(hex(network.store(4).get('network', id) as Uint8Array)).toBe(
        hex(network.store(1).get('network', id) as Uint8Array),
      );
    }

    // The keystore holds what cannot be derived again; if that is another validator's, the key is not taken.
    const [foreign] = [...(network.keystore(1).shares?.values() ?? [])].map((share) => share.expose());
    network.keystore(4).finishCeremony(new Map([[4, foreign as bigint]]));
    lose();
    await network.validator(4).catchUp();
    expect(network.validator(4).status().hasKey).toBe(false);
    expect(network.logs.at(-1)).toContain('not those of this validator');
  });

  it('takes a dWallet with its certificate, its acceptance and under its own name only (MPC:A1, MPC:A3)', async () => {
    const network = without(['dwallet', 'dwallet-acceptance']);
    const [id] = network.store(1).list('dwallet') as [string];
    const parts = [
      network.store(1).get('dwallet', id) as Uint8Array,
      network.store(1).get('dwallet-acceptance', id) as Uint8Array,
    ];
    const [record] = decodeParts(parts[0] as Uint8Array, 'dwallet', 2) as [Uint8Array, Uint8Array];
    for (const at of [50, 8 + record.length - 40, 8 + record.length + 60, -1]) {
      const seen = bending(network, flip(at));
      await network.validator(4).catchUp();
      expect(network.store(4).list('dwallet'), `byte ${at}`).toEqual([]);
      expect(network.store(4).list('dwallet-acceptance')).toEqual([]);
      expect(seen.count).toBeGreaterThan(0);
    }
    // Without an acceptance it is known, but signs nothing; the acceptance is fetched when it is needed.
    bending(network, (body) => encodeParts([...decodeParts(body, 'dwallet', 3).slice(0, 2), new Uint8Array(0)]));
    await network.validator(4).catchUp();
    expect(network.store(4).list('dwallet')).toEqual([id]);
    expect(network.store(4).list('dwallet-acceptance')).toEqual([]);
    const alice = new RawClient(network);
    const take = alice.takeRequest(new Uint8Array(1), new Uint8Array(32));
    const assign = encodeParts([take, fromHex(network.store(1).list('presign')[0] as string)]);
    await expect(network.ask(1, 4, 'sign/assign', assign)).rejects.toMatchObject({ code: 'NOT_READY' });
    // One validator that has the acceptance is enough, whoever else has not.
    network.line = async ({ from, to, method, pass }) => {
      const reply = await pass();
      if (from !== 4 || method !== 'records/fetch' || to === 3) return reply;
      const [bytes, certificate] = decodeParts(decodeReply(reply, maxBodyBytes), 'dwallet', 3) as [
        Uint8Array,
        Uint8Array,
      ];
      return encodeResult(encodeParts([bytes, certificate, new Uint8Array(0)]));
    };
    await network.ask(1, 4, 'sign/assign', assign);
    expect(network.store(4).list('dwallet-acceptance')).toEqual([id]);
  });

  it('takes an assignment by certificate, keeps its own, and is given nothing else that it has to decide (MPC:S1)', async () => {
    const network = without([]);
    network.down.add(4);
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'assigned');
    const id = hex(taken.presign.presignId);
    const request = alice.signRequest(unshown(taken), await alice.signMessage(taken));
    network.down.clear();
    const other = encodeParts([
      new Uint8Array(32),
      new Uint8Array(32),
      certify(network, assignmentFact(presignId(new Uint8Array(32)), alice.id, new Uint8Array(32) as Digest)),
    ]);
    for (const change of [flip(10), flip(50), flip(-1), () => other]) {
      bending(network, change);
      await expect(network.ask(1, 4, 'sign/bind', request)).rejects.toMatchObject({ check: 'MPC:S1' });
      expect(network.store(4).list('assignment')).toEqual([]);
    }
    network.line = ({ pass }) => pass();
    await network.ask(1, 4, 'sign/bind', request);
    expect(network.store(4).list('assignment')).toEqual([id]);
    expect(network.store(4).get('assignment', id)).toEqual(network.store(1).get('assignment', id));

    // Votes, markers, shares and keystores are no records.
    for (const kind of ['vote', 'keystore', 'share', 'contribution', 'signature', 'network', '']) {
      const body = concat(
        Uint8Array.of(0, 0, 0, kind.length),
        new TextEncoder().encode(kind),
        Uint8Array.of(0, 0, 0, 32),
        fromHex(id),
      );
      await expect(network.ask(4, 1, 'records/fetch', body), kind).rejects.toMatchObject({ code: 'DECODE' });
      await expect(network.ask(4, 1, 'records/list', new TextEncoder().encode(kind)), kind).rejects.toMatchObject({
        code: 'DECODE',
      });
    }
    // A stranger or a client is given none at all.
    await expect(
      alice.send(1, 'records/fetch', alice.seal('request/records/fetch', new Uint8Array(32), new Uint8Array(8))),
    ).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
  });
});

describe('a validator that gave its assignment to the loser of a race between leaders', () => {
  it('serves the winner by its certificate, when one of those who voted is away, and votes for nobody twice (MPC:S1, MPC:N5)', async () => {
    const network = without([]);
    network.down.add(4);
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'winner');
    const signMessage = await alice.signMessage(taken);
    const request = alice.signRequest(unshown(taken), signMessage);
    const id = hex(taken.presign.presignId);
    network.down.clear();
    const loser = alice.takeRequest(new Uint8Array(1), new Uint8Array(32).fill(9));
    await network.ask(2, 4, 'sign/assign', encodeParts([loser, fromHex(id)]));
    const own = network.store(4).get('assignment', id);
    const vote = network.store(4).get('vote', `presign-assignment.${id}.0`);
    expect(own).not.toEqual(network.store(1).get('assignment', id));

    // Nobody can show the certificate: the claim of a client alone changes nothing.
    bending(network, flip(-1));
    await expect(network.ask(1, 4, 'sign/bind', request)).rejects.toMatchObject({ check: 'MPC:S1' });
    network.line = ({ pass }) => pass();
    network.down.add(3);
    await expect(alice.sign(1, request)).resolves.toMatchObject({ blamed: [] });

    // What it voted for stays its vote, and the certificate is above it for good.
    expect(network.store(4).get('assignment', id)).toEqual(own);
    expect(network.store(4).get('vote', `presign-assignment.${id}.0`)).toEqual(vote);
    for (const other of [loser, alice.takeRequest(taken.message, taken.nonce)]) {
      await expect(network.ask(2, 4, 'sign/assign', encodeParts([other, fromHex(id)]))).rejects.toBeInstanceOf(Error);
    }
    const again = alice.signRequest({ ...unshown(taken), nonce: new Uint8Array(32).fill(9) }, signMessage);
    await expect(network.ask(1, 4, 'sign/bind', again)).rejects.toMatchObject({ check: 'MPC:S1' });
  });
});

describe('an assignment that only the client can show', () => {
  /** Whoever leads an assignment, and whoever learns of it, keeps the certificate from the others. */
  const hoarding = (network: ToyNetwork): void => {
    network.line = ({ method, pass }) => (method === 'records/fetch' ? Promise.reject(new Error('hoarded')) : pass());
  };
  /** Taken while validator 4 was away; validator 4 has voted for the loser of the race, `lost`. */
  async function race(network: ToyNetwork, alice: RawClient) {
    network.down.add(4);
    const taken = await alice.take(1, 'winner');
    network.down.clear();
    hoarding(network);
    const lost: Taken = { ...unshown(taken), nonce: new Uint8Array(32).fill(9), message: Uint8Array.of(1) };
    const presign = taken.presign.presignId;
    await network.ask(1, 4, 'sign/assign', encodeParts([alice.takeRequest(lost.message, lost.nonce), presign]));
    const bindingOf = (i: number) => network.store(i).get('vote', `presign-binding.${hex(presign)}.0`);
    return { taken, lost, id: hex(presign), presign, bindingOf };
  }

  it('a validator that voted for the loser binds for neither on its word, and for the winner when it is shown (MPC:S1)', async () => {
    const network = without([]);
    const alice = new RawClient(network);
    const { taken, lost, id, bindingOf } = await race(network, alice);
    const own = network.store(4).get('assignment', id);
    const vote = network.store(4).get('vote', `presign-assignment.${id}.0`);
    const signMessage = await alice.signMessage(taken);
    // The one that its own vote is for has no quorum: who bound for it would take the presign from the winner.
    const losing = alice.signRequest(lost, await alice.signMessage(lost, 'loser'));
    for (const request of [losing, alice.signRequest(unshown(taken), signMessage)])
      await expect(network.ask(1, 4, 'sign/bind', request)).rejects.toMatchObject({ check: 'MPC:S1' });
    expect(bindingOf(4)).toBeUndefined();
    expect(network.store(4).get('certified-assignment', id)).toBeUndefined();

    // Nobody else shows it, and one of those who voted is away.
    network.down.add(3);
    await expect(alice.sign(1, alice.signRequest(taken, signMessage))).resolves.toMatchObject({ blamed: [] });
    expect(network.store(4).get('assignment', id)).toEqual(own);
    expect(network.store(4).get('vote', `presign-assignment.${id}.0`)).toEqual(vote);
    expect(network.store(4).get('certified-assignment', id)).toEqual(network.store(1).get('certified-assignment', id));
    // Where the own vote says the same, nothing more is written.
    expect(network.store(2).get('certified-assignment', id)).toBeUndefined();
    // From now on the loser is refused by what validator 4 has, too.
    await expect(network.ask(1, 4, 'sign/bind', losing)).rejects.toMatchObject({ check: 'MPC:S1' });
  });

  it('what is shown must be the certificate of exactly this assignment, at every validator, and is kept before the vote (MPC:S1)', async () => {
    const network = without([]);
    const alice = new RawClient(network);
    const { taken, lost, id, presign, bindingOf } = await race(network, alice);
    const signMessage = await alice.signMessage(taken);
    const assignment = taken.assignment as Uint8Array;
    const request = presignRequestDigest(alice.id, rawMessageRequest('sha256', taken.message, taken.nonce));
    const fact = assignmentFact(presign, alice.id, request);
    const other = presignRequestDigest(alice.id, rawMessageRequest('sha256', lost.message, lost.nonce));
    const { votes, committee } = decodeCertificate(assignment);
    const wrong: readonly [string, Uint8Array, object][] = [
      ['a bent signature', flip(-1)(assignment), { check: 'MPC:S1' }],
      ['too few votes', encodeCertificate({ committee, fact, votes: votes.slice(1) }), { check: 'MPC:S1' }],
      [
        'one vote twice',
        encodeCertificate({ committee, fact, votes: [...votes.slice(1), votes[2] as FactVote] }),
        { code: 'DECODE' },
      ],
      ['another request', certify(network, assignmentFact(presign, alice.id, other)), { check: 'MPC:S1' }],
      [
        'another dWallet',
        certify(network, assignmentFact(presign, sessionId(new Uint8Array(32)), request)),
        { check: 'MPC:S1' },
      ],
      [
        'another presign',
        certify(network, assignmentFact(presignId(new Uint8Array(32)), alice.id, request)),
        { check: 'MPC:S1' },
      ],
      ['another fact', certify(network, { ...fact, kind: 'presign-binding' }), { check: 'MPC:S1' }],
      ['another version', certify(network, { ...fact, version: 1n }), { check: 'MPC:S1' }],
      [
        'another committee',
        encodeCertificate({ committee: hashTagged('other', [], 32) as Digest, fact, votes }),
        { check: 'MPC:S1' },
      ],
      ['a byte too much', concat(assignment, Uint8Array.of(0)), { code: 'DECODE' }],
      ['nothing of the kind', Uint8Array.of(1), { code: 'DECODE' }],
    ];
    // Also where the own vote, or a certificate, says that the presign is for this request.
    for (const [what, shown, refusal] of wrong)
      for (const i of [4, 1, 2]) {
        const bent = alice.signRequest({ ...taken, assignment: shown }, signMessage);
        await expect(network.ask(3, i, 'sign/bind', bent), `${what} at ${i}`).rejects.toMatchObject(refusal);
        expect(bindingOf(i), what).toBeUndefined();
      }
    expect(network.store(4).get('certified-assignment', id)).toBeUndefined();

    // The process ends after it has kept the certificate and before it votes: what it kept is no promise to anybody.
    const right = alice.signRequest(taken, signMessage);
    const store = network.store(4) as ToyStore;
    const put = store.put.bind(store);
    store.put = (kind, name, value) => {
      if (kind === 'vote') throw new Error('killed');
      put(kind, name, value);
    };
    await expect(network.ask(1, 4, 'sign/bind', right)).rejects.toBeInstanceOf(Error);
    expect(network.store(4).get('certified-assignment', id)).toBeDefined();
    store.put = put;
    network.restart(4);
    expect(bindingOf(4)).toBeUndefined();
    // A second client message under the same certificate may come first; then it is the only one for ever (MPC 5.8 rule 2).
    const second = alice.signRequest(taken, await alice.signMessage(taken, 'second'));
    await network.ask(1, 4, 'sign/bind', second);
    const bound = bindingOf(4);
    network.restart(4);
    for (const first of [right, alice.signRequest(unshown(taken), signMessage)])
      await expect(network.ask(1, 4, 'sign/bind', first)).rejects.toMatchObject({ code: 'ALREADY_VOTED' });
    expect(bindingOf(4)).toEqual(bound);
    await network.ask(1, 4, 'sign/bind', second);
  });

  it('a dWallet that a validator helped to sign with is a used one, whomever its own vote was for', async () => {
    const network = without([]);
    network.down.add(4);
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'used');
    network.down.clear();
    // In a race with the request of another dWallet.
    network.store(4).put('assignment', hex(taken.presign.presignId), new Uint8Array(64));
    const { committee, parameters } = network;
    const signed = (): unknown =>
      new NetworkState({ committee, parameters, curve, store: network.store(4) } as CoreOptions).dwalletFacts(
        curve.encodePoint(alice.record.publicKey),
      )?.signed;
    expect(signed()).toBe('no');
    await network.ask(1, 4, 'sign/bind', alice.signRequest(taken, await alice.signMessage(taken)));
    expect(signed()).toBe('yes');
  });

  it('a leader that has it answers again, whoever is away; one that meets a changed mind takes the next presign', async () => {
    const network = without([]);
    const alice = new RawClient(network);
    const { taken, id } = await race(network, alice);
    network.down.add(2).add(3);
    const again = await alice.take(1, 'winner');
    expect(again.assignment).toEqual(taken.assignment);
    network.down.clear();
    // Validator 4 voted for the loser and has seen the certificate; validator 1 is silent, and validator 2 was never shown it.
    const request = alice.signRequest(taken, await alice.signMessage(taken));
    await network.ask(1, 4, 'sign/bind', request);
    const asking = alice.takeRequest(taken.message, taken.nonce);
    await expect(network.ask(2, 4, 'sign/assign', encodeParts([asking, fromHex(id)]))).rejects.toMatchObject({
      code: 'ALREADY_VOTED',
    });
    network.down.add(1);
    const next = await alice.take(2, 'winner');
    expect(hex(next.presign.presignId)).not.toBe(id);
    await expect(alice.sign(2, alice.signRequest(next, await alice.signMessage(next)))).resolves.toMatchObject({
      blamed: [],
    });
  });
});

describe('what contradicts itself is refused', () => {
  it('a keystore with the shares of another validator gives no share (CONTRADICTION)', async () => {
    const [first] = fixture().keystores as [string];
    const share = Object.values((JSON.parse(first) as { shares: Record<string, string> }).shares)[0];
    const holding = (shares: object): ToyNetwork =>
      without([], (same) => ({
        ...same,
        keystores: same.keystores.map((text, i) => (i === 3 ? JSON.stringify({ ...JSON.parse(text), shares }) : text)),
      }));
    for (const shares of [{ '4': share }, { '4': 'ff'.repeat(900) }]) {
      const network = holding(shares);
      const alice = new RawClient(network);
      const taken = await alice.take(1, 'foreign shares');
      const request = alice.signRequest(taken, await alice.signMessage(taken));
      const answers = new Set<string>();
      network.line = async ({ to, method, pass }) => {
        const reply = await pass();
        if (to === 4 && method === 'sign/share') {
          await Promise.resolve()
            .then(() => decodeReply(reply, maxBodyBytes))
            .then(
              () => answers.add('shares'),
              (error: unknown) => answers.add((error as { code: string }).code),
            );
        }
        return reply;
      };
      expect((await alice.sign(1, request)).blamed).toEqual([]);
      expect([...answers]).toEqual(['CONTRADICTION']);
    }
  });

  it('a second output of one dWallet session is refused, even under a certificate (MPC:K1)', async () => {
    const network = without([]);
    const alice = new RawClient(network);
    const account = accountKeyOf(alice.wallet);
    const named = { nonce: randomFor('twice')(32), generations: new Map() };
    const session = namingSession('USER', signingPublicKey(account), named);
    const make = (label: string): { envelope: Uint8Array; certificate: Uint8Array } => {
      const { message } = createDWallet({
        setup: alice.setup,
        sessionId: session,
        share: { mode: 'none' },
        accountKey: account,
        random: randomFor(label),
      });
      const record = deriveRecord(alice.setup, decodeDkgMessage(alice.setup, message));
      if (record === undefined) throw new Error('no record');
      const envelope = alice.seal(clientKind.createDWallet, session, encodeCreateDWallet(named, message));
      return { envelope, certificate: certify(network, dwalletFact(record)) };
    };
    const [a, b] = [make('a'), make('b')];
    network.down.add(4);
    await alice.send(1, clientKind.createDWallet, a.envelope);
    await expect(alice.send(2, clientKind.createDWallet, b.envelope)).rejects.toMatchObject({ check: 'MPC:K1' });
    // The same message again has the same output.
    await alice.send(3, clientKind.createDWallet, a.envelope);
    const commit = encodeParts([b.envelope, b.certificate]);
    await expect(network.ask(1, 2, 'dwallet/commit', commit)).rejects.toMatchObject({ check: 'MPC:K1' });
    // Validator 4 knows the dWallet by its record only, and not which message was spent on it.
    network.down.clear();
    await network.validator(4).catchUp();
    expect(network.store(4).list('session')).not.toContain(hex(session));
    await expect(network.ask(1, 4, 'dwallet/vote', b.envelope)).rejects.toMatchObject({ check: 'MPC:K1' });
    await expect(network.ask(1, 4, 'dwallet/commit', commit)).rejects.toMatchObject({ check: 'MPC:K1' });
    await network.ask(1, 4, 'dwallet/vote', a.envelope);
    // Nobody opens a session of another owner or purpose.
    const foreign = namingSession('SYSTEM', signingPublicKey(account), named);
    const wrong = alice.seal(clientKind.createDWallet, foreign, encodeCreateDWallet(named, new Uint8Array(10)));
    await expect(alice.send(1, clientKind.createDWallet, wrong)).rejects.toMatchObject({ code: 'DECODE' });
  });

  it('a signature record is kept when it verifies for the very message, and the first one stays (MPC:S14)', async () => {
    const network = without([]);
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'recorded');
    const request = alice.signRequest(taken, await alice.signMessage(taken));
    network.line = ({ method, to, pass }) =>
      method === 'sign/record' && to === 2 ? Promise.reject(new Error('lost')) : pass();
    const { signature, digest } = await alice.sign(1, request);
    const { presignId: id } = taken.presign;
    const record = (change: object): Uint8Array =>
      encodeParts([request, encodeSignatureRecord({ presignId: id, digest, signature, ...change })]);
    const refused = async (change: object): Promise<void> => {
      await expect(network.ask(1, 2, 'sign/record', record(change))).rejects.toMatchObject({ check: 'MPC:S14' });
      expect(network.store(2).list('signature')).toEqual([]);
    };
    await refused({ signature: { ...signature, s: signature.s - 1n } });
    await refused({ signature: { ...signature, r: signature.r + 1n } });
    await refused({ signature: { ...signature, recoveryId: signature.recoveryId ^ 1 } });
    await refused({ digest: new Uint8Array(32) as Digest });
    await refused({ presignId: presignId(new Uint8Array(32)) });
    await network.ask(1, 2, 'sign/record', record({}));
    const kept = network.store(2).get('signature', hex(id)) as Uint8Array;
    expect(kept).toEqual(decodeParts(record({}), 'record', 2)[1]);
    // Nothing in it is a leader's word: what the leader kept is the same bytes.
    expect(kept).toEqual(network.store(1).get('signature', hex(id)));
  });
});
