/**
 * What an envelope is about, read without its signature: for the routing fields that transports carry beside it, at both ends of a line. Nothing
 * here is believed; whoever serves the request opens the envelope properly.
 *
 * @module
 */
import { DecodeError, type Digest, Reader, digestTagged, encodeText } from '@dwallet/sigma';
import { clientKind } from './client-requests.ts';

/** An envelope as it says it is: its signature was not looked at. */
export interface PeekedEnvelope {
  /** Ed25519 public key, 32 bytes. */
  readonly sender: Uint8Array;
  /** 32 bytes. */
  readonly session: Uint8Array;
  readonly kind: string;
  /** A view into the envelope. */
  readonly body: Uint8Array;
}

const fixedBytes = 2 + 3 * 32;
const signatureBytes = 64;
const maxKindBytes = 64;

/** @throws DecodeError */
export function peekEnvelope(bytes: Uint8Array): PeekedEnvelope {
  const head = new Reader(bytes.subarray(0, fixedBytes + 4 + maxKindBytes + 4), 'Envelope');
  head.constant('version', 1);
  head.constant('type', 0x45);
  head.fixed('networkId', 32);
  const sender = head.fixed('sender', 32);
  const session = head.fixed('session', 32);
  const kind = head.bytes('kind', maxKindBytes);
  const length = head.uint32('body');
  const start = fixedBytes + 4 + kind.length + 4;
  if (bytes.length !== start + length + signatureBytes) throw new DecodeError('Envelope.body', 'has another length');
  return { sender, session, kind: new TextDecoder().decode(kind), body: bytes.subarray(start, start + length) };
}

/** What a client's request names beside its envelope, 32 bytes each. */
export interface ClientRouting {
  readonly account?: Uint8Array;
  readonly dwalletId?: Uint8Array;
  readonly presignId?: Uint8Array;
}

/** @throws DecodeError, also for an envelope that is no client's request. */
export function clientRouting({ kind, sender, session, body }: PeekedEnvelope): ClientRouting {
  switch (kind) {
    case clientKind.registerUserKey:
      return { account: sender };
    case clientKind.createDWallet:
    case clientKind.acceptDWallet:
    case clientKind.takePresign:
      return { dwalletId: session };
    case clientKind.sign: {
      const reader = new Reader(body.subarray(0, 64), 'SignRequest');
      return { dwalletId: reader.fixed('id', 32), presignId: reader.fixed('presignId', 32) };
    }
    default:
      throw new DecodeError('Envelope.kind', 'is no request of a client');
  }
}

/**
 * Id of the operation that a client's request is: the same at every validator, and known to whoever has the request.
 * @param account - the signer's key, 32 bytes.
 * @param requestId - idempotency key.
 */
export const operationIdOf = (account: Uint8Array, requestId: string, envelope: Uint8Array): Digest =>
  digestTagged('api-operation', [account, encodeText(requestId), envelope]);
