/**
 * The frame of a session between validators. The leader gathers signed contributions round by round, proposes exact sets, gathers votes and
 * hands out the certificate; members check everything themselves and answer from their own store. A leader can delay, never forge.
 *
 * @module
 */
import { BugError, DecodeError, type SessionId, type ValidatorId, bytesToInteger, encodeUint16 } from '@dwallet/sigma';
import {
  type Fact,
  type QuorumCertificate,
  deriveSessionId,
  encodeCertificate,
  openSession,
} from '@dwallet/two-pc-mpc/network';
import {
  type CollectOptions,
  type Core,
  RefusedError,
  type SessionRequest,
  decodeSessionRequest,
  encodeSessionRequest,
} from '../core.ts';

/** A member's side of one protocol. All of it is a function of the request and of this validator's own store. */
export interface SessionProtocol {
  readonly name: string;
  /** This validator's message of `request.step`: an encoded envelope. */
  contribute(request: SessionRequest): Uint8Array;
  /** What the history leads to, after every check: the fact to vote for. */
  conclude(request: SessionRequest): Fact;
  /** Stores the certified result. `certificate` was verified against `conclude(request)`. */
  commit(request: SessionRequest, certificate: QuorumCertificate): void;
}

const openingBytes = 32;
const countBytes = 2;

/** Kind of the envelope that carries a contribution. */
export const contributionKind = (protocol: string, step: string): string => `${protocol}/${step}`;

/** A history of exactly `rounds` rounds: nothing rides along that nobody looks at. */
export function requireRounds(request: SessionRequest, rounds: number): void {
  if (request.history.length !== rounds) {
    throw new DecodeError('SessionRequest.history', `has ${request.history.length} rounds, must have ${rounds}`);
  }
}

/** A fixed inbox opened: one message per member, in ascending order. The sender is who signed. */
export function openInbox(
  core: Core,
  request: SessionRequest,
  round: number,
  step: string,
): Map<ValidatorId, Uint8Array> {
  const inbox = request.history[round];
  if (inbox === undefined) throw new DecodeError('SessionRequest.history', `round ${step} is missing`);
  const messages = new Map<ValidatorId, Uint8Array>();
  let last = 0;
  for (const bytes of inbox) {
    const { from, envelope } = core.openMember(bytes, contributionKind(request.protocol, step), request.session);
    if (messages.has(from)) throw new DecodeError('SessionRequest.history', `validator ${from} is in it twice`);
    if (from < last) throw new DecodeError('SessionRequest.history', 'is not in ascending order');
    last = from;
    messages.set(from, envelope.body);
  }
  return messages;
}

/** `session` must be opened by `leader` for this purpose: nobody occupies another's session id (MPC 1.2). */
export function requireSession(
  core: Core,
  leader: ValidatorId,
  request: SessionRequest,
  type: 'SYSTEM' | 'INTERNAL_PRESIGN',
): void {
  const sender = core.committee.identityKeys[leader - 1] as Uint8Array;
  const size = type === 'SYSTEM' ? openingBytes : openingBytes + countBytes;
  if (request.input.length !== size) throw new DecodeError('SessionRequest.input', `must be ${size} bytes`);
  const fresh = request.input.slice(0, openingBytes);
  const expected = deriveSessionId({ version: 1n, type, sender, fresh });
  if (expected.some((byte, i) => byte !== request.session[i])) {
    throw new RefusedError('NOT_OWNER', 'the session was not opened by its leader');
  }
}

/** Where a leader keeps the session that it leads, by protocol, until it is over. */
const leadingKind = 'leading';

/** A session as its leader drives it. */
export class LeaderSession {
  readonly #core: Core;
  readonly #protocol: string;
  readonly session: SessionId;
  readonly #input: Uint8Array;
  /** With what an earlier process of this leader had gathered; the first `#rounds` of them have been passed by this one. */
  readonly #history: Uint8Array[][];
  readonly #certificates: Uint8Array[];
  readonly #resumable: boolean;
  #rounds = 0;
  #fixed = 0;

  private constructor(
    core: Core,
    protocol: string,
    resumable: boolean,
    opened: { readonly session: SessionId; readonly input: Uint8Array },
    gathered?: SessionRequest,
  ) {
    this.#core = core;
    this.#protocol = protocol;
    this.#resumable = resumable;
    this.session = opened.session;
    this.#input = opened.input;
    this.#history = gathered === undefined ? [] : gathered.history.map((inbox) => [...inbox]);
    this.#certificates = gathered === undefined ? [] : [...gathered.certificates];
  }

  /** @param parameters - session parameters that follow the 32-byte opening in the input. */
  static open(
    core: Core,
    protocol: string,
    type: 'SYSTEM' | 'INTERNAL_PRESIGN',
    parameters: Uint8Array = new Uint8Array(0),
    resumable = false,
  ): LeaderSession {
    const sender = core.committee.identityKeys[core.index - 1] as Uint8Array;
    const { sessionId, opening } = openSession(type, sender, core.options.random);
    const input = new Uint8Array([...opening.fresh, ...parameters]);
    return new LeaderSession(core, protocol, resumable, { session: sessionId, input });
  }

  /**
   * Continues the session that this validator led when it stopped; opens one if there is none. What members have voted for in a ceremony
   * they vote for again and for nothing else, so an interrupted one must go on as the same session.
   */
  static resume(core: Core, protocol: string, type: 'SYSTEM'): LeaderSession {
    const stored = core.store.get(leadingKind, protocol);
    if (stored === undefined || stored.length === 0) {
      const session = LeaderSession.open(core, protocol, type, new Uint8Array(0), true);
      session.#save();
      return session;
    }
    const gathered = decodeSessionRequest(stored, core.committee.access.validators.length);
    core.options.log(`continuing the session that was interrupted after ${gathered.history.length} rounds`);
    return new LeaderSession(core, protocol, true, gathered, gathered);
  }

  #save(): void {
    if (!this.#resumable) return;
    const gathered = { ...this.request('resume'), history: this.#history, certificates: this.#certificates };
    this.#core.store.put(leadingKind, this.#protocol, encodeSessionRequest(gathered));
  }

  #forget(): void {
    if (this.#resumable) this.#core.store.put(leadingKind, this.#protocol, new Uint8Array(0));
  }

  request(step: string): SessionRequest {
    return {
      protocol: this.#protocol,
      session: this.session,
      step,
      input: this.#input,
      history: this.#history.slice(0, this.#rounds),
      certificates: this.#certificates.slice(0, this.#fixed),
    };
  }

  /**
   * What follows from the messages so far. If it fails it would fail again, so the session is over.
   * @throws what `work` throws.
   */
  derive<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /**
   * One round: asks everybody for `step` and appends the answers as the next inbox.
   * @param need - weight without which the round fails; default t.
   */
  async round(step: string, options: CollectOptions & { readonly need?: number } = {}): Promise<void> {
    const core = this.#core;
    if (this.#history[this.#rounds] !== undefined) {
      this.#rounds++;
      return;
    }
    const inbox = new Map<ValidatorId, Uint8Array>();
    const answers = await core.collect(
      'session/contribute',
      encodeSessionRequest(this.request(step)),
      ({ validator, body }) => {
        const { from } = core.openMember(body, contributionKind(this.#protocol, step), this.session);
        if (from !== validator) throw new DecodeError('Envelope.sender', 'is not the one who was asked');
        inbox.set(from, body);
      },
      options,
    );
    const { access } = core.committee;
    const need = options.need ?? access.threshold;
    const weight = access.weight(inbox.keys());
    if (weight < need) throw core.refusal(`${this.#protocol} ${step}`, answers, weight, need);
    this.#append([...inbox].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }

  /** An empty inbox in place of a round that is not needed. */
  skip(): void {
    if (this.#history[this.#rounds] === undefined) this.#append([]);
    else this.#rounds++;
  }

  #append(inbox: Uint8Array[]): void {
    this.#history.push(inbox);
    this.#rounds++;
    this.#save();
  }

  /** Fixes the last inbox by certificate, so that no other set can ever be shown to an honest member as this round's. */
  async fixInbox(fact: Fact): Promise<void> {
    if (this.#certificates[this.#fixed] === undefined) {
      const { certificate } = await this.#core.certify('session/fix', encodeSessionRequest(this.request('fix')), fact);
      this.#certificates.push(encodeCertificate(certificate));
      this.#fixed++;
      this.#save();
    } else this.#fixed++;
  }

  /**
   * Certifies the result and hands the certificate out.
   * @throws also when this validator itself could not store the result.
   */
  async conclude(fact: Fact, options: CollectOptions = {}): Promise<QuorumCertificate> {
    const { certificate } = await this.#core.certify(
      'session/vote',
      encodeSessionRequest(this.request('vote')),
      fact,
      options,
    );
    const open = this.request('commit');
    const commit: SessionRequest = { ...open, certificates: [...open.certificates, encodeCertificate(certificate)] };
    const answers = await this.#core.collect('session/commit', encodeSessionRequest(commit), () => {}, options);
    const own = answers.find(({ validator }) => validator === this.#core.index);
    if (own === undefined || 'error' in own) throw own?.error ?? new BugError('the leader did not answer itself');
    this.#forget();
    return certificate;
  }
}

/** Batch sizes and the like inside `input`. */
export const encodeCount = (count: number): Uint8Array => encodeUint16(count);
export const readCount = (request: SessionRequest): number => Number(bytesToInteger(request.input.slice(openingBytes)));
