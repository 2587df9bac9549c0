/**
 * A language of a sigma protocol as data: a group homomorphism phi from a witness vector to a vector of group elements
 * (MPC 6.1, CG 4.1). Each row of phi is a product of bases raised to witness coordinates, so one prover, one verifier and one batch
 * verifier serve all languages, and no base can be forgotten in a transcript.
 *
 * @module
 */
import type { ClassGroup, Element, FixedBaseTable, PowerTerm } from '@dwallet/kernel';
import type { Curve, Point } from './curve.ts';
import { encodeList, encodeText, encodeUint, encodeUint16, encodeUint8, mod } from './encoding.ts';
import { BugError, InvalidArgumentsError } from './errors.ts';
import { challengeBits } from './transcript.ts';

/** What sigma protocols need to know of an HSM-CL setting: the group, and the subgroup F in which logarithms are easy. */
export interface ClassSetting {
  readonly group: ClassGroup;
  /** Order of F, the plaintext modulus. */
  readonly q: bigint;
  /** f^m in closed form (CG 2.2); m is reduced mod q. */
  powerOfF(m: bigint): Element;
}

/** Tables of one base. A table costs the same for every exponent, so a base with exponents of two lengths may have one for each. */
export interface BaseTables {
  readonly table?: FixedBaseTable;
  /** For shorter exponents than `table`. */
  readonly shortTable?: FixedBaseTable;
}

/** The cheapest table that serves exponents of `bits` bits, if there is one. */
export function tableFor({ table, shortTable }: BaseTables, bits: number): FixedBaseTable | undefined {
  if (shortTable !== undefined && shortTable.exponentBits >= bits) return shortTable;
  return table !== undefined && table.exponentBits >= bits ? table : undefined;
}

/** A base of a row. Give a class base its tables where they exist; equal objects are merged in batch verification. */
export type Base =
  | { readonly kind: 'curve'; readonly point: Point }
  | ({ readonly kind: 'class'; readonly element: Element } & BaseTables)
  /** f of the class setting. */
  | { readonly kind: 'f' };

/** One coordinate of the witness. Scalars live mod q; integers have `bits` and are masked and answered over Z. */
export type Coordinate =
  | { readonly name: string; readonly kind: 'scalar' }
  | { readonly name: string; readonly kind: 'integer'; readonly bits: number; readonly signed?: boolean };

/** One component of phi: the product of base^(coordinate) over the terms. */
export interface Row {
  readonly group: 'curve' | 'class';
  readonly terms: readonly { readonly base: Base; readonly coordinate: number }[];
}

/** A component of a statement or of a mask: a point in a curve row, an element in a class row. */
export type Component = Point | Element;

/** One component per row. */
export type Statement = readonly Component[];

export interface Language {
  readonly name: string;
  readonly version: number;
  /** Statistical hiding of integer coordinates in bits (sigma). */
  readonly statisticalBits: number;
  readonly curve?: Curve;
  readonly setting?: ClassSetting;
  readonly coordinates: readonly Coordinate[];
  readonly rows: readonly Row[];
  /** Public parameters in transcript order (MPC 6.13), before the structure that the framework adds itself. */
  readonly parameters: readonly Uint8Array[];
}

const ceilLog2 = (count: number): number => (count <= 1 ? 0 : 32 - Math.clz32(count - 1));

/** Modulus of scalar coordinates. */
export function scalarOrder(language: Language): bigint {
  const order = language.curve?.q ?? language.setting?.q;
  if (order === undefined) throw new BugError(`${language.name} has neither curve nor class setting`);
  return order;
}

/** Bits of the mask of an integer coordinate: ell + sigma + lambda + ceil(log2 batch) (MPC 6.1 step 1). */
export const maskBits = (language: Language, coordinate: Coordinate & { kind: 'integer' }, batch: number): number =>
  coordinate.bits + language.statisticalBits + challengeBits + ceilLog2(batch);

/** Responses are below 2^responseBits in absolute value: one bit over the mask (MPC 0.2, CG 4.1). */
export const responseBits = (language: Language, coordinate: Coordinate & { kind: 'integer' }, batch: number): number =>
  maskBits(language, coordinate, batch) + 1;

/** Encoded width of one response. */
export function responseBytes(language: Language, coordinate: Coordinate, batch: number): number {
  if (coordinate.kind === 'scalar') return 32;
  return (responseBits(language, coordinate, batch) + (coordinate.signed === true ? 1 : 0) + 7) >> 3;
}

export function classSetting(language: Language): ClassSetting {
  if (language.setting === undefined) throw new BugError(`${language.name} has no class setting`);
  return language.setting;
}

export function curveOf(language: Language): Curve {
  if (language.curve === undefined) throw new BugError(`${language.name} has no curve`);
  return language.curve;
}

/** Canonical bytes of one component of row `row`. */
export function encodeComponent(language: Language, row: number, component: Component): Uint8Array {
  return language.rows[row]?.group === 'curve'
    ? curveOf(language).encodePoint(component as Point)
    : classSetting(language).group.encode(component as Element);
}

export function encodeStatement(language: Language, statement: Statement): Uint8Array[] {
  if (statement.length !== language.rows.length) {
    throw new InvalidArgumentsError('statement', `${language.name} has ${language.rows.length} components`);
  }
  return statement.map((component, row) => encodeComponent(language, row, component));
}

function encodeBase(language: Language, base: Base): Uint8Array {
  switch (base.kind) {
    case 'curve':
      return curveOf(language).encodePoint(base.point);
    case 'class':
      return classSetting(language).group.encode(base.element);
    case 'f':
      return encodeText('f');
  }
}

const encodings = new WeakMap<Language, readonly Uint8Array[]>();

/**
 * Everything public about the language, as hashed in every transcript: name, version, parameters, then its structure with every
 * base, bound and modulus. @throws InvalidArgumentsError for a base that is the identity of the curve.
 */
export function languageTranscript(language: Language): readonly Uint8Array[] {
  const known = encodings.get(language);
  if (known !== undefined) return known;
  const group = language.setting?.group;
  const coordinates = language.coordinates.map((c) =>
    encodeList([
      encodeText(c.name),
      c.kind === 'scalar' ? encodeText('scalar') : encodeText(c.signed === true ? 'signed' : 'integer'),
      encodeUint16(c.kind === 'scalar' ? 0 : c.bits),
    ]),
  );
  const rows = language.rows.map((row) =>
    encodeList([
      encodeText(row.group),
      ...row.terms.map(({ base, coordinate }) => encodeList([encodeUint8(coordinate), encodeBase(language, base)])),
    ]),
  );
  const order = scalarOrder(language);
  const items = [
    encodeText(language.name),
    encodeUint16(language.version),
    ...language.parameters,
    encodeUint(order, (order.toString(16).length + 1) >> 1),
    encodeText(language.curve?.name ?? ''),
    group === undefined ? new Uint8Array(0) : encodeText(group.discriminant.toString(16)),
    encodeUint16(language.statisticalBits),
    encodeUint16(challengeBits),
    encodeList(coordinates),
    encodeList(rows),
  ];
  encodings.set(language, items);
  return items;
}

/**
 * phi(witness) for a secret witness or mask.
 * @param bits - for each coordinate, the bound of |value| in bits that the regular recoding assumes (ignored for scalars).
 * @param known - components that the caller has computed in another way; undefined where it has not.
 */
export function applySecret(
  language: Language,
  witness: readonly bigint[],
  bits: readonly number[],
  known: readonly (Component | undefined)[] = [],
): Component[] {
  return language.rows.map((row, index) => {
    const component = known[index];
    if (component !== undefined) return component;
    if (row.group === 'curve') {
      const curve = curveOf(language);
      let sum = curve.identity;
      for (const { base, coordinate } of row.terms) {
        if (base.kind !== 'curve') throw new BugError('class base in a curve row');
        sum = sum.add(curve.multiply(base.point, witness[coordinate] as bigint));
      }
      return sum;
    }
    const setting = classSetting(language);
    const { group } = setting;
    let product = group.identity;
    const terms: PowerTerm[] = [];
    let longest = 1;
    for (const { base, coordinate } of row.terms) {
      const exponent = witness[coordinate] as bigint;
      if (base.kind === 'curve') throw new BugError('curve base in a class row');
      if (base.kind === 'f') {
        product = group.compose(product, setting.powerOfF(mod(exponent, setting.q)));
        continue;
      }
      const table = tableFor(base, bits[coordinate] as number);
      if (table !== undefined) product = group.compose(product, group.tablePower(table, exponent));
      else {
        terms.push({ base: base.element, exponent });
        longest = Math.max(longest, bits[coordinate] as number);
      }
    }
    if (terms.length > 0) product = group.compose(product, group.multiPower(terms, longest));
    return product;
  });
}
