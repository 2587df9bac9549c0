/**
 * What a file is, and what it says, for a person: any object of the protocol by its first bytes. Nothing is believed but what is checked here (the
 * signature of an envelope); secrets are never shown, of a keystore only its header.
 *
 * @module
 */
import { DWalletError, Reader, secp256k1Curve } from '@dwallet/sigma';
import { decodeRequest } from '@dwallet/chains';
import {
  type SignContent,
  acceptedSigningPolicy,
  clientKind,
  decodeAcceptDWallet,
  decodeCertificate,
  decodeCreateDWallet,
  decodeSignMessageHeader,
  decodeSignRequest,
  decodeSignatureRecord,
  decodeTakePresign,
  openEnvelope,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/client';
import { readSealedWalletHeader } from '@dwallet/client-sdk/node';
import { addressesOn } from '../wallet/chains.ts';
import { CommandError } from '../network/layout.ts';
import { readDWalletRecord, readDkgMessage, readPresign, readRegistration, readSetup } from './records.ts';
import { hex } from './text.ts';

/** A value that a person can read; nested objects are parts. */
export type Shown = string | number | boolean | null | readonly Shown[] | { readonly [name: string]: Shown };

export interface Description {
  /** What it is, such as `envelope`. */
  readonly type: string;
  readonly bytes: number;
  readonly fields: { readonly [name: string]: Shown };
}

type Fields = Description['fields'];

const curveName = (id: number): string => (id === secp256k1Curve.id ? secp256k1Curve.name : `unknown (${id})`);
const ascii = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1');

// Objects ----------------------------------------------------------------------------------------------------------------------------

function certificate(bytes: Uint8Array): Fields {
  const { committee, fact, votes } = decodeCertificate(bytes);
  return {
    states: {
      kind: fact.kind,
      id: hex(fact.id),
      version: fact.version.toString(),
      digest: hex(fact.digest),
    },
    committee: hex(committee),
    signers: votes.map(({ validator }) => validator),
    note: 'the signatures were not checked: "dwallet verify" does that',
  };
}

function dwalletRecord(bytes: Uint8Array): Fields {
  const record = readDWalletRecord(bytes);
  return {
    dwallet: hex(record.sessionId),
    curve: curveName(record.curve),
    publicKey: hex(record.publicKey),
    ethereumAddress: addressesOn('eip155:1', record.publicKey)[0]?.address ?? null,
    userPublicShare: hex(record.userPublicShare),
    networkPublicShare: hex(record.networkPublicShare),
    userShare:
      record.mode === 'encrypted'
        ? `encrypted to key ${hex(record.userKeyId ?? new Uint8Array(0))} (${record.ciphertextBytes} bytes)`
        : record.mode === 'public'
          ? 'public (in the record; not shown)'
          : 'kept by its owner alone',
    owner: hex(record.owner),
    setup: hex(record.setup),
    digest: hex(record.digest),
  };
}

function setupRecord(bytes: Uint8Array): Fields {
  const setup = readSetup(bytes);
  return {
    curve: curveName(setup.curve),
    classGroup: hex(setup.parameters),
    encryptionKeyBytes: setup.encryptionKey.length,
    networkPublicShares: setup.publicShares.map(hex),
  };
}

function presign(bytes: Uint8Array): Fields {
  const read = readPresign(bytes);
  return {
    session: hex(read.sessionId),
    index: read.index,
    curve: curveName(read.curve),
    setup: hex(read.setup),
    publicNonces: read.publicNonces.map(hex),
    ciphertexts: `5 of ${read.ciphertextBytes} bytes`,
  };
}

function signMessage(bytes: Uint8Array): Fields {
  const head = decodeSignMessageHeader(secp256k1Curve, bytes);
  return {
    presign: hex(head.presignId),
    publicKey: hex(secp256k1Curve.encodePoint(head.publicKey)),
    hashScheme: head.hashScheme,
    messageDigest: hex(head.messageDigest),
  };
}

function signatureRecord(bytes: Uint8Array): Fields {
  const { presignId, digest, signature } = decodeSignatureRecord(secp256k1Curve, bytes);
  const scalar = (value: bigint): string => value.toString(16).padStart(64, '0');
  return {
    presign: hex(presignId),
    digest: hex(digest),
    r: scalar(signature.r),
    s: scalar(signature.s),
    recoveryId: signature.recoveryId,
  };
}

function dkgMessage(bytes: Uint8Array): Fields {
  const message = readDkgMessage(bytes);
  return {
    dwallet: hex(message.sessionId),
    setup: hex(message.setup),
    userPublicShare: hex(message.userPublicShare),
    account: hex(message.account),
    outputDigest: hex(message.outputDigest),
  };
}

function registration(bytes: Uint8Array): Fields {
  const { curve, account, elementBytes } = readRegistration(bytes);
  return { curve: curveName(curve), account: hex(account), encryptionKeyBytes: elementBytes };
}

function acceptance(bytes: Uint8Array): Fields {
  const policy = acceptedSigningPolicy(bytes);
  return {
    record: hex(bytes.slice(2, 34)),
    validatorsMaySign: policy === 'raw-digests' ? 'raw bytes that nobody can read, too' : 'what they can read, only',
  };
}

function storedMessage(bytes: Uint8Array): Fields {
  const reader = new Reader(bytes, 'StoredMessage');
  reader.fixed('magic', 8);
  const version = reader.uint32('version');
  const presignId = reader.fixed('presignId', 32);
  const message = reader.bytes('message', 1 << 20);
  return { version, presign: hex(presignId), message: signMessage(message) };
}

function keystore(bytes: Uint8Array): Fields {
  const { revision, log2N, salt } = readSealedWalletHeader(bytes);
  return {
    revision,
    passphrase: `scrypt, N = 2^${log2N}, r = 8, p = 1`,
    salt: hex(salt),
    content: `encrypted (XChaCha20-Poly1305), ${bytes.length} bytes with the header; not opened`,
  };
}

// Envelopes --------------------------------------------------------------------------------------------------------------------------

function messageText(message: Uint8Array): string {
  const limit = 64;
  const beginning = hex(message.subarray(0, limit));
  return message.length > limit ? `${beginning}... (${message.length} bytes)` : beginning;
}

function signContent(content: SignContent): Fields {
  if (content.kind === 'raw') return { raw: messageText(content.message), hashScheme: content.hashScheme };
  const { chainId, format, raw } = decodeRequest(content.request);
  return { chain: chainId, format, payload: content.payload, raw: messageText(raw) };
}

const assignmentOf = (shown: Uint8Array | undefined): Shown =>
  shown === undefined ? 'not shown' : part(() => certificate(shown));

const bodies: Readonly<Record<string, (body: Uint8Array) => Fields>> = {
  [clientKind.registerUserKey]: registration,
  [clientKind.createDWallet](body) {
    const { named, message } = decodeCreateDWallet(body);
    const generations = Object.fromEntries([...named.generations].map(([validator, id]) => [validator, hex(id)]));
    return { nonce: hex(named.nonce), generations, message: dkgMessage(message) };
  },
  [clientKind.acceptDWallet](body) {
    const { id, acceptance: accepted } = decodeAcceptDWallet(body);
    return { dwallet: hex(id), acceptance: acceptance(accepted) };
  },
  [clientKind.takePresign](body) {
    const { id, kind, request } = decodeTakePresign(body);
    return { dwallet: hex(id), for: kind === 'message' ? 'one known message' : 'a reservation', request: hex(request) };
  },
  [clientKind.sign](body) {
    const request = decodeSignRequest(body);
    return {
      dwallet: hex(request.id),
      presign: hex(request.presignId),
      takenFor: request.assignedTo,
      asks: part(() => signContent(request.content)),
      authority: request.authority.length === 0 ? 'none' : `${request.authority.length} bytes`,
      signMessage: signMessage(request.signMessage),
      assignment: assignmentOf(request.assignment),
    };
  },
};

/** A part that cannot be read says why, and the rest is shown all the same. */
function part(read: () => Fields): Shown {
  try {
    return read();
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const networkIdAt = 2;

function envelope(bytes: Uint8Array): Fields {
  const { sender, session, kind, body } = peekEnvelope(bytes);
  const networkId = bytes.slice(networkIdAt, networkIdAt + 32);
  let signature = 'holds under the sender named here';
  try {
    openEnvelope(bytes, networkId as Parameters<typeof openEnvelope>[1]);
  } catch (error) {
    if (!(error instanceof DWalletError)) throw error;
    signature = 'DOES NOT HOLD';
  }
  const read = bodies[kind];
  return {
    kind,
    network: hex(networkId),
    sender: hex(sender),
    session: hex(session),
    signature,
    body:
      read === undefined
        ? `${body.length} bytes${isObject(body) ? `: ${describeBytes(body).type}` : ''}`
        : part(() => read(body)),
  };
}

// What it is -------------------------------------------------------------------------------------------------------------------------

interface Kind {
  readonly type: string;
  readonly read?: (bytes: Uint8Array) => Fields;
}

/** Objects by their type byte, after the version byte 1. Where nothing is read, the content is for validators. */
const kinds: Readonly<Record<number, Kind>> = {
  1: { type: 'contribution to the network setup' },
  2: { type: 'network setup', read: setupRecord },
  3: { type: 'certificate', read: certificate },
  4: { type: 'registration of a user key', read: registration },
  5: { type: 'dWallet DKG message', read: dkgMessage },
  6: { type: 'dWallet record', read: dwalletRecord },
  7: { type: 'acceptance of a dWallet', read: acceptance },
  8: { type: 'presign, round 1' },
  9: { type: 'presign, round 2' },
  10: { type: 'presign, round 3' },
  11: { type: 'presign', read: presign },
  16: { type: 'network DKG, registration' },
  17: { type: 'network DKG, deal' },
  18: { type: 'network DKG, acknowledgement' },
  19: { type: 'network DKG, reveal' },
  32: { type: 'client message of a signature', read: signMessage },
  33: { type: 'decryption shares' },
  34: { type: 'proved decryption shares' },
  35: { type: 'signature', read: signatureRecord },
  69: { type: 'envelope', read: envelope },
};

/** Type byte of evidence, which the validator's program reads. */
const evidenceType = 0x46;

export const isEvidence = (bytes: Uint8Array): boolean => bytes[0] === 1 && bytes[1] === evidenceType;
export const isCertificate = (bytes: Uint8Array): boolean => bytes[0] === 1 && bytes[1] === 3;

const isObject = (bytes: Uint8Array): boolean => bytes[0] === 1 && kinds[bytes[1] ?? 0] !== undefined;

/** @throws CommandError for bytes that are no object of the protocol; DecodeError, KeystoreError for one that is bent. */
export function describeBytes(bytes: Uint8Array): Description {
  const magic = ascii(bytes, 0, 8);
  if (magic === 'DWALLETK') return { type: 'keystore', bytes: bytes.length, fields: keystore(bytes) };
  if (magic === 'DWSIGNMS') return { type: 'stored client message', bytes: bytes.length, fields: storedMessage(bytes) };
  const kind = bytes[0] === 1 ? kinds[bytes[1] ?? 0] : undefined;
  if (kind === undefined) throw new CommandError('this is no object of the protocol that is known here');
  return { type: kind.type, bytes: bytes.length, fields: kind.read?.(bytes) ?? {} };
}

/** As indented lines. */
export function linesOf({ type, bytes, fields }: Description): string[] {
  const lines: string[] = [`${type}, ${bytes} bytes`];
  const add = (name: string, value: Shown, indent: string): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      lines.push(`${indent}${name}`);
      for (const [inner, shown] of Object.entries(value)) add(inner, shown, `${indent}  `);
    } else lines.push(`${indent}${name.padEnd(20)}  ${Array.isArray(value) ? value.join(', ') : String(value)}`);
  };
  for (const [name, value] of Object.entries(fields)) add(name, value, '  ');
  return lines;
}
