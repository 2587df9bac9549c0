/**
 * Records that a validator missed: fetched from others, believed only with their certificates, and never what it must decide itself.
 */
import { type Digest, concat, encodeText, presignId } from '@dwallet/sigma';
import {
  type Fact,
  assembleCertificate,
  assignmentFact,
  clientKind,
  decodeParts,
  decodeReply,
  dwalletFact,
  encodeCertificate,
  encodeCreateDWallet,
  encodeParts,
  encodeResult,
  encodeSignatureRecord,
  maxBodyBytes,
  openSession,
  signFact,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/network';
import { createDWallet, deriveRecord, decodeDkgMessage } from '@dwallet/two-pc-mpc/client';
import { afterEach, describe, expect, it } from 'vitest';
import { pageIds } from '../src/records.ts';
import { RawClient } from './helpers/raw-client.ts';
import {
  type Snapshot,
  ToyNetwork,
  ToyStore,
  accountKeyOf,
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
    const request = alice.signRequest(taken, await alice.signMessage(taken));
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
    const request = alice.signRequest(taken, signMessage);
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
    const again = alice.signRequest({ ...taken, nonce: new Uint8Array(32).fill(9) }, signMessage);
    await expect(network.ask(1, 4, 'sign/bind', again)).rejects.toMatchObject({ check: 'MPC:S1' });
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
    const { sessionId: session, opening } = openSession('USER', signingPublicKey(account), randomFor('twice'));
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
      const envelope = alice.seal(clientKind.createDWallet, session, encodeCreateDWallet(opening.fresh, message));
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
    const foreign = openSession('SYSTEM', signingPublicKey(account), randomFor('foreign'));
    const wrong = alice.seal(
      clientKind.createDWallet,
      foreign.sessionId,
      encodeCreateDWallet(foreign.opening.fresh, new Uint8Array(10)),
    );
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
