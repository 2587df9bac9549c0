export { DWallet, DWalletClient, type ConnectOptions, type SignResult } from './client.ts';
export { FileWalletStore, type StoredWallet, type WalletData, type WalletStore } from './wallet-store.ts';
export { FileMessageStore } from './store/file-message-store.ts';
