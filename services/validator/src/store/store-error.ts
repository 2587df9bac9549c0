/**
 * What can be wrong with a validator's store. Messages that reach a caller of a running validator name no path and no content.
 *
 * @module
 */
import { DWalletError } from '@dwallet/sigma';

export type StoreErrorCode =
  /** Another process, or another object of this one, has the store open. */
  | 'STORE_LOCKED'
  /** It belongs to another validator or network. */
  | 'STORE_OWNER'
  /** A newer program wrote it, or one before the first release. */
  | 'STORE_VERSION'
  /** What is on disk is not what this store wrote. */
  | 'STORE_DAMAGED'
  /** Nothing was written; the store goes on when there is room again. */
  | 'STORE_DISK_FULL'
  /** A write failed and what is on disk is unknown: nothing is answered until the store is opened again. */
  | 'STORE_IO'
  | 'STORE_CLOSED'
  /** A backup cannot be made or is not one that can be restored. */
  | 'STORE_BACKUP';

export class StoreError extends DWalletError {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
