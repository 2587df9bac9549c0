/**
 * PeerService: what validators ask of each other. The line says who is there (a pinned certificate), the envelope says who asks; they must be the
 * same member (lessons 1.14). Requests of clients travel inside, signed by their accounts, and are nobody else's.
 *
 * @module
 */
import type { ServerUnaryCall, UntypedHandleCall } from '@grpc/grpc-js';
import {
  type HelloRequest,
  type HelloResponse,
  type PeerMethodName,
  peerMethods,
  protocolVersion,
} from '@dwallet/proto';
import { DecodeError, type Digest, type ValidatorId } from '@dwallet/sigma';
import {
  type Committee,
  type Peer,
  decodeReply,
  encodeCall,
  maxBodyBytes,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { type TlsPin, pinOf } from '../tls/pins.ts';
import { type CallOptions, unary } from './calls.ts';
import { ApiError } from './errors.ts';
import type { ApiLimits } from './limits.ts';
import { InFlight } from './limits.ts';
import { peerRouting, routingMismatch } from './routing.ts';

/** What Hello says about this validator. */
export interface HelloFacts {
  /** How often its store was opened or restored. */
  readonly generation: number;
  readonly hasKey: boolean;
  readonly hasSetup: boolean;
  readonly availablePresigns: number;
  readonly softwareVersion: string;
}

export interface PeerServiceOptions extends CallOptions {
  readonly index: ValidatorId;
  readonly networkId: Digest;
  readonly committee: Committee;
  /** Pin of every member, validator 1 first. */
  readonly pins: readonly TlsPin[];
  /** Answers encoded calls: the validator. */
  readonly serve: Peer;
  readonly hello: () => HelloFacts;
  readonly limits: ApiLimits;
}

interface EnvelopeRequest {
  readonly envelope: Buffer;
}

/** Certificates that were seen, so that not every call hashes its own again. */
const maxKnownCertificates = 1024;

export class PeerService {
  readonly #options: PeerServiceOptions;
  readonly #inFlight: InFlight;
  readonly #known = new Map<string, TlsPin>();

  constructor(options: PeerServiceOptions) {
    this.#options = options;
    this.#inFlight = new InFlight(options.limits.maxPeerInFlight, options.limits.maxInFlightPerPeer);
  }

  get inFlight(): InFlight {
    return this.#inFlight;
  }

  /** Handlers by rpc. */
  handlers(): Record<string, UntypedHandleCall> {
    const { index, networkId, hello } = this.#options;
    const helloHandler = unary<HelloRequest, HelloResponse>('peer', 'Hello', this.#options, async (request, _, raw) => {
      const member = this.#memberOf(raw);
      if (request.validator !== member)
        throw new ApiError('IDENTITY_MISMATCH', `the line is that of validator ${member}`, { field: 'validator' });
      if (!request.networkId.equals(networkId)) throw new DecodeError('network_id', 'is another network');
      if (request.protocolVersion !== protocolVersion)
        throw new ApiError(
          'PROTOCOL_VERSION',
          `validator ${member} has ${request.protocolVersion}, validator ${index} ${protocolVersion}`,
          { field: 'protocol_version' },
        );
      return { validator: index, networkId, protocolVersion, ...hello() };
    });
    const acts = (Object.keys(peerMethods) as PeerMethodName[]).map((method) => {
      const { rpc } = peerMethods[method];
      return [
        rpc,
        unary<EnvelopeRequest, { body: Uint8Array }>('peer', rpc, this.#options, async (request, _, raw) => {
          const member = this.#memberOf(raw);
          const leave = this.#inFlight.enter(`validator:${member}`);
          try {
            this.#requireOwnEnvelope(method, member, request);
            const reply = await this.#options.serve.call(encodeCall(method, request.envelope));
            return { body: decodeReply(reply, maxBodyBytes) };
          } finally {
            leave();
          }
        }),
      ] as const;
    });
    return Object.fromEntries<UntypedHandleCall>([['Hello', helloHandler], ...acts]);
  }

  /** The member whose pinned certificate the line has. @throws ApiError IDENTITY_NOT_PINNED */
  #memberOf(call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>): ValidatorId {
    const certificate = call.getAuthContext().sslPeerCertificate;
    const pin = certificate === undefined ? undefined : this.#pinOf(certificate.raw);
    const at = pin === undefined ? -1 : this.#options.pins.indexOf(pin);
    const member = this.#options.committee.access.validators[at];
    if (member === undefined) throw new ApiError('IDENTITY_NOT_PINNED', 'the certificate is not that of a validator');
    return member;
  }

  #pinOf(raw: Buffer): TlsPin {
    const key = raw.toString('latin1');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const pin = pinOf(raw);
    if (this.#known.size >= maxKnownCertificates) this.#known.clear();
    this.#known.set(key, pin);
    return pin;
  }

  #requireOwnEnvelope(method: PeerMethodName, member: ValidatorId, request: EnvelopeRequest): void {
    const { committee } = this.#options;
    const envelope = peekEnvelope(request.envelope);
    // Its signature is verified by whoever serves it; until then the sender is a claim, and it must be the claim of this line.
    if (!Buffer.from(envelope.sender).equals(committee.identityKeys[member - 1] as Uint8Array))
      throw new ApiError('IDENTITY_MISMATCH', `the envelope is not signed by validator ${member}`, {
        field: 'envelope',
      });
    const field = routingMismatch(peerRouting(method, envelope), request);
    if (field !== undefined) throw new ApiError('ROUTING_MISMATCH', 'is not what the envelope says', { field });
  }
}
