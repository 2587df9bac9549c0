/**
 * EVM transactions of type 2 (EIP-1559).
 *
 * The message to sign is `0x02 || rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data,
 * accessList])` under keccak256. It is also the canonical unsigned encoding, so what is parsed is exactly what is signed.
 *
 * @module
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { parseTransaction, serializeTransaction } from 'viem/utils';
import { equalBytes, formatUnits } from '../bytes.ts';
import { assertSignature, decodePublicKey, type EcdsaSignature, hashMessage } from '../ecdsa.ts';
import { ChainError, InvalidIntentError, InvalidSignatureError, TransactionDecodeError } from '../errors.ts';
import type { NativeChain, SigningPayload } from '../native-chain.ts';
import { decodeEvmAddress, encodeEvmAddress, evmAddress, type Hex } from './address.ts';

/** Nodes do not relay larger transactions (geth's `txMaxSize`), so larger bytes are not worth parsing. */
export const MAX_EVM_TRANSACTION_BYTES = 128 * 1024;

const MAX_UINT64 = (1n << 64n) - 1n;
const MAX_UINT256 = (1n << 256n) - 1n;

/** One entry of an EIP-2930 access list. */
export interface AccessListEntry {
  readonly address: Hex;
  /** 32 bytes each, lower-case hex. */
  readonly storageKeys: readonly Hex[];
}

/** What an EIP-1559 transaction does. The chain id belongs to the chain object, not to the intent. */
export interface Eip1559Intent {
  readonly nonce: number;
  /** EIP-55 address, or null to create a contract. */
  readonly to: Hex | null;
  readonly valueWei: bigint;
  readonly gasLimit: bigint;
  /** Total price per gas that the sender pays at most. */
  readonly maxFeePerGasWei: bigint;
  /** Part of it that may go to the block builder. */
  readonly maxPriorityFeePerGasWei: bigint;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
}

/** A checked and normalised intent. */
export interface UnsignedEip1559 {
  readonly intent: Eip1559Intent;
}

/** A transaction that nodes accept if its sender can pay. */
export interface SignedEip1559 {
  readonly intent: Eip1559Intent;
  readonly signature: EcdsaSignature;
}

/** Which network, and how a person calls it. */
export interface Eip1559ChainOptions {
  readonly chainId: number;
  /** For `describe`; `EVM chain <id>` if absent. */
  readonly name?: string;
  /** For `describe`; `ETH` if absent. The native coin has 18 decimals on every EVM chain. */
  readonly symbol?: string;
}

export type Eip1559Chain = NativeChain<Eip1559Intent, UnsignedEip1559, SignedEip1559> & { readonly chainId: number };

/** Intent of a plain payment: 21000 gas, no data. */
export function evmTransfer(args: {
  readonly nonce: number;
  readonly to: Hex;
  readonly valueWei: bigint;
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}): Eip1559Intent {
  return { ...args, gasLimit: 21_000n, data: new Uint8Array(0), accessList: [] };
}

/** The EIP-1559 transactions of one EVM network. @throws {@link InvalidIntentError} If the chain id is not a positive safe integer. */
export function eip1559Chain(options: Eip1559ChainOptions): Eip1559Chain {
  const { chainId } = options;
  if (!Number.isSafeInteger(chainId) || chainId < 1)
    throw new InvalidIntentError('chainId', 'must be a positive integer');
  const name = options.name ?? `EVM chain ${chainId}`;
  const symbol = options.symbol ?? 'ETH';

  const payload = (unsigned: UnsignedEip1559): SigningPayload => {
    const message = encodeTransaction(chainId, unsigned.intent);
    return { message, hashScheme: 'keccak256', digest: hashMessage('keccak256', message) };
  };
  const encode = (signed: SignedEip1559): Uint8Array => encodeTransaction(chainId, signed.intent, signed.signature);

  return {
    id: `eip155:${chainId}`,
    chainId,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: evmAddress,
    build: (intent) => ({ intent: normalise(intent) }),
    encodeUnsigned: (unsigned) => encodeTransaction(chainId, unsigned.intent),
    parse(bytes) {
      const { intent, signature } = decodeTransaction(chainId, bytes);
      if (signature !== undefined) throw new TransactionDecodeError('transaction', 'is already signed');
      return intent;
    },
    payloads: (unsigned) => [payload(unsigned)],
    attach(unsigned, publicKey, signatures) {
      decodePublicKey(publicKey);
      const [signature] = signatures;
      if (signature === undefined || signatures.length !== 1) {
        throw new InvalidSignatureError('signatures', 'count', `needs exactly 1, not ${signatures.length}`);
      }
      assertSignature('signatures[0]', signature, payload(unsigned).digest, publicKey);
      if (signature.recoveryId > 1) {
        throw new InvalidSignatureError('signatures[0]', 'recovery-id', 'EVM transactions carry only the parity of R');
      }
      return { intent: unsigned.intent, signature };
    },
    verify(signed, publicKey) {
      try {
        const { intent, signature } = decodeTransaction(chainId, encode(signed));
        if (signature === undefined) return false;
        assertSignature('signature', signature, payload({ intent }).digest, publicKey);
        return true;
      } catch {
        return false;
      }
    },
    encode,
    txid: (signed) => `0x${bytesToHex(hashMessage('keccak256', encode(signed)))}`,
    describe: (intent) => describe(normalise(intent), { chainId, name, symbol }),
  };
}

/**
 * Reads a signed type-2 transaction, strictly.
 *
 * @throws {@link TransactionDecodeError} If it is unsigned, of another chain or not canonical. The signature is not verified.
 */
export function parseSignedEip1559(chainId: number, bytes: Uint8Array): SignedEip1559 {
  const { intent, signature } = decodeTransaction(chainId, bytes);
  if (signature === undefined) throw new TransactionDecodeError('transaction', 'is not signed');
  return { intent, signature };
}

function encodeTransaction(chainId: number, intent: Eip1559Intent, signature?: EcdsaSignature): Uint8Array {
  const text = serializeTransaction(
    {
      type: 'eip1559',
      chainId,
      nonce: intent.nonce,
      ...(intent.to === null ? {} : { to: intent.to }),
      value: intent.valueWei,
      gas: intent.gasLimit,
      maxFeePerGas: intent.maxFeePerGasWei,
      maxPriorityFeePerGas: intent.maxPriorityFeePerGasWei,
      data: hex(intent.data),
      accessList: intent.accessList,
    },
    signature === undefined
      ? undefined
      : { r: hex(signature.r), s: hex(signature.s), yParity: signature.recoveryId & 1 },
  );
  return hexToBytes(text.slice(2));
}

function decodeTransaction(
  chainId: number,
  bytes: Uint8Array,
): { readonly intent: Eip1559Intent; readonly signature: EcdsaSignature | undefined } {
  if (bytes.length > MAX_EVM_TRANSACTION_BYTES) {
    throw new TransactionDecodeError('transaction', `is longer than ${MAX_EVM_TRANSACTION_BYTES} bytes`);
  }
  if (bytes[0] !== 2) throw new TransactionDecodeError('transaction', 'is not of type 2 (EIP-1559)');

  let intent: Eip1559Intent;
  let signature: EcdsaSignature | undefined;
  let foundChainId: number | undefined;
  let again: Uint8Array;
  try {
    const tx = parseTransaction(`0x02${bytesToHex(bytes.subarray(1))}`);
    foundChainId = tx.chainId;
    intent = normalise({
      nonce: tx.nonce ?? 0,
      to: tx.to ?? null,
      valueWei: tx.value ?? 0n,
      gasLimit: tx.gas ?? 0n,
      maxFeePerGasWei: tx.maxFeePerGas ?? 0n,
      maxPriorityFeePerGasWei: tx.maxPriorityFeePerGas ?? 0n,
      data: hexToBytes((tx.data ?? '0x').slice(2)),
      accessList: tx.accessList ?? [],
    });
    if (tx.r !== undefined && tx.s !== undefined) {
      signature = { r: word(tx.r), s: word(tx.s), recoveryId: tx.yParity ?? 0 };
    }
    again = encodeTransaction(foundChainId, intent, signature);
  } catch (cause) {
    const why = cause instanceof ChainError ? `: ${cause.message}` : '';
    throw new TransactionDecodeError('transaction', `is not a well-formed EIP-1559 transaction${why}`, { cause });
  }
  // The parser is lenient (leading zeros, short words, extra fields); one encoding per transaction is the rule here.
  if (!equalBytes(again, bytes)) throw new TransactionDecodeError('transaction', 'is not canonically encoded');
  if (foundChainId !== chainId) {
    throw new TransactionDecodeError('chainId', `is ${foundChainId}, not ${chainId}`);
  }
  return { intent, signature };
}

function normalise(intent: Eip1559Intent): Eip1559Intent {
  if (!Number.isSafeInteger(intent.nonce) || intent.nonce < 0) {
    throw new InvalidIntentError('nonce', 'must be a non-negative integer below 2^53');
  }
  checkUint('valueWei', intent.valueWei, MAX_UINT256);
  checkUint('gasLimit', intent.gasLimit, MAX_UINT64);
  checkUint('maxFeePerGasWei', intent.maxFeePerGasWei, MAX_UINT256);
  checkUint('maxPriorityFeePerGasWei', intent.maxPriorityFeePerGasWei, MAX_UINT256);
  if (intent.maxPriorityFeePerGasWei > intent.maxFeePerGasWei) {
    throw new InvalidIntentError('maxPriorityFeePerGasWei', 'must not exceed maxFeePerGasWei');
  }
  if (intent.to === null && intent.data.length === 0) {
    throw new InvalidIntentError('to', 'is missing: only a transaction that creates a contract has none');
  }
  return {
    nonce: intent.nonce,
    to: intent.to === null ? null : encodeEvmAddress(decodeEvmAddress(intent.to, 'to')),
    valueWei: intent.valueWei,
    gasLimit: intent.gasLimit,
    maxFeePerGasWei: intent.maxFeePerGasWei,
    maxPriorityFeePerGasWei: intent.maxPriorityFeePerGasWei,
    data: Uint8Array.from(intent.data),
    accessList: intent.accessList.map((entry, i) => ({
      address: encodeEvmAddress(decodeEvmAddress(entry.address, `accessList[${i}].address`)),
      storageKeys: entry.storageKeys.map((key, j): Hex => {
        if (!/^0x[0-9a-fA-F]{64}$/.test(key)) {
          throw new InvalidIntentError(`accessList[${i}].storageKeys[${j}]`, 'must be 0x and 64 hex digits');
        }
        return `0x${key.slice(2).toLowerCase()}`;
      }),
    })),
  };
}

function checkUint(field: string, value: bigint, max: bigint): void {
  if (typeof value !== 'bigint' || value < 0n || value > max) {
    throw new InvalidIntentError(field, `must be an integer from 0 to 2^${max.toString(2).length} - 1`);
  }
}

function describe(
  intent: Eip1559Intent,
  chain: { readonly chainId: number; readonly name: string; readonly symbol: string },
): readonly string[] {
  const amount = (wei: bigint): string => `${formatUnits(wei, 18)} ${chain.symbol}`;
  const where = `on ${chain.name} (eip155:${chain.chainId})`;
  const lines: string[] = [];
  if (intent.to === null) {
    lines.push(
      `Create a contract ${where} from ${intent.data.length} bytes of code, giving it ${amount(intent.valueWei)}.`,
    );
  } else if (intent.data.length === 0) {
    lines.push(`Send ${amount(intent.valueWei)} to ${intent.to} ${where}.`);
  } else {
    const selector = intent.data.length >= 4 ? `, function ${hex(intent.data.slice(0, 4))}` : '';
    lines.push(
      `Call the contract ${intent.to} ${where} with ${intent.data.length} bytes of data${selector}, ` +
        `and send it ${amount(intent.valueWei)}. The call can do whatever that contract allows.`,
    );
  }
  lines.push(
    `Fee: at most ${amount(intent.gasLimit * intent.maxFeePerGasWei)} ` +
      `(${intent.gasLimit} gas at up to ${formatUnits(intent.maxFeePerGasWei, 9)} gwei, ` +
      `of which up to ${formatUnits(intent.maxPriorityFeePerGasWei, 9)} gwei is the tip).`,
  );
  lines.push(`Nonce: ${intent.nonce}.`);
  if (intent.accessList.length > 0) lines.push(`Names ${intent.accessList.length} contracts in its access list.`);
  return lines;
}

const hex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;

/** Left-pads the minimal hex of an RLP integer to 32 bytes. */
function word(text: string): Uint8Array {
  const digits = text.slice(2);
  if (digits.length > 64) throw new TransactionDecodeError('signature', 'is longer than 32 bytes');
  return hexToBytes(digits.padStart(64, '0'));
}
