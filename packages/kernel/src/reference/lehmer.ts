/**
 * Euclid's algorithm with Lehmer's acceleration: quotients are found on the leading 52 bits in Number arithmetic (exact), and
 * their product, a 2x2 matrix, is applied to the BigInts once per window. Two users: the full extended gcd, and the
 * partial one of NUCOMP and NUDUPL that stops half-way (class-groups.md 1.7 steps 5 and 6).
 *
 * All cofactors are kept as magnitudes: in Euclid's algorithm their signs alternate, so the parity of the number of steps
 * gives the sign and every update is a sum.
 *
 * @module
 */

import { traceBranch } from './branch-trace.ts';

/** Windows stay below 2^52, so that floor(x / y) in Number arithmetic is the exact quotient (x + y < 2^53). */
const WINDOW_BITS = 52;
const WINDOW_LIMIT = 2 ** WINDOW_BITS;
/** A window with fewer bits than this is taken again with a better shift. */
const WINDOW_MINIMUM = 2 ** (WINDOW_BITS - 4);

/** Magnitudes of the matrix that {@link quotientMatrix} found: rows (0, 1) and (2, 3). */
const matrix = new Float64Array(4);

/**
 * Runs Euclid on two windows x >= y of larger numbers for as long as the quotients certainly equal those of the numbers
 * themselves, and while x > stop.
 *
 * The numbers are within one unit of the windows, so after cofactors (a, b; c, d) they are within max(b, d) = d units of the
 * window remainders. The test t >= d', y - t >= d + d' (Jebelean's, in its form that is safe for both parities) therefore keeps
 * the true remainders ordered and non-negative, which makes the quotients the true ones.
 *
 * @param exact - The windows are the numbers themselves: no uncertainty, run until y = 0 (or x <= stop).
 * @returns The number of steps; the matrix of magnitudes is left in {@link matrix}.
 */
function quotientMatrix(x: number, y: number, stop: number, exact: boolean): number {
  let a = 1;
  let b = 0;
  let c = 0;
  let d = 1;
  let steps = 0;
  while (x > stop && y > 0) {
    const quotient = Math.floor(x / y);
    const rest = x - quotient * y;
    const nextC = a + quotient * c;
    const nextD = b + quotient * d;
    if (!exact && (rest < nextD || y - rest < d + nextD)) break;
    a = c;
    b = d;
    c = nextC;
    d = nextD;
    x = y;
    y = rest;
    steps++;
  }
  matrix[0] = a;
  matrix[1] = b;
  matrix[2] = c;
  matrix[3] = d;
  return steps;
}

/** What {@link euclid} leaves: remainders x >= y >= 0 and the magnitudes of their cofactors of the original y. */
export interface EuclidState {
  readonly x: bigint;
  readonly y: bigint;
  /** |v| with x = +-(v Y - .. X) for the original (X, Y); the sign is (-1)^(steps + 1). */
  readonly cofactorX: bigint;
  /** The same for y; the sign is (-1)^steps. */
  readonly cofactorY: bigint;
  /** Whether the number of division steps was odd. */
  readonly odd: boolean;
  /** Whether at least one division step was made. */
  readonly moved: boolean;
}

/**
 * Euclid's algorithm on x >= y >= 0 while x > bound and y != 0.
 *
 * @param bound - 0 for the full algorithm (then x of the result is the gcd).
 */
export function euclid(x: bigint, y: bigint, bound: bigint): EuclidState {
  let cofactorX = 0n;
  let cofactorY = 1n;
  let odd = false;
  let moved = false;
  // A guess that the window test corrects; afterwards each window predicts the next.
  let shift = 1024;
  while (y !== 0n && x > bound) {
    let shiftBig = BigInt(shift);
    let windowX = Number(x >> shiftBig);
    while (windowX >= WINDOW_LIMIT || (windowX < WINDOW_MINIMUM && shift > 0)) {
      const bits = windowX === 0 ? 0 : windowX === Infinity ? 1024 : Math.floor(Math.log2(windowX)) + 1;
      shift = Math.max(0, shift + (bits > WINDOW_BITS ? bits - WINDOW_BITS : bits - WINDOW_BITS + 1));
      shiftBig = BigInt(shift);
      windowX = Number(x >> shiftBig);
    }
    const windowY = Number(y >> shiftBig);
    const exact = shift === 0;
    const stop = bound === 0n ? 0 : Number(bound >> shiftBig) + (exact ? 0 : 1);
    const steps = quotientMatrix(windowX, windowY, stop, exact);
    if (steps === 0) {
      // A quotient larger than the window can tell, or x already next to the bound: one exact division.
      traceBranch('lehmer/division');
      const quotient = x / y;
      [x, y] = [y, x - quotient * y];
      [cofactorX, cofactorY] = [cofactorY, cofactorX + quotient * cofactorY];
      odd = !odd;
      moved = true;
      continue;
    }
    traceBranch(exact ? 'lehmer/last-word' : 'lehmer/matrix');
    const a = BigInt(matrix[0] as number);
    const b = BigInt(matrix[1] as number);
    const c = BigInt(matrix[2] as number);
    const d = BigInt(matrix[3] as number);
    if ((steps & 1) === 0) {
      [x, y] = [a * x - b * y, d * y - c * x];
    } else {
      [x, y] = [b * y - a * x, c * x - d * y];
      odd = !odd;
    }
    [cofactorX, cofactorY] = [a * cofactorX + b * cofactorY, c * cofactorX + d * cofactorY];
    moved = true;
    shift = Math.max(0, shift - (WINDOW_BITS >> 1));
  }
  return { x, y, cofactorX, cofactorY, odd, moved };
}

/**
 * gcd(x, y) and a cofactor of y.
 *
 * @param x - Positive, x >= y.
 * @param y - Not negative.
 * @returns `gcd` and `cofactor`, with cofactor * y = gcd mod x.
 */
export function gcdWithCofactor(x: bigint, y: bigint): { readonly gcd: bigint; readonly cofactor: bigint } {
  const state = euclid(x, y, 0n);
  // Sign (-1)^(steps + 1) as long as a step was made; 0 otherwise.
  return { gcd: state.x, cofactor: state.odd ? state.cofactorX : -state.cofactorX };
}
