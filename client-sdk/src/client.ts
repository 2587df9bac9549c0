/**
 * The wallet side: makes a dWallet and signs with it. Everything that the network says is checked here (MPC 8.4); nothing secret leaves.
 *
 * @module
 */
import { type PublicParameters, createAccessStructure, withTables } from '@dwallet/class-groups';
import {
  type Blame,
  CheckError,
  type Curve,
  DWalletError,
  type Digest,
  InvalidArgumentsError,
  type Random,
  Reader,
  Secret,
  type SessionId,
  bytesToInteger,
  encodeScalar,
  hashTagged,
} from '@dwallet/sigma';
import {
  type Committee,
  type ComputePool,
  type DWalletRecord,
  type EcdsaSignature,
  type HashScheme,
  type MessageToSign,
  type NetworkSetup,
  type Peer,
  type PreparePresignArguments,
  type PreparedPresign,
  type PresignRequest,
  RemoteError,
  type SignMessageStore,
  type SignOrder,
  type SignRequest,
  acceptDWallet,
  assignmentFact,
  checkFinalSignature,
  clientKind,
  createCommittee,
  createDWallet,
  decodeBlame,
  decodeCertificate,
  decodeDWalletRecord,
  decodeNetworkReply,
  decodeParts,
  decodePresign,
  decodeReply,
  decodeSignatureRecord,
  deriveUserKey,
  encodeAcceptDWallet,
  encodeCall,
  encodeCreateDWallet,
  encodeEnvelope,
  encodeSignRequest,
  encodeTakePresign,
  hashMessage,
  maxAuthorityBytes,
  maxBodyBytes,
  messageRequest,
  namingSession,
  networkIdOf,
  openNetworkSetup,
  preparePresignIn,
  preparePresignInSteps,
  presignIdsOf,
  presignRequestDigest,
  rawOrder,
  registerUserKey,
  sealEnvelope,
  signOnce,
  signOrderDigest,
  signingPublicKey,
  userKeyId,
  verifyCertificate,
  verifyPresignCertificate,
  withKeyTables,
} from '@dwallet/two-pc-mpc/client';
import { encodeRequest } from '@dwallet/chains/encoded-request';
import { askGenerations } from './generations.ts';
import { fromHex, hex } from './hex.ts';
import { type Claim, PresignStock, type TakenPresign } from './presign-stock.ts';
import { type Keystore, WalletState, newWallet } from './keystore.ts';
import { CancelledError, type ProgressListener, type Step, orCancelled } from './progress.ts';
import { type ListedDWallet, type ListRequest, listDWalletsKind, openRecoverable } from './recovery.ts';
import {
  type OpenedTask,
  type SendOptions,
  type SentTransaction,
  type SigningTask,
  type TransactionIntent,
  runIntent,
  runTask,
} from './send.ts';
import type { StoredReservation, StoredWallet, WalletData, WalletStore } from './wallet-store.ts';

/** A validator as a wallet calls it. Lines that can end a call take the signal; others are not waited for any longer. */
export interface ClientPeer extends Peer {
  call(request: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>;
  /** All dWallets of the account that signed the request, as this validator has them. Needed for recovery. */
  listDWallets?(request: ListRequest): Promise<readonly ListedDWallet[]>;
}

/** What every long call takes. */
export interface CallOptions {
  /** Ends the waiting with {@link CancelledError}. What validators have begun goes on; the same call again continues it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

export interface ConnectOptions extends CallOptions {
  /** Validators in order of preference; the next one is asked when one cannot be reached, refuses, or answers what does not verify. */
  readonly peers: readonly ClientPeer[];
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  readonly store: WalletStore | Keystore;
  /** Durable record of used presigns (MPC:V4). */
  readonly messages: SignMessageStore;
  readonly random: Random;
  /** Network id in hex, if it is known from elsewhere; otherwise the first one seen is pinned. */
  readonly networkId?: string;
  readonly log?: (text: string) => void;
  /**
   * How many presigns are reserved and prepared ahead for each of the last used dWallets, 0 to 4; `true` (default) is 1. It happens when nothing is
   * signed, in steps that leave the thread to others, and makes a signature ten times faster. `false` where the memory of a process may be
   * snapshotted or copied, and for programs that sign once and end (docs/security.md).
   */
  readonly prepare?: boolean | number;
  /** Where messages and preparations are computed, such as worker threads of this machine; default: here. Whoever passes a pool closes it. */
  readonly compute?: ComputePool;
  /**
   * How long a signature waits for a presign, in milliseconds, while validators have none or none can be reached. The same request is asked again, so
   * that it costs one presign at most. Default: 0.
   */
  readonly patienceMs?: number;
  /** Profiles that are not for production are refused unless a test says so. */
  readonly allowTestProfile?: boolean;
}

/** A finished signature. */
export interface SignResult {
  readonly signature: EcdsaSignature;
  /** Validators that were shown to be faulty on the way. */
  readonly blamed: readonly Blame[];
}

/** What is asked of validators, and the message that it comes to. */
interface Ordered {
  readonly order: SignOrder;
  readonly signed: MessageToSign;
}

interface Network {
  readonly id: Digest;
  readonly committee: Committee;
  readonly setup: NetworkSetup;
}

export interface CreateDWalletRequest extends CallOptions {
  /** Name of the curve; must be that of the client. Default: that one. */
  readonly curve?: string;
  /**
   * Whether validators may sign raw bytes with this dWallet ({@link DWallet.signRaw}), which none of them can read or judge. Decided once for ever.
   * Default: no; then every validator signs what it has read itself, and nothing else.
   */
  readonly rawDigests?: boolean;
}

/** How one message is signed. */
export interface SignCallOptions extends CallOptions {
  /** See `SendOptions.authority`. */
  readonly authority?: Uint8Array;
}

/** Raw bytes were to be signed with a dWallet whose owner has not allowed that. Nothing was sent. */
export class RawDigestsNotAllowedError extends DWalletError {
  override readonly name = 'RawDigestsNotAllowedError';
  readonly code = 'RAW_DIGEST_NOT_ALLOWED';
}

export interface RecoveryResult {
  readonly wallets: readonly DWallet[];
  /** dWallets of the account that its owner never accepted: nothing can be signed with them. */
  readonly notAccepted: number;
}

export class DWalletClient {
  readonly #options: ConnectOptions;
  readonly #network: Network;
  readonly #stock: PresignStock;
  readonly #state: WalletState;
  #tabled: NetworkSetup | undefined;

  protected constructor(options: ConnectOptions, network: Network, state: WalletState) {
    this.#options = options;
    this.#network = network;
    this.#state = state;
    const { messages, random, log, prepare = true } = options;
    this.#stock = new PresignStock(
      {
        messages,
        random,
        log: log ?? (() => {}),
        take: (id, request, presignId) => this.#take(id, request, presignId),
        prepare: (record, taken, pause) => this.#prepare(record, taken, pause),
        reservations: (wallet) => this.#reservations(wallet),
        saveReservations: (wallet, change) => this.#saveReservations(wallet, change),
      },
      typeof prepare === 'number' ? prepare : Number(prepare),
    );
  }

  /**
   * Fetches the network's parameters, verifies their certificates and pins them on first use (MPC:V1).
   * @throws CheckError MPC:V1 for parameters without a quorum or other than the pinned ones.
   */
  static async connect(options: ConnectOptions): Promise<DWalletClient> {
    const { parameters, store, random } = options;
    if (options.peers.length === 0) throw new InvalidArgumentsError('peers', 'at least one');
    if (!parameters.profile.production && options.allowTestProfile !== true)
      throw new InvalidArgumentsError('parameters', `profile ${parameters.profile.id} is for tests only`);
    const state = new WalletState(store);
    const data = (await state.refresh()) ?? newWallet(random(32));
    tell(options, options, 'connect');
    const network = await askPeers(options, options.signal, encodeCall('network', new Uint8Array(0)), (reply) =>
      openNetwork(options, data, reply),
    );
    const pin = { id: hex(network.id), setup: hex(network.setup.commitment) };
    await state.update((known = data) => {
      // Another process may have been the first.
      if (known.network !== undefined && (known.network.id !== pin.id || known.network.setup !== pin.setup))
        throw new CheckError('MPC:V1', 'network', 'is not the pinned network');
      return { ...known, network: pin };
    });
    const client = new this(options, network, state);
    const last = client.wallets.at(-1);
    if (last !== undefined) void client.#stock.want(last.record);
    return client;
  }

  /** Stops all preparation and forgets what is prepared. Signing still works. */
  close(): void {
    this.#stock.close();
  }

  get networkId(): string {
    return hex(this.#network.id);
  }

  /** dWallets that the owner has accepted. */
  get wallets(): readonly DWallet[] {
    return this.#state.data.wallets.flatMap((wallet) =>
      wallet.record === undefined
        ? []
        : [new DWallet(this, decodeDWalletRecord(this.#network.setup, fromHex(wallet.record)))],
    );
  }

  /**
   * A dWallet of this account by its id (hex); asks the network where this keystore does not have it.
   * @throws InvalidArgumentsError when the account has no such dWallet; errors of {@link recover}.
   */
  async openDWallet(id: string, call: CallOptions = {}): Promise<DWallet> {
    const find = (): DWallet | undefined => this.wallets.find((wallet) => wallet.id === id);
    // Another process, or tab, may have made it.
    if (find() === undefined) await this.#state.refresh();
    const known = find();
    if (known !== undefined) return known;
    await this.recover(call);
    const found = find();
    if (found === undefined) throw new InvalidArgumentsError('id', 'is no accepted dWallet of this account');
    return found;
  }

  /**
   * Brings back every accepted dWallet of the account that this keystore does not have, from what validators store and the recovery seed (MPC:A1,
   * MPC:A2, MPC:A3; docs/sdk.md). More than f validators must answer, so that an honest one is among them; what each tells is verified.
   * @returns the dWallets that are new here, and how many of the account were not accepted by their owner.
   * @throws RemoteError UNAVAILABLE when too few validators answer; CheckError MPC:A2 for a share that this seed does not open.
   */
  async recover(call: CallOptions = {}): Promise<RecoveryResult> {
    const { peers, curve, parameters } = this.#options;
    tell(this.#options, call, 'recover', 'asking validators for the dWallets of this account');
    const envelope = this.#seal(listDWalletsKind, this.#options.random(32), new Uint8Array(0));
    const request: ListRequest = { envelope, ...(call.signal === undefined ? {} : { signal: call.signal }) };
    const able = peers.filter((peer) => peer.listDWallets !== undefined);
    const answers = await orCancelled(
      Promise.allSettled(able.map(async (peer) => (await peer.listDWallets?.(request)) ?? [])),
      call.signal,
    );
    const lists = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const needed = Math.floor((this.#network.committee.identityKeys.length - 1) / 3) + 1;
    if (lists.length < needed)
      throw new RemoteError('UNAVAILABLE', undefined, `${lists.length} validators told their dWallets, ${needed} must`);
    const account = this.#accountKey();
    const owner = signingPublicKey(account);
    account.destroy();
    const { secretKey, encryptionKey } = deriveUserKey(curve, parameters, this.#seed());
    try {
      const found = openRecoverable(lists.flat(), {
        setup: this.#network.setup,
        committee: this.#network.committee,
        owner,
        userKeyId: userKeyId(curve, parameters, encryptionKey, owner),
        userSecretKey: secretKey,
        known: new Set(this.#state.data.wallets.filter(({ record }) => record !== undefined).map(({ id }) => id)),
      });
      await this.#update((data) => ({ ...data, wallets: mergeWallets(data.wallets, found.wallets) }));
      const ids = new Set(found.wallets.map(({ id }) => id));
      return { wallets: this.wallets.filter(({ id }) => ids.has(id)), notAccepted: found.notAccepted };
    } finally {
      secretKey.destroy();
    }
  }

  /** Makes a dWallet: x_A here, x_B in the network. @returns it only after every check of MPC:A1 to MPC:A3. */
  async createDWallet(request: CreateDWalletRequest = {}): Promise<DWallet> {
    const { setup, committee } = this.#network;
    const { parameters, curve, random } = this.#options;
    const signingPolicy = request.rawDigests === true ? 'raw-digests' : 'transactions';
    requireCurve(curve, request.curve);
    const say = (step: Step, text: string): void => tell(this.#options, request, step, text);
    const account = this.#accountKey();
    const { secretKey, encryptionKey } = deriveUserKey(curve, parameters, this.#seed());
    // The key of this wallet: worth its tables only where they are kept.
    const tabledKey = parameters.tableCache === undefined ? encryptionKey : withTables(parameters, encryptionKey);
    const address = signingPublicKey(account);
    say('register-key', 'registering the user encryption key');
    await this.#send(
      clientKind.registerUserKey,
      random(32),
      registerUserKey(curve, parameters, encryptionKey, account),
      () => undefined,
      request.signal,
    );
    const generations = await orCancelled(askGenerations(this.#options.peers, this.#network), request.signal);
    const named = { nonce: random(32), generations };
    const id = namingSession('USER', address, named);
    say('make-share', 'making the user share and its proofs');
    const userKey = { key: tabledKey, id: userKeyId(curve, parameters, encryptionKey, address), account: address };
    const pending = createDWallet({
      setup,
      sessionId: id,
      share: { mode: 'encrypted', userKey },
      accountKey: account,
      random,
    });
    const share = encodeScalar(curve, pending.userShare.expose());
    // Share and message are on disk before the network hears of them.
    const stored: StoredWallet = {
      id: hex(id),
      message: hex(pending.message),
      userShare: hex(share),
    };
    share.fill(0);
    await this.#update((data) => ({ ...data, wallets: [...data.wallets, stored] }));
    say('certify', 'the network verifies and certifies the dWallet');
    const body = encodeCreateDWallet(named, pending.message);
    const read = (reply: Uint8Array) => {
      const [record, certificate] = decodeParts(reply, 'DWallet', 2) as [Uint8Array, Uint8Array];
      say('check', 'checking what the network answered');
      const checks = { setup, pending, output: record, certificate, committee };
      const keys = { userSecretKey: secretKey, accountKey: account };
      return { accepted: acceptDWallet({ ...checks, ...keys, signingPolicy }), output: record };
    };
    const { accepted, output } = await this.#send(clientKind.createDWallet, id, body, read, request.signal);
    secretKey.destroy();
    account.destroy();
    say('accept', 'accepting the dWallet');
    const acceptance = encodeAcceptDWallet(id, accepted.acceptance);
    await this.#send(clientKind.acceptDWallet, id, acceptance, () => undefined, request.signal);
    const allowed = request.rawDigests === true ? { rawDigests: true as const } : {};
    await this.#updateWallet(stored.id, (wallet) => ({ ...wallet, record: hex(output), ...allowed }));
    void this.#stock.want(accepted.record);
    return new DWallet(this, accepted.record);
  }

  /** Whether the owner has allowed raw digests for a dWallet of this wallet. */
  allowsRawDigests(record: DWalletRecord): boolean {
    return this.#storedWallet(record).rawDigests === true;
  }

  #storedWallet(record: DWalletRecord): StoredWallet {
    const stored = this.#state.data.wallets.find(({ id }) => id === hex(record.sessionId));
    if (stored === undefined) throw new InvalidArgumentsError('dWallet', 'is not in this wallet');
    return stored;
  }

  /**
   * Signs an order with a dWallet, with a reserved presign if there is one, otherwise with one that is assigned to this very order first. The
   * client's bytes are stored before they are sent, and a retry at another validator sends the same bytes.
   * @param order - what validators read and judge.
   * @param signed - the message in it, as this wallet read it: another one is refused by every validator (MPC:S1).
   * @throws RawDigestsNotAllowedError, before anything is sent.
   */
  async sign(
    record: DWalletRecord,
    order: SignOrder,
    signed: MessageToSign,
    call: CallOptions = {},
  ): Promise<SignResult> {
    if (order.content.kind === 'raw' && !this.allowsRawDigests(record))
      throw new RawDigestsNotAllowedError(
        'this dWallet signs transactions and messages that validators can read, only',
      );
    if (order.authority.length > maxAuthorityBytes)
      throw new InvalidArgumentsError('authority', `is longer than ${maxAuthorityBytes} bytes`);
    this.#stock.begin();
    try {
      const what: Ordered = { order, signed };
      return (await this.#signReserved(record, what, call)) ?? (await this.#signCold(record, what, call));
    } finally {
      this.#stock.end(record);
    }
  }

  /** @returns undefined, with nothing sent, if no reservation can serve this order. */
  async #signReserved(record: DWalletRecord, what: Ordered, call: CallOptions): Promise<SignResult | undefined> {
    const { hashScheme, message } = what.signed;
    const asked = { hashScheme, messageDigest: hashMessage(hashScheme, message), order: signOrderDigest(what.order) };
    for (;;) {
      const claim = await this.#stock.claim(record, asked);
      if (claim === undefined) return undefined;
      const taken = claim.taken ?? (await this.#retake(record, claim, call));
      if (taken === undefined) return undefined;
      let signMessage: Uint8Array;
      try {
        signMessage = await this.#makeMessage(record, taken, what, claim.prepared, call);
      } catch (error) {
        if (!(error instanceof CheckError && error.check === 'MPC:V4')) {
          claim.release();
          throw error;
        }
        // Another process of this wallet was faster with this presign; nothing left this one.
        await claim.drop();
        continue;
      }
      try {
        const request = { ...what.order, signMessage, nonce: claim.nonce, assignedTo: 'reservation' as const };
        const result = await this.#request(record, taken, request, what.signed, call);
        await claim.drop();
        return result;
      } catch (error) {
        const check = error instanceof RemoteError ? error.check : undefined;
        // The presign is lost to us. For everything else the same message may be sent again.
        if (check === 'MPC:S1' || check === 'MPC:S2') await claim.drop();
        else claim.release();
        throw error;
      }
    }
  }

  /** The presign of a reservation of an earlier process. @returns undefined if the network does not give it now. */
  async #retake(record: DWalletRecord, claim: Claim, call: CallOptions): Promise<TakenPresign | undefined> {
    try {
      return await claim.keep(await this.#take(record.sessionId, claim.request, claim.presignId, call));
    } catch (error) {
      claim.release();
      if (error instanceof CancelledError) throw error;
      this.#options.log?.(
        `the reserved presign is not given: ${error instanceof Error ? error.message : String(error)}`,
      );
      return undefined;
    }
  }

  async #signCold(record: DWalletRecord, what: Ordered, call: CallOptions): Promise<SignResult> {
    const { order, signed } = what;
    const nonce = this.#options.random(32);
    const taken = await this.#take(record.sessionId, messageRequest(order, signed, nonce), undefined, call);
    const signMessage = await this.#makeMessage(record, taken, what, undefined, call);
    return this.#request(record, taken, { ...order, signMessage, nonce, assignedTo: 'message' }, signed, call);
  }

  #take(
    id: SessionId,
    request: PresignRequest,
    presignId: string | undefined,
    call: CallOptions = {},
  ): Promise<TakenPresign> {
    tell(this.#options, call, 'take-presign', 'taking a presign');
    const read = (reply: Uint8Array): TakenPresign => {
      const taken = this.#openPresign(reply, id, presignRequestDigest(id, request));
      if (presignId !== undefined && presignId !== hex(taken.presign.presignId))
        throw new CheckError('MPC:V3', 'presign', 'is not the one that was reserved');
      return taken;
    };
    return this.#patiently(call, () =>
      this.#send(clientKind.takePresign, id, encodeTakePresign(id, request), read, call.signal),
    );
  }

  /** Repeats a request that changes nothing when it is repeated, while it is refused for lack of validators or presigns. */
  async #patiently<T>({ signal }: CallOptions, work: () => Promise<T>): Promise<T> {
    const { patienceMs = 0 } = this.#options;
    for (let waitedMs = 0; ; waitedMs += retryMs) {
      try {
        return await work();
      } catch (error) {
        const passes = error instanceof RemoteError && passing.has(error.code);
        if (!passes || waitedMs >= patienceMs) throw error;
        await orCancelled(new Promise<void>((resolve) => setTimeout(resolve, retryMs)), signal);
      }
    }
  }

  /** `signOnce` on what this wallet has. */
  async #makeMessage(
    record: DWalletRecord,
    taken: TakenPresign,
    { order, signed }: Ordered,
    prepared: PreparedPresign | undefined,
    call: CallOptions,
  ): Promise<Uint8Array> {
    // The last moment at which nothing was made with this presign.
    if (call.signal?.aborted === true) throw new CancelledError();
    const { messages, compute } = this.#options;
    const { hashScheme, message } = signed;
    const text = prepared === undefined ? 'making the client message' : 'completing the prepared client message';
    tell(this.#options, call, 'make-message', text);
    const args = this.#presignArguments(record, taken);
    try {
      return await signOnce({
        ...args,
        store: messages,
        hashScheme,
        message,
        order: signOrderDigest(order),
        ...(prepared === undefined ? {} : { prepared }),
        ...(compute === undefined ? {} : { pool: compute }),
      });
    } finally {
      args.userShare.destroy();
    }
  }

  async #prepare(record: DWalletRecord, taken: TakenPresign, pause: () => Promise<void>): Promise<PreparedPresign> {
    this.#options.log?.('preparing a presign');
    const { compute } = this.#options;
    const args = this.#presignArguments(record, taken);
    try {
      if (compute === undefined) return await preparePresignInSteps(args, pause);
      return await preparePresignIn(compute, args, { priority: 'background' });
    } finally {
      args.userShare.destroy();
    }
  }

  #presignArguments(record: DWalletRecord, { presign, certified }: TakenPresign): PreparePresignArguments {
    const stored = this.#storedWallet(record);
    // Two tables of pk, from the parameters' cache if it has one: each message has four powers of pk.
    this.#tabled ??= withKeyTables(this.#network.setup);
    return {
      setup: this.#tabled,
      committee: this.#network.committee,
      certificate: certified,
      record,
      presign,
      userShare: new Secret(bytesToInteger(fromHex(stored.userShare))),
      random: this.#options.random,
    };
  }

  #request(
    record: DWalletRecord,
    { presign: { presignId }, assignment }: TakenPresign,
    request: Omit<SignRequest, 'id' | 'presignId' | 'assignment'>,
    { hashScheme, message }: MessageToSign,
    call: CallOptions,
  ): Promise<SignResult> {
    const { curve } = this.#options;
    tell(this.#options, call, 'sign', 'validators verify and decrypt');
    const body = encodeSignRequest({ ...request, id: record.sessionId, presignId, assignment });
    const read = (reply: Uint8Array): SignResult => {
      const [recordBytes, faults] = decodeParts(reply, 'Signature', 2) as [Uint8Array, Uint8Array];
      const { signature } = decodeSignatureRecord(curve, recordBytes);
      checkFinalSignature(record, hashScheme, message, signature);
      return { signature, blamed: decodeBlame(faults) };
    };
    return this.#send(clientKind.sign, presignId, body, read, call.signal);
  }

  /**
   * Reserves and prepares presigns for this dWallet now, whatever the option says, for example when a user opens a form.
   * @returns when it is done or a signature interrupts it; how many are ready. Never rejects: what goes wrong is logged.
   */
  prepare(record: DWalletRecord, count = 1): Promise<number> {
    return this.#stock.want(record, count);
  }

  /** A presign that the network certified and gave to this request. What signing needs of it is checked again in `signOnce`. */
  #openPresign(reply: Uint8Array, id: SessionId, request: Digest): TakenPresign {
    const { setup, committee } = this.#network;
    const [bytes, batch, certificate, assignment] = decodeParts(reply, 'Presign', 4) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const presign = decodePresign(setup, bytes);
    const certified = { ids: presignIdsOf(batch), certificate: decodeCertificate(certificate) };
    verifyPresignCertificate(setup, committee, presign, certified);
    const fact = assignmentFact(presign.presignId, id, request);
    verifyCertificate(committee, decodeCertificate(assignment), fact, 'MPC:V3');
    return { presign, certified, assignment };
  }

  /** Changes what the store has now, so that what another process of this wallet has added is kept. */
  #update(change: (data: WalletData) => WalletData): Promise<WalletData> {
    return this.#state.update((known) => change(known ?? this.#state.data));
  }
  async #updateWallet(id: string, change: (wallet: StoredWallet) => StoredWallet): Promise<void> {
    await this.#update((data) => ({
      ...data,
      wallets: data.wallets.map((wallet) => (wallet.id === id ? change(wallet) : wallet)),
    }));
  }
  async #reservations(id: string): Promise<readonly StoredReservation[]> {
    const { wallets } = (await this.#state.refresh()) ?? this.#state.data;
    return wallets.find((wallet) => wallet.id === id)?.reservations ?? [];
  }
  #saveReservations(
    id: string,
    change: (known: readonly StoredReservation[]) => readonly StoredReservation[],
  ): Promise<void> {
    return this.#updateWallet(id, (wallet) => ({ ...wallet, reservations: change(wallet.reservations ?? []) }));
  }
  #seed(): Secret<Uint8Array> {
    return new Secret(fromHex(this.#state.data.seed));
  }
  /** Ed25519 key of the account, from the recovery seed. */
  #accountKey(): Secret<Uint8Array> {
    const seed = this.#seed();
    try {
      return new Secret(hashTagged('wallet-account-key', [seed.expose()], 32));
    } finally {
      seed.destroy();
    }
  }
  #seal(kind: string, session: Uint8Array, body: Uint8Array): Uint8Array {
    const account = this.#accountKey();
    try {
      return encodeEnvelope(sealEnvelope(account, { networkId: this.#network.id, session, kind, body }));
    } finally {
      account.destroy();
    }
  }
  #send<T>(
    kind: string,
    session: Uint8Array,
    body: Uint8Array,
    read: (reply: Uint8Array) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    return askPeers(this.#options, signal, encodeCall(kind, this.#seal(kind, session, body)), read);
  }
}

/** One dWallet of this client. */
export class DWallet {
  readonly #client: DWalletClient;
  readonly record: DWalletRecord;
  constructor(client: DWalletClient, record: DWalletRecord) {
    this.#client = client;
    this.record = record;
  }
  /** X, 33 bytes compressed. */
  get publicKey(): Uint8Array {
    return this.record.curve.encodePoint(this.record.publicKey);
  }
  /** 32 bytes in hex. */
  get id(): string {
    return hex(this.record.sessionId);
  }
  /** See {@link DWalletClient.prepare}. */
  prepare(count = 1): Promise<number> {
    return this.#client.prepare(this.record, count);
  }
  /** Whether {@link signRaw} is allowed: the owner decided that when the dWallet was created. */
  get rawDigests(): boolean {
    return this.#client.allowsRawDigests(this.record);
  }
  /** Signs what a task describes (such as `ethereumTransaction(raw)`), after `approve` has seen it. Nothing is sent to a chain. */
  sign<Signed>(task: SigningTask<Signed>, options: SendOptions = {}): Promise<Signed> {
    return runTask(this, task, options);
  }
  /**
   * ECDSA over one of the messages of an opened task, for adapters that put signatures in by themselves. Nobody is asked for approval.
   * @param index - of the payload, from 0.
   */
  signPayload(
    { chainId, format, raw, payloads }: Pick<OpenedTask<unknown>, 'chainId' | 'format' | 'raw' | 'payloads'>,
    index: number,
    { authority = new Uint8Array(0), ...call }: SignCallOptions = {},
  ): Promise<SignResult> {
    const payload = payloads[index];
    if (payload === undefined) throw new InvalidArgumentsError('index', 'there is no such payload');
    const content = { kind: 'request', request: encodeRequest({ chainId, format, raw }), payload: index } as const;
    return this.#client.sign(this.record, { content, authority }, payload, call);
  }
  /**
   * ECDSA over hash(message) of bytes that no validator reads: only for a dWallet of `createDWallet({ rawDigests: true })`.
   * @throws RawDigestsNotAllowedError for any other one, before anything is sent.
   */
  signRaw(
    hashScheme: HashScheme,
    message: Uint8Array,
    { authority, ...call }: SignCallOptions = {},
  ): Promise<SignResult> {
    return this.#client.sign(this.record, rawOrder(hashScheme, message, authority), { hashScheme, message }, call);
  }
  /** Signs a message for people and programs, such as `personalMessage('...')` or `typedData({...})` of `@dwallet/client-sdk/ethereum`. */
  signMessage<Signed>(task: SigningTask<Signed>, options: SendOptions = {}): Promise<Signed> {
    return runTask(this, task, options);
  }
  /**
   * Builds a transaction (nonce, fees, unspent outputs from `rpc`), shows it to `approve`, signs, checks, hands it in and waits for it.
   * @throws SendError with the step, and with the signed transaction once there is one: hand in the same bytes rather than sending again.
   */
  send<Rpc, Receipt>(
    intent: TransactionIntent<Rpc, Receipt>,
    options: SendOptions & { readonly rpc: Rpc },
  ): Promise<SentTransaction<Receipt>> {
    return runIntent(this, intent, options);
  }
}

const retryMs = 1000;
/** Refusals that are over after a while. */
const passing: ReadonlySet<string> = new Set(['UNAVAILABLE', 'THRESHOLD_NOT_REACHED']);

const requireCurve = (curve: Curve, asked: string | undefined): void => {
  if (asked !== undefined && asked !== curve.name)
    throw new InvalidArgumentsError('curve', `this client works on ${curve.name}`);
};

function tell(
  { log, onProgress: always }: Pick<ConnectOptions, 'log' | 'onProgress'>,
  { onProgress }: CallOptions,
  step: Step,
  text?: string,
): void {
  if (text !== undefined) log?.(text);
  always?.({ step });
  if (onProgress !== always) onProgress?.({ step });
}

/** The recovered ones in; what the keystore knows of its own is kept, but completed where it never saw the end. */
function mergeWallets(known: readonly StoredWallet[], found: readonly StoredWallet[]): StoredWallet[] {
  const fresh = new Map(found.map((wallet) => [wallet.id, wallet]));
  const merged = known.map((wallet) => {
    const other = fresh.get(wallet.id);
    fresh.delete(wallet.id);
    return other === undefined || wallet.record !== undefined ? wallet : { ...wallet, ...other };
  });
  return [...merged, ...fresh.values()];
}

/**
 * The same bytes to one validator after the other, until one answers what `read` accepts. One validator decides nothing: a refusal, or an answer
 * that does not verify, is final only when more than f of them gave one, so that an honest one is among them.
 * @throws the first refusal; RemoteError UNAVAILABLE when nobody can be reached; CancelledError.
 */
async function askPeers<T>(
  { peers }: ConnectOptions,
  signal: AbortSignal | undefined,
  call: Uint8Array,
  read: (reply: Uint8Array) => T,
): Promise<T> {
  const maxFaulty = Math.floor((peers.length - 1) / 3);
  const refusals: unknown[] = [];
  let unreachable: unknown;
  for (const peer of peers) {
    let reply: Uint8Array;
    try {
      reply = await orCancelled(peer.call(call, signal === undefined ? {} : { signal }), signal);
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      unreachable = error;
      continue;
    }
    try {
      return read(decodeReply(reply, maxBodyBytes));
    } catch (error) {
      refusals.push(error);
      if (refusals.length > maxFaulty) break;
    }
  }
  if (refusals.length > 0) throw refusals[0];
  throw new RemoteError(
    'UNAVAILABLE',
    undefined,
    `no validator can be reached: ${unreachable instanceof Error ? unreachable.message : 'no answer'}`,
  );
}

/** MPC:V1: parameters under a quorum certificate of their own committee, and those that were pinned, if any were. */
function openNetwork(options: ConnectOptions, data: WalletData, reply: Uint8Array): Network {
  const { parameters, curve } = options;
  const [name, access, identities, , , record, certificate] = decodeNetworkReply(reply);
  const weights = readWeights(access);
  const keys = decodeParts(identities, 'Network.identities', weights.length, 32);
  const committee = createCommittee(keys, createAccessStructure(weights));
  const id = networkIdOf(new TextDecoder().decode(name), parameters.profile.id, committee.digest);
  const expected = options.networkId ?? data.network?.id;
  if (expected !== undefined && expected !== hex(id))
    throw new CheckError('MPC:V1', 'network', 'is not the pinned network');
  const pinned = data.network === undefined ? {} : { pinned: fromHex(data.network.setup) as Digest };
  return { id, committee, setup: openNetworkSetup({ curve, parameters, committee, record, certificate, ...pinned }) };
}

function readWeights(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes, 'Network.access');
  const count = reader.count('count', 1, 128);
  const weights = Array.from({ length: count }, (_, i) => Number(bytesToInteger(reader.bytes(`weights[${i}]`, 2))));
  reader.end();
  return weights;
}
