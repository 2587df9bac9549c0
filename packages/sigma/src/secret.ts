/**
 * Secrets in types that do not print themselves: no `toString`, JSON, inspect or error message shows the value.
 *
 * @module
 */
import { BugError } from './errors.ts';

const redacted = '[secret]';

/** Holder of one secret value. `expose` is the only way to it; `destroy` forgets it (a BigInt cannot be wiped, CG pitfall 46). */
export class Secret<T extends bigint | Uint8Array> {
  #value: T | undefined;
  constructor(value: T) {
    this.#value = value;
  }
  /** The value itself. Keep it in a local variable of the function that computes with it. */
  expose(): T {
    if (this.#value === undefined) throw new BugError('a destroyed secret was used');
    return this.#value;
  }
  get destroyed(): boolean {
    return this.#value === undefined;
  }
  /** Wipes bytes, drops the reference. */
  destroy(): void {
    if (this.#value instanceof Uint8Array) this.#value.fill(0);
    this.#value = undefined;
  }
  toString(): string {
    return redacted;
  }
  toJSON(): string {
    return redacted;
  }
  [Symbol.toPrimitive](): string {
    return redacted;
  }
  /** Node's `util.inspect`, hence `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return redacted;
  }
}

/** Compares secrets of equal length in time that depends on the length only. */
export function constantTimeEqual(x: Uint8Array, y: Uint8Array): boolean {
  if (x.length !== y.length) return false;
  let difference = 0;
  for (let i = 0; i < x.length; i++) difference |= (x[i] as number) ^ (y[i] as number);
  return difference === 0;
}
