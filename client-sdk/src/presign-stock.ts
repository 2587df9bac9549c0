/**
 * Presigns that a wallet reserves and prepares while it has nothing to sign, so that a signature costs a tenth of the work.
 *
 * What is where: the wallet file has each reservation (nonce, and once they are known the presign and the certificate that gives it to us) before the
 * network or anything secret meets it; the prepared presign itself exists in the memory of this process only. After a restart a reservation serves without preparation. Processes that
 * share a wallet file see the same reservations and may both prepare one presign; only one of them makes a message with it, because the message
 * store takes one message per presign for ever (MPC:V4). This file never relies on anything else for that.
 *
 * @module
 */
import { type Digest, InvalidArgumentsError, type Random, type SessionId } from '@dwallet/sigma';
import {
  type DWalletRecord,
  type HashScheme,
  type PreparedPresign,
  type Presign,
  type PresignCertificate,
  type PresignRequest,
  type SignMessageStore,
  maxReservedPresigns,
  servesOrder,
} from '@dwallet/two-pc-mpc/client';
import { fromHex, hex } from './hex.ts';
import type { StoredReservation } from './wallet-store.ts';

/** A presign with what shows that the network made it and gave it to us. */
export interface TakenPresign {
  readonly presign: Presign;
  readonly certified: PresignCertificate;
  /** Encoded certificate of the assignment, which was verified. */
  readonly assignment: Uint8Array;
}

/** What the stock needs of its client. */
export interface StockHost {
  readonly messages: SignMessageStore;
  readonly random: Random;
  readonly log: (text: string) => void;
  /**
   * Takes a presign for the request, or again the one that the request has.
   * @param presignId - in hex: an answer with another presign is not accepted.
   */
  take(id: SessionId, request: PresignRequest, presignId: string | undefined): Promise<TakenPresign>;
  prepare(record: DWalletRecord, taken: TakenPresign, pause: () => Promise<void>): Promise<PreparedPresign>;
  /** Reservations of a dWallet as the wallet file has them now. */
  reservations(wallet: string): Promise<readonly StoredReservation[]>;
  /** Durable when it resolves. The change may be applied more than once, each time to what the file has then. */
  saveReservations(
    wallet: string,
    change: (known: readonly StoredReservation[]) => readonly StoredReservation[],
  ): Promise<void>;
}

/** One reservation in this process. */
interface Entry {
  readonly wallet: string;
  /** Hex. */
  readonly nonce: string;
  /** Hex. */
  presignId: string | undefined;
  /** Hex. */
  assignment: string | undefined;
  taken: TakenPresign | undefined;
  prepared: PreparedPresign | undefined;
  /** The background asks the network for it. */
  taking: boolean;
  /** A signature has it. */
  claimed: boolean;
  /** The message store has a message for it. */
  spent: boolean;
}

/** A reservation in the hands of one signature. */
export interface Claim {
  readonly request: PresignRequest;
  readonly nonce: Uint8Array;
  /** Hex. */
  readonly presignId: string | undefined;
  readonly taken: TakenPresign | undefined;
  readonly prepared: PreparedPresign | undefined;
  /**
   * Writes down what the network answered for the reservation, before anything is made with it.
   * @returns it with the certificate that the wallet file has: it stays the first one, so that a request that is repeated is the same bytes.
   */
  keep(taken: TakenPresign): Promise<TakenPresign>;
  /** The presign is known and served: forget the reservation. */
  drop(): Promise<void>;
  /** Keep it: for the same message if the store has one, otherwise for any. */
  release(): void;
}

/** How many dWallets are kept ready: those that signed last. */
const maxWanted = 4;

export class PresignStock {
  readonly #host: StockHost;
  readonly #size: number;
  readonly #entries = new Map<string, Entry>();
  /** Nonces that the file has forgotten for good. */
  readonly #dropped = new Set<string>();
  /** dWallets to keep ready, the last used one last. */
  readonly #wanted = new Map<string, { readonly record: DWalletRecord; readonly size: number }>();
  #signing = 0;
  #closed = false;
  #stop: AbortController | undefined;
  #done: Promise<void> = Promise.resolve();

  /** @param size - prepared presigns per dWallet, 0 to {@link maxReservedPresigns}. */
  constructor(host: StockHost, size: number) {
    if (!Number.isInteger(size) || size < 0 || size > maxReservedPresigns)
      throw new InvalidArgumentsError('prepare', `must be a boolean or 0..${maxReservedPresigns}`);
    this.#host = host;
    this.#size = size;
  }

  // Signatures ----------------------------------------------------------------------------------------------------------------

  /** A signature begins: the background stops at its next step, and what it prepares is left unprepared. */
  begin(): void {
    this.#signing++;
    this.#interrupt();
  }

  /** It ended. When no other one runs, the background goes on. */
  end(record: DWalletRecord): void {
    this.#signing--;
    void this.want(record);
  }

  /**
   * A reservation for this order: one that already has its message (a repeated attempt), or else one that has none, a prepared one first.
   * Waits for nothing but the message store.
   */
  async claim(
    record: DWalletRecord,
    asked: { readonly hashScheme: HashScheme; readonly messageDigest: Digest; readonly order: Digest },
  ): Promise<Claim | undefined> {
    const free = (await this.#entriesOf(hex(record.sessionId))).filter(({ claimed, taking }) => !claimed && !taking);
    for (const entry of free) entry.claimed = true;
    let chosen: Entry | undefined;
    try {
      const rank = (entry: Entry): number =>
        entry.prepared !== undefined ? 0 : entry.taken !== undefined ? 1 : entry.presignId !== undefined ? 2 : 3;
      const unused: Entry[] = [];
      for (const entry of free) {
        const stored = await this.#storedMessage(entry);
        if (stored === undefined) unused.push(entry);
        else if (servesOrder(record, stored, asked)) chosen ??= entry;
      }
      chosen ??= unused.sort((x, y) => rank(x) - rank(y))[0];
    } finally {
      for (const entry of free) entry.claimed = entry === chosen;
    }
    return chosen === undefined ? undefined : this.#claimOf(chosen);
  }

  async #storedMessage(entry: Entry): Promise<Uint8Array | undefined> {
    if (entry.presignId === undefined) return undefined;
    const stored = await this.#host.messages.get(presignIdOf(entry.presignId));
    entry.spent = stored !== undefined;
    return stored;
  }

  #claimOf(entry: Entry): Claim {
    const { prepared } = entry;
    // Whatever happens now, it is in one pair of hands.
    entry.prepared = undefined;
    const nonce = fromHex(entry.nonce);
    return {
      request: { kind: 'reservation', nonce },
      nonce,
      presignId: entry.presignId,
      taken: entry.taken,
      prepared,
      keep: (taken) => this.#keepPresign(entry, taken),
      drop: () => this.#drop(entry),
      release: () => {
        prepared?.destroy();
        entry.claimed = false;
      },
    };
  }

  async #drop(entry: Entry): Promise<void> {
    // In nobody's hands until the file has forgotten it too.
    entry.claimed = true;
    entry.prepared?.destroy();
    entry.prepared = undefined;
    await this.#host.saveReservations(entry.wallet, (known) => known.filter(({ nonce }) => nonce !== entry.nonce));
    this.#dropped.add(entry.nonce);
    this.#entries.delete(entry.nonce);
  }

  // The background --------------------------------------------------------------------------------------------------------------

  /**
   * Keeps a dWallet ready from now on, among the last few that were asked for.
   * @returns when the background has nothing more to do, or was interrupted; how many presigns are prepared then. Never rejects.
   */
  async want(record: DWalletRecord, size = this.#size): Promise<number> {
    const wallet = hex(record.sessionId);
    if (size > 0) {
      this.#wanted.delete(wallet);
      this.#wanted.set(wallet, { record, size: Math.min(size, maxReservedPresigns) });
      for (const oldest of this.#wanted.keys()) {
        if (this.#wanted.size <= maxWanted) break;
        this.#wanted.delete(oldest);
      }
      this.#schedule();
      await this.#done;
    }
    return this.#ready(wallet);
  }

  /** Forgets everything prepared and prepares nothing more. Reservations stay in the wallet file. */
  close(): void {
    this.#closed = true;
    this.#interrupt();
    for (const entry of this.#entries.values()) {
      entry.prepared?.destroy();
      entry.prepared = undefined;
    }
  }

  #interrupt(): void {
    this.#stop?.abort();
    this.#stop = undefined;
  }

  #schedule(): void {
    // A run that goes on sees what is wanted by itself.
    if (this.#closed || this.#signing > 0 || this.#stop !== undefined) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#done = this.#done.then(async () => {
      try {
        await this.#work(stop.signal);
      } catch (error) {
        if (!stop.signal.aborted)
          this.#host.log(`no presign is prepared: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        if (this.#stop === stop) this.#stop = undefined;
      }
    });
  }

  async #work(signal: AbortSignal): Promise<void> {
    const pause = () => nextTask(signal);
    await pause();
    for (;;) {
      const next = await this.#nextWanted();
      if (next === undefined) return;
      const entry = await this.#nextEntry(next[0]);
      if (entry === undefined) return;
      // A signature that has begun meanwhile may have claimed it.
      signal.throwIfAborted();
      await this.#prepare(next[1].record, entry, signal, pause);
    }
  }

  async #nextWanted(): Promise<[string, { readonly record: DWalletRecord; readonly size: number }] | undefined> {
    for (const wanted of [...this.#wanted].reverse())
      if ((await this.#ready(wanted[0])) < wanted[1].size) return wanted;
    return undefined;
  }

  async #ready(wallet: string): Promise<number> {
    return (await this.#entriesOf(wallet)).filter(({ prepared, claimed }) => prepared !== undefined && !claimed).length;
  }

  /** A reservation of the file that nothing is known against, or a new one, which is in the file when this returns. */
  async #nextEntry(wallet: string): Promise<Entry | undefined> {
    const entries = await this.#entriesOf(wallet);
    const known = entries.find(
      ({ prepared, claimed, taking, spent }) => prepared === undefined && !claimed && !taking && !spent,
    );
    if (known !== undefined) return known;
    if (entries.length >= maxReservedPresigns) {
      // Attempts that never came to a signature: the oldest one is given up.
      const oldest = entries.find(({ spent, claimed }) => spent && !claimed);
      if (oldest === undefined) return undefined;
      await this.#drop(oldest);
    }
    const nonce = hex(this.#host.random(32));
    await this.#host.saveReservations(wallet, (stored) => [...stored, { nonce }]);
    return (await this.#entriesOf(wallet)).find((entry) => entry.nonce === nonce);
  }

  async #prepare(record: DWalletRecord, entry: Entry, signal: AbortSignal, pause: () => Promise<void>): Promise<void> {
    if (entry.taken === undefined) {
      entry.taking = true;
      try {
        const request: PresignRequest = { kind: 'reservation', nonce: fromHex(entry.nonce) };
        const taken = await this.#host.take(record.sessionId, request, entry.presignId);
        await this.#keepPresign(entry, taken);
      } finally {
        entry.taking = false;
      }
    }
    signal.throwIfAborted();
    const { taken } = entry;
    if (taken === undefined || (await this.#storedMessage(entry)) !== undefined) return;
    const prepared = await this.#host.prepare(record, taken, pause);
    if (signal.aborted || entry.claimed || !this.#entries.has(entry.nonce)) prepared.destroy();
    else entry.prepared = prepared;
  }

  async #keepPresign(entry: Entry, taken: TakenPresign): Promise<TakenPresign> {
    if (entry.presignId === undefined || entry.assignment === undefined) {
      const presignId = hex(taken.presign.presignId);
      let assignment = hex(taken.assignment);
      await this.#host.saveReservations(entry.wallet, (known) =>
        known.map((stored) => {
          if (stored.nonce !== entry.nonce) return stored;
          // Another process of this wallet may have asked another validator, and sent its request already.
          assignment = stored.assignment ?? assignment;
          return { ...stored, presignId, assignment };
        }),
      );
      entry.presignId = presignId;
      entry.assignment = assignment;
    }
    entry.taken = { ...taken, assignment: fromHex(entry.assignment) };
    return entry.taken;
  }

  /** What the file has, as objects of this process; what another process has used up disappears here too. */
  async #entriesOf(wallet: string): Promise<Entry[]> {
    // What comes, or goes, while the file is read is not in what was read.
    const before = new Set(this.#entries.keys());
    const stored = (await this.#host.reservations(wallet)).filter(({ nonce }) => !this.#dropped.has(nonce));
    for (const entry of this.#entries.values()) {
      if (!before.has(entry.nonce) || entry.wallet !== wallet || stored.some(({ nonce }) => nonce === entry.nonce))
        continue;
      if (entry.claimed || entry.taking) continue;
      entry.prepared?.destroy();
      this.#entries.delete(entry.nonce);
    }
    return stored.map(({ nonce, presignId, assignment }) => {
      const known = this.#entries.get(nonce);
      if (known !== undefined) {
        known.presignId ??= presignId;
        known.assignment ??= assignment;
        return known;
      }
      const entry: Entry = {
        wallet,
        nonce,
        presignId,
        assignment,
        taken: undefined,
        prepared: undefined,
        taking: false,
        claimed: false,
        spent: false,
      };
      this.#entries.set(nonce, entry);
      return entry;
    });
  }
}

const presignIdOf = (text: string): Presign['presignId'] => fromHex(text) as Presign['presignId'];

/** Lets everything else of this thread run first. @throws the signal's reason when it is aborted. */
const nextTask = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    setTimeout(() => {
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('interrupted'));
      else resolve();
    }, 0);
  });
