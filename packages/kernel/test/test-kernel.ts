/**
 * The kernel that all tests above this package run on: WebAssembly as in the product, or with `DWALLET_KERNEL=reference` the BigInt one.
 */
import { type Kernel, referenceKernel } from '../src/index.ts';
import { wasmKernel } from '../src/wasm/index.ts';

export const testKernel: Kernel = process.env['DWALLET_KERNEL'] === 'reference' ? referenceKernel : wasmKernel;
