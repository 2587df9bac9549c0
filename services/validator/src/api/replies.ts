/**
 * Answers of the validator as proto messages, by method.
 *
 * @module
 */
import type {
  CreateDWalletResponse,
  DWalletMessage,
  GetNetworkResponse,
  SignResponse,
  SigningMethod,
  TakePresignResponse,
} from '@dwallet/proto';
import { BugError, DecodeError } from '@dwallet/sigma';
import { decodeBlame, decodeNetworkReply, decodeParts } from '@dwallet/two-pc-mpc/network';
import type { StoredDWallet } from '../network-state.ts';

type Bytes = Uint8Array;

/** v || r || s in a signature record: after header (2), presign id (32) and D (32). */
const signatureStart = 66;
const signatureBytes = 65;

export const signatureOf = (record: Bytes): Bytes => record.subarray(signatureStart, signatureStart + signatureBytes);

export type MutatingResponse = { readonly operationId: string } & (
  | object
  | CreateDWalletResponse
  | TakePresignResponse
  | SignResponse
);

/** The answer of a call that changes something. @throws BugError when the validator's own answer cannot be read. */
export function mutatingResponse(method: SigningMethod, operationId: string, reply: Bytes): MutatingResponse {
  return own(() => {
    switch (method) {
      case 'client/register-user-key':
      case 'client/accept-dwallet':
        return { operationId };
      case 'client/create-dwallet': {
        const [record, certificate] = decodeParts(reply, 'DWallet', 2) as [Bytes, Bytes];
        return { operationId, record, certificate };
      }
      case 'client/take-presign': {
        const [presign, batch, batchCertificate, assignmentCertificate] = decodeParts(reply, 'Presign', 4) as [
          Bytes,
          Bytes,
          Bytes,
          Bytes,
        ];
        return { operationId, presign, batch, batchCertificate, assignmentCertificate };
      }
      case 'client/sign': {
        const [signatureRecord, blame] = decodeParts(reply, 'Signature', 2) as [Bytes, Bytes];
        const faults = decodeBlame(blame).map(({ party, check, reason }) => ({ validator: party, check, reason }));
        return { operationId, signatureRecord, signature: signatureOf(signatureRecord), faults };
      }
    }
  });
}

export function networkResponse(networkId: Bytes, members: number, reply: Bytes): GetNetworkResponse {
  return own(() => {
    const [name, accessStructure, identities, keyRecord, keyCertificate, setupRecord, setupCertificate, generation] =
      decodeNetworkReply(reply);
    const identityKeys = decodeParts(identities, 'Network.identities', members, 32) as Buffer[];
    return {
      networkId,
      name: new TextDecoder().decode(name),
      accessStructure,
      identityKeys,
      keyRecord,
      keyCertificate,
      setupRecord,
      setupCertificate,
      generation,
    };
  });
}

export const dwalletMessage = (dwalletId: Bytes, stored: StoredDWallet): DWalletMessage => ({
  dwalletId,
  record: stored.bytes,
  certificate: stored.certificate,
  acceptance: stored.acceptance ?? new Uint8Array(0),
  signingPolicy: signingPolicies[stored.signingPolicy ?? 'none'],
});

const signingPolicies = {
  none: 'SIGNING_POLICY_UNSPECIFIED',
  transactions: 'SIGNING_POLICY_TRANSACTIONS',
  'raw-digests': 'SIGNING_POLICY_RAW_DIGESTS',
} as const;

function own<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DecodeError) throw new BugError(`own answer: ${cause.message}`, { cause });
    throw cause;
  }
}
