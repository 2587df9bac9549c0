/**
 * Backups of a running validator, and the rule that makes restoring one safe: what it may have answered after the backup it never answers
 * again (MPC 5.8, lessons 1.7). Validator 4 keeps its records in the durable store; the others in memory.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digest, type ValidatorId, digestTagged, encodeText, presignId, digest as toDigest } from '@dwallet/sigma';
import { createDWallet, deriveSessionId, namingSession } from '@dwallet/two-pc-mpc/client';
import {
  type Fact,
  type RemoteError,
  assembleCertificate,
  clientKind,
  encodeCertificate,
  encodeCreateDWallet,
  encodeParts,
  signFact,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type SessionRequest, encodeSessionRequest } from '../src/core.ts';
import { Keystore } from '../src/keystore.ts';
import { bindingFact } from '../src/network-state.ts';
import { encodeFixRequest, encodeProposal } from '../src/sessions/fixed-inbox.ts';
import { openSessionWith } from '../src/sessions/opening.ts';
import { LmdbStore } from '../src/store/lmdb-store.ts';
import { restoreBackup } from '../src/store/restore-backup.ts';
import { StoreError, type StoreErrorCode } from '../src/store/store-error.ts';
import { RawClient, type Taken } from './helpers/raw-client.ts';
import { ToyNetwork, accountKeyOf, fixture, hex, loadRecords, randomFor, toyUnlock } from './helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-backup-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `folder-${counter++}`);

const stores: LmdbStore[] = [];
const networks: ToyNetwork[] = [];
afterEach(async () => {
  for (const network of networks.splice(0)) network.close();
  for (const store of stores.splice(0)) await store.close();
});

/** A toy network whose validator 4 keeps everything on disk. */
class DurableFour {
  readonly network = new ToyNetwork({ from: fixture() });
  folder = fresh();
  store: LmdbStore;

  constructor() {
    networks.push(this.network);
    mkdirSync(this.folder, { recursive: true });
    copyFileSync(join(this.network.folder, '4', 'keystore.json'), join(this.folder, 'keystore.json'));
    this.store = this.open();
    this.store.transaction(() => {
      loadRecords(this.store, fixture().common);
      loadRecords(this.store, fixture().own[3] ?? {});
    });
    this.use(this.store);
  }
  open(folder = this.folder): LmdbStore {
    const store = LmdbStore.open({
      folder,
      owner: this.network.committee.identityKeys[3] as Uint8Array,
      networkId: this.network.networkId,
      random: randomFor(`store in ${folder}`),
    });
    stores.push(store);
    return store;
  }
  use(store: LmdbStore): void {
    this.store = store;
    this.network.stores[3] = store;
    this.network.markers[3] = store.markers();
    this.network.restart(4);
  }
  async backup(): Promise<string> {
    const path = fresh();
    await this.store.backup(path);
    return path;
  }
  /** The disk of validator 4 is lost; what is left is the backup. @returns the lost store, to compare with. */
  async restore(path: string): Promise<LmdbStore> {
    const lost = this.store;
    this.folder = fresh();
    await restoreBackup(path, this.folder, randomFor(`restore to ${this.folder}`));
    this.use(this.open());
    return lost;
  }
}

async function refused(code: StoreErrorCode, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => expect.fail(`must be refused with ${code}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  expect((error as StoreError).code, String(error)).toBe(code);
}

describe('backup', () => {
  it('of a running store: everything acknowledged before it, whole transactions only, and the keystore still encrypted', async () => {
    const four = new DurableFour();
    const { store } = four;
    for (let i = 0; i < 20; i++) store.put('k', `before-${i}`, new Uint8Array(5000).fill(i));
    const path = fresh();
    const running = store.backup(path);
    for (let i = 0; i < 20; i++) {
      store.transaction(() => {
        for (const part of ['x', 'y']) store.put('k', `during-${i}-${part}`, new Uint8Array(5000).fill(i));
      });
      if (i % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await running;
    expect(readdirSync(path).sort()).toEqual(['data.mdb', 'keystore.json', 'manifest.json']);
    expect(readFileSync(join(path, 'keystore.json'), 'utf8')).not.toContain(
      hex(four.network.keystore(4).identity.expose()),
    );
    await four.restore(path);
    const kept = four.store.list('k');
    expect(kept.filter((id) => id.startsWith('before'))).toHaveLength(20);
    const during = kept.filter((id) => id.startsWith('during'));
    expect(during.length % 2).toBe(0);
    expect(new Set(during.map((id) => id.slice(0, -2))).size).toBe(during.length / 2);
    expect(hex(Keystore.open(four.folder, randomFor('x'), toyUnlock()).identity.expose())).toBe(
      hex(four.network.keystore(4).identity.expose()),
    );
    // The running one was not disturbed, and a second backup does not replace the first.
    await refused('STORE_BACKUP', store.backup(path));
    expect(store.list('k')).toHaveLength(60);
  });

  it('that fails leaves nothing under its name', async () => {
    const four = new DurableFour();
    rmSync(join(four.folder, 'keystore.json'));
    const path = fresh();
    await refused('STORE_BACKUP', four.store.backup(path));
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(root).filter((name) => name.includes('partial'))).toEqual([]);
    four.store.put('k', 'a', new Uint8Array(1));
  });
});

describe('restore', () => {
  it('starts a new generation each time, voids what is not bound and keeps what is', async () => {
    const four = new DurableFour();
    const [bound, free] = four.store.list('presign') as [string, string];
    const id = (text: string) => presignId(new Uint8Array(Buffer.from(text, 'hex')));
    const D = new Uint8Array(32).fill(5) as Digest;
    await four.store.markers().mark(id(bound), D);
    expect(four.store.generation.restored).toBe(false);
    const path = await four.backup();
    const seen = new Set([hex(four.store.generation.id)]);
    for (let i = 0; i < 3; i++) {
      await four.restore(path);
      expect(four.store.generation.restored).toBe(true);
      seen.add(hex(four.store.generation.id));
      const markers = four.store.markers();
      expect(await markers.lookup(id(bound))).toEqual(D);
      expect(await markers.lookup(id(free))).toBe('void');
      expect(await markers.mark(id(free), D)).toBe('conflict');
      expect(markers.size).toBe(four.store.list('presign').length);
    }
    expect(seen.size).toBe(4);
    // A backup of a restored one is one of a restored one.
    await four.restore(await four.backup());
    expect(seen.has(hex(four.store.generation.id))).toBe(false);
    const { id: before } = four.store.generation;
    await four.store.close();
    const again = four.open();
    expect(again.generation).toEqual({ id: before, restored: true });
  });

  it('refuses a folder that is not empty, a backup that was changed, and one of a newer program', async () => {
    const four = new DurableFour();
    const path = await four.backup();
    await refused('STORE_BACKUP', restoreBackup(path, four.folder, randomFor('x')));
    const altered = async (change: (folder: string) => void, code: StoreErrorCode = 'STORE_BACKUP'): Promise<void> => {
      const [copy, target] = [fresh(), fresh()];
      mkdirSync(copy);
      for (const name of readdirSync(path)) copyFileSync(join(path, name), join(copy, name));
      change(copy);
      await refused(code, restoreBackup(copy, target, randomFor('x')));
      expect(existsSync(target)).toBe(false);
      expect(readdirSync(root).filter((name) => name.includes('restoring'))).toEqual([]);
    };
    const flip =
      (name: string, at: number) =>
      (folder: string): void => {
        const bytes = readFileSync(join(folder, name));
        bytes[at] = (bytes[at] as number) ^ 1;
        writeFileSync(join(folder, name), bytes);
      };
    const manifest =
      (change: (value: Record<string, unknown>) => object) =>
      (folder: string): void => {
        const file = join(folder, 'manifest.json');
        writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)));
      };
    await altered(flip('data.mdb', 9000));
    await altered(flip('keystore.json', 30));
    await altered((folder) => truncateSync(join(folder, 'data.mdb'), 8192));
    await altered((folder) => rmSync(join(folder, 'keystore.json')));
    await altered((folder) => rmSync(join(folder, 'manifest.json')));
    await altered((folder) => writeFileSync(join(folder, 'manifest.json'), '{'));
    await altered(manifest((value) => ({ ...value, format: 'something else' })));
    await altered(manifest((value) => ({ ...value, version: 2 })));
    await altered(manifest((value) => ({ ...value, files: {} })));
    await altered(manifest((value) => ({ ...value, owner: 'x' })));
    await altered(
      manifest((value) => ({ ...value, storeVersion: 99 })),
      'STORE_VERSION',
    );
    await altered(
      manifest((value) => ({ ...value, owner: '00'.repeat(32) })),
      'STORE_OWNER',
    );
    const empty = fresh();
    mkdirSync(empty);
    await restoreBackup(path, empty, randomFor('x'));
    expect(readdirSync(empty).sort()).toEqual(['keystore.json', 'store']);
  });
});

/** No id has one answer in the lost store and another one in the restored one. */
function expectNoSecondAnswer(lost: LmdbStore, restored: LmdbStore): void {
  for (const kind of ['vote', 'contribution', 'assignment', 'request']) {
    for (const id of restored.list(kind)) {
      const before = lost.get(kind, id);
      if (before !== undefined) expect(hex(restored.get(kind, id) as Uint8Array), `${kind} ${id}`).toBe(hex(before));
    }
  }
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'answered',
    (error: unknown) => (error as RemoteError).code,
  );
}

describe('a validator that was restored', () => {
  it('answers nothing that it may have answered before: assignments, bindings, shares, records (MPC:S2, lessons 1.7)', async () => {
    const four = new DurableFour();
    const { network } = four;
    const alice = new RawClient(network);
    const before = await four.backup();
    // After the backup: validator 4 assigns, binds and gives its share.
    const taken = await alice.take(1, 'after the backup');
    const { presignId: id } = taken.presign;
    const first = alice.signRequest(taken, await alice.signMessage(taken, 'a'));
    network.down.add(3);
    await alice.sign(1, first);
    network.down.clear();
    expect(await four.store.markers().lookup(id)).toBeInstanceOf(Uint8Array);
    const lost = await four.restore(before);
    expect(lost.get('assignment', hex(id))).toBeDefined();
    expect(four.store.get('assignment', hex(id))).toBeUndefined();

    const nonce = randomFor('another nonce')(32);
    const other = alice.takeRequest(new TextEncoder().encode('another message'), nonce);
    const second = alice.signRequest(taken, await alice.signMessage(taken, 'b'));
    const answers = [
      await codeOf(network.ask(1, 4, 'sign/assign', encodeParts([other, id]))),
      await codeOf(network.ask(1, 4, 'sign/bind', second)),
    ];
    expectNoSecondAnswer(lost, four.store);
    expect(answers).toEqual(['ABSTAINS', 'ABSTAINS']);
    // Even a certificate for the other bytes, which would take more than f faulty validators, gets no share out of it.
    const fact = await bindingOf('after the backup', taken);
    const votes = network.access.validators.map((i) =>
      signFact(network.committee, fact, i, network.keystore(i).identity),
    );
    const { certificate } = assembleCertificate(network.committee, fact, votes);
    const share = encodeParts([second, encodeCertificate(certificate), Uint8Array.of(0, 1, 0, 2, 0, 4)]);
    for (const method of ['sign/share', 'sign/prove'])
      expect(await codeOf(network.ask(1, 4, method, share))).toBe('ABSTAINS');
    expect(await four.store.markers().lookup(id)).toBe('void');
    expectNoSecondAnswer(lost, four.store);
  });

  it('contributes to and votes in no session that it may have been in, nor in one whose leader lies about it', async () => {
    const four = new DurableFour();
    const { network } = four;
    const before = await four.backup();
    const session = new OldSession(network, new Map([[4 as ValidatorId, four.store.generation.id]]), 'old');
    const inboxes: Uint8Array[][] = [];
    for (const step of ['round-1', 'round-2', 'round-3'])
      inboxes.push(await Promise.all([1, 2, 3, 4].map((to) => session.ask(to, 'contribute', step, inboxes))));
    await session.ask(4, 'vote', 'vote', inboxes);
    const lost = await four.restore(before);
    // The same step again would have other randomness, another set another digest.
    const others = [...inboxes.slice(0, 2), (inboxes[2] as Uint8Array[]).slice(0, 3)];
    const answers = [
      await codeOf(session.ask(4, 'contribute', 'round-1', [])),
      await codeOf(session.ask(4, 'vote', 'vote', others)),
    ];
    expectNoSecondAnswer(lost, four.store);
    expect(answers).toEqual(['ABSTAINS', 'ABSTAINS']);

    for (const [name, named] of [
      ['nobody', undefined],
      ['the lost store', lost.generation.id],
      ['a made-up one', new Uint8Array(32).fill(7)],
    ] as const) {
      const lie = new OldSession(network, new Map(named === undefined ? [] : [[4 as ValidatorId, named]]), name);
      expect(await codeOf(lie.ask(4, 'contribute', 'round-1', [])), name).toBe('ABSTAINS');
      expect(await codeOf(lie.ask(3, 'contribute', 'round-1', [])), name).toBe('answered');
    }
    const honest = new OldSession(network, new Map([[4 as ValidatorId, four.store.generation.id]]), 'honest');
    expect(await codeOf(honest.ask(4, 'contribute', 'round-1', []))).toBe('answered');
    // One that was never restored is asked as somebody else: there is a copy of it, and the session is the copy's.
    const copy = new OldSession(network, new Map([[3 as ValidatorId, new Uint8Array(32).fill(9)]]), 'copy');
    expect(await codeOf(copy.ask(3, 'contribute', 'round-1', []))).toBe('ABSTAINS');
  });

  it('votes on no creation of a dWallet that it may have voted on, and takes part in no ceremony', async () => {
    const four = new DurableFour();
    const { network } = four;
    const before = await four.backup();
    const alice = new RawClient(network);
    const account = accountKeyOf(alice.wallet);
    type Named = ReadonlyMap<ValidatorId, Uint8Array>;
    /** @param claimed - what the request says of the session; default: what its id is made of. */
    const creation = (label: string, generations: Named, claimed = generations): Uint8Array => {
      const nonce = randomFor('twice')(32);
      const session = namingSession('USER', signingPublicKey(account), { nonce, generations });
      const { message } = createDWallet({
        setup: alice.setup,
        sessionId: session,
        share: { mode: 'none' },
        accountKey: account,
        random: randomFor(label),
      });
      const body = encodeCreateDWallet({ nonce, generations: claimed }, message);
      return alice.seal(clientKind.createDWallet, session, body);
    };
    const naming = (...ids: readonly Uint8Array[]): Named => new Map(ids.map((id) => [4 as ValidatorId, id]));
    // Two sessions in which it votes and then forgets that: one names nobody, the other its store.
    const old = [naming(), naming(four.store.generation.id)];
    for (const named of old) await network.ask(1, 4, 'dwallet/vote', creation('a', named));
    const lost = await four.restore(before);
    const present = naming(four.store.generation.id);
    const answers: string[] = [];
    for (const named of old) {
      answers.push(await codeOf(network.ask(1, 4, 'dwallet/vote', creation('b', named))));
      // Nor when the request claims the present generation for an id that is older.
      answers.push(await codeOf(network.ask(1, 4, 'dwallet/vote', creation('b', named, present))));
    }
    expectNoSecondAnswer(lost, four.store);
    expect(answers).toEqual(['ABSTAINS', 'CHECK_FAILED', 'ABSTAINS', 'CHECK_FAILED']);
    // An id that names the present generation is younger than the restore, and has one answer.
    expect(await codeOf(network.ask(1, 4, 'dwallet/vote', creation('a', present)))).toBe('answered');
    expect(await codeOf(network.ask(1, 4, 'dwallet/vote', creation('b', present)))).toBe('CHECK_FAILED');
    // One that was never restored is named as another: a copy of it exists.
    const copy = creation('c', new Map([[3 as ValidatorId, new Uint8Array(32).fill(9)]]));
    expect(await codeOf(network.ask(1, 3, 'dwallet/vote', copy))).toBe('ABSTAINS');
    const ceremony: SessionRequest = {
      protocol: 'network-dkg',
      session: deriveSessionId({
        version: 1n,
        type: 'SYSTEM',
        sender: network.networkId,
        fresh: digestTagged('ceremony-session', [
          encodeText('network-dkg'),
          network.committee.digest,
          new Uint8Array(0),
        ]),
      }),
      step: 'register',
      input: new Uint8Array(0),
      history: [],
      certificates: [],
    };
    for (const [method, body] of [
      ['contribute', encodeSessionRequest(ceremony)],
      ['propose', encodeProposal(ceremony, 1n, undefined)],
      ['fix', encodeFixRequest(ceremony, new Uint8Array(0))],
      ['vote', encodeSessionRequest(ceremony)],
    ] as const) {
      expect(await codeOf(network.ask(1, 4, `session/${method}`, body)), method).toBe('ABSTAINS');
      expect(await codeOf(network.ask(1, 3, `session/${method}`, body)), method).not.toBe('ABSTAINS');
    }
  });

  it('is needed for a new dWallet and votes for it, when the client has asked it for its generation', async () => {
    const four = new DurableFour();
    const { network } = four;
    await four.restore(await four.backup());
    const bob = await network.client({ name: 'bob' });
    network.down.add(3);
    const wallet = await bob.createDWallet({ rawDigests: true });
    expect(four.store.get('vote', `dwallet.${wallet.id}.0`)).toBeDefined();
    // Restored once more between the question and the vote: what is named is gone, and the client begins another session.
    network.down.clear();
    const again = await four.backup();
    network.line = async ({ to, method, pass }) => {
      if (to === 1 && method === clientKind.createDWallet && !network.down.has(3)) {
        network.down.add(3);
        await four.restore(again);
      }
      return pass();
    };
    await expect(bob.createDWallet({ rawDigests: true })).rejects.toBeInstanceOf(Error);
    expect((await bob.createDWallet({ rawDigests: true })).id).toHaveLength(64);
  });

  it('holds nobody up, serves and records what others certify, and is in new sessions again', async () => {
    const four = new DurableFour();
    const { network } = four;
    // Leader 1 knows the generation that will be lost.
    await network.validator(1).leadPresigns(1);
    const before = await four.backup();
    await four.restore(before);
    const alice = new RawClient(network);
    const old = await alice.take(1, 'with an old presign');
    const { digest } = await alice.sign(1, alice.signRequest(old, await alice.signMessage(old)));
    const oldId = hex(old.presign.presignId);
    expect(digest).toHaveLength(32);
    expect(four.store.get('signature', oldId)).toBeDefined();
    expect(four.store.get('vote', `presign-binding.${oldId}.0`)).toBeUndefined();
    expect(await four.store.markers().lookup(old.presign.presignId)).toBe('void');

    const known = new Set(four.store.list('presign'));
    const made = async (): Promise<string[]> => {
      await network.validator(1).leadPresigns(1);
      const ids = four.store.list('presign').filter((id) => !known.has(id));
      for (const id of ids) known.add(id);
      return ids;
    };
    // The first one names what is lost; its abstention tells the leader.
    const [without] = (await made()) as [string];
    const [withFour] = (await made()) as [string];
    expect(network.validator(4).status().availablePresigns).toBe(1);
    network.down.add(3);
    // Without validator 3 nothing works unless validator 4 takes part; as a leader it offers only what it may sign with.
    const taken = await alice.take(4, 'with a new presign');
    expect(hex(taken.presign.presignId)).toBe(withFour);
    await alice.sign(4, alice.signRequest(taken, await alice.signMessage(taken)));
    expect(await four.store.markers().lookup(taken.presign.presignId)).toBeInstanceOf(Uint8Array);
    expect(
      await four.store.markers().lookup(presignId(new Uint8Array(Buffer.from(without, 'hex')))),
    ).not.toBeInstanceOf(Uint8Array);
  });

  it('takes part with a presign that it missed and fetched, if the session names its generation; a false opening is not believed', async () => {
    const four = new DurableFour();
    const { network } = four;
    await four.restore(await four.backup());
    const known = new Set(four.store.list('presign'));
    // It contributes, and the certificate is lost on its way to it.
    network.line = ({ to, method, pass }) =>
      to === 4 && method === 'session/commit' ? Promise.reject(new Error('lost')) : pass();
    await network.validator(1).leadPresigns(1);
    expect(four.store.list('presign')).toHaveLength(known.size);
    const [id] = network
      .store(1)
      .list('presign')
      .filter((each) => !known.has(each)) as [string];
    const opening = network.store(1).list('opening')[0] as string;
    const real = network.store(1).get('opening', opening) as Uint8Array;
    for (const i of [1, 2, 3])
      network.store(i).put(
        'opening',
        opening,
        real.map((byte, at) => (at === 0 ? byte ^ 1 : byte)),
      );
    network.line = ({ pass }) => pass();
    await network.validator(4).catchUp();
    expect(four.store.list('presign')).not.toContain(id);
    for (const i of [1, 2, 3]) network.store(i).put('opening', opening, real);
    await network.validator(4).catchUp();
    expect(four.store.list('presign')).toContain(id);
    expect(network.validator(4).status().availablePresigns).toBe(1);
  });
});

/** A presign session that a test leads as validator 1. */
class OldSession {
  readonly #network: ToyNetwork;
  readonly #opened: ReturnType<typeof openSessionWith>;
  constructor(network: ToyNetwork, generations: ReadonlyMap<ValidatorId, Uint8Array>, label: string) {
    this.#network = network;
    const sender = network.committee.identityKeys[0] as Uint8Array;
    this.#opened = openSessionWith(sender, { nonce: randomFor(`session/${label}`)(32), count: 1, generations });
  }
  ask(to: number, method: string, step: string, history: readonly (readonly Uint8Array[])[]): Promise<Uint8Array> {
    const request = { protocol: 'ecdsa-presign', ...this.#opened, step, history, certificates: [] };
    return this.#network.ask(1, to, `session/${method}`, encodeSessionRequest(request));
  }
}

/** What validators that never heard of a first message would bind the presign to for this one: asked of a network of twins. */
async function bindingOf(label: string, taken: Taken): Promise<Fact> {
  const twins = new ToyNetwork({ from: fixture() });
  networks.push(twins);
  const alice = new RawClient(twins);
  const same = await alice.take(1, label);
  expect(hex(same.presign.presignId)).toBe(hex(taken.presign.presignId));
  await twins.ask(1, 2, 'sign/bind', alice.signRequest(same, await alice.signMessage(same, 'b')));
  const { presignId: id } = taken.presign;
  return bindingFact(id, toDigest(twins.store(2).get('vote', `presign-binding.${hex(id)}.0`) as Uint8Array));
}
