/**
 * What the types of outputs that a single key can spend have in common.
 *
 * @module
 */
import { RawWitness } from '@scure/btc-signer';
import type { Bip143Transaction, SpentOutput } from './bip143.ts';

/** A transaction with what the preimages of its inputs share. */
export interface PreparedTransaction {
  readonly tx: Bip143Transaction;
  /** `bip143(tx)`. */
  readonly witnessPreimage: (index: number, spent: SpentOutput) => Uint8Array;
}

/** How a key spends one type of output. All functions take the key as 33 bytes, compressed. */
export interface InputType {
  readonly name: 'P2PKH' | 'P2WPKH' | 'P2SH-P2WPKH';
  /** Whether its signature commits to the amount that it spends. */
  readonly segwit: boolean;
  /** Virtual size of the signed input, with a 71-byte DER signature. */
  readonly vbytes: number;
  script(publicKey: Uint8Array): Uint8Array;
  /** What PSBT_IN_REDEEM_SCRIPT must be; undefined where there is none. */
  redeemScript(publicKey: Uint8Array): Uint8Array | undefined;
  preimage(prepared: PreparedTransaction, index: number, amountSats: bigint, publicKey: Uint8Array): Uint8Array;
  /** The finished input. @param signature - DER with its sighash byte. */
  finish(
    signature: Uint8Array,
    publicKey: Uint8Array,
  ): { readonly scriptSig: Uint8Array; readonly witness: readonly Uint8Array[] };
}

/** Serialised witness stack: count, then items with their lengths. */
export const encodeWitness = (items: readonly Uint8Array[]): Uint8Array => RawWitness.encode([...items]);
