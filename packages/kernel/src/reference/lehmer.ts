/**
 * Euclid's algorithm with Lehmer's acceleration: quotients are found on the leading 52 bits in Number arithmetic (exact below
 * 2^53), and their product, a 2x2 matrix, is applied to the BigInts once per window. Two users: the full extended gcd, and the
 * partial one of NUCOMP and NUDUPL that stops half-way (class-groups.md 1.7 steps 5 and 6).
 *
 * All cofactors are kept as magnitudes: in Euclid's algorithm their signs alternate, so the parity of the number of steps
 * gives the sign and every update is a sum.
 *
 * @module
 */

import { traceBranch } from './branch-trace.ts';

/**
 * Windows stay below 2^52, so that Math.floor(x / y) is the exact quotient: were x / y to round up to an integer k, then
 * k y - x <= k y 2^-53 would be a positive integer, while k y < x + y < 2^53.
 */
const WINDOW_BITS = 52;
const WINDOW_LIMIT = 2 ** WINDOW_BITS;
/** Smaller windows are taken again further down: correct, but little progress. */
const WINDOW_MINIMUM = 2 ** (WINDOW_BITS - 5);
const HALF_WORD = 2 ** 26;

/** Registers of {@link runQuotients}: the matrix (a, b; c, d) as magnitudes, and the larger window remainder. */
const registers = new Float64Array(5);

/**
 * Euclid on two windows for as long as the quotients certainly equal those of the numbers behind them and the larger number
 * is certainly above the bound.
 *
 * The numbers, in units of the window, lie in [x, x + 1) and [y, y + 1), so a row (c, d), c <= d, of the matrix is wrong by
 * less than d units, either way. Therefore rest >= d' and y - rest >= d + d' (Jebelean's condition in the form that is safe for both
 * parities) keep the true remainders ordered and positive, which makes the quotients the true ones. It also gives
 * d^2 <= x at the start, so that all entries stay below 2^26. The row of x itself is (a, b), hence the stop test on x - b.
 *
 * @param stop - floor(bound / unit of the window).
 * @param exact - The windows are the numbers themselves: only y = 0 and `stop` end the loop, and entries are at most x.
 * @returns The number of steps; the results are left in {@link registers}.
 */
function runQuotients(x: number, y: number, stop: number, exact: boolean): number {
  let a = 1;
  let b = 0;
  let c = 0;
  let d = 1;
  let steps = 0;
  while (y > 0 && (exact ? x : x - b) > stop) {
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
  registers[0] = a;
  registers[1] = b;
  registers[2] = c;
  registers[3] = d;
  registers[4] = x;
  return steps;
}

/** Length in binary of x, up to one too many for x >= 2^53; for Infinity a guess that is too small. */
function lengthOf(x: number): number {
  if (x < HALF_WORD) return 32 - Math.clz32(x);
  if (x < WINDOW_LIMIT) return 58 - Math.clz32(x / HALF_WORD);
  return x === Number.POSITIVE_INFINITY ? 1024 : Math.floor(Math.log2(x)) + 1;
}

/** What {@link euclid} leaves: remainders x >= y >= 0 and the magnitudes of their cofactors of the original y. */
export interface EuclidState {
  readonly x: bigint;
  readonly y: bigint;
  /** x = -(-1)^steps * cofactorX * y0 modulo the original x0. */
  readonly cofactorX: bigint;
  /** y = (-1)^steps * cofactorY * y0 modulo the original x0. */
  readonly cofactorY: bigint;
  /** Whether the number of division steps was odd. */
  readonly odd: boolean;
  /** Whether at least one division step was made. */
  readonly moved: boolean;
}

/**
 * Euclid's algorithm on x >= y >= 0 while x > bound and y != 0: exactly the steps of the plain algorithm. Variable time.
 *
 * @param bound - 0 for the full algorithm (then x of the result is the gcd).
 */
export function euclid(x: bigint, y: bigint, bound: bigint): EuclidState {
  let cofactorX = 0n;
  let cofactorY = 1n;
  let odd = false;
  let moved = false;
  // Bits below the window. A first guess that the inner loop corrects; afterwards each pass predicts the next.
  let shift = 900;
  while (y !== 0n && x > bound) {
    let shiftBig = BigInt(shift);
    let windowX = Number(x >> shiftBig);
    while (windowX >= WINDOW_LIMIT || (windowX < WINDOW_MINIMUM && shift > 0)) {
      // One bit short of the limit, so that an estimate which is off by one still fits.
      shift = Math.max(0, shift + lengthOf(windowX) - WINDOW_BITS + 1);
      shiftBig = BigInt(shift);
      windowX = Number(x >> shiftBig);
    }
    const exact = shift === 0;
    const stop = bound === 0n ? 0 : Number(bound >> shiftBig);
    const steps = runQuotients(windowX, Number(y >> shiftBig), stop, exact);
    moved = true;
    if (steps === 0) {
      // A quotient larger than the window can tell, or x next to the bound: one division of the numbers themselves.
      traceBranch('lehmer/division');
      const quotient = x / y;
      [x, y] = [y, x - quotient * y];
      [cofactorX, cofactorY] = [cofactorY, cofactorX + quotient * cofactorY];
      odd = !odd;
      continue;
    }
    traceBranch(exact ? 'lehmer/last-word' : 'lehmer/matrix');
    const a = BigInt(registers[0] as number);
    const b = BigInt(registers[1] as number);
    const c = BigInt(registers[2] as number);
    const d = BigInt(registers[3] as number);
    if ((steps & 1) === 0) {
      [x, y] = [a * x - b * y, d * y - c * x];
    } else {
      [x, y] = [b * y - a * x, c * x - d * y];
      odd = !odd;
    }
    [cofactorX, cofactorY] = [a * cofactorX + b * cofactorY, c * cofactorX + d * cofactorY];
    shift = Math.max(0, shift + lengthOf(registers[4] as number) - WINDOW_BITS + 1);
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
  return { gcd: state.x, cofactor: state.odd ? state.cofactorX : -state.cofactorX };
}
