/**
 * Notices equivocation: two signed statements of one validator where an honest one makes a single statement. It keeps what this process saw last,
 * within bounds; forgetting costs the chance to prove something and nothing else. All that it sees was verified to be signed.
 *
 * @module
 */
import type { ValidatorId } from '@dwallet/sigma';
import type { Fact, QuorumCertificate } from '@dwallet/two-pc-mpc/network';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A vote whose signature was verified. */
export interface SeenVote {
  readonly fact: Fact;
  readonly signature: Uint8Array;
}

/** Two statements that contradict each other. */
export type Equivocation =
  | {
      readonly kind: 'message';
      readonly from: ValidatorId;
      readonly session: Uint8Array;
      /** Encoded envelopes. */
      readonly messages: readonly [Uint8Array, Uint8Array];
    }
  | { readonly kind: 'vote'; readonly from: ValidatorId; readonly votes: readonly [SeenVote, SeenVote] };

/** Keeps the newest entries within a number of bytes. */
class Bounded<V> {
  readonly #values = new Map<string, { readonly value: V; readonly bytes: number }>();
  readonly #most: number;
  #bytes = 0;
  constructor(most: number) {
    this.#most = most;
  }
  get(key: string): V | undefined {
    return this.#values.get(key)?.value;
  }
  add(key: string, value: V, bytes: number): void {
    if (bytes > this.#most || this.#values.has(key)) return;
    this.#values.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#values) {
      if (this.#bytes <= this.#most) break;
      this.#values.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }
}

const mostMessageBytes = 16 * 1024 * 1024;
const mostVoteBytes = 2 * 1024 * 1024;
/** A vote with its keys in memory, roughly. */
const voteBytes = 512;

export class Witness {
  readonly #messages = new Bounded<{ readonly bytes: Uint8Array; readonly body: string }>(mostMessageBytes);
  readonly #votes = new Bounded<SeenVote>(mostVoteBytes);
  /** Told of every contradiction, each time it is seen. Set by the validator. */
  report: (found: Equivocation) => void = () => {};

  /**
   * A contribution whose signature was verified.
   * @param bytes - its encoded envelope. @param body - a digest of its body.
   */
  message(from: ValidatorId, session: Uint8Array, kind: string, bytes: Uint8Array, body: Uint8Array): void {
    const key = `${from}.${hex(session)}.${kind}`;
    const known = this.#messages.get(key);
    if (known === undefined) this.#messages.add(key, { bytes: bytes.slice(), body: hex(body) }, bytes.length);
    else if (known.body !== hex(body)) this.report({ kind: 'message', from, session, messages: [known.bytes, bytes] });
  }

  /** A vote whose signature was verified. */
  vote(from: ValidatorId, fact: Fact, signature: Uint8Array): void {
    const key = `${from}.${fact.kind}.${hex(fact.id)}.${fact.version}`;
    const known = this.#votes.get(key);
    if (known === undefined) this.#votes.add(key, { fact, signature }, voteBytes);
    else if (hex(known.fact.digest) !== hex(fact.digest))
      this.report({ kind: 'vote', from, votes: [known, { fact, signature }] });
  }

  /** A certificate that was verified. */
  certificate({ fact, votes }: QuorumCertificate): void {
    for (const { validator, signature } of votes) this.vote(validator, fact, signature);
  }
}
