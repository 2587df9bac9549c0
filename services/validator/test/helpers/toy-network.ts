/**
 * Four validators on the toy profile in one process. They reach each other only through encoded bytes, on lines that a test can cut, slow
 * down, listen to or lie on. A network starts empty, or from the fixture `test/fixtures/toy-network.json` (npm run fixtures): key, setup, a pool
 * of presigns and Alice's accepted dWallet, so that a test begins where it has something to say.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AccessStructure, type PublicParameters, deriveTestParameters, equalWeights } from '@dwallet/class-groups';
import { DWalletClient, type WalletData, type WalletStore } from '@dwallet/client-sdk';
import { wasmKernel } from '@dwallet/kernel/wasm';
import {
  type Digest,
  type PresignId,
  type Random,
  Secret,
  type ValidatorId,
  encodeText,
  hashTagged,
  secp256k1Curve,
  seededRandom,
  validatorId,
} from '@dwallet/sigma';
import { MemorySignMessageStore, type SignMessageStore } from '@dwallet/two-pc-mpc/client';
import {
  type Committee,
  type ComputePool,
  MemorySingleUseStore,
  type Peer,
  type SingleUseStore,
  createCommittee,
  decodeCall,
  decodeReply,
  encodeCall,
  encodeEnvelope,
  maxBodyBytes,
  networkIdOf,
  openEnvelope,
  sealEnvelope,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/network';
import type { Timeouts } from '../../src/core.ts';
import { Keystore, type KeystoreUnlock } from '../../src/keystore.ts';
import type { SigningPolicy } from '../../src/policy/signing-policy.ts';
import { MemoryRecordStore, type RecordStore } from '../../src/store/record-store.ts';
import { type Observer, silentObserver } from '../../src/observer.ts';
import { Validator } from '../../src/validator.ts';
import type { ZonesOptions } from '../../src/zones/index.ts';
import { rememberCurve, rememberKernel } from '../../../../test/simulation/memo/arithmetic.ts';

/** Characters of the memories of one test process. */
const memorySize = 24_000_000;

/** What one validator has computed, another one on the same inputs finds: all code runs, the arithmetic below it once (test/simulation/memo). */
export const curve = rememberCurve(secp256k1Curve, memorySize);
export const networkName = 'toy';
export const v = validatorId;
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** Deterministic randomness for a named purpose. */
export const randomFor = (label: string): Random =>
  seededRandom(hashTagged('test-random', [encodeText(`toy-network/${label}`)], 32));

let toy: PublicParameters | undefined;
/** Delta_q of about 1033 bits, q of secp256k1. Built once per test process, on arithmetic that remembers. */
export const toyParameters = (): PublicParameters =>
  (toy ??= deriveTestParameters(rememberKernel(wasmKernel, memorySize), 520));

/** What opens the keystores of a toy network. */
export const toyUnlock = (): KeystoreUnlock => ({ key: new Secret(new Uint8Array(32).fill(7)) });

/** A keystore's content as version 1 wrote it, which the fixture keeps: it is no secret. */
const versionOneKeystore = (keystore: Keystore): string =>
  JSON.stringify({
    version: 1,
    identity: hex(keystore.identity.expose()),
    root: hex(keystore.root.expose()),
    shares: Object.fromEntries([...(keystore.shares ?? [])].map(([id, share]) => [id, share.expose().toString(16)])),
  });

/** Kind -> id -> hex. */
export type Records = Record<string, Record<string, string>>;

export interface Snapshot {
  /** keystore.json of each validator, as version 1 wrote it. */
  readonly keystores: readonly string[];
  /** Records that all validators have, then those of each one alone. */
  readonly common: Records;
  readonly own: readonly Records[];
  /** Alice's wallet.json. */
  readonly wallet: WalletData;
}

const fixturePath = fileURLToPath(new URL('../../../../test/fixtures/toy-network.json', import.meta.url));
let snapshot: Snapshot | undefined;
export const fixture = (): Snapshot => (snapshot ??= JSON.parse(readFileSync(fixturePath, 'utf8')) as Snapshot);
export const writeFixture = (content: Snapshot): void =>
  writeFileSync(fixturePath, `${JSON.stringify(content, undefined, 1)}\n`);

export function loadRecords(store: RecordStore, records: Records): void {
  for (const [kind, entries] of Object.entries(records))
    for (const [id, value] of Object.entries(entries)) store.put(kind, id, fromHex(value));
}

/** A record store that a test can look into. */
export class ToyStore extends MemoryRecordStore {
  readonly kinds = new Set<string>();
  /** The process that had it was killed: whatever of it still runs reads and writes nothing more. */
  killed = false;
  override get(kind: string, id: string): Uint8Array | undefined {
    if (this.killed) throw new Error('killed');
    return super.get(kind, id);
  }
  override put(kind: string, id: string, value: Uint8Array): void {
    if (this.killed) throw new Error('killed');
    this.kinds.add(kind);
    super.put(kind, id, value);
  }
  override delete(kind: string, id: string): void {
    if (this.killed) throw new Error('killed');
    super.delete(kind, id);
  }
  dump(kinds = this.kinds): Records {
    return Object.fromEntries(
      [...kinds].map((kind) => [
        kind,
        Object.fromEntries(this.list(kind).map((id) => [id, hex(this.get(kind, id) as Uint8Array)])),
      ]),
    );
  }
}

/** Counts what this validator has answered for ever. */
export class ToyMarkers extends MemorySingleUseStore {
  readonly marked = new Map<string, string>();
  override async mark(presignId: PresignId, digest: Digest) {
    const outcome = await super.mark(presignId, digest);
    if (outcome === 'marked') this.marked.set(hex(presignId), hex(digest));
    return outcome;
  }
}

/** What a line does with a call: passes it on, answers itself, or rejects. `from` is undefined for clients. */
export type Line = (call: {
  readonly from: ValidatorId | undefined;
  readonly to: ValidatorId;
  readonly method: string;
  readonly bytes: Uint8Array;
  readonly pass: () => Promise<Uint8Array>;
}) => Promise<Uint8Array>;

export interface ToyOptions {
  readonly from?: Snapshot;
  readonly label?: string;
  readonly storeOf?: (index: ValidatorId) => RecordStore;
  readonly markersOf?: (index: ValidatorId) => SingleUseStore;
  readonly log?: (text: string) => void;
  readonly observerOf?: (index: ValidatorId) => Observer | undefined;
  /** Where a validator computes; default: inline. The test closes it. */
  readonly computeOf?: (index: ValidatorId) => ComputePool | undefined;
  readonly timeouts?: Partial<Timeouts>;
  /** What a validator knows of zones; default: none are configured. They run from its start to its end. */
  readonly zonesOf?: (index: ValidatorId) => ZonesOptions;
  /** What a validator asks before it signs, beside the owner's own rule and its zones. */
  readonly policiesOf?: (index: ValidatorId, store: RecordStore) => readonly SigningPolicy[];
}

export class ToyNetwork {
  readonly label: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'dwallet-toy-'));
  readonly access: AccessStructure = equalWeights(4);
  readonly parameters = toyParameters();
  readonly keystores: Keystore[];
  readonly stores: RecordStore[];
  readonly markers: SingleUseStore[];
  readonly committee: Committee;
  readonly networkId: Digest;
  readonly validators: Validator[];
  readonly logs: string[] = [];
  /** Replaced by tests that cut or bend lines. */
  line: Line = ({ pass }) => pass();
  /** Validators that cannot be reached. */
  readonly down = new Set<number>();
  readonly #snapshot: Snapshot | undefined;
  readonly #random: Random[];
  #generation = 0;

  constructor(options: ToyOptions = {}) {
    const { from, label = 'network', storeOf, markersOf, log, observerOf, computeOf, timeouts } = options;
    this.#zonesOf = options.zonesOf;
    this.label = label;
    this.#snapshot = from;
    const { validators } = this.access;
    this.keystores = validators.map((i) => {
      const folder = join(this.folder, String(i));
      if (from !== undefined) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'keystore.json'), from.keystores[i - 1] as string);
      }
      return Keystore.open(folder, randomFor(`${label}/keystore/${i}`), toyUnlock());
    });
    this.stores = validators.map((i) => {
      const store = storeOf?.(i) ?? new ToyStore();
      if (from !== undefined && store instanceof ToyStore) {
        loadRecords(store, from.common);
        loadRecords(store, from.own[i - 1] as Records);
      }
      return store;
    });
    this.markers = validators.map((i) => markersOf?.(i) ?? new ToyMarkers());
    this.committee = createCommittee(
      this.keystores.map((keystore) => signingPublicKey(keystore.identity)),
      this.access,
    );
    this.networkId = networkIdOf(networkName, this.parameters.profile.id, this.committee.digest);
    this.#random = validators.map((i) => randomFor(`${label}/random/${i}`));
    if (log !== undefined) this.#log = log;
    if (observerOf !== undefined) this.#observerOf = observerOf;
    if (computeOf !== undefined) this.#computeOf = computeOf;
    this.#policiesOf = options.policiesOf ?? (() => []);
    this.#timeouts = { sharesMs: 400, fetchMs: 2000, answerMs: 60_000, ...timeouts };
    this.validators = validators.map((i) => this.#make(i));
  }

  readonly #timeouts: Timeouts;
  #observerOf: NonNullable<ToyOptions['observerOf']> = () => undefined;
  #computeOf: NonNullable<ToyOptions['computeOf']> = () => undefined;
  #log = (text: string): void => {
    this.logs.push(text);
  };

  readonly #zonesOf: ToyOptions['zonesOf'];
  readonly #policiesOf: NonNullable<ToyOptions['policiesOf']>;

  #make(index: ValidatorId): Validator {
    const compute = this.#computeOf(index);
    const zones = this.#zonesOf?.(index);
    const validator = new Validator({
      index,
      networkName,
      committee: this.committee,
      parameters: this.parameters,
      curve,
      keystore: this.keystores[index - 1] as Keystore,
      store: this.stores[index - 1] as RecordStore,
      markers: this.markers[index - 1] as SingleUseStore,
      random: this.#random[index - 1] as Random,
      peers: new Map(this.access.validators.filter((to) => to !== index).map((to) => [to, this.peer(to, index)])),
      log: this.#log,
      observer: this.#observerOf(index) ?? silentObserver,
      ...(compute === undefined ? {} : { compute }),
      timeouts: this.#timeouts,
      ...(zones === undefined ? {} : { zones }),
      policies: this.#policiesOf(index, this.stores[index - 1] as RecordStore),
      allowTestProfile: true,
    });
    validator.zones?.start();
    return validator;
  }

  /** The validator as `from` (or a client) sees it. */
  peer(to: ValidatorId, from?: ValidatorId): Peer {
    const generation = this.#generation;
    return {
      call: async (bytes) => {
        if (from !== undefined && generation !== this.#generation) throw new Error('killed');
        // A stopped validator is not reached, and reaches nobody.
        if (this.down.has(to) || (from !== undefined && this.down.has(from)))
          throw new Error(`validator ${to} is down`);
        const { method } = decodeCall(bytes, 2 * maxBodyBytes);
        const pass = (): Promise<Uint8Array> => this.validator(to).call(bytes.slice());
        return (await this.line({ from, to, method, bytes, pass })).slice();
      },
    };
  }

  validator(index: number): Validator {
    return this.validators[index - 1] as Validator;
  }
  store(index: number): RecordStore {
    return this.stores[index - 1] as RecordStore;
  }
  keystore(index: number): Keystore {
    return this.keystores[index - 1] as Keystore;
  }
  /** (presign id -> D) of one validator. */
  marked(index: number): Map<string, string> {
    return (this.markers[index - 1] as ToyMarkers).marked;
  }

  /** Kill -9 and a new start: another object over the same stores and the same keystore file. */
  restartAll(): void {
    for (const i of this.access.validators) this.restart(i);
  }
  restart(index: number): Validator {
    this.validators[index - 1]?.zones?.stop();
    this.keystores[index - 1] = Keystore.open(join(this.folder, String(index)), randomFor('not used'), toyUnlock());
    this.validators[index - 1] = this.#make(v(index));
    return this.validator(index);
  }

  /** Kill -9 of everything at this very moment, then a new start of everything from what was stored until now. */
  killAll(): void {
    this.#generation++;
    for (const i of this.access.validators) {
      const store = this.store(i) as ToyStore;
      const copy = new ToyStore();
      loadRecords(copy, store.dump());
      store.killed = true;
      this.stores[i - 1] = copy;
      this.restart(i);
    }
  }

  /** All validators in an order of preference that starts with `first`. */
  peers(first = 1): Peer[] {
    const order = this.access.validators.map((_, i) => v(((first - 1 + i) % 4) + 1));
    return order.map((to) => this.peer(to));
  }

  /** Alice's wallet of the fixture, or a new one. */
  async client(
    options: {
      readonly name?: string;
      readonly first?: number;
      readonly store?: WalletStore;
      readonly peers?: Peer[];
      readonly messages?: SignMessageStore;
      /** Default: nothing is prepared, so that a test sees what it asked for. */
      readonly prepare?: number;
      readonly compute?: ComputePool;
    } = {},
  ): Promise<DWalletClient> {
    const { name = 'alice', first = 1 } = options;
    return DWalletClient.connect({
      peers: options.peers ?? this.peers(first),
      parameters: this.parameters,
      curve,
      store: options.store ?? new MemoryWalletStore(name === 'alice' ? this.#snapshot?.wallet : undefined),
      messages: options.messages ?? new MemorySignMessageStore(),
      random: randomFor(`${this.label}/client/${name}`),
      prepare: options.prepare ?? 0,
      ...(options.compute === undefined ? {} : { compute: options.compute }),
      log: (text) => this.logs.push(`${name}: ${text}`),
      allowTestProfile: true,
    });
  }

  /** A call that validator `from` would make, sealed with its identity key. */
  callAs(from: number, method: string, body: Uint8Array): Uint8Array {
    const envelope = sealEnvelope(this.keystore(from).identity, {
      networkId: this.networkId,
      session: hashTagged('request', [body], 32),
      kind: `request/${method}`,
      body,
    });
    return encodeCall(method, encodeEnvelope(envelope));
  }
  /** The body of a result. @throws RemoteError for a refusal. */
  async ask(from: number, to: number, method: string, body: Uint8Array): Promise<Uint8Array> {
    return decodeReply(await this.validator(to).call(this.callAs(from, method, body)), maxBodyBytes);
  }
  /** The inner body of a request between validators. */
  bodyOf(bytes: Uint8Array): Uint8Array {
    return openEnvelope(decodeCall(bytes, 2 * maxBodyBytes).body, this.networkId).body;
  }

  /** What the fixture consists of. What only matters in the middle of a session, or when one is repeated, is left out. */
  snapshot(wallet: WalletData): Snapshot {
    const keep = ['network', 'user-key', 'dwallet', 'dwallet-acceptance', 'presign', 'session', 'vote'];
    const dumps = this.stores.map((store) => {
      const dump = (store as ToyStore).dump(new Set(keep));
      delete dump['network']?.['dkg'];
      return dump;
    });
    const common: Records = {};
    for (const kind of keep) {
      common[kind] = Object.fromEntries(
        Object.entries(dumps[0]?.[kind] ?? {}).filter(([id, value]) =>
          dumps.every((dump) => dump[kind]?.[id] === value),
        ),
      );
    }
    const own = dumps.map((dump) =>
      Object.fromEntries(
        keep.map((kind) => [
          kind,
          Object.fromEntries(Object.entries(dump[kind] ?? {}).filter(([id]) => common[kind]?.[id] === undefined)),
        ]),
      ),
    );
    const keystores = this.keystores.map(versionOneKeystore);
    return { keystores, common, own, wallet };
  }

  close(): void {
    for (const validator of this.validators) validator.zones?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class MemoryWalletStore implements WalletStore {
  data: WalletData | undefined;
  constructor(data?: WalletData) {
    this.data = data;
  }
  load(): WalletData | undefined {
    return this.data;
  }
  save(data: WalletData): void {
    this.data = data;
  }
}

/** Account key of a wallet, as the client derives it. */
export const accountKeyOf = (wallet: WalletData): Secret<Uint8Array> =>
  new Secret(hashTagged('wallet-account-key', [fromHex(wallet.seed)], 32));
