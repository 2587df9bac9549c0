/**
 * Zones in one validator: the log of certified events, what this validator drafts and judges for it, and the policy before its shares.
 *
 * @module
 */
import { DecodeError, type ValidatorId } from '@dwallet/sigma';
import {
  type ConfigurationReport,
  type EventScope,
  type Outcome,
  type Refusal,
  type ReleaseRecord,
  type Submission,
  type World,
  type WorldEvent,
  type ZoneFact,
  type ZoneRecord,
  applyEvent,
  canServe,
  clusterStatus,
  decodeSubmission,
  encodeSubmission,
  eventFacts,
  eventScope,
} from '@dwallet/zones';
import { type Core, RefusedError } from '../core.ts';
import type { SigningPolicy } from '../policy/signing-policy.ts';
import { refuseByPolicy } from '../policy/signing-policy.ts';
import { StoreError } from '../store/store-error.ts';
import { type EventSource, draftKey } from './draft.ts';
import { LedgerSource } from './ledger-source.ts';
import { ClusterSource, type MemberConfiguration } from './cluster-source.ts';
import type { BatchRefusal } from './log/agreement.ts';
import { decodeSlotMessage, encodeSlotMessage } from './log/slots.ts';
import type { ForkProof } from './log/fork-proof.ts';
import { type AppliedEvent, type WorldState, applyBatch } from './log/world-state.ts';
import { ZoneLog } from './log/zone-log.ts';
import { type ZonesObserver, eventKind, silentZonesObserver } from './observer.ts';
import { Proposer, type RefusedDraft } from './proposer.ts';
import { type DWalletFacts, RecordSource } from './record-source.ts';
import { Releases, isReleased, neverReleased } from './releases.ts';
import type { ChainWatcher, SafetyFault } from './watchers/index.ts';
import { ZonePolicy } from './zone-policy.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** How zones keep time, in milliseconds. */
export interface ZoneTiming {
  /** How long the next validator in turn waits for the one before to propose. */
  readonly turnMs: number;
  /** How long a leader waits for the answers of one phase. */
  readonly phaseMs: number;
  /** How far the time of an entry may be from a validator's own when it votes. */
  readonly maxSkewMs: number;
  /** How long a submission or a payment waits for the log. */
  readonly waitMs: number;
  /** How often a validator that hears nothing looks whether others have more of the log. */
  readonly lookMs: number;
  /** Pause between two settlements of a cluster. */
  readonly settleMs: number;
}

export const defaultZoneTiming: ZoneTiming = {
  turnMs: 400,
  phaseMs: 5000,
  maxSkewMs: 10_000,
  waitMs: 15_000,
  lookMs: 5000,
  settleMs: 60_000,
};

export interface ZonesOptions {
  /** One per configured zone, by CAIP-2 id. Whoever made them starts and stops them. */
  readonly watchers: ReadonlyMap<string, ChainWatcher>;
  /** Milliseconds since the Unix epoch; default: the system's. */
  readonly time?: () => number;
  readonly timing?: Partial<ZoneTiming>;
  /** First block to look at for assets on a chain; the same at every validator. Default: 0. */
  readonly watchFrom?: (chain: string) => number;
  /** Whether this validator's operator agrees to the first record of a zone. Default: to one of every chain that it watches. */
  readonly firstZone?: (record: ZoneRecord) => boolean;
  readonly observer?: ZonesObserver;
  /** Slots of the log between two snapshots of the world, at least. Default: 16384. */
  readonly snapshotSlots?: number;
}

const defaultSnapshotSlots = 16_384;

/** What zones need of the validator that they are in. */
export interface ZonesHost {
  /** @param publicKey - 33 bytes, compressed. */
  readonly dwallet: (publicKey: Uint8Array) => DWalletFacts | undefined;
  /** After a restore from a backup: finds out, once, which dWallets may have signed before it. */
  readonly boundAfterRestore: () => Promise<void>;
  /** Keeps that two batches were decided for one slot as evidence that others can judge. */
  readonly forked: (proof: ForkProof) => void;
}

/** Told of every decided slot. */
export type SlotListener = (slot: bigint, applied: readonly AppliedEvent[]) => void;

export class Zones {
  readonly #core: Core;
  readonly #watchers: ReadonlyMap<string, ChainWatcher>;
  readonly #time: () => number;
  readonly #timing: ZoneTiming;
  readonly #observer: ZonesObserver;
  readonly #sources: readonly EventSource[];
  readonly #ledger: LedgerSource;
  readonly #records: RecordSource;
  readonly #releases: Releases;
  readonly #clusters: ClusterSource;
  readonly #host: ZonesHost;
  readonly #proposer: Proposer;
  readonly #stopping: (() => void)[] = [];
  readonly log: ZoneLog;
  readonly policy: SigningPolicy;
  #running = false;

  constructor(core: Core, options: ZonesOptions, host: ZonesHost) {
    this.#core = core;
    this.#host = host;
    this.#watchers = options.watchers;
    this.#time = options.time ?? Date.now;
    this.#timing = { ...defaultZoneTiming, ...options.timing };
    this.#observer = options.observer ?? silentZonesObserver;
    const { maxSkewMs, turnMs } = this.#timing;
    const { store } = core;
    this.#releases = new Releases(store);
    this.#ledger = new LedgerSource({
      watchers: this.#watchers,
      maxSkewMs,
      watchFrom: options.watchFrom ?? (() => 0),
      store,
    });
    this.#records = new RecordSource({
      store,
      dwallet: host.dwallet,
      maxSkewMs,
      certified: (event) => certified(this.state, event),
      firstZone: (record) => this.#watchers.has(record.chain) && options.firstZone?.(record) !== false,
    });
    this.#clusters = new ClusterSource({
      watchers: this.#watchers,
      timing: this.#timing,
      committed: (cluster) => this.state.world.clusters.get(cluster),
      message: (cluster, from, to, nonce) => this.state.message(cluster, from, to, nonce),
    });
    this.#sources = [this.#records, this.#ledger, this.#releases, this.#clusters];
    this.log = new ZoneLog(core, {
      timing: this.#timing,
      judge: (log, events) => this.#judgeBatch(log, events),
      alarm: (scope) => this.#observer.alarm(scope),
      forked: (proof) => host.forked(proof),
      snapshotSlots: options.snapshotSlots ?? defaultSnapshotSlots,
    });
    this.#proposer = new Proposer({
      log: this.log,
      sources: this.#sources,
      clock: core.options.clock,
      time: this.#time,
      turnMs,
      judge: (world, event) => this.#judge(world, event),
      refused: (refused) => this.#noteRefused(refused),
      note: (text) => core.options.log(text),
      failed: (why) => this.#observer.proposerFailed(why),
    });
    this.log.listen({
      decided: (_, applied) => {
        const now = core.options.clock.now();
        for (const { event, refusal } of applied) {
          if (refusal !== undefined) continue;
          const since = this.#proposer.since(draftKey(event));
          this.#observer.decided(eventKind(event), since === undefined ? undefined : (now - since) / 1000);
          if (event.kind === 'cluster' && event.event.kind === 'configuration')
            this.#noteConfiguration(event.event.report);
        }
        this.#proposer.advanced();
      },
    });
    this.policy = new ZonePolicy({
      state: this.log.state,
      store: core.store,
      time: this.#time,
      unserved: (chain) => this.#unserved(chain),
      release: (release) => this.#agreeOnRelease(release),
      judged: (rule, seconds) => {
        this.#observer.judged(seconds);
        if (rule !== undefined) this.#observer.refused('signature', rule);
      },
    });
  }

  get state(): WorldState {
    return this.log.state;
  }
  get watchers(): ReadonlyMap<string, ChainWatcher> {
    return this.#watchers;
  }
  /** Milliseconds since the Unix epoch, as this validator has it. */
  now(): number {
    return this.#time();
  }

  // Judging -------------------------------------------------------------------------------------------------------------------------

  #judge(world: World, event: WorldEvent): Refusal | undefined {
    const time = this.#time();
    for (const source of this.#sources) {
      const refusal = source.judge(world, event, time);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** What nobody foresaw in one event refuses that event, so that its leader leaves it out and not its whole batch. */
  #judgeTheirs(world: World, event: WorldEvent): Refusal | undefined {
    try {
      return this.#judge(world, event);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const name = error instanceof Error ? error.name : typeof error;
      this.#core.options.log(`an event of kind ${eventKind(event)} cannot be judged (${name})`);
      return { ok: false, rule: 'ASSET:11', reason: 'this validator cannot judge it' };
    }
  }

  #judgeBatch(log: ZoneLog, events: readonly WorldEvent[]): BatchRefusal | undefined {
    let { world } = log.state;
    const closed = (scope: EventScope): boolean => log.state.fault(scope) !== undefined;
    for (const [i, event] of events.entries()) {
      const { applied, world: next } = applyBatch(world, [event], closed);
      const refusal = applied[0]?.refusal ?? this.#judgeTheirs(world, event);
      if (refusal !== undefined) {
        this.#observer.refused('event', refusal.rule);
        return { event: i, rule: refusal.rule, reason: refusal.reason };
      }
      world = next;
    }
    return undefined;
  }

  #noteRefused({ key, refusal }: RefusedDraft): void {
    this.#observer.refused('event', refusal.rule);
    this.#core.options.log(`not in the zone log, ${key.slice(0, 96)}: ${refusal.rule} ${refusal.reason}`);
  }

  /** CLUSTER:10 for signatures: who cannot see a cluster helps to sign nothing on its members. */
  #unserved(chain: string): Refusal | undefined {
    const watched = this.#watchers.get(chain)?.status();
    if (watched?.kind === 'forked')
      return {
        ok: false,
        rule: 'ZONE:2',
        reason: `${chain} took back block ${watched.fault.reported.height}, which this validator had seen final`,
      };
    for (const { record, members } of this.state.world.clusters.values())
      if (members.has(chain)) return canServe(record, this.healthyNodes());
    return undefined;
  }

  /** Chains for which this validator has a node that it can rely on now. */
  healthyNodes(): ReadonlySet<string> {
    return new Set([...this.#watchers].flatMap(([chain, watcher]) => (watcher.healthy ? [chain] : [])));
  }

  // Serving the other validators ----------------------------------------------------------------------------------------------------

  /** @throws DecodeError, RefusedError */
  async serve(method: string, from: ValidatorId, body: Uint8Array): Promise<Uint8Array> {
    switch (method) {
      case 'zones/status':
        return this.log.agreement.status(body);
      case 'zones/propose':
        return this.log.agreement.prepare(from, body);
      case 'zones/fix':
        return this.log.agreement.fix(body);
      case 'zones/decide':
        return this.log.agreement.decide(body);
      case 'zones/fetch':
        return this.log.fetch(body);
      case 'zones/certify':
        return this.log.certify(body);
      case 'zones/offer':
        this.#take(decodeSubmission(decodeSlotMessage(body).batch));
        return new Uint8Array(0);
      default:
        throw new DecodeError('Call.method', 'is unknown');
    }
  }

  // Submissions ---------------------------------------------------------------------------------------------------------------------

  /** Judges and keeps a submission, so that whoever leads next proposes it. @returns its key. @throws RefusedError POLICY_REFUSED */
  #take(submission: Submission): string {
    if (this.state.closed !== undefined) throw refuseByPolicy('ASSET:7', `nothing is certified: ${this.state.closed}`);
    if (submission.kind === 'mint') {
      const refusal = this.#ledger.judgeOrder(this.state.world, submission, this.#time());
      if (refusal !== undefined) throw refuseByPolicy(refusal.rule, refusal.reason);
      const key = this.#ledger.order(submission);
      this.#proposer.poke();
      return key;
    }
    const { event } = submission;
    const { world } = this.state;
    // This validator's own judgement first: whoever invents a zone or dWallet has no signatures verified.
    const refusal = this.#judge(world, event) ?? refusalOf(applyEvent(world, event));
    if (refusal !== undefined) throw refuseByPolicy(refusal.rule, refusal.reason);
    const closed = this.state.fault(eventScope(event));
    if (closed !== undefined) throw refuseByPolicy('ZONE:2', closed);
    const key = this.#records.submit(event);
    this.#proposer.poke();
    return key;
  }

  /**
   * Submits a record or an order: tells all validators, and waits until it is in the log. The same again changes nothing.
   * @throws RefusedError POLICY_REFUSED with the rule; UNAVAILABLE when the log does not move in time.
   */
  async submit(bytes: Uint8Array): Promise<void> {
    const submission = decodeSubmission(bytes);
    if (this.#isDone(submission)) return;
    await this.log.catchUp();
    if (this.#isDone(submission)) return;
    const key = this.#take(submission);
    const offer = {
      slot: this.log.height,
      ballot: 0n,
      batch: encodeSubmission(submission),
      certificate: new Uint8Array(0),
    };
    void this.#core.collect('zones/offer', encodeSlotMessage(offer), () => {}, {
      graceMs: 0,
      timeoutMs: this.#timing.phaseMs,
      from: [...this.#core.options.peers.keys()],
    });
    await this.#until(() => this.#isDone(submission) || this.#isSuperseded(submission), key);
    if (this.#isDone(submission)) return;
    throw refuseByPolicy('GOVERNANCE:2', 'another record of this version was certified');
  }

  #isDone(submission: Submission): boolean {
    if (submission.kind === 'mint') return this.#ledger.isBooked(this.state.world, submission);
    return certified(this.state, submission.event) === 'same';
  }
  #isSuperseded(submission: Submission): boolean {
    return submission.kind === 'record' && certified(this.state, submission.event) === 'other';
  }

  /** @param key - of the draft whose refusal says why it is not so in time. */
  async #until(done: () => boolean, key: string): Promise<void> {
    if (done()) return;
    const { clock } = this.#core.options;
    await new Promise<void>((resolve, reject) => {
      const finish = (): void => {
        stopListening();
        cancel();
      };
      const stopListening = this.log.listen({
        decided: () => {
          if (!done()) return;
          finish();
          resolve();
        },
      });
      const cancel = clock.after(this.#timing.waitMs, () => {
        finish();
        const refused = this.#proposer.refusal(key)?.refusal;
        reject(
          refused === undefined
            ? new RefusedError('UNAVAILABLE', 'the validators have not agreed in time; it may still be certified')
            : refuseByPolicy(refused.rule, refused.reason),
        );
      });
    });
  }

  async #agreeOnRelease(release: ReleaseRecord): Promise<void> {
    const key = this.#releases.want(release);
    this.#proposer.poke();
    const never = (): Refusal | undefined => neverReleased(this.state.world, release);
    await this.#until(() => isReleased(this.state.world, release) || never() !== undefined, key);
    const refusal = never();
    if (refusal !== undefined) throw refuseByPolicy(refusal.rule, refusal.reason);
  }

  /** How much this validator was asked for and the log does not have yet. */
  waiting(): { readonly record: number; readonly order: number; readonly release: number } {
    return { record: this.#records.waiting, order: this.#ledger.waiting, release: this.#releases.waiting };
  }

  // Safety faults of chains ---------------------------------------------------------------------------------------------------------------

  /** What watchers saw taken back and no operator has acknowledged. */
  faults(): readonly SafetyFault[] {
    return [...this.#watchers.values()].flatMap((watcher) => [...watcher.faults()]);
  }

  /**
   * The operator goes on after a safety fault, on the chain that his node shows now (docs/operators.md).
   * @param block - hash of the conflicting block: what the operator looked at is what he acknowledges.
   * @returns the fault. @throws RefusedError NOT_FOUND
   */
  acknowledge(chain: string, track: string, block: string): SafetyFault {
    const fault = this.#watchers
      .get(chain)
      ?.faults()
      .find((one) => one.track === track && one.conflicting.hash === block);
    if (fault === undefined) throw new RefusedError('NOT_FOUND', 'there is no such fault of this chain and track here');
    this.#watchers.get(chain)?.acknowledge(fault.track);
    this.#proposer.poke();
    return fault;
  }

  /** What the members of all clusters run, by this validator's own nodes (CLUSTER:9). */
  configurations(): readonly MemberConfiguration[] {
    return [...this.state.world.clusters.values()].flatMap((cluster) =>
      cluster.record.members.flatMap(({ chain }) => this.#clusters.runs(cluster, chain) ?? []),
    );
  }

  #noteConfiguration({ cluster, member, configuration }: ConfigurationReport): void {
    const fast = this.state.world.clusters.get(cluster)?.members.get(member)?.fastPath === true;
    this.#core.options.log(
      `CLUSTER:9 ${member} runs ${hex(configuration)}: ${fast ? 'on' : 'off'} the fast path of cluster ${cluster}`,
    );
  }

  /** What each cluster is, with `abstained` where this validator has not all nodes (CLUSTER:10). */
  clusterStatuses(): readonly { readonly cluster: string; readonly status: string }[] {
    const nodes = this.healthyNodes();
    return [...this.state.world.clusters.values()].map((cluster) => ({
      cluster: cluster.record.cluster,
      status: canServe(cluster.record, nodes) === undefined ? clusterStatus(cluster, this.now()).kind : 'abstained',
    }));
  }

  /** Why an observed event is not in the ledger, as far as this validator knows. */
  refusalOf(chain: string, reference: string): RefusedDraft['refusal'] | undefined {
    return this.#proposer.refusal(`event:${chain}:${reference}`)?.refusal;
  }

  /** The quorum certificate over something that the log has. @throws RefusedError NOT_FOUND, ThresholdNotReachedError */
  async certificate(fact: ZoneFact): Promise<Uint8Array> {
    const place = this.state.place(fact);
    if (place === undefined || Buffer.compare(place.digest, fact.digest) !== 0)
      throw new RefusedError('NOT_FOUND', `no ${fact.kind} of this version is certified here`);
    const certificate = await this.log.certificate(place);
    if (certificate === undefined)
      throw refuseByPolicy('CLUSTER:9', 'the message was sent off the fast path: it waits for settlement');
    return certificate;
  }

  // Life ----------------------------------------------------------------------------------------------------------------------------

  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const watcher of this.#watchers.values()) this.#stopping.push(watcher.subscribe(() => this.#proposer.poke()));
    this.#proposer.start();
    this.#look();
  }

  stop(): void {
    this.#running = false;
    this.#proposer.stop();
    for (const stop of this.#stopping.splice(0)) stop();
    this.log.close();
  }

  /** What others certified while this validator was away. */
  async catchUp(): Promise<void> {
    await this.log.catchUp();
    await this.log.boundAfterRestore();
    await this.#host.boundAfterRestore();
    this.#proposer.poke();
  }

  /** Nobody tells a validator that was not reached: it asks. */
  #look(): void {
    const { clock } = this.#core.options;
    let last = this.log.height;
    const again = (): void => {
      const cancel = clock.after(this.#timing.lookMs, () => {
        this.#stopping.splice(this.#stopping.indexOf(cancel), 1);
        const { height } = this.log;
        // A restored validator that does not know yet where it may vote again finds out on a busy log, too.
        const asks = height === last || !this.log.mayVote(height);
        last = height;
        const work = asks ? this.catchUp() : Promise.resolve();
        void work.catch(() => {}).then(() => (this.#running ? again() : undefined));
      });
      this.#stopping.push(cancel);
    };
    again();
  }
}

/** A safety fault for people and programs: names and numbers of blocks. */
export const describeFault = ({ chain, track, reported, conflicting, reportedTip, conflictingTip }: SafetyFault) => ({
  chain,
  track,
  height: reported.height,
  time: Math.min(reported.time, conflicting.time),
  reported: reported.hash,
  conflicting: conflicting.hash,
  reportedTip: reportedTip.height,
  conflictingTip: conflictingTip.height,
});

const refusalOf = (outcome: Outcome<World>): Refusal | undefined => (outcome.ok ? undefined : outcome);

/** Whether the log has this record, or another one in its place. */
function certified(state: WorldState, event: WorldEvent): 'same' | 'other' | 'none' {
  const [fact] = eventFacts(event);
  const place = fact === undefined ? undefined : state.place(fact);
  if (fact === undefined || place === undefined) return 'none';
  return Buffer.compare(place.digest, fact.digest) === 0 ? 'same' : 'other';
}
