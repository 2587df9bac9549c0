/** Stands in for `@noble/curves/secp256k1.js` in the simulation: verification and recovery remember (see memo.ts). */
import { secp256k1 as inner } from '@noble/curves/secp256k1.js';
import { Memo, keyOf } from './memo.ts';

export * from '@noble/curves/secp256k1.js';

const memo = new Memo();

export const secp256k1: typeof inner = {
  ...inner,
  recoverPublicKey: (signature, message, options) =>
    memo
      .get(`r${JSON.stringify(options ?? {})}${signature.length},${keyOf(signature)}${keyOf(message)}`, () =>
        inner.recoverPublicKey(signature, message, options),
      )
      .slice(),
  verify: (signature, message, publicKey, options) =>
    memo.get(
      `v${JSON.stringify(options ?? {})}${signature.length},${keyOf(signature)}${publicKey.length},${keyOf(publicKey)}${keyOf(message)}`,
      () => inner.verify(signature, message, publicKey, options),
    ),
};
