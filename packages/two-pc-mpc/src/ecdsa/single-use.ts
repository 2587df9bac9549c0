/**
 * Single use of a presign (MPC 4.6, 5.8). One presign that serves two client messages gives the whole private key away (MPC 8.3), so there
 * are two independent guards: the life cycle that the network agrees on, a pure state machine; and the marker that every
 * validator keeps for itself, durably, before it computes a share. The second one holds whatever the first one says.
 *
 * @module
 */
import { CheckError, type Digest, type Point, type PresignId, constantTimeEqual } from '@dwallet/sigma';

/** One (dWallet, request): what a presign is assigned to, irrevocably. */
export interface Assignment {
  /** X. */
  readonly publicKey: Point;
  /** 32 bytes naming the approved request: session id of the signature. */
  readonly request: Digest;
}

/** Life cycle of MPC 4.6. There is no way back along it. */
export type PresignState =
  | { readonly kind: 'available' }
  | { readonly kind: 'assigned'; readonly assignment: Assignment }
  /** D: the one client message that this presign serves. */
  | { readonly kind: 'bound'; readonly assignment: Assignment; readonly digest: Digest }
  | { readonly kind: 'spent'; readonly assignment: Assignment; readonly digest: Digest }
  /** Cancelled, restored from a backup, or its signature failed: never used again. */
  | { readonly kind: 'destroyed'; readonly reason: string };

export type PresignEvent =
  | { readonly kind: 'assign'; readonly assignment: Assignment }
  /** The first client message that passed verification. */
  | { readonly kind: 'bind'; readonly assignment: Assignment; readonly digest: Digest }
  /** A signature was output. */
  | { readonly kind: 'spend'; readonly digest: Digest }
  | { readonly kind: 'destroy'; readonly reason: string };

export const availablePresign: PresignState = { kind: 'available' };

const sameBytes = (x: Uint8Array, y: Uint8Array): boolean => constantTimeEqual(x, y);

export const assignmentsEqual = (x: Assignment, y: Assignment): boolean =>
  x.publicKey.equals(y.publicKey) && sameBytes(x.request, y.request);

const unavailable = (field: string, message: string): CheckError => new CheckError('MPC:S1', field, message);
const otherMessage = (): CheckError => new CheckError('MPC:S2', 'presign', 'is bound to a different client message');

/**
 * MPC:S1 and MPC:S2 as far as the presign is concerned: may a client message with digest D use a presign in this state for this assignment?
 * @throws CheckError MPC:S1 if the presign is not assigned to this request, MPC:S2 if it is bound to other bytes.
 */
export function checkPresignState(state: PresignState, assignment: Assignment, digest: Digest): void {
  switch (state.kind) {
    case 'available':
      throw unavailable('presign', 'is not assigned to this request');
    case 'destroyed':
      throw unavailable('presign', 'is destroyed');
    case 'assigned':
    case 'bound':
    case 'spent':
      if (!assignmentsEqual(state.assignment, assignment))
        throw unavailable('presign', 'is assigned to another request');
      if (state.kind !== 'assigned' && !sameBytes(state.digest, digest)) throw otherMessage();
  }
}

/**
 * One transition. Repeating an event that already happened returns the same state; everything else that is not a step forward is refused.
 * @throws CheckError MPC:S1 or MPC:S2.
 */
export function advancePresign(state: PresignState, event: PresignEvent): PresignState {
  // A destroyed presign never returns, and nobody destroys one that made a signature.
  if (state.kind === 'destroyed') {
    if (event.kind === 'destroy') return state;
    throw unavailable('presign', 'is destroyed');
  }
  switch (event.kind) {
    case 'assign':
      if (state.kind === 'available') return { kind: 'assigned', assignment: event.assignment };
      if (assignmentsEqual(state.assignment, event.assignment)) return state;
      throw unavailable('presign', 'is assigned to another request');
    case 'bind':
      checkPresignState(state, event.assignment, event.digest);
      return state.kind === 'assigned' ? { kind: 'bound', assignment: event.assignment, digest: event.digest } : state;
    case 'spend':
      if (state.kind !== 'bound' && state.kind !== 'spent') throw unavailable('presign', 'is not bound');
      if (!sameBytes(state.digest, event.digest)) throw otherMessage();
      return { kind: 'spent', assignment: state.assignment, digest: state.digest };
    case 'destroy':
      if (state.kind === 'spent') throw unavailable('presign', 'is spent');
      return { kind: 'destroyed', reason: event.reason };
  }
}

/** What a compare-and-set found. */
export type MarkOutcome =
  /** The marker was absent and is now durable. */
  | 'marked'
  /** The same D was there already. */
  | 'same'
  /** Another D, or a void mark, is there: refuse for ever. */
  | 'conflict';

/**
 * The validator's own durable markers (presign_id -> D), MPC 5.8 rule 3. Implementations must make `mark` and `markVoid` atomic and must not
 * resolve them before the marker would survive a power cut. There is no operation that removes or replaces a marker.
 */
export interface SingleUseStore {
  /** Compare-and-set from absent. */
  mark(presignId: PresignId, digest: Digest): Promise<MarkOutcome>;
  /** Burns an unmarked presign at this validator: cancelled, or restored from a backup (lessons 1.7). A marker that exists stays. */
  markVoid(presignId: PresignId): Promise<void>;
  /** D, 'void' for a presign that may never be used here, undefined if unmarked. Must throw rather than answer "unmarked" when it cannot tell. */
  lookup(presignId: PresignId): Promise<Digest | 'void' | undefined>;
}

const keyOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** What the rules make of a known marker. */
export const markOutcome = (known: Digest | 'void', digest: Digest): MarkOutcome =>
  known !== 'void' && sameBytes(known, digest) ? 'same' : 'conflict';

/** Markers in memory: for tests and simulations. It forgets everything with the process, so no validator may use it. */
export class MemorySingleUseStore implements SingleUseStore {
  readonly #marks = new Map<string, Digest | 'void'>();
  async mark(presignId: PresignId, digest: Digest): Promise<MarkOutcome> {
    const key = keyOf(presignId);
    const known = this.#marks.get(key);
    if (known !== undefined) return markOutcome(known, digest);
    this.#marks.set(key, digest.slice() as Digest);
    return 'marked';
  }
  async markVoid(presignId: PresignId): Promise<void> {
    const key = keyOf(presignId);
    if (!this.#marks.has(key)) this.#marks.set(key, 'void');
  }
  async lookup(presignId: PresignId): Promise<Digest | 'void' | undefined> {
    const known = this.#marks.get(keyOf(presignId));
    return known === undefined || known === 'void' ? known : (known.slice() as Digest);
  }
}
