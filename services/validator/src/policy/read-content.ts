/**
 * What a sign request says, as this validator reads it by itself (ZONE:1): the message that its key share helps to sign is derived here and
 * nowhere else.
 *
 * @module
 */
import { ChainError, type SigningRequest, decodeRequest } from '@dwallet/chains';
import { parseRequest } from '@dwallet/chains/registry';
import { type Digest, digestTagged } from '@dwallet/sigma';
import type { HashScheme, MessageToSign, SignContent } from '@dwallet/two-pc-mpc/network';
import { RefusedError } from '../core.ts';

/** A content that was read. */
export type ReadContent =
  | { readonly kind: 'raw'; readonly hashScheme: HashScheme; readonly message: Uint8Array }
  | {
      readonly kind: 'request';
      /** Names the request whatever payload of it is signed: a transaction of several signatures is one request. */
      readonly requestDigest: Digest;
      /** Raw unsigned bytes of the format. */
      readonly raw: Uint8Array;
      /** What they say: chain, format, intent, all payloads, the words for a person. */
      readonly chainRequest: SigningRequest;
      /** Which of its payloads is to be signed. */
      readonly payload: number;
    };

/** What the key signs. */
export function messageOf(content: ReadContent): MessageToSign {
  if (content.kind === 'raw') return content;
  // `readContent` has looked it up.
  const { hashScheme, message } = content.chainRequest.payloads[content.payload] as MessageToSign;
  return { hashScheme, message };
}

const unreadable = (field: string, why: string, cause?: unknown): RefusedError =>
  new RefusedError('UNREADABLE_TRANSACTION', why, { check: 'ZONE:1', field, cause });

/**
 * Reads a content. Deterministic: every validator of one version reads the same, or refuses.
 * @param publicKey - of the dWallet that is to sign: 33 bytes, compressed.
 * @throws RefusedError UNREADABLE_TRANSACTION naming the field, for an unknown chain or format, bytes that are not canonical, what is not for this
 * key, and a payload that there is not.
 */
export function readContent(content: SignContent, publicKey: Uint8Array): ReadContent {
  if (content.kind === 'raw') return content;
  try {
    const { chainId, format, raw } = decodeRequest(content.request);
    const chainRequest = parseRequest(chainId, format, raw, publicKey);
    if (content.payload >= chainRequest.payloads.length)
      throw unreadable('payload', `payload: there are ${chainRequest.payloads.length}`);
    const requestDigest = digestTagged('chain-request', [content.request]);
    return { kind: 'request', requestDigest, raw, chainRequest, payload: content.payload };
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    throw unreadable(error.field, error.message, error);
  }
}
