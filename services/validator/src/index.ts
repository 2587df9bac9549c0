export { Validator, type ValidatorOptions, type ValidatorStatus } from './validator.ts';
export { Keystore, KeystoreError, type KeystoreUnlock, openOrMakeKeyFile } from './keystore.ts';
export { RefusedError } from './core.ts';
export { FileTableCache } from './store/file-table-cache.ts';
export { MemoryRecordStore, type RecordStore, type StoreGeneration } from './store/record-store.ts';
export { LmdbStore, type LmdbStoreOptions, storeVersion } from './store/lmdb-store.ts';
export { restoreBackup } from './store/restore-backup.ts';
export { StoreError, type StoreErrorCode } from './store/store-error.ts';
export { type NetworkKeyRecord, bindingFact, decodeNetworkKey } from './network-state.ts';
export { decodeRecords } from './core.ts';
export { AdminError, adminCall } from './admin.ts';
export { type ValidatorSet, loadValidatorSet } from './validator-set.ts';
export {
  type Evidence,
  type EvidenceKind,
  type EvidenceSummary,
  type EvidenceVerdict,
  type VerifyEvidenceOptions,
  decodeEvidence,
  evidenceDigest,
  exportEvidence,
  listEvidence,
  verifyEvidence,
} from './evidence.ts';
export { ThreadPool, type ThreadPoolOptions } from './compute/thread-pool.ts';
export { RedisPool, type RedisPoolOptions, type RedisPoolStatistics } from './compute/redis-pool.ts';
export { type RunWorkerOptions, type RunningWorker, runWorker } from './compute/redis-worker.ts';
