/**
 * The complete client message (MPC 5.2 to 5.4). Sending its result IS signing: nothing in it can be recalled.
 *
 * This file draws fresh randomness, so it is not exported: `client/sign-once.ts` is the only door, and it opens once per presign.
 *
 * @module
 */
import {
  BugError,
  type Digest,
  type Random,
  type Secret,
  encodeScalar,
  encodeText,
  encodeUint8,
  hedgedRandom,
} from '@dwallet/sigma';
import type { DWalletRecord, HashScheme, NetworkSetup, TargetedPresign } from '../../types.ts';
import { commitNonce, sampleNonceSecrets } from './client-commit.ts';
import { type SecondStage, type SignDraft, evaluateDraft, openEvaluation } from './client-evaluate.ts';
import type { ComputePool, RunOptions } from '../../compute/pool.ts';
import { evaluateIn, prepareEvaluatorIn } from './evaluation-jobs.ts';
import { type Evaluator, directEvaluator } from './evaluator.ts';
import { hashMessage, hashSchemeId, messageScalar } from './message-hash.ts';
import { prepareEvaluator } from './prepared-evaluator.ts';
import { type MaskPoints, drawSecondStage, maskPoints } from './second-stage-randomness.ts';
import { encodeSignMessage } from './sign-message.ts';
import { type Steps, finish } from './steps.ts';

/** What a client message is for, before the message is known. */
export interface SignTarget {
  readonly setup: NetworkSetup;
  readonly record: DWalletRecord;
  readonly presign: TargetedPresign;
  /** x_A. */
  readonly userShare: Secret<bigint>;
}

export interface CreateSignMessageArguments extends SignTarget {
  readonly hashScheme: HashScheme;
  /** The message itself, of any length. */
  readonly message: Uint8Array;
  readonly random: Random;
}

/** Keyed by x_A, 64 fresh bytes and the public context (MPC:V7, MPC 5.2 step 3). */
function hedge(
  { setup, record, presign, userShare }: SignTarget,
  random: Random,
  label: string,
  rest: readonly Uint8Array[],
): Random {
  const { curve } = setup;
  const keyBytes = encodeScalar(curve, userShare.expose());
  const hedged = hedgedRandom(random, keyBytes, [
    encodeText(label),
    presign.presignId,
    presign.digest,
    setup.commitment,
    curve.encodePoint(record.publicKey),
    curve.encodePoint(record.userPublicShare),
    ...rest,
  ]);
  keyBytes.fill(0);
  return hedged;
}

/**
 * A client message as far as it does not depend on what is signed. It holds the nonce secrets: whoever sees it and the message made from it has
 * x_A, and so has everybody who sees two messages made from it (MPC 1.5, 8.3).
 */
export interface MessageDraft {
  readonly draft: SignDraft;
  readonly points: MaskPoints;
  readonly evaluator: Evaluator;
}

/**
 * Draws everything that a message draws, with stage 1.
 * @param evaluatorOf - `directEvaluator`: the class-group part is computed when the message is there; `preparedEvaluator`: most of it now.
 * @param random - hedged, for this draft only.
 * Secrets touched: x_A and everything drawn.
 */
export const draftMessage = (target: SignTarget, random: Random, evaluatorOf: typeof directEvaluator): MessageDraft =>
  finish(
    // No step ends inside.
    // oxlint-disable-next-line require-yield
    draftInSteps(target, random, function* (...args) {
      return evaluatorOf(...args);
    }),
  );

/** As {@link draftMessage}; all randomness is drawn before the evaluator begins. */
function* draftInSteps(target: SignTarget, random: Random, evaluatorOf: typeof prepareEvaluator): Steps<MessageDraft> {
  const drawn = yield* drawInSteps(target, random);
  const { setup, presign, secrets, randomness } = drawn.draft;
  return { ...drawn, evaluator: yield* evaluatorOf(setup, presign, [secrets.beta, secrets.alpha], randomness) };
}

/** All that is drawn, and the points that follow from it. */
function* drawInSteps(
  { setup, record, presign, userShare }: SignTarget,
  random: Random,
): Steps<Omit<MessageDraft, 'evaluator'>> {
  const { curve } = setup;
  const share = userShare.expose();
  const secrets = sampleNonceSecrets(curve, random);
  const stage = commitNonce(curve, presign, share, secrets, random);
  yield;
  const randomness = drawSecondStage(setup, random);
  const points = maskPoints(curve, share, randomness);
  yield;
  return { draft: { setup, presign, userPublicShare: record.userPublicShare, secrets, stage, randomness }, points };
}

/**
 * SignMsg from a draft, which is used up by it. Draws nothing.
 * @returns canonical bytes, the same whichever evaluator the draft has; undefined if R_B = O or r = 0, with probability about 2^-255.
 */
export function completeMessage(
  { draft, points, evaluator }: MessageDraft,
  userShare: Secret<bigint>,
  hashScheme: HashScheme,
  messageDigest: Digest,
): Uint8Array | undefined {
  const message = messageScalar(draft.setup.curve, messageDigest);
  const second = evaluateDraft(draft, { hashScheme, message }, userShare.expose(), points, evaluator);
  return second && encodeDraft(draft, second, hashScheme, messageDigest);
}

const encodeDraft = (
  { setup, presign, stage }: SignDraft,
  second: SecondStage,
  hashScheme: HashScheme,
  messageDigest: Digest,
): Uint8Array =>
  encodeSignMessage(setup.parameters, setup.curve, {
    presignId: presign.presignId,
    publicKey: presign.publicKey,
    hashScheme,
    messageDigest,
    ...stage,
    ...second,
  });

/**
 * Makes SignMsg.
 * @returns its canonical bytes, about 6.3 kB at CLG-128.
 * Randomness: hedged with x_A, the presign and the message (MPC:V7, MPC 5.2 step 3); a broken generator alone repeats nothing but whole messages.
 * Secrets touched: x_A, and the nonce secrets, which do not outlive this call.
 */
export function createSignMessage(args: CreateSignMessageArguments): Uint8Array {
  const { userShare, hashScheme } = args;
  const messageDigest = hashMessage(hashScheme, args.message);
  // Everything that a challenge of this message depends on is in the context, so that equal masks imply equal challenges.
  const random = hedge(args, args.random, 'ecdsa-sign/client', [encodeUint8(hashSchemeId(hashScheme)), messageDigest]);
  // R_B = O or r = 0 has probability about 2^-255: one repetition is already a miracle.
  for (let attempt = 0; attempt < 4; attempt++) {
    const draft = draftMessage(args, random, directEvaluator);
    const bytes = completeMessage(draft, userShare, hashScheme, messageDigest);
    if (bytes !== undefined) return bytes;
  }
  throw new BugError('no usable nonce in four attempts');
}

/**
 * A draft with everything computed that does not need the message: about 27 powers of 1000 bits. `userShare` is read in the first steps.
 *
 * The message cannot be in the hedge, because it is not known. So a generator that repeats itself, or a process image that is restored or
 * copied, gives the same secrets for two messages, which reveal x_A. Hence 64 fresh bytes at every preparation, and hence such drafts live in
 * memory only, in the hands of `client/prepare-presign.ts`, and are gone before they are used.
 * Secrets touched: x_A and everything drawn.
 */
export const prepareMessage = (target: SignTarget, random: Random): Steps<MessageDraft> =>
  draftInSteps(target, hedge(target, random, 'ecdsa-sign/client-prepare', []), prepareEvaluator);

// With the class-group part in workers -------------------------------------------------------------------------------------------------

/**
 * {@link createSignMessage} with the two components of both evaluations side by side in the pool: the same message from the same randomness.
 * @throws ComputeError; nothing has left then.
 * Secrets touched: x_A; the exponents of the evaluations go to the workers as bytes that are overwritten on both sides.
 */
export async function createSignMessageIn(
  pool: ComputePool,
  args: CreateSignMessageArguments,
  options: RunOptions = {},
): Promise<Uint8Array> {
  const { userShare, hashScheme } = args;
  const messageDigest = hashMessage(hashScheme, args.message);
  const random = hedge(args, args.random, 'ecdsa-sign/client', [encodeUint8(hashSchemeId(hashScheme)), messageDigest]);
  const message = messageScalar(args.setup.curve, messageDigest);
  for (let attempt = 0; attempt < 4; attempt++) {
    const { draft, points } = finish(drawInSteps(args, random));
    const open = openEvaluation(draft, { hashScheme, message }, userShare.expose(), points);
    if (open === undefined) continue;
    // Only the 2^-255 case comes round again. oxlint-disable-next-line no-await-in-loop
    const evaluations = await evaluateIn(pool, draft, open, options);
    return encodeDraft(draft, open.complete(evaluations), hashScheme, messageDigest);
  }
  throw new BugError('no usable nonce in four attempts');
}

/** {@link prepareMessage} with the two components side by side in the pool. The draft itself stays in this thread. */
export async function prepareMessageIn(
  pool: ComputePool,
  target: SignTarget,
  random: Random,
  options: RunOptions = {},
): Promise<MessageDraft> {
  const drawn = finish(drawInSteps(target, hedge(target, random, 'ecdsa-sign/client-prepare', [])));
  return { ...drawn, evaluator: await prepareEvaluatorIn(pool, drawn.draft, options) };
}
