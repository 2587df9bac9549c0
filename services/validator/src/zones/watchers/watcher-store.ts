/**
 * What one watcher keeps: where it is on each track, what it reported, the last blocks that it reported, and safety faults. Events and the place
 * up to which they were read change in one transaction, so that a process killed at any moment neither loses an event nor reports it twice.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { BugError, DecodeError } from '@dwallet/sigma';
import type { ObservedEvent } from '@dwallet/zones';
import { z } from 'zod';
import type { RecordStore } from '../../store/record-store.ts';
import type { BlockHead, ClusterObservation, Positioned, SafetyFault, Track, WatchTarget } from './watcher.ts';

/** The part of a record store that watchers need. */
export type WatcherRecords = Pick<RecordStore, 'get' | 'put' | 'transaction'>;

/** Blocks of a track that are remembered: as far back as the first block of a fork can be named. */
export const rememberedBlocks = 1024;

const kinds = {
  cursor: 'zone-watch-cursor',
  event: 'zone-watch-event',
  reference: 'zone-watch-reference',
  block: 'zone-watch-block',
  fault: 'zone-watch-fault',
} as const;

const integer = z.int().min(0);
const hashText = z.string().regex(/^[0-9a-f]{64}$/);
const blockHead = z.strictObject({ height: integer, hash: hashText, parent: hashText, time: integer });
const bytes = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/)
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));
const natural = z
  .string()
  .regex(/^(?:0|[1-9][0-9]*)$/)
  .transform((text) => BigInt(text));

const cursorSchema = z.strictObject({
  /** Newest block that was reported. */
  head: blockHead.optional(),
  /** Position of the next event. */
  next: integer,
  /** After an acknowledged fork: events before this position, in blocks from this height on, count no more. */
  voids: z.array(z.strictObject({ height: integer, before: integer })),
  /** What the blocks up to `head` were read for, on the final track. */
  coverage: z.array(z.strictObject({ target: hashText, coveredFrom: integer, searchedTo: integer })),
});
type CursorRecord = z.output<typeof cursorSchema>;
const assetEvent = z.strictObject({
  chain: z.string(),
  reference: z.string(),
  kind: z.enum(['mint', 'burn', 'transfer']),
  token: z.string(),
  amount: natural,
  to: z.string(),
  recipient: z.string(),
});
const clusterEvent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('message'),
    cluster: bytes,
    to: bytes,
    nonce: natural,
    sentAt: integer,
    payload: bytes,
  }),
  z.strictObject({
    kind: z.literal('delivery'),
    cluster: bytes,
    from: bytes,
    nonce: natural,
    at: integer,
    payloadHash: bytes,
  }),
]);
const positioned = <S extends z.ZodType>(value: S) => z.strictObject({ position: integer, block: blockHead, value });
const assetEntry = positioned(assetEvent);
const clusterEntry = positioned(clusterEvent);
const faultSchema = z
  .strictObject({
    chain: z.string(),
    track: z.enum(['final', 'cluster']),
    reported: blockHead,
    conflicting: blockHead,
    reportedTip: blockHead,
    conflictingTip: blockHead,
  })
  .nullable();
/** Which blocks a target was looked for in: from its first one to `searchedTo` (excluded), and from `coveredFrom` on with all others. */
export interface Coverage {
  readonly target: WatchTarget;
  readonly coveredFrom: number;
  readonly searchedTo: number;
}

export interface Cursor {
  readonly head: BlockHead | undefined;
  readonly next: number;
}

interface Values {
  readonly final: ObservedEvent;
  readonly cluster: ClusterObservation;
}

/** Events of one block. */
export interface BlockEvents<T extends Track> {
  readonly block: BlockHead;
  readonly events: readonly Values[T][];
}

const encode = (value: unknown): Uint8Array =>
  Buffer.from(
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === 'bigint') return item.toString();
      return item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item;
    }),
    'utf8',
  );

const padded = (position: number): string => position.toString().padStart(16, '0');

export class WatcherStore {
  readonly #records: WatcherRecords;
  /** CAIP-2 with a point, which no CAIP-2 id has, where records allow no colon. */
  readonly #name: string;
  readonly #cursors = new Map<Track, CursorRecord>();

  constructor(records: WatcherRecords, chain: string) {
    this.#records = records;
    this.#name = chain.replace(':', '.');
  }

  #read<S extends z.ZodType>(schema: S, kind: string, id: string): z.output<S> | undefined {
    const stored = this.#records.get(kind, `${this.#name}.${id}`);
    if (stored === undefined) return undefined;
    const parsed = schema.safeParse(JSON.parse(Buffer.from(stored).toString('utf8')));
    if (!parsed.success) throw new DecodeError(`${kind}.${parsed.error.issues[0]?.path.join('.') ?? ''}`, 'is unknown');
    return parsed.data;
  }
  #write(kind: string, id: string, value: unknown): void {
    this.#records.put(kind, `${this.#name}.${id}`, encode(value));
  }

  #cursor(track: Track): CursorRecord {
    const known = this.#cursors.get(track);
    if (known !== undefined) return known;
    const cursor = this.#read(cursorSchema, kinds.cursor, track) ?? { next: 0, voids: [], coverage: [] };
    this.#cursors.set(track, cursor);
    return cursor;
  }
  /** All at once or not at all; the cursor in memory follows what is durable. */
  #change(track: Track, work: () => CursorRecord): void {
    const cursor = this.#records.transaction(() => {
      const next = work();
      this.#write(kinds.cursor, track, next);
      return next;
    });
    this.#cursors.set(track, cursor);
  }

  cursor(track: Track): Cursor {
    const { head, next } = this.#cursor(track);
    return { head, next };
  }

  #append<T extends Track>(track: T, from: number, { block, events }: BlockEvents<T>): number {
    let position = from;
    for (const value of events) {
      this.#write(kinds.event, `${track}.${padded(position)}`, { position, block, value });
      if ('reference' in value) this.#write(kinds.reference, this.#referenceId(value.reference), position);
      position += 1;
    }
    return position;
  }

  /** Reports blocks that follow the cursor, with their events. Durable when it returns. */
  report<T extends Track>(track: T, blocks: readonly BlockEvents<T>[]): void {
    const last = blocks.at(-1)?.block;
    if (last === undefined) return;
    this.#change(track, () => {
      const { head, next, ...rest } = this.#cursor(track);
      if (head !== undefined && blocks[0]?.block.height !== head.height + 1) throw new BugError('a gap between blocks');
      let position = next;
      for (const item of blocks) {
        position = this.#append(track, position, item);
        this.#write(kinds.block, `${track}.${item.block.height % rememberedBlocks}`, item.block);
      }
      return { ...rest, head: last, next: position };
    });
  }

  #targetId({ token, vault, owner, mints, from }: WatchTarget): string {
    return createHash('sha256')
      .update(JSON.stringify([token, vault, owner, mints, from]))
      .digest('hex');
  }

  /**
   * Sets what is watched from the next block on. What was not watched up to now starts behind, at its first block.
   * @param from - the first block of a watcher that has seen none.
   */
  cover(targets: readonly WatchTarget[], from: number): readonly Coverage[] {
    const { head, coverage } = this.#cursor('final');
    const next = head === undefined ? from : head.height + 1;
    const covered = targets.map((target): Coverage => {
      const known = coverage.find((item) => item.target === this.#targetId(target));
      const { coveredFrom, searchedTo } = known ?? { coveredFrom: next, searchedTo: target.from };
      return { target, coveredFrom, searchedTo };
    });
    const ids = covered.map((item) => ({ ...item, target: this.#targetId(item.target) }));
    if (JSON.stringify(ids) !== JSON.stringify(coverage)) {
      this.#change('final', () => ({ ...this.#cursor('final'), coverage: ids }));
    }
    return covered;
  }

  /** Adds events of older blocks that a target was searched for. */
  reportOlder({ target }: Coverage, searchedTo: number, blocks: readonly BlockEvents<'final'>[]): void {
    this.#change('final', () => {
      const { next, coverage, ...rest } = this.#cursor('final');
      const id = this.#targetId(target);
      let position = next;
      for (const { block, events } of blocks) {
        const unknown = events.filter(({ reference }) => this.position(reference) === undefined);
        position = this.#append('final', position, { block, events: unknown });
      }
      const searched = coverage.map((item) => (item.target === id ? { ...item, searchedTo } : item));
      return { ...rest, next: position, coverage: searched };
    });
  }

  #referenceId(reference: string): string {
    return createHash('sha256').update(reference).digest('hex');
  }
  /** Position of an event that counts. */
  position(reference: string): number | undefined {
    const position = this.#read(integer, kinds.reference, this.#referenceId(reference));
    if (position === undefined) return undefined;
    const { voids } = this.#cursor('final');
    const height = voids.length === 0 ? 0 : (this.assetEvent(position)?.block.height ?? 0);
    return voids.some((item) => position < item.before && height >= item.height) ? undefined : position;
  }

  assetEvent(position: number): Positioned<ObservedEvent> | undefined {
    return this.#read(assetEntry, kinds.event, `final.${padded(position)}`);
  }
  clusterEvent(position: number): Positioned<ClusterObservation> | undefined {
    return this.#read(clusterEntry, kinds.event, `cluster.${padded(position)}`);
  }

  /** A block that was reported, while it is remembered. */
  block(track: Track, height: number): BlockHead | undefined {
    const known = this.#read(blockHead, kinds.block, `${track}.${height % rememberedBlocks}`);
    const { head } = this.#cursor(track);
    return known?.height === height && head !== undefined && height <= head.height ? known : undefined;
  }

  fault(track: Track): SafetyFault | undefined {
    return this.#read(faultSchema, kinds.fault, track) ?? undefined;
  }
  setFault(fault: SafetyFault): void {
    this.#write(kinds.fault, fault.track, fault);
  }
  /** Goes back to before the fault. `before`: the last block that both chains have; undefined: from the beginning. */
  clearFault(fault: SafetyFault, before: BlockHead | undefined): void {
    this.#change(fault.track, () => {
      const { next, voids, coverage } = this.#cursor(fault.track);
      this.#write(kinds.fault, fault.track, null);
      const item = { height: before === undefined ? 0 : before.height + 1, before: next };
      return { ...(before === undefined ? {} : { head: before }), next, voids: [...voids, item], coverage };
    });
  }
}
