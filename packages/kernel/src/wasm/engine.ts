/**
 * One instance of the WebAssembly module and its fixed memory. Nothing outlives a call: inputs are copied into the arena, results
 * are copied out, and the bytes of exponents are wiped.
 *
 * @module
 */

import { KernelArgumentError } from '../types.ts';
import { KernelFaultError } from './errors.ts';
import { type CompiledModule, webAssembly } from './webassembly.ts';

/** Addresses are byte offsets in the memory. See assembly/index.ts. */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  maxDiscriminantBits(): number;
  arenaStart(): number;
  arenaEnd(): number;
  getRecordBytes(): number;
  getShortRecordBytes(): number;
  setGroup(
    magnitude: number,
    bits: number,
    bound: number,
    boundLimbs: number,
    conductor: number,
    conductorLimbs: number,
  ): number;
  decode(source: number, bytes: number, checkSquare: number, out: number): number;
  encode(record: number, out: number, bytes: number): void;
  isSquare(record: number): number;
  compose(x: number, y: number, out: number): void;
  square(x: number, out: number): void;
  invert(x: number, out: number): void;
  multiPowerVartime(terms: number, count: number, scratch: number, out: number): number;
  multiPower(terms: number, count: number, window: number, digits: number, scratch: number, out: number): number;
  buildComb(table: number, record: number, teeth: number, blocks: number, spacing: number, scratch: number): number;
  encodeTable(records: number, count: number, out: number, bytes: number): void;
  decodeTable(table: number, base: number, source: number, count: number, bytes: number): number;
  combPower(
    table: number,
    teeth: number,
    blocks: number,
    spacing: number,
    exponent: number,
    excess: number,
    scan: number,
    out: number,
  ): void;
}

/** The constants of a group as the module wants them. */
export interface GroupConstants {
  readonly discriminantBits: number;
  readonly discriminant: Uint8Array;
  readonly bound: Uint8Array;
  readonly conductor: Uint8Array;
}

/** Space in the memory for one call, handed out from the start of the arena. */
export class Arena {
  readonly exports: KernelExports;
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly #start: number;
  #next: number;
  #secretFrom = 0;
  #secretTo = 0;

  constructor(exports: KernelExports) {
    this.exports = exports;
    this.bytes = new Uint8Array(exports.memory.buffer);
    this.#start = exports.arenaStart();
    this.#next = this.#start;
    this.end = exports.arenaEnd();
  }

  get free(): number {
    return this.end - this.#next;
  }

  /** Address where the free space starts. */
  get next(): number {
    return this.#next;
  }

  /** Reserves space. @throws {@link KernelArgumentError} If it does not fit. */
  reserve(length: number): number {
    const at = this.#next;
    const next = at + ((length + 7) & ~7);
    if (next > this.end) throw new KernelArgumentError('the operation needs more memory than the kernel has');
    this.#next = next;
    return at;
  }

  put(data: Uint8Array): number {
    const at = this.reserve(data.length);
    this.bytes.set(data, at);
    return at;
  }

  /** |value| in `limbs` 32-bit limbs. */
  putInteger(value: bigint, limbs: number): number {
    const at = this.reserve(4 * limbs);
    writeLimbs(new DataView(this.bytes.buffer, at), value, limbs);
    return at;
  }

  /** As `putInteger`; wiped after the call. All secrets of a call must be put one after another. */
  putSecret(value: bigint, limbs: number): number {
    const at = this.putInteger(value, limbs);
    if (this.#secretTo === 0) this.#secretFrom = at;
    this.#secretTo = this.#next;
    return at;
  }

  take(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, at + length);
  }

  /** Wipes the secrets and gives all space back. */
  reset(): void {
    if (this.#secretTo !== 0) {
      this.bytes.fill(0, this.#secretFrom, this.#secretTo);
      this.#secretTo = 0;
    }
    this.#next = this.#start;
  }
}

/** Writes the low 32-bit limbs of a non-negative integer, little endian. */
export function writeLimbs(view: DataView, value: bigint, limbs: number): void {
  let rest = value;
  for (let i = 0; i < limbs; i++) {
    view.setUint32(4 * i, Number(BigInt.asUintN(32, rest)), true);
    rest >>= 32n;
  }
}

/** A lazily made instance that serves all groups of one kernel, one call at a time. */
export class Engine {
  readonly #compile: () => CompiledModule;
  #module: CompiledModule | undefined;
  #arena: Arena | undefined;
  #current: GroupConstants | undefined;

  constructor(compile: () => CompiledModule) {
    this.#compile = compile;
  }

  /** Bytes of the instance's memory, 0 before the first use. It never grows. */
  get memoryBytes(): number {
    return this.#arena?.bytes.length ?? 0;
  }

  /**
   * Runs one operation in the group of `constants`. Operations do not nest.
   *
   * @throws {@link KernelFaultError} If the module trapped. The instance is dropped.
   */
  run<T>(constants: GroupConstants, operation: (arena: Arena) => T): T {
    const arena = this.#arena ?? this.#instantiate();
    try {
      if (this.#current !== constants) this.#select(arena, constants);
      return operation(arena);
    } catch (error) {
      if (error instanceof Error && error.name === 'RuntimeError') {
        arena.bytes.fill(0);
        this.#arena = undefined;
        this.#current = undefined;
        throw new KernelFaultError('the kernel stopped at an inconsistency', { cause: error });
      }
      throw error;
    } finally {
      arena.reset();
    }
  }

  #instantiate(): Arena {
    this.#module ??= this.#compile();
    this.#arena = new Arena(new webAssembly.Instance(this.#module).exports as KernelExports);
    return this.#arena;
  }

  #select(arena: Arena, constants: GroupConstants): void {
    const { discriminant, discriminantBits, bound, conductor } = constants;
    this.#current = undefined;
    const fits = arena.exports.setGroup(
      arena.put(discriminant),
      discriminantBits,
      arena.put(bound),
      bound.length / 4,
      arena.put(conductor),
      conductor.length / 4,
    );
    if (!fits) throw new KernelArgumentError('the discriminant is longer than the kernel supports');
    this.#current = constants;
    arena.reset();
  }
}
