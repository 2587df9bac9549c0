/**
 * Which kernels there are to measure.
 *
 * @module
 */
import { type Kernel, referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';

export const kernels = { reference: referenceKernel, wasm: wasmKernel } as const satisfies Record<string, Kernel>;
export type KernelName = keyof typeof kernels;
export const kernelNames: readonly KernelName[] = ['reference', 'wasm'];

/** What is measured unless `--kernel` or DWALLET_KERNEL says otherwise: what `npm start` runs on. */
export const defaultKernel: KernelName = 'wasm';
