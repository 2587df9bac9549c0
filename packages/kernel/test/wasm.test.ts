/**
 * The WebAssembly kernel: the common suite, and its own parts (limits, memory, loading, reproducible build, faults).
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ElementDecodeError, KernelArgumentError, referenceKernel } from '../src/index.ts';
import { Engine, type GroupConstants, type KernelExports, writeLimbs } from '../src/wasm/engine.ts';
import { KernelFaultError, loadWasmKernel, wasmKernel, wasmKernelLimits, wasmModuleBytes } from '../src/wasm/index.ts';
import { chooseCombShape, regularDigits, regularWindow } from '../src/comb-shape.ts';
import { nafWindow } from '../src/wasm/plan.ts';
import { webAssembly } from '../src/wasm/webassembly.ts';
import { kernelConformance } from './conformance.ts';
import { corpus, formBytes, Rng } from './forms.ts';
import { derivedVectors, toy } from './vectors.ts';

kernelConformance('wasm', wasmKernel);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The exports of a fresh instance, to call the module without the host's checks. */
function rawInstance(): KernelExports {
  return new webAssembly.Instance(new webAssembly.Module(wasmModuleBytes())).exports as KernelExports;
}

function constantsOf(discriminant: bigint): GroupConstants {
  const limbs = (value: bigint): Uint8Array => {
    const out = new Uint8Array(4 * Math.ceil(value.toString(2).length / 32));
    writeLimbs(new DataView(out.buffer), value, out.length / 4);
    return out;
  };
  return {
    discriminantBits: (-discriminant).toString(2).length,
    discriminant: limbs(-discriminant),
    bound: limbs(1n),
    conductor: new Uint8Array(),
  };
}

describe('the module', () => {
  it('is what the sources compile to, with the pinned compiler', async () => {
    const build = await import('../scripts/build-wasm.mjs');
    const generated = await readFile(new URL('../src/wasm/module-bytes.ts', import.meta.url), 'utf8');
    expect(build.moduleSource(await build.compileKernel())).toBe(generated);
  });

  it('is below 40 kB gzip and imports nothing', () => {
    const bytes = wasmModuleBytes();
    expect(gzipSync(bytes, { level: 9 }).length).toBeLessThan(40_000);
    // Section 2 would be the imports; the first section after the types (1) is the functions (3).
    expect(bytes[8]).toBe(1);
    let at = 9;
    let length = 0;
    let byte = 0x80;
    for (let shift = 0; byte & 0x80; shift += 7) {
      byte = bytes[at++] as number;
      length |= (byte & 0x7f) << shift;
    }
    expect(bytes[at + length]).toBe(3);
  });

  it('loads asynchronously, with the same results', async () => {
    const kernel = await loadWasmKernel();
    const [vector] = derivedVectors;
    if (vector === undefined) throw new Error('no vectors');
    const discriminant = -vector.p * vector.q ** 3n;
    const [x, y] = [kernel, wasmKernel].map((k) => {
      const group = k.createGroup({ discriminant, conductor: vector.q });
      return hex(group.encode(group.powerVartime(group.decode(formBytes(vector.q ** 2n, vector.q, discriminant)), 7n)));
    });
    expect(x).toBe(y);
  });

  it('works in a worker', async () => {
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const { exports } = new WebAssembly.Instance(new WebAssembly.Module(workerData));
       parentPort.postMessage(exports.maxDiscriminantBits());`,
      { eval: true, workerData: wasmModuleBytes() },
    );
    const answer = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(answer).toBe(wasmKernelLimits.discriminantBits);
  });

  it('needs no permission to evaluate code', () => {
    const script = `
      let evaluates = true;
      try { new Function('return 1')(); } catch { evaluates = false; }
      const bytes = Buffer.from(require('node:fs').readFileSync(0, 'utf8'), 'base64');
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
      console.log(JSON.stringify({ evaluates, bits: exports.maxDiscriminantBits() }));`;
    const { stdout } = spawnSync(process.execPath, ['--disallow-code-generation-from-strings', '-e', script], {
      input: Buffer.from(wasmModuleBytes()).toString('base64'),
      encoding: 'utf8',
    });
    expect(JSON.parse(stdout)).toEqual({ evaluates: false, bits: wasmKernelLimits.discriminantBits });
  });
});

describe('limits', () => {
  it('the memory is fixed and is what the limits say', () => {
    const exports = rawInstance();
    expect(exports.memory.buffer.byteLength).toBe(wasmKernelLimits.memoryBytes);
    expect(exports.arenaEnd()).toBe(wasmKernelLimits.memoryBytes);
    expect(exports.arenaStart()).toBeLessThan(128 * 1024);
    expect(exports.maxDiscriminantBits()).toBe(wasmKernelLimits.discriminantBits);
    const grow = (exports.memory as unknown as { grow(pages: number): number }).grow.bind(exports.memory);
    expect(() => grow(1)).toThrow(RangeError);
  });

  it('memory does not grow over many calls, groups and tables', () => {
    const engine = new Engine(() => new webAssembly.Module(wasmModuleBytes()));
    expect(engine.memoryBytes).toBe(0);
    const rng = new Rng(20);
    for (let i = 0; i < 200; i++) {
      engine.run(constantsOf(rng.discriminant(40 + 10 * i)), ({ exports, free }) => {
        expect(exports.arenaEnd()).toBe(wasmKernelLimits.memoryBytes);
        expect(free).toBeGreaterThan(3_900_000);
      });
    }
    expect(engine.memoryBytes).toBe(wasmKernelLimits.memoryBytes);
  });

  it('the longest discriminant works, one bit more is refused', () => {
    const rng = new Rng(21);
    const discriminant = rng.discriminant(wasmKernelLimits.discriminantBits);
    const [group, reference] = [wasmKernel, referenceKernel].map((kernel) => kernel.createGroup({ discriminant }));
    if (group === undefined || reference === undefined) throw new Error('no group');
    const forms = corpus(discriminant, rng, 12).map(({ a, b }) => formBytes(a, b, discriminant));
    for (const x of forms) {
      const [p, r] = [group.decode(x), reference.decode(x)];
      expect(hex(group.encode(group.square(p)))).toBe(hex(reference.encode(reference.square(r))));
      for (const y of forms) {
        const product = group.encode(group.compose(p, group.decode(y)));
        expect(hex(product)).toBe(hex(reference.encode(reference.compose(r, reference.decode(y)))));
      }
    }
    const base = group.decode(forms[forms.length - 1] ?? new Uint8Array());
    const table = group.buildTable(base, 300);
    const expected = hex(group.encode(group.powerVartime(base, -(2n ** 299n) + 12345n)));
    expect(hex(group.encode(group.tablePower(table, -(2n ** 299n) + 12345n)))).toBe(expected);
    expect(hex(group.encode(group.power(base, -(2n ** 299n) + 12345n, 300)))).toBe(expected);
    const longer = -(1n << BigInt(wasmKernelLimits.discriminantBits)) - 3n;
    expect(() => wasmKernel.createGroup({ discriminant: longer })).toThrow(KernelArgumentError);
  });

  it('exponents: the longest declared length works, more is refused', () => {
    const group = wasmKernel.createGroup({ discriminant: toy.discriminant, conductor: toy.q });
    const h = group.decode(formBytes(toy.h[0], toy.h[1], toy.discriminant));
    const bits = wasmKernelLimits.exponentBits;
    const exponent = new Rng(22).bits(bits) | (1n << BigInt(bits - 1));
    const expected = group.powerVartime(h, exponent % toy.orderOfH);
    expect(group.equals(group.powerVartime(h, exponent), expected)).toBe(true);
    expect(group.equals(group.power(h, exponent, bits), expected)).toBe(true);
    const table = group.buildTable(h, bits);
    expect(group.equals(group.tablePower(table, exponent), expected)).toBe(true);
    expect(() => group.powerVartime(h, exponent << 1n)).toThrow(KernelArgumentError);
    expect(() => group.power(h, 1n, bits + 1)).toThrow(KernelArgumentError);
    expect(() => group.buildTable(h, bits + 1)).toThrow(KernelArgumentError);
  });

  it('products with more factors than the memory holds at once are split: 500 bases at full size', () => {
    const vector = derivedVectors[1];
    if (vector === undefined) throw new Error('no vectors');
    const discriminant = -vector.p * vector.q ** 3n;
    const group = wasmKernel.createGroup({ discriminant, conductor: vector.q });
    const f = group.decode(formBytes(vector.q ** 2n, vector.q, discriminant));
    const rng = new Rng(23);
    // f has the order q, so that the expected product is one power.
    const exponents = Array.from({ length: 500 }, () => rng.bits(16) - 2n ** 15n);
    const logarithms = exponents.map(() => rng.bits(20));
    const bases = logarithms.map((logarithm) => group.powerVartime(f, logarithm));
    const terms = bases.map((base, i) => ({ base, exponent: exponents[i] as bigint }));
    const sum = exponents.reduce((total, e, i) => total + e * (logarithms[i] as bigint), 0n);
    const expected = group.powerVartime(f, sum);
    expect(group.equals(group.multiPowerVartime(terms), expected)).toBe(true);
    expect(group.equals(group.multiPower(terms, 16), expected)).toBe(true);
    // Tables of the longest windows: 250 bases do not fit at once.
    const long = terms
      .slice(0, 250)
      .map(({ base, exponent }) => ({ base, exponent: exponent + vector.q * (1n << 40n) }));
    const expectedLong = group.powerVartime(
      f,
      exponents.slice(0, 250).reduce((total, e, i) => total + e * (logarithms[i] as bigint), 0n),
    );
    expect(group.equals(group.multiPower(long, 300), expectedLong)).toBe(true);
  });

  it('a table never exceeds its bound or half the memory, and stays within a fixed base target', () => {
    const group = wasmKernel.createGroup({ discriminant: toy.discriminant, conductor: toy.q });
    const h = group.decode(formBytes(toy.h[0], toy.h[1], toy.discriminant));
    for (const maxBytes of [24, 100, 1000, 100_000, 2 ** 40]) {
      const table = group.buildTable(h, 2000, maxBytes);
      expect(table.bytes).toBeLessThanOrEqual(Math.min(maxBytes, wasmKernelLimits.memoryBytes / 2));
      expect(group.equals(group.tablePower(table, 2n ** 1999n + 5n), group.powerVartime(h, 2n ** 1999n + 5n))).toBe(
        true,
      );
    }
  });
});

describe('typed errors, never wrong values', () => {
  it('bytes of another discriminant and forms that are not reduced', () => {
    const rng = new Rng(24);
    for (const bits of [30, 64, 200, 1000, 2339]) {
      const discriminant = rng.discriminant(bits);
      const group = wasmKernel.createGroup({ discriminant });
      const other = rng.discriminant(bits);
      for (const { a, b, c } of corpus(discriminant, rng, 10)) {
        const bytes = formBytes(a, b, discriminant);
        expect(hex(group.encode(group.decode(bytes)))).toBe(hex(bytes));
        for (const [wrongA, wrongB, message] of [
          [a, b + 2n * a, /P[123]/],
          [a, b - 2n * a, /P[123]/],
          [c, -b, /P[345]|P2/],
          [a + b + c, b + 2n * c, /P[2345]/],
        ] as const) {
          if (wrongA >> BigInt(8 * (group.elementBytes / 2)) !== 0n || (wrongA === a && wrongB === b)) continue;
          if (wrongA === c && c === a) continue;
          expect(() => group.decode(formBytes(wrongA, wrongB, discriminant))).toThrow(ElementDecodeError);
          expect(() => group.decode(formBytes(wrongA, wrongB, discriminant))).toThrow(message);
        }
      }
      const foreign = corpus(other, rng, 10).filter(({ a, b }) => (b * b - discriminant) % (4n * a) !== 0n);
      expect(foreign.length).toBeGreaterThan(0);
      for (const { a, b } of foreign) {
        expect(() => group.decode(formBytes(a, b, other))).toThrow(/CG:P4/);
      }
    }
  });

  it('the module itself stops on records of another discriminant', () => {
    const rng = new Rng(25);
    const [discriminant, other] = [rng.discriminant(500), rng.discriminant(500)];
    const engine = new Engine(() => new webAssembly.Module(wasmModuleBytes()));
    const records = [constantsOf(other), constantsOf(discriminant)].map((constants, i) =>
      engine.run(constants, (arena) => {
        const bytes = corpus(i === 0 ? other : discriminant, rng, 12).map(({ a, b }) => formBytes(a, b, other));
        return bytes.slice(-3).map((form) => {
          const out = arena.reserve(arena.exports.getRecordBytes());
          expect(arena.exports.decode(arena.put(form), form.length / 2, 0, out)).toBe(0);
          return arena.take(out, arena.exports.getRecordBytes());
        });
      }),
    );
    const [foreign, own] = records as [Uint8Array[], Uint8Array[]];
    const constants = constantsOf(discriminant);
    for (const x of foreign) {
      for (const y of own) {
        for (const [p, q] of [
          [x, y],
          [y, x],
          [x, x],
        ] as const) {
          expect(() =>
            engine.run(constants, (arena) => {
              arena.exports.compose(arena.put(p), arena.put(q), arena.reserve(p.length));
            }),
          ).toThrow(KernelFaultError);
        }
      }
    }
    // The engine works on with a fresh instance.
    engine.run(constants, (arena) => {
      const [x] = own;
      if (x === undefined) throw new Error('no record');
      arena.exports.square(arena.put(x), arena.reserve(x.length));
    });
  });

  it('requests over the capacity are refused by the module as well', () => {
    const exports = rawInstance();
    const start = exports.arenaStart();
    expect(exports.setGroup(start, wasmKernelLimits.discriminantBits + 1, start, 1, start, 0)).toBe(0);
    expect(exports.setGroup(start, 100, start, 65, start, 0)).toBe(0);
  });

  it('wipes exponents after the call', () => {
    const engine = new Engine(() => new webAssembly.Module(wasmModuleBytes()));
    const constants = constantsOf(-23n);
    const secret = new Rng(26).bits(256);
    const at = engine.run(constants, (arena) => {
      const address = arena.putSecret(secret, 8);
      expect(arena.take(address, 32).some((byte) => byte !== 0)).toBe(true);
      return address;
    });
    engine.run(constants, (arena) => expect(arena.take(at, 32).every((byte) => byte === 0)).toBe(true));
  });
});

describe('plans depend on lengths only', () => {
  it('windows and digits', () => {
    expect([1, 20, 128, 256, 1000, 2000].map(nafWindow)).toEqual([2, 2, 5, 5, 7, 7]);
    expect(regularWindow(1000)).toBe(6);
    for (let bits = 0; bits < 300; bits++) {
      const w = regularWindow(bits);
      // E of at most 2^bits + 1 must be representable.
      expect(2n ** BigInt(w * regularDigits(bits, w)) - 1n).toBeGreaterThanOrEqual(
        bits === 0 ? 1n : 2n ** BigInt(bits) + 1n,
      );
    }
  });

  it('combs hold all digits and stay within their bound', () => {
    for (const bits of [0, 1, 2, 7, 64, 500, 1000, 1500]) {
      for (const max of [3, 4, 5, 10, 100, 1000]) {
        const shape = chooseCombShape(bits, 296 * max, 296);
        if (shape === undefined) throw new Error(`no comb for ${bits} bits in ${max} entries`);
        expect(shape.teeth * shape.blocks * shape.spacing).toBeGreaterThanOrEqual(bits + 1);
        expect(shape.entries).toBeLessThanOrEqual(max);
      }
    }
    expect(chooseCombShape(10, 2 * 296, 296)).toBeUndefined();
  });
});
