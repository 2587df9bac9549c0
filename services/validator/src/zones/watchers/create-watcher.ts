/**
 * A watcher from its configuration.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { ConfigError } from '../../config.ts';
import { type Clock, systemClock } from '../../clock.ts';
import type { NodeConfig, ZoneConfig } from '../config.ts';
import { agreedNode } from './agreed-node.ts';
import { BitcoinNode } from './bitcoin/bitcoin-node.ts';
import { esploraSource, rpcSource } from './bitcoin/bitcoin-source.ts';
import type { ChainNode } from './chain-node.ts';
import { EvmNode } from './evm/evm-node.ts';
import type { NamedContract } from './evm/running.ts';
import { type Endpoint, type ExchangeOptions, parseEndpoint } from './http-exchange.ts';
import { jsonRpc } from './json-rpc.ts';
import { type WatcherObserver, silentWatcherObserver } from './observer.ts';
import type { ChainWatcher } from './watcher.ts';
import type { WatcherRecords } from './watcher-store.ts';
import { ZoneWatcher } from './zone-watcher.ts';

const retryPauseMs = 100;
const batchBlocks = 64;
const maxWindow = 8192;
/** What the protocol of each chain itself allows: Bitcoin two hours. */
const maxAheadMs = { evm: 900_000, bitcoin: 7_200_000 };

export interface WatcherDependencies {
  readonly records: WatcherRecords;
  readonly observer?: WatcherObserver;
  readonly clock?: Clock;
  /** Milliseconds since the Unix epoch. */
  readonly date?: () => number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The address of a node, from where the configuration says. @throws ConfigError that does not quote it. */
function endpointOf(chain: string, node: NodeConfig, environment: WatcherDependencies['environment'] = {}): Endpoint {
  const at = `zones: ${chain}: node ${node.name}`;
  let address = node.url ?? (node.urlEnvironment === undefined ? undefined : environment[node.urlEnvironment]);
  if (node.urlFile !== undefined) {
    try {
      address = readFileSync(node.urlFile, 'utf8').split('\n', 1)[0];
    } catch {
      throw new ConfigError(at, ['urlFile: the file cannot be read']);
    }
  }
  const endpoint = address === undefined ? undefined : parseEndpoint(address);
  if (endpoint === undefined) throw new ConfigError(at, ['the address is missing, or not http: or https:']);
  return endpoint;
}

/** The gateway, and what else the operator names, of a chain that may be in a cluster. */
const contractsOf = ({ gateway, contracts }: ZoneConfig): readonly NamedContract[] =>
  gateway === undefined || contracts.some(({ address }) => address === gateway)
    ? contracts
    : [{ address: gateway, slots: [] }, ...contracts];

/**
 * Makes the watcher of a zone; it does nothing before `start()`.
 * @throws ConfigError if an address cannot be read.
 */
export function createWatcher(zone: ZoneConfig, dependencies: WatcherDependencies): ChainWatcher {
  const { records, observer = silentWatcherObserver, clock = systemClock, environment } = dependencies;
  const date = dependencies.date ?? Date.now;
  const { chain, finality, gateway } = zone;
  const ignored = (reason: string, reference: string): void => observer.ignored(chain, reason, reference);
  const nodes = zone.nodes.map((config): ChainNode => {
    const { name, kind, timeoutMs, maxResponseBytes, retries } = config;
    const options: ExchangeOptions = {
      node: name,
      endpoint: endpointOf(chain, config, environment),
      clock,
      timeoutMs,
      maxResponseBytes,
      retries,
      retryPauseMs,
      done: (outcome, seconds) => observer.requested(chain, name, outcome, seconds),
    };
    if (kind === 'evm') {
      return new EvmNode({ name, rpc: jsonRpc(options), chain, gateway, contracts: contractsOf(zone), ignored });
    }
    const source = kind === 'bitcoin' ? rpcSource(options) : esploraSource(options);
    return new BitcoinNode({ source, chain, clock, ignored });
  });
  const evm = chain.startsWith('eip155:');
  return new ZoneWatcher({
    chain,
    node: agreedNode(nodes),
    finality,
    clusterConfirmations: gateway === undefined ? undefined : zone.clusterConfirmations,
    from: zone.from,
    targets: zone.assets.map(({ from = zone.from, ...target }) => ({ ...target, from })),
    records,
    clock,
    date,
    observer,
    pollMs: zone.pollMs,
    maxPauseMs: Math.max(zone.pollMs, zone.maxPauseMs),
    maxAheadMs: evm ? maxAheadMs.evm : maxAheadMs.bitcoin,
    // Bitcoin bounds times by the median of eleven blocks only.
    timesNeverFall: evm,
    batchBlocks,
    maxWindow,
  });
}

/** One watcher per configured zone, by CAIP-2 id. They share the store, and nothing else. */
export const createWatchers = (
  zones: readonly ZoneConfig[],
  dependencies: WatcherDependencies,
): ReadonlyMap<string, ChainWatcher> => new Map(zones.map((zone) => [zone.chain, createWatcher(zone, dependencies)]));
