/**
 * The tests of MPC 11.3 that every language gets, written once. Statements and masks are re-read from bytes, as a verifier would.
 */
import type { Element } from '@dwallet/kernel';
import {
  type ChallengeOracle,
  type Component,
  type Language,
  type Point,
  type Proof,
  type ProofInstance,
  type ProtocolContext,
  Reader,
  type Statement,
  applySecret,
  classSetting,
  concat,
  curveOf,
  encodeComponent,
  encodeContext,
  encodeProof,
  encodeStatement,
  encodeText,
  encodeUint,
  hashTagged,
  languageTranscript,
  maskBits,
  mod,
  mpcChallenges,
  proofBytes,
  prove,
  readComponent,
  readProof,
  responseBits,
  responseBytes,
  scalarOrder,
  uniformBelow,
  uniformBits,
  verify,
  verifyBatch,
  verifyExact,
} from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import { curve, orderTwo, randomFor } from './network-fixture.ts';
import { expectError } from './throws.ts';
import type { PublicParameters } from '@dwallet/class-groups';

export interface LanguageCase {
  readonly parameters: PublicParameters;
  readonly language: Language;
  /** The `index`-th valid witness. */
  readonly witness: (index: number) => readonly bigint[];
  readonly boundaries: readonly {
    readonly name: string;
    readonly witness: readonly bigint[];
    readonly allowed: boolean;
  }[];
  /** The same language with one public parameter replaced, each of equal shape. */
  readonly wrongParameters: readonly { readonly name: string; readonly language: Language }[];
  /** The language over another class group whose encodings have the same length. */
  readonly otherGroup: Language;
  /** A sibling of a language that gets everything: fewer byte positions and rows, to save time. */
  readonly light?: boolean;
}

export const baseContext: ProtocolContext = {
  role: 'validator',
  party: 3,
  session: hashTagged('test', [encodeText('session')], 32),
  protocol: 'protocol',
  round: '1',
  proof: 'Proof',
  publicKey: curve.encodePoint(curve.G),
  setup: hashTagged('test', [encodeText('setup')], 32),
  extra: [encodeText('extra')],
};

const other32 = hashTagged('test', [encodeText('other')], 32);
/** One variant per field of the context (MPC 1.3). */
export const contextVariants: readonly { readonly field: keyof ProtocolContext; readonly context: ProtocolContext }[] =
  [
    { field: 'role', context: { ...baseContext, role: 'client' } },
    { field: 'party', context: { ...baseContext, party: 4 } },
    { field: 'session', context: { ...baseContext, session: other32 } },
    { field: 'protocol', context: { ...baseContext, protocol: 'protocol2' } },
    { field: 'round', context: { ...baseContext, round: '3' } },
    { field: 'proof', context: { ...baseContext, proof: 'Other' } },
    { field: 'publicKey', context: { ...baseContext, publicKey: curve.encodePoint(curve.H) } },
    { field: 'setup', context: { ...baseContext, setup: other32 } },
    { field: 'extra', context: { ...baseContext, extra: [encodeText('other')] } },
  ];

const context = encodeContext(baseContext);
const witnessBits = (language: Language): number[] =>
  language.coordinates.map((c) => (c.kind === 'scalar' ? 0 : c.bits));
export const statementFor = (language: Language, witness: readonly bigint[]): Statement =>
  applySecret(language, witness, witnessBits(language));

/** phi(z), row by row, with public arithmetic of its own. */
function phi(language: Language, values: readonly bigint[]): Component[] {
  return language.rows.map((row) => {
    if (row.group === 'curve') {
      return row.terms.reduce<Point>((sum, { base, coordinate }) => {
        if (base.kind !== 'curve') throw new Error('base');
        return sum.add(curveOf(language).multiplyVartime(base.point, values[coordinate] as bigint));
      }, curveOf(language).identity);
    }
    const setting = classSetting(language);
    const { group } = setting;
    return row.terms.reduce<Element>((product, { base, coordinate }) => {
      const value = values[coordinate] as bigint;
      if (base.kind === 'curve') throw new Error('base');
      return group.compose(
        product,
        base.kind === 'f' ? setting.powerOfF(value) : group.powerVartime(base.element, value),
      );
    }, group.identity);
  });
}

/** left * right^exponent in the group of the row. */
function combine(language: Language, row: number, left: Component, right: Component, exponent: bigint): Component {
  if (language.rows[row]?.group === 'curve') {
    return (left as Point).add(curveOf(language).multiplyVartime(right as Point, exponent));
  }
  const { group } = classSetting(language);
  return group.compose(left as Element, group.powerVartime(right as Element, exponent));
}

const same = (language: Language, row: number, x: Component, y: Component): boolean =>
  language.rows[row]?.group === 'curve'
    ? (x as Point).equals(y as Point)
    : classSetting(language).group.equals(x as Element, y as Element);

const challengesOf = (language: Language, statements: readonly Statement[], mask: readonly Component[]): bigint[] =>
  mpcChallenges(
    {
      context,
      parameters: languageTranscript(language),
      statements: statements.flatMap((statement) => encodeStatement(language, statement)),
      mask: encodeStatement(language, mask),
    },
    statements.length,
  );

/** The bare equations phi(z) = T prod Y^e, without any range or membership check. */
export function equationsHold(
  language: Language,
  statements: readonly Statement[],
  proof: Proof,
  es = challengesOf(language, statements, proof.mask),
): boolean {
  const left = phi(language, proof.responses);
  return left.every((component, row) => {
    const right = statements.reduce<Component>(
      (product, statement, j) => combine(language, row, product, statement[row] as Component, es[j] as bigint),
      proof.mask[row] as Component,
    );
    return same(language, row, component, right);
  });
}

/** A prover with chosen mask exponents; `alter` may change the mask components. */
export function proveWith(
  language: Language,
  statements: readonly Statement[],
  witnesses: readonly (readonly bigint[])[],
  randomizers: readonly bigint[],
  alter: (mask: Component[]) => Component[] = (mask) => mask,
): { readonly proof: Proof; readonly es: readonly bigint[] } {
  const bits = language.coordinates.map((c) => (c.kind === 'scalar' ? 0 : maskBits(language, c, 1)));
  const regular = randomizers.every((r, i) => r >= 0n && (bits[i] === 0 || r >> BigInt(bits[i] as number) === 0n));
  const mask = alter(regular ? applySecret(language, randomizers, bits) : phi(language, randomizers));
  const es = challengesOf(language, statements, mask);
  const responses = language.coordinates.map((coordinate, i) => {
    const z = witnesses.reduce((sum, w, j) => sum + (es[j] as bigint) * (w[i] as bigint), randomizers[i] as bigint);
    return coordinate.kind === 'scalar' ? mod(z, scalarOrder(language)) : z;
  });
  return { proof: { mask, responses }, es };
}

const readStatement = (language: Language, bytes: Uint8Array): Statement => {
  const reader = new Reader(bytes, 'statement');
  const statement = language.rows.map((_, row) => readComponent(reader, language, row, `[${row}]`));
  reader.end();
  return statement;
};
const statementBytes = (language: Language, statement: Statement): Uint8Array =>
  concat(...encodeStatement(language, statement));

/** What a verifier does with bytes: parse strictly, then verify exactly. */
function acceptsBytes(language: Language, statements: readonly Uint8Array[], proof: Uint8Array): boolean {
  try {
    const reader = new Reader(proof, 'proof');
    const parsed = readProof(reader, language, statements.length, 'proof');
    reader.end();
    return verifyExact({
      language,
      context,
      statements: statements.map((bytes) => readStatement(language, bytes)),
      proof: parsed,
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'DecodeError') return false;
    throw error;
  }
}

/** Registers the tests for one language. */
export function describeLanguage(name: string, make: () => LanguageCase): void {
  describe(name, () => {
    let made: LanguageCase | undefined;
    const getCase = (): LanguageCase => (made ??= make());
    const instances = new Map<number, ProofInstance & { witnesses: (readonly bigint[])[] }>();
    /** Honest proof over a batch, made once. */
    const honest = (batch: number) => {
      let known = instances.get(batch);
      if (known === undefined) {
        const { language, witness } = getCase();
        const witnesses = Array.from({ length: batch }, (_, i) => witness(i));
        const statements = witnesses.map((w) => statementFor(language, w));
        const proof = prove(language, context, statements, witnesses, randomFor(`${name}/${batch}`));
        known = { language, context, statements, proof, witnesses };
        instances.set(batch, known);
      }
      return known;
    };
    const randomizersFor = (label: string, batch = 1): bigint[] => {
      const { language } = getCase();
      const random = randomFor(`${name}/${label}`);
      return language.coordinates.map((c) =>
        c.kind === 'scalar'
          ? uniformBelow(random, scalarOrder(language))
          : uniformBits(random, maskBits(language, c, batch)),
      );
    };

    test.each([1, 2, 7])('accepts an honest batch of %i, exactly, combined and from bytes', (batch) => {
      const instance = honest(batch);
      expect(verifyExact(instance)).toBe(true);
      expect(verify(instance, randomFor('weights'))).toBe(true);
      const bytes = encodeProof(instance.language, batch, instance.proof);
      expect(bytes.length).toBe(proofBytes(instance.language, batch));
      const reader = new Reader(bytes, 'proof');
      const parsed = readProof(reader, instance.language, batch, 'proof');
      expect(encodeProof(instance.language, batch, parsed)).toEqual(bytes);
      expect(
        acceptsBytes(
          instance.language,
          instance.statements.map((s) => statementBytes(instance.language, s)),
          bytes,
        ),
      ).toBe(true);
    });

    test('boundary witnesses', () => {
      const { language, boundaries } = getCase();
      for (const { name: boundary, witness, allowed } of boundaries) {
        const attempt = (): boolean => {
          const statement = statementFor(language, witness);
          const proof = prove(language, context, [statement], [witness], randomFor(boundary));
          return verifyExact({ language, context, statements: [statement], proof });
        };
        if (allowed) expect(attempt(), boundary).toBe(true);
        // The point of a zero share has no encoding: such a statement can be neither proved nor sent.
        else expectError('InvalidArgumentsError', attempt);
      }
    });

    test('refuses every single flipped byte of T and z', () => {
      const { language, statements, proof } = honest(1);
      const bytes = encodeProof(language, 1, proof);
      const statementList = statements.map((s) => statementBytes(language, s));
      for (let i = 0; i < bytes.length; i += getCase().light === true ? 9 : 1) {
        const mutated = bytes.slice();
        mutated[i] = (mutated[i] as number) ^ (1 << (i % 8));
        expect(acceptsBytes(language, statementList, mutated), `byte ${i}`).toBe(false);
      }
    });

    test('refuses every single flipped byte of a statement', () => {
      const { language, statements, proof } = honest(1);
      const bytes = encodeProof(language, 1, proof);
      const statement = statementBytes(language, statements[0] as Statement);
      for (let i = 0; i < statement.length; i++) {
        const mutated = statement.slice();
        mutated[i] = (mutated[i] as number) ^ (1 << (i % 8));
        expect(acceptsBytes(language, [mutated], bytes), `byte ${i}`).toBe(false);
      }
    });

    test('refuses each component of T and of the statement replaced by a valid one', () => {
      const { language, statements, proof } = honest(1);
      const { statements: others } = honest(2);
      const foreign = others[1] as Statement;
      for (let row = 0; row < language.rows.length; row++) {
        const swap = (list: readonly Component[]): Component[] =>
          list.map((component, i) => (i === row ? (foreign[row] as Component) : component));
        expect(verifyExact({ language, context, statements, proof: { ...proof, mask: swap(proof.mask) } })).toBe(false);
        expect(verifyExact({ language, context, statements: [swap(statements[0] as Statement)], proof })).toBe(false);
      }
    });

    test('refuses a permuted, shortened or lengthened batch', () => {
      const instance = honest(2);
      const { language, proof } = instance;
      const [first, second] = instance.statements as [Statement, Statement];
      const refused = (statements: readonly Statement[]) => verifyExact({ language, context, statements, proof });
      expect(refused([first, second])).toBe(true);
      expect(refused([second, first])).toBe(false);
      expect(refused([first])).toBe(false);
      expect(refused([first, second, first])).toBe(false);
      expect(refused([first, first])).toBe(false);
      expect(refused([])).toBe(false);
    });

    test.each(contextVariants)('refuses another context: $field', (variant) => {
      const instance = honest(1);
      expect(verifyExact({ ...instance, context: encodeContext(variant.context) })).toBe(false);
      expect(verify({ ...instance, context: encodeContext(variant.context) }, randomFor('weights'))).toBe(false);
    });

    test('refuses each wrong public parameter', () => {
      const instance = honest(1);
      for (const { name: parameter, language } of getCase().wrongParameters) {
        expect(verifyExact({ ...instance, language }), parameter).toBe(false);
        expect(verify({ ...instance, language }, randomFor('weights')), parameter).toBe(false);
        // The transcript alone tells them apart, not only the equations.
        expect(
          languageTranscript(language)
            .map((item) => item.join())
            .join(';'),
          parameter,
        ).not.toBe(
          languageTranscript(instance.language)
            .map((item) => item.join())
            .join(';'),
        );
      }
    });

    test('refuses elements of another class group with the same length', () => {
      const { language, statements, proof } = honest(1);
      const { otherGroup } = getCase();
      expect(proofBytes(otherGroup, 1)).toBe(proofBytes(language, 1));
      expect(
        acceptsBytes(
          otherGroup,
          statements.map((s) => statementBytes(language, s)),
          encodeProof(language, 1, proof),
        ),
      ).toBe(false);
    });

    test('refuses an integer response over its limit although the equations hold', () => {
      const { language, statements, witnesses } = honest(1);
      language.coordinates.forEach((coordinate, i) => {
        if (coordinate.kind !== 'integer') return;
        const randomizers = randomizersFor(`over/${i}`);
        const bound = 1n << BigInt(responseBits(language, coordinate, 1));
        randomizers[i] = bound;
        const { proof } = proveWith(language, statements, witnesses, randomizers);
        expect(equationsHold(language, statements, proof), coordinate.name).toBe(true);
        expect(verifyExact({ language, context, statements, proof }), coordinate.name).toBe(false);
        expect(verifyBatch([{ language, context, statements, proof }], randomFor('weights'))).toEqual([0]);
        if (i !== language.coordinates.length - 1) return;
        // Below the bound the same construction is accepted.
        randomizers[i] = bound - (1n << BigInt(coordinate.bits + 129));
        const inside = proveWith(language, statements, witnesses, randomizers).proof;
        expect(verifyExact({ language, context, statements, proof: inside }), coordinate.name).toBe(true);
      });
    });

    test('refuses a negative integer response although the equations hold', () => {
      const { language, statements, witnesses } = honest(1);
      language.coordinates.forEach((coordinate, i) => {
        if (coordinate.kind !== 'integer') return;
        const randomizers = randomizersFor(`negative/${i}`);
        randomizers[i] = -(1n << BigInt(coordinate.bits + 130));
        const { proof } = proveWith(language, statements, witnesses, randomizers);
        expect(equationsHold(language, statements, proof), coordinate.name).toBe(true);
        expect(verifyExact({ language, context, statements, proof }), coordinate.name).toBe(false);
      });
    });

    test('refuses a scalar response that is not canonical, and one over its width in bytes', () => {
      const { language, statements, proof } = honest(1);
      const order = scalarOrder(language);
      const bytes = encodeProof(language, 1, proof);
      let offset = language.rows.reduce(
        (sum, _, row) => sum + encodeComponent(language, row, proof.mask[row] as Component).length,
        0,
      );
      language.coordinates.forEach((coordinate, i) => {
        const width = responseBytes(language, coordinate, 1);
        const limit = coordinate.kind === 'scalar' ? order : 1n << BigInt(responseBits(language, coordinate, 1));
        if (limit < 1n << BigInt(8 * width)) {
          const mutated = bytes.slice();
          mutated.set(encodeUint(limit, width), offset);
          expect(() => readProof(new Reader(mutated, 'proof'), language, 1, 'proof'), coordinate.name).toThrow(
            'out of range',
          );
        }
        if (coordinate.kind === 'scalar') {
          const responses = proof.responses.map((z, k) => (k === i ? z + order : z));
          expect(equationsHold(language, statements, { mask: proof.mask, responses })).toBe(true);
          expect(verifyExact({ language, context, statements, proof: { mask: proof.mask, responses } })).toBe(false);
        }
        offset += width;
      });
    });

    test('CG:P7: a statement or mask times the class of order 2, re-ground until it verifies, is refused by the parser', () => {
      const { parameters, language, witness } = getCase();
      const { group } = parameters;
      const twist = (component: Component): Component => group.compose(component as Element, orderTwo(parameters));
      const unchecked = (component: Component): Component => group.decodeUnchecked(group.encode(component as Element));
      const rowsOfClass = language.rows.flatMap((row, i) => (row.group === 'class' ? [i] : []));
      if (getCase().light === true) rowsOfClass.splice(1);
      for (const row of rowsOfClass) {
        const at = (list: readonly Component[], change: (c: Component) => Component): Component[] =>
          list.map((component, i) => (i === row ? change(component) : component));
        const twisted = at(statementFor(language, witness(0)), twist);
        for (const alsoMask of row < 2 ? [false, true] : [false]) {
          let accepted: Proof | undefined;
          for (let attempt = 0; accepted === undefined && attempt < 64; attempt++) {
            const randomizers = randomizersFor(`twist/${row}/${alsoMask}/${attempt}`);
            const { proof, es } = proveWith(language, [twisted], [witness(0)], randomizers, (mask) =>
              alsoMask ? at(mask, twist) : mask,
            );
            // u^e = 1 for even e; with a twisted mask, u^(1 + e) = 1 for odd e.
            if ((es[0] as bigint) % 2n === (alsoMask ? 1n : 0n)) accepted = proof;
          }
          const proof = accepted as Proof;
          // Without the square test, the equations accept: the attack is real.
          const bare = { language, context, statements: [at(twisted, unchecked)], proof };
          expect(verifyExact(bare), `row ${row}`).toBe(true);
          const failing = () => readStatement(language, statementBytes(language, twisted));
          expect(failing, `row ${row}`).toThrow('CG:P7');
          if (alsoMask) {
            const bytes = encodeProof(language, 1, proof);
            expect(() => readProof(new Reader(bytes, 'proof'), language, 1, 'proof')).toThrow('CG:P7');
          }
        }
      }
    });

    test('refuses a simulated transcript', () => {
      const { language, statements } = honest(1);
      const e = 12345n;
      const responses = randomizersFor('simulated');
      const z = phi(language, responses);
      const mask = z.map((component, row) =>
        combine(language, row, component, (statements[0] as Statement)[row] as Component, -e),
      );
      const proof = { mask, responses };
      expect(equationsHold(language, statements, proof, [e])).toBe(true);
      expect(verifyExact({ language, context, statements, proof })).toBe(false);
    });

    test('a challenge forced to zero accepts anything: only under a mocked hash', () => {
      const { language, statements } = honest(1);
      const zero: ChallengeOracle = (_input, count) => Array.from({ length: count }, () => 0n);
      const hasCurve = language.rows.some((row) => row.group === 'curve');
      const randomizers = hasCurve ? randomizersFor('zero') : language.coordinates.map(() => 0n);
      const proof = { mask: phi(language, randomizers), responses: randomizers };
      expect(verifyExact({ language, context, statements, proof, oracle: zero })).toBe(true);
      expect(verifyExact({ language, context, statements, proof })).toBe(false);
      if (hasCurve) {
        // The identity as a mask point is refused even then.
        const zeros = language.coordinates.map(() => 0n);
        const identity = { mask: phi(language, zeros), responses: zeros };
        expect(verifyExact({ language, context, statements, proof: identity, oracle: zero })).toBe(false);
      }
    });

    test('MPC:E7: two transcripts with one mask reveal the witness', () => {
      const { language, witness } = getCase();
      const w = witness(0);
      const statement = statementFor(language, w);
      const contexts = [baseContext, { ...baseContext, round: 'again' }].map(encodeContext);
      // The hazard of MPC 1.5: the generator was seeded without the inputs, so both runs draw the same mask.
      const [first, second] = contexts.map((ctx) => prove(language, ctx, [statement], [w], randomFor('one mask'))) as [
        Proof,
        Proof,
      ];
      expect(encodeStatement(language, first.mask)).toEqual(encodeStatement(language, second.mask));
      const [e1, e2] = contexts.map(
        (ctx) =>
          mpcChallenges(
            {
              context: ctx,
              parameters: languageTranscript(language),
              statements: encodeStatement(language, statement),
              mask: encodeStatement(language, first.mask),
            },
            1,
          )[0],
      ) as [bigint, bigint];
      expect(e1).not.toBe(e2);
      language.coordinates.forEach((coordinate, i) => {
        const difference = (first.responses[i] as bigint) - (second.responses[i] as bigint);
        if (coordinate.kind === 'integer') {
          expect(difference % (e1 - e2)).toBe(0n);
          expect(difference / (e1 - e2)).toBe(w[i]);
        } else {
          expect(mod((w[i] as bigint) * (e1 - e2), scalarOrder(language))).toBe(mod(difference, scalarOrder(language)));
        }
      });
    });

    test('batch verification names the one bad proof among several, and draws fresh weights', () => {
      const { language } = getCase();
      const good = honest(1);
      const bad: ProofInstance = { ...good, context: encodeContext({ ...baseContext, party: 9 }) };
      const list = [good, bad, honest(2)];
      expect(verifyBatch(list, randomFor('weights'))).toEqual([1]);
      expect(verifyBatch([good, honest(2)], randomFor('weights'))).toEqual([]);
      const drawn: string[] = [];
      const spy = (label: string) => {
        const random = randomFor(label);
        return (length: number) => {
          const bytes = random(length);
          drawn.push(`${length}:${bytes.join()}`);
          return bytes;
        };
      };
      verifyBatch([good], spy('a'));
      const count = drawn.length;
      // One 128-bit weight per equation, different in another run.
      expect(count).toBe(language.rows.length);
      expect(drawn.every((entry) => entry.startsWith('16:'))).toBe(true);
      verifyBatch([good], spy('b'));
      expect(new Set(drawn).size).toBe(2 * count);
    });
  });
}
