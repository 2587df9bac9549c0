/**
 * `npm run bench:ct`: which classes of secret exponents the time of an operation tells apart. A remote or local observer who sees more
 * than CPU time (caches, branches, power) sees more; a class that is not compared here is not excluded.
 *
 * @module
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PublicParameters, createPublicParameters, deriveTestParameters } from '@dwallet/class-groups';
import type { Element, Kernel } from '@dwallet/kernel';
import {
  type Random,
  concat,
  encodeInt,
  encodeText,
  encodeUint,
  seededRandom,
  uniformBelow,
  uniformBits,
  xof,
} from '@dwallet/sigma';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { exitWith, integer, oneOf, profiles, readFlags, remarkFor, say, secondsSince, tell } from './command-line.ts';
import { type Row, formatMilliseconds, formatTable } from './format.ts';
import { machineLine } from './machine.ts';
import { kernels } from './kernels.ts';
import { median } from './statistics.ts';
import { targetJson } from './target.ts';
import { type Comparison, clearly, compare, threshold } from './welch.ts';

const help = `npm run bench:ct -- [options]

Compares the CPU time of operations between classes of exponents (Welch's t-test, as dudect does): one fixed exponent and random ones,
exponents with few one bits and random ones, exponents of a quarter of the length and of the whole. Prints t values and what leaks.

  --kernel wasm|reference    class-group kernel (default wasm)
  --profile 112|128|toy      discriminant of 1861, 2340 or 1033 bits (default 112)
  --bits 512                 declared length of the exponents
  --samples 200              measurements of each class
  --smoke                    a few seconds: toy discriminant, 160 bits, 40 samples
  --json                     one JSON object per figure and line: {"figure","value","target","met","unit"}
  --help

Exit code 1 if the run cannot be believed: it misses the leak of the variable-time functions, or finds one between equal classes.
`;

interface TimingOptions {
  readonly kernel: Kernel;
  readonly profile: '112' | '128' | 'toy';
  readonly bits: number;
  readonly samples: number;
  readonly json: boolean;
}

/** @returns undefined if help was asked for. @throws UsageError */
export function parseTimingOptions(argv: readonly string[]): TimingOptions | undefined {
  const values = readFlags(argv, ['kernel', 'profile', 'bits', 'samples'], true);
  if (values === undefined) return undefined;
  const { smoke, json } = values;
  return {
    kernel: kernels[oneOf('kernel', values.kernel ?? 'wasm', ['wasm', 'reference'])],
    profile: oneOf('profile', values.profile ?? (smoke ? 'toy' : '112'), ['112', '128', 'toy']),
    bits: integer('bits', values.bits ?? (smoke ? '160' : '512'), 64, 2000),
    samples: integer('samples', values.samples ?? (smoke ? '40' : '200'), 20, 1_000_000),
    json,
  };
}

/** An operation with one exponent. */
export interface Operation {
  readonly name: string;
  /** Whether it is meant for secret exponents. */
  readonly secret: boolean;
  /** Whether its time is known to follow the length of the exponent: a run that does not see this has too few samples. */
  readonly control?: boolean;
  readonly bits: number;
  /** Calls that make one sample: the timer counts microseconds. */
  readonly repeat: number;
  readonly run: (exponent: bigint) => unknown;
}

/** Draws an exponent of a class, in [1, 2^bits). */
type Draw = (bits: number) => bigint;

interface ClassPair {
  readonly name: string;
  readonly first: Draw;
  readonly second: Draw;
}

/** All bits random, the top one set, so that the length is no part of the comparison. */
const fullLength = (random: Random, bits: number): bigint => uniformBits(random, bits - 1) | (1n << BigInt(bits - 1));

/** A top bit and seven others at random places. */
function lowWeight(random: Random, bits: number): bigint {
  let exponent = 1n << BigInt(bits - 1);
  for (let i = 0; i < 7; i++) exponent |= 1n << uniformBelow(random, BigInt(bits - 1));
  return exponent;
}

/** The comparisons; the last one is between equal classes and must find nothing. */
export function classPairs(random: Random): readonly ClassPair[] {
  const fixed = new Map<number, bigint>();
  const drawFixed: Draw = (bits) => {
    const known = fixed.get(bits) ?? fullLength(random, bits);
    fixed.set(bits, known);
    return known;
  };
  const any: Draw = (bits) => fullLength(random, bits);
  return [
    { name: 'fixed / random', first: drawFixed, second: any },
    { name: 'low weight / random', first: (bits) => lowWeight(random, bits), second: any },
    { name: differentLengths, first: (bits) => fullLength(random, bits >> 2), second: any },
    { name: equalClasses, first: any, second: any },
  ];
}

export const differentLengths = 'quarter length / full';
export const equalClasses = 'random / random';

/** CPU milliseconds of one sample: waiting for the processor is not in it. */
function time({ run, repeat }: Operation, exponent: bigint): number {
  const begin = process.cpuUsage();
  for (let i = 0; i < repeat; i++) run(exponent);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000 / repeat;
}

/** Both classes in one random order, after some calls that let the compilers finish. */
export function measureClasses(
  operation: Operation,
  { first, second }: ClassPair,
  samples: number,
  random: Random,
): readonly [number[], number[]] {
  const { bits } = operation;
  const plan = Array.from({ length: 2 * samples }, (_, i) => ({ second: i % 2 === 1, order: uniformBits(random, 48) }))
    .sort((x, y) => (x.order < y.order ? -1 : 1))
    .map((entry) => ({ second: entry.second, exponent: (entry.second ? second : first)(bits) }));
  for (const { exponent } of plan.slice(0, 12)) time(operation, exponent);
  // Before each sample, not timed: another exponent. A processor that remembers the branches of the last call would otherwise make every
  // fixed exponent a fast one, whatever its value.
  const between = plan.map(() => fullLength(random, bits));
  const times: [number[], number[]] = [[], []];
  plan.forEach(({ second: isSecond, exponent }, i) => {
    operation.run(between[i] as bigint);
    times[isSecond ? 1 : 0].push(time(operation, exponent));
  });
  return times;
}

/** The square of a prime form over a small prime: what an adversary would send as a base. It passes every parsing check. */
function smallBase({ group }: PublicParameters): Element {
  const width = group.elementBytes / 2;
  for (let l = 3n; ; l += 2n) {
    for (let b = 1n; b < l; b += 2n) {
      if ((b * b - group.discriminant) % (4n * l) !== 0n) continue;
      return group.square(group.decodeUnchecked(concat(encodeUint(l, width), encodeInt(b, width))));
    }
  }
}

function kernelOperations(parameters: PublicParameters, bits: number, random: Random): Operation[] {
  const { group, h } = parameters;
  const element = (): Element => group.powerVartime(h, uniformBits(random, parameters.randomnessBits));
  const [base, other, blind] = [element(), element(), element()];
  const small = smallBase(parameters);
  const table = group.buildTable(base, bits);
  const public2 = fullLength(random, bits);
  const operation = (name: string, secret: boolean, repeat: number, run: (e: bigint) => unknown): Operation => ({
    name: `${group.kernel} ${name}`,
    secret,
    bits,
    repeat,
    run,
  });
  return [
    { ...operation('powerVartime', false, 1, (e) => group.powerVartime(base, e)), control: true },
    operation('tablePowerVartime', false, 2, (e) => group.tablePowerVartime(table, e)),
    operation('power', true, 1, (e) => group.power(base, e, bits)),
    operation('tablePower', true, 2, (e) => group.tablePower(table, e)),
    operation('multiPower', true, 1, (e) =>
      group.multiPower(
        [
          { base, exponent: e },
          { base: other, exponent: public2 },
        ],
        bits,
      ),
    ),
    operation("power, adversary's base", true, 1, (e) => group.power(small, e, bits)),
    operation("power, adversary's base, blinded", true, 1, (e) => group.power(group.compose(small, blind), e, bits)),
  ];
}

function curveOperations(random: Random): Operation[] {
  const { BASE, Fn } = secp256k1.Point;
  const point = BASE.multiply(Fn.create(fullLength(random, 255)));
  const bits = 255;
  return [
    {
      name: '@noble multiplyUnsafe',
      secret: false,
      control: true,
      bits,
      repeat: 1,
      run: (e) => point.multiplyUnsafe(e),
    },
    { name: '@noble multiply, generator', secret: true, bits, repeat: 4, run: (e) => BASE.multiply(e) },
    { name: '@noble multiply, other point', secret: true, bits, repeat: 1, run: (e) => point.multiply(e) },
  ];
}

interface Finding extends Comparison {
  readonly operation: Operation;
  readonly pair: string;
  readonly milliseconds: number;
}

const percent = (value: number): string => {
  const magnitude = Math.abs(100 * value);
  return `${magnitude.toFixed(magnitude >= 10 ? 0 : magnitude >= 1 ? 1 : 2)} %`;
};

/** One sentence about one operation: what its time tells, and how fine the measurement was. */
export function sentence(name: string, findings: readonly Omit<Finding, 'operation' | 'milliseconds'>[]): string {
  const compared = findings.filter(({ pair }) => pair !== equalClasses);
  const found = compared.filter(({ t }) => Math.abs(t) >= threshold);
  const parts = found.map(({ pair, t, difference }) => {
    const sure = Math.abs(t) >= clearly ? '' : ', weakly';
    return `${pair} (${percent(difference)}, t = ${formatT(t)}${sure})`;
  });
  const unseen = compared.filter(({ t }) => Math.abs(t) < threshold);
  const limit = Math.max(...unseen.map(({ resolution }) => resolution));
  const nothing = `${unseen.map(({ pair }) => pair).join(', ')} (this run sees differences from about ${percent(limit)} on)`;
  if (found.length === 0) return `${name}: no difference found: ${nothing}.`;
  return `${name}: time tells apart ${parts.join('; ')}.${unseen.length === 0 ? '' : ` No difference found: ${nothing}.`}`;
}

const formatT = (t: number): string => (Number.isFinite(t) ? t.toFixed(1) : `${t}`);

/** Why the run cannot be believed, if it cannot. */
export function doubts(findings: readonly Omit<Finding, 'milliseconds'>[]): string[] {
  const controls = findings.filter(({ operation, pair }) => operation.control === true && pair === differentLengths);
  const missed = controls.filter(({ t }) => Math.abs(t) < clearly).map(({ operation }) => operation.name);
  const alarms = findings.filter(({ pair, t }) => pair === equalClasses && Math.abs(t) >= threshold);
  return [
    ...missed.map((name) => `the known leak of ${name} was not found: too few samples`),
    ...alarms.map(
      ({ operation, t }) => `${operation.name}: equal classes differ (t = ${formatT(t)}): machine too uneven`,
    ),
  ];
}

function parametersOf(kernel: Kernel, profile: TimingOptions['profile']): PublicParameters {
  if (profile === 'toy') return deriveTestParameters(kernel, 520);
  return createPublicParameters(kernel, profiles[profile]);
}

/** @returns the exit code. */
export function runTimingClasses(argv: readonly string[]): number {
  const options = parseTimingOptions(argv);
  if (options === undefined) {
    say(help);
    return 0;
  }
  const begin = performance.now();
  const remark = remarkFor(options);
  const { kernel, profile, bits, samples } = options;
  const random = seededRandom(xof('bench:ct', encodeText(profile), 32));
  const parameters = parametersOf(kernel, profile);
  const size = (-parameters.group.discriminant).toString(2).length;
  remark(`${machineLine()}; ${kernel.name} kernel, discriminant of ${size} bits, exponents of ${bits} bits`);
  remark(`${samples} samples of each class, CPU time; |t| >= ${threshold} counts as a difference\n`);
  const pairs = classPairs(random);
  const findings: Finding[] = [];
  for (const operation of [...kernelOperations(parameters, bits, random), ...curveOperations(random)]) {
    tell(`${secondsSince(begin)}  ${operation.name}`);
    for (const pair of pairs) {
      const [first, second] = measureClasses(operation, pair, samples, random);
      findings.push({ ...compare(first, second), operation, pair: pair.name, milliseconds: median(second) });
    }
  }
  const operations = [...new Set(findings.map(({ operation }) => operation))];
  const of = (operation: Operation): Finding[] => findings.filter((finding) => finding.operation === operation);
  const cell = ({ t, difference }: Finding): string =>
    `${formatT(t)} (${difference < 0 ? '-' : '+'}${percent(difference)})`;
  const rows = (secret: boolean): Row[] =>
    operations
      .filter((operation) => operation.secret === secret)
      .map((operation) => {
        const own = of(operation);
        return [operation.name, formatMilliseconds(own[0]?.milliseconds ?? 0), ...own.map(cell)];
      });
  const unbelievable = doubts(findings);
  if (options.json) {
    for (const { operation, pair, t, difference, resolution } of findings) {
      const figure = `timing/${operation.name}/${pair}`;
      const line = (what: string, value: number, unit: string): void =>
        say(JSON.stringify(targetJson(`${figure}/${what}`, value, unit, undefined)));
      line('t', Number.isFinite(t) ? t : Math.sign(t) * 1e9, 't');
      line('difference of medians', 100 * difference, '%');
      line('smallest visible difference', 100 * resolution, '%');
    }
  } else {
    say(
      formatTable(
        ['t (difference of medians, second to first class)', 'time', ...pairs.map(({ name }) => name)],
        ['for public exponents', ...rows(false), 'for secret exponents', ...rows(true)],
      ),
    );
    say('');
    for (const operation of operations) say(sentence(operation.name, of(operation)));
  }
  for (const doubt of unbelievable) remark(`DOUBTFUL: ${doubt}`);
  remark(`\ntotal ${secondsSince(begin)}`);
  return unbelievable.length === 0 ? 0 : 1;
}

const entry = process.argv[1];
if (entry !== undefined && realpathSync(entry) === fileURLToPath(import.meta.url)) {
  await exitWith('bench:ct', () => runTimingClasses(process.argv.slice(2)));
}
