/**
 * Chains by the names that people type, and the addresses of a key on them.
 *
 * @module
 */
import { BITCOIN_NETWORKS, type BitcoinNetworkName } from '@dwallet/chains';
import { chainFor, chainModules } from '@dwallet/chains/registry';
import { chainNames } from './chain-names.ts';
import { UsageError } from './errors.ts';

/** Short names; every CAIP-2 id works too. */
export const chainIds: Readonly<Record<string, string>> = {
  bitcoin: BITCOIN_NETWORKS.mainnet.id,
  ethereum: 'eip155:1',
  evm: 'eip155:1',
  cosmos: 'cosmos:cosmoshub-4',
  osmosis: 'cosmos:osmosis-1',
  celestia: 'cosmos:celestia',
  noble: 'cosmos:noble-1',
  juno: 'cosmos:juno-1',
  tron: 'tron:0x2b6653dc',
  xrpl: 'xrpl:0',
  ...Object.fromEntries(
    (Object.keys(BITCOIN_NETWORKS) as BitcoinNetworkName[])
      .filter((name) => name !== 'mainnet')
      .map((name) => [`bitcoin-${name}`, BITCOIN_NETWORKS[name].id]),
  ),
};

/** CAIP-2 id of what somebody typed. @throws UsageError */
export function chainIdOf(text: string): string {
  const id = chainIds[text] ?? text;
  try {
    return chainFor(id).id;
  } catch {
    throw new UsageError(`--chain: ${text} is not one of ${chainNames.join(', ')}, or a CAIP-2 id such as eip155:8453`);
  }
}

/** @returns undefined for another family. */
export const bitcoinNetworkOf = (chainId: string): BitcoinNetworkName | undefined =>
  (Object.keys(BITCOIN_NETWORKS) as BitcoinNetworkName[]).find((name) => BITCOIN_NETWORKS[name].id === chainId);

/** @returns undefined for another family. */
export const evmChainIdOf = (chainId: string): number | undefined =>
  chainId.startsWith('eip155:') ? Number(chainId.slice('eip155:'.length)) : undefined;

export interface Address {
  readonly chain: string;
  readonly chainId: string;
  /** Formats of transactions or messages that use this address. */
  readonly formats: readonly string[];
  readonly address: string;
}

/** Addresses of a key on one chain; several where the formats of a chain use several. @param publicKey - 33 bytes. */
export function addressesOn(chainId: string, publicKey: Uint8Array): Address[] {
  const chain = chainFor(chainId);
  const found = new Map<string, string[]>();
  for (const format of chain.formats) {
    const address = format.address(publicKey);
    found.set(address, [...(found.get(address) ?? []), format.format]);
  }
  return [...found].map(([address, formats]) => ({ chain: chain.name, chainId: chain.id, formats, address }));
}

/** Addresses on all chains that have a name, each once: every EVM chain has the same ones. */
export function allAddresses(publicKey: Uint8Array): Address[] {
  const seen = new Set<string>();
  return chainModules
    .flatMap(({ id }) => addressesOn(id, publicKey))
    .filter(({ chainId, address }) => {
      const family = `${chainId.split(':', 1)[0]} ${address}`;
      return seen.has(family) ? false : seen.add(family);
    });
}

/** Names of the formats of a chain. */
export const formatsOf = (chainId: string): readonly string[] => chainFor(chainId).formats.map(({ format }) => format);
