/**
 * Quorum certificates: (kind, id, version) -> 32-byte digest, signed with the Ed25519 identity keys of validators of weight >= t.
 *
 * An honest validator signs at most one digest for a (kind, id, version), and writes that vote durably before it sends it; that rule is kept
 * by the validator service. Here: making votes, assembling and verifying certificates, and their strict codec.
 *
 * @module
 */
import type { AccessStructure } from '@dwallet/class-groups';
import {
  type Blame,
  CheckError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  Reader,
  type Secret,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  digestTagged,
  encodeBytes,
  encodeText,
  encodeUint16,
  encodeUint64,
  validatorId,
} from '@dwallet/sigma';
import { requirePublicKey, signItems, signatureBytes, verifyItems } from './signatures.ts';
import { bytesEqual, header, messageType, readDigest, readHeader } from './wire/format.ts';

/** The validators of one epoch as others see them. */
export interface Committee {
  /** Ed25519 identity keys in canonical order: validator v has the v-th. */
  readonly identityKeys: readonly Uint8Array[];
  readonly access: AccessStructure;
  /** 32 bytes over keys and weights. */
  readonly digest: Digest;
}

/** @throws InvalidArgumentsError for a key that is malformed, of small order or there twice, or for a wrong number of keys. */
export function createCommittee(identityKeys: readonly Uint8Array[], access: AccessStructure): Committee {
  if (identityKeys.length !== access.validators.length) {
    throw new InvalidArgumentsError('identityKeys', `${access.validators.length} are needed`);
  }
  identityKeys.forEach((key, i) => {
    requirePublicKey(key, `identityKeys[${i}]`);
    if (identityKeys.slice(0, i).some((other) => bytesEqual(other, key))) {
      throw new InvalidArgumentsError(`identityKeys[${i}]`, 'appears twice');
    }
  });
  return { identityKeys, access, digest: digestTagged('committee', [access.encoded, ...identityKeys]) };
}

const factKinds = [
  'network-setup',
  'dwallet',
  'presign-batch',
  'presign-binding',
  'message-set',
  'network-key',
  'presign-assignment',
  'zone-log',
  'zone',
  'asset',
  'ledger-entry',
  'source-event',
  'release',
  'cluster',
  'cluster-message',
  'cluster-heartbeat',
  'cluster-head',
  'cluster-settlement',
  'dwallet-policy',
] as const;
/** Kinds of facts. `message-set` is the fixed inbox of a round, `zone-log` a slot of the log of zones; those after it are of @dwallet/zones. */
export type FactKind = (typeof factKinds)[number];

/** What a certificate states. */
export interface Fact {
  readonly kind: FactKind;
  /** At most 64 bytes: what there is one digest of. */
  readonly id: Uint8Array;
  /** 0 .. 2^64 - 1. */
  readonly version: bigint;
  readonly digest: Digest;
}

const maxIdBytes = 64;
/** Most signers of a certificate. */
const maxVotes = 128;
/** Largest encoded certificate, in bytes. */
export const maxCertificateBytes = 2 + 32 + 1 + 4 + maxIdBytes + 8 + 32 + 2 + maxVotes * (2 + signatureBytes);

function factItems(committee: Committee, fact: Fact): Uint8Array[] {
  if (fact.id.length > maxIdBytes) throw new InvalidArgumentsError('fact.id', `exceeds ${maxIdBytes} bytes`);
  return [committee.digest, encodeText(fact.kind), fact.id, encodeUint64(fact.version), fact.digest];
}

/** One validator's signature on a fact. */
export interface FactVote {
  readonly validator: ValidatorId;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Signs a fact. The caller has durably recorded that it signs this digest for this (kind, id, version), and no other. */
export const signFact = (
  committee: Committee,
  fact: Fact,
  validator: ValidatorId,
  identityKey: Secret<Uint8Array>,
): FactVote => ({ validator, signature: signItems(identityKey, 'certificate', factItems(committee, fact)) });

/** True if the vote is by a member of the committee and signs exactly this fact. */
export function verifyFactVote(committee: Committee, fact: Fact, vote: FactVote): boolean {
  const key = committee.identityKeys[vote.validator - 1];
  return key !== undefined && verifyItems(key, 'certificate', factItems(committee, fact), vote.signature);
}

export interface QuorumCertificate {
  /** Digest of the committee that signed. */
  readonly committee: Digest;
  readonly fact: Fact;
  /** Distinct validators, ascending. */
  readonly votes: readonly FactVote[];
}

/**
 * Collects votes on one fact.
 * @param votes - at most one per validator; invalid ones are blamed.
 * @throws ThresholdNotReachedError while the valid votes weigh less than t.
 */
export function assembleCertificate(
  committee: Committee,
  fact: Fact,
  votes: readonly FactVote[],
): { readonly certificate: QuorumCertificate; readonly blamed: readonly Blame[] } {
  const valid: FactVote[] = [];
  const blamed: Blame[] = [];
  for (const vote of [...votes].sort((a, b) => a.validator - b.validator)) {
    if (valid.some(({ validator }) => validator === vote.validator)) {
      throw new InvalidArgumentsError('votes', `two votes of validator ${vote.validator}`);
    }
    if (verifyFactVote(committee, fact, vote)) valid.push(vote);
    else blamed.push({ party: vote.validator, check: 'MPC:1.1', reason: 'signature on the fact does not verify' });
  }
  const weight = committee.access.weight(valid.map(({ validator }) => validator));
  if (weight < committee.access.threshold) {
    throw new ThresholdNotReachedError(`certificate of ${fact.kind}`, weight, committee.access.threshold, blamed);
  }
  return { certificate: { committee: committee.digest, fact, votes: valid }, blamed };
}

/**
 * Verifies a certificate of exactly the expected fact.
 * @param check - the protocol's id of this check: MPC:V1 for a setup, MPC:V3 for a presign, MPC:A1 for a dWallet.
 * @throws CheckError with that id.
 */
export function verifyCertificate(
  committee: Committee,
  certificate: QuorumCertificate,
  expected: Fact,
  check: string,
): void {
  const fail = (field: string, message: string): never => {
    throw new CheckError(check, `certificate.${field}`, message);
  };
  const { fact, votes } = certificate;
  if (!bytesEqual(certificate.committee, committee.digest)) fail('committee', 'was signed by another committee');
  if (fact.kind !== expected.kind) fail('kind', 'is of another kind');
  if (!bytesEqual(fact.id, expected.id)) fail('id', 'is about something else');
  if (fact.version !== expected.version) fail('version', 'is of another version');
  if (!bytesEqual(fact.digest, expected.digest)) fail('digest', 'states another digest');
  votes.forEach((vote, i) => {
    const previous = votes[i - 1];
    if (previous !== undefined && previous.validator >= vote.validator) {
      fail('votes', 'signers are not distinct and ascending');
    }
    if (committee.identityKeys[vote.validator - 1] === undefined) fail('votes', 'a signer is not in the committee');
  });
  const weight = committee.access.weight(votes.map(({ validator }) => validator));
  if (weight < committee.access.threshold) {
    fail('votes', `weight ${weight} is below the threshold ${committee.access.threshold}`);
  }
  for (const vote of votes) {
    if (!verifyFactVote(committee, expected, vote))
      fail('votes', `signature of validator ${vote.validator} is invalid`);
  }
}

/** version, type, committee, kind, id, version, digest, count, then (validator, signature) ascending. */
export function encodeCertificate({ committee, fact, votes }: QuorumCertificate): Uint8Array {
  return concat(
    header(messageType.quorumCertificate),
    committee,
    Uint8Array.of(factKinds.indexOf(fact.kind)),
    encodeBytes(fact.id),
    encodeUint64(fact.version),
    fact.digest,
    encodeUint16(votes.length),
    ...votes.flatMap(({ validator, signature }) => [encodeUint16(validator), signature]),
  );
}

/** Strict: signers distinct and ascending, at most 128, {@link maxCertificateBytes}. Signatures are verified by {@link verifyCertificate}. */
export function decodeCertificate(bytes: Uint8Array): QuorumCertificate {
  const reader = new Reader(bytes, 'QuorumCertificate');
  readHeader(reader, messageType.quorumCertificate);
  const committee = readDigest(reader, 'committee');
  const kind = factKinds[reader.uint8('kind')];
  if (kind === undefined) throw new DecodeError(reader.path('kind'), 'is unknown');
  const id = reader.bytes('id', maxIdBytes);
  const version = reader.uint64('factVersion');
  const digest = readDigest(reader, 'digest');
  const count = reader.uint16('count');
  if (count < 1 || count > maxVotes) throw new DecodeError(reader.path('count'), `${count} is not in 1..${maxVotes}`);
  const votes: FactVote[] = [];
  for (let i = 0, last = 0; i < count; i++) {
    const number = reader.uint16(`votes[${i}].validator`);
    if (number <= last) {
      throw new DecodeError(reader.path(`votes[${i}].validator`), 'signers are not distinct and ascending');
    }
    last = number;
    votes.push({
      validator: validatorId(number),
      signature: reader.fixed(`votes[${i}].signature`, signatureBytes),
    });
  }
  reader.end();
  return { committee, fact: { kind, id, version, digest }, votes };
}
