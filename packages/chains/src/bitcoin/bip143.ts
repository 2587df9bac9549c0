/**
 * The preimage of a version-0 witness signature, composed byte by byte from BIP-143, for SIGHASH_ALL.
 *
 * Libraries return only its double SHA-256, but the 2PC-MPC protocol hashes the message itself.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { p2pkhScriptOf } from './address.ts';
import { uint32, uint64, withLength } from './encoding.ts';

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
export const p2wpkhScriptCode = p2pkhScriptOf;

/** What an input spends. */
export interface SpentOutput {
  readonly scriptCode: Uint8Array;
  readonly amountSats: bigint;
}

/**
 * Prepares the preimages of one transaction; what its inputs share is hashed once.
 *
 * @returns The preimage of input `index`, 182 bytes for P2WPKH; the signature is over its double SHA-256.
 */
export function bip143(tx: Bip143Transaction): (index: number, spent: SpentOutput) => Uint8Array {
  const outpoints = tx.inputs.map((input) => concatBytes(hexToBytes(input.txid).reverse(), uint32(input.vout)));
  const sequences = tx.inputs.map((input) => uint32(input.sequence));
  const hashPrevouts = sha256d(concatBytes(...outpoints));
  const hashSequence = sha256d(concatBytes(...sequences));
  const hashOutputs = sha256d(
    concatBytes(...tx.outputs.map((out) => concatBytes(uint64(out.amountSats), withLength(out.scriptPubKey)))),
  );
  return (index, { scriptCode, amountSats }) =>
    concatBytes(
      uint32(tx.version),
      hashPrevouts,
      hashSequence,
      outpoints[index] as Uint8Array,
      withLength(scriptCode),
      uint64(amountSats),
      sequences[index] as Uint8Array,
      hashOutputs,
      uint32(tx.lockTime),
      uint32(SIGHASH_ALL),
    );
}

/** Preimages of the inputs of one transaction, given what each of them spends, in order. */
export function bip143Preimages(tx: Bip143Transaction, spent: readonly SpentOutput[]): readonly Uint8Array[] {
  const preimage = bip143(tx);
  return spent.map((output, index) => preimage(index, output));
}

const sha256d = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));
