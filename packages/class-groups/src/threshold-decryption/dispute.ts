/**
 * Identifiable abort (CG 3.10): given the shares that were published without proof and the proved ones, names exactly the culprits and
 * combines from t proven shares.
 *
 * Every decision here is deterministic from messages: a batch only speeds it up, blame rests on the single equation (CG pitfall 28).
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import {
  type Blame,
  InvalidArgumentsError,
  type Random,
  type ValidatorId,
  type VirtualId,
  verifyBatch,
} from '@dwallet/sigma';
import { ciphertextsEqual } from '../encryption.ts';
import { disputeFactor, partialDecryptionFactor } from '../sharing/lagrange.ts';
import { type Combination, combineShares, selectShares } from './combine.ts';
import type { DecryptionShares } from './partial-decrypt.ts';
import { type ProvedDecryptionShares, shareProofInstance } from './prove-share.ts';
import type { DecryptionRequest } from './request.ts';

/** What the messages prove. */
export interface DisputeOutcome {
  /** One entry per fault; a validator can appear more than once. */
  readonly blamed: readonly Blame[];
  /** Answers whose proofs all hold and that contradict nothing their sender published. */
  readonly proven: readonly ProvedDecryptionShares[];
  /** Validators that published and did not prove: suspended for this request, blamed only where the equation of step 5 fails. */
  readonly silent: readonly ValidatorId[];
  /** Silent validators about which nothing can be said until t shares are proven. */
  readonly undecided: readonly ValidatorId[];
  /** Combination of t proven shares; undefined until t numbers of the expected set are proven: ask further validators. */
  readonly combination: Combination | undefined;
  /**
   * Nobody is at fault although every published share was judged. If the optimistic result had failed, that is a bug: stop and alarm, do not
   * retry (MPC 5.7).
   */
  readonly unexplained: boolean;
}

function requireDistinct(field: string, answers: readonly DecryptionShares[]): void {
  if (new Set(answers.map(({ sender }) => sender)).size !== answers.length)
    throw new InvalidArgumentsError(field, 'two answers of one validator');
}

/**
 * The share that number k must have published for `publishedIn`, computed from t proven shares, raised to n! (CG 3.10 step 5, right side).
 * @param proven - t proven shares made for `provenIn`, all in its expected set, without k.
 */
export function expectedSharePower(
  provenIn: DecryptionRequest,
  proven: ReadonlyMap<VirtualId, readonly Element[]>,
  publishedIn: DecryptionRequest,
  k: VirtualId,
): Element[] {
  const { group } = provenIn.setup.parameters;
  const set = [...proven.keys()];
  const factor = partialDecryptionFactor(
    publishedIn.setup.state.access.totalWeight,
    publishedIn.expectedSet.members,
    k,
  );
  return provenIn.ciphertexts.map((_, l) =>
    group.powerVartime(
      group.multiPowerVartime(
        set.map((j) => ({
          base: (proven.get(j) as readonly Element[])[l] as Element,
          exponent: disputeFactor(provenIn.expectedSet.members, set, j, k),
        })),
      ),
      factor,
    ),
  );
}

/** Numbers of one published answer that contradict the proven shares. */
function wrongNumbers(
  provenIn: DecryptionRequest,
  proven: ReadonlyMap<VirtualId, readonly Element[]>,
  publishedIn: DecryptionRequest,
  published: DecryptionShares,
): VirtualId[] {
  const { setup } = publishedIn;
  const { group } = setup.parameters;
  return [...published.shares]
    .filter(([k, powers]) => {
      const expected = expectedSharePower(provenIn, proven, publishedIn, k);
      return powers.some(
        (power, l) => !group.equals(group.powerVartime(power, setup.factorial), expected[l] as Element),
      );
    })
    .map(([k]) => k);
}

/** Numbers for which a validator's proven share and its published one are not powers by one exponent. */
function changedNumbers(
  provenIn: DecryptionRequest,
  proven: ProvedDecryptionShares,
  publishedIn: DecryptionRequest,
  published: DecryptionShares,
): VirtualId[] {
  const { group } = provenIn.setup.parameters;
  const n = provenIn.setup.state.access.totalWeight;
  const same = provenIn.digest.every((byte, i) => byte === publishedIn.digest[i]);
  return [...published.shares]
    .filter(([j, powers]) => {
      const again = proven.shares.get(j);
      if (again === undefined || again.length !== powers.length) return true;
      if (same) return powers.some((power, l) => !group.equals(power, again[l] as Element));
      // Different expected sets: gamma^(u d) and gamma^(u' d) agree iff the u'-th and u-th powers do.
      const u = partialDecryptionFactor(n, publishedIn.expectedSet.members, j);
      const uAgain = partialDecryptionFactor(n, provenIn.expectedSet.members, j);
      return powers.some(
        (power, l) => !group.equals(group.powerVartime(power, uAgain), group.powerVartime(again[l] as Element, u)),
      );
    })
    .map(([j]) => j);
}

/**
 * Judges a dispute.
 * @param input.request - the request under which `published` was made.
 * @param input.proofRequest - the request under which `proved` was made, with the same ciphertexts; default: the same. Where the expected
 *   set is smaller than everybody, use `generalRequest`, so that validators outside it can help.
 * @param input.published - the first valid unproven answer of each validator (what the message reader accepted).
 * @param input.proved - the first valid proved answer of each validator.
 * @param random - this verifier's own, for batch weights.
 * @returns who is provably at fault: `CG:3.9` for a proof that fails, `CG:3.10` for a published share that differs from the proved one or
 *   from what t proven shares imply.
 */
export function resolveDispute(
  input: {
    readonly request: DecryptionRequest;
    readonly proofRequest?: DecryptionRequest;
    readonly published: readonly DecryptionShares[];
    readonly proved: readonly ProvedDecryptionShares[];
  },
  random: Random,
): DisputeOutcome {
  const { request, published, proved } = input;
  const proofRequest = input.proofRequest ?? request;
  const { parameters, state } = request.setup;
  if (
    proofRequest.setup !== request.setup ||
    proofRequest.ciphertexts.length !== request.ciphertexts.length ||
    proofRequest.ciphertexts.some((ct, l) => {
      const other = request.ciphertexts[l];
      return other === undefined || !ciphertextsEqual(parameters, ct, other);
    })
  )
    throw new InvalidArgumentsError('proofRequest', 'is about other ciphertexts');
  requireDistinct('published', published);
  requireDistinct('proved', proved);

  const blamed: Blame[] = [];
  const publishedBy = new Map(published.map((answer) => [answer.sender, answer]));
  const entries = proved.flatMap((answer) => [...answer.shares.keys()].map((share) => ({ answer, share })));
  const invalid = verifyBatch(
    entries.map(({ answer, share }) => shareProofInstance(proofRequest, answer, share)),
    random,
  );
  const culprits = new Set<ValidatorId>();
  for (const index of invalid) {
    const { answer, share } = entries[index] as (typeof entries)[number];
    culprits.add(answer.sender);
    blamed.push({ party: answer.sender, check: 'CG:3.9', reason: `proof of decryption share ${share} fails` });
  }
  const proven = proved.filter((answer) => {
    if (culprits.has(answer.sender)) return false;
    const before = publishedBy.get(answer.sender);
    if (before === undefined) return true;
    const changed = changedNumbers(proofRequest, answer, request, before);
    for (const share of changed) {
      blamed.push({
        party: answer.sender,
        check: 'CG:3.10',
        reason: `published decryption share ${share} differs from the proved one`,
      });
    }
    return changed.length === 0;
  });

  const provers = new Set(proved.map(({ sender }) => sender));
  const silent = published.filter(({ sender }) => !provers.has(sender));
  const inSet = proven.reduce(
    (sum, { shares }) => sum + [...shares.keys()].filter((share) => proofRequest.expectedSet.has(share)).length,
    0,
  );
  let combination: Combination | undefined;
  if (inSet >= state.access.threshold) {
    const quorum = selectShares(proofRequest, proven);
    combination = combineShares(proofRequest, quorum);
    for (const answer of silent) {
      for (const share of wrongNumbers(proofRequest, quorum, request, answer)) {
        blamed.push({
          party: answer.sender,
          check: 'CG:3.10',
          reason: `published decryption share ${share} contradicts ${quorum.size} proven shares`,
        });
      }
    }
  }
  const undecided = combination === undefined ? silent.map(({ sender }) => sender) : [];
  return {
    blamed,
    proven,
    silent: silent.map(({ sender }) => sender),
    undecided,
    combination,
    unexplained: blamed.length === 0 && undecided.length === 0,
  };
}
