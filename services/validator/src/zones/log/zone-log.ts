/**
 * The zone log: decided slots on disk, the world that they make in memory, and what others have that this validator missed.
 *
 * @module
 */
import {
  BugError,
  DecodeError,
  type Digest,
  Reader,
  concat,
  digest,
  encodeBytes,
  encodeUint16,
  encodeUint64,
  encodeUint8,
} from '@dwallet/sigma';
import { type FactVote, assembleCertificate, encodeCertificate, verifyFactVote } from '@dwallet/two-pc-mpc/network';
import { type EventScope, type WorldEvent, type ZoneFact, decodeWorldEvent, zoneFactKinds } from '@dwallet/zones';
import { type Core, RefusedError } from '../../core.ts';
import { InFlight } from '../../in-flight.ts';
import {
  type AgreementTiming,
  type BatchRefusal,
  type LeadOutcome,
  SlotAgreement,
  type SlotHost,
} from './agreement.ts';
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
import { type AppliedEvent, WorldState } from './world-state.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const logKind = 'zone-log';
const alarmKind = 'zone-alarm';
const factsKind = 'zone-facts';
const certificateKind = 'zone-certificate';
const slotName = (slot: bigint): string => slot.toString().padStart(20, '0');

/** One answer to `zones/fetch`. */
const maxFetchedSlots = 256;
const maxFetchedBytes = 4 * 1024 * 1024;

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
}

export class ZoneLog implements SlotHost {
  readonly #core: Core;
  readonly #options: ZoneLogOptions;
  readonly state = new WorldState();
  readonly agreement: SlotAgreement;
  /** Digest of each slot. */
  readonly #digests: Digest[] = [];
  readonly #listeners = new Set<LogListener>();
  readonly #running = new InFlight<void>();
  readonly #certifying = new InFlight<Uint8Array[]>();

  /** Reads what is stored. */
  constructor(core: Core, options: ZoneLogOptions) {
    this.#core = core;
    this.#options = options;
    this.agreement = new SlotAgreement(core, this, options.timing);
    for (const id of core.store.list(alarmKind)) this.state.close(undefined, `an earlier alarm: ${id}`);
    for (const name of core.store.list(logKind)) {
      if (name !== slotName(this.height)) throw new BugError(`slot ${this.height} of the zone log is not in the store`);
      this.#apply(this.height, decodeDecided(this.#stored(name)).batch, 'stored');
    }
  }

  #stored(name: string): Uint8Array {
    return this.#core.store.get(logKind, name) ?? new Uint8Array(0);
  }

  // The log -------------------------------------------------------------------------------------------------------------------------

  get height(): bigint {
    return BigInt(this.#digests.length);
  }
  before(slot: bigint): Digest {
    if (slot === 0n) return logGenesis(this.#core.options.networkId);
    const known = this.#digests[Number(slot - 1n)];
    if (known === undefined) throw new BugError(`slot ${slot - 1n} of the zone log is not known`);
    return known;
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
    if (this.state.isClosed)
      return { event: 0, rule: 'ASSET:7', reason: 'the log contradicts itself: nothing is certified any more' };
    return this.#options.judge(this, this.#read(batch));
  }

  decide(slot: bigint, value: CertifiedBatch): void {
    const known = this.decided(slot);
    if (known !== undefined) {
      if (hex(known.batch) !== hex(value.batch)) this.#fork(slot, value);
      return;
    }
    if (slot !== this.height) throw new BugError(`slot ${slot} cannot follow ${this.height}`);
    this.#apply(slot, value.batch, value);
  }

  /** Two certificates for one slot: more than f validators are at fault. Both are kept, for people to look at. */
  #fork(slot: bigint, value: CertifiedBatch): void {
    this.#core.store.putOnce(alarmKind, `fork.${slotName(slot)}`, encodeDecided(value));
    this.#alarm(undefined, `two batches were decided for slot ${slot} of the zone log`);
  }

  #alarm(scope: EventScope | undefined, reason: string): void {
    if (!this.state.close(scope, reason)) return;
    this.#core.options.log(`ALARM: ${reason}`);
    this.#options.alarm(scope, reason);
  }

  #apply(slot: bigint, batch: Uint8Array, value: CertifiedBatch | 'stored'): void {
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
    if (value !== 'stored')
      store.transaction(() => {
        store.putOnce(logKind, slotName(slot), encodeDecided(value));
        // One digest per (kind, id, version), for ever: in the same write as the slot.
        const facts = next.applied.flatMap((one) => one.facts);
        for (const fact of facts) this.#bind(fact);
        if (facts.length > 0) store.putOnce(factsKind, slotName(slot), writeList(facts.map(encodeFact)));
      });
    this.#digests.push(own);
    for (const { refusal, scope } of next.applied) {
      if (refusal !== undefined && this.state.fault(scope) === undefined)
        this.#alarm(scope, `a quorum certified what ${refusal.rule} refuses: ${refusal.reason}`);
    }
    this.state.take(slot, next);
    if (value === 'stored') return;
    for (const listener of this.#listeners) listener.decided(slot, next.applied);
  }

  #bind(fact: ZoneFact): void {
    const key = `${fact.kind}.${hex(fact.id)}.${fact.version}`;
    const first = this.#core.store.putOnce('vote', key, fact.digest);
    if (first === undefined || hex(first) === hex(fact.digest)) return;
    // With the slot: at the next start nothing shows it any more.
    this.#core.store.putOnce(alarmKind, `fact.${key}`, fact.digest);
    this.#alarm(undefined, `two digests of ${fact.kind} ${hex(fact.id).slice(0, 16)} were certified`);
  }

  // Certificates --------------------------------------------------------------------------------------------------------------------

  /** What validators certify about a slot, in order. */
  #facts(slot: bigint): readonly ZoneFact[] {
    const known = this.#core.store.get(factsKind, slotName(slot));
    if (known === undefined) throw new RefusedError('NOT_FOUND', `slot ${slot} of the zone log certifies nothing here`);
    return readList(known).map(decodeFact);
  }

  /** This validator's signature on every fact of a decided slot. */
  certify(body: Uint8Array): Uint8Array {
    const { slot } = decodeSlotMessage(body);
    return concat(...this.#facts(slot).map((fact) => this.#core.voteOnce(fact)));
  }

  /** Certificates of the facts of a decided slot, in order. @throws RefusedError, ThresholdNotReachedError */
  async certificates(slot: bigint): Promise<Uint8Array[]> {
    const name = slotName(slot);
    const stored = this.#core.store.get(certificateKind, name);
    if (stored !== undefined) return readList(stored);
    return this.#certifying.share(name, async () => {
      const facts = this.#facts(slot);
      const { committee, witness } = this.#core;
      const votes = facts.map((): FactVote[] => []);
      const answers = await this.#core.collect(
        'zones/certify',
        encodeSlotMessage({ slot, ballot: 0n, batch: new Uint8Array(0), certificate: new Uint8Array(0) }),
        ({ validator, body }) => {
          if (body.length !== 64 * facts.length) throw new DecodeError('Certify.signatures', 'are a wrong number');
          const signatures = facts.map((_, i) => body.slice(64 * i, 64 * (i + 1)));
          facts.forEach((fact, i) => {
            const signature = signatures[i] as Uint8Array;
            if (!verifyFactVote(committee, fact, { validator, signature }))
              throw new DecodeError(`Certify.signatures[${i}]`, 'does not sign this fact');
            witness.vote(validator, fact, signature);
          });
          facts.forEach((_, i) => votes[i]?.push({ validator, signature: signatures[i] as Uint8Array }));
        },
        { graceMs: 0, timeoutMs: this.#options.timing.phaseMs },
      );
      const weight = committee.access.weight((votes[0] ?? []).map(({ validator }) => validator));
      if (facts.length > 0 && weight < committee.access.threshold)
        throw this.#core.refusal(`certificates of slot ${slot}`, answers, weight);
      const certificates = facts.map((fact, i) =>
        encodeCertificate(assembleCertificate(committee, fact, votes[i] ?? []).certificate),
      );
      this.#core.store.putOnce(certificateKind, name, writeList(certificates));
      return certificates;
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
      for (let grown = true; grown && this.height < slot; ) {
        const from = this.height;
        const body = fetchRequest(from);
        grown = await this.#core
          .askAny('zones/fetch', body, (answer) => {
            // One that has nothing new is not the one to stop at.
            if (!this.#takeFetched(from, answer) && this.height === from)
              throw new RefusedError('NOT_FOUND', 'this validator has no more slots either');
            return true;
          })
          .catch((error: unknown) => {
            if (error instanceof RefusedError) return false;
            throw error;
          });
      }
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
        answered.push(validator);
      },
      { from: others, timeoutMs: this.#options.timing.phaseMs },
    );
    if (more || committee.access.weight(answered) < committee.access.threshold) return;
    store.put('zone-agreement', this.#boundName(), encodeUint64(this.height + 2n));
    options.log(`the zone log was restored: this validator votes again from slot ${this.height + 2n} on`);
  }
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

const writeList = (items: readonly Uint8Array[]): Uint8Array =>
  concat(encodeUint16(items.length), ...items.map(encodeBytes));
function readList(bytes: Uint8Array): Uint8Array[] {
  const reader = new Reader(bytes, 'List');
  const count = reader.uint16('count');
  const items = Array.from({ length: count }, (_, i) => reader.bytes(`[${i}]`, 3 * 1024 * 1024));
  reader.end();
  return items;
}
