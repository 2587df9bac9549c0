export { Validator, type ValidatorOptions, type ValidatorStatus } from './validator.ts';
export { Keystore } from './keystore.ts';
export { RefusedError } from './core.ts';
export { FileRecordStore, MemoryRecordStore, type RecordStore } from './store/record-store.ts';
