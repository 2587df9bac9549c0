export { Validator, type ValidatorOptions, type ValidatorStatus } from './validator.ts';
export { Keystore } from './keystore.ts';
export { RefusedError } from './core.ts';
export { FileRecordStore, MemoryRecordStore, type RecordStore } from './store/record-store.ts';
export { FileSingleUseStore } from './store/file-single-use-store.ts';
export { bindingFact } from './sessions/sign.ts';
export { type NetworkKeyRecord, decodeNetworkKey } from './network-state.ts';
export { decodeRecords } from './core.ts';
