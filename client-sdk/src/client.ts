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
} from '@dwallet/two-pc-mpc/client';
import type { StoredWallet, WalletData, WalletStore } from './wallet-store.ts';

export interface ConnectOptions {
  /** Validators in order of preference; the next one is asked when one cannot be reached. */
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
    const { parameters, curve, store, random } = options;
    if (options.peers.length === 0) throw new InvalidArgumentsError('peers', 'at least one');
    const data: WalletData = store.load() ?? { version: 1, seed: hex(random(32)), wallets: [] };
    const reply = await callAny(options, encodeCall('network', new Uint8Array(0)));
    const [name, access, identities, , , setupBytes, setupCertificate] = decodeParts(
      reply,
      'Network',
      7,
    ) as Uint8Array[];
    const weights = readWeights(access as Uint8Array);
    const keys = decodeParts(identities as Uint8Array, 'Network.identities', weights.length, 32);
    const committee = createCommittee(keys, createAccessStructure(weights));
    const id = networkIdOf(new TextDecoder().decode(name), parameters.profile.id, committee.digest);
    const expected = options.networkId ?? data.network?.id;
    if (expected !== undefined && expected !== hex(id))
      throw new CheckError('MPC:V1', 'network', 'is not the pinned network');
    const setup = openNetworkSetup({
      curve,
      parameters,
      committee,
      record: setupBytes as Uint8Array,
      certificate: setupCertificate as Uint8Array,
      ...(data.network === undefined ? {} : { pinned: fromHex(data.network.setup) as Digest }),
    });
    const pinned: WalletData = { ...data, network: { id: hex(id), setup: hex(setup.commitment) } };
    store.save(pinned);
    return new DWalletClient(options, { id, committee, setup }, pinned);
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
    const reply = await this.#send(clientKind.createDWallet, id, encodeCreateDWallet(opening.fresh, pending.message));
    const [output, certificate] = decodeParts(reply, 'DWallet', 2) as [Uint8Array, Uint8Array];
    log?.('checking what the network answered');
    const accepted = acceptDWallet({
      setup,
      pending,
      output,
      certificate,
      committee,
      userSecretKey: secretKey,
      accountKey: account,
    });
    secretKey.destroy();
    await this.#send(clientKind.acceptDWallet, id, encodeAcceptDWallet(id, accepted.acceptance));
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
    const taken = await this.#send(clientKind.takePresign, id, encodeTakePresign(id, request));
    const [presignBytes, batch, certificate, assignment] = decodeParts(taken, 'Presign', 4) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const presign = decodePresign(setup, presignBytes);
    const certified = { ids: presignIdsOf(batch), certificate: decodeCertificate(certificate) };
    verifyCertificate(
      committee,
      decodeCertificate(assignment),
      assignmentFact(presign.presignId, id, request),
      'MPC:V3',
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
    const reply = await this.#send(clientKind.sign, presign.presignId, body);
    const [recordBytes, faults] = decodeParts(reply, 'Signature', 2) as [Uint8Array, Uint8Array];
    const { signature } = decodeSignatureRecord(curve, recordBytes);
    checkFinalSignature(record, hashScheme, message, signature);
    return { signature, blamed: decodeBlame(faults) };
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
  #send(kind: string, session: Uint8Array, body: Uint8Array): Promise<Uint8Array> {
    const account = this.#accountKey();
    const envelope = sealEnvelope(account, { networkId: this.#network.id, session, kind, body });
    account.destroy();
    return callAny(this.#options, encodeCall(kind, encodeEnvelope(envelope)));
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

/** The same bytes to the next validator when one cannot be reached. A refusal is an answer and is not retried elsewhere. */
async function callAny({ peers }: ConnectOptions, call: Uint8Array): Promise<Uint8Array> {
  let last: unknown;
  for (const peer of peers) {
    let reply: Uint8Array;
    try {
      reply = await peer.call(call);
    } catch (error) {
      last = error;
      continue;
    }
    return decodeReply(reply, maxBodyBytes);
  }
  throw new RemoteError(
    'UNAVAILABLE',
    undefined,
    `no validator can be reached: ${last instanceof Error ? last.message : 'no answer'}`,
  );
}

function readWeights(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes, 'Network.access');
  const count = reader.count('count', 1, 128);
  const weights = Array.from({ length: count }, (_, i) => Number(bytesToInteger(reader.bytes(`weights[${i}]`, 2))));
  reader.end();
  return weights;
}
