/**
 * CAIP-2 chains, CAIP-10 account addresses and CAIP-19 assets in one spelling each: two spellings of one token would be two assets with one vault.
 *
 * @module
 */
import {
  BITCOIN_NETWORKS,
  ChainError,
  addressToScript,
  decodeEvmAddress,
  encodeEvmAddress,
  scriptToAddress,
} from '@dwallet/chains';
import { text } from './codec.ts';

const chainPattern = /^([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32})$/;
const addressPattern = /^[-.%a-zA-Z0-9]{1,128}$/;
const assetPattern = /^([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32})\/([-a-z0-9]{3,8}):([-.%a-zA-Z0-9]{1,128})$/;

function chainProblem(chain: string): string | undefined {
  const [, namespace, reference = ''] = chainPattern.exec(chain) ?? [];
  if (namespace === undefined) return 'is not a CAIP-2 chain id';
  if (namespace === 'eip155' && !/^[1-9][0-9]{0,15}$/.test(reference))
    return 'is not an EVM chain id without leading zeros';
  if (namespace === 'bip122' && !/^[0-9a-f]{32}$/.test(reference))
    return 'is not 32 lower-case hex digits of a genesis hash';
  return undefined;
}

/** The one spelling of an address on `chain`. @throws ChainError if it is none. */
function canonicalAddress(chain: string, address: string): string {
  if (chain.startsWith('eip155:')) {
    const bytes = decodeEvmAddress(address);
    // Mixed case was checked against the checksum: it is the one spelling.
    return address === address.toLowerCase() ? encodeEvmAddress(bytes) : address;
  }
  const network = Object.values(BITCOIN_NETWORKS).find(({ id }) => id === chain);
  return network === undefined ? address : scriptToAddress(addressToScript(address, network.name), network.name);
}

/** What is wrong with `address` on `chain`, or undefined. */
export function addressProblem(chain: string, address: string): string | undefined {
  if (!addressPattern.test(address)) return 'is not a CAIP-10 account address';
  try {
    const canonical = canonicalAddress(chain, address);
    return canonical === address ? undefined : `must be spelled ${canonical}`;
  } catch (cause) {
    if (cause instanceof ChainError) return `is not an address of ${chain}`;
    throw cause;
  }
}

/** CAIP-19 id of the coin in which `chain` takes its fees, or undefined where this package does not know it. */
export function nativeAsset(chain: string): string | undefined {
  // On EVM chains the number says "the coin of this chain", whatever its name: one spelling, so no alias.
  if (chain.startsWith('eip155:')) return `${chain}/slip44:60`;
  if (chain === BITCOIN_NETWORKS.mainnet.id) return `${chain}/slip44:0`;
  return chain.startsWith('bip122:') ? `${chain}/slip44:1` : undefined;
}

/** The chain of a CAIP-19 asset. */
export const assetChain = (asset: string): string => asset.slice(0, asset.indexOf('/'));

/** What is wrong with a CAIP-19 id, or undefined. */
export function assetProblem(asset: string): string | undefined {
  const [, chain, namespace, reference] = assetPattern.exec(asset) ?? [];
  if (chain === undefined || namespace === undefined || reference === undefined) return 'is not a CAIP-19 asset id';
  const wrongChain = chainProblem(chain);
  if (wrongChain !== undefined) return wrongChain;
  const native = nativeAsset(chain);
  if (namespace === 'slip44' && native !== undefined && native !== asset) return `must be spelled ${native}`;
  if (namespace !== 'erc20') return undefined;
  return chain.startsWith('eip155:') ? addressProblem(chain, reference) : 'is not on an EVM chain';
}

export const chainField = text(41, chainProblem);
export const assetField = text(180, assetProblem);
/** An address; whether it belongs to its chain is checked where both are known. */
export const addressField = text(128, (value) =>
  addressPattern.test(value) ? undefined : 'is not a CAIP-10 account address',
);
