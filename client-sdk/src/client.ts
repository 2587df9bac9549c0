/**
 * The wallet side: makes a dWallet and signs with it. Everything that the network says is checked here (MPC 8.4); nothing secret leaves.
 *
 * @module
 */
import { type PublicParameters, createAccessStructure } from '@dwallet/class-groups';
import {
  type Blame,
  CheckError,
  type Curve,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type Random,
  Reader,
  Secret,
  type SessionId,
  bytesToInteger,
  encodeScalar,
  hashTagged,
  sessionId,
} from '@dwallet/sigma';
import {
  type Committee,
  type DWalletRecord,
  type Presign,
  type PresignCertificate,
  type EcdsaSignature,
  type HashScheme,
  type NetworkSetup,
  type Peer,
  RemoteError,
  type SignMessageStore,
  acceptDWallet,
  assignmentFact,
  checkFinalSignature,
  clientKind,
  createCommittee,
  createDWallet,
  decodeBlame,
  decodeCertificate,
  decodeDWalletRecord,
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
  maxBodyBytes,
  networkIdOf,
  openNetworkSetup,
  openSession,
  presignIdsOf,
  registerUserKey,
  sealEnvelope,
  signOnce,
  signRequestDigest,
  signingPublicKey,
  userKeyId,
  verifyCertificate,
  verifyPresignCertificate,
} from '@dwallet/two-pc-mpc/client';
import type { StoredWallet, WalletData, WalletStore } from './wallet-store.ts';

export interface ConnectOptions {
  /** Validators in order of preference; the next one is asked when one cannot be reached, refuses, or answers what does not verify. */
  readonly peers: readonly Peer[];
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  readonly store: WalletStore;
  /** Durable record of used presigns (MPC:V4). */
  readonly messages: SignMessageStore;
  readonly random: Random;
  /** Network id in hex, if it is known from elsewhere; otherwise the first one seen is pinned. */
  readonly networkId?: string;
  readonly log?: (text: string) => void;
  /** Profiles that are not for production are refused unless a test says so. */
  readonly allowTestProfile?: boolean;
}

/** A finished signature. */
export interface SignResult {
  readonly signature: EcdsaSignature;
  /** Validators that were shown to be faulty on the way. */
  readonly blamed: readonly Blame[];
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new DecodeError('hex', 'is not hex');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

interface Network {
  readonly id: Digest;
  readonly committee: Committee;
  readonly setup: NetworkSetup;
}

export class DWalletClient {
  readonly #options: ConnectOptions;
  readonly #network: Network;
  #data: WalletData;

  private constructor(options: ConnectOptions, network: Network, data: WalletData) {
    this.#options = options;
    this.#network = network;
    this.#data = data;
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
    const data: WalletData = store.load() ?? { version: 1, seed: hex(random(32)), wallets: [] };
    const network = await askPeers(options, encodeCall('network', new Uint8Array(0)), (reply) =>
      openNetwork(options, data, reply),
    );
    const pinned: WalletData = { ...data, network: { id: hex(network.id), setup: hex(network.setup.commitment) } };
    store.save(pinned);
    return new DWalletClient(options, network, pinned);
  }

  get networkId(): string {
    return hex(this.#network.id);
  }

  /** dWallets that the owner has accepted. */
  get wallets(): readonly DWallet[] {
    return this.#data.wallets.flatMap((wallet) =>
      wallet.record === undefined
        ? []
        : [new DWallet(this, decodeDWalletRecord(this.#network.setup, fromHex(wallet.record)))],
    );
  }

  /** Makes a dWallet: x_A here, x_B in the network. @returns it only after every check of MPC:A1 to MPC:A3. */
  async createDWallet(): Promise<DWallet> {
    const { setup, committee } = this.#network;
    const { parameters, curve, random, log } = this.#options;
    const account = this.#accountKey();
    const { secretKey, encryptionKey } = deriveUserKey(curve, parameters, this.#seed());
    const address = signingPublicKey(account);
    log?.('registering the user encryption key');
    await this.#send(
      clientKind.registerUserKey,
      random(32),
      registerUserKey(curve, parameters, encryptionKey, account),
      () => undefined,
    );
    const { sessionId: id, opening } = openSession('USER', address, random);
    log?.('making the user share and its proofs');
    const userKey = { key: encryptionKey, id: userKeyId(curve, parameters, encryptionKey, address), account: address };
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
      fresh: hex(opening.fresh),
      userShare: hex(share),
    };
    share.fill(0);
    this.#save({ ...this.#data, wallets: [...this.#data.wallets, stored] });
    log?.('the network verifies and certifies the dWallet');
    const body = encodeCreateDWallet(opening.fresh, pending.message);
    const { accepted, output } = await this.#send(clientKind.createDWallet, id, body, (reply) => {
      const [record, certificate] = decodeParts(reply, 'DWallet', 2) as [Uint8Array, Uint8Array];
      log?.('checking what the network answered');
      const checks = { setup, pending, output: record, certificate, committee };
      return { accepted: acceptDWallet({ ...checks, userSecretKey: secretKey, accountKey: account }), output: record };
    });
    secretKey.destroy();
    account.destroy();
    await this.#send(clientKind.acceptDWallet, id, encodeAcceptDWallet(id, accepted.acceptance), () => undefined);
    this.#save({
      ...this.#data,
      wallets: this.#data.wallets.map((wallet) =>
        wallet.id === stored.id ? { ...wallet, record: hex(output) } : wallet,
      ),
    });
    return new DWallet(this, accepted.record);
  }

  /**
   * Signs a message with a dWallet. The presign is assigned to this very message first; the client's bytes are stored before they are sent, and a
   * retry at another validator sends the same bytes.
   */
  async sign(record: DWalletRecord, hashScheme: HashScheme, message: Uint8Array): Promise<SignResult> {
    const { setup, committee } = this.#network;
    const { curve, random, log, messages } = this.#options;
    const stored = this.#data.wallets.find(({ id }) => id === hex(record.sessionId));
    if (stored === undefined) throw new InvalidArgumentsError('dWallet', 'is not in this wallet');
    const id: SessionId = sessionId(fromHex(stored.id));
    const nonce = random(32);
    const request = signRequestDigest(id, hashScheme, message, nonce);
    log?.('taking a presign');
    const { presign, certified } = await this.#send(
      clientKind.takePresign,
      id,
      encodeTakePresign(id, request),
      (reply) => this.#openPresign(reply, id, request),
    );
    log?.('making the client message');
    const userShare = new Secret(bytesToInteger(fromHex(stored.userShare)));
    const signMessage = await signOnce({
      store: messages,
      setup,
      committee,
      certificate: certified,
      record,
      presign,
      userShare,
      hashScheme,
      message,
      random,
    });
    userShare.destroy();
    log?.('validators verify and decrypt');
    const body = encodeSignRequest({ id, presignId: presign.presignId, hashScheme, nonce, message, signMessage });
    return this.#send(clientKind.sign, presign.presignId, body, (reply) => {
      const [recordBytes, faults] = decodeParts(reply, 'Signature', 2) as [Uint8Array, Uint8Array];
      const { signature } = decodeSignatureRecord(curve, recordBytes);
      checkFinalSignature(record, hashScheme, message, signature);
      return { signature, blamed: decodeBlame(faults) };
    });
  }

  /** A presign that the network certified and gave to this request. What signing needs of it is checked again in `signOnce`. */
  #openPresign(
    reply: Uint8Array,
    id: SessionId,
    request: Digest,
  ): { readonly presign: Presign; readonly certified: PresignCertificate } {
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
    return { presign, certified };
  }

  #save(data: WalletData): void {
    this.#options.store.save(data);
    this.#data = data;
  }
  #seed(): Secret<Uint8Array> {
    return new Secret(fromHex(this.#data.seed));
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
  #send<T>(kind: string, session: Uint8Array, body: Uint8Array, read: (reply: Uint8Array) => T): Promise<T> {
    const account = this.#accountKey();
    const envelope = sealEnvelope(account, { networkId: this.#network.id, session, kind, body });
    account.destroy();
    return askPeers(this.#options, encodeCall(kind, encodeEnvelope(envelope)), read);
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
  /** ECDSA over hash(message). */
  sign(hashScheme: HashScheme, message: Uint8Array): Promise<SignResult> {
    return this.#client.sign(this.record, hashScheme, message);
  }
}

/**
 * The same bytes to one validator after the other, until one answers what `read` accepts. One validator decides nothing: a refusal, or an answer
 * that does not verify, is final only when more than f of them gave one, so that an honest one is among them.
 * @throws the first refusal; RemoteError UNAVAILABLE when nobody can be reached.
 */
async function askPeers<T>({ peers }: ConnectOptions, call: Uint8Array, read: (reply: Uint8Array) => T): Promise<T> {
  const maxFaulty = Math.floor((peers.length - 1) / 3);
  const refusals: unknown[] = [];
  let unreachable: unknown;
  for (const peer of peers) {
    let reply: Uint8Array;
    try {
      reply = await peer.call(call);
    } catch (error) {
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
  const [name, access, identities, , , record, certificate] = decodeParts(reply, 'Network', 7) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
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
