/**
 * One validator: answers encoded calls of clients and of other validators, and leads sessions when asked to. It talks to the others only
 * through {@link Peer}s, so it does not matter where they run.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import { type Curve, DecodeError, type Digest, type Random, type ValidatorId, encodeText } from '@dwallet/sigma';
import {
  type Committee,
  type Envelope,
  type Peer,
  type SingleUseStore,
  clientKind,
  decodeCall,
  decodeCertificate,
  decodeParts,
  encodeFailure,
  encodeParts,
  encodeResult,
  maxBodyBytes,
  networkIdOf,
  openEnvelope,
  verifyCertificate,
} from '@dwallet/two-pc-mpc/network';
import { Core, RefusedError, type SessionRequest, decodeSessionRequest } from './core.ts';
import type { Keystore } from './keystore.ts';
import { NetworkState } from './network-state.ts';
import { DWalletSessions } from './sessions/dwallet.ts';
import { leadNetworkDkg, networkDkgSession } from './sessions/network-dkg.ts';
import { leadNetworkSetup, networkSetupSession } from './sessions/network-setup.ts';
import { leadPresign, presignSession } from './sessions/presign.ts';
import { type SessionProtocol, requireSession } from './sessions/session.ts';
import { SignSessions } from './sessions/sign.ts';
import type { RecordStore } from './store/record-store.ts';

export interface ValidatorOptions {
  readonly index: ValidatorId;
  readonly networkName: string;
  readonly committee: Committee;
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  readonly keystore: Keystore;
  readonly store: RecordStore;
  readonly markers: SingleUseStore;
  readonly random: Random;
  readonly peers: ReadonlyMap<ValidatorId, Peer>;
  readonly log?: (text: string) => void;
  /** Profiles that are not for production are refused unless a test says so. */
  readonly allowTestProfile?: boolean;
}

/** Public facts for operators. */
export interface ValidatorStatus {
  readonly hasKey: boolean;
  readonly hasSetup: boolean;
  readonly availablePresigns: number;
  readonly evidence: readonly string[];
}

export class Validator implements Peer {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #dkg: ReturnType<typeof networkDkgSession>;
  readonly #setup: SessionProtocol;
  readonly #presign: SessionProtocol;
  readonly #dwallets: DWalletSessions;
  readonly #sign: SignSessions;
  readonly networkId: Digest;

  constructor(options: ValidatorOptions) {
    const { profile } = options.parameters;
    if (!profile.production && options.allowTestProfile !== true) {
      throw new RefusedError('UNAVAILABLE', `profile ${profile.id} is for tests only`);
    }
    this.networkId = networkIdOf(options.networkName, profile.id, options.committee.digest);
    this.#core = new Core({ ...options, networkId: this.networkId, log: options.log ?? (() => {}) });
    this.#core.serveSelf = (call) => this.call(call);
    this.#state = new NetworkState(this.#core.options);
    this.#dkg = networkDkgSession(this.#core, this.#state);
    this.#setup = networkSetupSession(this.#core, this.#state);
    this.#presign = presignSession(this.#core, this.#state);
    this.#dwallets = new DWalletSessions(this.#core, this.#state);
    this.#sign = new SignSessions(this.#core, this.#state, options.markers);
  }

  // Leading, on behalf of the operator ----------------------------------------------------------------------------------------------

  /** Runs network DKG and setup if the network has none yet. */
  async leadGenesis(): Promise<void> {
    if (this.#state.sharing === undefined) await leadNetworkDkg(this.#core, this.#dkg);
    if (this.#state.setup === undefined) await leadNetworkSetup(this.#core, this.#setup);
  }

  /** Makes a batch of presigns. @param batch - 1..64. */
  async leadPresigns(batch: number): Promise<void> {
    await leadPresign(this.#core, this.#presign, batch);
  }

  status(): ValidatorStatus {
    return {
      hasKey: this.#state.sharing !== undefined,
      hasSetup: this.#state.setup !== undefined,
      availablePresigns: this.#state.availablePresigns().length,
      evidence: this.#core.store.list('evidence'),
    };
  }

  /** Stored evidence of misbehaviour by id. */
  evidence(id: string): Uint8Array | undefined {
    return this.#core.store.get('evidence', id);
  }

  /** Decides evidence about a signature again, from its messages alone. */
  checkEvidence(evidence: Uint8Array): ReturnType<SignSessions['checkEvidence']> {
    return this.#sign.checkEvidence(evidence);
  }

  // Serving -------------------------------------------------------------------------------------------------------------------------

  /** Answers one encoded call; refusals are replies, never exceptions. */
  async call(bytes: Uint8Array): Promise<Uint8Array> {
    try {
      const { method, body } = decodeCall(bytes, maxBodyBytes + 1024);
      return encodeResult(await this.#dispatch(method, body));
    } catch (error) {
      return encodeFailure(error);
    }
  }

  async #dispatch(method: string, body: Uint8Array): Promise<Uint8Array> {
    if (method === 'network') return this.#network();
    if (method.startsWith('client/')) return this.#client(method, body);
    const { from, envelope } = this.#core.openMember(body, `request/${method}`);
    return this.#peer(method, from, envelope.body);
  }

  /** What a client needs to check everything itself: name, committee, key and setup with their certificates. */
  #network(): Uint8Array {
    const { keyBytes: key, setupBytes: setup } = this.#state;
    if (key === undefined || setup === undefined) throw new RefusedError('NOT_READY', 'the network has no key yet');
    const { committee, networkName } = this.#core.options;
    return encodeParts([
      encodeText(networkName),
      committee.access.encoded,
      encodeParts(committee.identityKeys),
      key.bytes,
      key.certificate,
      setup.bytes,
      setup.certificate,
    ]);
  }

  #client(method: string, body: Uint8Array): Promise<Uint8Array> | Uint8Array {
    const envelope: Envelope = openEnvelope(body, this.networkId);
    if (envelope.kind !== method) throw new DecodeError('Envelope.kind', `is ${envelope.kind}, must be ${method}`);
    switch (method) {
      case clientKind.registerUserKey:
        return this.#registerUserKey(body);
      case clientKind.createDWallet:
        return this.#dwallets.lead(envelope, body);
      case clientKind.acceptDWallet:
        return this.#dwallets.leadAccept(body);
      case clientKind.takePresign:
        return this.#sign.leadTakePresign(envelope, body);
      case clientKind.sign:
        return this.#sign.leadSign(body);
      default:
        throw new DecodeError('Call.method', 'is unknown');
    }
  }

  async #registerUserKey(body: Uint8Array): Promise<Uint8Array> {
    const answers = await this.#core.collect('user-key', body, () => {});
    const accepted = answers.flatMap((answer) => ('body' in answer ? [answer.validator] : []));
    if (!this.#core.committee.access.isAuthorized(accepted)) {
      const error = answers.flatMap((answer) => ('error' in answer ? [answer.error] : []))[0];
      throw error ?? new RefusedError('UNAVAILABLE', 'too few validators took the registration');
    }
    return new Uint8Array(0);
  }

  #clientEnvelope(body: Uint8Array, kind: string): Envelope {
    const envelope = openEnvelope(body, this.networkId);
    if (envelope.kind !== kind) throw new DecodeError('Envelope.kind', `is ${envelope.kind}, must be ${kind}`);
    return envelope;
  }

  #session(leader: ValidatorId, body: Uint8Array): { protocol: SessionProtocol; request: SessionRequest } {
    const request = decodeSessionRequest(body, this.#core.committee.access.validators.length);
    const protocol = [this.#dkg, this.#setup, this.#presign].find(({ name }) => name === request.protocol);
    if (protocol === undefined) throw new DecodeError('SessionRequest.protocol', 'is unknown');
    requireSession(this.#core, leader, request, protocol === this.#presign ? 'INTERNAL_PRESIGN' : 'SYSTEM');
    return { protocol, request };
  }

  #peer(method: string, from: ValidatorId, body: Uint8Array): Promise<Uint8Array> | Uint8Array {
    switch (method) {
      case 'session/contribute': {
        const { protocol, request } = this.#session(from, body);
        return protocol.contribute(request);
      }
      case 'session/fix': {
        const { request, protocol } = this.#session(from, body);
        if (protocol !== this.#dkg) throw new DecodeError('SessionRequest.protocol', 'does not fix inboxes');
        return this.#core.voteOnce(this.#dkg.fix(request));
      }
      case 'session/vote': {
        const { protocol, request } = this.#session(from, body);
        return this.#core.voteOnce(protocol.conclude(request));
      }
      case 'session/commit': {
        const { protocol, request } = this.#session(from, body);
        const certificate = decodeCertificate(request.certificates.at(-1) ?? new Uint8Array(0));
        const open = { ...request, certificates: request.certificates.slice(0, -1) };
        verifyCertificate(this.#core.committee, certificate, protocol.conclude(open), 'MPC:N5');
        protocol.commit(open, certificate);
        return new Uint8Array(0);
      }
      case 'user-key':
        this.#state.registerUserKey(this.#clientEnvelope(body, clientKind.registerUserKey).body);
        return new Uint8Array(0);
      case 'dwallet/vote':
        return this.#dwallets.vote(this.#clientEnvelope(body, clientKind.createDWallet));
      case 'dwallet/commit': {
        const [request, certificate] = decodeParts(body, 'CommitDWallet', 2) as [Uint8Array, Uint8Array];
        return this.#dwallets.commit(this.#clientEnvelope(request, clientKind.createDWallet), certificate);
      }
      case 'dwallet/accept':
        return this.#dwallets.accept(this.#clientEnvelope(body, clientKind.acceptDWallet));
      case 'sign/assign':
        return this.#sign.voteAssignment(body);
      case 'sign/bind':
        return this.#sign.voteBinding(body);
      case 'sign/share':
        return this.#sign.share(body);
      case 'sign/prove':
        return this.#sign.prove(body);
      case 'sign/record':
        return this.#sign.record(body);
      default:
        throw new DecodeError('Call.method', 'is unknown');
    }
  }
}
