/**
 * A class-group kernel and a curve that remember. They wrap the real ones behind the interfaces that the packages take them by.
 *
 * @module
 */
import type { ClassGroup, Element, FixedBaseTable, Kernel } from '@dwallet/kernel';
import type { Curve, Point } from '@dwallet/sigma';
import { Memo, keyOf, numberKey } from './memo.ts';

/** Group elements and tables are immutable, so one object stands for all that are equal. */
function rememberGroup(inner: ClassGroup, generationSize?: number): ClassGroup {
  const memo = new Memo(generationSize);
  const ids = new WeakMap<Element, string>();
  const tableIds = new WeakMap<FixedBaseTable, string>();
  const interned = new Memo(generationSize);
  let count = 0;
  // One that was forgotten and comes again gets another number, which costs time and nothing else.
  const intern = (element: Element): Element =>
    interned.get(keyOf(inner.encode(element)), () => {
      ids.set(element, (count++).toString(36));
      return element;
    });
  const idOf = (element: Element): string => {
    let id = ids.get(element);
    if (id === undefined) {
      id = ids.get(intern(element)) as string;
      ids.set(element, id);
    }
    return id;
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

/** @param generationSize - of its memories, see memo.ts; default: that of a simulation. */
export const rememberKernel = (inner: Kernel, generationSize?: number): Kernel => ({
  name: inner.name,
  createGroup: (parameters) => rememberGroup(inner.createGroup(parameters), generationSize),
});

/** @param generationSize - as of {@link rememberKernel}. */
export function rememberCurve(inner: Curve, generationSize?: number): Curve {
  const memo = new Memo(generationSize);
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
