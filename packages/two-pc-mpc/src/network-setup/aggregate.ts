/**
 * Network setup, aggregation (MPC 2.3): sums the accepted contributions to X_B,0, X_B,1, ct_0, ct_1.
 *
 * @module
 */
import { type AccessStructure, addCiphertexts } from '@dwallet/class-groups';
import {
  type Blame,
  BugError,
  CheckError,
  type Point,
  type ProofInstance,
  type Random,
  type ValidatorId,
  verifyBatch,
} from '@dwallet/sigma';
import { type Inbox, type RoundOutcome, openInbox, requireThreshold, sortBlame } from '../inbox.ts';
import { encryptedDiscreteLog, encryptionOfDiscreteLog } from '../proofs/encryption-of-discrete-log.ts';
import type { NetworkSetup } from '../types.ts';
import { bytesEqual } from '../wire/format.ts';
import { type SetupContext, decodeSetupContribution, setupProofContext } from './round-1-contribute.ts';
import { createNetworkSetup } from './setup-commitment.ts';

export interface AggregatedSetup extends RoundOutcome {
  readonly setup: NetworkSetup;
}

/** Valid contributions, and the setup that they sum up to. */
export interface CheckedSetup {
  /** Ascending. */
  readonly accepted: readonly ValidatorId[];
  readonly blamed: readonly Blame[];
  /** Undefined if nothing was accepted. */
  readonly setup: NetworkSetup | undefined;
}

type CheckSetupArguments = SetupContext & {
  readonly access: Pick<AccessStructure, 'validators'>;
  readonly inbox: Inbox;
  readonly random: Random;
};

/** MPC:N1 to MPC:N3 and the sums. @throws CheckError MPC:N6 for a degenerate sum. */
export function checkSetupContributions(args: CheckSetupArguments): CheckedSetup {
  const { curve, parameters, encryptionKey, access, inbox, random } = args;
  const language = encryptionOfDiscreteLog(curve, parameters, encryptionKey);
  // MPC:N1 and MPC:N2: two statements, every point and element valid, every element a square.
  const opened = openInbox(access, inbox, 'MPC:N2', (bytes) => {
    const contribution = decodeSetupContribution(args, bytes);
    if (!bytesEqual(contribution.sessionId, args.sessionId)) {
      throw new CheckError('MPC:N3', 'SetupContribution.sessionId', 'is of another session');
    }
    return contribution;
  });
  const instances: ProofInstance[] = opened.messages.map(({ validator, message }) => ({
    language,
    context: setupProofContext(args, validator),
    statements: [0, 1].map((j) =>
      encryptedDiscreteLog(message.ciphertexts[j as 0 | 1], message.publicShares[j as 0 | 1]),
    ),
    proof: message.proof,
  }));
  // MPC:N3: the proof holds under the context of its own sender, so a copied contribution fails.
  const invalid = new Set(verifyBatch(instances, random));
  const blamed: Blame[] = [
    ...opened.blamed,
    ...[...invalid].map((i) => ({
      party: opened.messages[i]?.validator as number,
      check: 'MPC:N3',
      reason: 'the proof of encryption of a discrete logarithm does not verify',
    })),
  ];
  const valid = opened.messages.filter((_, i) => !invalid.has(i));
  const accepted = valid.map(({ validator }) => validator);
  if (accepted.length === 0) return { accepted, blamed: sortBlame(blamed), setup: undefined };
  const sum = (j: 0 | 1): Point =>
    valid.reduce((point, { message }) => point.add(message.publicShares[j]), curve.identity);
  const ciphertext = (j: 0 | 1) => addCiphertexts(parameters, ...valid.map(({ message }) => message.ciphertexts[j]));
  return {
    accepted,
    blamed: sortBlame(blamed),
    setup: createNetworkSetup({
      curve,
      parameters,
      encryptionKey,
      publicShares: [sum(0), sum(1)],
      shareCiphertexts: [ciphertext(0), ciphertext(1)],
    }),
  };
}

/** MPC:N4: with weight t at least one honest, secret contribution is in every sum. @throws ThresholdNotReachedError. */
export function requireSetup(access: AccessStructure, { accepted, blamed, setup }: CheckedSetup): AggregatedSetup {
  requireThreshold(access, accepted, blamed, 'MPC:N4 network setup');
  if (setup === undefined) throw new BugError('contributions of weight t and no sum');
  return { accepted, blamed, setup };
}

/**
 * Deterministic in the inbox: all honest validators must use the same set (MPC:N5). What they got is compared by a quorum certificate on
 * `setupFact`; two sets give two G_com, and at most one of them can gather weight t.
 *
 * @param args.inbox - contributions of weight >= t; invalid ones are blamed and left out.
 * @param args.random - this verifier's own secret randomness for batch weights.
 * @throws ThresholdNotReachedError (MPC:N4) if fewer than weight t are valid; CheckError MPC:N6 for a degenerate sum.
 */
export const aggregateSetup = (args: CheckSetupArguments & { readonly access: AccessStructure }): AggregatedSetup =>
  requireSetup(args.access, checkSetupContributions(args));
