/**
 * 2PC-MPC: both halves. Services import `./network`, wallets `./client`.
 *
 * @module
 */
export * from './client.ts';
export * from './network.ts';
