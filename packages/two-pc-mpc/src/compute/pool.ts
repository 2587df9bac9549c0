/**
 * Where heavy steps are computed: one small interface in front of the calling thread, worker threads, Web Workers or machines behind a queue.
 *
 * A job is a pure function from bytes to bytes: the same input gives the same output wherever and however often it runs, so a job that is lost,
 * doubled or moved changes nothing. Randomness is a seed in the input. What comes back is framed: the frame binds the output to the name and the
 * input of its job, so that bytes that were damaged or belong to another job are an error and never a result. A worker is otherwise
 * trusted like the process that asks it (docs/security.md): it could frame a lie.
 *
 * @module
 */
import { TableDecodeError } from '@dwallet/kernel';
import {
  CheckError,
  DWalletError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  BugError,
  type Blame,
  Reader,
  ThresholdNotReachedError,
  concat,
  constantTimeEqual,
  digestTagged,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint16,
  encodeUint32,
  encodeUint8,
} from '@dwallet/sigma';

/** Before what a job runs when both wait: somebody waits for a signature, nobody waits for the next presign. */
export type Priority = 'urgent' | 'normal' | 'background';

export interface Job {
  /** Names an entry of the table of jobs that the workers have. */
  readonly name: string;
  readonly input: Uint8Array;
  /** The input holds secrets: the job stays in this process, and every copy of the input is overwritten after use. */
  readonly secret: boolean;
}

/** The part of an AbortSignal that a pool needs. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface RunOptions {
  /** Nobody needs the result any more. A job that waits is taken out; one that runs is finished and its result dropped. */
  readonly signal?: CancelSignal;
  /** Jobs with the same affinity go to the same worker while it is free: it still has what the last one computed. Costs nothing but time. */
  readonly affinity?: string;
  /** Default 'normal'. */
  readonly priority?: Priority;
}

/** Runs jobs. Implementations differ in where; a caller sees that in time only. */
export interface ComputePool {
  /**
   * @returns the framed output; open it with {@link runJob}.
   * @throws ComputeError.
   */
  run(job: Job, options?: RunOptions): Promise<Uint8Array>;
  /** How many jobs can run at once: into how many parts work is worth splitting. */
  readonly parallelism: number;
  /** Jobs that wait. */
  readonly queued: number;
  /** Jobs that run. */
  readonly active: number;
  /** Refuses new jobs and fails those that wait; resolves when those that run are done. */
  close(): Promise<void>;
}

export type ComputeFailure =
  /** As many jobs wait as may: try again later. */
  | 'COMPUTE_QUEUE_FULL'
  /** The worker died, again and again. */
  | 'COMPUTE_CRASHED'
  | 'COMPUTE_CANCELLED'
  | 'COMPUTE_CLOSED'
  /** No worker can be started or reached. */
  | 'COMPUTE_UNAVAILABLE'
  /** What came back is no answer to this job. */
  | 'COMPUTE_GARBLED'
  /** The job itself failed in a way that it does not foresee. */
  | 'COMPUTE_FAILED';

/** Why a job has no result. Says nothing about whether its input was right. */
export class ComputeError extends DWalletError {
  override readonly name = 'ComputeError';
  readonly code: ComputeFailure;
  constructor(code: ComputeFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const succeeded = 0;
const refused = 1;
const digestBytes = 32;
const maxOutputBytes = 2 ** 26;

const bind = (job: Pick<Job, 'name' | 'input'>, body: Uint8Array): Digest =>
  digestTagged('compute/result', [encodeText(job.name), job.input, body]);

/** What a worker returns for a job: its output, or the error that it ended with, bound to the job. */
export function frameResult(job: Pick<Job, 'name' | 'input'>, compute: () => Uint8Array): Uint8Array {
  let body: Uint8Array;
  try {
    body = concat(encodeUint8(succeeded), encodeBytes(compute()));
  } catch (error) {
    body = concat(encodeUint8(refused), encodeBytes(encodeJobError(error)));
  }
  return concat(bind(job, body), body);
}

/** Is this the frame of a result of this job, whatever it says? For pools, which must not hand over anything else. */
export const isResultOf = (job: Pick<Job, 'name' | 'input'>, framed: Uint8Array): boolean =>
  framed instanceof Uint8Array &&
  framed.length > digestBytes &&
  constantTimeEqual(bind(job, framed.subarray(digestBytes)), framed.subarray(0, digestBytes));

/** The output in a frame. @throws the error that the job ended with; ComputeError COMPUTE_GARBLED unless the frame is of this job. */
export function openResult(job: Pick<Job, 'name' | 'input'>, framed: Uint8Array): Uint8Array {
  const garbled = (cause?: unknown): ComputeError =>
    new ComputeError('COMPUTE_GARBLED', `what came back is no result of this ${job.name}`, { cause });
  if (!isResultOf(job, framed)) throw garbled();
  const body = framed.subarray(digestBytes);
  let error: Error;
  try {
    const reader = new Reader(body, 'JobResult');
    const status = reader.uint8('status');
    const content = reader.bytes('content', maxOutputBytes);
    reader.end();
    if (status === succeeded) return content;
    if (status !== refused) throw new DecodeError('JobResult.status', 'is unknown');
    error = decodeJobError(content);
  } catch (cause) {
    throw garbled(cause);
  }
  throw error;
}

/**
 * Runs a job and opens its result.
 * @throws what the job throws; ComputeError when there is no result.
 */
export async function runJob(pool: ComputePool, job: Job, options: RunOptions = {}): Promise<Uint8Array> {
  const framed = await pool.run(job, options);
  try {
    return openResult(job, framed);
  } finally {
    if (job.secret) framed.fill(0);
  }
}

/** {@link runJob} for a secret input, made of parts: every copy of it is overwritten when the job is over. */
export async function runSecretJob(
  pool: ComputePool,
  name: string,
  parts: readonly Uint8Array[],
  options: RunOptions = {},
): Promise<Uint8Array> {
  const input = packParts(...parts);
  try {
    return await runJob(pool, { name, input, secret: true }, options);
  } finally {
    input.fill(0);
  }
}

/**
 * {@link runJob} for an input that this side has parsed and checked itself: what is well-formed here is well-formed there, so a refusal of it
 * is a fault of the worker, not of whoever sent what is in it.
 * @param foreseen - the errors that the job may end with all the same: its verdict.
 * @throws those; ComputeError COMPUTE_FAILED in place of any other, and when there is no result.
 */
export async function runCheckedJob(
  pool: ComputePool,
  job: Job,
  options: RunOptions,
  foreseen: (error: unknown) => boolean,
): Promise<Uint8Array> {
  try {
    return await runJob(pool, job, options);
  } catch (cause) {
    if (cause instanceof ComputeError || foreseen(cause)) throw cause;
    throw new ComputeError('COMPUTE_FAILED', `a worker failed at a ${job.name} that was checked here`, { cause });
  }
}

const refusals = [DecodeError, TableDecodeError, CheckError, InvalidArgumentsError] as const;

/**
 * Reads what a worker answered. What is refused there is the worker's: a DecodeError would say that whoever sent the request is at fault.
 * @throws ComputeError COMPUTE_GARBLED in place of DecodeError, TableDecodeError, CheckError and InvalidArgumentsError.
 */
export function readAnswer<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!refusals.some((kind) => cause instanceof kind)) throw cause;
    throw new ComputeError('COMPUTE_GARBLED', `what came back is no answer to a ${name}`, { cause });
  }
}

// Errors -------------------------------------------------------------------------------------------------------------------------

const errorKind = { check: 1, decode: 2, arguments: 3, threshold: 4, bug: 5, other: 6 } as const;
const maxText = 4096;
const maxBlamed = 4096;

const text = (value: string): Uint8Array => encodeBytes(encodeText(value.slice(0, maxText / 4)));
/** What follows the prefix that the error's constructor puts before its message. */
const after = (message: string, prefix: string): string =>
  message.startsWith(prefix) ? message.slice(prefix.length) : message;

export const encodeBlames = (blamed: readonly Blame[]): Uint8Array =>
  concat(
    encodeUint32(blamed.length),
    ...blamed.map(({ party, check, reason }) => concat(encodeUint16(party), text(check), text(reason))),
  );

const readText = (reader: Reader, field: string): string => new TextDecoder().decode(reader.bytes(field, maxText));

export function readBlames(reader: Reader, field: string): Blame[] {
  const count = reader.count(field, 0, maxBlamed);
  return Array.from({ length: count }, (_, i) => ({
    party: reader.uint16(`${field}[${i}].party`),
    check: readText(reader, `${field}[${i}].check`),
    reason: readText(reader, `${field}[${i}].reason`),
  }));
}

/** The errors that jobs end with on purpose, with their fields. Of others nothing but that they happened: no text that might quote an input. */
function encodeJobError(error: unknown): Uint8Array {
  if (error instanceof CheckError) {
    const { check, field, message } = error;
    return concat(encodeUint8(errorKind.check), text(check), text(field), text(after(message, `${check} ${field}: `)));
  }
  if (error instanceof DecodeError) {
    const { check, field } = error;
    const suffix = check === undefined ? '' : ` (${check})`;
    const message = after(error.message, `${field}: `);
    const bare = suffix !== '' && message.endsWith(suffix) ? message.slice(0, -suffix.length) : message;
    return concat(encodeUint8(errorKind.decode), text(field), text(bare), text(check ?? ''));
  }
  if (error instanceof InvalidArgumentsError) {
    const { field, message } = error;
    return concat(encodeUint8(errorKind.arguments), text(field), text(after(message, `${field}: `)));
  }
  if (error instanceof ThresholdNotReachedError) {
    const { have, need, blamed, message } = error;
    const what = message.slice(0, Math.max(0, message.lastIndexOf(': have weight')));
    return concat(
      encodeUint8(errorKind.threshold),
      text(what),
      encodeUint32(have),
      encodeUint32(need),
      encodeBlames(blamed),
    );
  }
  if (error instanceof BugError) return concat(encodeUint8(errorKind.bug), text(error.message));
  return encodeUint8(errorKind.other);
}

function decodeJobError(bytes: Uint8Array): Error {
  const reader = new Reader(bytes, 'JobError');
  const read = (): Error => {
    switch (reader.uint8('kind')) {
      case errorKind.check:
        return new CheckError(readText(reader, 'check'), readText(reader, 'field'), readText(reader, 'message'));
      case errorKind.decode: {
        const field = readText(reader, 'field');
        const message = readText(reader, 'message');
        const check = readText(reader, 'check');
        return new DecodeError(field, message, check === '' ? undefined : check);
      }
      case errorKind.arguments:
        return new InvalidArgumentsError(readText(reader, 'field'), readText(reader, 'message'));
      case errorKind.threshold:
        return new ThresholdNotReachedError(
          readText(reader, 'what'),
          reader.uint32('have'),
          reader.uint32('need'),
          readBlames(reader, 'blamed'),
        );
      case errorKind.bug:
        return new BugError(readText(reader, 'message'));
      case errorKind.other:
        return new ComputeError('COMPUTE_FAILED', 'a job failed unexpectedly');
      default:
        throw new DecodeError('JobError.kind', 'is unknown');
    }
  };
  const error = read();
  reader.end();
  return error;
}

// Inputs -------------------------------------------------------------------------------------------------------------------------

/** A list of byte strings as the input or output of a job. */
export const packParts = (...parts: readonly Uint8Array[]): Uint8Array => encodeList(parts);

/** Strict. @throws DecodeError unless there are exactly `count`, or between the two numbers. */
export function unpackParts(
  bytes: Uint8Array,
  name: string,
  count: number | readonly [number, number],
): readonly Uint8Array[] {
  const [min, max] = typeof count === 'number' ? [count, count] : count;
  const reader = new Reader(bytes, name);
  const size = reader.count('count', min, max);
  const parts = Array.from({ length: size }, (_, i) => reader.bytes(`[${i}]`, maxOutputBytes));
  reader.end();
  return parts;
}
