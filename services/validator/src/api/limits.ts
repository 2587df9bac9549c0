/**
 * Limits of the gRPC servers: token buckets per subject, and how many requests are under way. All of it in bounded memory.
 *
 * @module
 */
import { ApiError } from './errors.ts';

/** `burst` requests at once, and `perSecond` more each second. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** One token bucket per subject. */
export class TokenBuckets {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #maxSubjects: number;
  /** Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param now - milliseconds that never go back. */
  constructor(limit: RateLimit, now: () => number, maxSubjects = 10_000) {
    this.#limit = limit;
    this.#now = now;
    this.#maxSubjects = maxSubjects;
  }

  /** Takes a token. @returns 0, or how many milliseconds until there is one. */
  take(subject: string): number {
    const { perSecond, burst } = this.#limit;
    const now = this.#now();
    const known = this.#buckets.get(subject);
    const tokens = known === undefined ? burst : Math.min(burst, known.tokens + ((now - known.at) / 1000) * perSecond);
    const taken = tokens >= 1;
    this.#buckets.delete(subject);
    this.#buckets.set(subject, { tokens: taken ? tokens - 1 : tokens, at: now });
    if (this.#buckets.size > this.#maxSubjects) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return taken ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000);
  }

  /** As {@link take}. @throws ApiError RATE_LIMITED */
  require(subject: string): void {
    const wait = this.take(subject);
    if (wait === 0) return;
    throw new ApiError('RATE_LIMITED', `more than ${this.#limit.perSecond} requests per second`, {
      retryAfterMs: wait,
      quota: { subject, description: 'requests per second' },
    });
  }
}

/** Requests under way, altogether and by subject. */
export class InFlight {
  readonly #max: number;
  readonly #maxPerSubject: number;
  readonly #bySubject = new Map<string, number>();
  readonly #idle: (() => void)[] = [];
  #total = 0;

  constructor(max: number, maxPerSubject: number) {
    this.#max = max;
    this.#maxPerSubject = maxPerSubject;
  }

  get total(): number {
    return this.#total;
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#total === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** @returns to be called once, when the request is over. @throws ApiError TOO_MANY_IN_FLIGHT */
  enter(subject: string): () => void {
    const own = this.#bySubject.get(subject) ?? 0;
    if (this.#total >= this.#max) throw tooMany('service', this.#max);
    if (own >= this.#maxPerSubject) throw tooMany(subject, this.#maxPerSubject);
    this.#total++;
    this.#bySubject.set(subject, own + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#total--;
      const now = (this.#bySubject.get(subject) ?? 1) - 1;
      if (now === 0) this.#bySubject.delete(subject);
      else this.#bySubject.set(subject, now);
      if (this.#total === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
  }
}

const tooMany = (subject: string, max: number): ApiError =>
  new ApiError('TOO_MANY_IN_FLIGHT', `${max} requests are under way`, {
    quota: { subject, description: 'requests under way' },
  });

/** Every limit of the API, with room for a busy network by default. */
export interface ApiLimits {
  /** Largest request of a client, in bytes: a message of 1 MiB to sign, and what belongs to it. Nothing larger is read at all. */
  readonly maxRequestBytes: number;
  /** Largest envelope of one rpc, in bytes. */
  readonly maxEnvelopeBytes: Readonly<Record<string, number>>;
  /** Largest request or answer between validators, in bytes. */
  readonly maxPeerMessageBytes: number;
  /** Longest wait of a client's call. */
  readonly maxDeadlineMs: number;
  /** Longest wait of a validator's call. */
  readonly maxPeerDeadlineMs: number;
  readonly maxInFlight: number;
  /** Of one address, so that it cannot take all places by making accounts. */
  readonly maxInFlightPerAddress: number;
  readonly maxInFlightPerAccount: number;
  /** Streams of WatchOperation, which cost little and last long. */
  readonly maxWatchers: number;
  readonly maxWatchersPerAddress: number;
  readonly maxPeerInFlight: number;
  readonly maxInFlightPerPeer: number;
  /** Signed requests of one account. */
  readonly account: RateLimit;
  /** Requests of one address, signed or not: before anything is verified. */
  readonly address: RateLimit;
  /** Operations that run at once, by rpc, and that wait. */
  readonly running: Readonly<Record<string, number>>;
  readonly queued: Readonly<Record<string, number>>;
  /** Operations that are kept; more are refused until some expire. */
  readonly maxStoredOperations: number;
}

export const defaultApiLimits: ApiLimits = {
  maxRequestBytes: 1_280 * 1024,
  maxEnvelopeBytes: {
    RegisterEncryptionKey: 64 * 1024,
    CreateDWallet: 64 * 1024,
    AcceptDWallet: 4 * 1024,
    TakePresign: 4 * 1024,
    Sign: 1_152 * 1024,
    ListDWallets: 1024,
  },
  maxPeerMessageBytes: 9 * 1024 * 1024,
  maxDeadlineMs: 120_000,
  maxPeerDeadlineMs: 900_000,
  maxInFlight: 256,
  maxInFlightPerAddress: 128,
  maxInFlightPerAccount: 16,
  maxWatchers: 1024,
  maxWatchersPerAddress: 256,
  maxPeerInFlight: 1024,
  maxInFlightPerPeer: 256,
  account: { perSecond: 10, burst: 40 },
  address: { perSecond: 1000, burst: 2000 },
  running: { RegisterEncryptionKey: 8, CreateDWallet: 4, AcceptDWallet: 8, TakePresign: 16, Sign: 16 },
  queued: { RegisterEncryptionKey: 64, CreateDWallet: 32, AcceptDWallet: 64, TakePresign: 128, Sign: 128 },
  maxStoredOperations: 200_000,
};
