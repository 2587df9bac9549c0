/**
 * Attestations: what single validators saw, until the threshold of their weight makes a certificate (CLUSTER:4).
 *
 * @module
 */
import { type Outcome, type Rule, accept, refuse } from '../outcome.ts';
import { hex, sameBytes } from '../record/codec.ts';
import type { ZoneFact } from '../record/fact.ts';

/** Votes on one (kind, id, version). */
export interface Tally {
  readonly kind: ZoneFact['kind'];
  readonly id: Uint8Array;
  readonly version: bigint;
  /** Validator -> the digest that it attested first. */
  readonly votes: ReadonlyMap<number, Uint8Array>;
}

export interface Attestation {
  /** Its signature has been verified. */
  readonly validator: number;
  readonly fact: ZoneFact;
}

export interface Committee {
  /** Validator -> weight. */
  readonly weights: ReadonlyMap<number, number>;
  /** Weight of a certificate, above two thirds of the total. */
  readonly threshold: number;
}

export interface AttestationRules {
  readonly 'CLUSTER:4': Rule<{
    readonly tally: Tally;
    readonly attestation: Attestation;
    readonly committee: Committee;
  }>;
}

export const attestationRules: AttestationRules = {
  'CLUSTER:4': ({ tally, attestation: { validator, fact }, committee }) => {
    if (!committee.weights.has(validator)) return refuse('CLUSTER:4', `validator ${validator} is not in the committee`);
    if (fact.kind !== tally.kind || fact.version !== tally.version || !sameBytes(fact.id, tally.id)) {
      return refuse('CLUSTER:4', 'attests something else');
    }
    const before = tally.votes.get(validator);
    if (before === undefined) return undefined;
    return refuse(
      'CLUSTER:4',
      `validator ${validator} ${sameBytes(before, fact.digest) ? 'has voted' : 'voted for another digest'}`,
    );
  },
};

export const newTally = ({ kind, id, version }: ZoneFact): Tally => ({ kind, id, version, votes: new Map() });

/** Counts one attestation. A second one changes nothing; a different second one is refused and is evidence ({@link isEquivocation}). */
export function attestWith(
  rules: AttestationRules,
  committee: Committee,
  tally: Tally,
  attestation: Attestation,
): Outcome<Tally> {
  const refusal = rules['CLUSTER:4']({ tally, attestation, committee });
  if (refusal !== undefined) return refusal;
  return accept({ ...tally, votes: new Map(tally.votes).set(attestation.validator, attestation.fact.digest) });
}

/** Whether an attestation conflicts with one by the same validator: then both together are evidence. */
export const isEquivocation = (tally: Tally, { validator, fact }: Attestation): boolean => {
  const before = tally.votes.get(validator);
  return before !== undefined && !sameBytes(before, fact.digest);
};

/** The digests that have the threshold: at most one while the faulty weight stays below a third. */
export function certifiedDigests({ weights, threshold }: Committee, tally: Tally): readonly Uint8Array[] {
  const sums = new Map<string, { digest: Uint8Array; weight: number }>();
  for (const [validator, digest] of tally.votes) {
    const sum = sums.get(hex(digest)) ?? { digest, weight: 0 };
    sums.set(hex(digest), { digest, weight: sum.weight + (weights.get(validator) ?? 0) });
  }
  return [...sums.values()].filter(({ weight }) => weight >= threshold).map(({ digest }) => digest);
}
