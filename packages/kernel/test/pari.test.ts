/**
 * Both kernels against PARI/GP, an independent implementation, where a `gp` is on the PATH (Debian: `apt install pari-gp`). Without it
 * the questions and their reader are still tested; DWALLET_REQUIRE_PARI=1 makes a missing gp a failure.
 *
 * @module
 */

import { describe, expect, it } from 'vitest';
import { type ClassGroup, type Element, type Kernel, referenceKernel } from '../src/index.ts';
import { type Form, isReduced } from '../src/reference/form.ts';
import { wasmKernel } from '../src/wasm/index.ts';
import { at, corpus, discriminantOf, enumerateForms, formBytes, oraclePower, Rng } from './forms.ts';
import { askPari, type PariCase, parsePariOutput, pariScript, pariVersion } from './pari-script.ts';
import { derivedVectors, toy } from './vectors.ts';

const version = pariVersion();

/** Random classes at full size cost a power each, so they are made by a kernel; whether it is right is what PARI then says. */
function randomForms(discriminant: bigint, conductor: bigint, rng: Rng, count: number): Form[] {
  const group = wasmKernel.createGroup({ discriminant, conductor });
  const start = at(
    corpus(discriminant, rng, 12).filter(({ a }) => a > 1n),
    0,
  );
  let x = group.decodeUnchecked(formBytes(start.a, start.b, discriminant));
  return Array.from({ length: count }, () => {
    x = group.powerVartime(x, rng.bits(700) | 1n);
    return formOfElement(group, x);
  });
}

function formOfElement(group: ClassGroup, element: Element): Form {
  const hex = Buffer.from(group.encode(element)).toString('hex');
  const half = hex.length / 2;
  const a = BigInt(`0x${hex.slice(0, half)}`);
  const b = BigInt.asIntN(4 * half, BigInt(`0x${hex.slice(half)}`));
  return { a, b, c: (b * b - group.discriminant) / (4n * a) };
}

/** Degenerate forms (identity, ambiguous, f, small a) beside random ones; every product, square and some long powers. */
function casesOf(forms: readonly Form[], exponents: readonly bigint[], rng: Rng): PariCase[] {
  const pairs = forms.flatMap((x, i) => forms.slice(i).map((y): PariCase => ({ kind: 'compose', x, y })));
  const squares = forms.map((x): PariCase => ({ kind: 'square', x }));
  const powers = exponents.map(
    (exponent): PariCase => ({ kind: 'power', x: at(forms, rng.below(forms.length)), exponent }),
  );
  return [...pairs, ...squares, ...powers];
}

function fullSizeCases(): PariCase[] {
  const rng = new Rng(41);
  return derivedVectors.slice(0, 2).flatMap(({ p, q }) => {
    const discriminant = -p * q ** 3n;
    const f: Form = { a: q * q, b: q, c: (q * q - discriminant) / (4n * q * q) };
    const forms = [...corpus(discriminant, rng, 6).slice(0, 5), f, ...randomForms(discriminant, q, rng, 12)];
    const exponents = [rng.bits(1000), -rng.bits(1000), rng.bits(1020), rng.bits(128), 2n ** 256n, q, -1n, 0n];
    return casesOf(forms, exponents, rng);
  });
}

function smallCases(): PariCase[] {
  const rng = new Rng(42);
  const cases: PariCase[] = [];
  // Every pair of every class of some tiny groups; 695 = 5 * 139 and 3 * 5 * 7 * 11 have ambiguous classes.
  for (const discriminant of [-3n, -7n, -23n, -47n, -71n, -163n, -695n, -1155n]) {
    cases.push(...casesOf(enumerateForms(discriminant), [5n, -3n, 0n], rng));
  }
  const smooth = -3n * 5n * 7n * 11n * 13n * 17n * 19n * 23n;
  const sizes = [20, 31, 32, 33, 48, 62, 63, 64, 65, 96, 128, 129, 200, 256].map((bits) => rng.discriminant(bits));
  for (const discriminant of [toy.discriminant, smooth, -(-rng.discriminant(90) | 7n), ...sizes]) {
    if (discriminant % 4n !== -3n) continue;
    const forms = corpus(discriminant, rng, 9);
    if (forms.length > 1) cases.push(...casesOf(forms, [rng.bits(40), -rng.bits(70), 2n], rng));
  }
  return cases;
}

const groups = new Map<string, ClassGroup>();
function groupOf(kernel: Kernel, discriminant: bigint): ClassGroup {
  const key = `${kernel.name} ${discriminant}`;
  const group = groups.get(key) ?? kernel.createGroup({ discriminant });
  groups.set(key, group);
  return group;
}

/** All the ways in which a kernel computes the answer. */
function answersOf(kernel: Kernel, question: PariCase): [string, Form][] {
  const group = groupOf(kernel, discriminantOf(question.x));
  const load = ({ a, b }: Form): Element => group.decodeUnchecked(formBytes(a, b, group.discriminant));
  const x = load(question.x);
  const answers: [string, Element][] = [];
  if (question.kind === 'compose') {
    const y = load(question.y);
    answers.push(['compose', group.compose(x, y)], ['compose, exchanged', group.compose(y, x)]);
  } else if (question.kind === 'square') {
    answers.push(['square', group.square(x)], ['compose with itself', group.compose(x, x)]);
  } else {
    const { exponent } = question;
    const bits = Math.max(1, exponent.toString(2).length);
    answers.push(['powerVartime', group.powerVartime(x, exponent)], ['power', group.power(x, exponent, bits)]);
    // The reference is slow, and its tables are compared with those of the other kernel (table.test.ts).
    if (kernel === wasmKernel || bits < 200) {
      const table = group.buildTable(x, bits, 100_000);
      answers.push(['tablePower', group.tablePower(table, exponent)]);
      answers.push(['tablePowerVartime', group.tablePowerVartime(table, exponent)]);
    }
    const half = exponent / 2n;
    const terms = [
      { base: x, exponent: half },
      { base: x, exponent: exponent - half },
    ];
    answers.push(['multiPowerVartime', group.multiPowerVartime(terms)]);
    if (kernel === wasmKernel) answers.push(['multiPower', group.multiPower(terms, bits)]);
  }
  return answers.map(([name, element]) => [name, formOfElement(group, element)]);
}

const sameForm = (x: Form, y: Form): boolean => x.a === y.a && x.b === y.b && x.c === y.c;

const nameOf = ({ kind, x }: PariCase): string => `${kind}, discriminant ${discriminantOf(x)}, (${x.a}, ${x.b})`;

describe('CG:T3: the questions to PARI', () => {
  const cases = [...smallCases(), ...fullSizeCases()];
  const script = pariScript(cases);

  it('cover both profiles, compositions, squares and powers of 1000 bits', () => {
    const sizes = cases.map(({ x }) => (-discriminantOf(x)).toString(2).length);
    for (const bits of [1861, 2340]) {
      const here = cases.filter((_, i) => sizes[i] === bits);
      for (const kind of ['compose', 'square', 'power']) {
        expect(here.filter((question) => question.kind === kind).length).toBeGreaterThanOrEqual(8);
      }
      expect(here.some((question) => question.kind === 'power' && question.exponent > 2n ** 990n)).toBe(true);
    }
    expect(cases.length).toBeGreaterThan(1000);
  });

  it('ask only about reduced forms of one discriminant', () => {
    for (const question of cases) {
      expect(isReduced(question.x)).toBe(true);
      if (question.kind !== 'compose') continue;
      expect(isReduced(question.y)).toBe(true);
      expect(discriminantOf(question.y)).toBe(discriminantOf(question.x));
    }
  });

  it('make a well-formed script: one statement and one answer per line, all forms as they were given', () => {
    const lines = script.split('\n');
    expect(lines.length).toBe(cases.length + 3);
    expect(lines.slice(-3)).toEqual([`print("end ",${cases.length})`, 'quit', '']);
    const qfb = String.raw`Qfb\((\d+),(-?\d+),(\d+)\)`;
    const statement = new RegExp(
      String.raw`^print\("answer ",(\d+)," ",Vec\((?:qfbcomp\(${qfb},${qfb}\)|qfbpow\(${qfb},(-?\d+)\))\)\)$`,
    );
    cases.forEach((question, i) => {
      const match = statement.exec(lines[i] as string);
      if (match === null) throw new Error(`line ${i}: ${lines[i]}`);
      const numbers = match
        .slice(1)
        .filter((group) => group !== undefined)
        .map(BigInt);
      const { x } = question;
      const rest =
        question.kind === 'compose'
          ? [question.y.a, question.y.b, question.y.c]
          : question.kind === 'square'
            ? [x.a, x.b, x.c]
            : [question.exponent];
      expect(numbers).toEqual([BigInt(i), x.a, x.b, x.c, ...rest]);
    });
  });

  it('have a reader that takes no answer for another and no warning for an answer', () => {
    const good = 'answer 0 [2, -1, 3]\nanswer 1 [1, 1, 6]\nend 2\n';
    expect(parsePariOutput(good, 2)).toEqual([
      { a: 2n, b: -1n, c: 3n },
      { a: 1n, b: 1n, c: 6n },
    ]);
    for (const bad of [
      '',
      'end 2\n',
      good.replace('end 2', ''),
      good.replace('end 2', 'end 3'),
      good.replace('answer 0 [2, -1, 3]\n', ''),
      good.replace('answer 1', 'answer 0'),
      good.replace('[1, 1, 6]', '[1, 1]'),
      good.replace('[1, 1, 6]', 'Qfb(1, 1, 6)'),
      `  *** Warning\n${good}`,
      `${good}answer 2 [1, 1, 6]\n`,
    ]) {
      expect(() => parsePariOutput(bad, 2), bad).toThrow();
    }
  });

  it('have known answers in small groups: the oracle gives the same as the kernels', () => {
    let checked = 0;
    for (const question of cases) {
      if (question.kind !== 'power' || question.exponent < 0n || -discriminantOf(question.x) > 2n ** 64n) continue;
      const expected = oraclePower(question.x, question.exponent);
      for (const kernel of [referenceKernel, wasmKernel]) {
        for (const [how, form] of answersOf(kernel, question)) {
          expect(sameForm(form, expected), `${kernel.name} ${how}`).toBe(true);
          checked++;
        }
      }
    }
    expect(checked).toBeGreaterThan(100);
  });

  it('need a gp when DWALLET_REQUIRE_PARI is 1', () => {
    expect(version !== undefined || process.env['DWALLET_REQUIRE_PARI'] !== '1').toBe(true);
  });

  if (version !== undefined) {
    it(`PARI/GP ${version} gives the forms that both kernels give`, () => {
      const answers = askPari(cases);
      const wrong: string[] = [];
      let compared = 0;
      cases.forEach((question, i) => {
        const expected = at(answers, i);
        for (const kernel of [referenceKernel, wasmKernel]) {
          for (const [how, form] of answersOf(kernel, question)) {
            compared++;
            if (!sameForm(form, expected)) wrong.push(`${kernel.name} ${how}: ${nameOf(question)}`);
          }
        }
      });
      expect(wrong).toEqual([]);
      expect(compared).toBeGreaterThan(4 * cases.length);
      console.log(`PARI/GP: ${cases.length} questions, ${compared} answers of the kernels equal`);
    });
  }
});
