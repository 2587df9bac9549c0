/**
 * Inputs that spend pay-to-public-key-hash outputs: the signature is in the scriptSig, over the legacy preimage.
 *
 * @module
 */
import { p2pkhScript } from './address.ts';
import { withLength } from './encoding.ts';
import type { InputType } from './input-type.ts';
import { legacyPreimage } from './legacy-sighash.ts';

export const p2pkhInputs: InputType = {
  name: 'P2PKH',
  segwit: false,
  vbytes: 148,
  script: p2pkhScript,
  redeemScript: () => undefined,
  preimage: ({ tx }, index, _amountSats, publicKey) => legacyPreimage(tx, index, p2pkhScript(publicKey)),
  // Both items are shorter than 76 bytes, so a push is the length and the bytes.
  finish: (signature, publicKey) => ({
    scriptSig: Uint8Array.of(...withLength(signature), ...withLength(publicKey)),
    witness: [],
  }),
};
