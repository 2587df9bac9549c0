/**
 * The frame of a session between validators. The leader gathers signed contributions round by round, proposes exact sets, gathers votes and
 * hands out the certificate; members check everything themselves and answer from their own store. A leader can delay, never forge.
 *
 * @module
 */
import { BugError, DecodeError, type SessionId, type ValidatorId, digestTagged, encodeText } from '@dwallet/sigma';
import {
  type Fact,
  type Generations,
  type QuorumCertificate,
  deriveSessionId,
  encodeCertificate,
} from '@dwallet/two-pc-mpc/network';
import {
  type CollectOptions,
  type Core,
  type CoreOptions,
  RefusedError,
  type SessionRequest,
  encodeSessionRequest,
} from '../core.ts';
import { type SeeContribution, openContribution, openContributions } from './contribution.ts';
import { decodeOpening, openSessionWith, sessionOf } from './opening.ts';

/** A member's side of one protocol. All of it is a function of the request and of this validator's own store. */
export interface SessionProtocol {
  readonly name: string;
  /** This validator's message of `request.step`: an encoded envelope. */
  contribute(request: SessionRequest): Promise<Uint8Array>;
  /** What the history leads to, after every check: the fact to vote for. */
  conclude(request: SessionRequest): Promise<Fact>;
  /** Stores the certified result. `certificate` was verified against `conclude(request)`. */
  commit(request: SessionRequest, certificate: QuorumCertificate): Promise<void>;
}

/** A history of exactly `rounds` rounds: nothing rides along that nobody looks at. */
export function requireRounds(request: SessionRequest, rounds: number): void {
  if (request.history.length !== rounds) {
    throw new DecodeError('SessionRequest.history', `has ${request.history.length} rounds, must have ${rounds}`);
  }
}

/** A validator that signs two contributions for one step is caught wherever both are seen. */
const seeing =
  ({ witness }: Core): SeeContribution =>
  (from, { session, kind, body }, bytes) =>
    witness.message(from, session, kind, bytes, digestTagged('contribution-body', [body]));

/** A fixed inbox opened: one message per member, in ascending order. The sender is who signed. */
export const openInbox = (
  core: Core,
  request: SessionRequest,
  round: number,
  step: string,
): Map<ValidatorId, Uint8Array> =>
  openContributions(core.committee, core.options.networkId, request, round, step, seeing(core));

/** Whether `session` is one that `leader` opened. @throws DecodeError for an input that opens none. */
export function isOpenedBy(core: Core, leader: ValidatorId, request: SessionRequest): boolean {
  const sender = core.committee.identityKeys[leader - 1] as Uint8Array;
  return sessionOf(sender, request.input).every((byte, i) => byte === request.session[i]);
}

/** `session` must be opened by `leader` for this purpose: nobody occupies another's session id (MPC 1.2). */
export function requireSession(core: Core, leader: ValidatorId, request: SessionRequest): void {
  if (!isOpenedBy(core, leader, request)) {
    throw new RefusedError('NOT_OWNER', 'the session was not opened by its leader');
  }
}

/**
 * The one session of a ceremony of this network, whoever leads it: derived from network, committee and what the ceremony builds on, so that two
 * leaders drive the same session and members answer both with the same bytes.
 * @param basis - the certified record that the ceremony starts from; empty for the first one.
 */
export const ceremonySession = (
  { networkId, committee }: Pick<CoreOptions, 'networkId' | 'committee'>,
  protocol: string,
  basis: Uint8Array,
): SessionId =>
  deriveSessionId({
    version: 1n,
    type: 'SYSTEM',
    sender: networkId,
    fresh: digestTagged('ceremony-session', [encodeText(protocol), committee.digest, basis]),
  });

/** @throws RefusedError NOT_OWNER unless the request is about the ceremony of this network; DecodeError if it has parameters. */
export function requireCeremony(core: Core, request: SessionRequest, basis: Uint8Array): void {
  if (request.input.length !== 0) throw new DecodeError('SessionRequest.input', 'must be empty');
  const expected = ceremonySession(core.options, request.protocol, basis);
  if (expected.some((byte, i) => byte !== request.session[i]))
    throw new RefusedError('NOT_OWNER', 'is not the ceremony of this network');
}

export interface GatherOptions extends CollectOptions {
  /** Weight without which the round fails; default t. */
  readonly need?: number;
  /**
   * All honest contributions to this step are of one length. One that is far longer than this validator's own is left out: it would fill the
   * requests of all later steps, and nobody could answer them.
   */
  readonly oneLength?: boolean;
  /** Where honest contributions differ in length: the largest message that one can have, in bytes. A far longer one is left out, too. */
  readonly largest?: number;
  /** Told of each contribution that was left out. */
  readonly leftOut?: (bytes: Uint8Array) => void | Promise<void>;
}

/** A contribution of a wrong length is blamed and kept as evidence by whoever verifies it, as long as it is no longer than this. */
export const longestContribution = (honestBytes: number): number => 2 * honestBytes + 4096;

/** A session as its leader drives it. */
export class LeaderSession {
  readonly #core: Core;
  readonly #protocol: string;
  readonly session: SessionId;
  readonly #input: Uint8Array;
  readonly #history: (readonly Uint8Array[])[] = [];
  readonly #certificates: Uint8Array[] = [];

  private constructor(core: Core, protocol: string, session: SessionId, input: Uint8Array) {
    this.#core = core;
    this.#protocol = protocol;
    this.session = session;
    this.#input = input;
  }

  /**
   * A presign session.
   * @param generations - of the validators' stores, as this leader knows them.
   * @param count - batch size.
   */
  static open(core: Core, protocol: string, generations: Generations, count: number): LeaderSession {
    const sender = core.committee.identityKeys[core.index - 1] as Uint8Array;
    const { session, input } = openSessionWith(sender, { nonce: core.options.random(32), count, generations });
    return new LeaderSession(core, protocol, session, input);
  }

  /** The ceremony of {@link ceremonySession}. What others, or this validator before a crash, have agreed on in it is taken up. */
  static ceremony(core: Core, protocol: string, basis: Uint8Array): LeaderSession {
    return new LeaderSession(core, protocol, ceremonySession(core.options, protocol, basis), new Uint8Array(0));
  }

  get rounds(): number {
    return this.#history.length;
  }

  request(step: string): SessionRequest {
    return {
      protocol: this.#protocol,
      session: this.session,
      step,
      input: this.#input,
      history: [...this.#history],
      certificates: [...this.#certificates],
    };
  }

  /**
   * Asks everybody for their contribution to `step`.
   * @returns the inbox, in ascending order.
   */
  async gather(step: string, options: GatherOptions = {}): Promise<Uint8Array[]> {
    const core = this.#core;
    const request = this.request(step);
    const inbox = new Map<ValidatorId, Uint8Array>();
    const answers = await core.collect(
      'session/contribute',
      encodeSessionRequest(request),
      ({ validator, body }) => {
        const { networkId } = core.options;
        const { from } = openContribution(core.committee, networkId, request, this.rounds, step, body, seeing(core));
        if (from !== validator) throw new DecodeError('Envelope.sender', 'is not the one who was asked');
        inbox.set(from, body);
      },
      { ...options, step: `${this.#protocol}/${step}` },
    );
    // Restored since this leader last asked it for its generation: the next session names the new one.
    for (const answer of answers)
      if ('error' in answer && 'code' in answer.error && answer.error.code === 'ABSTAINS')
        core.generations.forget(answer.validator);
    const honest = options.oneLength === true ? inbox.get(core.index)?.length : options.largest;
    if (honest !== undefined)
      for (const [from, bytes] of inbox) {
        if (bytes.length <= longestContribution(honest)) continue;
        inbox.delete(from);
        core.options.log(`${this.#protocol} ${step}: validator ${from} says ${bytes.length} bytes, left out`);
        core.options.observer.skipped('contribution that is too long');
        await options.leftOut?.(bytes);
      }
    const { access } = core.committee;
    const need = options.need ?? access.threshold;
    const weight = access.weight(inbox.keys());
    if (weight < need) throw core.refusal(`${this.#protocol} ${step}`, answers, weight, need);
    return [...inbox].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
  }

  /** The next inbox of the history. @param certificate - that fixes it, where the protocol has them. */
  append(inbox: readonly Uint8Array[], certificate?: Uint8Array): void {
    this.#history.push(inbox);
    if (certificate !== undefined) this.#certificates.push(certificate);
  }

  /** One round whose inbox only this session's result depends on. */
  async round(step: string, options: GatherOptions = {}): Promise<void> {
    this.append(await this.gather(step, options));
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
    return certificate;
  }
}

/** Batch size of a presign session. @throws DecodeError */
export const readCount = (request: SessionRequest): number => decodeOpening(request.input).count;
