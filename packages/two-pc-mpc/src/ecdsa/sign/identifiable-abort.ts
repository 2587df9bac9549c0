/**
 * The second round of a signature, only after the optimistic result did not verify (MPC 5.7): shares with proofs, a signature from the
 * proven ones, and the names of those whose shares were wrong.
 *
 * @module
 */
import {
  type DecryptionRequest,
  type DecryptionShares,
  type PreparedKeyShare,
  type ProvedDecryptionShares,
  createAccessStructure,
  createDecryptionRequest,
  createDecryptionSetup,
  createExpectedSet,
  declareDecryptable,
  decodeProvedShares,
  decodeShares,
  encodeCiphertext,
  encodeProvedShares,
  encodeShares,
  generalRequest,
  partialDecrypt,
  proveShares,
  readCiphertext,
  resolveDispute,
} from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import {
  type Blame,
  BugError,
  DecodeError,
  type Random,
  Reader,
  type ValidatorId,
  concat,
  digest as digestOf,
  encodeText,
  encodeUint,
  encodeUint16,
  encodeUint32,
  encodeUint64,
  encodeUint8,
  readElement,
  seededRandom,
  sessionId,
  validatorId,
  virtualId,
} from '@dwallet/sigma';
import type { JobContext } from '../../compute/job-context.ts';
import { encodeNumbers, maxMembers, readNumber, readNumbers, seedBytes } from '../../compute/parts.ts';
import {
  type ComputePool,
  type RunOptions,
  encodeBlames,
  packParts,
  readAnswer,
  readBlames,
  runCheckedJob,
  unpackParts,
} from '../../compute/pool.ts';
import type { EcdsaSignature } from '../../types.ts';
import { bytesEqual } from '../../wire/format.ts';
import { completeSignature } from './complete-signature.ts';
import { decryptionProtocol } from './contexts.ts';
import { type SharePermit, type SigningDecryption, requirePermit } from './network-decrypt.ts';

/** The request that proofs are made for: everybody may answer, so that validators outside the expected set can help. */
export const abortRequest = ({ request }: SigningDecryption): DecryptionRequest => generalRequest(request);

/**
 * One validator's answer in the abort round: its shares for {@link abortRequest} (the same elements that it published, if that was in general
 * mode) with one proof per virtual number over both ciphertexts.
 * Secrets touched: the decryption-key shares d_v.
 */
export function decryptWithProof(
  permit: SharePermit,
  decryption: SigningDecryption,
  keyShares: readonly PreparedKeyShare[],
  random: Random,
): ProvedDecryptionShares {
  requirePermit(permit, decryption);
  const request = abortRequest(decryption);
  return proveShares(request, partialDecrypt(request, keyShares, random), keyShares, random);
}

/** Result of the abort round. */
export type AbortOutcome =
  | {
      readonly kind: 'signature';
      readonly signature: EcdsaSignature;
      /** Everybody whose message proves a fault: CG:3.9 (proof fails) or CG:3.10 (published share differs). Never empty. */
      readonly blamed: readonly Blame[];
      /** Published without proof and did not answer now: suspended for this request, blamed only where their share is wrong. */
      readonly silent: readonly ValidatorId[];
    }
  /** Fewer than t shares are proven: wait for, or ask, further validators and call again. */
  | { readonly kind: 'incomplete'; readonly blamed: readonly Blame[]; readonly silent: readonly ValidatorId[] };

/** What the shares and their proofs say, before anybody looks at the signature. */
interface Judgement {
  readonly blamed: readonly Blame[];
  readonly silent: readonly ValidatorId[];
  /** Undefined until weight t is proven; 'failed' if proven shares do not combine. */
  readonly plaintexts: readonly bigint[] | 'failed' | undefined;
}

function judge(
  request: DecryptionRequest,
  published: readonly DecryptionShares[],
  proved: readonly ProvedDecryptionShares[],
  random: Random,
): Judgement {
  const proofRequest = generalRequest(request);
  const { blamed, silent, combination } = resolveDispute({ request, proofRequest, published, proved }, random);
  const plaintexts = combination === undefined ? undefined : combination.ok ? combination.plaintexts : 'failed';
  return { blamed, silent, plaintexts };
}

function conclude({ facts }: SigningDecryption, { blamed, silent, plaintexts }: Judgement): AbortOutcome {
  if (plaintexts === undefined) return { kind: 'incomplete', blamed, silent };
  const [numerator, denominator] = plaintexts === 'failed' ? [] : plaintexts;
  const signature =
    numerator === undefined || denominator === undefined
      ? undefined
      : completeSignature({ ...facts, curve: facts.setup.curve }, numerator, denominator);
  if (signature === undefined) throw new BugError('proven shares of a verified client message give no valid signature');
  if (blamed.length === 0) throw new BugError('the optimistic result failed although every share is right');
  return { kind: 'signature', signature, blamed, silent };
}

/**
 * Decides the abort round. Deterministic from the messages up to the order of answers.
 * @param published - the accepted optimistic answers whose combination failed.
 * @param proved - the accepted proved answers, at most one per validator.
 * @param random - this verifier's own, for batch weights.
 * @throws BugError if the optimistic result failed and nobody is at fault, or if proven shares do not give a valid signature on a verified
 *   message: stop and alarm, never retry with another client message (MPC 5.7, lessons 1.4).
 */
export const resolveAbort = (
  decryption: SigningDecryption,
  published: readonly DecryptionShares[],
  proved: readonly ProvedDecryptionShares[],
  random: Random,
): AbortOutcome => conclude(decryption, judge(decryption.request, published, proved, random));

// The same with the proofs in a worker ----------------------------------------------------------------------------------------------

/** Name of the job of this file. */
export const abortJob = 'sign/abort';

const scalarBytes = 32;
const outcomes = ['none', 'failed', 'combined'] as const;

const encodeAnswers = <A extends DecryptionShares>(
  answers: readonly A[],
  encode: (answer: A) => Uint8Array,
): Uint8Array => packParts(...answers.map((answer) => packParts(encodeUint16(answer.sender), encode(answer))));

const decodeAnswers = <A>(bytes: Uint8Array, decode: (sender: ValidatorId, message: Uint8Array) => A): A[] =>
  unpackParts(bytes, 'AbortJob.answers', [0, maxMembers]).map((entry) => {
    const [sender, message] = unpackParts(entry, 'AbortJob.answer', 2) as [Uint8Array, Uint8Array];
    return decode(validatorId(readNumber(sender, 'AbortJob.sender')), message);
  });

/** The sharing state and what else makes a request, as bytes. Everything in it is public. */
function encodeRequest({ setup, session, ciphertexts, expectedSet, binding, digest }: DecryptionRequest): Uint8Array {
  const { parameters, state } = setup;
  const { group } = parameters;
  const { access, encryptionKey, verificationKeys, shareBits } = state;
  return packParts(
    access.encoded,
    group.encode(encryptionKey.element),
    concat(...access.virtualIds.map((j) => group.encode(verificationKeys.get(j) as Element))),
    encodeUint32(shareBits ?? 0),
    packParts(encodeText(session.network), encodeUint64(session.epoch), session.session, session.committee),
    concat(...ciphertexts.map((ciphertext) => encodeCiphertext(parameters, ciphertext))),
    packParts(...binding),
    encodeNumbers(expectedSet.members),
    digest,
  );
}

/** @throws DecodeError unless the parts make the request whose digest comes with them. */
function decodeRequest(context: JobContext, bytes: Uint8Array): DecryptionRequest {
  const { parameters } = context;
  const parts = unpackParts(bytes, 'AbortJob.request', 9);
  const [weights, key, verification, bits, names, ciphertexts, binding, expected, digest] = parts as Uint8Array[] & {
    length: 9;
  };
  const { group } = parameters;
  const sharing = [weights, key, verification, bits] as Uint8Array[];
  const setup = context.remember('decryption-setup', sharing, () => {
    const access = createAccessStructure(
      unpackParts(weights as Uint8Array, 'AbortJob.access', [1, maxMembers]).map((weight) =>
        readNumber(weight, 'AbortJob.weight'),
      ),
    );
    const elements = (from: Uint8Array, count: number): Element[] => {
      const reader = new Reader(from, 'AbortJob.sharing');
      const list = Array.from({ length: count }, (_, i) => readElement(reader, group, `[${i}]`));
      reader.end();
      return list;
    };
    const shareBits = new Reader(bits as Uint8Array, 'AbortJob').uint32('shareBits');
    const [element] = elements(key as Uint8Array, 1) as [Element];
    const keys = elements(verification as Uint8Array, access.totalWeight);
    return createDecryptionSetup(parameters, {
      access,
      encryptionKey: { element },
      verificationKeys: new Map(access.virtualIds.map((j, i) => [j, keys[i] as Element])),
      ...(shareBits === 0 ? {} : { shareBits }),
    });
  });
  const { access } = setup.state;
  const [network, epoch, session, committee] = unpackParts(
    names as Uint8Array,
    'AbortJob.session',
    4,
  ) as Uint8Array[] & {
    length: 4;
  };
  const reader = new Reader(ciphertexts as Uint8Array, 'AbortJob.ciphertexts');
  const pair = [0, 1].map((i) => readCiphertext(reader, parameters, `[${i}]`));
  reader.end();
  const request = createDecryptionRequest(setup, {
    session: {
      network: new TextDecoder().decode(network),
      ...decryptionProtocol,
      profile: parameters.profile.id,
      epoch: new Reader(epoch as Uint8Array, 'AbortJob').uint64('epoch'),
      session: sessionId(session as Uint8Array),
      committee: digestOf(committee as Uint8Array),
      totalWeight: access.totalWeight,
      threshold: access.threshold,
    },
    // There is no key share in a worker: nothing is decrypted, answers are judged.
    ciphertexts: pair.map((ciphertext) => declareDecryptable(parameters, ciphertext, 'proven-evaluation')),
    expectedSet: createExpectedSet(
      access,
      readNumbers(expected as Uint8Array, 'AbortJob.expected').map((j) => virtualId(j)),
    ),
    binding: unpackParts(binding as Uint8Array, 'AbortJob.binding', [0, maxMembers]),
  });
  if (!bytesEqual(request.digest, digest as Uint8Array)) {
    throw new DecodeError('AbortJob.request', 'is another request than that of the messages');
  }
  return request;
}

/** In: request, published and proved answers, seed. Out: blamed, silent, kind of the combination, plaintexts. */
export function runResolveAbort(context: JobContext, input: Uint8Array): Uint8Array {
  const [requestBytes, publishedBytes, provedBytes, seed] = unpackParts(input, 'AbortJob', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const request = decodeRequest(context, requestBytes);
  const general = generalRequest(request);
  const { blamed, silent, plaintexts } = judge(
    request,
    decodeAnswers(publishedBytes, (sender, message) => decodeShares(request, sender, message)),
    decodeAnswers(provedBytes, (sender, message) => decodeProvedShares(general, sender, message)),
    seededRandom(seed),
  );
  const kind = plaintexts === undefined ? 'none' : plaintexts === 'failed' ? 'failed' : 'combined';
  return packParts(
    encodeBlames(blamed),
    encodeNumbers(silent),
    encodeUint8(outcomes.indexOf(kind)),
    typeof plaintexts === 'object' ? concat(...plaintexts.map((m) => encodeUint(m, scalarBytes))) : new Uint8Array(0),
  );
}

/**
 * {@link resolveAbort} with the proofs in a worker. Who is blamed is its word; the signature is completed and verified here.
 * @throws BugError as that; ComputeError, COMPUTE_GARBLED also for a judgement about others than those who answered.
 */
export async function resolveAbortIn(
  pool: ComputePool,
  decryption: SigningDecryption,
  published: readonly DecryptionShares[],
  proved: readonly ProvedDecryptionShares[],
  random: Random,
  options: RunOptions = {},
): Promise<AbortOutcome> {
  const { request } = decryption;
  const general = abortRequest(decryption);
  const input = packParts(
    encodeRequest(request),
    encodeAnswers(published, (answer) => encodeShares(request, answer)),
    encodeAnswers(proved, (answer) => encodeProvedShares(general, answer)),
    random(seedBytes),
  );
  const job = { name: abortJob, input, secret: false };
  const foreseen = (error: unknown): boolean => error instanceof BugError;
  const output = await runCheckedJob(pool, job, { priority: 'urgent', ...options }, foreseen);
  return conclude(
    decryption,
    readAnswer(abortJob, () => openJudgement(decryption, published, proved, output)),
  );
}

/** @throws DecodeError, InvalidArgumentsError unless it is a judgement about those who answered. */
function openJudgement(
  { request, facts }: SigningDecryption,
  published: readonly DecryptionShares[],
  proved: readonly ProvedDecryptionShares[],
  output: Uint8Array,
): Judgement {
  const [faults, silentBytes, kindByte, scalars] = unpackParts(output, 'AbortJob.output', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const faultReader = new Reader(faults, 'AbortJob.blamed');
  const blamed = readBlames(faultReader, 'list');
  faultReader.end();
  const silent = readNumbers(silentBytes, 'AbortJob.silent').map((v) => validatorId(v));
  const publishers = new Set<number>(published.map(({ sender }) => sender));
  const answered = new Set<number>([...publishers, ...proved.map(({ sender }) => sender)]);
  if (blamed.some(({ party }) => !answered.has(party)) || silent.some((v) => !publishers.has(v))) {
    throw new DecodeError('AbortJob.output', 'is about validators that did not answer');
  }
  const kind = outcomes[kindByte[0] as number];
  const count = kind === 'combined' ? request.ciphertexts.length : 0;
  if (kind === undefined || kindByte.length !== 1 || scalars.length !== count * scalarBytes) {
    throw new DecodeError('AbortJob.output', 'has another shape');
  }
  const reader = new Reader(scalars, 'AbortJob.plaintexts');
  const values = Array.from({ length: count }, (_, i) => reader.uint(`[${i}]`, scalarBytes, facts.setup.curve.q));
  return { blamed, silent, plaintexts: kind === 'none' ? undefined : kind === 'failed' ? 'failed' : values };
}
