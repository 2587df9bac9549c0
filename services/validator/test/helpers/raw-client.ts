/** A client that a test drives step by step, and that says whatever the test wants, sealed with the account key of a wallet. */
import type { WalletData } from '@dwallet/client-sdk';
import { Secret, type SessionId, bytesToInteger, sessionId } from '@dwallet/sigma';
import { MemorySignMessageStore, decodePresign, presignIdsOf, signOnce } from '@dwallet/two-pc-mpc/client';
import {
  type DWalletRecord,
  type NetworkSetup,
  type PresignCertificate,
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
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { type ToyNetwork, accountKeyOf, curve, fixture, fromHex, randomFor } from './toy-network.ts';

export interface Taken {
  readonly presign: Presign;
  readonly certificate: PresignCertificate;
  readonly nonce: Uint8Array;
  readonly message: Uint8Array;
}

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
      encodeTakePresign(this.id, messageRequest('sha256', message, nonce)),
    );
  }
  /** A presign assigned to this message. */
  async take(to: number, label: string): Promise<Taken> {
    const nonce = randomFor(`nonce/${label}`)(32);
    const message = new TextEncoder().encode(label);
    const reply = await this.send(to, clientKind.takePresign, this.takeRequest(message, nonce));
    const [bytes, batch, certificate] = decodeParts(reply, 'Presign', 4) as [Uint8Array, Uint8Array, Uint8Array];
    return {
      presign: decodePresign(this.setup, bytes),
      certificate: { ids: presignIdsOf(batch), certificate: decodeCertificate(certificate) },
      nonce,
      message,
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
      hashScheme: 'sha256',
      message: taken.message,
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
    const { presign, nonce, message } = taken;
    const fields = {
      id: this.id,
      presignId: presign.presignId,
      assignedTo: 'message' as const,
      hashScheme: 'sha256' as const,
      nonce,
      message,
      signMessage,
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
