/**
 * A Byzantine validator at its answers to others: it runs the real code, and says something else. It has its own keys and nobody else's.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import { type PresignId, type ValidatorId, secp256k1Curve, uniformBits } from '@dwallet/sigma';
import {
  type Envelope,
  type Fact,
  assignmentFact,
  boundDigestOf,
  decodeCall,
  decodeParts,
  decodeReply,
  decodeSignRequest,
  decodeTakePresign,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  networkIdOf,
  openEnvelope,
  peekEnvelope,
  sealEnvelope,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import { type ValidatorOptions, bindingFact } from '@dwallet/validator';
import type { Lie } from './messages.ts';

export class Liar {
  readonly #lie: Lie;
  readonly #options: ValidatorOptions;
  readonly #parameters: PublicParameters;
  readonly #networkId: ReturnType<typeof networkIdOf>;

  constructor(lie: Lie, options: ValidatorOptions, parameters: PublicParameters) {
    this.#lie = lie;
    this.#options = options;
    this.#parameters = parameters;
    this.#networkId = networkIdOf(options.networkName, parameters.profile.id, options.committee.digest);
  }

  get #index(): ValidatorId {
    return this.#options.index;
  }

  /** What it answers in place of `honest`; undefined: nothing, for ever. */
  reply(request: Uint8Array, honest: Uint8Array): Uint8Array | undefined {
    const { method, body } = decodeCall(request, 2 * maxBodyBytes);
    if (method === 'network' || method.startsWith('records/')) return honest;
    // As a leader it keeps to the rules: its own part must not lie to itself.
    const own = this.#options.committee.identityKeys[this.#index - 1] as Uint8Array;
    if (method.startsWith('client/') || Buffer.from(peekEnvelope(body).sender).equals(own)) return honest;
    const isShare = method === 'sign/share' || method === 'sign/prove';
    switch (this.#lie) {
      case 'silent':
        return undefined;
      case 'silent-shares':
        return isShare ? undefined : honest;
      case 'votes':
        return method === 'sign/bind' || method === 'sign/assign' ? (this.#vote(method, body) ?? honest) : honest;
      case 'shares':
        if (method === 'sign/bind') return this.#vote(method, body) ?? honest;
        return method === 'sign/share' ? this.#garbage(honest) : honest;
      case 'proofs':
        return isShare ? this.#garbage(honest) : honest;
      case 'contributions':
        return method === 'session/contribute' ? this.#garbage(honest) : honest;
    }
  }

  /** For whatever it is asked to vote for, unchecked and without remembering anything: two messages get two votes. */
  #vote(method: string, envelope: Uint8Array): Uint8Array | undefined {
    try {
      const { body } = peekEnvelope(envelope);
      return encodeResult(this.#sign(method === 'sign/bind' ? bindingOf(body) : assignmentOf(body)));
    } catch {
      return undefined;
    }
  }
  #sign(fact: Fact): Uint8Array {
    const { committee, keystore } = this.#options;
    return signFact(committee, fact, this.#index, keystore.identity).signature;
  }

  /** The last element of the message becomes another element of the group, under its own signature. */
  #garbage(honest: Uint8Array): Uint8Array {
    let envelope: Envelope;
    try {
      envelope = openEnvelope(decodeReply(honest, maxBodyBytes), this.#networkId);
    } catch {
      return honest;
    }
    const { group, randomnessBits } = this.#parameters;
    const body = envelope.body.slice();
    const element = this.#parameters.powerOfH(uniformBits(this.#options.random, randomnessBits), randomnessBits);
    body.set(group.encode(element), body.length - group.elementBytes);
    const { session, kind } = envelope;
    const sealed = sealEnvelope(this.#options.keystore.identity, { networkId: this.#networkId, session, kind, body });
    return encodeResult(encodeEnvelope(sealed));
  }
}

/** The fact that binds a presign to the bytes of a client's envelope. */
function bindingOf(client: Uint8Array): Fact {
  const request = decodeSignRequest(peekEnvelope(client).body);
  return bindingFact(request.presignId, boundDigestOf(secp256k1Curve, request));
}
function assignmentOf(body: Uint8Array): Fact {
  const [client, id] = decodeParts(body, 'AssignPresign', 2) as [Uint8Array, Uint8Array];
  const take = decodeTakePresign(peekEnvelope(client).body);
  return assignmentFact(id as PresignId, take.id, take.request);
}
