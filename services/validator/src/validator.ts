/**
 * One validator: answers encoded calls of clients and of other validators, and leads sessions when asked to. It talks to the others only
 * through {@link Peer}s, so it does not matter where they run.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import {
  type Curve,
  DWalletError,
  DecodeError,
  type Digest,
  type Random,
  type ValidatorId,
  encodeText,
} from '@dwallet/sigma';
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
import {
  Core,
  RefusedError,
  type SessionRequest,
  type Timeouts,
  decodeSessionRequest,
  defaultTimeouts,
} from './core.ts';
import type { Keystore } from './keystore.ts';
import { NetworkState } from './network-state.ts';
import { Records } from './records.ts';
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
  readonly timeouts?: Partial<Timeouts>;
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

function frames(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [` (${error.name})`, ...at.slice(0, 6)].join('\n');
}

export class Validator implements Peer {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #dkg: ReturnType<typeof networkDkgSession>;
  readonly #setup: SessionProtocol;
  readonly #presign: SessionProtocol;
  readonly #records: Records;
  readonly #dwallets: DWalletSessions;
  readonly #sign: SignSessions;
  readonly networkId: Digest;

  constructor(options: ValidatorOptions) {
    const { profile } = options.parameters;
    if (!profile.production && options.allowTestProfile !== true) {
      throw new RefusedError('UNAVAILABLE', `profile ${profile.id} is for tests only`);
    }
    this.networkId = networkIdOf(options.networkName, profile.id, options.committee.digest);
    this.#core = new Core({
      ...options,
      networkId: this.networkId,
      log: options.log ?? (() => {}),
      timeouts: { ...defaultTimeouts, ...options.timeouts },
    });
    this.#core.serveSelf = (call) => this.call(call);
    this.#state = new NetworkState(this.#core.options);
    this.#dkg = networkDkgSession(this.#core, this.#state);
    this.#setup = networkSetupSession(this.#core, this.#state);
    this.#presign = presignSession(this.#core, this.#state);
    this.#records = new Records(this.#core, this.#state, (commit) => this.#replayDkg(commit));
    this.#dwallets = new DWalletSessions(this.#core, this.#state, this.#records);
    this.#sign = new SignSessions(this.#core, this.#state, this.#records, options.markers);
  }

  // Leading, on behalf of the operator ----------------------------------------------------------------------------------------------

  /** Fetches what others certified while this validator was away. To be called once the others can be reached. */
  catchUp(): Promise<void> {
    return this.#records.catchUp();
  }

  /** Runs network DKG and setup if the network has none yet; goes on where an interrupted one stopped. */
  async leadGenesis(): Promise<void> {
    await this.#records.ensureNetwork();
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
      // The caller learns nothing of what nobody foresaw; the operator learns where, without a message that might quote anything.
      if (!(error instanceof DWalletError)) this.#core.options.log(`internal error${frames(error)}`);
      return encodeFailure(error);
    }
  }

  async #dispatch(method: string, body: Uint8Array): Promise<Uint8Array> {
    if (method === 'network') return this.#network();
    if (method.startsWith('client/')) return this.#client(method, body);
    const request = this.#core.openRequest(method, body);
    return this.#peer(method, request.from, request.body);
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
        return this.#sign.leadTakePresign(body);
      case clientKind.sign:
        return this.#sign.leadSign(body);
      default:
        throw new DecodeError('Call.method', 'is unknown');
    }
  }

  async #registerUserKey(body: Uint8Array): Promise<Uint8Array> {
    const answers = await this.#core.collect('user-key', body, () => {}, { graceMs: 'adaptive' });
    const { access } = this.#core.committee;
    const weight = access.weight(answers.flatMap((answer) => ('body' in answer ? [answer.validator] : [])));
    if (weight < access.threshold) throw this.#core.refusal('registration of a user key', answers, weight);
    return new Uint8Array(0);
  }

  #clientEnvelope(body: Uint8Array, kind: string): Envelope {
    const envelope = openEnvelope(body, this.networkId);
    if (envelope.kind !== kind) throw new DecodeError('Envelope.kind', `is ${envelope.kind}, must be ${kind}`);
    return envelope;
  }

  #protocol(request: SessionRequest): SessionProtocol {
    const protocol = [this.#dkg, this.#setup, this.#presign].find(({ name }) => name === request.protocol);
    if (protocol === undefined) throw new DecodeError('SessionRequest.protocol', 'is unknown');
    return protocol;
  }

  #decodeSession(body: Uint8Array): SessionRequest {
    return decodeSessionRequest(body, this.#core.committee.access.validators.length);
  }

  async #session(
    leader: ValidatorId,
    body: Uint8Array,
  ): Promise<{ protocol: SessionProtocol; request: SessionRequest }> {
    const request = this.#decodeSession(body);
    const protocol = this.#protocol(request);
    requireSession(this.#core, leader, request, protocol === this.#presign ? 'INTERNAL_PRESIGN' : 'SYSTEM');
    if (protocol === this.#setup) await this.#records.ensureKey();
    if (protocol === this.#presign) await this.#records.ensureNetwork();
    return { protocol, request };
  }

  /** Stores the result of a session after the certificate over everything that this validator derives from its messages. */
  #commit(protocol: SessionProtocol, request: SessionRequest): void {
    const certificate = decodeCertificate(request.certificates.at(-1) ?? new Uint8Array(0));
    const open = { ...request, certificates: request.certificates.slice(0, -1) };
    verifyCertificate(this.#core.committee, certificate, protocol.conclude(open), 'MPC:N5');
    protocol.commit(open, certificate);
  }

  #replayDkg(commit: Uint8Array): void {
    const request = this.#decodeSession(commit);
    if (this.#protocol(request) !== this.#dkg) throw new DecodeError('SessionRequest.protocol', 'is not the DKG');
    this.#commit(this.#dkg, request);
  }

  async #peer(method: string, from: ValidatorId, body: Uint8Array): Promise<Uint8Array> {
    switch (method) {
      case 'session/contribute': {
        const { protocol, request } = await this.#session(from, body);
        return protocol.contribute(request);
      }
      case 'session/fix': {
        const { request, protocol } = await this.#session(from, body);
        if (protocol !== this.#dkg) throw new DecodeError('SessionRequest.protocol', 'does not fix inboxes');
        return this.#core.voteOnce(this.#dkg.fix(request));
      }
      case 'session/vote': {
        const { protocol, request } = await this.#session(from, body);
        return this.#core.voteOnce(protocol.conclude(request));
      }
      case 'session/commit': {
        const { protocol, request } = await this.#session(from, body);
        this.#commit(protocol, request);
        return new Uint8Array(0);
      }
      case 'records/fetch':
        return this.#records.fetch(body);
      case 'records/list':
        return this.#records.list(body);
      case 'user-key':
        this.#state.registerUserKey(this.#clientEnvelope(body, clientKind.registerUserKey).body);
        return new Uint8Array(0);
      default:
        await this.#records.ensureNetwork();
        return this.#serveClient(method, body);
    }
  }

  /** What members do for a client, each by itself, on the client's own signed request. */
  #serveClient(method: string, body: Uint8Array): Promise<Uint8Array> | Uint8Array {
    switch (method) {
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
