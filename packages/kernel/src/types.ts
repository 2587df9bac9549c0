/**
 * The interface of a class-group kernel. Callers hold opaque element handles; only canonical bytes cross the boundary, so
 * that a kernel may keep its elements wherever it likes (BigInt triples, packed limbs, WebAssembly memory) and take over a
 * whole exponentiation or multi-exponentiation in one call.
 *
 * @module
 */

declare const elementBrand: unique symbol;
declare const tableBrand: unique symbol;

/** Opaque handle of one reduced form of one group. Immutable. Never mix handles of two groups or two kernels. */
export interface Element {
  readonly [elementBrand]: 'class-group element';
}

/** Opaque precomputation for a base that is used often (comb). Belongs to the group that built it. */
export interface FixedBaseTable {
  readonly [tableBrand]: 'fixed-base table';
  /** The largest exponent length in bits that the table serves; a longer exponent is an error, never truncated. */
  readonly exponentBits: number;
  /** Packed size in bytes, the same in all kernels. The reference's BigInts take about twice as much. */
  readonly bytes: number;
}

/** One factor base^exponent of a product. Exponents may be negative: inversion is free. */
export interface PowerTerm {
  readonly base: Element;
  readonly exponent: bigint;
}

/** What a group is made of: public numbers, fixed by context, never taken from a message. */
export interface GroupParameters {
  /** Negative, 1 mod 4. */
  readonly discriminant: bigint;
  /**
   * The odd prime q with discriminant = -p q^3. With it, `decode` makes the primitivity test P6 with q and the square test P7.
   * Without it (tests on arbitrary discriminants) P6 is the general gcd test and P7 is skipped.
   */
  readonly conductor?: bigint;
}

/** Which parsing check refused the bytes (class-groups.md 1.4). */
export type ParseCheck = 'CG:P1' | 'CG:P2' | 'CG:P3' | 'CG:P4' | 'CG:P5' | 'CG:P6' | 'CG:P7';

/** Bytes that are not the canonical encoding of a group element. */
export class ElementDecodeError extends Error {
  override readonly name = 'ElementDecodeError';
  readonly code = 'ELEMENT_DECODE';
  readonly check: ParseCheck;
  constructor(check: ParseCheck, message: string) {
    super(`${check}: ${message}`);
    this.check = check;
  }
}

/** Which part of an encoded table was refused. */
export type TableField = 'length' | 'version' | 'shape' | 'group' | 'base' | 'entry';

/** Bytes that are not the encoding of the table of the given base. */
export class TableDecodeError extends Error {
  override readonly name = 'TableDecodeError';
  readonly code = 'TABLE_DECODE';
  readonly field: TableField;
  constructor(field: TableField, message: string) {
    super(`table ${field}: ${message}`);
    this.field = field;
  }
}

/** How {@link ClassGroup.decodeTable} reads. */
export interface DecodeTableOptions {
  /**
   * True only for bytes that this machine encoded itself and whose digest the caller has just compared. Entries are then checked to be
   * forms of the group, but NOT to be the right ones: a wrong table gives wrong powers, and those reveal secret exponents.
   */
  readonly trusted?: boolean;
  /** Refuse tables for longer exponents (default: the longest that any table can have). It bounds the time of the check. */
  readonly maxExponentBits?: number;
}

/** The caller's own mistake: an exponent over its declared bound, a handle of another group, a bad discriminant. */
export class KernelArgumentError extends Error {
  override readonly name = 'KernelArgumentError';
  readonly code = 'KERNEL_ARGUMENT';
}

/**
 * Arithmetic in the class group of one discriminant.
 *
 * Every operation is total on elements that `decode` accepted: no panic on the identity, on f, on ambiguous forms.
 * Methods ending in `Vartime` leak their exponent through time and are for public exponents only. The others use a regular
 * recoding: a sequence of group operations that depends on the declared bit length only. The group law itself stays
 * variable-time (docs/security.md), so callers blind adversarial bases as class-groups.md 1.10 says.
 */
export interface ClassGroup {
  /** 'reference' or 'wasm'. */
  readonly kernel: string;
  readonly discriminant: bigint;
  readonly conductor: bigint | undefined;
  /** Exactly 2 * Lb bytes, Lb = floor(bits(discriminant) / 16) + 1 (class-groups.md 1.3). */
  readonly elementBytes: number;
  readonly identity: Element;

  /**
   * Parses an untrusted canonical encoding with P1-P7.
   * @throws {@link ElementDecodeError} naming the failed check.
   */
  decode(bytes: Uint8Array): Element;
  /** As `decode` without P7: for public constants in the derivation of parameters and for tests. Never for messages. */
  decodeUnchecked(bytes: Uint8Array): Element;
  /** I2OSP(a, Lb) || two's complement of b in Lb bytes. Fresh array. */
  encode(element: Element): Uint8Array;

  equals(x: Element, y: Element): boolean;
  isIdentity(x: Element): boolean;
  /** The genus character of class-groups.md 1.5; needs the conductor. */
  isSquare(x: Element): boolean;

  compose(x: Element, y: Element): Element;
  square(x: Element): Element;
  invert(x: Element): Element;

  /** base^exponent for a secret exponent with |exponent| < 2^bits. @throws {@link KernelArgumentError} over the bound. */
  power(base: Element, exponent: bigint, bits: number): Element;
  /** base^exponent, public exponent. */
  powerVartime(base: Element, exponent: bigint): Element;
  /** Product of powers in one pass; secret exponents, each below 2^bits in absolute value. */
  multiPower(terms: readonly PowerTerm[], bits: number): Element;
  /** Product of powers in one pass; public exponents of any lengths. The empty product is the identity. */
  multiPowerVartime(terms: readonly PowerTerm[]): Element;

  /**
   * Builds a comb table for exponents up to `exponentBits` (at most 65,536). `maxBytes` bounds its size (default 512 KiB). The shape
   * depends on these two numbers and on the size of the discriminant only, and is the same in all kernels.
   */
  buildTable(base: Element, exponentBits: number, maxBytes?: number): FixedBaseTable;
  /** Secret exponent; every look-up scans or is regular. */
  tablePower(table: FixedBaseTable, exponent: bigint): Element;
  tablePowerVartime(table: FixedBaseTable, exponent: bigint): Element;

  /** Canonical bytes of a table (src/table-codec.ts): all kernels write the same and read each other's. Fresh array. */
  encodeTable(table: FixedBaseTable): Uint8Array;
  /**
   * Reads a table of `base`. It is never taken on trust: unless `options.trusted`, the table is built again from `base` in the shape
   * that the bytes name, and compared. There is no cheaper complete check, because recomputing an entry is one composition; so this
   * saves nothing over `buildTable` and is for tables whose origin matters more than their cost. A cache compares a digest instead
   * (`loadTable` of @dwallet/class-groups) and passes `trusted`, which costs one parse (CG:P1 to CG:P6) per entry.
   *
   * @throws {@link TableDecodeError} Naming the part that is wrong.
   */
  decodeTable(bytes: Uint8Array, base: Element, options?: DecodeTableOptions): FixedBaseTable;
}

/** Makes groups. A kernel has no state besides the groups' own constants. */
export interface Kernel {
  readonly name: string;
  createGroup(parameters: GroupParameters): ClassGroup;
}
