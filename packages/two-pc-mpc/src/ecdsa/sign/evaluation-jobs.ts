/**
 * The class-group part of a client message as jobs: c1 (with h) and c2 (with pk) are independent, so two workers halve the time.
 *
 * What goes to a worker are public bases and the secret exponents of one message. Whoever has those has x_A once the message is out, so these jobs
 * stay in the process, and their bytes are overwritten on both sides. A worker that computes something else makes a message that nobody
 * accepts; it reveals nothing, as the responses of the proofs hide the witness whatever the masks T are.
 *
 * @module
 */
import { type Ciphertext, type PublicParameters, randomizedCoefficientBits } from '@dwallet/class-groups';
import type { ClassGroup, Element, FixedBaseTable } from '@dwallet/kernel';
import {
  DecodeError,
  Reader,
  bitLength,
  bytesToInteger,
  challengeBits,
  concat,
  encodeUint,
  encodeUint8,
  readElement,
} from '@dwallet/sigma';
import type { JobContext, JobDefinition } from '../../compute/job-context.ts';
import {
  type ComputePool,
  type RunOptions,
  packParts,
  readAnswer,
  runSecretJob,
  unpackParts,
} from '../../compute/pool.ts';
import { withKeyTables } from '../../network-setup/setup-commitment.ts';
import { encodeSetupRecord } from '../../network-setup/setup-record.ts';
import type { NetworkSetup, Randomizers } from '../../types.ts';
import type { Evaluations, OpenEvaluation, SignDraft } from './client-evaluate.ts';
import { type EvaluationExponents, componentPowers, maskExponents, witnessExponents } from './component-powers.ts';
import { type Evaluator, evaluated, multiply } from './evaluator.ts';
import {
  type EvaluationBases,
  type NonceProduct,
  type PreparedExponents,
  type PreparedSide,
  prepareSide,
  preparedExponents,
  sidesEvaluator,
} from './prepared-evaluator.ts';
import { finish } from './steps.ts';

const names = { evaluate: 'client/evaluate', prepare: 'client/prepare' } as const;
const components = ['c1', 'c2'] as const;
type ComponentName = (typeof components)[number];

// Exponents --------------------------------------------------------------------------------------------------------------------------

/** Bytes of the longest exponent: of a coefficient's or of eta's mask. */
const exponentBytes = (parameters: PublicParameters): number =>
  (Math.max(randomizedCoefficientBits(parameters), parameters.randomnessBits) +
    parameters.statisticalBits +
    challengeBits +
    8) >>
  3;

const encodeExponents = (parameters: PublicParameters, exponents: readonly EvaluationExponents[]): Uint8Array => {
  const width = exponentBytes(parameters);
  return concat(
    ...exponents.flatMap(({ first, second, eta }) => [first, second, eta].map((value) => encodeUint(value, width))),
  );
};

/** Witness, mask of the denominator; witness, mask of the numerator: the lengths of eta follow from the place. */
function decodeExponents(parameters: PublicParameters, bytes: Uint8Array): PreparedExponents {
  const width = exponentBytes(parameters);
  if (bytes.length !== 12 * width) throw new DecodeError('EvaluationJob.exponents', `must be ${12 * width} bytes`);
  const values = Array.from({ length: 12 }, (_, i) => bytesToInteger(bytes.subarray(i * width, (i + 1) * width)));
  bytes.fill(0);
  const { randomnessBits, statisticalBits } = parameters;
  const at = (i: number, etaBits: number): EvaluationExponents => ({
    first: values[3 * i] as bigint,
    second: values[3 * i + 1] as bigint,
    eta: values[3 * i + 2] as bigint,
    etaBits,
  });
  const longer = randomnessBits + statisticalBits + challengeBits;
  return {
    denominator: at(0, randomnessBits),
    denominatorMask: at(1, longer),
    numerator: at(2, randomnessBits),
    numeratorMask: at(3, longer),
  };
}

// Bases ------------------------------------------------------------------------------------------------------------------------------

const encodeBases = (group: ClassGroup, { mask, maskedShare, maskedNonces }: EvaluationBases, c: ComponentName) =>
  concat(...[mask, maskedShare, ...maskedNonces].map((ciphertext) => group.encode(ciphertext[c])));

/** Strict. The other component is never looked at, so it is the same. */
function decodeBases(group: ClassGroup, bytes: Uint8Array): EvaluationBases {
  const reader = new Reader(bytes, 'EvaluationJob.bases');
  const read = (field: string): Ciphertext => {
    const element = readElement(reader, group, field);
    return { c1: element, c2: element };
  };
  const bases = {
    mask: read('ct_gamma'),
    maskedShare: read('ct_gammax'),
    maskedNonces: [read('ct_gammak0'), read('ct_gammak1')] as const,
  };
  reader.end();
  return bases;
}

/** Setup record, whether the wallet has tables of pk, component. */
const encodeSide = ({ encryptionKey }: NetworkSetup, record: Uint8Array, c: ComponentName): Uint8Array =>
  packParts(record, encodeUint8(encryptionKey.table === undefined ? 0 : 1), encodeUint8(components.indexOf(c)));

function openSide(context: JobContext, bytes: Uint8Array): { setup: NetworkSetup; component: ComponentName } {
  const [record, tables, index] = unpackParts(bytes, 'EvaluationJob.side', 3) as [Uint8Array, Uint8Array, Uint8Array];
  const component = components[index[0] as number];
  if (component === undefined || index.length !== 1) throw new DecodeError('EvaluationJob.component', 'is unknown');
  // Only c2 is raised with pk.
  const setup =
    tables[0] === 1 && component === 'c2'
      ? context.remember('key-tables', [record], () => withKeyTables(context.setup(record)))
      : context.setup(record);
  return { setup, component };
}

/** Runs the job of both components side by side. */
async function runSides(
  pool: ComputePool,
  name: string,
  { setup, presign }: SignDraft,
  exponents: readonly EvaluationExponents[],
  rest: readonly Uint8Array[],
  options: RunOptions,
): Promise<readonly [Uint8Array, Uint8Array]> {
  const { parameters } = setup;
  const record = encodeSetupRecord(setup);
  const secret = encodeExponents(parameters, exponents);
  try {
    const [c1, c2] = components.map((c) =>
      runSecretJob(
        pool,
        name,
        [encodeSide(setup, record, c), encodeBases(parameters.group, presign, c), secret, ...rest],
        { priority: 'urgent', ...options },
      ),
    ) as [Promise<Uint8Array>, Promise<Uint8Array>];
    return await Promise.all([c1, c2]);
  } finally {
    secret.fill(0);
  }
}

// Evaluation of one message ------------------------------------------------------------------------------------------------------------

const nuBytes = 32;

/** In: side, bases, exponents, nu's. Out: ct_gamma k, ct_alphabeta, its mask, ct_A, its mask: one component of each. */
function runEvaluate(context: JobContext, input: Uint8Array): Uint8Array {
  const [side, baseBytes, secret, nuAll] = unpackParts(input, 'EvaluateJob', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const { setup, component } = openSide(context, side);
  const { parameters } = setup;
  const { group } = parameters;
  const exponents = decodeExponents(parameters, secret);
  const { mask, maskedShare, maskedNonces } = decodeBases(group, baseBytes);
  const nu = new Reader(nuAll, 'EvaluateJob.nu');
  const [nu0, nu1, nuG] = [0, 1, 2].map((i) => nu.uint(`[${i}]`, nuBytes, parameters.q)) as [bigint, bigint, bigint];
  nu.end();
  // The nu's are public.
  const nonce = group.multiPowerVartime([
    { base: maskedNonces[0][component], exponent: nu0 },
    { base: maskedNonces[1][component], exponent: nu1 },
    { base: mask[component], exponent: nuG },
  ]);
  const powers = componentPowers(setup, component);
  const ofMask = powers.powerOf(mask);
  const evaluate = (second: Ciphertext, of: readonly [EvaluationExponents, EvaluationExponents]): Element[] => {
    const ofSecond = powers.powerOf(second);
    return of.map((e) => multiply(group, ofMask(e.first), ofSecond(e.second), powers.ofKey(e)));
  };
  const results = [
    nonce,
    ...evaluate({ c1: nonce, c2: nonce }, [exponents.denominator, exponents.denominatorMask]),
    ...evaluate(maskedShare, [exponents.numerator, exponents.numeratorMask]),
  ];
  return concat(...results.map((element) => group.encode(element)));
}

/**
 * What `directEvaluator` gives for this message, both components side by side.
 * @throws ComputeError, COMPUTE_GARBLED also if what comes back are no elements of the group.
 */
export async function evaluateIn(
  pool: ComputePool,
  draft: SignDraft,
  { nu, coefficients }: Pick<OpenEvaluation, 'nu' | 'coefficients'>,
  options: RunOptions = {},
): Promise<Evaluations> {
  const { setup, secrets, randomness } = draft;
  const { parameters } = setup;
  const sides = await runSides(
    pool,
    names.evaluate,
    draft,
    [
      witnessExponents(parameters, [secrets.beta, secrets.alpha], randomness.denominator),
      maskExponents(parameters, randomness.denominator),
      witnessExponents(parameters, coefficients, randomness.numerator),
      maskExponents(parameters, randomness.numerator),
    ],
    [encodeNu(nu)],
    options,
  );
  const [c1, c2] = sides.map((bytes) =>
    readAnswer(names.evaluate, () => {
      const reader = new Reader(bytes, 'EvaluateJob.output');
      const elements = ['ct_gammak', 'ct_alphabeta', 'T_alphabeta', 'ct_A', 'T_A'].map((field) =>
        readElement(reader, parameters.group, field),
      );
      reader.end();
      return elements;
    }),
  ) as [Element[], Element[]];
  const pair = (side: readonly Element[], i: number) => [side[i], side[i + 1]] as [Element, Element];
  return {
    maskedNonce: { c1: c1[0], c2: c2[0] } as Ciphertext,
    denominator: evaluated([pair(c1, 1), pair(c2, 1)]),
    numerator: evaluated([pair(c1, 3), pair(c2, 3)]),
  };
}

const encodeNu = (nu: Randomizers): Uint8Array => concat(...nu.map((value) => encodeUint(value, nuBytes)));

// Preparation --------------------------------------------------------------------------------------------------------------------------

/** In: side, bases, exponents. Out: a prepared side. */
function runPrepare(context: JobContext, input: Uint8Array): Uint8Array {
  const [side, baseBytes, secret] = unpackParts(input, 'PrepareJob', 3) as [Uint8Array, Uint8Array, Uint8Array];
  const { setup, component } = openSide(context, side);
  const { group } = setup.parameters;
  const exponents = decodeExponents(setup.parameters, secret);
  return encodePreparedSide(group, finish(prepareSide(setup, decodeBases(group, baseBytes), exponents, component)));
}

/** Tables come with their bases: 3 public ones, then ct_gamma x's, then those of both products. */
function encodePreparedSide(group: ClassGroup, prepared: PreparedSide): Uint8Array {
  const table = (t: FixedBaseTable): Uint8Array[] => [
    group.encode(group.tablePowerVartime(t, 1n)),
    group.encodeTable(t),
  ];
  const product = ({ fixed, bases }: NonceProduct): Uint8Array[] => [group.encode(fixed), ...bases.flatMap(table)];
  return packParts(
    ...prepared.maskedNonce.flatMap(table),
    ...table(prepared.numeratorBases[1] as FixedBaseTable),
    ...product(prepared.denominator),
    ...product(prepared.denominatorMask),
    group.encode(prepared.numeratorFixed),
    group.encode(prepared.numeratorMask),
  );
}

const preparedParts = 2 * 4 + 2 * (1 + 2 * 3) + 2;

function decodePreparedSide(parameters: PublicParameters, bytes: Uint8Array): PreparedSide {
  const parts = unpackParts(bytes, 'PrepareJob.output', preparedParts);
  try {
    return readPreparedSide(parts, parameters);
  } finally {
    for (const part of parts) part.fill(0);
  }
}

function readPreparedSide(parts: readonly Uint8Array[], { group, q }: PublicParameters): PreparedSide {
  let next = 0;
  const element = (): Element => {
    const reader = new Reader(parts[next] as Uint8Array, `PrepareJob.output[${next}]`);
    next++;
    const value = readElement(reader, group, 'element');
    reader.end();
    return value;
  };
  // Made by this machine for this job a moment ago; the frame of the result is the digest over it.
  const table = (): FixedBaseTable => {
    const base = element();
    const encoded = parts[next] as Uint8Array;
    next++;
    const decoded = group.decodeTable(encoded, base, { trusted: true });
    if (decoded.exponentBits !== bitLength(q)) throw new DecodeError('PrepareJob.output', 'a table has another length');
    return decoded;
  };
  const product = (): NonceProduct => ({ fixed: element(), bases: [table(), table(), table()] });
  const maskedNonce = [table(), table(), table()];
  const numeratorBases = [maskedNonce[2] as FixedBaseTable, table()];
  return {
    maskedNonce,
    numeratorBases,
    denominator: product(),
    denominatorMask: product(),
    numeratorFixed: element(),
    numeratorMask: element(),
  };
}

/**
 * `preparedEvaluator` with both components side by side.
 * @throws ComputeError, COMPUTE_GARBLED also if what comes back is no prepared side.
 * Secrets touched: everything in the draft; the results of the workers are overwritten as soon as they are read.
 */
export async function prepareEvaluatorIn(
  pool: ComputePool,
  draft: SignDraft,
  options: RunOptions = {},
): Promise<Evaluator> {
  const { setup, secrets, randomness } = draft;
  const e = preparedExponents(setup, [secrets.beta, secrets.alpha], randomness);
  const sides = await runSides(
    pool,
    names.prepare,
    draft,
    [e.denominator, e.denominatorMask, e.numerator, e.numeratorMask],
    [],
    { priority: 'normal', ...options },
  );
  try {
    const [c1, c2] = sides.map((bytes) =>
      readAnswer(names.prepare, () => decodePreparedSide(setup.parameters, bytes)),
    ) as [PreparedSide, PreparedSide];
    return sidesEvaluator(setup.parameters.group, [c1, c2]);
  } finally {
    for (const bytes of sides) bytes.fill(0);
  }
}

/** Jobs of a wallet. */
export const evaluationJobs: Readonly<Record<string, JobDefinition>> = {
  [names.evaluate]: { secret: true, run: runEvaluate },
  [names.prepare]: { secret: true, run: runPrepare },
};
