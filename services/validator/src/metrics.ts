/**
 * Prometheus metrics of one validator. Everything here is published by the main thread from counters that sessions only add to, so that a
 * session that hangs does not take its own alarm with it.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { ObservedProtocol, Observer, SessionOutcome } from './observer.ts';

/** From a millisecond to the longest session. */
const stepBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
const writeBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Names come from other validators too: nobody fills the memory with new ones. */
const maxLabelValues = 128;

function boundedLabels(): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    const label = /^[\w/:. -]{1,64}$/.test(value) ? value : 'other';
    if (known.has(label)) return label;
    if (known.size >= maxLabelValues) return 'other';
    known.add(label);
    return label;
  };
}

export interface ComputeLoad {
  readonly depth: number;
  readonly oldestSeconds: number;
  readonly workers: number;
  /** Threads that were ended because they did not answer. */
  readonly hung: number;
  /** With Redis: whether all work is done here because Redis or all workers are away. */
  readonly degraded?: boolean;
  readonly remoteWorkers?: number;
}

/** Values that are read when somebody asks for them. */
export interface MetricSources {
  readonly presigns?: () => { readonly available: number; readonly own: number } | undefined;
  readonly compute?: () => ComputeLoad | undefined;
  /** Validator -> whether it can be reached. */
  readonly peers?: () => ReadonlyMap<number, boolean>;
  readonly serving?: () => boolean;
  /** Pieces of evidence that are stored. */
  readonly evidence?: () => number | undefined;
  /** dWallets that an alarm has locked. */
  readonly locked?: () => number | undefined;
  /** Own certificate -> seconds until it expires. */
  readonly certificates?: () => ReadonlyMap<string, number>;
}

export class Metrics implements Observer {
  readonly registry = new Registry();
  readonly #sessions: Counter<'protocol' | 'outcome'>;
  readonly #active: Gauge<'protocol'>;
  readonly #steps: Histogram<'step' | 'role'>;
  readonly #votes: Counter<'kind'>;
  readonly #refusals: Counter<'what' | 'code'>;
  readonly #blame: Counter<'party' | 'check'>;
  readonly #skips: Counter<'what'>;
  readonly #api: Counter<'rpc' | 'code'>;
  readonly #apiSeconds: Histogram<'rpc'>;
  readonly #rejected: Counter<'limit'>;
  readonly #operations: Gauge<'rpc' | 'state'>;
  readonly #replays: Counter<'how'>;
  readonly #writes: Histogram<never>;
  readonly #unforeseen: Counter<'kind'>;
  readonly #peerBytes: Counter<'rpc' | 'direction'>;
  readonly #label = boundedLabels();
  readonly #inFlight = new Map<ObservedProtocol, number>();

  constructor(options: {
    readonly validator: number;
    readonly network: string;
    readonly marks?: { readonly low: number; readonly high: number };
    readonly sources?: MetricSources;
    /** Node's own process metrics; default: yes. */
    readonly processMetrics?: boolean;
  }) {
    const registers = [this.registry];
    this.registry.setDefaultLabels({ network: options.network, validator: String(options.validator) });
    if (options.processMetrics !== false) collectDefaultMetrics({ register: this.registry });
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
      new Counter({ name, help, labelNames: [...labelNames], registers });
    const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]) =>
      new Histogram({ name, help, labelNames: [...labelNames], buckets, registers });
    this.#sessions = counter('dwallet_sessions_total', 'Sessions led, by how they ended', ['protocol', 'outcome']);
    this.#active = new Gauge({
      name: 'dwallet_sessions_active',
      help: 'Sessions led and not ended yet',
      labelNames: ['protocol'],
      registers,
    });
    this.#steps = histogram('dwallet_step_seconds', 'Steps of sessions', ['step', 'role'], stepBuckets);
    this.#votes = counter('dwallet_votes_total', 'Votes cast', ['kind']);
    this.#refusals = counter('dwallet_refusals_total', 'Votes and steps refused', ['what', 'code']);
    this.#blame = counter('dwallet_blame_total', 'Faults shown, by whose and by which check', ['party', 'check']);
    this.#skips = counter('dwallet_skips_total', 'Things left out that should not occur', ['what']);
    this.#api = counter('dwallet_api_calls_total', 'Calls answered', ['rpc', 'code']);
    this.#apiSeconds = histogram('dwallet_api_seconds', 'Time to an answer', ['rpc'], stepBuckets);
    this.#rejected = counter('dwallet_api_rejected_total', 'Calls turned away by a limit', ['limit']);
    this.#operations = new Gauge({
      name: 'dwallet_operations',
      help: 'Operations of clients that run and that wait',
      labelNames: ['rpc', 'state'],
      registers,
    });
    this.#replays = counter('dwallet_replays_total', 'Requests that came again', ['how']);
    this.#writes = histogram('dwallet_store_write_seconds', 'Durable writes', [], writeBuckets);
    this.#unforeseen = counter('dwallet_unforeseen_errors_total', 'Errors that nobody foresaw', ['kind']);
    this.#peerBytes = counter('dwallet_peer_bytes_total', 'Envelopes of calls to other validators', [
      'rpc',
      'direction',
    ]);
    const { sources = {}, marks } = options;
    this.#gauge(
      'dwallet_presigns_available',
      'Certified presigns that are free',
      () => sources.presigns?.()?.available,
    );
    this.#gauge('dwallet_presigns_own', 'Those of them that this validator led', () => sources.presigns?.()?.own);
    this.#gauge('dwallet_presign_pool_low', 'Low mark of the pool', () => marks?.low);
    this.#gauge('dwallet_presign_pool_high', 'High mark of the pool', () => marks?.high);
    this.#gauge('dwallet_compute_queue_depth', 'Jobs that wait', () => sources.compute?.()?.depth);
    this.#gauge('dwallet_compute_queue_age_seconds', 'Age of the oldest one', () => sources.compute?.()?.oldestSeconds);
    this.#gauge('dwallet_compute_workers', 'Workers alive', () => sources.compute?.()?.workers);
    this.#gauge(
      'dwallet_compute_hung_workers',
      'Threads ended because they did not answer, since the start',
      () => sources.compute?.()?.hung,
    );
    this.#gauge('dwallet_compute_remote_workers', 'Workers behind Redis', () => sources.compute?.()?.remoteWorkers);
    this.#gauge('dwallet_compute_degraded', '1 when Redis or all workers behind it are away', () => {
      const degraded = sources.compute?.()?.degraded;
      return degraded === undefined ? undefined : Number(degraded);
    });
    this.#gauge('dwallet_serving', '1 when this validator serves', () => (sources.serving?.() === true ? 1 : 0));
    this.#gauge('dwallet_evidence_stored', 'Pieces of evidence in the store', () => sources.evidence?.());
    this.#gauge('dwallet_locked_dwallets', 'dWallets that an alarm has locked', () => sources.locked?.());
    this.#collected('dwallet_certificate_seconds_left', 'Until an own certificate expires', ['side'], (gauge) => {
      for (const [side, seconds] of sources.certificates?.() ?? []) gauge.set({ side }, seconds);
    });
    const peers = (): ReadonlyMap<number, boolean> => sources.peers?.() ?? new Map();
    this.#collected(
      'dwallet_peer_reachable',
      '1 when the last call to this validator was answered',
      ['peer'],
      (gauge) => {
        for (const [peer, reachable] of peers()) gauge.set({ peer: String(peer) }, reachable ? 1 : 0);
      },
    );
  }

  /** A gauge that is read when somebody asks. It registers itself. */
  #collected<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    collect: (gauge: Gauge<L>) => void,
  ): Gauge<L> {
    const gauge: Gauge<L> = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect: () => collect(gauge),
    });
    return gauge;
  }

  #gauge(name: string, help: string, value: () => number | undefined): void {
    this.#collected(name, help, [], (gauge) => {
      const current = value();
      if (current !== undefined) gauge.set(current);
    });
  }

  /** Sessions of this kind that this validator leads now. */
  active(protocol: ObservedProtocol): number {
    return this.#inFlight.get(protocol) ?? 0;
  }
  /** All sessions that this validator leads now. */
  get activeSessions(): number {
    return [...this.#inFlight.values()].reduce((sum, count) => sum + count, 0);
  }

  #change(protocol: ObservedProtocol, by: number): void {
    const count = this.active(protocol) + by;
    this.#inFlight.set(protocol, count);
    this.#active.set({ protocol }, count);
  }

  sessionStarted(protocol: ObservedProtocol): void {
    this.#change(protocol, 1);
  }
  sessionEnded(protocol: ObservedProtocol, outcome: SessionOutcome): void {
    this.#change(protocol, -1);
    this.#sessions.inc({ protocol, outcome });
  }
  step(name: string, role: 'leader' | 'member', seconds: number): void {
    this.#steps.observe({ step: this.#label(name), role }, seconds);
  }
  voted(kind: string): void {
    this.#votes.inc({ kind: this.#label(kind) });
  }
  refused(what: string, code: string): void {
    this.#refusals.inc({ what: this.#label(what), code: this.#label(code) });
  }
  blamed(party: number, check: string): void {
    this.#blame.inc({ party: String(party), check: this.#label(check) });
  }
  skipped(what: string): void {
    this.#skips.inc({ what: this.#label(what) });
  }

  /** One call of the API. @param code - the gRPC code by name. */
  called(rpc: string, code: string, seconds: number): void {
    this.#api.inc({ rpc: this.#label(rpc), code: this.#label(code) });
    this.#apiSeconds.observe({ rpc: this.#label(rpc) }, seconds);
  }
  /** Operations of one rpc that run and that wait. */
  operations(rpc: string, running: number, queued: number): void {
    this.#operations.set({ rpc: this.#label(rpc), state: 'running' }, running);
    this.#operations.set({ rpc: this.#label(rpc), state: 'queued' }, queued);
  }
  replayed(how: string): void {
    this.#replays.inc({ how: this.#label(how) });
  }
  rejected(limit: string): void {
    this.#rejected.inc({ limit: this.#label(limit) });
  }
  /** An envelope went to another validator, or came back from it. */
  exchanged(rpc: string, direction: 'sent' | 'received', bytes: number): void {
    this.#peerBytes.inc({ rpc: this.#label(rpc), direction }, bytes);
  }
  wrote(seconds: number): void {
    this.#writes.observe(seconds);
  }
  unforeseen(kind: string): void {
    this.#unforeseen.inc({ kind: this.#label(kind) });
  }

  /** The text that Prometheus reads. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
