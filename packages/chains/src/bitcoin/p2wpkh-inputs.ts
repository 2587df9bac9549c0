/**
 * Inputs that spend pay-to-witness-public-key-hash outputs (BIP-141), with the preimage of BIP-143.
 *
 * @module
 */
import { hash160, p2wpkhScript } from './address.ts';
import { p2wpkhScriptCode } from './bip143.ts';
import type { InputType } from './input-type.ts';

export const p2wpkhInputs: InputType = {
  name: 'P2WPKH',
  segwit: true,
  vbytes: 68,
  script: p2wpkhScript,
  redeemScript: () => undefined,
  preimage: ({ witnessPreimage }, index, amountSats, publicKey) =>
    witnessPreimage(index, { scriptCode: p2wpkhScriptCode(hash160(publicKey)), amountSats }),
  finish: (signature, publicKey) => ({ scriptSig: new Uint8Array(0), witness: [signature, publicKey] }),
};
