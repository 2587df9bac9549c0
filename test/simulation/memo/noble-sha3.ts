/** Stands in for `@noble/hashes/sha3.js` in the simulation: SHAKE256 of whole messages remembers (see memo.ts). */
import { shake256 as inner } from '@noble/hashes/sha3.js';
import { Memo, keyOf } from './memo.ts';

export * from '@noble/hashes/sha3.js';

const memo = new Memo();

type Shake = typeof inner;
const hash = (message: Uint8Array, options?: Parameters<Shake>[1]): Uint8Array =>
  memo.get(`${options?.dkLen ?? ''},${keyOf(message)}`, () => inner(message, options)).slice();

export const shake256: Shake = Object.assign(hash, {
  outputLen: inner.outputLen,
  blockLen: inner.blockLen,
  canXOF: inner.canXOF,
  oid: inner.oid,
  create: (options?: Parameters<Shake['create']>[0]) => inner.create(options),
}) as Shake;
