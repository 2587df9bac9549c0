/**
 * A fork of the zone log as bytes that anybody can judge: two batches for one slot, each with a certificate of the quorum that decided it. More than f
 * validators are at fault then, and the certificates name more than f that signed both. Which of these broke a rule they do not say, unless both are of one
 * ballot: an honest validator votes once in a ballot.
 *
 * Layout: slot (8 bytes), digest of the slot before (32), twice batch and certificate.
 *
 * @module
 */
import {
  type Blame,
  DecodeError,
  type Digest,
  Reader,
  concat,
  digest,
  encodeBytes,
  encodeUint64,
} from '@dwallet/sigma';
import { type Committee, decodeCertificate, verifyCertificate } from '@dwallet/two-pc-mpc/network';
import { type CertifiedBatch, decidedSlotFact, decodeDecided, encodeDecided, slotDigest } from './slots.ts';

/** The rule that a forked log breaks: one entry per height. */
export const forkCheck = 'ASSET:7';

export interface ForkProof {
  readonly slot: bigint;
  /** Digest of the slot before, the same for both. */
  readonly before: Digest;
  readonly decided: readonly [CertifiedBatch, CertifiedBatch];
}

const maxDecidedBytes = 4 * 1024 * 1024;

export const encodeForkProof = ({ slot, before, decided }: ForkProof): Uint8Array =>
  concat(encodeUint64(slot), before, ...decided.map((one) => encodeBytes(encodeDecided(one))));

/** Strict. Proves nothing. @throws DecodeError */
export function decodeForkProof(bytes: Uint8Array): ForkProof {
  const reader = new Reader(bytes, 'ForkProof');
  const slot = reader.uint64('slot');
  const before = digest(reader.fixed('before', 32));
  const one = (field: string): CertifiedBatch => decodeDecided(reader.bytes(field, maxDecidedBytes));
  const decided = [one('first'), one('second')] as const;
  reader.end();
  return { slot, before, decided };
}

/** What names the slot in its network: 32 bytes. */
export const forkSession = (networkId: Digest, { slot, before, decided }: ForkProof): Digest =>
  digest(decidedSlotFact(networkId, slot, slotDigest(slot, before, decided[0].batch), 0n).id);

/**
 * Whether both batches were decided.
 * @returns who voted twice in one ballot; nobody where the ballots differ.
 * @throws DecodeError, CheckError unless quorums of this committee decided two different batches.
 */
export function judgeForkProof(committee: Committee, networkId: Digest, proof: ForkProof): Blame[] {
  const { slot, before, decided } = proof;
  const opened = decided.map(({ batch, certificate }) => {
    const shown = decodeCertificate(certificate);
    const value = slotDigest(slot, before, batch);
    verifyCertificate(committee, shown, decidedSlotFact(networkId, slot, value, shown.fact.version / 2n), forkCheck);
    return { value, version: shown.fact.version, voters: shown.votes.map(({ validator }) => validator) };
  });
  const [first, second] = opened as [(typeof opened)[number], (typeof opened)[number]];
  if (Buffer.compare(first.value, second.value) === 0) throw new DecodeError('ForkProof', 'is one batch twice');
  if (first.version !== second.version) return [];
  const reason = `voted to decide two batches for slot ${slot} of the zone log in one ballot`;
  return first.voters
    .filter((voter) => second.voters.includes(voter))
    .map((party) => ({ party, check: forkCheck, reason }));
}
