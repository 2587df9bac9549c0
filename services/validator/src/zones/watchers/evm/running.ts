/**
 * What an EVM chain runs, as far as a cluster approves it (docs/zones.md, What a chain runs): code and settings of the gateway and of the contracts
 * that the operator names, and of what they delegate to by ERC-1967.
 *
 * @module
 */
import { decodeEvmAddress, encodeEvmAddress } from '@dwallet/chains';
import { type Digest, digest, encodeText } from '@dwallet/sigma';
import type { ChainConfiguration, RunningContract, StorageWord } from '@dwallet/zones';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { fromHex } from './events.ts';

/** A contract that speaks for the chain. */
export interface NamedContract {
  /** With its checksum. */
  readonly address: string;
  /** Security-critical storage: `0x` and 64 lower-case hex digits each. */
  readonly slots: readonly string[];
}

/** State of the chain after one block. */
export interface StateReader {
  /** Runtime code; empty where there is no contract. @param address - lower-case hex with `0x`. */
  code(address: string): Promise<Uint8Array>;
  /** One word of storage: `0x` and 64 lower-case hex digits. */
  word(address: string, slot: string): Promise<string>;
}

const proxySlot = (name: string): string => {
  const value = BigInt(`0x${Buffer.from(keccak_256(encodeText(`eip1967.proxy.${name}`))).toString('hex')}`) - 1n;
  return `0x${value.toString(16).padStart(64, '0')}`;
};
/** Where the proxies of ERC-1967 keep whom they delegate to, and who may change that. */
export const proxySlots = {
  implementation: proxySlot('implementation'),
  beacon: proxySlot('beacon'),
  admin: proxySlot('admin'),
} as const;

const zeroWord = `0x${'0'.repeat(64)}`;
const delegating: ReadonlySet<number> = new Set([/* CALLCODE */ 0xf2, /* DELEGATECALL */ 0xf4]);
const push1 = 0x60;
const push32 = 0x7f;
/** Code without such an instruction runs nothing but itself in its own name. What PUSH puts on the stack is no instruction. */
function mayDelegate(code: Uint8Array): boolean {
  for (let i = 0; i < code.length; i++) {
    const instruction = code[i] as number;
    if (delegating.has(instruction)) return true;
    if (instruction >= push1 && instruction <= push32) i += instruction - push1 + 1;
  }
  return false;
}
const bytes32 = (hex: string): Digest => digest(fromHex(hex));

interface Read {
  readonly contract: RunningContract;
  /** Contracts that it delegates to, lower-case hex with `0x`. */
  readonly delegates: readonly string[];
}

const lower = (address: string): string => address.toLowerCase();
const spelled = (address: string): string => encodeEvmAddress(decodeEvmAddress(address));

async function readContract(
  reader: StateReader,
  address: string,
  slots: readonly string[],
  follow: boolean,
): Promise<Read> {
  const code = await reader.code(address);
  const proxies = follow && mayDelegate(code) ? Object.values(proxySlots) : [];
  const named = [...new Set([...slots, ...proxies])];
  const words = await Promise.all(named.map(async (slot) => ({ slot, value: await reader.word(address, slot) })));
  const storage = words
    // A slot that was named counts whatever is in it; one of a proxy only where there is something.
    .filter(({ slot, value }) => slots.includes(slot) || value !== zeroWord)
    .sort((a, b) => (a.slot < b.slot ? -1 : 1))
    .map(({ slot, value }): StorageWord => ({ slot: bytes32(slot), value: bytes32(value) }));
  const delegates = words
    .filter(({ slot, value }) => proxies.includes(slot) && slot !== proxySlots.admin && value !== zeroWord)
    .map(({ value }) => `0x${value.slice(26)}`);
  return { contract: { address: spelled(address), code: digest(keccak_256(code)), storage }, delegates };
}

/** Everything that counts of one chain after one block. @throws what `reader` throws. */
export async function readConfiguration(
  chain: string,
  named: readonly NamedContract[],
  reader: StateReader,
): Promise<ChainConfiguration> {
  const read = await Promise.all(named.map(({ address, slots }) => readContract(reader, lower(address), slots, true)));
  const known = new Set(named.map(({ address }) => lower(address)));
  const delegates = [...new Set(read.flatMap((item) => item.delegates))].filter((address) => !known.has(address));
  // What a proxy delegates to keeps its settings in the proxy's own storage.
  const followed = await Promise.all(delegates.map((address) => readContract(reader, address, [], false)));
  const contracts = [...read, ...followed]
    .map(({ contract }) => contract)
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  return { chain, contracts };
}
