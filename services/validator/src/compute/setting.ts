/**
 * What the workers of a validator are told when they start: the class group, and where tables of network-wide bases are kept between runs.
 *
 * @module
 */
import { referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { Secret } from '@dwallet/sigma';
import { type ComputeSetting, type JobContext, contextOf } from '@dwallet/two-pc-mpc/network';
import { FileTableCache } from '../store/file-table-cache.ts';

export interface ValidatorComputeSetting extends ComputeSetting {
  /** Without it every worker builds the tables. */
  readonly tableCache?: { readonly folder: string; readonly sealKey?: Uint8Array };
  /** See `ParameterOptions.shortTables`. */
  readonly shortTables?: boolean;
}

/** @throws InvalidArgumentsError for a setting that this build does not know. */
export function validatorContextOf(setting: ValidatorComputeSetting): JobContext {
  const { folder, sealKey } = setting.tableCache ?? {};
  return contextOf(setting, [wasmKernel, referenceKernel], {
    shortTables: setting.shortTables ?? false,
    ...(folder === undefined
      ? {}
      : { tableCache: new FileTableCache(folder, sealKey === undefined ? {} : { sealKey: new Secret(sealKey) }) }),
  });
}
