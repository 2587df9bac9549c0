/**
 * The preimage of a version-0 witness signature, composed byte by byte from BIP-143, for SIGHASH_ALL.
 *
 * Libraries return only its double SHA-256, but the 2PC-MPC protocol hashes the message itself.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';

/** SIGHASH_ALL: the signature covers all inputs and all outputs. The only type that this package signs. */
export const SIGHASH_ALL = 1;

/** What BIP-143 reads of a transaction. */
export interface Bip143Transaction {
  readonly version: number;
  /** txid as displayed (byte-reversed), 64 lower-case hex digits. */
  readonly inputs: readonly { readonly txid: string; readonly vout: number; readonly sequence: number }[];
  readonly outputs: readonly { readonly amountSats: bigint; readonly scriptPubKey: Uint8Array }[];
  readonly lockTime: number;
}

/** scriptCode of a P2WPKH input: the P2PKH script of the same key hash, 25 bytes (without its length prefix). */
export function p2wpkhScriptCode(keyHash: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x76, 0xa9, 0x14), keyHash, Uint8Array.of(0x88, 0xac));
}

/**
 * Preimages of several inputs of one transaction; what they share is hashed once.
 *
 * @param spent - for each input in order: scriptCode and amount of the output that it spends.
 * @returns One preimage per input, 182 bytes each for P2WPKH; the signature is over its double SHA-256.
 */
export function bip143Preimages(
  tx: Bip143Transaction,
  spent: readonly { readonly scriptCode: Uint8Array; readonly amountSats: bigint }[],
): readonly Uint8Array[] {
  const outpoints = tx.inputs.map((input) => concatBytes(hexToBytes(input.txid).reverse(), uint32(input.vout)));
  const sequences = tx.inputs.map((input) => uint32(input.sequence));
  const hashPrevouts = sha256d(concatBytes(...outpoints));
  const hashSequence = sha256d(concatBytes(...sequences));
  const hashOutputs = sha256d(
    concatBytes(...tx.outputs.map((out) => concatBytes(uint64(out.amountSats), script(out.scriptPubKey)))),
  );
  return spent.map(({ scriptCode, amountSats }, index) =>
    concatBytes(
      uint32(tx.version),
      hashPrevouts,
      hashSequence,
      outpoints[index] as Uint8Array,
      script(scriptCode),
      uint64(amountSats),
      sequences[index] as Uint8Array,
      hashOutputs,
      uint32(tx.lockTime),
      uint32(SIGHASH_ALL),
    ),
  );
}

const sha256d = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));

/** Little-endian u32. */
function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

/** Little-endian u64. */
function uint64(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

/** A script with its CompactSize length. */
function script(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length < 0xfd) return concatBytes(Uint8Array.of(length), bytes);
  if (length <= 0xffff) return concatBytes(Uint8Array.of(0xfd, length & 0xff, length >> 8), bytes);
  return concatBytes(Uint8Array.of(0xfe), uint32(length), bytes);
}
