/**
 * The fixed parts of the protocol's objects, read without the class group that their elements belong to: sizes follow from the whole. For showing
 * only: nothing here is verified, and whoever uses an object decodes it strictly.
 *
 * @module
 */
import { DecodeError, Reader, bytesToInteger } from '@dwallet/sigma';

const pointBytes = 33;
const scalarBytes = 32;

/** Reads the two bytes that open every object. */
export function readHeader(reader: Reader, type: number): void {
  reader.constant('version', 1);
  reader.constant('type', type);
}

/** What is left of `total` bytes, in `parts` equal ones. @throws DecodeError when it does not divide. */
export function sizeOfPart(total: number, parts: number, path: string): number {
  if (total <= 0 || total % parts !== 0) throw new DecodeError(path, `${total} bytes are not ${parts} equal elements`);
  return total / parts;
}

export interface DWalletRecordFields {
  readonly curve: number;
  readonly sessionId: Uint8Array;
  readonly setup: Uint8Array;
  readonly userPublicShare: Uint8Array;
  readonly networkPublicShare: Uint8Array;
  /** X, 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly mode: 'encrypted' | 'public' | 'none';
  readonly userKeyId: Uint8Array | undefined;
  readonly owner: Uint8Array;
  readonly digest: Uint8Array;
  /** Bytes of the encrypted share. */
  readonly ciphertextBytes: number;
}

const modes = { 1: 'encrypted', 2: 'public', 3: 'none' } as const;

/** @throws DecodeError */
export function readDWalletRecord(bytes: Uint8Array): DWalletRecordFields {
  const reader = new Reader(bytes, 'DWalletRecord');
  readHeader(reader, 6);
  const curve = reader.uint8('curve');
  const sessionId = reader.fixed('sessionId', 32);
  const setup = reader.fixed('setup', 32);
  const userPublicShare = reader.fixed('X_A', pointBytes);
  const networkPublicShare = reader.fixed('X_B', pointBytes);
  const publicKey = reader.fixed('X', pointBytes);
  reader.fixed('mu', 3 * scalarBytes);
  const mode = modes[reader.uint8('mode') as keyof typeof modes];
  if (mode === undefined) throw new DecodeError(reader.path('mode'), 'is unknown');
  const userKeyId = mode === 'encrypted' ? reader.fixed('upk_id', 32) : undefined;
  // A public share is public, and still nothing that anybody needs to read here.
  if (mode === 'public') reader.fixed('x_A', scalarBytes);
  const ciphertextBytes = mode === 'encrypted' ? reader.remaining - 64 : 0;
  if (mode === 'encrypted') reader.fixed('ct_U', 2 * sizeOfPart(ciphertextBytes, 2, reader.path('ct_U')));
  const owner = reader.fixed('owner', 32);
  const digest = reader.fixed('digest', 32);
  reader.end();
  return {
    curve,
    sessionId,
    setup,
    userPublicShare,
    networkPublicShare,
    publicKey,
    mode,
    userKeyId,
    owner,
    digest,
    ciphertextBytes,
  };
}

export interface PresignFields {
  readonly sessionId: Uint8Array;
  readonly index: number;
  readonly curve: number;
  readonly setup: Uint8Array;
  readonly publicNonces: readonly [Uint8Array, Uint8Array];
  readonly ciphertextBytes: number;
}

/** @throws DecodeError */
export function readPresign(bytes: Uint8Array): PresignFields {
  const reader = new Reader(bytes, 'Presign');
  readHeader(reader, 11);
  reader.constant('kind', 0);
  const sessionId = reader.fixed('sessionId', 32);
  const index = reader.uint16('index');
  const curve = reader.uint8('curve');
  const setup = reader.fixed('setup', 32);
  const ciphertextBytes = sizeOfPart(reader.remaining - 2 * pointBytes, 5, reader.path('ciphertexts'));
  reader.fixed('ciphertexts', 5 * ciphertextBytes);
  const publicNonces = [reader.fixed('R_B,0', pointBytes), reader.fixed('R_B,1', pointBytes)] as const;
  reader.end();
  return { sessionId, index, curve, setup, publicNonces, ciphertextBytes };
}

export interface SetupFields {
  readonly curve: number;
  readonly parameters: Uint8Array;
  /** pk. */
  readonly encryptionKey: Uint8Array;
  readonly publicShares: readonly [Uint8Array, Uint8Array];
}

/** @throws DecodeError */
export function readSetup(bytes: Uint8Array): SetupFields {
  const reader = new Reader(bytes, 'SetupRecord');
  readHeader(reader, 2);
  const curve = reader.uint8('curve');
  const parameters = reader.fixed('parameters', 32);
  const elementBytes = sizeOfPart(reader.remaining - 2 * pointBytes, 5, reader.path('pk'));
  const encryptionKey = reader.fixed('pk', elementBytes);
  const publicShares = [reader.fixed('X_B,0', pointBytes), reader.fixed('X_B,1', pointBytes)] as const;
  reader.fixed('ct', 4 * elementBytes);
  reader.end();
  return { curve, parameters, encryptionKey, publicShares };
}

export interface DkgMessageFields {
  readonly sessionId: Uint8Array;
  readonly setup: Uint8Array;
  readonly userPublicShare: Uint8Array;
  readonly account: Uint8Array;
  readonly outputDigest: Uint8Array;
}

/** The outer parts of DkgMsg; its proofs are in between. @throws DecodeError */
export function readDkgMessage(bytes: Uint8Array): DkgMessageFields {
  const reader = new Reader(bytes, 'DkgMsg');
  readHeader(reader, 5);
  reader.uint8('curve');
  const sessionId = reader.fixed('sessionId', 32);
  const setup = reader.fixed('setup', 32);
  const userPublicShare = reader.fixed('X_A', pointBytes);
  if (reader.remaining < 128) throw new DecodeError(reader.path('length'), 'is too short');
  const tail = new Reader(bytes.subarray(bytes.length - 128), 'DkgMsg');
  const outputDigest = tail.fixed('output', 32);
  const account = tail.fixed('account', 32);
  return { sessionId, setup, userPublicShare, account, outputDigest };
}

export interface RegistrationFields {
  readonly curve: number;
  readonly account: Uint8Array;
  readonly elementBytes: number;
}

/** RegisterUpk: curve, upk, account, signature. @throws DecodeError */
export function readRegistration(bytes: Uint8Array): RegistrationFields {
  const reader = new Reader(bytes, 'RegisterUpk');
  readHeader(reader, 4);
  const curve = reader.uint8('curve');
  const elementBytes = sizeOfPart(reader.remaining - 96, 1, reader.path('upk'));
  reader.fixed('upk', elementBytes);
  const account = reader.fixed('account', 32);
  reader.fixed('signature', 64);
  reader.end();
  return { curve, account, elementBytes };
}

/** A u32 count and as many byte strings: the number of parts and their sizes. @throws DecodeError */
export function readSizes(bytes: Uint8Array, name: string): number[] {
  const reader = new Reader(bytes, name);
  const count = Number(bytesToInteger(reader.fixed('count', 4)));
  if (count > 1024) throw new DecodeError(reader.path('count'), `${count} is too many`);
  const sizes = Array.from({ length: count }, (_, i) => reader.bytes(`[${i}]`, 8 * 1024 * 1024).length);
  reader.end();
  return sizes;
}
