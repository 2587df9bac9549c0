/**
 * Leads slots of the zone log for what this validator wants there. Validators take turns, slot by slot: whoever's turn it is proposes at once, the others
 * step in one after the other when it is silent.
 *
 * What members refuse must not hold up the rest: it waits, longer each time, and comes back by itself.
 *
 * @module
 */
import { BugError, DWalletError } from '@dwallet/sigma';
import { type Refusal, type World, type WorldEvent, applyEvent, encodeWorldEvent } from '@dwallet/zones';
import type { Cancel, Clock } from '../clock.ts';
import { Remembered } from '../remembered.ts';
import { StoreError } from '../store/store-error.ts';
import { type Draft, type EventSource, isRefusal } from './draft.ts';
import type { BatchRefusal, LeadOutcome } from './log/agreement.ts';
import { encodeBatch, maxBatchBytes } from './log/slots.ts';
import type { ZoneLog } from './log/zone-log.ts';
import type { ProposerFailure } from './observer.ts';

/** Events that a leader puts into one slot. */
const mostTogether = 64;
const firstBackoffMs = 100;
const mostBackoffMs = 10_000;
/** A draft that members refused this often goes alone. */
const alone = 2;
const none = new Uint8Array(0);

interface Waiting {
  /** When it was first drafted, on the clock of sessions. */
  readonly since: number;
  readonly lane: string;
  /** Whether it waits for its turn in a lane, and so for what the log gets meanwhile. */
  readonly ordered: boolean;
  /** How often members refused it. */
  doubts: number;
  /** How often this validator's own judgement did. */
  unripe: number;
  notBefore: number;
}

/** A draft that the rules, this validator or others do not let into the log now. */
export interface RefusedDraft {
  readonly key: string;
  readonly refusal: Pick<Refusal, 'rule' | 'reason' | 'legs'>;
}

export interface ProposerOptions {
  readonly log: ZoneLog;
  readonly sources: readonly EventSource[];
  readonly clock: Clock;
  /** Milliseconds since the Unix epoch. */
  readonly time: () => number;
  /** How long the next in turn waits for the one before. */
  readonly turnMs: number;
  /** The whole judgement of one event on top of a world. */
  readonly judge: (world: World, event: WorldEvent) => Refusal | undefined;
  readonly refused: (refused: RefusedDraft) => void;
  readonly note: (text: string) => void;
  readonly failed: (why: ProposerFailure) => void;
}

interface Built {
  readonly batch: Uint8Array;
  /** Key of each event. */
  readonly keys: readonly string[];
}

export class Proposer {
  readonly #options: ProposerOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #refused = new Remembered<RefusedDraft>(4096);
  #timer: { readonly at: number; readonly cancel: Cancel } | undefined;
  #leading = false;
  #stopped = true;
  #turn = 0;
  /** Turns in a row that ended in an exception, and until when this validator leads nothing for it. */
  #failures = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Sources whose failure was told, and until when it is not told again. */
  readonly #quietUntil = new Map<EventSource, number>();
  /** The last lane of doubtful drafts that had its turn. */
  #lane = '';

  constructor(options: ProposerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.poke();
  }
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Something may have changed: looks at it soon. */
  poke(): void {
    this.#wakeIn(0);
  }

  /** Why a draft of this validator is not in the log, as far as it knows. */
  refusal(key: string): RefusedDraft | undefined {
    return this.#refused.get(key);
  }

  /** The log has more: what was refused on top of the world before may be allowed now. */
  advanced(): void {
    for (const waiting of this.#waiting.values()) if (waiting.ordered && waiting.doubts === 0) waiting.notBefore = 0;
    this.poke();
  }

  /** When a draft was first seen, on the clock of sessions. */
  since(key: string): number | undefined {
    return this.#waiting.get(key)?.since;
  }

  #wakeIn(ms: number): void {
    const { clock } = this.#options;
    if (this.#stopped) return;
    const at = Math.max(clock.now() + ms, this.#pausedUntil);
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const run = (): void => {
      this.#timer = undefined;
      void this.#run();
    };
    this.#timer = { at, cancel: clock.after(Math.max(0, at - clock.now()), run) };
  }

  async #run(): Promise<void> {
    if (this.#leading || this.#stopped) return;
    this.#leading = true;
    let built: Built | undefined;
    try {
      const outcome = await this.#options.log.lead(() => {
        built = this.#build();
        return built?.batch;
      });
      if (built !== undefined) this.#learn(outcome, built);
      this.#failures = 0;
    } catch (error) {
      this.#fail('leading a slot of the zone log', error);
    } finally {
      this.#leading = false;
    }
    this.#sleep();
  }

  /**
   * What went wrong beside drafts. That others do not agree or answer is the log's daily life: it is tried again soon, and later each time. A store that fails,
   * and what nobody foresaw, get the longest pause at once: trying again at the same moment does the same.
   */
  #fail(what: string, error: unknown): void {
    const { clock, note, failed } = this.#options;
    const why = failureOf(error);
    const pause = why === 'agreement' ? backoff(this.#failures++) : mostBackoffMs;
    const text = error instanceof DWalletError ? `${error.code}: ${error.message}` : placeOf(error);
    note(`${what} failed, again in ${pause} ms: ${text}`);
    failed(why);
    this.#pausedUntil = clock.now() + pause;
    this.#wakeIn(pause);
  }

  /** Until the next draft is this validator's to propose. */
  #sleep(): void {
    const now = this.#options.clock.now();
    const due = this.#drafts().map(({ draft }) => this.#dueAt(draft.key, now));
    if (due.length > 0) this.#wakeIn(Math.max(0, Math.min(...due) - now));
  }

  #drafts(): { readonly draft: Draft }[] {
    const { log, sources, time } = this.#options;
    const now = this.#options.clock.now();
    const present = new Set<string>();
    const drafts: { readonly draft: Draft }[] = [];
    if (log.state.isClosed) return drafts;
    let whole = true;
    for (const source of sources)
      try {
        for (const draft of source.drafts(log.state.world, time())) {
          present.add(draft.key);
          drafts.push({ draft });
          if (!this.#waiting.has(draft.key))
            this.#waiting.set(draft.key, {
              since: now,
              lane: draft.lane,
              ordered: draft.ordered,
              doubts: 0,
              unripe: 0,
              notBefore: 0,
            });
        }
      } catch (error) {
        // The others go on; what this one had keeps its place.
        whole = false;
        this.#failSource(source, error);
      }
    if (whole) for (const key of this.#waiting.keys()) if (!present.has(key)) this.#waiting.delete(key);
    return drafts;
  }

  /** One source fails: said when that is news, or after the longest pause again. */
  #failSource(source: EventSource, error: unknown): void {
    const { clock, note, failed } = this.#options;
    const now = clock.now();
    // Nobody pokes for it, so it is looked at again.
    this.#wakeIn(mostBackoffMs);
    if (now < (this.#quietUntil.get(source) ?? Number.NEGATIVE_INFINITY)) return;
    this.#quietUntil.set(source, now + mostBackoffMs);
    note(`drafting for the zone log failed: ${error instanceof DWalletError ? error.message : placeOf(error)}`);
    failed(failureOf(error) === 'store' ? 'store' : 'unforeseen');
  }

  #dueAt(key: string, now: number): number {
    const { log, turnMs } = this.#options;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return now;
    return Math.max(waiting.notBefore, waiting.since + log.agreement.rank(log.height) * turnMs);
  }

  /** A batch for the log as it is now; undefined if nothing is due. */
  #build(): Built | undefined {
    const now = this.#options.clock.now();
    const drafts = this.#drafts().map(({ draft }) => draft);
    if (!drafts.some(({ key }) => this.#dueAt(key, now) <= now)) return undefined;
    const doubted = new Set([...this.#waiting.values()].flatMap(({ doubts, lane }) => (doubts > 0 ? [lane] : [])));
    const isAlone = ({ key }: Draft): boolean => (this.#waiting.get(key)?.doubts ?? 0) >= alone;
    const trusted = drafts.filter(({ lane }) => !doubted.has(lane));
    const rest = drafts.filter((draft) => doubted.has(draft.lane) && !isAlone(draft));
    const classes = [
      () => this.#batch(trusted, drafts, mostTogether, now),
      () => this.#ofOneLane(rest, drafts, now),
      () => this.#batch(drafts.filter(isAlone), drafts, 1, now),
    ] as const;
    // Each class has its turn, so that neither doubtful drafts hold up the others nor the others them.
    for (let i = 0; i < classes.length; i++) {
      const which = (this.#turn + i) % classes.length;
      const built = classes[which]?.();
      if (built === undefined) continue;
      this.#turn = which + 1;
      return built;
    }
    return undefined;
  }

  /**
   * A batch of one lane of which members refused something: what a chain shows to one validator only, or to each another thing, is never together with
   * what comes from elsewhere (ZONE:3). The lanes take turns.
   */
  #ofOneLane(drafts: readonly Draft[], all: readonly Draft[], now: number): Built | undefined {
    const lanes = [...new Set(drafts.map(({ lane }) => lane))];
    const first = lanes.indexOf(this.#lane) + 1;
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[(first + i) % lanes.length] as string;
      const built = this.#batch(
        drafts.filter((draft) => draft.lane === lane),
        all,
        mostTogether,
        now,
      );
      if (built === undefined) continue;
      this.#lane = lane;
      return built;
    }
    return undefined;
  }

  /** @param all - every draft: an ordered lane is held up by what comes before it, whichever class that is in. */
  #batch(drafts: readonly Draft[], all: readonly Draft[], most: number, now: number): Built | undefined {
    const { log } = this.#options;
    const chosen = new Set(drafts);
    const held = new Set<string>();
    let { world } = log.state;
    let bytes = 0;
    const events: Uint8Array[] = [];
    const keys: string[] = [];
    for (const draft of inTurns(all)) {
      if (events.length >= most || held.has(draft.lane)) continue;
      const waiting = this.#waiting.get(draft.key);
      const skip = (): void => {
        if (draft.ordered) held.add(draft.lane);
      };
      if (!chosen.has(draft) || waiting === undefined || waiting.notBefore > now) {
        skip();
        continue;
      }
      const made = this.#made(draft, world);
      if (isRefusal(made)) {
        this.#postpone(draft.key, waiting, made, now);
        skip();
        continue;
      }
      const encoded = encodeWorldEvent(made);
      const outcome = applyEvent(world, made);
      if (!outcome.ok || bytes + encoded.length > maxBatchBytes / 2) {
        if (!outcome.ok) this.#postpone(draft.key, waiting, outcome, now);
        skip();
        continue;
      }
      world = outcome.state;
      bytes += encoded.length;
      events.push(encoded);
      keys.push(draft.key);
    }
    return events.length === 0 ? undefined : { batch: encodeBatch(events), keys };
  }

  /** The event of a draft that this validator agrees to itself. What nobody foresaw in one draft holds up no other one. */
  #made(draft: Draft, world: World): WorldEvent | Refusal {
    try {
      const made = draft.make(world, this.#options.time());
      return isRefusal(made) ? made : (this.#options.judge(world, made) ?? made);
    } catch (error) {
      this.#options.note(`a draft of the zone log failed (${error instanceof Error ? error.name : typeof error})`);
      return { ok: false, rule: 'ASSET:11', reason: 'this validator cannot judge it' };
    }
  }

  #postpone(key: string, waiting: Waiting, refusal: Refusal, now: number): void {
    waiting.notBefore = now + backoff(waiting.unripe++);
    this.#say({ key, refusal });
  }

  #say(refused: RefusedDraft): void {
    const known = this.#refused.get(refused.key);
    if (known?.refusal.reason === refused.refusal.reason) return;
    this.#refused.set(refused.key, refused);
    this.#options.refused(refused);
  }

  #learn(outcome: LeadOutcome, { keys, batch }: Built): void {
    const now = this.#options.clock.now();
    switch (outcome.kind) {
      case 'idle':
        return;
      case 'decided':
        for (const key of keys) this.#refused.delete(key);
        return;
      case 'failed':
        // Nothing was wrong with the drafts: too few members answered, or others led.
        this.#options.note(`the zone log: ${outcome.error.message}`);
        for (const key of keys) this.#later(key, now);
        return;
      case 'refused':
        this.#doubt(outcome.refusals, keys, now, outcome.batch === batch ? batch : none);
    }
  }

  #later(key: string, now: number): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) waiting.notBefore = now + backoff(waiting.unripe++);
  }

  #doubt(refusals: readonly BatchRefusal[], keys: readonly string[], now: number, batch: Uint8Array): void {
    if (batch.length === 0) return;
    for (const { event, rule, reason } of refusals) {
      const key = keys[event];
      const waiting = key === undefined ? undefined : this.#waiting.get(key);
      if (key === undefined || waiting === undefined) continue;
      waiting.notBefore = now + backoff(waiting.doubts++);
      this.#say({ key, refusal: { rule, reason } });
    }
  }
}

function failureOf(error: unknown): ProposerFailure {
  if (error instanceof StoreError) return 'store';
  return error instanceof DWalletError && !(error instanceof BugError) ? 'agreement' : 'unforeseen';
}

/** Where an error comes from, without its message, which might quote anything. */
const placeOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}${(/\n\s+at .*/.exec(error.stack ?? '') ?? [''])[0].trimEnd()}` : typeof error;

const backoff = (times: number): number => Math.min(firstBackoffMs * 2 ** Math.min(times, 20), mostBackoffMs);

/** One draft of each lane, then the second ones, ...: no lane fills a slot. */
function* inTurns(drafts: readonly Draft[]): Iterable<Draft> {
  const lanes = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const lane = lanes.get(draft.lane);
    if (lane === undefined) lanes.set(draft.lane, [draft]);
    else lane.push(draft);
  }
  for (let i = 0, some = true; some; i++) {
    some = false;
    for (const lane of lanes.values()) {
      const draft = lane[i];
      if (draft === undefined) continue;
      some = true;
      yield draft;
    }
  }
}
