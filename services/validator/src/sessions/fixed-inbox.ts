/**
 * Agreement on the inbox of a round, whoever leads and however many lead at once: never two certificates for two inboxes, and one in the end.
 *
 * One-shot consensus with locked values. A leader runs a ballot: it proposes an inbox and gathers votes of weight t (prepare), shows them and
 * gathers votes of weight t again (fix). Members vote in ascending ballots only, for one inbox per ballot; whoever votes to fix an inbox is
 * locked on it and from then on supports another one only when it is shown that a quorum prepared it in a later ballot.
 *
 * Why there are never two: where an inbox is fixed in ballot b, honest validators of weight f + 1 at least are locked on it in b. Another inbox
 * would need the prepare vote of one of them in a ballot after b, hence a quorum that prepared it after b before: there is no first one.
 * Why there is one in the end: a leader learns from the members what is fixed or locked and proposes that, in a ballot above all that it was told
 * of; while nobody else leads, every honest member follows. What a leader needs is in the members' stores, so a killed one is replaced by any other.
 *
 * Ballots belong to leaders in turn, so two honest leaders never split one ballot.
 *
 * @module
 */
import {
  DecodeError,
  type Digest,
  Reader,
  type SessionId,
  type ValidatorId,
  concat,
  digestTagged,
  encodeList,
  encodeUint64,
  encodeUint8,
} from '@dwallet/sigma';
import {
  type Fact,
  type QuorumCertificate,
  decodeCertificate,
  decodeParts,
  encodeCertificate,
  encodeParts,
} from '@dwallet/two-pc-mpc/network';
import { ballotAbove, isContended, maxBallot, maxBallotJump, pauseAfter } from '../ballots.ts';
import { type Core, RefusedError, type SessionRequest, decodeList, encodeSessionRequest } from '../core.ts';
import { Remembered } from '../remembered.ts';
import { contributionKind } from './contribution.ts';
import {
  type GatherOptions,
  type LeaderSession,
  type SessionProtocol,
  longestContribution,
  openInbox,
} from './session.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A protocol whose rounds run on inboxes that are agreed on. */
export interface CeremonyProtocol extends SessionProtocol {
  /** Steps whose inboxes are agreed on, in order. */
  readonly fixedSteps: readonly string[];
  /**
   * The last inbox of the history leads on: everybody could finish the ceremony with it. Members vote for no other, so that no leader fixes a dead end.
   * @throws what is missing or wrong.
   */
  judgeInbox(request: SessionRequest): Promise<void>;
  /** Largest honest message in the round that follows the history, in bytes. */
  largestMessage(request: SessionRequest): number;
  /** Keeps what the last inbox of the history proves. One message alone is in it, which was left out of the agreed one. */
  blameLeftOut(request: SessionRequest): Promise<void>;
  /** What came before leaves this round out; its inbox is then empty and without certificate. */
  isSkipped(request: SessionRequest, round: number): Promise<boolean>;
}

const inboxDigest = (session: Uint8Array, round: number, inbox: readonly Uint8Array[]): Digest =>
  digestTagged('message-set', [session, encodeUint8(round), encodeList(inbox)]);

const factOf = (session: Uint8Array, round: number, inbox: readonly Uint8Array[], version: bigint): Fact => ({
  kind: 'message-set',
  id: concat(session, encodeUint8(round)),
  version,
  digest: inboxDigest(session, round, inbox),
});

/** Vote of the first phase of a ballot. */
export const preparedInboxFact = (
  session: Uint8Array,
  round: number,
  inbox: readonly Uint8Array[],
  ballot: bigint,
): Fact => factOf(session, round, inbox, 2n * ballot);

/** Vote of the second phase: its certificate fixes the inbox for ever. */
export const fixedInboxFact = (
  session: Uint8Array,
  round: number,
  inbox: readonly Uint8Array[],
  ballot: bigint,
): Fact => factOf(session, round, inbox, 2n * ballot + 1n);

/** An inbox with the votes for it. */
interface CertifiedInbox {
  readonly inbox: readonly Uint8Array[];
  readonly certificate: QuorumCertificate;
}
const ballotOf = ({ certificate }: CertifiedInbox): bigint => certificate.fact.version / 2n;

const encodeCertifiedInbox = (value: CertifiedInbox | undefined): Uint8Array =>
  value === undefined
    ? new Uint8Array(0)
    : encodeParts([encodeCertificate(value.certificate), encodeList(value.inbox)]);

const read = (bytes: Uint8Array, maxMembers: number): { certificate: Uint8Array; inbox: Uint8Array[] } => {
  const [certificate, inbox] = decodeParts(bytes, 'CertifiedInbox', 2) as [Uint8Array, Uint8Array];
  return { certificate, inbox: decodeList(inbox, 'CertifiedInbox.inbox', maxMembers) };
};

/** session/status: what a member is bound to in the round of `step`. */
const encodeStatusRequest = (request: SessionRequest, step: string): Uint8Array =>
  encodeSessionRequest({ ...request, step, input: new Uint8Array(0), history: [], certificates: [] });

/** session/propose: the request with the proposed inbox; its input is the ballot, and one more certificate shows what a quorum prepared earlier. */
export const encodeProposal = (request: SessionRequest, ballot: bigint, prepared: Uint8Array | undefined): Uint8Array =>
  encodeSessionRequest({ ...request, input: encodeUint64(ballot), certificates: plus(request.certificates, prepared) });

/** session/fix: the request with the inbox, and the certificate of those who prepared it. */
export const encodeFixRequest = (request: SessionRequest, prepared: Uint8Array): Uint8Array =>
  encodeSessionRequest({ ...request, certificates: plus(request.certificates, prepared) });

const plus = (certificates: readonly Uint8Array[], one: Uint8Array | undefined): readonly Uint8Array[] =>
  one === undefined ? certificates : [...certificates, one];

/** Takes off the certificate that is there beside those of the rounds before. */
function splitPrepared(request: SessionRequest): {
  readonly request: SessionRequest;
  readonly prepared: Uint8Array | undefined;
} {
  const before = request.history.length - 1;
  return {
    request: { ...request, certificates: request.certificates.slice(0, before) },
    prepared: request.certificates[before],
  };
}

/** What a member tells a leader about one round. */
interface InboxStatus {
  /** The last ballot that it took part in. */
  readonly ballot: bigint;
  readonly fixed: CertifiedInbox | undefined;
  readonly locked: CertifiedInbox | undefined;
}

const readBallot = (bytes: Uint8Array): bigint => {
  const reader = new Reader(bytes, 'Ballot');
  const ballot = reader.uint64('number');
  reader.end();
  return ballot;
};

export class InboxAgreement {
  readonly #core: Core;
  /** Certificates that this process verified. */
  readonly #verified = new Remembered<true>(256);

  constructor(core: Core) {
    this.#core = core;
  }

  get #validators(): readonly ValidatorId[] {
    return this.#core.committee.access.validators;
  }
  #owner(ballot: bigint): ValidatorId {
    return this.#validators[Number((ballot - 1n) % BigInt(this.#validators.length))] as ValidatorId;
  }

  /** @throws DecodeError, CheckError unless the certificate is one of `phase` for this inbox. */
  #open(
    session: Uint8Array,
    round: number,
    bytes: Uint8Array,
    inbox: readonly Uint8Array[],
    phase: 0n | 1n,
  ): CertifiedInbox {
    const { version } = decodeCertificate(bytes).fact;
    if (version % 2n !== phase) throw new DecodeError('QuorumCertificate.version', 'is one of the other phase');
    const fact = factOf(session, round, inbox, version);
    return { inbox, certificate: this.#core.requireCertificate(bytes, fact, 'MPC:N5') };
  }

  // Members ---------------------------------------------------------------------------------------------------------------------

  #read(kind: 'inbox-locked' | 'inbox-fixed', id: string): CertifiedInbox | undefined {
    const stored = this.#core.store.get(kind, id);
    if (stored === undefined) return undefined;
    const { certificate, inbox } = read(stored, this.#validators.length);
    return { inbox, certificate: decodeCertificate(certificate) };
  }
  #state(session: Uint8Array, round: number): InboxStatus & { readonly id: string } {
    const id = `${hex(session)}.${round}`;
    const ballot = this.#core.store.get('inbox-ballot', id);
    return {
      id,
      ballot: ballot === undefined ? 0n : readBallot(ballot),
      fixed: this.#read('inbox-fixed', id),
      locked: this.#read('inbox-locked', id),
    };
  }

  /** What this validator knows and is bound to, for whoever leads now. */
  status(protocol: CeremonyProtocol, { session, step }: SessionRequest): Uint8Array {
    const round = protocol.fixedSteps.indexOf(step);
    if (round < 0) throw new DecodeError('SessionRequest.step', 'is not a round whose inbox is fixed');
    const { ballot, fixed, locked } = this.#state(session, round);
    return encodeParts([encodeUint64(ballot), encodeCertifiedInbox(fixed), encodeCertifiedInbox(locked)]);
  }

  /**
   * Every inbox of the history is the fixed one of its round (or left out by rule). Learned ones are kept for the next leader.
   * @param rounds - how many; default: all that the protocol fixes.
   */
  async requireFixed(
    protocol: CeremonyProtocol,
    request: SessionRequest,
    rounds = request.history.length,
  ): Promise<void> {
    const { session, history, certificates } = request;
    for (let round = 0; round < Math.min(rounds, protocol.fixedSteps.length); round++) {
      const inbox = history[round];
      const certificate = certificates[round];
      if (inbox === undefined || certificate === undefined)
        throw new DecodeError('SessionRequest.certificates', `round ${round} is not fixed`);
      if (await protocol.isSkipped({ ...request, history: history.slice(0, round) }, round)) {
        if (inbox.length + certificate.length > 0)
          throw new DecodeError('SessionRequest.history', `round ${round} is left out`);
        continue;
      }
      const key = hex(digestTagged('fixed-inbox', [inboxDigest(session, round, inbox), certificate]));
      if (this.#verified.get(key) !== undefined) continue;
      const fixed = this.#open(session, round, certificate, inbox, 1n);
      const { id } = this.#state(session, round);
      if (this.#core.store.get('inbox-fixed', id) === undefined)
        this.#core.store.put('inbox-fixed', id, encodeCertifiedInbox(fixed));
      this.#verified.set(key, true);
    }
  }

  /**
   * What stands under this validator's name in the history is what it contributed. Otherwise the messages are of another run of this ceremony, or
   * this validator was restored and has forgotten its part: it stays out.
   */
  requireOwn(protocol: CeremonyProtocol, request: SessionRequest): void {
    request.history.forEach((inbox, round) => {
      const step = protocol.fixedSteps[round];
      if (step === undefined) return;
      const from = [...openInbox(this.#core, request, round, step).keys()].indexOf(this.#core.index);
      const own = from < 0 ? undefined : inbox[from];
      if (own === undefined) return;
      const contributed = this.#core.contributed(request.session, contributionKind(request.protocol, step));
      if (contributed === undefined || hex(contributed) !== hex(own))
        throw new RefusedError('CONTRADICTION', `this validator did not contribute what the inbox of ${step} says`);
    });
  }

  /** First phase: a vote for the last inbox of the history. @param proposal - see {@link encodeProposal}. */
  async prepare(protocol: CeremonyProtocol, from: ValidatorId, proposal: SessionRequest): Promise<Uint8Array> {
    this.#core.requireNeverRestored();
    const ballot = readBallot(proposal.input);
    const { request, prepared } = splitPrepared({ ...proposal, input: new Uint8Array(0) });
    const { session, history } = request;
    const round = history.length - 1;
    const inbox = history[round];
    const step = protocol.fixedSteps[round];
    if (inbox === undefined || step === undefined)
      throw new DecodeError('SessionRequest.history', 'has no round to fix');
    if (ballot < 1n || ballot > maxBallot) throw new DecodeError('Ballot.number', 'is out of range');
    if (this.#owner(ballot) !== from) throw new RefusedError('NOT_OWNER', 'the ballot belongs to another leader');
    await this.requireFixed(protocol, request, round);
    this.requireOwn(protocol, request);
    if (await protocol.isSkipped({ ...request, history: history.slice(0, round) }, round))
      throw new DecodeError('SessionRequest.history', `round ${step} is left out`);
    // A fixed inbox goes with every later request: nobody fixes one that fills them.
    const longest = longestContribution(protocol.largestMessage({ ...request, history: history.slice(0, round) }));
    if (inbox.some((bytes) => bytes.length > longest))
      throw new DecodeError(`SessionRequest.history[${round}]`, `has a message of more than ${longest} bytes`);
    await protocol.judgeInbox(request);
    const shown = prepared === undefined ? undefined : this.#open(session, round, prepared, inbox, 0n);
    // From here to the vote nothing else runs.
    const state = this.#state(session, round);
    const digest = hex(inboxDigest(session, round, inbox));
    const other = (value: CertifiedInbox | undefined): boolean =>
      value !== undefined && hex(value.certificate.fact.digest) !== digest;
    if (other(state.fixed)) throw new RefusedError('ALREADY_VOTED', `another inbox of ${step} is fixed`);
    if (ballot < state.ballot) throw new RefusedError('ALREADY_VOTED', `${step}: ballot ${ballot} is over`);
    if (ballot > state.ballot + maxBallotJump)
      throw new RefusedError('ALREADY_VOTED', `${step}: ballot ${ballot} is too high`);
    if (state.locked !== undefined && other(state.locked)) {
      const later = shown !== undefined && ballotOf(shown) > ballotOf(state.locked) && ballotOf(shown) < ballot;
      if (!later) throw new RefusedError('ALREADY_VOTED', `this validator is locked on another inbox of ${step}`);
    }
    return this.#core.store.transaction(() => {
      this.#core.store.put('inbox-ballot', state.id, encodeUint64(ballot));
      return this.#core.voteOnce(preparedInboxFact(session, round, inbox, ballot));
    });
  }

  /** Second phase: locks on an inbox that a quorum prepared, durably before the vote to fix it leaves. */
  fix(protocol: CeremonyProtocol, fixing: SessionRequest): Uint8Array {
    this.#core.requireNeverRestored();
    const { request, prepared } = splitPrepared(fixing);
    if (prepared === undefined) throw new DecodeError('SessionRequest.certificates', 'do not show who prepared it');
    const { session, history } = request;
    const round = history.length - 1;
    const inbox = history[round];
    const step = protocol.fixedSteps[round];
    if (inbox === undefined || step === undefined)
      throw new DecodeError('SessionRequest.history', 'has no round to fix');
    const shown = this.#open(session, round, prepared, inbox, 0n);
    const ballot = ballotOf(shown);
    const state = this.#state(session, round);
    if (ballot < state.ballot) throw new RefusedError('ALREADY_VOTED', `${step}: ballot ${ballot} is over`);
    return this.#core.store.transaction(() => {
      this.#core.store.put('inbox-locked', state.id, encodeCertifiedInbox(shown));
      this.#core.store.put('inbox-ballot', state.id, encodeUint64(ballot));
      return this.#core.voteOnce(fixedInboxFact(session, round, inbox, ballot));
    });
  }

  // Leading ---------------------------------------------------------------------------------------------------------------------

  #readStatus(session: SessionId, round: number, body: Uint8Array): InboxStatus {
    const [ballot, fixed, locked] = decodeParts(body, 'InboxStatus', 3) as [Uint8Array, Uint8Array, Uint8Array];
    const open = (bytes: Uint8Array, phase: 0n | 1n): CertifiedInbox | undefined => {
      if (bytes.length === 0) return undefined;
      const { certificate, inbox } = read(bytes, this.#validators.length);
      return this.#open(session, round, certificate, inbox, phase);
    };
    return { ballot: readBallot(ballot), fixed: open(fixed, 1n), locked: open(locked, 0n) };
  }

  /**
   * Leads the next round of a ceremony to a fixed inbox: takes up what is fixed or locked, else gathers contributions.
   * @param need - weight of the contributions to gather; default t.
   * @throws the members' refusal, or ThresholdNotReachedError: may be better later, by the same leader or another one.
   */
  async lead(protocol: CeremonyProtocol, session: LeaderSession, need?: number): Promise<void> {
    const core = this.#core;
    const round = session.rounds;
    const step = protocol.fixedSteps[round] as string;
    if (await protocol.isSkipped(session.request(step), round)) {
      session.append([], new Uint8Array(0));
      return;
    }
    let gathered: readonly Uint8Array[] | undefined;
    for (let attempt = 0; ; attempt++) {
      const { fixed, locked, reported } = await this.#learn(protocol, session);
      if (fixed !== undefined) {
        session.append(fixed.inbox, encodeCertificate(fixed.certificate));
        return;
      }
      const options = need === undefined ? ({ graceMs: 'adaptive' } as const) : { need };
      const inbox = locked?.inbox ?? (gathered ??= await session.gather(step, bounded(protocol, session, options)));
      const open = session.request(step);
      const request: SessionRequest = { ...open, history: [...open.history, inbox] };
      await protocol.judgeInbox(request);
      const outcome = await this.#ballot(request, this.#above(reported), locked);
      if ('certificate' in outcome) {
        session.append(inbox, outcome.certificate);
        return;
      }
      if (!outcome.contended || attempt >= maxAttempts) throw outcome.error;
      core.options.log(`${step}: another leader was faster, trying again`);
      await pauseAfter(core, attempt, firstPauseMs);
    }
  }

  #above(reported: ReadonlyMap<ValidatorId, bigint>): bigint {
    return ballotAbove(this.#core, reported, (ballot) => this.#owner(ballot) === this.#core.index);
  }

  /** What the members are bound to. A bad answer counts as none. */
  async #learn(protocol: CeremonyProtocol, session: LeaderSession) {
    const round = session.rounds;
    const reported = new Map<ValidatorId, bigint>();
    let fixed: CertifiedInbox | undefined;
    let locked: CertifiedInbox | undefined;
    await this.#core.collect(
      'session/status',
      encodeStatusRequest(session.request('status'), protocol.fixedSteps[round] as string),
      ({ validator, body }) => {
        const status = this.#readStatus(session.session, round, body);
        reported.set(validator, status.ballot);
        fixed ??= status.fixed;
        if (status.locked !== undefined && (locked === undefined || ballotOf(status.locked) > ballotOf(locked)))
          locked = status.locked;
      },
      { graceMs: 'adaptive' },
    );
    return { reported, fixed, locked };
  }

  /** One ballot. `contended`: members refused because of another ballot. */
  async #ballot(
    request: SessionRequest,
    ballot: bigint,
    locked: CertifiedInbox | undefined,
  ): Promise<{ readonly certificate: Uint8Array } | { readonly error: Error; readonly contended: boolean }> {
    const { session, history } = request;
    const round = history.length - 1;
    const inbox = history[round] as readonly Uint8Array[];
    const phase = async (method: string, body: Uint8Array, fact: Fact) => {
      const { certificate, weight, answers } = await this.#core.gatherVotes(method, body, fact, {
        graceMs: 'adaptive',
      });
      if (certificate !== undefined) return { certificate: encodeCertificate(certificate) };
      const error = this.#core.refusal(`fixed inbox of round ${round}`, answers, weight);
      return { error, contended: answers.some(isContended) };
    };
    const shown = locked === undefined ? undefined : encodeCertificate(locked.certificate);
    const proposal = encodeProposal(request, ballot, shown);
    const prepared = await phase('session/propose', proposal, preparedInboxFact(session, round, inbox, ballot));
    if (!('certificate' in prepared)) return prepared;
    const body = encodeFixRequest(request, prepared.certificate);
    return phase('session/fix', body, fixedInboxFact(session, round, inbox, ballot));
  }
}

/** How the next round of a ceremony is gathered: what no honest validator says is left out, and its sender blamed. */
export function bounded(
  protocol: CeremonyProtocol,
  session: LeaderSession,
  options: GatherOptions = {},
): GatherOptions {
  const request = session.request('');
  return {
    ...options,
    largest: protocol.largestMessage(request),
    leftOut: (bytes) => protocol.blameLeftOut({ ...request, history: [...request.history, [bytes]] }),
  };
}

const maxAttempts = 6;
const firstPauseMs = 100;
