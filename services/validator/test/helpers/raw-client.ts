/** A client that a test drives step by step, and that says whatever the test wants, sealed with the account key of a wallet. */
import type { WalletData } from '@dwallet/client-sdk';
import { Secret, type SessionId, bytesToInteger, sessionId } from '@dwallet/sigma';
import { MemorySignMessageStore, decodePresign, presignIdsOf, signOnce } from '@dwallet/two-pc-mpc/client';
import {
  type DWalletRecord,
  type HashScheme,
  type MessageToSign,
  type NetworkSetup,
  type PresignCertificate,
  type SignOrder,
  type SignatureRecord,
  type Presign,
  clientKind,
  decodeBlame,
  decodeCertificate,
  decodeDWalletRecord,
  decodeParts,
  decodeReply,
  decodeSetupRecord,
  decodeSignatureRecord,
  encodeCall,
  encodeEnvelope,
  encodeSignRequest,
  encodeTakePresign,
  maxBodyBytes,
  messageRequest,
  rawMessageRequest,
  rawOrder,
  sealEnvelope,
  signOrderDigest,
} from '@dwallet/two-pc-mpc/network';
import { type ToyNetwork, accountKeyOf, curve, fixture, fromHex, randomFor } from './toy-network.ts';

export interface Taken {
  readonly presign: Presign;
  readonly certificate: PresignCertificate;
  /** Certificate of the assignment. A sign request shows it if it is here. */
  readonly assignment?: Uint8Array;
  readonly nonce: Uint8Array;
  /** What the key signs the hash of. */
  readonly message: Uint8Array;
  /** Default: SHA-256. */
  readonly hashScheme?: HashScheme;
  /** What validators are asked to sign; default: the message, raw. */
  readonly order?: SignOrder;
}

/** As a client that shows no certificate: validators look for it themselves. */
export const unshown = ({ assignment: _kept, ...taken }: Taken): Taken => taken;

const orderOf = ({
  order,
  hashScheme = 'sha256',
  message,
}: Pick<Taken, 'order' | 'hashScheme' | 'message'>): SignOrder => order ?? rawOrder(hashScheme, message);

export class RawClient {
  readonly network: ToyNetwork;
  readonly wallet: WalletData;
  readonly setup: NetworkSetup;
  readonly record: DWalletRecord;
  readonly id: SessionId;
  readonly #account: Secret<Uint8Array>;

  /** Alice, unless told otherwise. */
  constructor(network: ToyNetwork, wallet: WalletData = fixture().wallet) {
    this.network = network;
    this.wallet = wallet;
    const [stored] = decodeParts(network.store(1).get('network', 'setup') as Uint8Array, 'setup', 2) as [Uint8Array];
    this.setup = decodeSetupRecord(curve, network.parameters, stored);
    this.record = decodeDWalletRecord(this.setup, fromHex(wallet.wallets[0]?.record ?? ''));
    this.id = sessionId(fromHex(wallet.wallets[0]?.id ?? ''));
    this.#account = accountKeyOf(wallet);
  }

  seal(kind: string, session: Uint8Array, body: Uint8Array, account = this.#account): Uint8Array {
    return encodeEnvelope(sealEnvelope(account, { networkId: this.network.networkId, session, kind, body }));
  }
  /** Sends an envelope to one validator, over the line that a client has to it. */
  async send(to: number, kind: string, envelope: Uint8Array): Promise<Uint8Array> {
    const peer = this.network.peers(to)[0];
    return decodeReply(await (peer as NonNullable<typeof peer>).call(encodeCall(kind, envelope)), maxBodyBytes);
  }

  takeRequest(message: Uint8Array, nonce: Uint8Array): Uint8Array {
    return this.seal(
      clientKind.takePresign,
      this.id,
      encodeTakePresign(this.id, rawMessageRequest('sha256', message, nonce)),
    );
  }
  /** A presign assigned to this message. */
  async take(to: number, label: string): Promise<Taken> {
    const nonce = randomFor(`nonce/${label}`)(32);
    const message = new TextEncoder().encode(label);
    return this.#taken(to, this.takeRequest(message, nonce), { nonce, message });
  }
  /** A presign assigned to this order. */
  async takeOrder(to: number, label: string, order: SignOrder, signed: MessageToSign): Promise<Taken> {
    const nonce = randomFor(`nonce/${label}`)(32);
    const request = encodeTakePresign(this.id, messageRequest(order, signed, nonce));
    return this.#taken(to, this.seal(clientKind.takePresign, this.id, request), { nonce, order, ...signed });
  }
  /** A presign for an order that is told later. */
  async reserveOrder(to: number, label: string, order: SignOrder, signed: MessageToSign): Promise<Taken> {
    const nonce = randomFor(`nonce/${label}`)(32);
    const request = encodeTakePresign(this.id, { kind: 'reservation', nonce });
    return this.#taken(to, this.seal(clientKind.takePresign, this.id, request), { nonce, order, ...signed });
  }
  async #taken(
    to: number,
    request: Uint8Array,
    what: Omit<Taken, 'presign' | 'certificate' | 'assignment'>,
  ): Promise<Taken> {
    const reply = await this.send(to, clientKind.takePresign, request);
    const [bytes, batch, certificate, assignment] = decodeParts(reply, 'Presign', 4) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    return {
      presign: decodePresign(this.setup, bytes),
      certificate: { ids: presignIdsOf(batch), certificate: decodeCertificate(certificate) },
      assignment,
      ...what,
    };
  }

  /** A client message for a presign: another one for every label, as from a wallet that forgot the one it made. */
  signMessage(taken: Taken, label = 'first'): Promise<Uint8Array> {
    return signOnce({
      store: new MemorySignMessageStore(),
      setup: this.setup,
      committee: this.network.committee,
      certificate: taken.certificate,
      record: this.record,
      presign: taken.presign,
      userShare: new Secret(bytesToInteger(fromHex(this.wallet.wallets[0]?.userShare ?? ''))),
      hashScheme: taken.hashScheme ?? 'sha256',
      message: taken.message,
      order: signOrderDigest(orderOf(taken)),
      random: randomFor(`sign message/${label}`),
    });
  }

  /** The envelope that asks for a signature. */
  signRequest(
    taken: Taken,
    signMessage: Uint8Array,
    change: Partial<Parameters<typeof encodeSignRequest>[0]> = {},
    account = this.#account,
  ): Uint8Array {
    const { presign, nonce, assignment } = taken;
    const fields = {
      id: this.id,
      presignId: presign.presignId,
      assignedTo: 'message' as const,
      nonce,
      ...orderOf(taken),
      signMessage,
      ...(assignment === undefined ? {} : { assignment }),
    };
    const body = { ...fields, ...change };
    return this.seal(clientKind.sign, body.presignId, encodeSignRequest(body), account);
  }

  async sign(to: number, envelope: Uint8Array) {
    const [record, faults] = decodeParts(await this.send(to, clientKind.sign, envelope), 'Signature', 2) as [
      Uint8Array,
      Uint8Array,
    ];
    const decoded: SignatureRecord = decodeSignatureRecord(curve, record);
    return { ...decoded, blamed: decodeBlame(faults) };
  }
}
