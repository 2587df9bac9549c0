/**
 * Which kernels there are to measure.
 *
 * @module
 */
import { type Kernel, referenceKernel } from '@dwallet/kernel';

export const kernelNames = ['reference', 'wasm'] as const;
export type KernelName = (typeof kernelNames)[number];

/** What is measured unless `--kernel` or DWALLET_KERNEL says otherwise. */
export const defaultKernel: KernelName = 'reference';

/** @returns undefined if this build of `@dwallet/kernel` has no such kernel. */
export async function loadKernel(name: KernelName): Promise<Kernel | undefined> {
  if (name === 'reference') return referenceKernel;
  // Not a literal: the package may not export it yet, and then the build must not fail.
  const specifier: string = '@dwallet/kernel/wasm';
  try {
    const { wasmKernel } = (await import(specifier)) as { readonly wasmKernel?: Kernel };
    return wasmKernel;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' || code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
