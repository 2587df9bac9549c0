/**
 * The client's record of used presigns (MPC:V4): the exact bytes of every message, stored before they are sent, and the digest of what it was made
 * for. A retry sends these bytes again; a second message for one presign would give the private key away (MPC 8.3).
 *
 * @module
 */
import type { PresignId } from '@dwallet/sigma';

/**
 * Implementations must make `putIfAbsent` an atomic compare-and-set and must not resolve it before the bytes would survive a power cut.
 * Nothing is ever removed or replaced.
 */
export interface SignMessageStore {
  /** The bytes stored for the presign, undefined if there are none. Must throw rather than answer "none" when it cannot tell. */
  get(presignId: PresignId): Promise<Uint8Array | undefined>;
  /** Stores the bytes if there are none. @returns what is stored now: the given bytes, or the earlier ones. */
  putIfAbsent(presignId: PresignId, bytes: Uint8Array): Promise<Uint8Array>;
}

const keyOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** In memory: forgets with the process. For tests and simulations; a wallet needs a durable one. */
export class MemorySignMessageStore implements SignMessageStore {
  readonly #messages = new Map<string, Uint8Array>();
  async get(presignId: PresignId): Promise<Uint8Array | undefined> {
    return this.#messages.get(keyOf(presignId))?.slice();
  }
  async putIfAbsent(presignId: PresignId, bytes: Uint8Array): Promise<Uint8Array> {
    const key = keyOf(presignId);
    const known = this.#messages.get(key);
    if (known !== undefined) return known.slice();
    this.#messages.set(key, bytes.slice());
    return bytes.slice();
  }
}
