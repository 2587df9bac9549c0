/**
 * What the EVM transaction types share: checks of single fields, access lists, and what a call says.
 *
 * @module
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { bytesToInteger, formatUnits } from '../bytes.ts';
import { InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import { decodeEvmAddress, encodeEvmAddress, type Hex } from './address.ts';

export const MAX_UINT64 = (1n << 64n) - 1n;
export const MAX_UINT256 = (1n << 256n) - 1n;

/** Which network, and how a person calls it. */
export interface EvmChainOptions {
  readonly chainId: number;
  /** For `describe`; `EVM chain <id>` if absent. */
  readonly name?: string;
  /** For `describe`; `ETH` if absent. The native coin has 18 decimals on every EVM chain. */
  readonly symbol?: string;
}

/** {@link EvmChainOptions} with everything filled in. */
export type EvmNames = Required<EvmChainOptions>;

/** @throws {@link InvalidIntentError} If the chain id is not a positive safe integer. */
export function evmNames(options: EvmChainOptions): EvmNames {
  const { chainId } = options;
  if (!Number.isSafeInteger(chainId) || chainId < 1)
    throw new InvalidIntentError('chainId', 'must be a positive integer');
  return { chainId, name: options.name ?? `EVM chain ${chainId}`, symbol: options.symbol ?? 'ETH' };
}

/** One entry of an EIP-2930 access list. */
export interface AccessListEntry {
  readonly address: Hex;
  /** 32 bytes each, lower-case hex. */
  readonly storageKeys: readonly Hex[];
}

/** What every transaction type has. */
export interface EvmCall {
  readonly nonce: number;
  /** EIP-55 address, or null to create a contract. */
  readonly to: Hex | null;
  readonly valueWei: bigint;
  readonly gasLimit: bigint;
  readonly data: Uint8Array;
}

/** Checks and normalises the fields of {@link EvmCall}. @throws {@link InvalidIntentError} Naming the field. */
export function normaliseCall(call: EvmCall): EvmCall {
  checkNonce('nonce', call.nonce);
  checkUint('valueWei', call.valueWei, MAX_UINT256);
  checkUint('gasLimit', call.gasLimit, MAX_UINT64);
  if (call.to === null && call.data.length === 0) {
    throw new InvalidIntentError('to', 'is missing: only a transaction that creates a contract has none');
  }
  return {
    nonce: call.nonce,
    to: call.to === null ? null : encodeEvmAddress(decodeEvmAddress(call.to, 'to')),
    valueWei: call.valueWei,
    gasLimit: call.gasLimit,
    data: Uint8Array.from(call.data),
  };
}

export function normaliseAccessList(accessList: readonly AccessListEntry[]): readonly AccessListEntry[] {
  return accessList.map((entry, i) => ({
    address: encodeEvmAddress(decodeEvmAddress(entry.address, `accessList[${i}].address`)),
    storageKeys: entry.storageKeys.map((key, j): Hex => {
      if (!/^0x[0-9a-fA-F]{64}$/.test(key)) {
        throw new InvalidIntentError(`accessList[${i}].storageKeys[${j}]`, 'must be 0x and 64 hex digits');
      }
      return `0x${key.slice(2).toLowerCase()}`;
    }),
  }));
}

export function checkNonce(field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidIntentError(field, 'must be a non-negative integer below 2^53');
  }
}

export function checkUint(field: string, value: bigint, max: bigint): void {
  if (typeof value !== 'bigint' || value < 0n || value > max) {
    throw new InvalidIntentError(field, `must be an integer from 0 to 2^${max.toString(2).length} - 1`);
  }
}

/** Fees of types 2 and 4 (EIP-1559). */
export interface FeeMarket {
  /** Total price per gas that the sender pays at most. */
  readonly maxFeePerGasWei: bigint;
  /** Part of it that may go to the block builder. */
  readonly maxPriorityFeePerGasWei: bigint;
}

export function normaliseFeeMarket(fees: FeeMarket): FeeMarket {
  checkUint('maxFeePerGasWei', fees.maxFeePerGasWei, MAX_UINT256);
  checkUint('maxPriorityFeePerGasWei', fees.maxPriorityFeePerGasWei, MAX_UINT256);
  if (fees.maxPriorityFeePerGasWei > fees.maxFeePerGasWei) {
    throw new InvalidIntentError('maxPriorityFeePerGasWei', 'must not exceed maxFeePerGasWei');
  }
  return { maxFeePerGasWei: fees.maxFeePerGasWei, maxPriorityFeePerGasWei: fees.maxPriorityFeePerGasWei };
}

/** `1.5 ETH`, exact. */
export const formatCoin = (wei: bigint, chain: EvmNames): string => `${formatUnits(wei, 18)} ${chain.symbol}`;

/** What the call itself does. */
export function describeCall(call: EvmCall, chain: EvmNames): readonly string[] {
  const amount = formatCoin(call.valueWei, chain);
  const where = `on ${chain.name} (eip155:${chain.chainId})`;
  if (call.to === null) {
    return [
      `Create a contract ${where} from ${call.data.length} bytes of code, giving it ${amount}.`,
      `Code: keccak256 ${hex(keccak_256(call.data))}.`,
    ];
  }
  if (call.data.length === 0) return [`Send ${amount} to ${call.to} ${where}.`];
  const selector = call.data.length >= 4 ? `, function ${hex(call.data.slice(0, 4))}` : '';
  const lines = [
    `Call the contract ${call.to} ${where} with ${call.data.length} bytes of data${selector}, ` +
      `and send it ${amount}. The call can do whatever that contract allows.`,
  ];
  const token = describeErc20Call(call.data);
  if (token !== undefined) lines.push(`If ${call.to} is an ERC-20 token, the call means: ${token}`);
  lines.push(`Data: ${call.data.length <= 256 ? hex(call.data) : `keccak256 ${hex(keccak_256(call.data))}`}.`);
  return lines;
}

/** The meaning of an ERC-20 call, if it has exactly that form. Amounts are in the token's smallest unit: its decimals are unknown. */
function describeErc20Call(data: Uint8Array): string | undefined {
  const words: Uint8Array[] = [];
  for (let at = 4; at < data.length; at += 32) words.push(data.slice(at, at + 32));
  if (words.some(({ length }) => length !== 32)) return undefined;
  const address = (i: number): Hex | undefined => {
    const found = words[i];
    return found?.slice(0, 12).every((byte) => byte === 0) === true ? encodeEvmAddress(found.slice(12)) : undefined;
  };
  const amount = (i: number): string => {
    const value = bytesToInteger(words[i] ?? new Uint8Array(0));
    return value === MAX_UINT256 ? 'an UNLIMITED number of units' : `${value} of the token's smallest units`;
  };
  const name = `${bytesToHex(data.slice(0, 4))}/${words.length}`;
  const [a, b] = [address(0), address(1)];
  if (name === 'a9059cbb/2' && a !== undefined) return `transfer ${amount(1)} to ${a}.`;
  if (name === '095ea7b3/2' && a !== undefined) return `allow ${a} to take ${amount(1)} from this account at any time.`;
  if (name === '23b872dd/3' && a !== undefined && b !== undefined)
    return `transfer ${amount(2)} from ${a} to ${b}, using an allowance.`;
  return undefined;
}

export function describeFeeMarket(call: EvmCall & FeeMarket, chain: EvmNames): string {
  return (
    `Fee: at most ${formatCoin(call.gasLimit * call.maxFeePerGasWei, chain)} ` +
    `(${call.gasLimit} gas at up to ${formatUnits(call.maxFeePerGasWei, 9)} gwei, ` +
    `of which up to ${formatUnits(call.maxPriorityFeePerGasWei, 9)} gwei is the tip).`
  );
}

export function describeGasPrice(call: EvmCall & { readonly gasPriceWei: bigint }, chain: EvmNames): string {
  return (
    `Fee: at most ${formatCoin(call.gasLimit * call.gasPriceWei, chain)} ` +
    `(${call.gasLimit} gas at ${formatUnits(call.gasPriceWei, 9)} gwei).`
  );
}

export function describeAccessList(accessList: readonly AccessListEntry[]): readonly string[] {
  return accessList.length > 0 ? [`Names ${accessList.length} contracts in its access list.`] : [];
}

export const hex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;

/** Left-pads the minimal hex of an RLP integer to 32 bytes. */
export function word(text: string, field = 'signature'): Uint8Array {
  const digits = text.slice(2);
  if (digits.length > 64) throw new TransactionDecodeError(field, 'is longer than 32 bytes');
  return hexToBytes(digits.padStart(64, '0'));
}
