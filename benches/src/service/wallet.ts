/**
 * A wallet whose steps can be measured one by one: presign, client message, signature. Everything that the network says is checked.
 *
 * @module
 */
import { type PublicParameters, equalWeights } from '@dwallet/class-groups';
import { DWalletClient, type WalletData, type WalletStore } from '@dwallet/client-sdk';
import { type Random, Secret, bytesToInteger, encodeText, hashTagged, secp256k1Curve } from '@dwallet/sigma';
import {
  type Committee,
  type DWalletRecord,
  MemorySignMessageStore,
  type NetworkSetup,
  type Peer,
  RemoteError,
  assignmentFact,
  checkFinalSignature,
  clientKind,
  createCommittee,
  decodeCertificate,
  decodeNetworkReply,
  decodeParts,
  decodePresign,
  decodeReply,
  decodeSetupRecord,
  decodeSignatureRecord,
  encodeCall,
  encodeEnvelope,
  encodeSignRequest,
  encodeTakePresign,
  maxBodyBytes,
  rawMessageRequest,
  rawOrder,
  signOrderDigest,
  networkIdOf,
  presignIdsOf,
  presignRequestDigest,
  sealEnvelope,
  signOnce,
  verifyCertificate,
  verifyPresignCertificate,
  withKeyTables,
} from '@dwallet/two-pc-mpc';

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

class MemoryWalletStore implements WalletStore {
  data: WalletData | undefined;
  load(): WalletData | undefined {
    return this.data;
  }
  save(data: WalletData): void {
    this.data = data;
  }
}

/** A request for a signature, ready to be sent. */
export interface SignJob {
  readonly message: Uint8Array;
  readonly call: Uint8Array;
}

/** A presign that was given for one message. */
export interface TakenJob {
  readonly message: Uint8Array;
  readonly nonce: Uint8Array;
  readonly reply: Uint8Array;
}

export class MeasuredWallet {
  readonly #record: DWalletRecord;
  readonly #setup: NetworkSetup;
  readonly #committee: Committee;
  readonly #networkId: Uint8Array;
  readonly #account: Secret<Uint8Array>;
  readonly #userShare: bigint;
  readonly #random: Random;
  #count = 0;

  private constructor(
    network: { setup: NetworkSetup; committee: Committee; networkId: Uint8Array },
    record: DWalletRecord,
    data: WalletData,
    random: Random,
  ) {
    this.#record = record;
    this.#setup = withKeyTables(network.setup);
    this.#committee = network.committee;
    this.#networkId = network.networkId;
    this.#account = new Secret(hashTagged('wallet-account-key', [fromHex(data.seed)], 32));
    this.#userShare = bytesToInteger(fromHex(data.wallets[0]?.userShare ?? ''));
    this.#random = random;
  }

  /** Makes a dWallet. */
  static async create(peer: Peer, size: number, parameters: PublicParameters, random: Random): Promise<MeasuredWallet> {
    const store = new MemoryWalletStore();
    const client = await DWalletClient.connect({
      peers: [peer],
      parameters,
      curve: secp256k1Curve,
      store,
      messages: new MemorySignMessageStore(),
      random,
      prepare: false,
    });
    const { record } = await client.createDWallet({ rawDigests: true });
    client.close();
    // The client has verified all of it; here it is only read.
    const reply = decodeReply(await peer.call(encodeCall('network', new Uint8Array(0))), maxBodyBytes);
    const [name, , keys, , , setupBytes] = decodeNetworkReply(reply);
    const committee = createCommittee(decodeParts(keys, 'Network.identityKeys', size), equalWeights(size));
    const networkId = networkIdOf(new TextDecoder().decode(name), parameters.profile.id, committee.digest);
    const setup = decodeSetupRecord(secp256k1Curve, parameters, setupBytes);
    return new MeasuredWallet({ setup, committee, networkId }, record, store.data as WalletData, random);
  }

  #envelope(kind: string, session: Uint8Array, body: Uint8Array): Uint8Array {
    const networkId = this.#networkId as Parameters<typeof sealEnvelope>[1]['networkId'];
    return encodeCall(kind, encodeEnvelope(sealEnvelope(this.#account, { networkId, session, kind, body })));
  }

  /**
   * Asks for a presign for a new message, at one validator after the other with the same bytes.
   * @returns undefined if nobody gives one: leaders that race for a presign may use it up.
   */
  async take(peers: readonly Peer[]): Promise<TakenJob | undefined> {
    const message = encodeText(`bench:service ${this.#count++}`);
    const nonce = this.#random(32);
    const id = this.#record.sessionId;
    const call = this.#envelope(
      clientKind.takePresign,
      id,
      encodeTakePresign(id, rawMessageRequest('sha256', message, nonce)),
    );
    for (const peer of peers) {
      try {
        return { message, nonce, reply: decodeReply(await peer.call(call), maxBodyBytes) };
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
      }
    }
    return undefined;
  }

  /** The client's own work: checks what it was given, and makes its message. */
  async prepare({ message, nonce, reply }: TakenJob): Promise<SignJob> {
    const [bytes, batch, certified, assignment] = decodeParts(reply, 'Presign', 4) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const id = this.#record.sessionId;
    const setup = this.#setup;
    const committee = this.#committee;
    const presign = decodePresign(setup, bytes);
    const certificate = { ids: presignIdsOf(batch), certificate: decodeCertificate(certified) };
    verifyPresignCertificate(setup, committee, presign, certificate);
    const request = presignRequestDigest(id, rawMessageRequest('sha256', message, nonce));
    verifyCertificate(
      committee,
      decodeCertificate(assignment),
      assignmentFact(presign.presignId, id, request),
      'MPC:V3',
    );
    const order = rawOrder('sha256', message);
    const signMessage = await signOnce({
      store: new MemorySignMessageStore(),
      setup,
      committee,
      certificate,
      record: this.#record,
      presign,
      userShare: new Secret(this.#userShare),
      hashScheme: 'sha256',
      message,
      order: signOrderDigest(order),
      random: this.#random,
    });
    const { presignId } = presign;
    const body = encodeSignRequest({
      id,
      presignId,
      assignedTo: 'message',
      nonce,
      ...order,
      signMessage,
      assignment,
    });
    return { message, call: this.#envelope(clientKind.sign, presignId, body) };
  }

  /**
   * Sends a prepared request. A validator that gave the presign to another request, in a race that it lost, refuses; then the next one is asked,
   * as wallets do. @throws unless the answer is a signature that verifies.
   */
  async sign(peers: readonly Peer[], { message, call }: SignJob): Promise<void> {
    let reply: Uint8Array | undefined;
    for (const [i, peer] of peers.entries()) {
      try {
        reply = decodeReply(await peer.call(call), maxBodyBytes);
        break;
      } catch (error) {
        const lostRace = error instanceof RemoteError && error.check === 'MPC:S1';
        if (!lostRace || i === peers.length - 1) throw error;
      }
    }
    const [record] = decodeParts(reply ?? new Uint8Array(0), 'Signature', 2) as [Uint8Array];
    checkFinalSignature(this.#record, 'sha256', message, decodeSignatureRecord(secp256k1Curve, record).signature);
  }
}
