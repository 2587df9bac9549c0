/**
 * Validators attest what they saw; fewer than a third of the weight lies, votes twice, and sends votes on one thing as votes on another.
 *
 * @module
 */
import { type Committee, type Tally, certifiedDigests, newTally } from '../../src/index.ts';
import { attestWith, isEquivocation } from '../../src/cluster/attestations.ts';
import { zoneFact } from '../../src/record/fact.ts';
import { hex, sameBytes } from '../../src/record/codec.ts';
import type { Rules } from '../../src/rules.ts';
import { bytes32 } from '../helpers/build.ts';
import { Draw, must } from '../helpers/entropy.ts';

export const quorumWitness = { certified: 0, equivocations: 0 };

const truth = zoneFact('cluster-message', ['c', 'a', 'b'], 0n, bytes32('true'));
const other = zoneFact('cluster-message', ['c', 'a', 'b'], 1n, bytes32('next'));
const lies = [bytes32('lie'), bytes32('other lie')].map((digest) => ({ ...truth, digest }));

/** One history. Throws where something does not hold. */
export function attestationQuorum(rules: Rules, operations: readonly number[]): void {
  const faulty = 1 + new Draw(operations[0] ?? 0).below(2);
  const size = 3 * faulty + 1;
  const committee: Committee = {
    weights: new Map(Array.from({ length: size }, (_, i) => [i + 1, 1])),
    threshold: 2 * faulty + 1,
  };
  let tally: Tally = newTally(truth);
  for (const operation of operations) {
    const draw = new Draw(operation);
    const validator = 1 + draw.below(size + 1);
    const liar = validator <= faulty;
    // Honest validators attest two messages, truthfully; a stranger and the liars say anything.
    const fact = liar || validator > size ? draw.of([truth, other, ...lies]) : draw.of([truth, other]);
    const before = tally;
    if (isEquivocation(tally, { validator, fact }) && sameBytes(fact.id, truth.id) && fact.version === truth.version) {
      must(liar || validator > size, 'no honest validator is accused');
      quorumWitness.equivocations++;
    }
    const outcome = attestWith(rules, committee, tally, { validator, fact });
    if (outcome.ok) tally = outcome.state;
    for (const [voter, digest] of before.votes) {
      const now = tally.votes.get(voter);
      must(now !== undefined && sameBytes(now, digest), 'a vote stays what it was');
    }
    must(
      [...tally.votes.keys()].every((voter) => voter <= size),
      'only the committee votes',
    );
    const certified = certifiedDigests(committee, tally);
    must(certified.length <= 1, 'two digests are never certified');
    must(
      certified.every((digest) => hex(digest) === hex(truth.digest)),
      'nothing false is certified',
    );
    if (certified.length === 1) quorumWitness.certified++;
  }
}
