/**
 * Agreement on the next slot of the zone log, whoever leads and however many lead at once: never two batches for one slot, and one in the end.
 *
 * As for the inboxes of ceremonies (sessions/fixed-inbox.ts): a leader runs a ballot in two phases, each a quorum of votes that are durable before they are
 * sent. Members vote in ascending ballots, for one batch per ballot; whoever votes to decide a batch is locked on it, and supports another one only when it
 * is shown that a quorum prepared that one in a later ballot. The argument is in docs/protocol-notes.md (Zones).
 *
 * @module
 */
import { DecodeError, type Digest, Reader, type ValidatorId, concat, encodeBytes, encodeUint64 } from '@dwallet/sigma';
import { type Fact, decodeCertificate, encodeCertificate } from '@dwallet/two-pc-mpc/network';
import type { RuleId } from '@dwallet/zones';
import { ballotAbove, isContended, maxBallot, maxBallotJump, pauseAfter } from '../../ballots.ts';
import { type Core, RefusedError } from '../../core.ts';
import {
  type CertifiedBatch,
  type SlotStatus,
  decidedSlotFact,
  decodeDecided,
  decodeProposalAnswer,
  decodeSlotMessage,
  decodeSlotStatus,
  encodeDecided,
  encodeProposalAnswer,
  encodeSlotMessage,
  encodeSlotStatus,
  preparedSlotFact,
  slotDigest,
} from './slots.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const storeKind = 'zone-agreement';
const none = new Uint8Array(0);

/** Why a validator does not vote for a batch. */
export interface BatchRefusal {
  /** Which event of the batch. */
  readonly event: number;
  readonly rule: RuleId;
  readonly reason: string;
}

/** The log that is agreed on. */
export interface SlotHost {
  /** The next undecided slot. */
  readonly height: bigint;
  /** Digest of the slot before `slot`, which is at most {@link height}. */
  before(slot: bigint): Digest;
  /** Judges a batch for the next slot with this validator's own eyes. Synchronous: nothing happens between this and the vote. */
  judge(batch: Uint8Array): BatchRefusal | undefined;
  decided(slot: bigint): CertifiedBatch | undefined;
  /** Stores and applies a decided slot; its certificate was verified. One that is known changes nothing. */
  decide(slot: bigint, value: CertifiedBatch): void;
  /** Gets the slots before `slot` from others, as far as they have them. */
  catchUp(slot: bigint): Promise<void>;
  /** Whether this validator may vote on a slot: one that was restored may have voted before. */
  mayVote(slot: bigint): boolean;
}

/** What one attempt to lead came to. */
export type LeadOutcome =
  | { readonly kind: 'decided'; readonly slot: bigint }
  /** There was nothing to propose. */
  | { readonly kind: 'idle' }
  /** Members do not agree to events of this validator's batch. */
  | { readonly kind: 'refused'; readonly refusals: readonly BatchRefusal[]; readonly batch: Uint8Array }
  | { readonly kind: 'failed'; readonly error: Error };

type BallotOutcome =
  | { readonly kind: 'decided'; readonly value: CertifiedBatch }
  | { readonly kind: 'contended'; readonly error: Error }
  | { readonly kind: 'refused'; readonly refusals: readonly BatchRefusal[] }
  | { readonly kind: 'failed'; readonly error: Error };

export interface AgreementTiming {
  /** How long a leader waits for the answers of one phase. */
  readonly phaseMs: number;
}

export class SlotAgreement {
  readonly #core: Core;
  readonly #host: SlotHost;
  readonly #timing: AgreementTiming;

  constructor(core: Core, host: SlotHost, timing: AgreementTiming) {
    this.#core = core;
    this.#host = host;
    this.#timing = timing;
  }

  get #validators(): readonly ValidatorId[] {
    return this.#core.committee.access.validators;
  }
  /** Whose ballot it is: turns begin with another validator in each slot. */
  owner(slot: bigint, ballot: bigint): ValidatorId {
    return this.#validators[Number((slot + ballot - 1n) % BigInt(this.#validators.length))] as ValidatorId;
  }
  /** 0 for who proposes first in this slot, then 1, ... */
  rank(slot: bigint): number {
    const turn = Number(slot % BigInt(this.#validators.length));
    const own = this.#validators.indexOf(this.#core.index);
    return (own - turn + this.#validators.length) % this.#validators.length;
  }

  #prepared(slot: bigint, value: Digest, ballot: bigint): Fact {
    return preparedSlotFact(this.#core.options.networkId, slot, value, ballot);
  }

  /** The ballot of a certificate of one phase for this value. @throws DecodeError, CheckError */
  #open(slot: bigint, value: Digest, bytes: Uint8Array, phase: 'prepared' | 'decided'): bigint {
    const { version } = decodeCertificate(bytes).fact;
    const ballot = version / 2n;
    const { networkId } = this.#core.options;
    const fact = (phase === 'prepared' ? preparedSlotFact : decidedSlotFact)(networkId, slot, value, ballot);
    this.#core.requireCertificate(bytes, fact, 'ASSET:7');
    return ballot;
  }

  /** Takes a decided slot, at most the next one. @throws DecodeError, CheckError unless its certificate decides it. */
  take(slot: bigint, { batch, certificate }: CertifiedBatch): void {
    const known = this.#host.decided(slot);
    if (known !== undefined && hex(known.batch) === hex(batch)) return;
    this.#open(slot, slotDigest(slot, this.#host.before(slot), batch), certificate, 'decided');
    this.#host.decide(slot, { batch, certificate });
  }

  // Members ---------------------------------------------------------------------------------------------------------------------

  /** What this validator is bound to in the slot; of earlier slots nothing matters any more. */
  #state(slot: bigint): { readonly ballot: bigint; readonly locked: CertifiedBatch | undefined } {
    const about = (id: string): Reader | undefined => {
      const stored = this.#core.store.get(storeKind, id);
      if (stored === undefined) return undefined;
      const reader = new Reader(stored, `StoredAgreement.${id}`);
      return reader.uint64('slot') === slot ? reader : undefined;
    };
    const locked = about('locked');
    return {
      ballot: about('ballot')?.uint64('ballot') ?? 0n,
      locked: locked === undefined ? undefined : decodeDecided(locked.bytes('value', 4 * 1024 * 1024)),
    };
  }

  #moveTo(slot: bigint, ballot: bigint): void {
    this.#core.store.put(storeKind, 'ballot', concat(encodeUint64(slot), encodeUint64(ballot)));
  }

  /** Members vote on the next slot only. @throws RefusedError when it is another one. */
  async #reach(slot: bigint): Promise<void> {
    if (slot > this.#host.height) await this.#host.catchUp(slot);
    const { height } = this.#host;
    if (slot < height) throw new RefusedError('ALREADY_VOTED', `slot ${slot} of the zone log is decided`);
    if (slot > height) throw new RefusedError('NOT_READY', `this validator has ${height} slots of the zone log`);
    if (!this.#host.mayVote(slot))
      throw new RefusedError('ABSTAINS', 'this validator was restored from a backup and may have voted on this slot');
  }

  /** What this validator has and is bound to, for whoever leads. */
  status(body: Uint8Array): Uint8Array {
    const { slot } = decodeSlotMessage(body);
    const { height } = this.#host;
    const { ballot, locked } = this.#state(height);
    return encodeSlotStatus({ height, ballot, locked, decided: this.#host.decided(slot) });
  }

  /** First phase. The vote of this validator, or which event it refuses. */
  async prepare(from: ValidatorId, body: Uint8Array): Promise<Uint8Array> {
    const { slot, ballot, batch, certificate } = decodeSlotMessage(body);
    if (ballot < 1n || ballot > maxBallot) throw new DecodeError('SlotMessage.ballot', 'is out of range');
    if (this.owner(slot, ballot) !== from) throw new RefusedError('NOT_OWNER', 'the ballot belongs to another leader');
    await this.#reach(slot);
    // From here to the vote nothing else runs.
    const value = slotDigest(slot, this.#host.before(slot), batch);
    const shown = certificate.length === 0 ? undefined : this.#open(slot, value, certificate, 'prepared');
    if (shown !== undefined && shown >= ballot)
      throw new DecodeError('SlotMessage.certificate', 'is of a later ballot');
    const state = this.#state(slot);
    if (ballot < state.ballot) throw new RefusedError('ALREADY_VOTED', `ballot ${ballot} of slot ${slot} is over`);
    if (ballot > state.ballot + maxBallotJump)
      throw new RefusedError('ALREADY_VOTED', `ballot ${ballot} of slot ${slot} is too high`);
    const locked = state.locked === undefined ? undefined : this.#lockOf(slot, state.locked);
    const same = locked !== undefined && hex(locked.value) === hex(value);
    if (locked !== undefined && !same && (shown === undefined || shown <= locked.ballot))
      throw new RefusedError('ALREADY_VOTED', `this validator is locked on another batch for slot ${slot}`);
    // A quorum that prepared it has judged it.
    const refusal = shown !== undefined || same ? undefined : this.#host.judge(batch);
    if (refusal !== undefined) return encodeProposalAnswer({ kind: 'refused', ...refusal });
    const signature = this.#core.store.transaction(() => {
      this.#moveTo(slot, ballot);
      return this.#core.voteOnce(this.#prepared(slot, value, ballot));
    });
    return encodeProposalAnswer({ kind: 'vote', signature });
  }

  #lockOf(slot: bigint, { batch, certificate }: CertifiedBatch): { readonly value: Digest; readonly ballot: bigint } {
    return {
      value: slotDigest(slot, this.#host.before(slot), batch),
      ballot: decodeCertificate(certificate).fact.version / 2n,
    };
  }

  /** Second phase: locks on a batch that a quorum prepared, durably before the vote to decide it leaves. */
  async fix(body: Uint8Array): Promise<Uint8Array> {
    const { slot, batch, certificate } = decodeSlotMessage(body);
    await this.#reach(slot);
    const value = slotDigest(slot, this.#host.before(slot), batch);
    const ballot = this.#open(slot, value, certificate, 'prepared');
    if (ballot < this.#state(slot).ballot)
      throw new RefusedError('ALREADY_VOTED', `ballot ${ballot} of slot ${slot} is over`);
    return this.#core.store.transaction(() => {
      const locked = concat(encodeUint64(slot), encodeBytes(encodeDecided({ batch, certificate })));
      this.#core.store.put(storeKind, 'locked', locked);
      this.#moveTo(slot, ballot);
      return this.#core.voteOnce(decidedSlotFact(this.#core.options.networkId, slot, value, ballot));
    });
  }

  /** A decided slot from whoever led it. */
  async decide(body: Uint8Array): Promise<Uint8Array> {
    const { slot, batch, certificate } = decodeSlotMessage(body);
    if (slot > this.#host.height) await this.#host.catchUp(slot);
    if (slot > this.#host.height) throw new RefusedError('NOT_READY', 'this validator lacks the slots before');
    this.take(slot, { batch, certificate });
    return none;
  }

  // Leading ---------------------------------------------------------------------------------------------------------------------

  #above(slot: bigint, reported: ReadonlyMap<ValidatorId, bigint>): bigint {
    return ballotAbove(this.#core, reported, (ballot) => this.owner(slot, ballot) === this.#core.index);
  }

  /** What the members have and are bound to. A bad answer counts as none. */
  async #learn(slot: bigint) {
    const reported = new Map<ValidatorId, bigint>();
    let locked: (CertifiedBatch & { readonly ballot: bigint }) | undefined;
    let behind = false;
    const body = encodeSlotMessage({ slot, ballot: 0n, batch: none, certificate: none });
    await this.#core.collect(
      'zones/status',
      body,
      ({ validator, body: answer }) => {
        const status = decodeSlotStatus(answer);
        if (status.height > slot) {
          if (status.decided === undefined) return;
          this.take(slot, status.decided);
          behind = true;
          return;
        }
        if (status.height < slot) {
          reported.set(validator, 0n);
          return;
        }
        reported.set(validator, status.ballot);
        const known = this.#openLocked(slot, status);
        if (known !== undefined && (locked === undefined || known.ballot > locked.ballot)) locked = known;
      },
      { graceMs: 0, timeoutMs: this.#timing.phaseMs },
    );
    return { reported, locked, behind };
  }

  #openLocked(slot: bigint, { locked }: SlotStatus): (CertifiedBatch & { readonly ballot: bigint }) | undefined {
    if (locked === undefined) return undefined;
    const value = slotDigest(slot, this.#host.before(slot), locked.batch);
    return { ...locked, ballot: this.#open(slot, value, locked.certificate, 'prepared') };
  }

  /**
   * Leads the next slot: takes up what members are locked on, else proposes what `next` makes for the log as it is then.
   * @param next - a batch, or undefined when there is nothing to propose.
   */
  async lead(next: () => Uint8Array | undefined): Promise<LeadOutcome> {
    let error: Error = new RefusedError('UNAVAILABLE', 'other leaders were always faster');
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const slot = this.#host.height;
      const own = this.#state(slot);
      let reported: ReadonlyMap<ValidatorId, bigint> = new Map([[this.#core.index, own.ballot]]);
      let locked = own.locked;
      // The first try of a slot knows no other ballots: asking would cost more than a refusal.
      if (attempt > 0) {
        const learnt = await this.#learn(slot);
        if (learnt.behind || this.#host.height !== slot) continue;
        reported = learnt.reported;
        locked = learnt.locked ?? locked;
      }
      const batch = locked?.batch ?? next();
      if (batch === undefined) return { kind: 'idle' };
      const outcome = await this.#ballot(slot, this.#above(slot, reported), batch, locked?.certificate ?? none);
      switch (outcome.kind) {
        case 'decided': {
          this.#host.decide(slot, outcome.value);
          const body = encodeSlotMessage({ slot, ballot: 0n, ...outcome.value });
          await this.#core.collect('zones/decide', body, () => {}, { graceMs: 0, timeoutMs: this.#timing.phaseMs });
          // What was locked may have been somebody else's: the own events still wait.
          if (locked === undefined) return { kind: 'decided', slot };
          break;
        }
        case 'refused':
          return { kind: 'refused', refusals: outcome.refusals, batch };
        case 'failed':
          return outcome;
        case 'contended':
          error = outcome.error;
          await pauseAfter(this.#core, attempt, firstPauseMs);
      }
    }
    return { kind: 'failed', error };
  }

  /** One ballot. @param shown - certificate of who prepared the batch in an earlier one; empty if nobody did. */
  async #ballot(slot: bigint, ballot: bigint, batch: Uint8Array, shown: Uint8Array): Promise<BallotOutcome> {
    const core = this.#core;
    const value = slotDigest(slot, this.#host.before(slot), batch);
    const refusals: BatchRefusal[] = [];
    const phase = async (method: string, body: Uint8Array, fact: Fact, read?: (answer: Uint8Array) => Uint8Array) => {
      const { certificate, weight, answers } = await core.gatherVotes(method, body, fact, {
        graceMs: 0,
        timeoutMs: this.#timing.phaseMs,
        ...(read === undefined ? {} : { read }),
      });
      if (certificate !== undefined) return { certificate: encodeCertificate(certificate) };
      const rivals = core.committee.access.weight(answers.filter(isContended).map(({ validator }) => validator));
      return { error: core.refusal(`slot ${slot} of the zone log`, answers, weight), rivals };
    };
    const prepared = await phase(
      'zones/propose',
      encodeSlotMessage({ slot, ballot, batch, certificate: shown }),
      this.#prepared(slot, value, ballot),
      (answer) => {
        const decoded = decodeProposalAnswer(answer);
        if (decoded.kind === 'vote') return decoded.signature;
        refusals.push(decoded);
        throw new RefusedError('POLICY_REFUSED', decoded.reason, { check: decoded.rule });
      },
    );
    if (prepared.certificate === undefined) {
      // Faulty members could say for ever that another leader was faster, and so keep an event that others refuse in every batch.
      const believed = refusals.length > 0 ? core.committee.access.maxFaulty : 0;
      if (prepared.rivals > believed) return { kind: 'contended', error: prepared.error };
      return refusals.length > 0 ? { kind: 'refused', refusals } : { kind: 'failed', error: prepared.error };
    }
    const fixed = await phase(
      'zones/fix',
      encodeSlotMessage({ slot, ballot: 0n, batch, certificate: prepared.certificate }),
      decidedSlotFact(core.options.networkId, slot, value, ballot),
    );
    if (fixed.certificate !== undefined) return { kind: 'decided', value: { batch, certificate: fixed.certificate } };
    return { kind: fixed.rivals > 0 ? 'contended' : 'failed', error: fixed.error };
  }
}

const maxAttempts = 8;
const firstPauseMs = 60;
