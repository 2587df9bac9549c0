/**
 * Inputs that spend P2WPKH nested in P2SH (BIP-141): the scriptSig only pushes the redeem script, the rest is as in P2WPKH.
 *
 * @module
 */
import { p2shP2wpkhScript, p2wpkhScript } from './address.ts';
import { withLength } from './encoding.ts';
import type { InputType } from './input-type.ts';
import { p2wpkhInputs } from './p2wpkh-inputs.ts';

export const p2shP2wpkhInputs: InputType = {
  name: 'P2SH-P2WPKH',
  segwit: true,
  vbytes: 91,
  script: p2shP2wpkhScript,
  redeemScript: p2wpkhScript,
  preimage: (prepared, index, amountSats, publicKey) => p2wpkhInputs.preimage(prepared, index, amountSats, publicKey),
  finish: (signature, publicKey) => ({
    scriptSig: withLength(p2wpkhScript(publicKey)),
    witness: [signature, publicKey],
  }),
};
