/**
 * The wallet in browsers: everything of the main entry, and a client that makes its lines and workers by itself.
 *
 * @module
 */
export * from './index.ts';
export { type BrowserConnectOptions, DWalletClient } from './browser-client.ts';
