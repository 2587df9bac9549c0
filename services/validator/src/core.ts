/**
 * What every session of one validator uses: its identity, committee, stores, randomness and peers, and the two acts that must never
 * happen twice with other inputs: contributing to a round and voting.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import {
  DWalletError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type Random,
  Reader,
  type SessionId,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  type Curve,
  digestTagged,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint16,
  hedgedRandom,
} from '@dwallet/sigma';
import {
  type Committee,
  type ComputePool,
  type Envelope,
  type Fact,
  type FactVote,
  type Peer,
  type QuorumCertificate,
  assembleCertificate,
  decodeCertificate,
  decodeReply,
  encodeCall,
  encodeEnvelope,
  generationKind,
  generationSession,
  maxBodyBytes,
  openEnvelope,
  openGeneration,
  sealEnvelope,
  signFact,
  verifyCertificate,
  verifyFactVote,
} from '@dwallet/two-pc-mpc/network';
import type { Cancel, Clock } from './clock.ts';
import type { Keystore } from './keystore.ts';
import { InFlight } from './in-flight.ts';
import { KnownGenerations } from './known-generations.ts';
import type { Observer } from './observer.ts';
import { noteProgress } from './request-context.ts';
import type { RecordStore } from './store/record-store.ts';
import { takesPart } from './sessions/opening.ts';
import { withSpan } from './tracing.ts';
import { Witness } from './witness.ts';

/** A refusal that is this validator's rule, not a failed proof: voting twice, contributing twice, serving a stranger. */
export class RefusedError extends DWalletError {
  override readonly name = 'RefusedError';
  readonly code: string;
  /** Rule or check behind it, such as `ZONE:1`, where there is one. */
  readonly check: string | undefined;
  /** Path of the field that is wrong, where there is one. */
  readonly field: string | undefined;
  constructor(
    code:
      | 'ALREADY_VOTED'
      | 'ALREADY_CONTRIBUTED'
      | 'NOT_A_MEMBER'
      | 'NOT_READY'
      | 'NOT_FOUND'
      | 'NOT_OWNER'
      | 'CONTRADICTION'
      | 'LOCKED'
      | 'PRESIGN_BURNT'
      | 'TOO_MANY_RESERVATIONS'
      /** Another acceptance of the dWallet was stored first. */
      | 'ALREADY_ACCEPTED'
      | 'UNREADABLE_TRANSACTION'
      | 'RAW_DIGEST_NOT_ALLOWED'
      | 'POLICY_REFUSED'
      /** It may have answered otherwise before it was restored from a backup. */
      | 'ABSTAINS'
      | 'UNAVAILABLE',
    message: string,
    { check, field, ...options }: ErrorOptions & { readonly check?: string; readonly field?: string } = {},
  ) {
    super(message, options);
    this.code = code;
    this.check = check;
    this.field = field;
  }
}

/** How long a validator waits for others, in milliseconds. */
export interface Timeouts {
  /** For an answer to a step of a session. */
  readonly answerMs: number;
  /** For the decryption shares of the expected set, before everybody is asked. */
  readonly sharesMs: number;
  /** For a record that another validator has. */
  readonly fetchMs: number;
}

export const defaultTimeouts: Timeouts = { answerMs: 600_000, sharesMs: 60_000, fetchMs: 15_000 };

export interface CoreOptions {
  readonly index: ValidatorId;
  readonly committee: Committee;
  readonly networkId: Digest;
  readonly networkName: string;
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  readonly keystore: Keystore;
  readonly store: RecordStore;
  /** The platform's generator. */
  readonly random: Random;
  /** The other validators. */
  readonly peers: ReadonlyMap<ValidatorId, Peer>;
  /** Progress for people; never secrets. */
  readonly log: (text: string) => void;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  /** Hears counts and durations; decides nothing. */
  readonly observer: Observer;
  /** Where heavy steps are computed. */
  readonly compute: ComputePool;
}

export interface CollectOptions {
  /**
   * How long to wait for the rest once weight t has answered. `adaptive`: as long again as that took, one second at least, so that nobody
   * is left out for being a little slower and nobody holds up the others by being silent. Nor is anybody waited for when weight t cannot be reached
   * any more and an agreed refusal says why. Default: for everybody.
   */
  readonly graceMs?: number | 'adaptive';
  /** Who is asked; default: all. */
  readonly from?: readonly ValidatorId[];
  /** When to stop waiting for the silent ones; default {@link Timeouts.answerMs}. */
  readonly timeoutMs?: number;
  /** What the observer calls this step; default: the method. */
  readonly step?: string;
}

const leastAdaptiveGraceMs = 1000;

/** One validator's answer to a leader's request. */
export type Answer =
  | { readonly validator: ValidatorId; readonly body: Uint8Array }
  | { readonly validator: ValidatorId; readonly error: Error };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export class Core {
  readonly options: CoreOptions;
  /** Serves this validator's own part of a session it leads. Set by the validator. */
  serveSelf: (call: Uint8Array) => Promise<Uint8Array> = () =>
    Promise.reject(new InvalidArgumentsError('core', 'is not serving yet'));

  readonly #contributing = new InFlight<Uint8Array>();
  #generation: Uint8Array | undefined;
  /** Sees every contribution and vote whose signature was verified here. */
  readonly witness = new Witness();
  /** What the sessions that this validator opens commit to. */
  readonly generations: KnownGenerations;

  constructor(options: CoreOptions) {
    this.options = options;
    this.generations = new KnownGenerations({
      index: options.index,
      own: options.store.generation.id,
      others: () => options.peers.keys(),
      ask: (validator) => this.#askGeneration(validator),
    });
  }

  /** The generation of this validator's store, signed: for leaders of presign sessions and for clients that create dWallets. */
  sayGeneration(): Uint8Array {
    this.#generation ??= this.seal(generationSession, generationKind, this.store.generation.id);
    return this.#generation;
  }

  async #askGeneration(validator: ValidatorId): Promise<Uint8Array> {
    const read = (answer: Uint8Array): Uint8Array => {
      const { from, generation } = openGeneration(this.committee, this.options.networkId, answer);
      if (from !== validator) throw new DecodeError('Envelope.sender', 'is not the one who was asked');
      return generation;
    };
    return this.askAny('records/list', encodeText(generationKind), read, [validator]);
  }

  get index(): ValidatorId {
    return this.options.index;
  }
  get parameters(): PublicParameters {
    return this.options.parameters;
  }
  get store(): RecordStore {
    return this.options.store;
  }
  get committee(): Committee {
    return this.options.committee;
  }

  /** Signs a body with the identity key. */
  seal(session: Uint8Array, kind: string, body: Uint8Array): Uint8Array {
    const { keystore, networkId } = this.options;
    const { identity } = keystore;
    try {
      return encodeEnvelope(sealEnvelope(identity, { networkId, session, kind, body }));
    } finally {
      identity.destroy();
    }
  }

  /** Opens an envelope of a committee member. The sender is who signed, never a field of the body (lessons 1.14). */
  openMember(
    bytes: Uint8Array,
    kind: string,
    session?: Uint8Array,
  ): { readonly from: ValidatorId; readonly envelope: Envelope } {
    return openMemberEnvelope(this.committee, this.options.networkId, bytes, kind, session);
  }

  memberOf(key: Uint8Array): ValidatorId | undefined {
    return memberOf(this.committee, key);
  }

  /** A fresh generator hedged with the root secret: neither a bad platform generator nor a leaked root alone repeats a mask. */
  freshRandom(context: readonly Uint8Array[]): Random {
    const root = this.options.keystore.root;
    try {
      return hedgedRandom(this.options.random, root.expose(), context);
    } finally {
      root.destroy();
    }
  }

  /**
   * Computes this validator's message of one round once, stores it durably, and only then lets it out. The same inputs get the stored
   * bytes again; other inputs are refused for ever, so no mask serves two challenges (MPC 1.5) and nobody sees two faces (lessons 1.16).
   */
  async contributeOnce(
    session: SessionId,
    kind: string,
    inputs: readonly Uint8Array[],
    compute: (random: Random) => Uint8Array | Promise<Uint8Array>,
    /** What stands before the message in the signed body: the place that it answers (sessions/contribution.ts). */
    place: Uint8Array = new Uint8Array(0),
  ): Promise<Uint8Array> {
    const id = contributionId(session, kind);
    const inputsDigest = digestTagged('contribution-inputs', inputs);
    const read = (stored: Uint8Array): Uint8Array => {
      if (hex(stored.subarray(0, 32)) !== hex(inputsDigest)) {
        throw new RefusedError('ALREADY_CONTRIBUTED', `${kind} was already sent for other inputs`);
      }
      return stored.slice(32);
    };
    const stored = this.store.get('contribution', id);
    if (stored !== undefined) return read(stored);
    return this.#contributing.share(`${id}.${hex(inputsDigest)}`, async () => {
      const message = this.seal(
        session,
        kind,
        concat(place, await compute(this.freshRandom([session, encodeText(kind), inputsDigest]))),
      );
      // Whoever was first while this was computed stays the only one: what was computed for nothing never leaves.
      const first = this.store.putOnce('contribution', id, concat(inputsDigest, message));
      return first === undefined ? message : read(first);
    });
  }

  /** The envelope that this validator contributed to a step, if it has. */
  contributed(session: SessionId, kind: string): Uint8Array | undefined {
    return this.store.get('contribution', contributionId(session, kind))?.slice(32);
  }

  /**
   * The restore rule (sessions/opening.ts), before anything is answered about an id that a session or presign led to.
   * @param named - this validator's generation as the session id commits to it; undefined if it does not.
   * @throws RefusedError ABSTAINS.
   */
  requirePart(named: Uint8Array | undefined): void {
    if (takesPart(this.store.generation, named)) return;
    throw new RefusedError('ABSTAINS', 'this validator was restored from a backup and may have answered this before');
  }

  /** As {@link requirePart}, for ids that commit to no generation: one that was ever restored never votes on them. */
  requireNeverRestored(): void {
    this.requirePart(undefined);
  }

  /** Votes for one digest per (kind, id, version), durably before the vote leaves; any other digest is refused for ever. 64 bytes. */
  voteOnce(fact: Fact): Uint8Array {
    const key = `${fact.kind}.${hex(fact.id)}.${fact.version}`;
    const first = this.store.putOnce('vote', key, fact.digest) ?? fact.digest;
    if (hex(first) !== hex(fact.digest)) {
      this.options.observer.refused(`vote/${fact.kind}`, 'ALREADY_VOTED');
      throw new RefusedError(
        'ALREADY_VOTED',
        `${fact.kind} ${hex(fact.id).slice(0, 16)} was already voted with another digest`,
      );
    }
    this.options.observer.voted(fact.kind);
    const identity = this.options.keystore.identity;
    try {
      return signFact(this.committee, fact, this.index, identity).signature;
    } finally {
      identity.destroy();
    }
  }

  /** A request of this validator to another one: an envelope, named by the digest of its body. */
  #request(method: string, body: Uint8Array): Uint8Array {
    return encodeCall(method, this.seal(requestSession(body), requestKind(method), body));
  }

  /** Opens the request of a member. Nothing in it is about another method, body or network. */
  openRequest(method: string, bytes: Uint8Array): { readonly from: ValidatorId; readonly body: Uint8Array } {
    const { from, envelope } = this.openMember(bytes, requestKind(method));
    if (hex(envelope.session) !== hex(requestSession(envelope.body)))
      throw new DecodeError('Envelope.session', 'is not that of the request');
    return { from, body: envelope.body };
  }

  /**
   * Asks the members in parallel. Resolves when all have answered, or `graceMs` after the answers accepted by `accept` reached weight t.
   * Answers that `accept` throws at count as errors; answers that come later are not looked at.
   */
  collect(
    method: string,
    body: Uint8Array,
    accept: (answer: { readonly validator: ValidatorId; readonly body: Uint8Array }) => void,
    options: CollectOptions = {},
  ): Promise<Answer[]> {
    const attributes = { 'dwallet.validator': this.index, 'dwallet.role': 'leader' };
    return withSpan(`step ${options.step ?? method}`, { attributes }, () =>
      this.#collect(method, body, accept, options),
    );
  }

  #collect(
    method: string,
    body: Uint8Array,
    accept: (answer: { readonly validator: ValidatorId; readonly body: Uint8Array }) => void,
    options: CollectOptions,
  ): Promise<Answer[]> {
    const { access } = this.committee;
    const members = options.from ?? access.validators;
    const call = this.#request(method, body);
    noteProgress(options.step ?? method);
    const { clock } = this.options;
    const begin = clock.now();
    const grace = (): number =>
      options.graceMs === 'adaptive'
        ? Math.max(leastAdaptiveGraceMs, clock.now() - begin)
        : (options.graceMs ?? Number.POSITIVE_INFINITY);
    return new Promise((resolve) => {
      const answers: Answer[] = [];
      const good = new Set<ValidatorId>();
      const open = new Set(members);
      let cancelGrace: Cancel | undefined;
      let done = false;
      const finish = (): void => {
        if (done) return;
        done = true;
        cancelGrace?.();
        cancelDeadline?.();
        this.options.observer.step(options.step ?? method, 'leader', (clock.now() - begin) / 1000);
        resolve(answers);
      };
      let cancelDeadline: Cancel | undefined;
      /** Others are waited for from when this validator's own part is done, which may take its time and blocks the clock. */
      const startClock = (): void => {
        if (!done) cancelDeadline = clock.after(options.timeoutMs ?? this.options.timeouts.answerMs, finish);
      };
      const ask = async (validator: ValidatorId): Promise<void> => {
        let answer: Answer;
        try {
          const peer = this.options.peers.get(validator);
          const reply =
            validator === this.index ? await this.serveSelf(call) : await peerOrThrow(peer, validator).call(call);
          if (done) return;
          const accepted = { validator, body: decodeReply(reply, maxBodyBytes) };
          accept(accepted);
          answer = accepted;
          good.add(validator);
        } catch (error) {
          if (done) return;
          answer = { validator, error: error instanceof Error ? error : new Error(String(error)) };
        }
        answers.push(answer);
        open.delete(validator);
        if (open.size === 0) finish();
        else if (options.graceMs === undefined) return;
        else if (access.isAuthorized(good)) cancelGrace ??= clock.after(grace(), finish);
        else if (!access.isAuthorized([...good, ...open]) && this.#agreedRefusal(answers) !== undefined) finish();
      };
      // The peers' requests leave before this validator's own work blocks its thread.
      for (const validator of members) if (validator !== this.index) void ask(validator);
      if (members.includes(this.index)) clock.soon(() => void ask(this.index).then(startClock));
      else startClock();
    });
  }

  /**
   * The first answer of another validator that `read` accepts.
   * @param from - who is asked; default: all others.
   * @throws RefusedError NOT_FOUND when nobody has one in time.
   */
  async askAny<T>(
    method: string,
    body: Uint8Array,
    read: (body: Uint8Array) => T | Promise<T>,
    from: Iterable<ValidatorId> = this.options.peers.keys(),
  ): Promise<T> {
    const call = this.#request(method, body);
    const ask = async (validator: ValidatorId): Promise<T> =>
      read(decodeReply(await peerOrThrow(this.options.peers.get(validator), validator).call(call), maxBodyBytes));
    const { clock, timeouts } = this.options;
    let cancel: Cancel | undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(timeouts.fetchMs, () => reject(new Error('nobody answered in time')));
    });
    try {
      return await Promise.race([Promise.any([...from].map(ask)), late]);
    } catch (cause) {
      throw new RefusedError('NOT_FOUND', `no validator has what ${method} asks for`, { cause });
    } finally {
      cancel?.();
    }
  }

  /**
   * Gathers votes on one fact; a certificate if they reach weight t.
   * @param options.read - the vote's signature in an answer; default: the answer is the signature. @throws where the answer is no vote.
   */
  async gatherVotes(
    method: string,
    body: Uint8Array,
    fact: Fact,
    {
      read = (answer) => answer,
      ...options
    }: CollectOptions & { readonly read?: (answer: Uint8Array) => Uint8Array } = {},
  ): Promise<{
    readonly certificate: QuorumCertificate | undefined;
    readonly weight: number;
    readonly answers: Answer[];
  }> {
    const votes = new Map<ValidatorId, FactVote>();
    const accept = ({ validator, body: answer }: { validator: ValidatorId; body: Uint8Array }): void => {
      const signature = read(answer);
      const vote: FactVote = { validator, signature };
      if (!verifyFactVote(this.committee, fact, vote))
        throw new DecodeError('Vote.signature', 'does not sign this fact');
      this.witness.vote(validator, fact, signature);
      votes.set(validator, vote);
    };
    const answers = await this.collect(method, body, accept, options);
    const weight = this.committee.access.weight(votes.keys());
    const certificate =
      weight < this.committee.access.threshold
        ? undefined
        : assembleCertificate(this.committee, fact, [...votes.values()]).certificate;
    return { certificate, weight, answers };
  }

  /**
   * A certificate of exactly this fact by this committee.
   * @param check - the protocol's id of this check.
   * @throws DecodeError, CheckError.
   */
  requireCertificate(bytes: Uint8Array, fact: Fact, check: string): QuorumCertificate {
    const certificate = decodeCertificate(bytes);
    verifyCertificate(this.committee, certificate, fact, check);
    this.witness.certificate(certificate);
    return certificate;
  }

  /**
   * Gathers votes of weight t on one fact into a certificate.
   * @throws the members' refusal, or ThresholdNotReachedError.
   */
  async certify(
    method: string,
    body: Uint8Array,
    fact: Fact,
    options: CollectOptions = {},
  ): Promise<{ readonly certificate: QuorumCertificate; readonly answers: Answer[] }> {
    const { certificate, weight, answers } = await this.gatherVotes(method, body, fact, options);
    if (certificate === undefined) throw this.refusal(`certificate of ${fact.kind}`, answers, weight);
    return { certificate, answers };
  }

  /**
   * What the answers of a failed step mean. A refusal counts when validators of more than f weight share it, so that an honest one is among
   * them: no single validator decides what a client is told. Otherwise too few answered, which may be better later.
   */
  refusal(what: string, answers: readonly Answer[], have: number, need = this.committee.access.threshold): Error {
    return this.#agreedRefusal(answers) ?? new ThresholdNotReachedError(what, have, need);
  }

  #agreedRefusal(answers: readonly Answer[]): Error | undefined {
    const { access } = this.committee;
    const groups = new Map<string, { readonly error: Error; readonly from: ValidatorId[] }>();
    for (const answer of answers) {
      if (!('error' in answer) || !('code' in answer.error)) continue;
      const name = `${String(answer.error.code)} ${String(checkOf(answer.error))}`;
      const group = groups.get(name) ?? { error: answer.error, from: [] };
      group.from.push(answer.validator);
      groups.set(name, group);
    }
    return [...groups.values()].find(({ from }) => access.weight(from) > access.maxFaulty)?.error;
  }
}

const memberOf = ({ identityKeys, access }: Committee, key: Uint8Array): ValidatorId | undefined => {
  const at = identityKeys.findIndex((identity) => hex(identity) === hex(key));
  return at < 0 ? undefined : access.validators[at];
};

/**
 * Opens an envelope of a committee member, of this kind and session.
 * @throws DecodeError; RefusedError NOT_A_MEMBER.
 */
export function openMemberEnvelope(
  committee: Committee,
  networkId: Digest,
  bytes: Uint8Array,
  kind: string,
  session?: Uint8Array,
): { readonly from: ValidatorId; readonly envelope: Envelope } {
  const envelope = openEnvelope(bytes, networkId);
  if (envelope.kind !== kind) throw new DecodeError('Envelope.kind', `is ${envelope.kind}, must be ${kind}`);
  if (session !== undefined && hex(envelope.session) !== hex(session))
    throw new DecodeError('Envelope.session', 'is another session');
  const from = memberOf(committee, envelope.sender);
  if (from === undefined) throw new RefusedError('NOT_A_MEMBER', 'the sender is not in the committee');
  return { from, envelope };
}

/** The check that an error names. */
export const checkOf = (error: Error): string | undefined =>
  'check' in error && typeof error.check === 'string' ? error.check : undefined;

const contributionId = (session: SessionId, kind: string): string => `${hex(session)}.${kind.replaceAll('/', '_')}`;

const requestKind = (method: string): string => `request/${method}`;
const requestSession = (body: Uint8Array): Digest => digestTagged('request', [body]);

function peerOrThrow(peer: Peer | undefined, validator: ValidatorId): Peer {
  if (peer === undefined) throw new InvalidArgumentsError('peers', `there is no line to validator ${validator}`);
  return peer;
}

/** Request of a leader about one session: which step, over which fixed history. */
export interface SessionRequest {
  readonly protocol: string;
  readonly session: SessionId;
  readonly step: string;
  /** Parameters of the session, such as the batch size. */
  readonly input: Uint8Array;
  /** Inboxes of the rounds so far, each a list of encoded envelopes. */
  readonly history: readonly (readonly Uint8Array[])[];
  /** Certificates that fix those inboxes, where the protocol has them. */
  readonly certificates: readonly Uint8Array[];
}

export const encodeSessionRequest = (request: SessionRequest): Uint8Array =>
  concat(
    encodeBytes(encodeText(request.protocol)),
    request.session,
    encodeBytes(encodeText(request.step)),
    encodeBytes(request.input),
    encodeUint16(request.history.length),
    ...request.history.map((inbox) => encodeBytes(encodeList(inbox))),
    encodeBytes(encodeList(request.certificates)),
  );

const maxRounds = 8;

export function decodeSessionRequest(bytes: Uint8Array, maxMembers: number): SessionRequest {
  const reader = new Reader(bytes, 'SessionRequest');
  const text = (field: string): string => new TextDecoder().decode(reader.bytes(field, 64));
  const protocol = text('protocol');
  const session = reader.fixed('session', 32) as SessionId;
  const step = text('step');
  const input = reader.bytes('input', maxBodyBytes);
  const rounds = reader.uint16('history');
  if (rounds > maxRounds) throw new DecodeError('SessionRequest.history', `has ${rounds} rounds`);
  const history = Array.from({ length: rounds }, (_, i) =>
    decodeList(reader.bytes(`history[${i}]`, maxBodyBytes), `history[${i}]`, maxMembers),
  );
  const certificates = decodeList(reader.bytes('certificates', maxBodyBytes), 'certificates', maxRounds);
  reader.end();
  return { protocol, session, step, input, history, certificates };
}

/** Reads a list of byte strings. */
export function decodeList(bytes: Uint8Array, field: string, max: number): Uint8Array[] {
  const reader = new Reader(bytes, field);
  const count = reader.count('count', 0, max);
  const items = Array.from({ length: count }, (_, i) => reader.bytes(`[${i}]`, maxBodyBytes));
  reader.end();
  return items;
}

/** A stored record that consists of several byte strings. */
export const decodeRecords = (bytes: Uint8Array): Uint8Array[] => decodeList(bytes, 'record', 8);
