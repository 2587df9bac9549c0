/**
 * A class-group kernel and a curve that remember. They wrap the real ones behind the interfaces that the packages take them by.
 *
 * @module
 */
import type { ClassGroup, Element, FixedBaseTable, Kernel } from '@dwallet/kernel';
import type { Curve, Point } from '@dwallet/sigma';
import { Memo, keyOf, numberKey } from './memo.ts';

/** Group elements and tables are immutable, so one object stands for all that are equal. */
function rememberGroup(inner: ClassGroup): ClassGroup {
  const memo = new Memo();
  const ids = new WeakMap<Element, string>();
  const tableIds = new WeakMap<FixedBaseTable, string>();
  const interned = new Map<string, Element>();
  const intern = (element: Element): Element => {
    const bytes = keyOf(inner.encode(element));
    const known = interned.get(bytes);
    if (known !== undefined) return known;
    ids.set(element, interned.size.toString(36));
    interned.set(bytes, element);
    return element;
  };
  const idOf = (element: Element): string => {
    const id = ids.get(element);
    return id ?? (ids.get(intern(element)) as string);
  };
  const tableId = (table: FixedBaseTable): string => tableIds.get(table) ?? '?';
  const termsKey = (terms: readonly { readonly base: Element; readonly exponent: bigint }[]): string =>
    terms.map(({ base, exponent }) => `${idOf(base)}^${numberKey(exponent)}`).join();
  const nameTable = (table: FixedBaseTable, id: string): FixedBaseTable => {
    tableIds.set(table, id);
    return table;
  };
  const one = (key: string, compute: () => Element): Element => memo.get(key, () => intern(compute()));
  return {
    kernel: inner.kernel,
    discriminant: inner.discriminant,
    conductor: inner.conductor,
    elementBytes: inner.elementBytes,
    identity: intern(inner.identity),
    decode: (bytes) => one(`d${keyOf(bytes)}`, () => inner.decode(bytes)),
    decodeUnchecked: (bytes) => one(`u${keyOf(bytes)}`, () => inner.decodeUnchecked(bytes)),
    encode: (element) => memo.get(`e${idOf(element)}`, () => inner.encode(element)).slice(),
    equals: (x, y) => idOf(x) === idOf(y) || memo.get(`=${idOf(x)},${idOf(y)}`, () => inner.equals(x, y)),
    isIdentity: (x) => memo.get(`0${idOf(x)}`, () => inner.isIdentity(x)),
    isSquare: (x) => memo.get(`2${idOf(x)}`, () => inner.isSquare(x)),
    compose: (x, y) => one(`*${idOf(x)},${idOf(y)}`, () => inner.compose(x, y)),
    square: (x) => one(`s${idOf(x)}`, () => inner.square(x)),
    invert: (x) => one(`i${idOf(x)}`, () => inner.invert(x)),
    power: (base, exponent, bits) =>
      one(`p${bits},${idOf(base)}^${numberKey(exponent)}`, () => inner.power(base, exponent, bits)),
    powerVartime: (base, exponent) =>
      one(`v${idOf(base)}^${numberKey(exponent)}`, () => inner.powerVartime(base, exponent)),
    multiPower: (terms, bits) => one(`m${bits},${termsKey(terms)}`, () => inner.multiPower(terms, bits)),
    multiPowerVartime: (terms) => one(`w${termsKey(terms)}`, () => inner.multiPowerVartime(terms)),
    buildTable: (base, exponentBits, maxBytes) => {
      const key = `t${idOf(base)},${exponentBits},${maxBytes ?? ''}`;
      return memo.get(key, () => nameTable(inner.buildTable(base, exponentBits, maxBytes), key));
    },
    tablePower: (table, exponent) =>
      one(`q${tableId(table)}^${numberKey(exponent)}`, () => inner.tablePower(table, exponent)),
    tablePowerVartime: (table, exponent) =>
      one(`r${tableId(table)}^${numberKey(exponent)}`, () => inner.tablePowerVartime(table, exponent)),
    encodeTable: (table) => inner.encodeTable(table),
    decodeTable: (bytes, base, options) => {
      const key = `k${options?.trusted ?? ''},${options?.maxExponentBits ?? ''},${idOf(base)},${keyOf(bytes)}`;
      return memo.get(key, () => nameTable(inner.decodeTable(bytes, base, options), key));
    },
  };
}

export const rememberKernel = (inner: Kernel): Kernel => ({
  name: inner.name,
  createGroup: (parameters) => rememberGroup(inner.createGroup(parameters)),
});

export function rememberCurve(inner: Curve): Curve {
  const memo = new Memo();
  const ids = new WeakMap<Point, string>();
  const idOf = (point: Point): string => {
    let id = ids.get(point);
    if (id === undefined) {
      id = point.is0() ? '0' : keyOf(inner.encodePoint(point));
      ids.set(point, id);
    }
    return id;
  };
  return {
    ...inner,
    decodePoint: (bytes, field) => memo.get(`d${field},${keyOf(bytes)}`, () => inner.decodePoint(bytes, field)),
    multiply: (point, scalar) => memo.get(`m${idOf(point)}^${numberKey(scalar)}`, () => inner.multiply(point, scalar)),
    multiplyVartime: (point, scalar) =>
      memo.get(`v${idOf(point)}^${numberKey(scalar)}`, () => inner.multiplyVartime(point, scalar)),
    multiScalarVartime: (terms) =>
      memo.get(`s${terms.map(({ point, scalar }) => `${idOf(point)}^${numberKey(scalar)}`).join()}`, () =>
        inner.multiScalarVartime(terms),
      ),
  };
}
