/**
 * The frame of a session between validators. The leader gathers signed contributions round by round, proposes exact sets, gathers votes and
 * hands out the certificate; members check everything themselves and answer from their own store. A leader can delay, never forge.
 *
 * @module
 */
import { DecodeError, type SessionId, type ValidatorId, bytesToInteger, encodeUint16 } from '@dwallet/sigma';
import {
  type Fact,
  type QuorumCertificate,
  deriveSessionId,
  encodeCertificate,
  openSession,
} from '@dwallet/two-pc-mpc/network';
import { type Answer, type Core, RefusedError, type SessionRequest, encodeSessionRequest, refusal } from '../core.ts';

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

/** Kind of the envelope that carries a contribution. */
export const contributionKind = (protocol: string, step: string): string => `${protocol}/${step}`;

/** A fixed inbox opened: one message per member, ascending. The sender is who signed. */
export function openInbox(
  core: Core,
  request: SessionRequest,
  round: number,
  step: string,
): Map<ValidatorId, Uint8Array> {
  const inbox = request.history[round];
  if (inbox === undefined) throw new DecodeError('SessionRequest.history', `round ${step} is missing`);
  const messages = new Map<ValidatorId, Uint8Array>();
  for (const bytes of inbox) {
    const { from, envelope } = core.openMember(bytes, contributionKind(request.protocol, step), request.session);
    if (messages.has(from)) throw new DecodeError('SessionRequest.history', `validator ${from} is in it twice`);
    messages.set(from, envelope.body);
  }
  return new Map([...messages].sort(([a], [b]) => a - b));
}

/** `session` must be opened by `leader` for this purpose: nobody occupies another's session id (MPC 1.2). */
export function requireSession(
  core: Core,
  leader: ValidatorId,
  request: SessionRequest,
  type: 'SYSTEM' | 'INTERNAL_PRESIGN',
): void {
  const sender = core.committee.identityKeys[leader - 1] as Uint8Array;
  const fresh = request.input.slice(0, 32);
  if (fresh.length !== 32) throw new DecodeError('SessionRequest.input', 'lacks the opening of the session');
  const expected = deriveSessionId({ version: 1n, type, sender, fresh });
  if (expected.some((byte, i) => byte !== request.session[i])) {
    throw new RefusedError('NOT_OWNER', 'the session was not opened by its leader');
  }
}

/** A session as its leader drives it. */
export class LeaderSession {
  readonly #core: Core;
  readonly #protocol: string;
  readonly session: SessionId;
  readonly #input: Uint8Array;
  readonly #history: Uint8Array[][] = [];
  readonly #certificates: Uint8Array[] = [];

  /** @param parameters - session parameters that follow the 32-byte opening in the input. */
  constructor(
    core: Core,
    protocol: string,
    type: 'SYSTEM' | 'INTERNAL_PRESIGN',
    parameters: Uint8Array = new Uint8Array(0),
  ) {
    this.#core = core;
    this.#protocol = protocol;
    const sender = core.committee.identityKeys[core.index - 1] as Uint8Array;
    const { sessionId, opening } = openSession(type, sender, core.options.random);
    this.session = sessionId;
    this.#input = new Uint8Array([...opening.fresh, ...parameters]);
  }

  request(step: string): SessionRequest {
    return {
      protocol: this.#protocol,
      session: this.session,
      step,
      input: this.#input,
      history: this.#history,
      certificates: this.#certificates,
    };
  }

  /**
   * One round: asks everybody for `step` and appends the answers as the next inbox.
   * @param need - weight without which the round fails; default t.
   * @param graceMs - how long to wait for the rest once weight t has answered; default: for everybody.
   */
  async round(step: string, options: { readonly need?: number; readonly graceMs?: number } = {}): Promise<Answer[]> {
    const core = this.#core;
    const inbox = new Map<ValidatorId, Uint8Array>();
    const answers = await core.collect(
      'session/contribute',
      encodeSessionRequest(this.request(step)),
      ({ validator, body }) => {
        const { from } = core.openMember(body, contributionKind(this.#protocol, step), this.session);
        if (from !== validator) throw new DecodeError('Envelope.sender', 'is not the one who was asked');
        inbox.set(from, body);
      },
      options.graceMs === undefined ? {} : { graceMs: options.graceMs },
    );
    const { access } = core.committee;
    const need = options.need ?? access.threshold;
    const weight = access.weight(inbox.keys());
    if (weight < need) throw refusal(`${this.#protocol} ${step}`, answers, weight, need);
    this.#history.push([...inbox].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
    return answers;
  }

  /** An empty inbox in place of a round that is not needed. */
  skip(): void {
    this.#history.push([]);
  }

  /** Fixes the last inbox by certificate, so that no other set can ever be shown to an honest member as this round's. */
  async fixInbox(fact: Fact): Promise<void> {
    const { certificate } = await this.#core.certify('session/fix', encodeSessionRequest(this.request('fix')), fact);
    this.#certificates.push(encodeCertificate(certificate));
  }

  /** Certifies the result and hands the certificate out. */
  async conclude(fact: Fact): Promise<QuorumCertificate> {
    const { certificate } = await this.#core.certify('session/vote', encodeSessionRequest(this.request('vote')), fact);
    const commit: SessionRequest = {
      ...this.request('commit'),
      certificates: [...this.#certificates, encodeCertificate(certificate)],
    };
    await this.#core.collect('session/commit', encodeSessionRequest(commit), () => {});
    return certificate;
  }

  get history(): readonly (readonly Uint8Array[])[] {
    return this.#history;
  }
}

/** Batch sizes and the like inside `input`. */
export const encodeCount = (count: number): Uint8Array => encodeUint16(count);
export function readCount(request: SessionRequest): number {
  if (request.input.length !== 34) throw new DecodeError('SessionRequest.input', 'must be 34 bytes');
  return Number(bytesToInteger(request.input.slice(32)));
}
