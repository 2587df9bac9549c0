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
  dwalletProposal,
  eventScope,
  proposalRecord,
  verifyApproval,
} from '@dwallet/zones';
import { type Draft, type EventSource, draftKey } from './draft.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const no = (rule: Refusal['rule'], reason: string): Refusal => ({ ok: false, rule, reason });

/** Records that wait; the oldest goes first, and may be submitted again. */
const mostWaiting = 256;

/** What this validator knows of a dWallet that gets its first policy. */
export interface DWalletFacts {
  /** Ed25519 key of the owner's account, 32 bytes. */
  readonly owner: Uint8Array;
  /** Whether a presign was ever assigned to it here. */
  readonly used: boolean;
}

export interface RecordSourceOptions {
  /** @param publicKey - 33 bytes, compressed. */
  readonly dwallet: (publicKey: Uint8Array) => DWalletFacts | undefined;
  readonly maxSkewMs: number;
  /** Whether the log has this record, or another one in its place. */
  readonly certified: (event: WorldEvent) => 'same' | 'other' | 'none';
  /** Whether this validator's operator agrees to the first record of a zone: nobody's keys take a chain by being first. */
  readonly firstZone: (record: ZoneRecord) => boolean;
}

const sameKey = (a: Uint8Array, b: Uint8Array): boolean => hex(a) === hex(b);

export class RecordSource implements EventSource {
  readonly #options: RecordSourceOptions;
  /** Event bytes in hex -> event. */
  readonly #waiting = new Map<string, WorldEvent>();

  constructor(options: RecordSourceOptions) {
    this.#options = options;
  }

  /** Keeps a submitted record until the log has it, or has something else in its place. @returns its key. */
  submit(event: WorldEvent): string {
    const key = draftKey(event);
    if (!this.#waiting.has(key) && this.#waiting.size >= mostWaiting)
      this.#waiting.delete([...this.#waiting.keys()][0] ?? '');
    this.#waiting.set(key, event);
    return key;
  }

  *drafts(): Iterable<Draft> {
    for (const [key, event] of this.#waiting) {
      if (this.#options.certified(event) !== 'none') {
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
    const at =
      event.kind === 'new-cluster'
        ? event.at
        : event.kind === 'cluster' && event.event.kind === 'amendment'
          ? event.event.at
          : time;
    return Math.abs(at - time) <= this.#options.maxSkewMs
      ? undefined
      : no('CLUSTER:8', `the time at which members start is ${at - time} ms from this validator’s`);
  }

  /** The rules take a first policy from the keys that it names: that these speak for the dWallet is known here only. */
  #firstPolicy(world: World, policy: DWalletPolicy, approvals: readonly Approval[]): Refusal | undefined {
    if (world.dwallets.has(hex(policy.publicKey))) return undefined;
    const dwallet = this.#options.dwallet(policy.publicKey);
    if (dwallet === undefined) return no('ZONE:1', 'this validator knows no dWallet of this public key');
    const proposal = proposalRecord.digest(dwalletProposal(policy));
    const byOwner = approvals.some(
      (approval) =>
        approval.key.scheme === 'ed25519' &&
        sameKey(approval.key.publicKey, dwallet.owner) &&
        sameKey(approval.proposal, proposal) &&
        verifyApproval(approval),
    );
    if (!byOwner) return no('GOVERNANCE:1', 'the first policy of a dWallet needs the approval of its owner’s account');
    return policy.purpose !== 'ordinary' && dwallet.used
      ? no('ZONE:1', `only a new dWallet becomes a ${policy.purpose}: this one may have signed anything`)
      : undefined;
  }
}
