/**
 * The WebAssembly kernel: the whole of class-groups.md section 1 inside one module of a few kilobytes, with the interface of the
 * reference kernel. Works in Node, workers and browsers; the module's bytes are part of the JavaScript, so there is nothing to
 * fetch and no path to resolve. Pages with a content security policy need `'wasm-unsafe-eval'`, not `'unsafe-eval'`.
 *
 * Memory: one instance with a fixed memory of 4 MiB per kernel and thread, elements and tables live in JavaScript.
 *
 * @module
 */

import type { Kernel } from '../types.ts';
import { Engine } from './engine.ts';
import { moduleBase64 } from './module-bytes.ts';
import { MAX_DISCRIMINANT_BITS, MAX_EXPONENT_BITS, WasmGroup } from './wasm-group.ts';
import { type CompiledModule, webAssembly } from './webassembly.ts';

export { KernelFaultError } from './errors.ts';

/** What the kernel can take. Beyond it operations throw a `KernelArgumentError`. */
export const wasmKernelLimits = {
  discriminantBits: MAX_DISCRIMINANT_BITS,
  exponentBits: MAX_EXPONENT_BITS,
  /** Linear memory of an instance. It is allocated once and never grows. */
  memoryBytes: 64 * 65_536,
} as const;

function kernelOf(compile: () => CompiledModule): Kernel {
  const engine = new Engine(compile);
  return { name: 'wasm', createGroup: (parameters) => new WasmGroup(engine, parameters) };
}

/** The bytes of the module. */
export function wasmModuleBytes(): Uint8Array {
  return Uint8Array.from(atob(moduleBase64), (character) => character.charCodeAt(0));
}

/**
 * The kernel, compiled at the first use. The main thread of some browsers refuses to compile synchronously: use
 * {@link loadWasmKernel} there.
 */
export const wasmKernel: Kernel = kernelOf(() => new webAssembly.Module(wasmModuleBytes()));

/** As {@link wasmKernel}, compiled asynchronously before the promise resolves. */
export async function loadWasmKernel(): Promise<Kernel> {
  const module = await webAssembly.compile(wasmModuleBytes());
  return kernelOf(() => module);
}
