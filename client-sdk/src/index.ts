/**
 * The wallet in browsers and everywhere else: nothing here, nor behind it, needs Node. What only Node has is in `@dwallet/client-sdk/node`.
 *
 * @module
 */
export {
  type CallOptions,
  type ClientPeer,
  type ConnectOptions,
  type CreateDWalletRequest,
  DWallet,
  DWalletClient,
  RawDigestsNotAllowedError,
  type RecoveryResult,
  type SignCallOptions,
  type SignResult,
} from './client.ts';
export {
  type Keystore,
  KeystoreError,
  type KeystoreErrorCode,
  type KeystoreSnapshot,
  MemoryKeystore,
  newWallet,
  openKeystore,
  tableSealKeyOf,
} from './keystore.ts';
export { CancelledError, type ProgressEvent, type ProgressListener, type Step } from './progress.ts';
export { recoveryWords, restoreKeystore } from './recovery-seed.ts';
export { type ListRequest, type ListedDWallet } from './recovery.ts';
export {
  type Approval,
  type Chain,
  type OpenedTask,
  SendError,
  type SendErrorCode,
  type SendOptions,
  type SentTransaction,
  type SignedTransaction,
  type SigningTask,
  type TransactionIntent,
} from './send.ts';
export {
  openWallet,
  parseWalletData,
  type StoredReservation,
  type StoredWallet,
  type WalletData,
  type WalletStore,
  walletTableSealKey,
} from './wallet-store.ts';
export {
  type IdbFactoryLike,
  IndexedDbKeystore,
  type IndexedDbKeystoreOptions,
} from './store/indexed-db-keystore.ts';
export { requestTask } from './chain-task.ts';
export { WebWorkerPool, type WebWorkerLike, type WebWorkerPoolOptions } from './compute/web-worker-pool.ts';
export { ConnectPeer, type ConnectPeerOptions, connectPeer } from './transport/connect-peer.ts';
export {
  type OperationEvent,
  type PeerCallOptions,
  PeerCallError,
  type SigningPeerOptions,
  operationOf,
  requestIdOf,
} from './transport/signing-peer.ts';
