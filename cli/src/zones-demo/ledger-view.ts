/**
 * What validators say about zones, assets and clusters, as the demonstration needs it.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ZoneClient, type ZoneMessage } from '@dwallet/client-sdk/node';
import { DemoError } from './demo-error.ts';

export interface LedgerView {
  /** Of the next entry. */
  readonly height: number;
  readonly supply: bigint;
  /** Chain -> balance; chains without one are left out. */
  readonly balances: ReadonlyMap<string, bigint>;
}

export interface EntryView {
  readonly height: number;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly recipient: string;
  readonly time: number;
}

export interface RefusalView {
  readonly rule: string;
  readonly reason: string;
  readonly legs: readonly { readonly from: string; readonly to: string }[];
}

export interface ZoneView {
  readonly status: string;
  readonly reason: string;
  /** What the validator's nodes of the chain do. */
  readonly watcher: string;
}

const pollMs = 100;
const num = (value: unknown): number => Number(value);

/** One validator's answers. */
export class ValidatorView {
  readonly index: number;
  readonly client: ZoneClient;
  constructor(index: number, endpoint: string, ca: string) {
    this.index = index;
    this.client = new ZoneClient({ endpoint, ca, tlsName: `validator-${index}` });
  }

  async ledger(asset: string): Promise<LedgerView> {
    const { asset: found } = (await this.client.call('GetAsset', { asset })) as {
      asset: { height: unknown; supply: string; balances: readonly { chain: string; amount: string }[] };
    };
    return {
      height: num(found.height),
      supply: BigInt(found.supply),
      balances: new Map(found.balances.map(({ chain, amount }) => [chain, BigInt(amount)])),
    };
  }

  /** What became of an event: its entry, the rule that refuses it, or nothing yet. */
  async event(chain: string, reference: string): Promise<EntryView | RefusalView | undefined> {
    const answer = (await this.client.call('GetEvent', { chain, reference })) as {
      entry?: ZoneMessage | null;
      refused?: RefusalView | null;
    };
    if (answer.refused) return answer.refused;
    if (!answer.entry) return undefined;
    const { height, from, to, amount, recipient, time } = answer.entry as Record<string, string | number>;
    return {
      height: num(height),
      from: String(from),
      to: String(to),
      amount: BigInt(amount ?? 0),
      recipient: String(recipient),
      time: num(time),
    };
  }

  /** All entries of an asset as they are certified, in hex. */
  async entries(asset: string): Promise<string> {
    const found: string[] = [];
    for (let more = true; more; ) {
      const { entries } = (await this.client.call('ListEntries', { asset, fromHeight: found.length })) as {
        entries: readonly { record: Uint8Array }[];
      };
      found.push(...entries.map(({ record }) => Buffer.from(record).toString('hex')));
      more = entries.length > 0;
    }
    return found.join(',');
  }

  /** Digests of a cluster's settlements before an interval. */
  async settlements(cluster: string, before: number): Promise<string> {
    const digests = Array.from({ length: before }, async (_, interval) => {
      const { digest } = (await this.client.call('GetSettlement', { cluster, interval })) as { digest: Uint8Array };
      return Buffer.from(digest).toString('hex');
    });
    return (await Promise.all(digests)).join(',');
  }

  async zone(chain: string): Promise<ZoneView> {
    const { zone } = (await this.client.call('GetZone', { chain })) as { zone: Record<string, string> };
    return {
      status: (zone['status'] ?? '').replace('ZONE_STATUS_', '').toLowerCase(),
      reason: zone['reason'] ?? '',
      watcher: zone['watcher'] ?? '',
    };
  }
}

export const isEntry = (found: EntryView | RefusalView | undefined): found is EntryView =>
  found !== undefined && 'height' in found;
export const isRefusal = (found: EntryView | RefusalView | undefined): found is RefusalView =>
  found !== undefined && 'rule' in found;

/** Asks again until there is an answer. @throws DemoError after `ms`. */
export async function until<T>(what: string, ms: number, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new DemoError(`not in time: ${what}`);
    await sleep(pollMs);
  }
}
