/**
 * What `npm run bench:kernel` runs: one subject per kernel and discriminant, with the same inputs for all kernels.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { type Profile, createPublicParameters } from '@dwallet/class-groups';
import type { ClassGroup, Element, Kernel } from '@dwallet/kernel';
import { bytesToInteger, concat, encodeInt, encodeUint, seededRandom, uniformBits } from '@dwallet/sigma';

/** A discriminant with a form that generates the inputs. */
export interface Discriminant {
  readonly name: string;
  readonly discriminant: bigint;
  readonly conductor: bigint | undefined;
  /** Canonical encoding of a form of large order. */
  readonly seedForm: Uint8Array;
}

/** Delta_q of a profile: 1861 and 2340 bits, both 5 mod 8. */
export function discriminantOfProfile(kernel: Kernel, profile: Profile): Discriminant {
  const { group, h } = createPublicParameters(kernel, profile);
  return {
    name: profile.id,
    discriminant: group.discriminant,
    conductor: group.conductor,
    seedForm: group.encode(h),
  };
}

/**
 * A discriminant of this size that is 1 mod 8, where 2 splits: then many forms have an even first coefficient, and a composition whose
 * fast path cannot take a common divisor falls off a cliff (kernel.md 3).
 */
export function discriminantOneMod8(name: string, bits: number): Discriminant {
  const random = seededRandom(createHash('sha256').update(`dwallet bench 1 mod 8, ${bits} bits`).digest());
  const magnitude = (1n << BigInt(bits - 1)) | (uniformBits(random, bits - 1) & ~7n) | 7n;
  const discriminant = -magnitude;
  const width = Math.floor(bits / 16) + 1;
  for (let l = 3n; ; l += 2n) {
    // A form (l, b, .) with b odd; for l = 3, 5, 7, ... some l works soon. Composite l do no harm if the form is primitive.
    for (let b = 1n; b < l; b += 2n) {
      const numerator = b * b - discriminant;
      if (numerator % (4n * l) !== 0n || magnitude % l === 0n) continue;
      return { name, discriminant, conductor: undefined, seedForm: concat(encodeUint(l, width), encodeInt(b, width)) };
    }
  }
}

/** One measured job. */
export interface Job {
  /** Group operations or powers of one run. */
  readonly operations: number;
  /** Does all of them. @returns encoded results, the same at every kernel: the witness of the work. */
  readonly run: () => Uint8Array;
}

export const jobNames = [
  'squaring',
  'composition',
  'decode',
  'power',
  'power-secret',
  'table-build',
  'table-power',
  'table-power-secret',
  'multi-2',
  'multi-4',
  'multi-6',
  'multi-2-secret',
  'inverse',
] as const;
export type JobName = (typeof jobNames)[number];

export interface Subject {
  readonly kernel: string;
  readonly discriminant: Discriminant;
  readonly jobs: Readonly<Record<JobName, Job>>;
  /** Memory of the comb table. */
  readonly tableBytes: number;
}

/** Bits of all exponents. */
export const exponentBits = 1000;

/** Varied operands: one fixed form would measure that form. */
const operands = 64;
/** Passes over the operands in one run: some twenty milliseconds at the fastest kernel. */
const passes = 16;

const elementAt = (list: readonly Element[], index: number): Element => list[index % list.length] as Element;

/** @throws Error unless tables and products of powers agree with single powers. */
export function createSubject(kernel: Kernel, discriminant: Discriminant): Subject {
  const { conductor } = discriminant;
  const group: ClassGroup = kernel.createGroup(
    conductor === undefined
      ? { discriminant: discriminant.discriminant }
      : { discriminant: discriminant.discriminant, conductor },
  );
  const random = seededRandom(createHash('sha256').update(`dwallet bench operands ${discriminant.name}`).digest());
  const exponent = (): bigint => (1n << BigInt(exponentBits - 1)) | uniformBits(random, exponentBits - 1);
  const seed = group.decodeUnchecked(discriminant.seedForm);
  // Squares, so that they pass the parsing checks; independent of each other as far as anybody can tell.
  let last = group.square(group.powerVartime(seed, exponent()));
  const forms = Array.from({ length: operands }, () => (last = group.powerVartime(last, uniformBits(random, 24) | 1n)));
  const exponents = Array.from({ length: 6 }, exponent);
  const encoded = forms.map((form) => group.encode(form));
  const base = elementAt(forms, 0);
  const first = exponents[0] as bigint;
  const table = group.buildTable(base, exponentBits);
  const terms = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ base: elementAt(forms, i), exponent: exponents[i] as bigint }));
  const single = (work: () => Element): Job => ({ operations: 1, run: () => group.encode(work()) });

  const power = group.powerVartime(base, first);
  const product = terms(6)
    .map((term) => group.powerVartime(term.base, term.exponent))
    .reduce((x, y) => group.compose(x, y));
  const same: readonly (readonly [string, Element, Element])[] = [
    ['power', group.power(base, first, exponentBits), power],
    ['tablePower', group.tablePower(table, first), power],
    ['tablePowerVartime', group.tablePowerVartime(table, first), power],
    ['multiPowerVartime', group.multiPowerVartime(terms(6)), product],
    ['multiPower', group.multiPower(terms(6), exponentBits), product],
  ];
  for (const [name, x, y] of same) {
    if (!group.equals(x, y)) throw new Error(`${kernel.name}: ${name} differs from single powers`);
  }

  return {
    kernel: kernel.name,
    discriminant,
    tableBytes: table.bytes,
    jobs: {
      // Free arithmetic: what a call of the kernel costs.
      inverse: {
        operations: operands * passes * 16,
        run() {
          let current = forms;
          for (let pass = 0; pass < passes * 16; pass++) current = current.map((form) => group.invert(form));
          return group.encode(elementAt(current, 7));
        },
      },
      squaring: {
        operations: operands * passes,
        run() {
          let current = forms;
          for (let pass = 0; pass < passes; pass++) current = current.map((form) => group.square(form));
          return group.encode(elementAt(current, 7));
        },
      },
      composition: {
        operations: operands * passes,
        run() {
          let current = forms;
          for (let pass = 0; pass < passes; pass++) {
            const previous = current;
            current = previous.map((form, i) => group.compose(form, elementAt(previous, i + 1 + pass)));
          }
          return group.encode(elementAt(current, 7));
        },
      },
      decode: {
        operations: operands * passes,
        run() {
          let decoded = forms;
          for (let pass = 0; pass < passes; pass++) decoded = encoded.map((bytes) => group.decode(bytes));
          return group.encode(elementAt(decoded, 7));
        },
      },
      power: single(() => group.powerVartime(base, first)),
      'power-secret': single(() => group.power(base, first, exponentBits)),
      'table-build': {
        operations: 1,
        run: () => group.encode(group.tablePowerVartime(group.buildTable(base, exponentBits), 1n)),
      },
      'table-power': single(() => group.tablePowerVartime(table, first)),
      'table-power-secret': single(() => group.tablePower(table, first)),
      'multi-2': single(() => group.multiPowerVartime(terms(2))),
      'multi-4': single(() => group.multiPowerVartime(terms(4))),
      'multi-6': single(() => group.multiPowerVartime(terms(6))),
      'multi-2-secret': single(() => group.multiPower(terms(2), exponentBits)),
    },
  };
}

/** The form and exponent of the job `power`, for a program that is not a kernel. */
export function powerInput(kernel: Kernel, discriminant: Discriminant) {
  const random = seededRandom(createHash('sha256').update(`dwallet bench PARI ${discriminant.name}`).digest());
  const group = kernel.createGroup({ discriminant: discriminant.discriminant });
  const seed = group.decodeUnchecked(discriminant.seedForm);
  const exponent = (1n << BigInt(exponentBits - 1)) | uniformBits(random, exponentBits - 1);
  const base = group.powerVartime(seed, exponent);
  const coefficients = (element: Element) => {
    const bytes = group.encode(element);
    const width = group.elementBytes / 2;
    const a = bytesToInteger(bytes.subarray(0, width));
    const b = BigInt.asIntN(8 * width, bytesToInteger(bytes.subarray(width)));
    return { a, b, c: (b * b - discriminant.discriminant) / (4n * a) };
  };
  return {
    base: coefficients(base),
    exponent,
    power: coefficients(group.powerVartime(base, exponent)),
    run: () => group.powerVartime(base, exponent),
  };
}
