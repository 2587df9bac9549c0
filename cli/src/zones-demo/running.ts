/**
 * What a chain of the demonstration runs, read from its node as those do who approve it for their cluster; validators find it out for themselves.
 *
 * @module
 */
import { type Digest, digest } from '@dwallet/sigma';
import { chainConfiguration } from '@dwallet/zones';
import { type Hex, concat, getAddress, hexToBytes, keccak256 } from 'viem';
import type { EvmChain } from './evm-chain.ts';

const codeOf = async ({ node, gateway }: EvmChain): Promise<Hex> =>
  (await node.request('eth_getCode', [gateway, 'latest'])) as Hex;

const digestOf = ({ id: chain, gateway }: EvmChain, code: Hex): Digest =>
  chainConfiguration.digest({
    chain,
    contracts: [{ address: getAddress(gateway), code: digest(hexToBytes(keccak256(code))), storage: [] }],
  });

/** The configuration that a chain has now. */
export const configurationOf = async (chain: EvmChain): Promise<Digest> => digestOf(chain, await codeOf(chain));

export interface Upgrade {
  /** What the chain runs after it. */
  readonly configuration: Digest;
  /** Changes the gateway's code on the chain, as whoever governs the chain can; it works as before. */
  apply(): Promise<void>;
}

/** The next version of a chain's gateway. */
export async function upgradeOf(chain: EvmChain): Promise<Upgrade> {
  const code = concat([await codeOf(chain), '0xfe']);
  return {
    configuration: digestOf(chain, code),
    apply: async () => void (await chain.node.request('anvil_setCode', [chain.gateway, code])),
  };
}
