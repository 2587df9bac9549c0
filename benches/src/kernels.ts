/**
 * Which kernels there are to measure.
 *
 * @module
 */
import { type Kernel, referenceKernel } from '@dwallet/kernel';

export const kernelNames = ['reference', 'wasm'] as const;
export type KernelName = (typeof kernelNames)[number];

const isKernelName = (name: string): name is KernelName => kernelNames.some((known) => known === name);

/** DWALLET_KERNEL, else the reference. @throws Error for a name that is no kernel. */
export function defaultKernelName(): KernelName {
  const name = process.env['DWALLET_KERNEL'] ?? 'reference';
  if (!isKernelName(name)) throw new Error(`DWALLET_KERNEL=${name} is not a kernel: ${kernelNames.join(' or ')}`);
  return name;
}

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
