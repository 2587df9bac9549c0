/**
 * What every round of the network DKG (AF-DKG, CG 8.1) is given, what follows from it, and how an inbox is read.
 *
 * The caller authenticates senders, fixes each inbox (order included) before a round runs, and gives the same inbox to every honest
 * validator; then all of them compute the same sets from it.
 *
 * @module
 */
import type { FixedBaseTable } from '@dwallet/kernel';
import {
  type Blame,
  CheckError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type Reader,
  type SessionId,
  type ValidatorId,
  constantTimeEqual,
  digestTagged,
  encodeList,
  encodeUint16,
} from '@dwallet/sigma';
import type { PublicParameters } from '../parameters.ts';
import { type ClgContext, type ClgSession, committeeDigest, encodeClgSession } from '../proofs/context.ts';
import type { AccessStructure } from '../sharing/access-structure.ts';
import { type SharingShape, shareBits } from '../sharing/polynomial.ts';
import { ceilLog2 } from '../sharing/sizes.ts';
import { loadTable } from '../table-cache.ts';
import type { KemPublicKey } from './registration.ts';

/** Which execution of the DKG this is. */
export interface NetworkDkgContext {
  /** Chain or network id. */
  readonly network: string;
  /** Unsigned 64-bit number of the committee's epoch. */
  readonly epoch: bigint;
  /** Fresh for each execution, restarts included. */
  readonly session: SessionId;
  /** Identity key of each validator in committee order: what the numbers 1..n mean. Any fixed encoding, distinct. */
  readonly identities: readonly Uint8Array[];
}

/** Policy parameters of CG 8.1. All validators must use the same: they are in every context. */
export interface NetworkDkgPolicy {
  /** R_max: weight of silent validators whose shares may be opened. Default floor(n / 10), at most f. */
  readonly maxRevealedWeight: number;
  /** theta: weight that must be served. Default n, at least t (CG 8.1.7 says what less costs). */
  readonly servedWeight: number;
  /** W: weight of qualified dealers. Default 2f + 1, at least f + 1. */
  readonly dealerWeight: number;
}

/** Common input of all rounds. */
export interface NetworkDkgInput {
  readonly parameters: PublicParameters;
  readonly access: AccessStructure;
  readonly context: NetworkDkgContext;
  readonly policy?: Partial<NetworkDkgPolicy>;
  /** {@link buildShareTable}: optional, makes commitments and share checks fast where n is large. */
  readonly shareTable?: FixedBaseTable;
}

/** One message as the caller received and authenticated it. */
export interface InboxEntry {
  /** From the authenticated envelope, never from the payload (lessons row 14). */
  readonly from: ValidatorId;
  readonly message: Uint8Array;
}

/** The registered keys of the epoch, with what follows from them. Made by `verifyRegistrations` only. */
export interface RegisteredCommittee {
  readonly keys: ReadonlyMap<ValidatorId, KemPublicKey>;
  readonly session: ClgSession;
}

const protocol = { protocol: 'network-dkg', protocolVersion: 1 } as const;

/** First two bytes of every message of the network DKG. */
export const messageVersion = 1;
/** Message types of the network DKG. */
export const messageTypes = { register: 0x10, deal: 0x11, acknowledge: 0x12, reveal: 0x13 } as const;

/** Policy with its defaults. @throws InvalidArgumentsError outside the ranges of CG 8.1. */
export function resolvePolicy({ access, policy }: Pick<NetworkDkgInput, 'access' | 'policy'>): NetworkDkgPolicy {
  const { totalWeight: n, maxFaulty: f, threshold: t } = access;
  const resolved: NetworkDkgPolicy = {
    maxRevealedWeight: policy?.maxRevealedWeight ?? Math.floor(n / 10),
    servedWeight: policy?.servedWeight ?? n,
    dealerWeight: policy?.dealerWeight ?? 2 * f + 1,
  };
  const check = (field: keyof NetworkDkgPolicy, low: number, high: number): void => {
    const value = resolved[field];
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentsError(`policy.${field}`, `must be an integer from ${low} to ${high}`);
    }
  };
  check('maxRevealedWeight', 0, f);
  check('servedWeight', t, n);
  check('dealerWeight', f + 1, n);
  return resolved;
}

/** n, t and ell_r. */
export const shapeOf = ({ parameters, access }: NetworkDkgInput): SharingShape => ({
  totalWeight: access.totalWeight,
  threshold: access.threshold,
  secretBits: parameters.randomnessBits,
});

/** Bytes of one share on the wire: ceil(ell_sh / 8). */
export const shareBytes = (input: NetworkDkgInput): number => (shareBits(shapeOf(input)) + 7) >> 3;

/** Table of h for the longest exponent of the protocol, the sum of n shares. Build it once per committee. */
export const buildShareTable = ({ parameters, access }: Pick<NetworkDkgInput, 'parameters' | 'access'>) =>
  loadTable(
    parameters.group,
    parameters.h,
    shareBits({ ...access, secretBits: parameters.randomnessBits }) + ceilLog2(BigInt(access.totalWeight)),
    parameters.tableCache,
  );

/** 32 bytes over everything that is fixed before the first message: in the context of every proof and every key derivation. */
export function setupDigest(input: NetworkDkgInput): Digest {
  const { parameters, access, context } = input;
  const { identities } = context;
  if (identities.length !== access.validators.length) {
    throw new InvalidArgumentsError('context.identities', 'must be one per validator');
  }
  if (new Set(identities.map((identity) => identity.join())).size !== identities.length) {
    throw new InvalidArgumentsError('context.identities', 'must be distinct');
  }
  const { maxRevealedWeight, servedWeight, dealerWeight } = resolvePolicy(input);
  return digestTagged('network-dkg/setup', [
    parameters.digest,
    access.encoded,
    encodeList(identities),
    ...[maxRevealedWeight, servedWeight, dealerWeight].map(encodeUint16),
  ]);
}

/** The session of all contexts. @param keys - identity keys before the registration is complete, KEM keys afterwards. */
export const sessionOf = (
  { parameters, access, context }: NetworkDkgInput,
  keys: readonly Uint8Array[],
): ClgSession => ({
  network: context.network,
  ...protocol,
  profile: parameters.profile.id,
  epoch: context.epoch,
  session: context.session,
  committee: committeeDigest(access, keys),
  totalWeight: access.totalWeight,
  threshold: access.threshold,
});

/** ctx of CG 8.1.2 for key derivation and associated data: session and setup, self-delimiting. */
export const contextBytes = (input: NetworkDkgInput, session: ClgSession): Uint8Array =>
  encodeList([encodeClgSession(session), setupDigest(input)]);

/** Context of one proof. @param extra - further items that the proof binds. */
export const proofContext = (
  input: NetworkDkgInput,
  session: ClgSession,
  round: string,
  prover: ValidatorId,
  proof: string,
  extra: readonly Uint8Array[],
): ClgContext => ({ ...session, round, prover, proof, extra: [setupDigest(input), ...extra] });

/** Version, type and session of a message. @throws DecodeError; CheckError if the message is of another session. */
export function readHeader(reader: Reader, input: NetworkDkgInput, type: number, section: string): void {
  reader.constant('version', messageVersion);
  reader.constant('type', type);
  if (!constantTimeEqual(reader.fixed('session', 32), input.context.session)) {
    throw new CheckError(section, reader.path('session'), 'is not this session');
  }
}

/** An inbox reduced to one message per validator, with the faults that show in it. */
export interface SortedInbox<Message> {
  /** In committee order. */
  readonly messages: ReadonlyMap<ValidatorId, Message>;
  readonly blamed: readonly Blame[];
}

/**
 * Reads an inbox in its order.
 *
 * A sender outside the committee is ignored and blamed. Of one sender the first message counts; with `first-valid` the first one that
 * can be read. Another message with different bytes is equivocation and blamed; a repetition is ignored.
 *
 * @param section - check id of the round, for blame.
 * @param read - decodes and checks one message on its own; its DecodeError or CheckError becomes blame.
 */
export function sortInbox<Message>(
  { access }: NetworkDkgInput,
  inbox: readonly InboxEntry[],
  section: string,
  rule: 'first' | 'first-valid',
  read: (from: ValidatorId, message: Uint8Array) => Message,
): SortedInbox<Message> {
  const blamed: Blame[] = [];
  const seen = new Map<ValidatorId, Uint8Array[]>();
  const found = new Map<ValidatorId, Message>();
  const members = new Set(access.validators);
  for (const { from, message } of inbox) {
    if (!members.has(from)) {
      if (!seen.has(from)) blamed.push({ party: from, check: section, reason: 'is not in the committee' });
      seen.set(from, []);
      continue;
    }
    const earlier = seen.get(from);
    if (earlier === undefined) seen.set(from, [message]);
    else {
      if (earlier.some((bytes) => constantTimeEqual(bytes, message))) continue;
      if (earlier.length === 1) {
        blamed.push({ party: from, check: section, reason: 'equivocation: two different messages in one round' });
      }
      earlier.push(message);
      if (rule === 'first' || found.has(from)) continue;
    }
    try {
      found.set(from, read(from, message));
    } catch (error) {
      if (!(error instanceof DecodeError) && !(error instanceof CheckError)) throw error;
      blamed.push({ party: from, check: error.check ?? section, reason: error.message });
    }
  }
  const messages = new Map<ValidatorId, Message>();
  for (const validator of access.validators) {
    const message = found.get(validator);
    if (message !== undefined) messages.set(validator, message);
  }
  return { messages, blamed };
}
