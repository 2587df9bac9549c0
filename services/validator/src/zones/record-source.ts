/**
 * Records that governance decides (zones, assets, dWallet policies, clusters): submitted by anybody, complete in themselves but for the first policy of a
 * dWallet, which must come from the dWallet's owner.
 *
 * @module
 */
import {
  type Approval,
  type DWalletPolicy,
  type Refusal,
  type World,
  type WorldEvent,
  type ZoneRecord,
  approvedBy,
  decodeWorldEvent,
  dwalletProposal,
  encodeWorldEvent,
  eventScope,
  proposalRecord,
} from '@dwallet/zones';
import type { RecordStore } from '../store/record-store.ts';
import { type Draft, type EventSource, draftKey } from './draft.ts';
import { WaitingRoom } from './waiting-room.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const no = (rule: Refusal['rule'], reason: string): Refusal => ({ ok: false, rule, reason });

/** Records that wait; of whoever has most of them the oldest goes first, and may be submitted again. */
const mostWaiting = 256;

/** What this validator knows of a dWallet that gets its first policy. */
export interface DWalletFacts {
  /** Ed25519 key of the owner's account, 32 bytes. */
  readonly owner: Uint8Array;
  /** Whether this validator ever helped to sign with it; `forgotten` by one that was restored from a backup which may be older than that. */
  readonly signed: 'yes' | 'no' | 'forgotten';
}

export interface RecordSourceOptions {
  /** @param publicKey - 33 bytes, compressed. */
  readonly dwallet: (publicKey: Uint8Array) => DWalletFacts | undefined;
  readonly maxSkewMs: number;
  /** Whether the log has this record, or another one in its place. */
  readonly certified: (event: WorldEvent) => 'same' | 'other' | 'none';
  /** Whether this validator's operator agrees to the first record of a zone: nobody's keys take a chain by being first. */
  readonly firstZone: (record: ZoneRecord) => boolean;
  readonly store: RecordStore;
}

/** Where the words of members start, in events that say so. */
function startOf(event: WorldEvent): number | undefined {
  if (event.kind === 'new-cluster') return event.at;
  return event.kind === 'cluster' && event.event.kind === 'amendment' ? event.event.at : undefined;
}

export class RecordSource implements EventSource {
  readonly #options: RecordSourceOptions;
  readonly #waiting: WaitingRoom<WorldEvent>;

  constructor(options: RecordSourceOptions) {
    this.#options = options;
    this.#waiting = new WaitingRoom({
      store: options.store,
      name: 'record',
      most: mostWaiting,
      keyOf: draftKey,
      laneOf: (event) => this.#laneOf(event),
      encode: encodeWorldEvent,
      decode: decodeWorldEvent,
    });
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Keeps a submitted record until the log has it, or has something else in its place. @returns its key. */
  submit(event: WorldEvent): string {
    return this.#waiting.add(event);
  }

  /** A dWallet's are of the client whose it is, who may have many; any other record is of what it is about. */
  #laneOf(event: WorldEvent): string {
    const owner = event.kind === 'dwallet' ? this.#options.dwallet(event.record.publicKey)?.owner : undefined;
    const { kind, id } = eventScope(event);
    return owner === undefined ? `${kind}:${id}` : `client:${hex(owner)}`;
  }

  *drafts(_world: World, time: number): Iterable<Draft> {
    for (const [key, event] of this.#waiting.entries()) {
      const at = startOf(event);
      // Too late for every validator: its governance approves another time.
      const isLate = at !== undefined && at < time - 2 * this.#options.maxSkewMs;
      if (isLate || this.#options.certified(event) !== 'none') {
        this.#waiting.delete(key);
        continue;
      }
      const { kind, id } = eventScope(event);
      yield { key, lane: `records:${kind}:${id}`, ordered: false, make: () => event };
    }
  }

  judge(world: World, event: WorldEvent, time: number): Refusal | undefined {
    if (event.kind === 'dwallet') return this.#firstPolicy(world, event.record, event.approvals);
    if (event.kind === 'zone' && event.record.version === 0n && !this.#options.firstZone(event.record))
      return no(
        'GOVERNANCE:1',
        `this validator is not set up for the zone ${event.record.chain}, or not with these keys`,
      );
    const at = startOf(event) ?? time;
    return Math.abs(at - time) <= this.#options.maxSkewMs
      ? undefined
      : no('CLUSTER:8', `the time at which members start is ${at - time} ms from this validator’s`);
  }

  /** The rules take a first policy from the keys that it names: that these speak for the dWallet is known here only. */
  #firstPolicy(world: World, policy: DWalletPolicy, approvals: readonly Approval[]): Refusal | undefined {
    if (world.dwallets.has(hex(policy.publicKey))) return undefined;
    const dwallet = this.#options.dwallet(policy.publicKey);
    if (dwallet === undefined) return no('ZONE:1', 'this validator knows no dWallet of this public key');
    const owner = { scheme: 'ed25519', publicKey: dwallet.owner } as const;
    const byOwner = approvedBy(owner, proposalRecord.digest(dwalletProposal(policy)), approvals);
    if (!byOwner) return no('GOVERNANCE:1', 'the first policy of a dWallet needs the approval of its owner’s account');
    if (policy.purpose === 'ordinary' || dwallet.signed === 'no') return undefined;
    const why =
      dwallet.signed === 'yes'
        ? 'this one may have signed anything'
        : 'this validator was restored from a backup and does not know what it signed before';
    return no('ZONE:1', `only a new dWallet becomes a ${policy.purpose}: ${why}`);
  }
}
