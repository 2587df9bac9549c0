/**
 * Clients as validators meet them: one that keeps to the rules and retries, and ones that do not. What a client asks for and what came of it is
 * kept for the checks at the end.
 *
 * @module
 */
import { type PresignId, type SessionId, type ValidatorId, encodeText, hashTagged } from '@dwallet/sigma';
import { type PresignCertificate, checkFinalSignature } from '@dwallet/two-pc-mpc/client';
import {
  type Generations,
  type Presign,
  assignmentFact,
  clientKind,
  decodeBlame,
  decodeCertificate,
  decodeNetworkReply,
  decodeParts,
  decodePresign,
  decodeReply,
  decodeSignatureRecord,
  encodeAcceptDWallet,
  encodeCall,
  encodeCreateDWallet,
  encodeEnvelope,
  encodeSignRequest,
  encodeTakePresign,
  maxBodyBytes,
  openGeneration,
  rawMessageRequest,
  rawOrder,
  presignIdsOf,
  presignRequestDigest,
  sealEnvelope,
  verifyCertificate,
  verifyPresignCertificate,
} from '@dwallet/two-pc-mpc/network';
import {
  account,
  committee,
  creationFor,
  curve,
  dwallet,
  dwalletId,
  networkId,
  setup,
  signMessageFor,
} from './base.ts';
import type { Host } from './host.ts';
import type { Chance, Scheduler } from './scheduler.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export interface ClientWorld {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly hosts: ReadonlyMap<ValidatorId, Host>;
  readonly trace: (text: string) => void;
  /** A validator tells a client that another one is at fault. */
  readonly blamed: (leader: ValidatorId, party: number) => void;
}

/** What a sign request is about. */
export interface Purpose {
  readonly message: Uint8Array;
  readonly nonce: Uint8Array;
  readonly kind: 'message' | 'reservation';
}

export const purposeOf = (label: string, kind: Purpose['kind']): Purpose => ({
  message: encodeText(`pay ${label}`),
  nonce: hashTagged('simulation-nonce', [encodeText(kind === 'message' ? label : 'reserved')], 32),
  kind,
});

export interface Taken {
  readonly presign: Presign;
  readonly certificate: PresignCertificate;
  /** Certificate of the assignment, as the first answer had it. */
  readonly assignment: Uint8Array;
}

/** A signature that a client got and verified. */
export interface Signed {
  readonly leader: ValidatorId;
  readonly presign: PresignId;
  /** The bytes that it asked with. */
  readonly call: Uint8Array;
  readonly r: bigint;
  readonly s: bigint;
}

export class Refused extends Error {
  override readonly name = 'Refused';
}

/** The acts of a client at one validator. Each rejects when the answer does not come or does not verify. */
export class Client {
  readonly world: ClientWorld;
  #known: Promise<Generations> | undefined;
  constructor(world: ClientWorld) {
    this.world = world;
  }

  #envelope(kind: string, session: Uint8Array, body: Uint8Array): Uint8Array {
    return encodeCall(kind, encodeEnvelope(sealEnvelope(account, { networkId, session, kind, body })));
  }
  async send(to: ValidatorId, call: Uint8Array, kind: string): Promise<Uint8Array> {
    const host = this.world.hosts.get(to) as Host;
    return decodeReply(await host.receive('client', kind, call), maxBodyBytes);
  }

  async take(to: ValidatorId, { message, nonce, kind }: Purpose): Promise<Taken> {
    const request = kind === 'message' ? rawMessageRequest('sha256', message, nonce) : ({ kind, nonce } as const);
    const call = this.#envelope(clientKind.takePresign, dwalletId, encodeTakePresign(dwalletId, request));
    const reply = await this.send(to, call, clientKind.takePresign);
    const [bytes, batch, certificateBytes, assignment] = decodeParts(reply, 'Presign', 4) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const presign = decodePresign(setup, bytes);
    const certificate = { ids: presignIdsOf(batch), certificate: decodeCertificate(certificateBytes) };
    verifyPresignCertificate(setup, committee, presign, certificate);
    const fact = assignmentFact(presign.presignId, dwalletId, presignRequestDigest(dwalletId, request));
    verifyCertificate(committee, decodeCertificate(assignment), fact, 'MPC:V3');
    return { presign, certificate, assignment };
  }

  /**
   * The call that asks for a signature.
   * @param variant - another client message for each.
   * @param shows - whether the certificate of the assignment goes with it.
   */
  async signCall(
    { presign, certificate, assignment }: Taken,
    purpose: Purpose,
    variant = 0,
    shows = true,
  ): Promise<Uint8Array> {
    const { presignId } = presign;
    const signMessage = await signMessageFor(presign, certificate, purpose.message, variant);
    const request = {
      id: dwalletId,
      presignId,
      assignedTo: purpose.kind,
      nonce: purpose.nonce,
      ...rawOrder('sha256', purpose.message),
      signMessage: variant === badProof ? spoilt(signMessage) : signMessage,
      ...(shows ? { assignment } : {}),
    } as const;
    return this.#envelope(clientKind.sign, presignId, encodeSignRequest(request));
  }

  async sign(to: ValidatorId, { presign }: Taken, { message }: Purpose, call: Uint8Array): Promise<Signed> {
    const reply = await this.send(to, call, clientKind.sign);
    const [record, faults] = decodeParts(reply, 'Signature', 2) as [Uint8Array, Uint8Array];
    const { signature } = decodeSignatureRecord(curve, record);
    for (const { party } of decodeBlame(faults)) this.world.blamed(to, party);
    checkFinalSignature(dwallet, 'sha256', message, signature);
    this.world.trace(`signed by ${to}: ${hex(presign.presignId).slice(0, 8)}`);
    return { leader: to, presign: presign.presignId, call, r: signature.r, s: signature.s };
  }

  /** The same request once more. @throws Error unless the answer is the same signature. */
  async again(to: ValidatorId, call: Uint8Array, expected: { readonly r: bigint; readonly s: bigint }): Promise<void> {
    const [record] = decodeParts(await this.send(to, call, clientKind.sign), 'Signature', 2) as [Uint8Array];
    const { signature } = decodeSignatureRecord(curve, record);
    if (signature.r !== expected.r || signature.s !== expected.s) throw new Refused('another signature');
  }

  /** What every validator that answers says of its store. One session for a dWallet: asked once. */
  #generations(): Promise<Generations> {
    this.#known ??= (async () => {
      const call = encodeCall('network', new Uint8Array(0));
      const generations = new Map<ValidatorId, Uint8Array>();
      const ask = async (v: ValidatorId): Promise<void> => {
        const [, , , , , , , statement] = decodeNetworkReply(await this.send(v, call, 'network'));
        const { from, generation } = openGeneration(committee, networkId, statement);
        generations.set(from, generation);
      };
      await Promise.allSettled(committee.access.validators.map(ask));
      return generations;
    })();
    return this.#known;
  }

  /** Asks for a dWallet and accepts it. */
  async create(to: ValidatorId, variant: number): Promise<SessionId> {
    const { session, named, message, accept } = creationFor(variant, await this.#generations());
    const body = encodeCreateDWallet(named, message);
    const reply = await this.send(
      to,
      this.#envelope(clientKind.createDWallet, session, body),
      clientKind.createDWallet,
    );
    const [record, certificate] = decodeParts(reply, 'DWallet', 2) as [Uint8Array, Uint8Array];
    const acceptance = encodeAcceptDWallet(session, accept(record, certificate));
    const call = this.#envelope(clientKind.acceptDWallet, session, acceptance);
    await this.send(to, call, clientKind.acceptDWallet);
    return session;
  }
}

/** The variant of a client message whose proof is wrong. */
export const badProof = 99;

function spoilt(signMessage: Uint8Array): Uint8Array {
  const bytes = signMessage.slice();
  bytes[bytes.length - 40] = (bytes.at(-40) as number) ^ 1;
  return bytes;
}
