/**
 * Watchers in Prometheus metrics and in the log. Values are names of the configuration and fixed words, never addresses of nodes.
 *
 * @module
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Logger, errorFields } from '../../logging.ts';
import type { WatcherObserver } from './observer.ts';
import type { InconsistencyCheck, RunningConfiguration, Track, WatcherStatus } from './watcher.ts';

const statuses: readonly WatcherStatus['kind'][] = [
  'stopped',
  'starting',
  'following',
  'silent',
  'inconsistent',
  'disagreeing',
  'forked',
];
const seconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class WatcherReports implements WatcherObserver {
  readonly #log: Logger | undefined;
  readonly #status: Gauge<'zone' | 'status'>;
  readonly #height: Gauge<'zone' | 'at'>;
  readonly #rounds: Histogram<'zone'>;
  readonly #requests: Counter<'zone' | 'node' | 'outcome'>;
  readonly #requestSeconds: Histogram<'zone'>;
  readonly #events: Counter<'zone' | 'kind'>;
  readonly #ignored: Counter<'zone' | 'reason'>;
  readonly #reorganised: Counter<'zone'>;
  readonly #silent: Counter<'zone' | 'node' | 'reason'>;
  readonly #inconsistent: Counter<'zone' | 'node' | 'check'>;
  readonly #disagreements: Counter<'zone'>;
  readonly #faults: Counter<'zone' | 'track'>;
  readonly #unforeseen: Counter<'zone'>;

  /** @param registry - where the metrics are added, once. */
  constructor(registry: Registry, log?: Logger) {
    this.#log = log;
    const registers = [registry];
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
      new Counter({ name: `dwallet_zone_${name}`, help, labelNames: [...labelNames], registers });
    const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
      new Gauge({ name: `dwallet_zone_${name}`, help, labelNames: [...labelNames], registers });
    const histogram = (name: string, help: string): Histogram<'zone'> =>
      new Histogram({ name: `dwallet_zone_${name}`, help, labelNames: ['zone'], buckets: seconds, registers });
    this.#status = gauge('status', '1 for what the watcher of a zone is doing', ['zone', 'status']);
    this.#height = gauge('height', 'Newest block: the tip, final and reported, reported for the cluster', [
      'zone',
      'at',
    ]);
    this.#rounds = histogram('round_seconds', 'One look of a watcher at its chain');
    this.#requests = counter('requests_total', 'Requests to nodes', ['zone', 'node', 'outcome']);
    this.#requestSeconds = histogram('request_seconds', 'Requests to nodes');
    this.#events = counter('events_total', 'Events observed', ['zone', 'kind']);
    this.#ignored = counter('ignored_total', 'What looks like an event and is none', ['zone', 'reason']);
    this.#reorganised = counter('reorganised_blocks_total', 'Blocks taken back before they were final', ['zone']);
    this.#silent = counter('node_silent_total', 'Rounds that ended without an answer', ['zone', 'node', 'reason']);
    this.#inconsistent = counter('node_inconsistent_total', 'Contradictions of a node', ['zone', 'node', 'check']);
    this.#disagreements = counter('disagreements_total', 'Rounds in which two nodes disagreed', ['zone']);
    this.#faults = counter('safety_faults_total', 'Blocks taken back after they were reported', ['zone', 'track']);
    this.#unforeseen = counter('unforeseen_errors_total', 'Errors of watchers that nobody foresaw', ['zone']);
  }

  status(zone: string, kind: WatcherStatus['kind']): void {
    for (const status of statuses) this.#status.set({ zone, status }, status === kind ? 1 : 0);
    this.#log?.info('zone watcher', { zone, status: kind });
  }
  heights(zone: string, heights: { readonly tip: number; readonly final?: number; readonly cluster?: number }): void {
    for (const [at, height] of Object.entries(heights)) this.#height.set({ zone, at }, height);
  }
  round(zone: string, duration: number): void {
    this.#rounds.observe({ zone }, duration);
  }
  requested(zone: string, node: string, outcome: string, duration: number): void {
    this.#requests.inc({ zone, node, outcome });
    this.#requestSeconds.observe({ zone }, duration);
  }
  observed(zone: string, kind: string): void {
    this.#events.inc({ zone, kind });
  }
  ignored(zone: string, reason: string, reference: string): void {
    this.#ignored.inc({ zone, reason });
    this.#log?.once(`zone-ignored ${zone} ${reason}`, 'not an event of an asset', { zone, reason, reference });
  }
  reorganised(zone: string, blocks: number): void {
    this.#reorganised.inc({ zone }, blocks);
    this.#log?.info('blocks were taken back before they were final', { zone, blocks });
  }
  silent(zone: string, node: string, reason: string): void {
    this.#silent.inc({ zone, node, reason });
    this.#log?.once(`zone-silent ${zone} ${node}`, 'a node does not answer', { zone, node, reason });
  }
  inconsistent(zone: string, node: string, check: InconsistencyCheck): void {
    this.#inconsistent.inc({ zone, node, check });
    this.#log?.once(`zone-inconsistent ${zone} ${node} ${check}`, 'a node contradicts itself', { zone, node, check });
  }
  disagreed(zone: string, height: number): void {
    this.#disagreements.inc({ zone });
    this.#log?.once(`zone-disagreement ${zone}`, 'two nodes of a zone disagree', { zone, height });
  }
  forked(zone: string, track: Track): void {
    this.#faults.inc({ zone, track });
    this.#log?.error('safety fault: the chain took back what was reported', { zone, track });
  }
  running(zone: string, { block, digest, contracts }: RunningConfiguration): void {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    this.#log?.once(`zone-runs ${zone} ${hex(digest)}`, 'what the chain runs', {
      zone,
      height: block.height,
      configuration: hex(digest),
      contracts: contracts.map(({ address, code }) => `${address} ${hex(code)}`).join(', '),
    });
  }
  unforeseen(zone: string, error: unknown): void {
    this.#unforeseen.inc({ zone });
    this.#log?.error('a zone watcher met an unforeseen error', { zone, ...errorFields(error) });
  }
}
