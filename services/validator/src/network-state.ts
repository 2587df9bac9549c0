/**
 * What a validator durably knows of its network: key, setup, users, dWallets, presigns, evidence. Everything here is public.
 *
 * @module
 */
import {
  type AccessStructure,
  type DecryptionSetup,
  type PreparedKeyShare,
  type PublicParameters,
  type SharingState,
  createDecryptionSetup,
  genesisShareBits,
  prepareKeyShare,
} from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import {
  DecodeError,
  type Digest,
  type PresignId,
  Reader,
  type Secret,
  type ValidatorId,
  type VirtualId,
  bitLength,
  concat,
  digest,
  digestTagged,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint16,
  readElement,
  virtualId,
} from '@dwallet/sigma';
import {
  type DWalletRecord,
  type Fact,
  type NetworkSetup,
  type OwnerSigningPolicy,
  type Presign,
  type UserEncryptionKey,
  acceptedSigningPolicy,
  decodeDWalletRecord,
  dwalletOwnerOf,
  decodePresign,
  decodeSetupRecord,
  verifyUserKeyRegistration,
  withSetupTables,
} from '@dwallet/two-pc-mpc/network';
import type { CertifiedRecord, EvidenceRecords } from './evidence.ts';
import { Remembered } from './remembered.ts';
import { type CoreOptions, RefusedError, decodeList } from './core.ts';
import { decodeOpening, takesPart } from './sessions/opening.ts';
import type { DWalletFacts } from './zones/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** Per generation of a restored store: the dWallets that there were when it had caught up. */
const restoreBoundKind = 'restored-dwallets';

/** The network key as stored and certified: PK, all V_j, and the digest of the DKG that made it. */
export interface NetworkKeyRecord {
  readonly sharing: SharingState;
  readonly outcome: Digest;
}

const recordHeader = Uint8Array.of(1, 0x4b);

export function encodeNetworkKey(
  { parameters }: Pick<CoreOptions, 'parameters'>,
  { sharing, outcome }: NetworkKeyRecord,
): Uint8Array {
  const { group } = parameters;
  return concat(
    recordHeader,
    parameters.digest,
    outcome,
    encodeBytes(sharing.access.encoded),
    group.encode(sharing.encryptionKey.element),
    encodeUint16(sharing.verificationKeys.size),
    ...sharing.access.virtualIds.map((j) => group.encode(sharing.verificationKeys.get(j) as Element)),
  );
}

/** Strict. @throws DecodeError, also when the record is of another class group or committee. */
export function decodeNetworkKey(
  { parameters }: Pick<CoreOptions, 'parameters'>,
  access: AccessStructure,
  bytes: Uint8Array,
): NetworkKeyRecord {
  const reader = new Reader(bytes, 'NetworkKey');
  reader.constant('version', recordHeader[0] as number);
  reader.constant('type', recordHeader[1] as number);
  const same = (field: string, expected: Uint8Array, found: Uint8Array): void => {
    if (hex(expected) !== hex(found)) throw new DecodeError(reader.path(field), 'is not that of this network');
  };
  same('parameters', parameters.digest, reader.fixed('parameters', 32));
  const outcome = digest(reader.fixed('outcome', 32));
  same('access', access.encoded, reader.bytes('access', 4096));
  const element = readElement(reader, parameters.group, 'pk');
  const count = reader.uint16('count');
  if (count !== access.totalWeight) throw new DecodeError(reader.path('count'), `must be ${access.totalWeight}`);
  const verificationKeys = new Map<VirtualId, Element>();
  for (let j = 1; j <= count; j++) verificationKeys.set(virtualId(j), readElement(reader, parameters.group, `V_${j}`));
  reader.end();
  // A function of n, t and R, so it is not in the record: the key is that of a network DKG (CG 8.1).
  const { totalWeight, threshold } = access;
  const { randomnessBits, statisticalBits } = parameters;
  const shareBits = genesisShareBits(totalWeight, threshold, randomnessBits, statisticalBits);
  return { sharing: { access, encryptionKey: { element }, verificationKeys, shareBits }, outcome };
}

/** One network key per network and epoch. */
export const networkKeyFact = (networkId: Digest, record: Uint8Array): Fact => ({
  kind: 'network-key',
  id: networkId,
  version: 0n,
  digest: digestTagged('network-key-record', [networkId, record]),
});

/** What validators certify before any share: the presign serves exactly these client bytes (D of MPC 5.8). */
export const bindingFact = (id: PresignId, bound: Digest): Fact => ({
  kind: 'presign-binding',
  id,
  version: 0n,
  digest: bound,
});

/** A dWallet as its validator knows it. */
export interface StoredDWallet {
  readonly record: DWalletRecord;
  readonly bytes: Uint8Array;
  readonly certificate: Uint8Array;
  /** The owner has verified and signed the output (MPC:A3); before that nothing is signed. */
  readonly acceptance: Uint8Array | undefined;
  /** What the acceptance allows; undefined before it. */
  readonly signingPolicy: OwnerSigningPolicy | undefined;
}

/** What a presign was assigned to: the dWallet's id and the request digest, 32 bytes each. */
export interface StoredAssignment {
  readonly dwallet: Uint8Array;
  readonly request: Digest;
}

export const sameAssignment = (x: StoredAssignment, y: StoredAssignment): boolean =>
  hex(x.dwallet) === hex(y.dwallet) && hex(x.request) === hex(y.request);

/** A presign with the certificate of its batch. */
export interface StoredPresign {
  readonly presign: Presign;
  readonly bytes: Uint8Array;
  readonly batch: Uint8Array;
  readonly certificate: Uint8Array;
}

const releasedPrefix = 'released ';
const released = (reason: string): string => `${releasedPrefix}${reason}`;

/** Parts of a stored record: what was certified, then what shows it. */
const maxRecordParts = 3;

/**
 * The shares are exactly those of this validator in this sharing: h^(d_j) = V_j for each of its numbers.
 * @throws RefusedError CONTRADICTION: the keystore belongs to another key or validator.
 */
export function requireOwnShares(
  parameters: PublicParameters,
  sharing: SharingState,
  index: ValidatorId,
  shares: ReadonlyMap<number, Secret<bigint>>,
): void {
  const { group, h } = parameters;
  const { exponentBits } = createDecryptionSetup(parameters, sharing);
  const own = sharing.access.virtualIdsOf(index);
  const matches = own.every((j) => {
    const share = shares.get(j)?.expose();
    const key = sharing.verificationKeys.get(j);
    if (share === undefined || key === undefined || bitLength(share) > exponentBits) return false;
    return group.equals(group.power(h, share, exponentBits), key);
  });
  if (!matches || shares.size !== own.length) {
    throw new RefusedError(
      'CONTRADICTION',
      'the shares in the keystore are not those of this validator and network key',
    );
  }
}

export class NetworkState {
  readonly #options: CoreOptions;
  readonly #access: AccessStructure;
  #key:
    | { record: NetworkKeyRecord; bytes: Uint8Array; certificate: Uint8Array; decryption: DecryptionSetup }
    | undefined;
  #setup: { setup: NetworkSetup; bytes: Uint8Array; certificate: Uint8Array } | undefined;
  #tabled: NetworkSetup | undefined;
  #shares: readonly PreparedKeyShare[] | undefined;
  readonly #dwallets = new Remembered<StoredDWallet>(256);
  /** Account -> dWallet ids; made when it is asked for first. */
  #owned: Map<string, Set<string>> | undefined;
  /** Public key -> dWallet id; made when it is asked for first. */
  #byKey: Map<string, string> | undefined;
  /** Ids of the dWallets that were there at the restore; read when first asked for. */
  #oldDWallets: ReadonlySet<string> | undefined;
  readonly #presigns = new Remembered<StoredPresign>(256);
  readonly #ledHere = new Set<string>();
  /** What {@link availablePresigns} would list, for counting; made when it is asked for first. */
  #free: Set<string> | undefined;
  /** May have come or been assigned since they were counted last. */
  readonly #touched = new Set<string>();

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#access = options.committee.access;
    const { store } = options;
    const key = store.get('network', 'key');
    if (key !== undefined) {
      const [bytes, certificate] = pair(key, 'network-key');
      this.#loadKey(bytes, certificate);
    }
    const setup = store.get('network', 'setup');
    if (setup !== undefined) {
      const [bytes, certificate] = pair(setup, 'network-setup');
      this.#setup = { setup: decodeSetupRecord(options.curve, options.parameters, bytes), bytes, certificate };
    }
  }

  #loadKey(bytes: Uint8Array, certificate: Uint8Array): void {
    const record = decodeNetworkKey(this.#options, this.#access, bytes);
    this.#key = {
      record,
      bytes,
      certificate,
      decryption: createDecryptionSetup(this.#options.parameters, record.sharing),
    };
  }

  get sharing(): SharingState | undefined {
    return this.#key?.record.sharing;
  }
  get decryption(): DecryptionSetup {
    if (this.#key === undefined) throw new RefusedError('NOT_READY', 'there is no network key yet');
    return this.#key.decryption;
  }
  get keyBytes(): { readonly bytes: Uint8Array; readonly certificate: Uint8Array } | undefined {
    return this.#key;
  }
  /** Stores a certified record. The same one again changes nothing; another one under the same name is never stored (lessons 2.7). */
  #install(kind: string, id: string, [record, ...rest]: readonly [Uint8Array, ...Uint8Array[]]): void {
    const first = this.#options.store.putOnce(kind, id, encodeList([record, ...rest]));
    const known = first === undefined ? record : decodeList(first, kind, maxRecordParts)[0];
    if (known === undefined || hex(known) !== hex(record)) {
      throw new RefusedError('CONTRADICTION', `another ${kind} ${id.slice(0, 16)} is stored and certified`);
    }
  }

  installKey(bytes: Uint8Array, certificate: Uint8Array): void {
    this.#install('network', 'key', [bytes, certificate]);
    this.#loadKey(bytes, certificate);
  }

  get setup(): NetworkSetup | undefined {
    return this.#setup?.setup;
  }
  get setupBytes(): { readonly bytes: Uint8Array; readonly certificate: Uint8Array } | undefined {
    return this.#setup;
  }
  installSetup(bytes: Uint8Array, certificate: Uint8Array, setup: NetworkSetup): void {
    this.#install('network', 'setup', [bytes, certificate]);
    this.#setup = { setup, bytes, certificate };
  }
  requireSetup(): NetworkSetup {
    if (this.#setup === undefined) throw new RefusedError('NOT_READY', 'there is no network setup yet');
    return this.#setup.setup;
  }
  /** With tables of the network-wide bases, built on first use: presigning needs them, single verifications do not. */
  tabledSetup(): NetworkSetup {
    if (this.#tabled === undefined) {
      this.#options.log('building tables of the network key');
      this.#tabled = withSetupTables(this.requireSetup());
    }
    return this.#tabled;
  }

  /** This validator's decryption-key shares, ready for use. */
  keyShares(): readonly PreparedKeyShare[] {
    if (this.#shares === undefined) {
      const shares = this.#options.keystore.shares;
      if (shares === undefined) throw new RefusedError('NOT_READY', 'this validator holds no share of the network key');
      const { decryption } = this;
      // A keystore from elsewhere would publish shares that others take for lies.
      requireOwnShares(this.#options.parameters, decryption.state, this.#options.index, shares);
      this.#shares = [...shares].map(([id, share]) => prepareKeyShare(decryption, { virtualId: virtualId(id), share }));
    }
    return this.#shares;
  }

  // Users ---------------------------------------------------------------------------------------------------------------------

  /** @returns the registered key; registering the same bytes again changes nothing. */
  registerUserKey(bytes: Uint8Array): UserEncryptionKey {
    const key = verifyUserKeyRegistration(this.#options.curve, this.#options.parameters, bytes);
    this.#options.store.putOnce('user-key', hex(key.id), bytes);
    return key;
  }
  userKey(id: Uint8Array): UserEncryptionKey | undefined {
    const bytes = this.#options.store.get('user-key', hex(id));
    return bytes === undefined
      ? undefined
      : verifyUserKeyRegistration(this.#options.curve, this.#options.parameters, bytes);
  }

  // dWallets ------------------------------------------------------------------------------------------------------------------

  installDWallet(record: DWalletRecord, bytes: Uint8Array, certificate: Uint8Array): void {
    this.#install('dwallet', hex(record.sessionId), [bytes, certificate]);
    this.#dwallets.delete(hex(record.sessionId));
    if (this.#byKey !== undefined) this.#indexKey(this.#byKey, record);
    if (this.#owned !== undefined) this.#own(this.#owned, record.owner, hex(record.sessionId));
  }
  /**
   * Keeps the owner's acceptance, which was verified. The first one stays: what the owner once allowed, or did not, never changes here.
   * @returns the one that is stored now.
   */
  acceptDWallet(id: Uint8Array, acceptance: Uint8Array): Uint8Array {
    const first = this.#options.store.putOnce('dwallet-acceptance', hex(id), acceptance) ?? acceptance;
    this.#dwallets.delete(hex(id));
    return first;
  }
  findDWallet(id: Uint8Array): StoredDWallet | undefined {
    const key = hex(id);
    const known = this.#dwallets.get(key);
    if (known !== undefined) return known;
    const stored = this.#options.store.get('dwallet', key);
    if (stored === undefined) return undefined;
    const [bytes, certificate] = pair(stored, 'dwallet');
    const acceptance = this.#options.store.get('dwallet-acceptance', key);
    return this.#dwallets.set(key, {
      record: decodeDWalletRecord(this.requireSetup(), bytes),
      bytes,
      certificate,
      acceptance,
      signingPolicy: acceptance === undefined ? undefined : acceptedSigningPolicy(acceptance),
    });
  }
  dwallet(id: Uint8Array): StoredDWallet {
    const found = this.findDWallet(id);
    if (found === undefined) throw new RefusedError('NOT_FOUND', `there is no dWallet ${hex(id).slice(0, 16)}`);
    return found;
  }
  dwalletIds(): string[] {
    return this.#options.store.list('dwallet');
  }
  /** Ids of those that their owners have accepted. */
  acceptedDWalletIds(): string[] {
    return this.#options.store.list('dwallet-acceptance');
  }
  #own(owned: Map<string, Set<string>>, owner: Uint8Array, id: string): void {
    const account = hex(owner);
    owned.set(account, (owned.get(account) ?? new Set()).add(id));
  }
  /** Ids of the dWallets of an account, in ascending order. The first call reads all records. */
  dwalletIdsOf(account: Uint8Array): string[] {
    if (this.#owned === undefined) {
      const owned = new Map<string, Set<string>>();
      for (const id of this.dwalletIds()) {
        const [bytes] = pair(this.#options.store.get('dwallet', id) ?? new Uint8Array(0), 'dwallet');
        this.#own(owned, dwalletOwnerOf(bytes), id);
      }
      this.#owned = owned;
    }
    return [...(this.#owned.get(hex(account)) ?? [])].sort();
  }

  /**
   * Owner of a dWallet, and whether this validator ever helped to sign with it. The first call reads all records.
   * @param publicKey - 33 bytes, compressed.
   */
  dwalletFacts(publicKey: Uint8Array): DWalletFacts | undefined {
    if (this.#byKey === undefined) {
      this.#byKey = new Map();
      for (const id of this.dwalletIds()) this.#indexKey(this.#byKey, this.dwallet(fromHex(id)).record);
    }
    const id = this.#byKey.get(hex(publicKey));
    if (id === undefined) return undefined;
    const { store } = this.#options;
    // Reads every assignment, so only when somebody wants to know.
    const signed = (): DWalletFacts['signed'] => {
      const used = store.list('assignment').some((presign) => {
        const assigned = this.assignment(fromHex(presign));
        if (assigned === undefined || hex(assigned.dwallet) !== id) return false;
        return (
          store.get('vote', `presign-binding.${presign}.0`) !== undefined ||
          store.get('signature', presign) !== undefined
        );
      });
      return used ? 'yes' : this.#mayHaveForgotten(id) ? 'forgotten' : 'no';
    };
    const { owner } = this.dwallet(fromHex(id)).record;
    return {
      owner,
      get signed() {
        return signed();
      },
    };
  }

  /** Whether it was restored and has not found out yet which dWallets there were by then. */
  lacksRestoreBound(): boolean {
    const { store } = this.#options;
    return store.generation.restored && store.get(restoreBoundKind, hex(store.generation.id)) === undefined;
  }
  /** Keeps which dWallets there were. @param ids - hex of 32 bytes. */
  keepRestoreBound(ids: readonly string[]): void {
    const { store } = this.#options;
    store.putOnce(restoreBoundKind, hex(store.generation.id), fromHex([...ids].sort().join('')));
    this.#oldDWallets = undefined;
  }
  /** Whether this validator may have helped to sign with a dWallet after the backup that it was restored from. */
  #mayHaveForgotten(id: string): boolean {
    const { store } = this.#options;
    if (!store.generation.restored) return false;
    if (this.#oldDWallets === undefined) {
      const bound = store.get(restoreBoundKind, hex(store.generation.id));
      if (bound === undefined) return true;
      this.#oldDWallets = new Set(hex(bound).match(/.{64}/g) ?? []);
    }
    return this.#oldDWallets.has(id);
  }
  #indexKey(byKey: Map<string, string>, { curve, publicKey, sessionId }: DWalletRecord): void {
    byKey.set(hex(curve.encodePoint(publicKey)), hex(sessionId));
  }

  // Presigns ------------------------------------------------------------------------------------------------------------------

  /**
   * @param opening - input of the session that made it, which its session id commits to (sessions/opening.ts); undefined where nobody said.
   */
  installPresign(
    presign: Pick<Presign, 'presignId' | 'sessionId'>,
    bytes: Uint8Array,
    batch: Uint8Array,
    certificate: Uint8Array,
    opening: Uint8Array | undefined,
  ): void {
    const { store, index } = this.#options;
    store.transaction(() => {
      if (opening !== undefined) {
        store.putOnce('opening', hex(presign.sessionId), opening);
        const named = decodeOpening(opening).generations.get(index);
        if (named !== undefined) store.putOnce('generation', hex(presign.presignId), named);
      }
      this.#install('presign', hex(presign.presignId), [bytes, batch, certificate]);
    });
    this.#touch(presign.presignId);
  }
  /** Input of the session that made a presign, if it is known here. */
  opening(session: Uint8Array): Uint8Array | undefined {
    return this.#options.store.get('opening', hex(session));
  }
  /** This validator's generation as the session of a presign names it. */
  namedGeneration(id: Uint8Array): Uint8Array | undefined {
    return this.#options.store.get('generation', hex(id));
  }
  /** The restore rule for a presign (sessions/opening.ts): whether this validator answers anything about it. */
  takesPartIn(id: Uint8Array): boolean {
    return takesPart(this.#options.store.generation, this.namedGeneration(id));
  }
  presign(id: Uint8Array): StoredPresign | undefined {
    const key = hex(id);
    const known = this.#presigns.get(key);
    if (known !== undefined) return known;
    const stored = this.#options.store.get('presign', key);
    if (stored === undefined) return undefined;
    const [bytes, batch, certificate] = decodeList(stored, 'StoredPresign', 3) as [Uint8Array, Uint8Array, Uint8Array];
    const presign = decodePresign(this.requireSetup(), bytes);
    return this.#presigns.set(key, { presign, bytes, batch, certificate });
  }
  presignIds(): string[] {
    return this.#options.store.list('presign');
  }
  /** What a quorum assigned the presign to, as far as this validator knows; otherwise what it assigned it to itself. */
  assignment(id: Uint8Array): StoredAssignment | undefined {
    const certified = this.certifiedAssignment(id);
    if (certified !== undefined) return certified;
    const stored = this.#options.store.get('assignment', hex(id));
    return stored === undefined ? undefined : { dwallet: stored.slice(0, 32), request: digest(stored.slice(32)) };
  }
  certifiedAssignment(id: Uint8Array): (StoredAssignment & { readonly certificate: Uint8Array }) | undefined {
    const stored = this.#options.store.get('certified-assignment', hex(id));
    if (stored === undefined) return undefined;
    const [dwallet, request, certificate] = decodeList(stored, 'StoredAssignment', 3) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    return { dwallet, request: digest(request), certificate };
  }
  /**
   * Keeps an assignment with its certificate, which was verified. It stands above an own assignment of a lost race, so that the owner is served by
   * this validator too; the own vote stays what it was.
   */
  keepCertifiedAssignment(id: Uint8Array, dwallet: Uint8Array, request: Uint8Array, certificate: Uint8Array): void {
    this.#touch(id);
    this.#options.store.transaction(() => {
      this.#options.store.putOnce('assignment', hex(id), concat(dwallet, request));
      this.#options.store.putOnce('certified-assignment', hex(id), encodeList([dwallet, request, certificate]));
    });
  }
  /** Assigns a presign, irrevocably. @returns what it is assigned to now: this, or what came first. */
  assign(id: Uint8Array, dwallet: Uint8Array, request: Uint8Array): StoredAssignment {
    const certified = this.certifiedAssignment(id);
    if (certified !== undefined) return certified;
    const assignment = concat(dwallet, request);
    this.#touch(id);
    const first = this.#options.store.putOnce('assignment', hex(id), assignment) ?? assignment;
    return { dwallet: first.slice(0, 32), request: digest(first.slice(32)) };
  }
  /**
   * Presigns that this validator has assigned to reservations of a dWallet and that, as far as it knows, have signed nothing: not bound by its
   * vote, not known to be bound by a certificate, no signature.
   */
  unusedReservations(dwallet: Uint8Array): string[] {
    const { store } = this.#options;
    const ids = hex(store.get('reserved', hex(dwallet)) ?? new Uint8Array(0)).match(/.{64}/g) ?? [];
    return ids.filter(
      (id) =>
        store.get('vote', `presign-binding.${id}.0`) === undefined &&
        store.get('binding', id) === undefined &&
        store.get('signature', id) === undefined,
    );
  }
  /** Counts a presign among the reserved ones of a dWallet, before it is assigned. Durable when it returns. */
  countReservation(dwallet: Uint8Array, id: string): void {
    const unused = this.unusedReservations(dwallet);
    if (!unused.includes(id)) this.#options.store.put('reserved', hex(dwallet), fromHex([...unused, id].join('')));
  }

  /** Ids of presigns that this validator has not assigned, in ascending order. */
  unassignedPresigns(): string[] {
    const assigned = new Set(this.#options.store.list('assignment'));
    return this.presignIds().filter((id) => !assigned.has(id));
  }
  /** Those of {@link unassignedPresigns} that this validator does not abstain from. */
  availablePresigns(): string[] {
    const { store } = this.#options;
    const free = this.unassignedPresigns();
    return store.generation.restored ? free.filter((id) => this.takesPartIn(fromHex(id))) : free;
  }

  #touch(id: Uint8Array): void {
    if (this.#free !== undefined) this.#touched.add(hex(id));
  }
  /** How many {@link availablePresigns} are, without listing the store again: whoever watches asks for it all the time. */
  availableCount(): number {
    if (this.#free === undefined) this.#free = new Set(this.availablePresigns());
    const { store } = this.#options;
    // Looked up and not assumed: the transaction that was to store or assign it may have failed.
    const isFree = (id: string): boolean =>
      store.get('presign', id) !== undefined &&
      store.get('assignment', id) === undefined &&
      (!store.generation.restored || this.takesPartIn(fromHex(id)));
    for (const id of this.#touched) {
      if (isFree(id)) this.#free.add(id);
      else this.#free.delete(id);
    }
    this.#touched.clear();
    return this.#free.size;
  }

  /** Presigns of a session that this validator led: its own part of the pool. Forgotten at a restart, when the part counts as empty. */
  addOwn(presigns: readonly Pick<Presign, 'presignId'>[]): void {
    for (const { presignId } of presigns) this.#ledHere.add(hex(presignId));
  }
  /** How many of them this validator has not assigned. */
  ownAvailable(): number {
    for (const id of this.#ledHere)
      if (this.#options.store.get('assignment', id) !== undefined) this.#ledHere.delete(id);
    return this.#ledHere.size;
  }

  // Locks --------------------------------------------------------------------------------------------------------------------

  /** A presign that failed is never used again, also when its dWallet is released. @param reason - id of the evidence. */
  lockPresign(id: Uint8Array, reason: string): void {
    this.#options.store.putOnce('lock', `presign.${hex(id)}`, encodeText(reason));
  }
  isPresignLocked(id: Uint8Array): boolean {
    return this.#options.store.get('lock', `presign.${hex(id)}`) !== undefined;
  }
  /** From now on nothing is assigned to the dWallet or signed with it here. @param reason - id of the evidence. */
  lockDWallet(id: Uint8Array, reason: string): void {
    const known = this.#options.store.get('lock', `dwallet.${hex(id)}`);
    // The alarm that an operator has dealt with is not raised again.
    if (known !== undefined && [reason, released(reason)].includes(new TextDecoder().decode(known))) return;
    this.#options.store.put('lock', `dwallet.${hex(id)}`, encodeText(reason));
    this.#options.log(`ALARM: dWallet ${hex(id)} is locked, see evidence ${reason}`);
  }
  /** Id of the evidence why a dWallet is locked; undefined if it is not. */
  isDWalletLocked(id: Uint8Array): boolean {
    return this.dwalletLock(id) !== undefined;
  }
  dwalletLock(id: Uint8Array): string | undefined {
    const lock = this.#options.store.get('lock', `dwallet.${hex(id)}`);
    const reason = lock === undefined ? undefined : new TextDecoder().decode(lock);
    return reason === undefined || reason.startsWith(releasedPrefix) ? undefined : reason;
  }
  /** By its operator, for this validator. @returns whether it was locked. */
  releaseDWallet(id: Uint8Array): boolean {
    const reason = this.dwalletLock(id);
    if (reason !== undefined) this.#options.store.put('lock', `dwallet.${hex(id)}`, encodeText(released(reason)));
    return reason !== undefined;
  }
  /** Ids of the dWallets that are locked here. */
  lockedDWallets(): string[] {
    const ids = this.#options.store.list('lock').flatMap((id) => (id.startsWith('dwallet.') ? [id.slice(8)] : []));
    return ids.filter((id) => this.isDWalletLocked(fromHex(id)));
  }

  // Evidence ------------------------------------------------------------------------------------------------------------------

  /** Key and setup with their certificates, as far as they exist: what evidence is judged by. */
  evidenceRecords(): EvidenceRecords {
    const of = (known: { readonly bytes: Uint8Array; readonly certificate: Uint8Array }): CertifiedRecord => ({
      record: known.bytes,
      certificate: known.certificate,
    });
    return {
      ...(this.#key === undefined ? {} : { networkKey: of(this.#key) }),
      ...(this.#setup === undefined ? {} : { networkSetup: of(this.#setup) }),
    };
  }
}

function pair(bytes: Uint8Array, field: string): [Uint8Array, Uint8Array] {
  const items = decodeList(bytes, field, 2);
  if (items.length !== 2) throw new DecodeError(field, 'must be record and certificate');
  return items as [Uint8Array, Uint8Array];
}
