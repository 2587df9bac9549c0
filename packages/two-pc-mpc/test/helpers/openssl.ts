/** Signatures and keys as OpenSSL takes them. */
import { createPublicKey } from 'node:crypto';
import { type Point, concat, encodeUint } from '@dwallet/sigma';
import type { EcdsaSignature } from '../../src/types.ts';

/** DER of a signature for OpenSSL. */
export function der({ r, s }: EcdsaSignature): Uint8Array {
  const integer = (value: bigint): Uint8Array => {
    let body = encodeUint(value, Math.max(1, Math.ceil(value.toString(16).length / 2)));
    if ((body[0] as number) >= 0x80) body = concat(Uint8Array.of(0), body);
    return concat(Uint8Array.of(2, body.length), body);
  };
  const content = concat(integer(r), integer(s));
  return concat(Uint8Array.of(0x30, content.length), content);
}

/** OpenSSL's key object for a point. */
export function opensslKey(point: Point) {
  const prefix = Buffer.from('3056301006072a8648ce3d020106052b8104000a034200', 'hex');
  return createPublicKey({ key: Buffer.concat([prefix, point.toBytes(false)]), format: 'der', type: 'spki' });
}
