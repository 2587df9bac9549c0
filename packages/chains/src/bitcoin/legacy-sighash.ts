/**
 * The preimage of a signature in a script without a witness: the transaction itself with the spent script in the place of the
 * signing input's scriptSig, and empty ones elsewhere, followed by SIGHASH_ALL.
 *
 * It contains no amounts. Who signs it must know them from the previous transactions, or the fee can be anything.
 *
 * @module
 */
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { type Bip143Transaction, SIGHASH_ALL } from './bip143.ts';
import { compactSize, uint32, uint64, withLength } from './encoding.ts';

/** Network serialisation without witnesses. @param scriptSigs - empty where absent. */
export function serialise(tx: Bip143Transaction, scriptSigs: readonly (Uint8Array | undefined)[] = []): Uint8Array {
  return concatBytes(
    uint32(tx.version),
    compactSize(tx.inputs.length),
    ...tx.inputs.map(({ txid, vout, sequence }, i) =>
      concatBytes(
        hexToBytes(txid).reverse(),
        uint32(vout),
        withLength(scriptSigs[i] ?? new Uint8Array(0)),
        uint32(sequence),
      ),
    ),
    compactSize(tx.outputs.length),
    ...tx.outputs.map(({ amountSats, scriptPubKey }) => concatBytes(uint64(amountSats), withLength(scriptPubKey))),
    uint32(tx.lockTime),
  );
}

/** The preimage for input `index`; the signature is over its double SHA-256. */
export function legacyPreimage(tx: Bip143Transaction, index: number, scriptPubKey: Uint8Array): Uint8Array {
  const scriptSigs = tx.inputs.map((_, i) => (i === index ? scriptPubKey : undefined));
  return concatBytes(serialise(tx, scriptSigs), uint32(SIGHASH_ALL));
}
