/** Stands in for `@noble/curves/ed25519.js` in the simulation: the same functions, which remember (see memo.ts). */
import { ed25519 as inner } from '@noble/curves/ed25519.js';
import { Memo, keyOf } from './memo.ts';

export * from '@noble/curves/ed25519.js';

const memo = new Memo();

type Point = InstanceType<typeof inner.Point>;

/** The point, and what its owner asks it once and for all. */
function rememberPoint(bytes: Uint8Array, zip215?: boolean): Point {
  return memo.get(`p${zip215 ?? ''},${keyOf(bytes)}`, () => {
    const point = inner.Point.fromBytes(bytes, zip215);
    const [small, free] = [point.isSmallOrder(), point.isTorsionFree()];
    return Object.create(point, {
      isSmallOrder: { value: () => small },
      isTorsionFree: { value: () => free },
    }) as Point;
  });
}

const Point = Object.create(inner.Point, { fromBytes: { value: rememberPoint } }) as typeof inner.Point;

export const ed25519: typeof inner = {
  ...inner,
  Point,
  getPublicKey: (secretKey) => memo.get(`k${keyOf(secretKey)}`, () => inner.getPublicKey(secretKey)).slice(),
  sign: (message, secretKey, options) =>
    options === undefined
      ? memo.get(`s${keyOf(secretKey)}${keyOf(message)}`, () => inner.sign(message, secretKey)).slice()
      : inner.sign(message, secretKey, options),
  verify: (signature, message, publicKey, options) =>
    memo.get(
      `v${options?.zip215 ?? ''},${signature.length},${keyOf(signature)}${publicKey.length},${keyOf(publicKey)}${keyOf(message)}`,
      () => inner.verify(signature, message, publicKey, options),
    ),
};
