/**
 * The wallet in Node: everything of the main entry, and what only Node has: gRPC, files, worker threads.
 *
 * @module
 */
export * from './index.ts';
export { DWalletClient, type NodeConnectOptions } from './node-client.ts';
export { EncryptedFileKeystore, type EncryptedFileKeystoreOptions } from './store/encrypted-file-keystore.ts';
export { FileWalletStore } from './store/file-wallet-store.ts';
export { FileMessageStore } from './store/file-message-store.ts';
export { FileTableCache, FileTableCacheError, type FileTableCacheOptions } from './store/file-table-cache.ts';
export { GrpcPeer, type GrpcPeerOptions, grpcPeer } from './transport/grpc-peer.ts';
export {
  ZoneClient,
  type ZoneClientOptions,
  type ZoneMessage,
  type ZoneRpc,
  type ZoneStreamRpc,
} from './transport/zone-client.ts';
export { WalletThreadPool, type WalletPoolOptions } from './compute/thread-pool.ts';
export { type LocalEvm, type LocalNetwork, defaultLocalNetwork, localEvm, localNetwork } from './local-network.ts';
export { type SealedWalletHeader, readSealedWalletHeader } from './store/sealed-wallet.ts';
