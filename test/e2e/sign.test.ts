/**
 * Signing from end to end on the toy profile: a wallet, four validators, only encoded bytes between them. Restarts, validators that are away, and
 * everybody who asks for what is not theirs (MPC 5.8, 11.7; lessons 1.7, 1.8).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmdbStore } from '@dwallet/validator';
import { type Digest, type PresignId, Secret, digest, presignId } from '@dwallet/sigma';
import {
  clientKind,
  decodeCertificate,
  decodeParts,
  encodeCertificate,
  encodeParts,
  encodeTakePresign,
  signFact,
  presignRequestDigest,
  rawMessageRequest,
  rawOrder,
} from '@dwallet/two-pc-mpc/network';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { RawClient, unshown } from '../../services/validator/test/helpers/raw-client.ts';
import {
  MemoryWalletStore,
  ToyNetwork,
  type ToyOptions,
  fixture,
  hex,
  loadRecords,
  randomFor,
} from '../../services/validator/test/helpers/toy-network.ts';

const open: ToyNetwork[] = [];
function newNetwork(options: ToyOptions = { from: fixture() }): ToyNetwork {
  const network = new ToyNetwork(options);
  open.push(network);
  return network;
}
afterEach(() => open.splice(0).forEach((network) => network.close()));

const folder = mkdtempSync(join(tmpdir(), 'dwallet-sign-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (message: string): Uint8Array => new TextEncoder().encode(message);

function expectValid(signature: { r: bigint; s: bigint }, publicKey: Uint8Array, message: Uint8Array): void {
  const bytes = Buffer.from([signature.r, signature.s].map((x) => x.toString(16).padStart(64, '0')).join(''), 'hex');
  expect(secp256k1.verify(bytes, sha256(message), publicKey, { prehash: false, lowS: true })).toBe(true);
}

/** The refusal of an answer: code, check and message. */
async function refused(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => expect.fail('it was answered'),
    (reason: unknown) => reason as { code?: string; check?: string; message: string },
  );
  return [error.code, error.check, error.message].join(' ');
}

/** What honest validators have answered for ever: presign -> the digests. */
function answered(network: ToyNetwork, id: PresignId): Set<string> {
  const digests = network.access.validators.flatMap((i) => network.marked(i).get(hex(id)) ?? []);
  return new Set(digests);
}

describe('a wallet and its network', () => {
  it('a new dWallet signs; any validator may lead; each validator alone may be away (3 of 4)', async () => {
    const network = newNetwork();
    const store = new MemoryWalletStore();
    const bob = await network.client({ name: 'bob', store });
    const wallet = await bob.createDWallet({ rawDigests: true });
    expect(wallet.publicKey).toHaveLength(33);
    for (const away of [4, 1]) {
      network.down.add(away);
      const message = text(`without validator ${away}`);
      const { signature, blamed } = await wallet.signRaw('sha256', message);
      expectValid(signature, wallet.publicKey, message);
      expect(blamed).toEqual([]);
      network.down.clear();
    }
    // Another process of the same wallet, with another leader.
    const again = await network.client({ name: 'bob-again', store, first: 3 });
    expect(again.wallets.map(({ id }) => id)).toEqual([wallet.id]);
    const message = text('led by validator 3');
    const { signature } = await (again.wallets[0] as typeof wallet).signRaw('sha256', message);
    expectValid(signature, wallet.publicKey, message);
    for (const i of network.access.validators) expect(network.validator(i).status().evidence).toEqual([]);
  });

  it('a validator that starts anew from its disk before every single call goes on where it was', async () => {
    const stores = new Map<number, LmdbStore>();
    const openStore = (i: number): LmdbStore => {
      const store = LmdbStore.open({
        folder: join(folder, `validator-${i}`),
        owner: new Uint8Array(32).fill(i),
        networkId: digest(new Uint8Array(32)),
        random: randomFor(`store/${i}`),
      });
      stores.set(i, store);
      return store;
    };
    const network = newNetwork({
      from: fixture(),
      storeOf(i) {
        const store = openStore(i);
        loadRecords(store, fixture().common);
        loadRecords(store, fixture().own[i - 1] ?? {});
        return store;
      },
      markersOf: (i) => (stores.get(i) as LmdbStore).markers(),
    });
    const restarted = new Set<string>();
    network.line = async ({ to, method, pass }) => {
      if (to === 2) {
        await stores.get(2)?.close();
        network.stores[1] = openStore(2);
        network.markers[1] = (stores.get(2) as LmdbStore).markers();
        network.restart(2);
        restarted.add(method);
      }
      return pass();
    };
    network.down.add(4);
    const alice = await network.client();
    const [wallet] = alice.wallets;
    const message = text('from disk');
    const { signature } = await (wallet as NonNullable<typeof wallet>).signRaw('sha256', message);
    expectValid(signature, (wallet as NonNullable<typeof wallet>).publicKey, message);
    expect([...restarted].sort()).toEqual(['sign/assign', 'sign/bind', 'sign/record', 'sign/share']);
    expect(stores.get(2)?.markers().size).toBe(1);
    for (const store of stores.values()) await store.close();
  });

  it('a validator that missed everything catches up when it is asked, and its shares count', async () => {
    const network = newNetwork();
    const store = new MemoryWalletStore();
    network.down.add(4);
    const bob = await network.client({ name: 'bob', store });
    const wallet = await bob.createDWallet({ rawDigests: true });
    const raw = new RawClient(network, store.data);
    const taken = await raw.take(1, 'assigned without validator 4');
    // It knows neither the dWallet nor the assignment; validator 2 goes away, so that nothing works without it.
    network.down.clear();
    network.down.add(2);
    const signed = await raw.sign(1, raw.signRequest(taken, await raw.signMessage(taken)));
    expectValid(signed.signature, wallet.publicKey, taken.message);
    expect(network.marked(4).size).toBe(1);
    expect(network.store(4).list('dwallet')).toContain(wallet.id);
    expect(network.store(4).list('dwallet-acceptance')).toContain(wallet.id);
  });
});

describe('who may ask, and when', () => {
  it('strangers, owners who have not accepted, unknown and foreign presigns are refused (MPC:A3, MPC:S1)', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const stranger = new Secret(randomFor('stranger')(32));
    const message = text('mine');
    const nonce = new Uint8Array(32);
    const take = encodeTakePresign(alice.id, rawMessageRequest('sha256', message, nonce));
    const stolen = alice.seal(clientKind.takePresign, alice.id, take, stranger);
    expect(await refused(alice.send(1, clientKind.takePresign, stolen))).toContain('NOT_OWNER');

    const taken = await alice.take(1, 'for this message only');
    const signMessage = await alice.signMessage(taken);
    expect(await refused(alice.sign(1, alice.signRequest(taken, signMessage, {}, stranger)))).toContain('NOT_OWNER');
    // Another nonce or another message is another request than the one that the presign is for.
    const other = { nonce: new Uint8Array(32).fill(9) };
    expect(await refused(alice.sign(2, alice.signRequest(taken, signMessage, other)))).toContain('MPC:S1');
    const swapped = rawOrder('sha256', text('another message'));
    expect(await refused(alice.sign(2, alice.signRequest(taken, signMessage, swapped)))).toContain('MPC:S1');
    const scheme = rawOrder('keccak256', taken.message);
    expect(await refused(alice.sign(2, alice.signRequest(taken, signMessage, scheme)))).toContain('MPC:S1');
    const unknown = { presignId: presignId(new Uint8Array(32).fill(5)) };
    expect(await refused(alice.sign(2, alice.signRequest(taken, signMessage, unknown)))).toContain('MPC:S1');
    // A presign of the pool that nobody gave to anybody.
    const free = network
      .store(1)
      .list('presign')
      .find((id) => !network.store(1).list('assignment').includes(id));
    const unassigned = { presignId: presignId(Buffer.from(free as string, 'hex')) };
    expect(await refused(alice.sign(2, alice.signRequest(taken, signMessage, unassigned)))).toContain('MPC:S1');
    // A dWallet that does not exist.
    const nowhere = { id: new Uint8Array(32).fill(1) as typeof alice.id };
    expect(await refused(alice.sign(1, alice.signRequest(taken, signMessage, nowhere)))).toContain('NOT_FOUND');

    // Bob's output is certified, but he has not said that he accepts it.
    const store = new MemoryWalletStore();
    network.line = async ({ method, pass }) => {
      if (method === clientKind.acceptDWallet) throw new Error('the wallet dies');
      return pass();
    };
    const bob = await network.client({ name: 'bob', store });
    await expect(bob.createDWallet({ rawDigests: true })).rejects.toThrow();
    network.line = ({ pass }) => pass();
    const pending = store.data?.wallets[0];
    expect(pending?.record).toBeUndefined();
    const record = network.store(1).get('dwallet', pending?.id ?? '') as Uint8Array;
    const length = new DataView(record.buffer, record.byteOffset).getUint32(4);
    const wallets = [{ ...pending, record: hex(record.subarray(8, 8 + length)) }];
    const early = new RawClient(network, { ...store.data, wallets } as typeof store.data & object);
    expect(await refused(early.take(1, 'too early'))).toMatch(/NOT_READY.*MPC:A3/);
    // Bob's account does not open Alice's presign for Bob's wallet either.
    const foreign = early.signRequest(taken, signMessage);
    expect(await refused(early.sign(1, foreign))).toContain('NOT_READY');
    expect([...network.access.validators].map((i) => network.marked(i).size)).toEqual([0, 0, 0, 0]);
  });

  it('a presign of one dWallet is not for another one of the same owner (MPC:S1)', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const store = new MemoryWalletStore(fixture().wallet);
    const client = await network.client({ store });
    await client.createDWallet({ rawDigests: true });
    const second = new RawClient(network, { ...fixture().wallet, wallets: [store.data?.wallets[1]] } as never);
    const taken = await alice.take(1, 'for the first');
    const signMessage = await second.signMessage(taken);
    for (const [shown, why] of [
      [taken, /MPC:S1.*another digest/],
      [unshown(taken), /MPC:S1.*another dWallet/],
    ] as const)
      expect(await refused(second.sign(1, second.signRequest(shown, signMessage)))).toMatch(why);
  });
});

describe('one presign, one client message', () => {
  it('the same bytes again give the same signature, at any leader, also after restarts', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'once');
    // The assignment is idempotent too, whoever is asked.
    for (const to of [1, 3]) {
      expect(hex((await alice.take(to, 'once')).presign.presignId)).toBe(hex(taken.presign.presignId));
    }
    const request = alice.signRequest(taken, await alice.signMessage(taken));
    const first = await alice.sign(1, request);
    expectValid(first.signature, publicKeyOf(alice), taken.message);
    expect(await alice.sign(1, request)).toEqual(first);
    network.restartAll();
    expect(await alice.sign(1, request)).toEqual(first);
    // Validator 3 has lost what it kept of the signature: it leads once more, and everybody gives the same shares.
    network.line = ({ method, pass }) => (method === 'sign/record' ? Promise.reject(new Error('lost')) : pass());
    const raw = await alice.sign(3, request);
    expect(raw.signature).toEqual(first.signature);
    expect(answered(network, taken.presign.presignId).size).toBe(1);
  });

  it('two messages to two leaders at once: at most one signature, no second decryption by anybody (MPC:S2, lessons 1.8)', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'twice');
    const requests = [
      alice.signRequest(taken, await alice.signMessage(taken, 'a')),
      alice.signRequest(taken, await alice.signMessage(taken, 'b')),
    ] as const;
    expect(hex(requests[0])).not.toBe(hex(requests[1]));
    const outcomes = await Promise.allSettled([alice.sign(1, requests[0]), alice.sign(2, requests[1])]);
    const signatures = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(signatures.length).toBeLessThanOrEqual(1);
    expect(answered(network, taken.presign.presignId).size).toBeLessThanOrEqual(1);
    const votes = network.access.validators.map((i) =>
      network
        .store(i)
        .list('vote')
        .filter((id) => id.startsWith('presign-binding')),
    );
    for (const own of votes) expect(own.length).toBeLessThanOrEqual(1);
    // Whoever comes later with the other message is refused everywhere, for ever.
    network.restartAll();
    const again = await Promise.allSettled(
      [1, 2, 3, 4].flatMap((to) => requests.map((request) => alice.sign(to, request))),
    );
    const results = new Set(
      again.flatMap((outcome) => (outcome.status === 'fulfilled' ? [String(outcome.value.signature.s)] : [])),
    );
    expect(results.size).toBeLessThanOrEqual(1);
    expect(answered(network, taken.presign.presignId).size).toBeLessThanOrEqual(1);
  });

  it('votes split between two messages sign neither: the presign is lost, the key is not', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'split');
    const a = alice.signRequest(taken, await alice.signMessage(taken, 'a'));
    const b = alice.signRequest(taken, await alice.signMessage(taken, 'b'));
    const bind = (to: number, request: Uint8Array): Promise<Uint8Array> => network.ask(1, to, 'sign/bind', request);
    for (const to of [1, 2]) await bind(to, a);
    for (const to of [3, 4]) await bind(to, b);
    for (const to of [1, 2]) expect(await refused(bind(to, b))).toContain('ALREADY_VOTED');
    for (const to of [3, 4]) expect(await refused(bind(to, a))).toContain('ALREADY_VOTED');
    expect(await refused(alice.sign(1, a))).toContain('ALREADY_VOTED');
    expect(await refused(alice.sign(3, b))).toContain('ALREADY_VOTED');
    expect(answered(network, taken.presign.presignId).size).toBe(0);
    // The next request has another presign and is signed.
    const next = await alice.take(1, 'after the split');
    await alice.sign(1, alice.signRequest(next, await alice.signMessage(next)));
  });

  it('after a signature another message of the client is refused by every validator (MPC:S2)', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'then another');
    await alice.sign(1, alice.signRequest(taken, await alice.signMessage(taken, 'a')));
    const [bound] = answered(network, taken.presign.presignId);
    const second = alice.signRequest(taken, await alice.signMessage(taken, 'b'));
    for (const to of [1, 2, 3, 4]) {
      expect(await refused(alice.sign(to, second)), `leader ${to}`).toMatch(/MPC:S2|ALREADY_VOTED/);
    }
    expect([...answered(network, taken.presign.presignId)]).toEqual([bound]);
  });

  it('no share without a certificate for exactly these bytes, and no marker either (MPC:S2)', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'forged');
    const { presignId: id } = taken.presign;
    const good = alice.signRequest(taken, await alice.signMessage(taken, 'a'));
    const other = alice.signRequest(taken, await alice.signMessage(taken, 'b'));
    // The certificate of a real signature, which validator 4 did not see.
    network.down.add(4);
    let certificate: Uint8Array = new Uint8Array(0);
    network.line = ({ method, bytes, pass }) => {
      if (method === 'sign/share')
        [, certificate] = decodeParts(network.bodyOf(bytes), 'share', 3) as [Uint8Array, Uint8Array];
      return pass();
    };
    await alice.sign(1, good);
    network.down.clear();
    network.line = ({ pass }) => pass();
    const everybody = Uint8Array.of(0, 1, 0, 2, 0, 3, 0, 4);
    const share = (method: string, request: Uint8Array, proof: Uint8Array, expected = everybody): Promise<Uint8Array> =>
      network.ask(1, 4, method, encodeParts([request, proof, expected]));
    const decoded = decodeCertificate(certificate);
    const { fact, votes } = decoded;
    const own = (claimed: Digest, signers: readonly number[]): Uint8Array => {
      const signed = network.access.validators
        .filter((i) => signers.includes(i))
        .map((i) => signFact(network.committee, { ...fact, digest: claimed }, i, network.keystore(i).identity));
      return encodeCertificate({ ...decoded, fact: { ...fact, digest: claimed }, votes: signed });
    };
    for (const method of ['sign/share', 'sign/prove']) {
      for (const [request, proof, reason] of [
        [other, certificate, 'another digest'],
        [good, encodeCertificate({ ...decoded, votes: votes.slice(0, 2) }), 'below the threshold'],
        [good, own(fact.digest, [1, 2]), 'below the threshold'],
        [good, own(new Uint8Array(32) as Digest, [1, 2, 3]), 'another digest'],
        [good, encodeCertificate({ ...decoded, fact: { ...fact, kind: 'dwallet' } }), 'another kind'],
        [good, encodeCertificate({ ...decoded, fact: { ...fact, version: 1n } }), 'another version'],
        [good, encodeCertificate({ ...decoded, fact: { ...fact, id: new Uint8Array(32) } }), 'something else'],
      ] as const) {
        expect(await refused(share(method, request, proof)), method).toMatch(new RegExp(`MPC:S2.*${reason}`));
      }
    }
    expect(network.marked(4).size).toBe(0);
    // Sets that are none: too small, a validator twice or unknown, half a number.
    for (const expected of [
      [0, 1, 0, 2],
      [0, 1, 0, 2, 0, 2],
      [0, 1, 0, 2, 0, 5],
      [0, 0, 0, 1, 0, 2],
      [0, 1, 0, 2, 0],
      [],
    ]) {
      expect(await refused(share('sign/share', good, certificate, Uint8Array.from(expected)))).toMatch(
        /INVALID_ARGUMENTS|DECODE/,
      );
    }
    expect(network.marked(4).size).toBe(0);
    await share('sign/share', good, certificate);
    expect([...network.marked(4).keys()]).toEqual([hex(id)]);
  });

  it('the leader dies after the binding: the client goes on with another one, with the same bytes', async () => {
    const network = newNetwork();
    const client = await network.client();
    const [wallet] = client.wallets;
    let die: (() => void) | undefined;
    const dead = new Promise<never>((_, reject) => {
      die = () => reject(new Error('validator 1 is down'));
    });
    dead.catch(() => {});
    const asked: number[] = [];
    network.line = async ({ from, to, method, pass }) => {
      if (from === 1 && method === 'sign/share') {
        network.down.add(1);
        die?.();
        throw new Error('validator 1 died');
      }
      if (from === undefined && method === clientKind.sign) {
        asked.push(to);
        return to === 1 ? Promise.race([pass(), dead]) : pass();
      }
      return pass();
    };
    const message = text('the first leader dies');
    const { signature } = await (wallet as NonNullable<typeof wallet>).signRaw('sha256', message);
    expectValid(signature, (wallet as NonNullable<typeof wallet>).publicKey, message);
    expect(asked).toEqual([1, 2]);
    for (const i of [2, 3, 4]) expect(network.marked(i).size).toBe(1);
  });
});

describe('the pool', () => {
  it('a leader cannot empty it with one request, and an empty pool is said to be empty', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const limit = 16;
    // A pool of copies under other names would not verify; the limit is counted on what this member has assigned.
    const take = alice.takeRequest(text('greedy'), new Uint8Array(32));
    const given = new Uint8Array(32 * limit).map((_, i) => i / 32 + 1);
    const request = presignRequestDigest(alice.id, rawMessageRequest('sha256', text('greedy'), new Uint8Array(32)));
    network.store(3).put('request', hex(alice.id) + hex(request), given);
    const [presign] = network.store(1).list('presign');
    const body = encodeParts([take, new Uint8Array(Buffer.from(presign as string, 'hex'))]);
    expect(await refused(network.ask(1, 3, 'sign/assign', body))).toContain('UNAVAILABLE');
    expect(network.store(3).list('assignment')).toEqual([]);
    await network.ask(1, 2, 'sign/assign', body);
    expect(network.store(2).list('assignment')).toEqual([presign]);

    for (const id of network.store(4).list('presign')) network.store(4).put('assignment', id, new Uint8Array(64));
    expect(await refused(alice.take(4, 'nothing left'))).toMatch(/UNAVAILABLE.*pool is empty/);
  });

  it('a stale leader, whose presigns others have long assigned, goes on to a free one', async () => {
    const network = newNetwork();
    const alice = new RawClient(network);
    const ids = network.store(1).list('presign');
    // All but one are spent; validator 4 was away and does not know.
    for (const i of [1, 2, 3])
      for (const id of ids.slice(1)) network.store(i).put('assignment', id, new Uint8Array(64).fill(3));
    const taken = await alice.take(4, 'stale');
    expect(hex(taken.presign.presignId)).toBe(ids[0]);
    // With too few validators it stops at once instead of using up the pool.
    const other = newNetwork();
    other.down.add(2);
    other.down.add(3);
    expect(await refused(new RawClient(other).take(1, 'few'))).toContain('THRESHOLD_NOT_REACHED');
    expect(other.store(1).list('assignment')).toHaveLength(1);
  });
});

const publicKeyOf = (client: RawClient): Uint8Array => client.setup.curve.encodePoint(client.record.publicKey);
