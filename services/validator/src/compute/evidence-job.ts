/**
 * The judging of evidence as a job of the compute pool: it verifies the proofs of a whole session, and other validators say when.
 *
 * @module
 */
import { type Digest, type Random, Reader, digest, encodeText, encodeUint8, seededRandom } from '@dwallet/sigma';
import {
  type ComputePool,
  type JobContext,
  type RunOptions,
  encodeBlames,
  packParts,
  readAnswer,
  readBlames,
  runJob,
  unpackParts,
} from '@dwallet/two-pc-mpc/network';
import { type EvidenceVerdict, decodeEvidence, verifyEvidence } from '../evidence.ts';

export const evidenceJob = 'evidence/judge';
const seedBytes = 32;

/** In: file, network id, seed. Out: 1 or 0 (it proves what it says, or not), faults, why not. */
export function runJudgeEvidence({ parameters, curve }: JobContext, input: Uint8Array): Uint8Array {
  const [file, networkId, seed] = unpackParts(input, 'JudgeEvidenceJob', 3) as [Uint8Array, Uint8Array, Uint8Array];
  const random = seededRandom(seed);
  const {
    valid,
    faults,
    problem = '',
  } = verifyEvidence(file, { parameters, curve, networkId: digest(networkId), random });
  return packParts(encodeUint8(valid ? 1 : 0), encodeBlames(faults), encodeText(problem));
}

export interface JudgeEvidenceInArguments {
  readonly file: Uint8Array;
  /** The network that is trusted. */
  readonly networkId: Digest;
  readonly random: Random;
}

/**
 * `verifyEvidence` in a worker. What the file says of itself is parsed here.
 * @returns never throws for bad bytes: they are not valid.
 * @throws ComputeError when there is no verdict.
 */
export async function judgeEvidenceIn(
  pool: ComputePool,
  { file, networkId, random }: JudgeEvidenceInArguments,
  options: RunOptions = {},
): Promise<EvidenceVerdict> {
  const input = packParts(file, networkId, random(seedBytes));
  const output = await runJob(pool, { name: evidenceJob, input, secret: false }, options);
  return readAnswer(evidenceJob, () => {
    const [flag, blames, text] = unpackParts(output, 'JudgeEvidenceJob', 3) as [Uint8Array, Uint8Array, Uint8Array];
    const reader = new Reader(blames, 'JudgeEvidenceJob.faults');
    const faults = readBlames(reader, 'list');
    reader.end();
    if (flag[0] !== 1) return { valid: false, faults, problem: new TextDecoder().decode(text) };
    return { valid: true, faults, evidence: decodeEvidence(file) };
  });
}
