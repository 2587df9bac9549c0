/**
 * The rounds of a presign session (MPC 4) as jobs, split over the workers where the algebra allows: contributions presign by presign, the
 * masks' proofs prover by prover (one proof covers a whole batch), the nonces' proofs and sums presign by presign.
 *
 * Between rounds the caller holds encoded aggregates and presigns; their elements are parsed strictly by the job that uses them next. What the
 * network agrees on, digests and identifiers, is computed by the caller itself, from those bytes.
 *
 * @module
 */
import type { AccessStructure } from '@dwallet/class-groups';
import {
  type Blame,
  BugError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type Random,
  Reader,
  type ValidatorId,
  concat,
  digest,
  digestTagged,
  encodeUint16,
  hashTagged,
  seededRandom,
  sessionId,
  validatorId,
} from '@dwallet/sigma';
import {
  type PresignSession,
  decodeMaskAggregate,
  encodeMaskAggregate,
  encodedMaskAggregateDigest,
  maskAggregateWidth,
  requireBatch,
} from '../ecdsa/presign/presign-session.ts';
import { drawMaskWitness, maskContribution, maskLanguage, proveMasks } from '../ecdsa/presign/round-1-encrypt-mask.ts';
import { addMasks, checkMasks, encodeMaskVote, requireMasks } from '../ecdsa/presign/round-2-agree.ts';
import {
  contributeNonces,
  encodeNonceContribution,
  encodePresignRound3Head,
} from '../ecdsa/presign/round-3-encrypt-nonces.ts';
import { finalizeSlice, requireNonces } from '../ecdsa/presign/finalize.ts';
import { type PresignIdentification, encodePresign, identifyPresign } from '../ecdsa/presign/presign-record.ts';
import { type Inbox, type OwnMessage, type RoundOutcome, requireMembers, sortBlame, sortedEntries } from '../inbox.ts';
import { encodeSetupRecord } from '../network-setup/setup-record.ts';
import { bytesEqual } from '../wire/format.ts';
import type { JobContext, JobTable } from './job-context.ts';
import { decodeInbox, encodeInbox, encodeNumbers, maxMembers, readNumber, readNumbers, seedBytes } from './parts.ts';
import {
  type ComputePool,
  type RunOptions,
  encodeBlames,
  packParts,
  readAnswer,
  readBlames,
  runJob,
  runSecretJob,
  unpackParts,
} from './pool.ts';

const names = {
  masks: 'presign/masks',
  proveMasks: 'presign/prove-masks',
  checkMasks: 'presign/check-masks',
  addMasks: 'presign/add-masks',
  nonces: 'presign/nonces',
  finalize: 'presign/finalize',
} as const;

const background = { priority: 'background' } as const;

// Pieces of inputs -----------------------------------------------------------------------------------------------------------------

const encodeSession = ({ setup, sessionId: session, batch }: PresignSession): Uint8Array =>
  packParts(encodeSetupRecord(setup), session, encodeUint16(batch));

function openSession(context: JobContext, bytes: Uint8Array): PresignSession & { readonly setupRecord: Uint8Array } {
  const [setupRecord, session, batch] = unpackParts(bytes, 'PresignJob.session', 3) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const opened = {
    setup: context.tabledSetup(setupRecord),
    setupRecord,
    sessionId: sessionId(session),
    batch: readNumber(batch, 'PresignJob.batch'),
  };
  requireBatch(opened.batch);
  return opened;
}

const encodeOutcome = ({ accepted, blamed }: RoundOutcome, ...rest: readonly Uint8Array[]): Uint8Array =>
  packParts(encodeNumbers(accepted), encodeBlames(blamed), ...rest);

/** What a check job says about the validators it was asked about. @throws DecodeError for anything about others, or about one twice. */
function openOutcome(
  parts: readonly Uint8Array[],
  asked: readonly ValidatorId[],
): { readonly accepted: ValidatorId[]; readonly blamed: Blame[] } {
  const [ids, faults] = parts as readonly [Uint8Array, Uint8Array];
  const accepted = readNumbers(ids, 'PresignJob.accepted').map((v) => validatorId(v));
  const blames = new Reader(faults, 'PresignJob.blamed');
  const blamed = readBlames(blames, 'list');
  blames.end();
  const culprits = new Set(blamed.map(({ party }) => party));
  const judged = [...accepted, ...culprits].sort((a, b) => a - b);
  const expected = [...asked].sort((a, b) => a - b);
  // Everybody is either accepted or blamed.
  if (judged.length !== expected.length || judged.some((v, i) => v !== expected[i])) {
    throw new DecodeError('PresignJob.accepted', 'does not judge exactly those that were asked about');
  }
  return { accepted, blamed };
}

/** At most `parts` consecutive ranges of nearly equal length. */
function ranges(total: number, parts: number): readonly { readonly from: number; readonly count: number }[] {
  const many = Math.max(1, Math.min(parts, total));
  return Array.from({ length: many }, (_, i) => {
    const from = Math.floor((i * total) / many);
    return { from, count: Math.floor(((i + 1) * total) / many) - from };
  });
}

// Round 1 ----------------------------------------------------------------------------------------------------------------------------

const witnessRandom = (seed: Uint8Array, index: number): Random =>
  seededRandom(hashTagged('compute/mask-witness', [seed, encodeUint16(index)], seedBytes));

/** In: session, from, count, seed. Out: encoded contributions. */
function runMasks(context: JobContext, input: Uint8Array): Uint8Array {
  const [session, from, count, seed] = unpackParts(input, 'MasksJob', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const { setup } = openSession(context, session);
  const first = readNumber(from, 'MasksJob.from');
  const contributions = Array.from({ length: readNumber(count, 'MasksJob.count') }, (_, i) =>
    maskContribution(
      maskLanguage(setup),
      setup.parameters,
      drawMaskWitness(setup.parameters, witnessRandom(seed, first + i)),
    ),
  );
  seed.fill(0);
  return encodeMaskAggregate(setup, contributions);
}

/** In: session, validator, seed, all encoded contributions. Out: PresignR1. */
function runProveMasks(context: JobContext, input: Uint8Array): Uint8Array {
  const [sessionBytes, validator, seed, encoded] = unpackParts(input, 'ProveMasksJob', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const session = openSession(context, sessionBytes);
  const { setup, batch } = session;
  // The mask of the proof depends on what is proven: a second run over other contributions draws another one (MPC 1.5).
  const random = seededRandom(hashTagged('compute/mask-proof', [seed, input], seedBytes));
  const witnesses = Array.from({ length: batch }, (_, i) => drawMaskWitness(setup.parameters, witnessRandom(seed, i)));
  seed.fill(0);
  return proveMasks(
    { ...session, validator: validatorId(readNumber(validator, 'ProveMasksJob.validator')), random },
    decodeMaskAggregate(setup, encoded, batch),
    witnesses,
  );
}

/**
 * `encryptMask` on the workers of this process.
 * @param args.random - for this session and these inputs only (MPC 1.5).
 * Secrets touched: the seed of gamma_i and eta, which goes to local workers and is overwritten.
 */
export async function encryptMaskIn(
  pool: ComputePool,
  args: PresignSession & { readonly validator: ValidatorId; readonly random: Random },
  options: RunOptions = {},
): Promise<Uint8Array> {
  requireBatch(args.batch);
  const session = encodeSession(args);
  const seed = args.random(seedBytes);
  try {
    const parts = await Promise.all(
      ranges(args.batch, pool.parallelism).map(({ from, count }) =>
        runSecretJob(pool, names.masks, [session, encodeUint16(from), encodeUint16(count), seed], {
          ...background,
          ...options,
        }),
      ),
    );
    const contributions = concat(...parts);
    return await runSecretJob(pool, names.proveMasks, [session, encodeUint16(args.validator), seed, contributions], {
      ...background,
      ...options,
    });
  } finally {
    seed.fill(0);
  }
}

const runPublic = (
  pool: ComputePool,
  name: string,
  parts: readonly Uint8Array[],
  options: RunOptions,
): Promise<Uint8Array> =>
  runJob(pool, { name, input: packParts(...parts), secret: false }, { ...background, ...options });

// Round 2 ----------------------------------------------------------------------------------------------------------------------------

/** In: session, inbox of some provers, seed. Out: accepted, blamed, encoded sums of the accepted. */
function runCheckMasks(context: JobContext, input: Uint8Array): Uint8Array {
  const [session, inbox, seed] = unpackParts(input, 'CheckMasksJob', 3) as [Uint8Array, Uint8Array, Uint8Array];
  const opened = openSession(context, session);
  const checked = checkMasks({ ...opened, ...decodeInbox(inbox, 'PresignJob'), random: seededRandom(seed) });
  return encodeOutcome(checked, encodeMaskAggregate(opened.setup, checked.sums));
}

/** In: session, encoded sums. Out: their sum. */
function runAddMasks(context: JobContext, input: Uint8Array): Uint8Array {
  const [session, ...sums] = unpackParts(input, 'AddMasksJob', [2, maxMembers + 1]) as [Uint8Array, ...Uint8Array[]];
  const { setup, batch } = openSession(context, session);
  return encodeMaskAggregate(
    setup,
    addMasks(
      setup,
      sums.map((sum) => decodeMaskAggregate(setup, sum, batch)),
    ),
  );
}

/** `MaskAgreement` with its aggregate as bytes (`encodeMaskAggregate`). */
export interface EncodedMaskAgreement extends RoundOutcome {
  readonly aggregate: Uint8Array;
  readonly digest: Digest;
  readonly vote: Uint8Array;
}

/** `agreeOnMasks` on workers: the provers are shared out. @throws as `agreeOnMasks`; ComputeError. */
export async function agreeOnMasksIn(
  pool: ComputePool,
  args: PresignSession & {
    readonly access: AccessStructure;
    readonly inbox: Inbox;
    readonly own?: OwnMessage | undefined;
    readonly random: Random;
  },
  options: RunOptions = {},
): Promise<EncodedMaskAgreement> {
  requireBatch(args.batch);
  requireMembers(args.access, args.inbox);
  const session = encodeSession(args);
  const entries = sortedEntries(args.inbox);
  const groups = ranges(entries.length, pool.parallelism).map(({ from, count }) => entries.slice(from, from + count));
  const checked = await Promise.all(
    groups.map(async (group) => {
      const output = await runPublic(
        pool,
        names.checkMasks,
        [session, encodeInbox(group, args.own), args.random(seedBytes)],
        options,
      );
      return readAnswer(names.checkMasks, () => {
        const parts = unpackParts(output, 'CheckMasksJob', 3);
        const asked = group.map(([validator]) => validator);
        return { ...openOutcome(parts, asked), sum: parts[2] as Uint8Array };
      });
    }),
  );
  const accepted = checked.flatMap((part) => part.accepted);
  const blamed = sortBlame(checked.flatMap((part) => part.blamed));
  requireMasks(args.access, { accepted, blamed });
  const sums = checked.filter((part) => part.accepted.length > 0).map(({ sum }) => sum);
  const aggregate =
    sums.length === 1 ? (sums[0] as Uint8Array) : await runPublic(pool, names.addMasks, [session, ...sums], options);
  const agreed = readAnswer(names.addMasks, () => encodedMaskAggregateDigest(args, aggregate));
  return { accepted, blamed, aggregate, digest: agreed, vote: encodeMaskVote(args.sessionId, agreed) };
}

// Round 3 ----------------------------------------------------------------------------------------------------------------------------

/** @throws InvalidArgumentsError if the own aggregate is not the agreed one: this validator sits the session out. */
function requireAgreedBytes(session: PresignSession, aggregate: Uint8Array, agreed: Digest): void {
  requireBatch(session.batch);
  if (!bytesEqual(encodedMaskAggregateDigest(session, aggregate), agreed)) {
    throw new InvalidArgumentsError('aggregate', 'is not what the network agreed on');
  }
}

const sliceOf = (session: PresignSession, aggregate: Uint8Array, from: number, count: number): Uint8Array => {
  const width = maskAggregateWidth(session.setup);
  return aggregate.slice(from * width, (from + count) * width);
};

/** In: session, validator, agreed digest, from, slice of the aggregate, seed. Out: the encoded contributions. */
function runNonces(context: JobContext, input: Uint8Array): Uint8Array {
  const [sessionBytes, validator, agreed, from, slice, seed] = unpackParts(input, 'NoncesJob', 6) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const session = openSession(context, sessionBytes);
  const { setup } = session;
  const first = readNumber(from, 'NoncesJob.from');
  const count = slice.length / maskAggregateWidth(setup);
  // Everything that a challenge depends on is in the seed of its mask (MPC 1.5).
  const inputs = digestTagged('compute/nonce-inputs', [sessionBytes, validator, agreed, slice]);
  const contributions = decodeMaskAggregate(setup, slice, count).map(({ mask }, i) => {
    const random = seededRandom(hashTagged('compute/nonces', [seed, inputs, encodeUint16(first + i)], seedBytes));
    const member = validatorId(readNumber(validator, 'NoncesJob.validator'));
    return encodeNonceContribution(setup, mask, contributeNonces(session, member, mask, first + i, random));
  });
  seed.fill(0);
  return concat(...contributions);
}

/**
 * `encryptNonces` on the workers of this process, the batch in slices.
 * @param args.aggregate - encoded, of `agreeOnMasksIn`.
 * @throws InvalidArgumentsError unless it is the agreed one; ComputeError.
 * Secrets touched: the seed of k_{j,i} and eta, which goes to local workers and is overwritten.
 */
export async function encryptNoncesIn(
  pool: ComputePool,
  args: PresignSession & {
    readonly validator: ValidatorId;
    readonly aggregate: Uint8Array;
    readonly agreed: Digest;
    readonly random: Random;
  },
  options: RunOptions = {},
): Promise<Uint8Array> {
  const { aggregate, agreed } = args;
  requireAgreedBytes(args, aggregate, agreed);
  const session = encodeSession(args);
  const validator = encodeUint16(args.validator);
  const seed = args.random(seedBytes);
  try {
    const parts = await Promise.all(
      ranges(args.batch, pool.parallelism).map(({ from, count }) =>
        runSecretJob(
          pool,
          names.nonces,
          [session, validator, agreed, encodeUint16(from), sliceOf(args, aggregate, from, count), seed],
          { ...background, ...options },
        ),
      ),
    );
    return concat(encodePresignRound3Head(args, agreed), ...parts);
  } finally {
    seed.fill(0);
  }
}

// Finalisation -----------------------------------------------------------------------------------------------------------------------

/** In: session, agreed digest, from, slice of the aggregate, inbox, seed. Out: accepted, blamed, encoded presigns. */
function runFinalize(context: JobContext, input: Uint8Array): Uint8Array {
  const [sessionBytes, agreed, from, slice, inbox, seed] = unpackParts(input, 'FinalizeJob', 6) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const session = openSession(context, sessionBytes);
  const { setup } = session;
  const outcome = finalizeSlice({
    ...session,
    ...decodeInbox(inbox, 'PresignJob'),
    aggregate: decodeMaskAggregate(setup, slice, slice.length / maskAggregateWidth(setup)),
    from: readNumber(from, 'FinalizeJob.from'),
    agreed: digest(agreed),
    random: seededRandom(seed),
  });
  return encodeOutcome(outcome, ...outcome.presigns.map((presign) => encodePresign(setup, presign)));
}

/** A presign as bytes, with what its bytes say. */
export interface EncodedPresign extends PresignIdentification {
  readonly bytes: Uint8Array;
}

export interface FinalizedPresignBytes extends RoundOutcome {
  /** In batch order. */
  readonly presigns: readonly EncodedPresign[];
}

/** `finalizePresigns` on workers, the batch in slices. @throws as `finalizePresigns`; ComputeError. */
export async function finalizePresignsIn(
  pool: ComputePool,
  args: PresignSession & {
    readonly access: AccessStructure;
    readonly aggregate: Uint8Array;
    readonly agreed: Digest;
    readonly inbox: Inbox;
    readonly own?: OwnMessage | undefined;
    readonly random: Random;
  },
  options: RunOptions = {},
): Promise<FinalizedPresignBytes> {
  const { access, aggregate, agreed } = args;
  requireAgreedBytes(args, aggregate, agreed);
  requireMembers(access, args.inbox);
  const session = encodeSession(args);
  let entries = sortedEntries(args.inbox);
  const blamed: Blame[] = [];
  // Each time round somebody is left out, so this ends.
  for (;;) {
    const asked = entries.map(([validator]) => validator);
    const inbox = encodeInbox(entries, args.own);
    // One after the other only when somebody cheated. oxlint-disable-next-line no-await-in-loop
    const slices = await Promise.all(
      ranges(args.batch, pool.parallelism).map(async ({ from, count }) => {
        const part = sliceOf(args, aggregate, from, count);
        const output = await runPublic(
          pool,
          names.finalize,
          [session, agreed, encodeUint16(from), part, inbox, args.random(seedBytes)],
          options,
        );
        return readAnswer(names.finalize, () => {
          const parts = unpackParts(output, 'FinalizeJob', [2, count + 2]);
          const outcome = openOutcome(parts, asked);
          const presigns = parts.slice(2).map((bytes, i) => openSlice(args, from + i, bytes));
          if (presigns.length !== (outcome.accepted.length === 0 ? 0 : count)) {
            throw new DecodeError('FinalizeJob.presigns', 'are not those of the slice');
          }
          return { ...outcome, presigns };
        });
      }),
    );
    const culprits = new Set(slices.flatMap((slice) => slice.blamed.map(({ party }) => party)));
    for (const fault of slices.flatMap((slice) => slice.blamed)) {
      const again = blamed.some(({ party, check }) => party === fault.party && check === fault.check);
      if (!again) blamed.push(fault);
    }
    const accepted = asked.filter((validator) => !culprits.has(validator));
    requireNonces(access, { accepted, blamed });
    if (slices.every((slice) => slice.accepted.length === accepted.length)) {
      return { accepted, blamed: sortBlame(blamed), presigns: slices.flatMap(({ presigns }) => presigns) };
    }
    if (accepted.length === entries.length) throw new BugError('slices of a batch accept different validators');
    entries = entries.filter(([validator]) => !culprits.has(validator));
  }
}

/** @throws DecodeError unless the bytes are of this session and place. */
function openSlice(session: PresignSession, index: number, bytes: Uint8Array): EncodedPresign {
  const identified = identifyPresign(session.setup, bytes);
  if (!bytesEqual(identified.sessionId, session.sessionId) || identified.index !== index) {
    throw new DecodeError('FinalizeJob.presigns', 'are of another session or place');
  }
  return { ...identified, bytes };
}

export const presignJobs: JobTable = {
  [names.masks]: { secret: true, run: runMasks },
  [names.proveMasks]: { secret: true, run: runProveMasks },
  [names.checkMasks]: { secret: false, run: runCheckMasks },
  [names.addMasks]: { secret: false, run: runAddMasks },
  [names.nonces]: { secret: true, run: runNonces },
  [names.finalize]: { secret: false, run: runFinalize },
};
