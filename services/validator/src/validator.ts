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
  type ComputePool,
  type Envelope,
  InlinePool,
  type Peer,
  type SingleUseStore,
  clientKind,
  decodeCall,
  decodeParts,
  encodeFailure,
  encodeParts,
  encodeResult,
  maxBodyBytes,
  networkIdOf,
  openEnvelope,
} from '@dwallet/two-pc-mpc/network';
import {
  Core,
  RefusedError,
  type SessionRequest,
  type Timeouts,
  decodeSessionRequest,
  defaultTimeouts,
} from './core.ts';
import { type Clock, systemClock } from './clock.ts';
import { validatorJobs } from './compute/jobs.ts';
import { requestPool } from './compute/request-pool.ts';
import { EvidenceExchange } from './evidence-exchange.ts';
import { EvidenceLog } from './evidence-log.ts';
import { type EvidenceVerdict, exportEvidence } from './evidence.ts';
import type { Keystore } from './keystore.ts';
import { NetworkState, type StoredDWallet } from './network-state.ts';
import { type ObservedProtocol, type Observer, type SessionOutcome, silentObserver } from './observer.ts';
import { type SigningPolicy, composePolicies, ownerPolicy } from './policy/signing-policy.ts';
import { Records } from './records.ts';
import { newTraceId, noteSession, requestContext, toTheEnd, withRequestContext } from './request-context.ts';
import { DWalletSessions } from './sessions/dwallet.ts';
import { leadNetworkDkg, networkDkgSession } from './sessions/network-dkg.ts';
import { leadNetworkSetup, networkSetupSession } from './sessions/network-setup.ts';
import { leadPresign, presignSession } from './sessions/presign.ts';
import { type CeremonyProtocol, InboxAgreement } from './sessions/fixed-inbox.ts';
import { decodeOpening } from './sessions/opening.ts';
import { type SessionProtocol, requireCeremony, requireSession } from './sessions/session.ts';
import { SignSessions } from './sessions/sign.ts';
import { decodeTranscript } from './sessions/sign-transcript.ts';
import { Zones, type ZonesOptions } from './zones/index.ts';
import { type ForkProof, decodeForkProof } from './zones/log/fork-proof.ts';
import type { RecordStore } from './store/record-store.ts';
import { inTrace, withSpan } from './tracing.ts';

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
  /** Default: the platform's. */
  readonly clock?: Clock;
  readonly observer?: Observer;
  /** Default: the calling thread. Whoever passes a pool closes it. */
  readonly compute?: ComputePool;
  /** Asked before each signature, after the rule of the dWallet's owner (ZONE:1), in this order. All of them must allow it. */
  readonly policies?: readonly SigningPolicy[];
  /** The zones that the operator configured. Without any, nothing about zones is asked and nothing is enforced. */
  readonly zones?: ZonesOptions;
  /** Profiles that are not for production are refused unless a test says so. */
  readonly allowTestProfile?: boolean;
}

/** Public facts for operators. */
export interface ValidatorStatus {
  readonly hasKey: boolean;
  readonly hasSetup: boolean;
  readonly availablePresigns: number;
  /** Those of them that this validator led. */
  readonly ownPresigns: number;
  readonly evidence: readonly string[];
  /** dWallets that an alarm has locked here. */
  readonly lockedDWallets: readonly string[];
}

/**
 * Requests that may be left half way when nobody waits for them: they verify, and write their contribution or vote at the very end or not at all.
 * What installs a certified record, or may lie between the marker of a presign and its share, always goes on.
 */
const stoppable: ReadonlySet<string> = new Set([
  'session/contribute',
  'session/propose',
  'session/vote',
  'dwallet/vote',
  'sign/assign',
  'sign/bind',
]);

function frames(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [` (${error.name})`, ...at.slice(0, 6)].join('\n');
}

export class Validator implements Peer {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #evidence: EvidenceLog;
  readonly #exchange: EvidenceExchange;
  readonly #agreement: InboxAgreement;
  readonly #dkg: CeremonyProtocol;
  readonly #setup: CeremonyProtocol;
  readonly #presign: SessionProtocol;
  readonly #records: Records;
  readonly #dwallets: DWalletSessions;
  readonly #sign: SignSessions;
  readonly networkId: Digest;
  /** Undefined when the operator configured no zones. */
  readonly zones: Zones | undefined;

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
      clock: options.clock ?? systemClock,
      observer: options.observer ?? silentObserver,
      compute: requestPool(options.compute ?? new InlinePool(validatorJobs, options.parameters, options.curve)),
    });
    this.#core.serveSelf = (call) => this.call(call);
    this.#state = new NetworkState(this.#core.options);
    this.#evidence = new EvidenceLog(this.#core, this.#state);
    this.#agreement = new InboxAgreement(this.#core);
    this.#dkg = networkDkgSession(this.#core, this.#state, this.#agreement, this.#evidence);
    this.#setup = networkSetupSession(this.#core, this.#state, this.#agreement, this.#evidence);
    this.#presign = presignSession(this.#core, this.#state, this.#evidence);
    this.#exchange = new EvidenceExchange(this.#core, this.#evidence, async (alarm, file) => {
      if (alarm.kind === 'zone-fork') this.#forked(decodeForkProof(alarm.material));
      else await this.#sign.alarm(encodeParts([decodeTranscript(alarm.material).request, file]));
    });
    this.#records = new Records(this.#core, this.#state, this.#exchange, (commit) => this.#replayDkg(commit));
    this.#dwallets = new DWalletSessions(this.#core, this.#state, this.#records);
    this.zones =
      options.zones === undefined
        ? undefined
        : new Zones(this.#core, options.zones, {
            dwallet: (publicKey) => this.#state.dwalletFacts(publicKey),
            boundAfterRestore: () => this.#records.boundAfterRestore(),
            forked: (proof) => this.#evidence.zoneFork(proof),
          });
    this.#sign = new SignSessions(
      this.#core,
      this.#state,
      this.#records,
      options.markers,
      this.#evidence,
      composePolicies([
        ownerPolicy,
        ...(options.policies ?? []),
        ...(this.zones === undefined ? [] : [this.zones.policy]),
      ]),
    );
  }

  // Leading, on behalf of the operator ----------------------------------------------------------------------------------------------

  /**
   * Fetches what others certified while this validator was away. To be called once they can be reached.
   * @param from - whose records are looked at; default: those of all others.
   */
  catchUp(from?: readonly ValidatorId[]): Promise<void> {
    return inTrace('catch-up', { attributes: this.#attributes }, async () => {
      await this.#records.catchUp(from);
      await this.zones?.catchUp();
    });
  }

  /** Fetches, judges and keeps evidence that others have. To be called now and then. */
  learnEvidence(): Promise<void> {
    return inTrace('learn evidence', { attributes: this.#attributes }, () => this.#exchange.learn());
  }

  /**
   * Runs network DKG and setup if the network has none yet; goes on where an interrupted one stopped, whoever led it. Several validators may lead
   * at once: it is one ceremony.
   */
  async leadGenesis(): Promise<void> {
    await this.#records.ensureNetwork();
    if (this.hasNetwork) return;
    await this.#observed('genesis', async () => {
      if (this.#state.sharing === undefined)
        await this.#orAnotherLeader(
          leadNetworkDkg(this.#core, this.#dkg, this.#agreement),
          () => this.#state.sharing !== undefined,
        );
      if (this.#state.setup === undefined)
        await this.#orAnotherLeader(
          leadNetworkSetup(this.#core, this.#setup, this.#agreement, this.#setupBasis()),
          () => this.#state.setup !== undefined,
        );
    });
  }

  /** Whether it has the network's key and setup. */
  get hasNetwork(): boolean {
    return this.#state.sharing !== undefined && this.#state.setup !== undefined;
  }

  /** The setup is made for one network key. */
  #setupBasis(): Uint8Array {
    const { keyBytes } = this.#state;
    if (keyBytes === undefined) throw new RefusedError('NOT_READY', 'there is no network key yet');
    return keyBytes.bytes;
  }

  /** A step that another leader finished meanwhile has not failed. */
  async #orAnotherLeader(work: Promise<unknown>, isDone: () => boolean): Promise<void> {
    try {
      await work;
    } catch (error) {
      await this.#records.ensureNetwork();
      if (!isDone()) throw error;
    }
  }

  /** Makes a batch of presigns. @param batch - 1..64. */
  async leadPresigns(batch: number): Promise<void> {
    await this.#observed('presign', () => leadPresign(this.#core, this.#presign, batch));
  }

  status(): ValidatorStatus {
    return {
      hasKey: this.#state.sharing !== undefined,
      hasSetup: this.#state.setup !== undefined,
      availablePresigns: this.#state.availableCount(),
      ownPresigns: this.#state.ownAvailable(),
      evidence: this.#core.store.list('evidence'),
      lockedDWallets: this.#state.lockedDWallets(),
    };
  }

  /** Evidence of misbehaviour that this validator has, by id: a file that {@link verifyEvidence} judges anywhere. */
  evidence(id: string): Uint8Array | undefined {
    return exportEvidence(this.#core.store, id);
  }

  /** Another validator showed that the zone log is forked, and the proof was judged. */
  #forked(proof: ForkProof): void {
    this.#evidence.zoneFork(proof);
    this.zones?.log.forkShown(proof);
  }

  /** Judges evidence as anybody would: from the file alone. */
  judgeEvidence(file: Uint8Array): Promise<EvidenceVerdict> {
    return this.#evidence.judge(file);
  }

  /** Lets a dWallet that an alarm locked be used again here, when its operator has looked. @returns whether it was locked. */
  releaseDWallet(id: Uint8Array): boolean {
    return this.#state.releaseDWallet(id);
  }

  // Reading, from this validator's own store ------------------------------------------------------------------------------------------

  /** A certified dWallet; undefined when this validator does not have it. */
  dwallet(id: Uint8Array): StoredDWallet | undefined {
    return this.#state.setup === undefined ? undefined : this.#state.findDWallet(id);
  }
  /** Ids of an account's dWallets in hex, ascending. @param account - Ed25519 key, 32 bytes. */
  dwalletIdsOf(account: Uint8Array): string[] {
    return this.#state.dwalletIdsOf(account);
  }
  /** Signature record of a presign, when it has signed. */
  signature(presign: Uint8Array): Uint8Array | undefined {
    return this.#core.store.get('signature', Buffer.from(presign).toString('hex'));
  }

  // Serving -------------------------------------------------------------------------------------------------------------------------

  /** Answers one encoded call; refusals are replies, never exceptions. */
  call(bytes: Uint8Array): Promise<Uint8Array> {
    const context = { ...(requestContext() ?? { traceId: newTraceId() }), session: {} };
    return withRequestContext(context, () => this.#answer(bytes));
  }

  async #answer(bytes: Uint8Array): Promise<Uint8Array> {
    try {
      const { method, body } = decodeCall(bytes, maxBodyBytes + 1024);
      const answer = (): Promise<Uint8Array> => this.#dispatch(method, body);
      return encodeResult(await (stoppable.has(method) ? answer() : toTheEnd(answer)));
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

  /**
   * What a client needs to check everything itself: name, committee, key and setup with their certificates. And this validator's own statement of the
   * generation of its store, for the id of a dWallet that the client creates.
   */
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
      this.#core.sayGeneration(),
    ]);
  }

  get #attributes(): { readonly 'dwallet.validator': number } {
    return { 'dwallet.validator': this.#core.index };
  }

  /** Leads one session under the eyes of the observer. */
  async #observed<T>(protocol: ObservedProtocol, work: () => T | Promise<T>): Promise<T> {
    const { observer } = this.#core.options;
    observer.sessionStarted(protocol);
    let outcome: SessionOutcome = 'failed';
    try {
      const result = await withSpan(`session ${protocol}`, { attributes: this.#attributes }, work);
      outcome = 'succeeded';
      return result;
    } catch (error) {
      if (error instanceof DWalletError && error.code !== 'THRESHOLD_NOT_REACHED') outcome = 'refused';
      throw error;
    } finally {
      observer.sessionEnded(protocol, outcome);
    }
  }

  /** This validator's own step in a session that anybody leads. */
  async #observedStep<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const { observer, clock } = this.#core.options;
    const begin = clock.now();
    try {
      return await withSpan(`step ${name}`, { attributes: { ...this.#attributes, 'dwallet.role': 'member' } }, work);
    } catch (error) {
      observer.refused(name, error instanceof DWalletError ? error.code : 'INTERNAL');
      throw error;
    } finally {
      observer.step(name, 'member', (clock.now() - begin) / 1000);
    }
  }

  #client(method: string, body: Uint8Array): Promise<Uint8Array> {
    const envelope: Envelope = openEnvelope(body, this.networkId);
    noteSession(envelope.session);
    if (envelope.kind !== method) throw new DecodeError('Envelope.kind', `is ${envelope.kind}, must be ${method}`);
    switch (method) {
      case clientKind.registerUserKey:
        return this.#observed('register-user-key', () => this.#registerUserKey(body));
      case clientKind.createDWallet:
        return this.#observed('create-dwallet', () => this.#dwallets.lead(envelope, body));
      case clientKind.acceptDWallet:
        return this.#observed('accept-dwallet', () => this.#dwallets.leadAccept(body));
      case clientKind.takePresign:
        return this.#observed('take-presign', () => this.#sign.leadTakePresign(body));
      case clientKind.sign:
        return this.#observed('sign', () => this.#sign.leadSign(body));
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
    noteSession(envelope.session);
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
    noteSession(request.session);
    const protocol = this.#protocol(request);
    if (protocol === this.#presign) {
      requireSession(this.#core, leader, request);
      await this.#records.ensureNetwork();
    } else await this.#requireCeremony(request);
    return { protocol, request };
  }

  async #requireCeremony(request: SessionRequest): Promise<CeremonyProtocol> {
    const protocol = [this.#dkg, this.#setup].find(({ name }) => name === request.protocol);
    if (protocol === undefined) throw new DecodeError('SessionRequest.protocol', 'does not fix inboxes');
    if (protocol === this.#setup) await this.#records.ensureKey();
    requireCeremony(this.#core, request, protocol === this.#setup ? this.#setupBasis() : new Uint8Array(0));
    return protocol;
  }

  /** @param input - a proposal says its ballot where other requests say nothing. */
  async #ceremony(
    body: Uint8Array,
    input: 'empty' | 'with-ballot' = 'empty',
  ): Promise<{ protocol: CeremonyProtocol; request: SessionRequest }> {
    const request = this.#decodeSession(body);
    noteSession(request.session);
    const bare = input === 'empty' ? request : { ...request, input: new Uint8Array(0) };
    return { protocol: await this.#requireCeremony(bare), request };
  }

  /** Stores the result of a session after the certificate over everything that this validator derives from its messages. */
  async #commit(protocol: SessionProtocol, request: SessionRequest): Promise<void> {
    const bytes = request.certificates.at(-1) ?? new Uint8Array(0);
    const open = { ...request, certificates: request.certificates.slice(0, -1) };
    const certificate = this.#core.requireCertificate(bytes, await protocol.conclude(open), 'MPC:N5');
    await protocol.commit(open, certificate);
  }

  async #replayDkg(commit: Uint8Array): Promise<void> {
    const request = this.#decodeSession(commit);
    if (this.#protocol(request) !== this.#dkg) throw new DecodeError('SessionRequest.protocol', 'is not the DKG');
    await this.#commit(this.#dkg, request);
  }

  async #peer(method: string, from: ValidatorId, body: Uint8Array): Promise<Uint8Array> {
    if (method.startsWith('zones/')) {
      if (this.zones === undefined) throw new RefusedError('NOT_READY', 'this validator is not set up for zones');
      const { zones } = this;
      return this.#observedStep(method, () => zones.serve(method, from, body));
    }
    switch (method) {
      case 'session/contribute': {
        const { protocol, request } = await this.#session(from, body);
        this.#requirePart(protocol, request);
        return this.#observedStep(`${protocol.name}/${request.step}`, () => protocol.contribute(request));
      }
      case 'session/status': {
        const { protocol, request } = await this.#ceremony(body);
        return this.#agreement.status(protocol, request);
      }
      case 'session/propose': {
        const { protocol, request } = await this.#ceremony(body, 'with-ballot');
        return this.#observedStep(`${protocol.name}/propose`, () => this.#agreement.prepare(protocol, from, request));
      }
      case 'session/fix': {
        const { protocol, request } = await this.#ceremony(body);
        return this.#agreement.fix(protocol, request);
      }
      case 'session/vote': {
        const { protocol, request } = await this.#session(from, body);
        this.#requirePart(protocol, request);
        return this.#observedStep(`${protocol.name}/vote`, async () =>
          this.#core.voteOnce(await protocol.conclude(request)),
        );
      }
      case 'session/commit': {
        const { protocol, request } = await this.#session(from, body);
        await this.#commit(protocol, request);
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
        return this.#observedStep(method, () => this.#serveClient(method, body));
    }
  }

  /** The restore rule: a presign session commits to generations, a ceremony to none. @throws RefusedError ABSTAINS. */
  #requirePart(protocol: SessionProtocol, request: SessionRequest): void {
    if (protocol === this.#presign)
      this.#core.requirePart(decodeOpening(request.input).generations.get(this.#core.index));
    else this.#core.requireNeverRestored();
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
      case 'sign/alarm':
        return this.#sign.alarm(body);
      case 'sign/record':
        return this.#sign.record(body);
      default:
        throw new DecodeError('Call.method', 'is unknown');
    }
  }
}
