/**
 * The zone log: decided slots on disk, the world that they make in memory, and what others have that this validator missed.
 *
 * @module
 */
import {
  BugError,
  DWalletError,
  DecodeError,
  type Digest,
  Reader,
  type ValidatorId,
  concat,
  digest,
  encodeBytes,
  encodeText,
  encodeUint16,
  encodeUint64,
  encodeUint8,
} from '@dwallet/sigma';
import {
  type FactVote,
  assembleCertificate,
  decodeCertificate,
  encodeCertificate,
  verifyFactVote,
} from '@dwallet/two-pc-mpc/network';
import {
  type EventScope,
  type WorldEvent,
  type ZoneFact,
  decodeWorldEvent,
  messagesAwaitingSettlement,
  worldVersion,
  zoneFactKinds,
} from '@dwallet/zones';
import type { Cancel } from '../../clock.ts';
import { type Core, RefusedError } from '../../core.ts';
import { InFlight } from '../../in-flight.ts';
import {
  type AgreementTiming,
  type BatchRefusal,
  type LeadOutcome,
  SlotAgreement,
  type SlotHost,
} from './agreement.ts';
import type { ForkProof } from './fork-proof.ts';
import { decodePlain, encodePlain } from './plain-values.ts';
import {
  type CertifiedBatch,
  decodeBatch,
  decodeDecided,
  decodeSlotMessage,
  encodeDecided,
  encodeSlotMessage,
  logGenesis,
  slotDigest,
} from './slots.ts';
import { type AppliedEvent, type FactPlace, type WorldParts, WorldState, factKey, isPassing } from './world-state.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const logKind = 'zone-log';
const alarmKind = 'zone-alarm';
const closedName = 'closed';
const factsKind = 'zone-facts';
const certificateKind = 'zone-certificate';
const placeKind = 'zone-place';
const snapshotKind = 'zone-snapshot';
const snapshotName = 'latest';
/** Of how snapshots are written (upper half) and of what they hold. */
const snapshotVersion = (1n << 32n) + BigInt(worldVersion);
/** Version, height, digest of the last slot. */
const snapshotHeader = 8 + 8 + 32;
/** Bytes of the last snapshot for which one slot more waits for the next one. */
const snapshotBytesPerSlot = 512;
const slotName = (slot: bigint): string => slot.toString().padStart(20, '0');

/** One answer to `zones/fetch`. */
const maxFetchedSlots = 256;
const maxFetchedBytes = 4 * 1024 * 1024;
/** How long one that may have more slots is waited for when a quorum has none. */
const catchUpGraceMs = 500;

/** What happens to the log, for whoever drafts, streams or counts. */
export interface LogListener {
  decided(slot: bigint, applied: readonly AppliedEvent[]): void;
}

export interface ZoneLogOptions {
  readonly timing: AgreementTiming;
  /** This validator's own judgement of events for the next slot. */
  readonly judge: (log: ZoneLog, events: readonly WorldEvent[]) => BatchRefusal | undefined;
  /** More than f validators are at fault. @param scope - undefined: about the log itself. */
  readonly alarm: (scope: EventScope | undefined, reason: string) => void;
  /** Keeps a fork as evidence that others can judge. */
  readonly forked: (proof: ForkProof) => void;
  /** Slots between two snapshots of the world, at least. */
  readonly snapshotSlots: number;
}

export class ZoneLog implements SlotHost {
  readonly #core: Core;
  readonly #options: ZoneLogOptions;
  readonly state: WorldState;
  readonly agreement: SlotAgreement;
  /** Decided slots, and the digest of the last one. */
  #height = 0n;
  #head: Digest;
  /** Slots that the newest snapshot covers, and its bytes. */
  #kept = { height: 0n, bytes: 0 };
  readonly #listeners = new Set<LogListener>();
  readonly #running = new InFlight<void>();
  readonly #certifying = new InFlight<readonly (Uint8Array | undefined)[]>();

  /** Reads what is stored. */
  constructor(core: Core, options: ZoneLogOptions) {
    this.#core = core;
    this.#options = options;
    this.agreement = new SlotAgreement(core, this, options.timing);
    this.state = new WorldState({
      place: (fact) => readPlace(core.store.get(placeKind, factKey(fact))),
      events: (slot) => this.#read(decodeDecided(this.#stored(slotName(slot))).batch),
    });
    this.#head = logGenesis(core.options.networkId);
    const closed = this.#closedBefore();
    const resumed = this.#resume(closed?.height);
    const begin = performance.now();
    for (const name of resumed ? this.#namesAfter() : this.#allNames()) {
      if (closed?.height === this.#height) this.#alarm(undefined, closed.reason);
      this.#apply(this.#height, decodeDecided(this.#stored(name)).batch, resumed ? 'stored' : 'stored without places');
    }
    if (closed !== undefined) this.#alarm(undefined, closed.reason);
    if (this.#height === 0n) return;
    const replayed = this.#height - this.#kept.height;
    const ms = Math.round(performance.now() - begin);
    core.options.log(`the zone log: snapshot of ${this.#kept.height} slots, ${replayed} more read in ${ms} ms`);
    this.#keepSnapshot(BigInt(options.snapshotSlots) / 4n);
  }

  /** @throws BugError for a log with a gap. */
  #allNames(): readonly string[] {
    const names = this.#core.store.list(logKind);
    // Ascending and all different: as many as the last one says, or one is missing.
    if (names.length > 0 && names.at(-1) !== slotName(BigInt(names.length - 1)))
      throw new BugError('a slot of the zone log is not in the store');
    return names;
  }

  /** Of the slots that come after a snapshot: the others are too many to be listed. */
  *#namesAfter(): Iterable<string> {
    for (let slot = this.#height; this.#core.store.get(logKind, slotName(slot)) !== undefined; slot++)
      yield slotName(slot);
  }

  // Snapshots -----------------------------------------------------------------------------------------------------------------------

  /**
   * Takes up the newest snapshot, if it is one of this log and this program. The slots that it covers stay on the disk, and are not read.
   * @param closedAt - a snapshot of later is of no use.
   */
  #resume(closedAt: bigint | undefined): boolean {
    const stored = this.#core.store.get(snapshotKind, snapshotName);
    if (stored === undefined || stored.length < snapshotHeader) return false;
    const reader = new Reader(stored.subarray(0, snapshotHeader), 'Snapshot');
    const version = reader.uint64('version');
    const height = reader.uint64('height');
    const head = digest(reader.fixed('head', 32));
    if (version !== snapshotVersion || height < 1n || (closedAt !== undefined && height > closedAt)) return false;
    if (this.#core.store.get(logKind, slotName(height - 1n)) === undefined) return false;
    if (hex(this.#digestOf(height - 1n)) !== hex(head)) return false;
    try {
      this.state.resume(decodePlain(stored.subarray(snapshotHeader)) as WorldParts);
    } catch (error) {
      if (error instanceof DecodeError) return false;
      throw error;
    }
    this.#height = height;
    this.#head = head;
    this.#kept = { height, bytes: stored.length };
    // As when they were found: whoever looks at this start sees them.
    for (const { scope, reason } of this.state.faults()) this.#raise(scope, reason);
    return true;
  }

  /** @param least - slots since the last one that are worth it. */
  #keepSnapshot(least: bigint): void {
    const isNew = this.#height > this.#kept.height;
    if (this.state.isClosed || !isNew || this.#height - this.#kept.height < least) return;
    const before = this.#kept;
    this.#kept = { height: this.#height, bytes: before.bytes };
    try {
      const header = concat(encodeUint64(snapshotVersion), encodeUint64(this.#height), this.#head);
      const bytes = concat(header, encodePlain(this.state.parts()));
      this.#core.store.put(snapshotKind, snapshotName, bytes);
      this.#kept = { height: this.#height, bytes: bytes.length };
    } catch (error) {
      // The log goes on without one: it only saves time at the next start.
      const why = error instanceof DWalletError ? error.code : 'unforeseen';
      this.#core.options.log(`no snapshot of the zone log at slot ${this.#height}: ${why}`);
    }
  }

  /** A last snapshot before the end, so that the next start reads little. */
  close(): void {
    this.#keepSnapshot(BigInt(this.#options.snapshotSlots) / 16n);
  }

  /**
   * Where an earlier alarm closed the whole log. The slots before it make the world that people look at, as they did then; those after it changed nothing.
   */
  #closedBefore(): { readonly height: bigint; readonly reason: string } | undefined {
    const stored = this.#core.store.get(alarmKind, closedName);
    if (stored === undefined) return undefined;
    const reader = new Reader(stored, 'StoredAlarm');
    const height = reader.uint64('height');
    const reason = new TextDecoder().decode(reader.bytes('reason', 4096));
    reader.end();
    return { height, reason: `closed at slot ${height} before this start: ${reason}` };
  }

  #stored(name: string): Uint8Array {
    return this.#core.store.get(logKind, name) ?? new Uint8Array(0);
  }

  // The log -------------------------------------------------------------------------------------------------------------------------

  get height(): bigint {
    return this.#height;
  }
  before(slot: bigint): Digest {
    if (slot === this.#height) return this.#head;
    if (slot > this.#height) throw new BugError(`slot ${slot - 1n} of the zone log is not known`);
    return slot === 0n ? logGenesis(this.#core.options.networkId) : this.#digestOf(slot - 1n);
  }
  /** Of a stored slot, as the certificate that decided it says, which was verified before it was stored. */
  #digestOf(slot: bigint): Digest {
    return decodeCertificate(decodeDecided(this.#stored(slotName(slot))).certificate).fact.digest;
  }
  decided(slot: bigint): CertifiedBatch | undefined {
    return slot < this.height ? decodeDecided(this.#stored(slotName(slot))) : undefined;
  }

  listen(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Events of a batch. What a quorum agreed on and nobody can read is its fault. */
  #read(batch: Uint8Array): WorldEvent[] {
    return decodeBatch(batch).map(decodeWorldEvent);
  }

  judge(batch: Uint8Array): BatchRefusal | undefined {
    const { closed } = this.state;
    if (closed !== undefined)
      return { event: 0, rule: 'ASSET:7', reason: `the zone log contradicts itself, nothing is certified: ${closed}` };
    return this.#options.judge(this, this.#read(batch));
  }

  decide(slot: bigint, value: CertifiedBatch): void {
    const known = this.decided(slot);
    if (known !== undefined) {
      if (hex(known.batch) !== hex(value.batch))
        this.#fork({ slot, before: this.before(slot), decided: [known, value] });
      return;
    }
    if (slot !== this.height) throw new BugError(`slot ${slot} cannot follow ${this.height}`);
    this.#apply(slot, value.batch, value);
  }

  /** Two certificates for one slot: more than f validators are at fault. Both are kept as evidence, whatever becomes of this validator's own log. */
  #fork(proof: ForkProof): void {
    this.#core.store.transaction(() => {
      this.forkShown(proof);
      this.#options.forked(proof);
    });
  }

  /** Closes everything over a fork that was proven, here or by another validator. */
  forkShown({ slot }: Pick<ForkProof, 'slot'>): void {
    this.#alarm(undefined, `two batches were decided for slot ${slot} of the zone log`);
    this.#keepClosed(this.height);
  }

  #alarm(scope: EventScope | undefined, reason: string): void {
    if (this.state.close(scope, reason)) this.#raise(scope, reason);
  }
  #raise(scope: EventScope | undefined, reason: string): void {
    this.#core.options.log(`ALARM: ${reason}`);
    this.#options.alarm(scope, reason);
  }

  /** That the whole log is closed outlives the process. @param height - slots that counted. */
  #keepClosed(height: bigint): void {
    const reason = encodeBytes(encodeText(this.state.closed ?? ''));
    this.#core.store.putOnce(alarmKind, closedName, concat(encodeUint64(height), reason));
  }

  /** @param value - what is to be stored; `stored without places` by a program that kept none. */
  #apply(slot: bigint, batch: Uint8Array, value: CertifiedBatch | 'stored' | 'stored without places'): void {
    const own = slotDigest(slot, this.before(slot), batch);
    let events: WorldEvent[] = [];
    try {
      events = this.#read(batch);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#alarm(undefined, `slot ${slot} of the zone log cannot be read: ${error.message}`);
    }
    const next = this.state.next(events);
    const { store } = this.#core;
    const facts = factsOf(next.applied);
    if (typeof value !== 'string')
      store.transaction(() => {
        store.putOnce(logKind, slotName(slot), encodeDecided(value));
        // One digest per (kind, id, version), for ever: in the same write as the slot.
        for (const fact of facts) this.#bind(fact);
        if (facts.length > 0) store.putOnce(factsKind, slotName(slot), writeList(facts.map(encodeFact)));
        this.#keepPlaces(slot, facts);
      });
    else if (value === 'stored without places') this.#keepPlaces(slot, facts);
    this.#head = own;
    this.#height = slot + 1n;
    for (const { refusal, scope } of next.applied) {
      if (refusal !== undefined && this.state.fault(scope) === undefined)
        this.#alarm(scope, `a quorum certified what ${refusal.rule} refuses: ${refusal.reason}`);
    }
    this.state.take(slot, next);
    if (typeof value === 'string') return;
    for (const listener of this.#listeners) listener.decided(slot, next.applied);
    // One that is large is made less often: what it costs stays in proportion to what is decided.
    this.#keepSnapshot(
      BigInt(Math.max(this.#options.snapshotSlots, Math.ceil(this.#kept.bytes / snapshotBytesPerSlot))),
    );
  }

  #keepPlaces(slot: bigint, facts: readonly ZoneFact[]): void {
    const { store } = this.#core;
    facts.forEach((fact, index) => {
      if (isPassing(fact)) return;
      const place = concat(encodeUint64(slot), encodeUint16(index), fact.digest);
      const known = store.get(placeKind, factKey(fact));
      if (known === undefined || hex(known) !== hex(place)) store.put(placeKind, factKey(fact), place);
    });
  }

  #bind(fact: ZoneFact): void {
    const first = this.#core.store.putOnce('vote', factKey(fact), fact.digest);
    if (first === undefined || hex(first) === hex(fact.digest)) return;
    this.#alarm(undefined, `two digests of ${fact.kind} ${hex(fact.id).slice(0, 16)} were certified`);
    // With the slot, which counted: at the next start nothing shows it any more.
    this.#keepClosed(this.height + 1n);
  }

  // Certificates --------------------------------------------------------------------------------------------------------------------

  /** What validators certify about a slot, in order. */
  #facts(slot: bigint): readonly ZoneFact[] {
    const known = this.#core.store.get(factsKind, slotName(slot));
    if (known === undefined) throw new RefusedError('NOT_FOUND', `slot ${slot} of the zone log certifies nothing here`);
    return readList(known).map(decodeFact);
  }

  /** Places of the messages that wait for settlement: with a certificate their destinations would take them before (CLUSTER:9). */
  #withheld(facts: readonly ZoneFact[]): ReadonlySet<number> {
    const messages = facts.flatMap(({ kind }, i) => (kind === 'cluster-message' ? [i] : []));
    if (messages.length === 0) return new Set();
    const waiting = new Set(
      [...this.state.world.clusters.values()].flatMap((of) => [...messagesAwaitingSettlement(of)]),
    );
    return new Set(messages.filter((i) => waiting.has(hex((facts[i] as ZoneFact).digest))));
  }

  /** This validator's signature on every fact of a decided slot; zeros instead of those that it withholds for now. */
  certify(body: Uint8Array): Uint8Array {
    const { slot } = decodeSlotMessage(body);
    const facts = this.#facts(slot);
    const withheld = this.#withheld(facts);
    return concat(...facts.map((fact, i) => (withheld.has(i) ? new Uint8Array(64) : this.#core.voteOnce(fact))));
  }

  /**
   * The certificate of one fact of a decided slot; undefined for a message that waits for settlement.
   * @throws RefusedError, ThresholdNotReachedError
   */
  async certificate({ slot, index }: Pick<FactPlace, 'slot' | 'index'>): Promise<Uint8Array | undefined> {
    return this.#withheld(this.#facts(slot)).has(index) ? undefined : (await this.#certificates(slot))[index];
  }

  /** In order; undefined for what is withheld. */
  async #certificates(slot: bigint): Promise<readonly (Uint8Array | undefined)[]> {
    const name = slotName(slot);
    const stored = this.#core.store.get(certificateKind, name);
    if (stored !== undefined) return readList(stored);
    return this.#certifying.share(name, async () => {
      const facts = this.#facts(slot);
      const withheld = this.#withheld(facts);
      const asked = facts.flatMap((fact, i) => (withheld.has(i) ? [] : [{ fact, i }]));
      const { committee, witness } = this.#core;
      const votes = facts.map((): FactVote[] => []);
      const answers = await this.#core.collect(
        'zones/certify',
        encodeSlotMessage({ slot, ballot: 0n, batch: new Uint8Array(0), certificate: new Uint8Array(0) }),
        ({ validator, body }) => {
          if (body.length !== 64 * facts.length) throw new DecodeError('Certify.signatures', 'are a wrong number');
          const signatures = facts.map((_, i) => body.slice(64 * i, 64 * (i + 1)));
          asked.forEach(({ fact, i }) => {
            const signature = signatures[i] as Uint8Array;
            if (!verifyFactVote(committee, fact, { validator, signature }))
              throw new DecodeError(`Certify.signatures[${i}]`, 'does not sign this fact');
            witness.vote(validator, fact, signature);
          });
          for (const { i } of asked) votes[i]?.push({ validator, signature: signatures[i] as Uint8Array });
        },
        { graceMs: 0, timeoutMs: this.#options.timing.phaseMs },
      );
      const weight = committee.access.weight((votes[asked[0]?.i ?? 0] ?? []).map(({ validator }) => validator));
      if (weight < committee.access.threshold)
        throw this.#core.refusal(`certificates of slot ${slot}`, answers, weight);
      const made = asked.map(({ fact, i }) =>
        encodeCertificate(assembleCertificate(committee, fact, votes[i] ?? []).certificate),
      );
      // Complete or not at all: what is withheld now is asked for again.
      if (withheld.size === 0) this.#core.store.putOnce(certificateKind, name, writeList(made));
      const certificates = new Map(asked.map(({ i }, at) => [i, made[at]]));
      return facts.map((_, i) => certificates.get(i));
    });
  }

  // Leading and catching up -----------------------------------------------------------------------------------------------------------

  lead(next: () => Uint8Array | undefined): Promise<LeadOutcome> {
    return this.agreement.lead(next);
  }

  /** Decided slots from one on, for others: `[u16 count, slots]`. */
  fetch(body: Uint8Array): Uint8Array {
    const { slot } = decodeSlotMessage(body);
    const slots: Uint8Array[] = [];
    let bytes = 0;
    for (let at = slot; at < this.height && slots.length < maxFetchedSlots && bytes < maxFetchedBytes; at++) {
      const stored = this.#stored(slotName(at));
      bytes += stored.length;
      slots.push(stored);
    }
    return writeList(slots);
  }

  /** Takes slots that somebody sent. @returns whether there were any that were new. */
  #takeFetched(from: bigint, body: Uint8Array): boolean {
    const before = this.height;
    readList(body).forEach((stored, i) => {
      const slot = from + BigInt(i);
      if (slot <= this.height) this.agreement.take(slot, decodeDecided(stored));
    });
    return this.height > before;
  }

  /** Gets decided slots from others. @param slot - how far, if they have that many. */
  catchUp(slot: bigint = 2n ** 63n): Promise<void> {
    return this.#running.share('fetch', async () => {
      while (this.height < slot && (await this.#grow()));
    });
  }

  /** One step of catching up. @returns whether the log has grown. Once a quorum has no more slots, a silent one is not waited for long. */
  #grow(): Promise<boolean> {
    const core = this.#core;
    const { peers, clock } = core.options;
    const from = this.height;
    const behind = new Set([core.index]);
    let open = peers.size;
    return new Promise((resolve) => {
      let cancel: Cancel | undefined;
      const end = (): void => {
        cancel?.();
        resolve(this.height > from);
      };
      const ask = async (validator: ValidatorId): Promise<void> => {
        try {
          await core.askAny('zones/fetch', fetchRequest(from), (answer) => this.#takeFetched(from, answer), [
            validator,
          ]);
          behind.add(validator);
        } catch {
          // One that cannot be asked now, or lies, has nothing.
        }
        open--;
        if (open === 0 || this.height > from) end();
        else if (core.committee.access.isAuthorized(behind)) cancel ??= clock.after(catchUpGraceMs, end);
      };
      for (const validator of peers.keys()) void ask(validator);
      if (open === 0) end();
    });
  }

  // After a backup was restored -------------------------------------------------------------------------------------------------------

  #boundName(): string {
    return `restored.${hex(this.#core.store.generation.id)}`;
  }

  /**
   * A restored validator may have voted on slots that it has forgotten. It voted on a slot only when it had the one before, which a quorum had then voted to
   * decide; each of that quorum had the one before that. So of the others, any of weight t include an honest one that has all slots before the last but
   * one on which this validator voted: what they have, and two slots more, is what it keeps out of.
   */
  mayVote(slot: bigint): boolean {
    if (!this.#core.store.generation.restored) return true;
    const bound = this.#core.store.get('zone-agreement', this.#boundName());
    return bound !== undefined && slot >= new Reader(bound, 'RestoreBound').uint64('slot');
  }

  /** Finds out, once, from where on a restored validator votes again. Nothing if too few others answer. */
  async boundAfterRestore(): Promise<void> {
    const { store, committee, options, index } = this.#core;
    if (!store.generation.restored || store.get('zone-agreement', this.#boundName()) !== undefined) return;
    await this.catchUp();
    const from = this.height;
    const others = committee.access.validators.filter((validator) => validator !== index);
    const answered: typeof others = [];
    let more = false;
    await this.#core.collect(
      'zones/fetch',
      fetchRequest(from),
      ({ validator, body }) => {
        if (this.#takeFetched(from, body)) more = true;
        // A full answer may not be the whole one, whatever came meanwhile.
        else if (!isFull(body)) answered.push(validator);
      },
      { from: others, timeoutMs: this.#options.timing.phaseMs },
    );
    if (more || committee.access.weight(answered) < committee.access.threshold) return;
    store.put('zone-agreement', this.#boundName(), encodeUint64(this.height + 2n));
    options.log(`the zone log was restored: this validator votes again from slot ${this.height + 2n} on`);
  }
}

/** What validators certify about a slot. Words alone nobody asks for, and they can say one thing only. */
function factsOf(applied: readonly AppliedEvent[]): readonly ZoneFact[] {
  const facts = applied.flatMap((one) => one.facts);
  return facts.every(({ kind }) => kind === 'cluster-heartbeat') ? [] : facts;
}

function readPlace(bytes: Uint8Array | undefined): FactPlace | undefined {
  if (bytes === undefined) return undefined;
  const reader = new Reader(bytes, 'StoredPlace');
  const place = {
    slot: reader.uint64('slot'),
    index: reader.uint16('index'),
    digest: digest(reader.fixed('digest', 32)),
  };
  reader.end();
  return place;
}

const encodeFact = ({ kind, id, version, digest: value }: ZoneFact): Uint8Array =>
  concat(encodeUint8(zoneFactKinds.indexOf(kind)), id, encodeUint64(version), value);
function decodeFact(bytes: Uint8Array): ZoneFact {
  const reader = new Reader(bytes, 'StoredFact');
  const kind = zoneFactKinds[reader.uint8('kind')];
  if (kind === undefined) throw new DecodeError('StoredFact.kind', 'is unknown');
  const fact = {
    kind,
    id: reader.fixed('id', 32),
    version: reader.uint64('version'),
    digest: digest(reader.fixed('digest', 32)),
  };
  reader.end();
  return fact;
}

const fetchRequest = (slot: bigint): Uint8Array =>
  encodeSlotMessage({ slot, ballot: 0n, batch: new Uint8Array(0), certificate: new Uint8Array(0) });

/** Whether an answer to `zones/fetch` may have ended at one of its bounds. */
const isFull = (body: Uint8Array): boolean =>
  body.length >= maxFetchedBytes || readList(body).length >= maxFetchedSlots;

const writeList = (items: readonly Uint8Array[]): Uint8Array =>
  concat(encodeUint16(items.length), ...items.map(encodeBytes));
function readList(bytes: Uint8Array): Uint8Array[] {
  const reader = new Reader(bytes, 'List');
  const count = reader.uint16('count');
  const items = Array.from({ length: count }, (_, i) => reader.bytes(`[${i}]`, 3 * 1024 * 1024));
  reader.end();
  return items;
}
