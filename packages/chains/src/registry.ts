/**
 * All chains of this package in one registry (`@dwallet/chains/registry`): what a validator reads sign requests with.
 *
 * It loads every family. Where size matters, build a smaller one with `createRegistry` of `@dwallet/chains`.
 *
 * @module
 */
import { bitcoinFamily } from './bitcoin/index.ts';
import { cosmosFamily } from './cosmos/index.ts';
import { evmFamily } from './evm/index.ts';
import { createRegistry } from './request.ts';
import { tronFamily } from './tron/index.ts';
import { xrplFamily } from './xrpl/index.ts';

export const { attachRequest, chainFor, chainModules, parseRequest } = createRegistry([
  bitcoinFamily,
  evmFamily,
  cosmosFamily,
  tronFamily,
  xrplFamily,
]);
