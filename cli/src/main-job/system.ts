/**
 * What the processes of the main job have in common: the platform's random generator, the profile, the kernel.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { type ParameterOptions, type PublicParameters, createPublicParameters, profileOf } from '@dwallet/class-groups';
import { type Kernel, referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import type { Random } from '@dwallet/sigma';

export const systemRandom: Random = (length) => new Uint8Array(randomBytes(length));

/** WebAssembly, unless `DWALLET_KERNEL=reference` asks for the BigInt one. */
export const kernelOf = (name: string | undefined): Kernel => (name === 'reference' ? referenceKernel : wasmKernel);

/** @param options - with a table cache, tables of long-lived bases are built once per folder. */
export const parametersOf = (bits: '112' | '128', options: ParameterOptions = {}): PublicParameters =>
  createPublicParameters(kernelOf(process.env['DWALLET_KERNEL']), profileOf(bits), options);

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** Name of the local network: part of its identity. */
export const networkName = 'dwallet-local';
