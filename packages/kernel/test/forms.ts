/**
 * Forms for tests, made without the code under test: enumeration, prime forms, degenerate and random classes. Products are the
 * oracle's ({@link textbookCompose}).
 *
 * @module
 */

import { type Form, reduceForm } from '../src/reference/form.ts';
import { textbookCompose } from '../src/reference/textbook-compose.ts';

/** list[index], which must exist. */
export function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no entry ${index} of ${list.length}`);
  return value;
}

/** Deterministic integers, so that a failure repeats. */
export class Rng {
  #state: bigint;
  constructor(seed: number) {
    this.#state = BigInt(seed);
  }

  /** Uniform in [0, 2^bits) as far as tests care (SplitMix64 words). */
  bits(bits: number): bigint {
    let value = 0n;
    for (let have = 0; have < bits; have += 64) {
      this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
      let word = this.#state;
      word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
      word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
      value = (value << 64n) | (word ^ (word >> 31n));
    }
    return BigInt.asUintN(bits, value);
  }

  below(limit: number): number {
    return Number(this.bits(48) % BigInt(limit));
  }

  /** A negative discriminant of exactly `bits` bits, 1 mod 4. */
  discriminant(bits: number): bigint {
    return -(this.bits(bits - 1) | (1n << BigInt(bits - 1)) | 3n);
  }
}

export function discriminantOf({ a, b, c }: Form): bigint {
  return b * b - 4n * a * c;
}

/** (a, b, c) with c from the discriminant. */
export function formOf(a: bigint, b: bigint, discriminant: bigint): Form {
  return { a, b, c: (b * b - discriminant) / (4n * a) };
}

export function identityOf(discriminant: bigint): Form {
  return formOf(1n, 1n, discriminant);
}

/** The canonical bytes, written independently of the codec. */
export function formBytes(a: bigint, b: bigint, discriminant: bigint): Uint8Array {
  const length = Math.floor((-discriminant).toString(2).length / 16) + 1;
  const out = new Uint8Array(2 * length);
  for (let i = 0; i < length; i++) {
    out[length - 1 - i] = Number((a >> BigInt(8 * i)) & 255n);
    out[2 * length - 1 - i] = Number((b >> BigInt(8 * i)) & 255n);
  }
  return out;
}

/** All reduced primitive forms of a tiny discriminant, by the definition in class-groups.md 1.1. */
export function enumerateForms(discriminant: bigint): Form[] {
  const forms: Form[] = [];
  for (let a = 1n; 3n * a * a <= -discriminant; a++) {
    for (let b = -a + 1n; b <= a; b++) {
      const numerator = b * b - discriminant;
      if (numerator % (4n * a) !== 0n) continue;
      const c = numerator / (4n * a);
      const reduced = a < c || (a === c && b >= 0n);
      if (reduced && slowGcd(slowGcd(a, b < 0n ? -b : b), c) === 1n) forms.push({ a, b, c });
    }
  }
  return forms;
}

export function slowGcd(x: bigint, y: bigint): bigint {
  return y === 0n ? x : slowGcd(y, x % y);
}

/** Prime forms (l, b, .) for small primes that split or ramify, reduced. Ramified ones are ambiguous. */
export function primeForms(discriminant: bigint, count: number): Form[] {
  const forms: Form[] = [];
  for (let l = 2n; forms.length < count && l < 2000n; l++) {
    let prime = true;
    for (let k = 2n; k * k <= l; k++) if (l % k === 0n) prime = false;
    if (!prime) continue;
    for (let b = 1n; b <= l; b += 2n) {
      if ((b * b - discriminant) % (4n * l) !== 0n) continue;
      const form = formOf(l, b, discriminant);
      // A prime whose square divides the discriminant gives a form that is not primitive.
      if (slowGcd(slowGcd(form.a, form.b), form.c) === 1n) forms.push(reduceForm(form.a, form.b, form.c));
      break;
    }
  }
  return forms;
}

/** x^exponent by the oracle, exponent >= 0. */
export function oraclePower(x: Form, exponent: bigint): Form {
  let result = identityOf(discriminantOf(x));
  for (const bit of exponent.toString(2)) {
    result = textbookCompose(result, result);
    if (bit === '1') result = textbookCompose(result, x);
  }
  return result;
}

/**
 * Forms of one discriminant that between them reach every branch of 1.7 and 1.8: the identity, prime and ambiguous
 * forms, smooth products (shared factors, small a), their inverses, and random classes.
 */
export function corpus(discriminant: bigint, rng: Rng, size: number): Form[] {
  const primes = primeForms(discriminant, 8);
  const forms = [identityOf(discriminant), ...primes];
  const pickAny = (): Form => at(forms, rng.below(forms.length));
  while (forms.length < size && primes.length > 0) {
    const kind = rng.below(4);
    if (kind === 0) {
      const { a, b, c } = pickAny();
      forms.push(reduceForm(a, -b, c));
    } else if (kind === 1) {
      forms.push(textbookCompose(pickAny(), pickAny()));
    } else if (kind === 2) {
      const x = at(primes, rng.below(primes.length));
      forms.push(oraclePower(x, rng.bits(4)));
    } else {
      const length = Math.ceil((-discriminant).toString(2).length / 2);
      const random = oraclePower(at(primes, rng.below(primes.length)), rng.bits(Math.min(length, 40)));
      // Classes that share most of their factors: x and x times a small prime.
      forms.push(random, textbookCompose(random, at(primes, rng.below(primes.length))));
    }
  }
  return forms;
}
