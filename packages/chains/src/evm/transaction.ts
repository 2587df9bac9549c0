/**
 * What all EVM transaction types do alike: the unsigned encoding is the message itself, signed with keccak256, and the signed
 * encoding is the same list with the signature at its end.
 *
 * viem reads and writes the bytes. Its parser is lenient (leading zeros, short words, extra fields), so everything read is
 * written again and must be the same.
 *
 * @module
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { parseTransaction } from 'viem/utils';
import { equalBytes } from '../bytes.ts';
import { assertSignature, assertSignatures, decodePublicKey, type EcdsaSignature, hashMessage } from '../ecdsa.ts';
import { decoding, InvalidSignatureError, TransactionDecodeError } from '../errors.ts';
import type { NativeChain, SigningPayload } from '../native-chain.ts';
import { evmAddress, type Hex } from './address.ts';
import {
  type AccessListEntry,
  type EvmCall,
  type EvmChainOptions,
  type EvmNames,
  evmNames,
  hex,
  word,
} from './fields.ts';

/** Nodes do not relay larger transactions (geth's `txMaxSize`), so larger bytes are not worth parsing. */
export const MAX_EVM_TRANSACTION_BYTES = 128 * 1024;

/** A checked and normalised intent. */
export interface UnsignedEvm<Intent> {
  readonly intent: Intent;
}

/** A transaction that nodes accept if its sender can pay. */
export interface SignedEvm<Intent> {
  readonly intent: Intent;
  readonly signature: EcdsaSignature;
}

export type EvmChain<Intent> = NativeChain<Intent, UnsignedEvm<Intent>, SignedEvm<Intent>> & {
  readonly chainId: number;
};

/** r, s and parity of a signature as viem takes them. */
export interface ViemSignature {
  readonly r: Hex;
  readonly s: Hex;
  readonly yParity: number;
}

/** The fields that viem may find, whatever the type. */
export interface ParsedTransaction {
  readonly chainId?: number | undefined;
  readonly nonce?: number | undefined;
  readonly to?: Hex | null | undefined;
  readonly value?: bigint | undefined;
  readonly gas?: bigint | undefined;
  readonly data?: Hex | undefined;
  readonly gasPrice?: bigint | undefined;
  readonly maxFeePerGas?: bigint | undefined;
  readonly maxPriorityFeePerGas?: bigint | undefined;
  readonly accessList?: readonly AccessListEntry[] | undefined;
  readonly r?: Hex | undefined;
  readonly s?: Hex | undefined;
  readonly yParity?: number | undefined;
}

/** One transaction type. */
export interface EvmTransactionKind<Intent> {
  /** `EIP-2930`, for errors. */
  readonly title: string;
  /** Number of the type (EIP-2718), or `legacy`. */
  readonly type: number | 'legacy';
  write(chainId: number, intent: Intent, signature?: ViemSignature): Hex;
  /** The intent as found, not yet normalised. */
  read(tx: ParsedTransaction): Intent;
  normalise(intent: Intent, chainId: number): Intent;
  describe(intent: Intent, chain: EvmNames): readonly string[];
}

/** Reads and writes one transaction type of one network. */
export function evmTransactions<Intent>(kind: EvmTransactionKind<Intent>, options: EvmChainOptions): EvmChain<Intent> {
  const chain = evmNames(options);
  const { chainId } = chain;
  const payload = (intent: Intent): SigningPayload => {
    const message = encodeTransaction(kind, chainId, intent);
    return { message, hashScheme: 'keccak256', digest: hashMessage('keccak256', message) };
  };
  const encode = (signed: SignedEvm<Intent>): Uint8Array =>
    encodeTransaction(kind, chainId, signed.intent, signed.signature);

  return {
    id: `eip155:${chainId}`,
    chainId,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: evmAddress,
    build: (intent) => ({ intent: kind.normalise(intent, chainId) }),
    encodeUnsigned: (unsigned) => encodeTransaction(kind, chainId, unsigned.intent),
    parse(bytes) {
      const { intent, signature } = decodeTransaction(kind, chainId, bytes);
      if (signature !== undefined) throw new TransactionDecodeError('transaction', 'is already signed');
      return intent;
    },
    payloads: (unsigned) => [payload(unsigned.intent)],
    attach(unsigned, publicKey, signatures) {
      decodePublicKey(publicKey);
      assertSignatures([payload(unsigned.intent)], publicKey, signatures);
      return { intent: unsigned.intent, signature: onlyParity(signatures[0] as EcdsaSignature) };
    },
    verify(signed, publicKey) {
      try {
        const { intent, signature } = decodeTransaction(kind, chainId, encode(signed));
        if (signature === undefined) return false;
        assertSignature('signature', signature, payload(intent).digest, publicKey);
        return true;
      } catch {
        return false;
      }
    },
    encode,
    txid: (signed) => `0x${bytesToHex(hashMessage('keccak256', encode(signed)))}`,
    describe: (intent) => kind.describe(kind.normalise(intent, chainId), chain),
  };
}

/**
 * Reads a signed transaction of this type, strictly.
 *
 * @throws {@link TransactionDecodeError} If it is unsigned, of another chain or not canonical. The signature is not verified.
 */
export function parseSigned<Intent>(
  kind: EvmTransactionKind<Intent>,
  chainId: number,
  bytes: Uint8Array,
): SignedEvm<Intent> {
  const { intent, signature } = decodeTransaction(kind, chainId, bytes);
  if (signature === undefined) throw new TransactionDecodeError('transaction', 'is not signed');
  return { intent, signature };
}

/** EVM signatures carry only the parity of R. @throws {@link InvalidSignatureError} For recovery ids 2 and 3. */
export function onlyParity(signature: EcdsaSignature): EcdsaSignature {
  if (signature.recoveryId > 1) {
    throw new InvalidSignatureError('signatures[0]', 'recovery-id', 'EVM signatures carry only the parity of R');
  }
  return signature;
}

function encodeTransaction<Intent>(
  kind: EvmTransactionKind<Intent>,
  chainId: number,
  intent: Intent,
  signature?: EcdsaSignature,
): Uint8Array {
  const viem =
    signature === undefined
      ? undefined
      : { r: hex(signature.r), s: hex(signature.s), yParity: signature.recoveryId & 1 };
  return hexToBytes(kind.write(chainId, intent, viem).slice(2));
}

function decodeTransaction<Intent>(
  kind: EvmTransactionKind<Intent>,
  chainId: number,
  bytes: Uint8Array,
): { readonly intent: Intent; readonly signature: EcdsaSignature | undefined } {
  if (bytes.length > MAX_EVM_TRANSACTION_BYTES) {
    throw new TransactionDecodeError('transaction', `is longer than ${MAX_EVM_TRANSACTION_BYTES} bytes`);
  }
  const lead = bytes[0] ?? 0;
  if (kind.type === 'legacy' ? lead < 0xc0 : lead !== kind.type) {
    throw new TransactionDecodeError('transaction', `is not of type ${kind.type} (${kind.title})`);
  }
  return decoding('transaction', `a well-formed ${kind.title} transaction`, () => {
    const tx = parseTransaction(hex(bytes) as `0x02${string}`) as ParsedTransaction;
    const { chainId: found, r, s, yParity } = tx;
    // Without a chain id the same bytes are valid on every network (before EIP-155).
    if (found === undefined) throw new TransactionDecodeError('chainId', 'is missing');
    const intent = kind.normalise(kind.read(tx), found);
    const signature =
      r === undefined || s === undefined ? undefined : { r: word(r), s: word(s), recoveryId: yParity ?? 0 };
    if (!equalBytes(encodeTransaction(kind, found, intent, signature), bytes)) {
      throw new TransactionDecodeError('transaction', 'is not canonically encoded');
    }
    if (found !== chainId) throw new TransactionDecodeError('chainId', `is ${found}, not ${chainId}`);
    return { intent, signature };
  });
}

/** The fields that every type shares, from viem's names. */
export function readCall(tx: ParsedTransaction): EvmCall {
  return {
    nonce: tx.nonce ?? 0,
    to: tx.to ?? null,
    valueWei: tx.value ?? 0n,
    gasLimit: tx.gas ?? 0n,
    data: hexToBytes((tx.data ?? '0x').slice(2)),
  };
}

/** The same, in viem's names. */
export function writeCall(call: EvmCall) {
  return {
    nonce: call.nonce,
    ...(call.to === null ? {} : { to: call.to }),
    value: call.valueWei,
    gas: call.gasLimit,
    data: hex(call.data),
  };
}
