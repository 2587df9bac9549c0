/**
 * Choices out of integers: one integer is one operation, so that fast-check shrinks a failing history by dropping operations.
 *
 * @module
 */
import fc from 'fast-check';

/** Evenly distributed choices from one integer (mulberry32): fast-check prefers small integers, which would be the same choices. */
export class Draw {
  #state: number;
  constructor(value: number) {
    this.#state = value | 0;
  }
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
  /** True once in `n`. */
  once(n: number): boolean {
    return this.below(n) === n - 1;
  }
}

/** Histories of up to `length` operations. */
export const history = (length: number): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.nat(0x7fff_ffff), { maxLength: length, size: 'max' });

/** DWALLET_ZONES_RUNS multiplies the number of histories. */
export const runs = (count: number): number => Math.ceil(count * Number(process.env['DWALLET_ZONES_RUNS'] ?? '1'));

/** Thrown by a property whose invariant does not hold. */
export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`does not hold: ${what}`);
}
