/**
 * The one table of errors: what each of our codes is in gRPC, whether the same request may be sent again, and what a caller must reckon with.
 * `docs/api.md` shows it; a test compares the two.
 *
 * @module
 */
import { status } from '@grpc/grpc-js';
import type { RichStatus } from '@dwallet/proto';
import { DWalletError } from '@dwallet/sigma';
import { RemoteError } from '@dwallet/two-pc-mpc/network';

/** Names of the gRPC codes that this API uses. */
export type GrpcCode = Exclude<keyof typeof status, 'OK' | 'CANCELLED' | 'UNKNOWN' | 'OUT_OF_RANGE'>;

/**
 * What happens to the idempotency key of a request that ended so.
 * - `answered`: the same request gets this same error, without another try: it cannot become right.
 * - `tried again`: the same request is worked on again; another one under the key is refused.
 * - `released`: the key is free again.
 * - `not taken`: the request was refused before its key was looked at, or its operation goes on.
 */
export type KeyFate = 'answered' | 'tried again' | 'released' | 'not taken';

export interface ErrorRow {
  readonly grpc: GrpcCode;
  /** Whether sending the same bytes again, here or at another validator, can succeed. */
  readonly retryable: boolean;
  /** Least wait before that, in milliseconds; a call may say more. */
  readonly retryAfterMs?: number;
  readonly key: KeyFate;
  /** After a failed Sign or TakePresign: may the presign be used up for every other message? */
  readonly presignMayBeBurnt: boolean;
  /** After a failed Sign: may a valid signature exist all the same? */
  readonly signatureMayExist: boolean;
  /** The message is not told: it is for the operator's log. */
  readonly opaque?: true;
  readonly meaning: string;
}

const safe = { presignMayBeBurnt: false, signatureMayExist: false } as const;
/** Some validators may have voted for this request before others refused it; no share has left. */
const voted = { presignMayBeBurnt: true, signatureMayExist: false } as const;
/** The validators may have bound the presign, and shares may have left. */
const unsure = { presignMayBeBurnt: true, signatureMayExist: true } as const;
const internal = { grpc: 'INTERNAL', retryable: true, key: 'released', ...unsure, opaque: true } as const;

export const errorTable = {
  // The request ---------------------------------------------------------------------------------------------------------------------
  DECODE: {
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    key: 'answered',
    ...safe,
    meaning: 'Bytes are not the canonical encoding of what was expected, or a signature on them does not verify.',
  },
  ROUTING_MISMATCH: {
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    key: 'not taken',
    ...safe,
    meaning: 'A field of the request does not say what the signed envelope says.',
  },
  REQUEST_ID_INVALID: {
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    key: 'not taken',
    ...safe,
    meaning: 'request_id must be 1..64 characters of [0-9A-Za-z._-].',
  },
  REQUEST_ID_REUSED: {
    grpc: 'ALREADY_EXISTS',
    retryable: false,
    key: 'not taken',
    ...safe,
    meaning: 'The account used this request_id for other bytes. They are not affected.',
  },
  CHECK_FAILED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    key: 'tried again',
    ...unsure,
    meaning:
      'A numbered check of the protocol fails: a proof is wrong, or a presign serves another request or message.',
  },
  NOT_OWNER: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    key: 'tried again',
    ...safe,
    meaning: 'The signer of the request does not own the dWallet or session.',
  },
  NOT_FOUND: {
    grpc: 'NOT_FOUND',
    retryable: true,
    key: 'tried again',
    ...voted,
    meaning: 'This validator does not have it; another one may.',
  },
  NOT_READY: {
    grpc: 'FAILED_PRECONDITION',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...voted,
    meaning: 'Something must happen first: the network key, or the acceptance of the dWallet by its owner.',
  },
  ALREADY_VOTED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    key: 'tried again',
    ...unsure,
    meaning: 'Validators have voted for something else under this name, such as another message for this presign.',
  },
  ALREADY_CONTRIBUTED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    key: 'tried again',
    ...safe,
    meaning: 'A validator has taken part in this round with other inputs.',
  },
  TOO_MANY_RESERVATIONS: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    key: 'tried again',
    ...voted,
    meaning: 'The dWallet holds as many reserved presigns as it may. It must sign with one first.',
  },
  ALREADY_ACCEPTED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    key: 'tried again',
    ...safe,
    meaning: 'The owner has accepted this dWallet before, with another signing policy. The first acceptance stays.',
  },
  UNREADABLE_TRANSACTION: {
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    key: 'tried again',
    ...voted,
    meaning:
      'Validators cannot read what is to be signed: unknown chain or format, bytes that are not canonical, another key, no such payload.',
  },
  RAW_DIGEST_NOT_ALLOWED: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    key: 'tried again',
    ...voted,
    meaning: 'Raw bytes are signed only with a dWallet whose owner allowed it when he accepted it.',
  },
  POLICY_REFUSED: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    key: 'tried again',
    ...unsure,
    meaning: 'A rule of the validators does not allow this signature; `rule` in the metadata names it.',
  },
  ABSTAINS: {
    grpc: 'FAILED_PRECONDITION',
    retryable: true,
    key: 'tried again',
    ...unsure,
    meaning: 'This validator was restored from a backup and may have answered otherwise before; ask another one.',
  },
  ABORT: {
    grpc: 'ABORTED',
    retryable: true,
    key: 'tried again',
    ...unsure,
    meaning: 'A session ended because validators cheated; a new one goes on without them.',
  },
  // The network ---------------------------------------------------------------------------------------------------------------------
  THRESHOLD_NOT_REACHED: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...unsure,
    meaning: 'Too few validators answered in time. The same bytes may be sent again, here or elsewhere.',
  },
  UNAVAILABLE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...unsure,
    meaning: 'Not now: the presign pool is empty, or no validator can be reached.',
  },
  PRESIGN_BURNT: {
    grpc: 'ABORTED',
    retryable: false,
    key: 'answered',
    presignMayBeBurnt: true,
    signatureMayExist: false,
    meaning:
      'Every share is right and there is no signature: the presign was wrong. It is spent, the dWallet is locked, operators must look.',
  },
  LOCKED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    key: 'tried again',
    ...voted,
    meaning: 'The dWallet is locked after an alarm until its operators have looked.',
  },
  CONTRADICTION: {
    grpc: 'DATA_LOSS',
    retryable: false,
    key: 'tried again',
    ...unsure,
    meaning: 'Certified records contradict each other, which an honest quorum excludes. Operators must look.',
  },
  // Limits --------------------------------------------------------------------------------------------------------------------------
  RATE_LIMITED: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    key: 'not taken',
    ...safe,
    meaning: 'Too many requests per second by this account, or altogether.',
  },
  TOO_MANY_IN_FLIGHT: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    retryAfterMs: 200,
    key: 'not taken',
    ...safe,
    meaning: 'Too many requests under way, by this caller or altogether.',
  },
  OVERLOADED: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    key: 'not taken',
    ...safe,
    meaning: 'The queue of operations is full.',
  },
  MESSAGE_TOO_LARGE: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    key: 'not taken',
    ...safe,
    meaning: 'The request is larger than this rpc takes.',
  },
  // The call ------------------------------------------------------------------------------------------------------------------------
  DEADLINE_EXCEEDED: {
    grpc: 'DEADLINE_EXCEEDED',
    retryable: true,
    key: 'not taken',
    ...unsure,
    meaning:
      'The caller stopped waiting. The operation goes on: GetOperation, or the same request again, gives its result.',
  },
  SHUTTING_DOWN: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 1000,
    key: 'not taken',
    ...safe,
    meaning: 'This validator is about to stop; ask another one.',
  },
  OPERATION_NOT_FOUND: {
    grpc: 'NOT_FOUND',
    retryable: false,
    key: 'not taken',
    ...safe,
    meaning: 'No operation of this id is known here, or it is past its retention.',
  },
  // Between validators --------------------------------------------------------------------------------------------------------------
  NOT_A_MEMBER: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    key: 'tried again',
    ...safe,
    meaning: 'The signer of an envelope is not in the committee.',
  },
  IDENTITY_NOT_PINNED: {
    grpc: 'UNAUTHENTICATED',
    retryable: false,
    key: 'not taken',
    ...safe,
    meaning: "The certificate at the other end of the line is nobody's in the list of validators.",
  },
  IDENTITY_MISMATCH: {
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    key: 'not taken',
    ...safe,
    meaning: 'The envelope is signed by another validator than the one whose certificate the line has.',
  },
  PROTOCOL_VERSION: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    key: 'tried again',
    ...safe,
    meaning: 'The two validators speak different versions of this contract; one of them must be upgraded.',
  },
  // This validator ------------------------------------------------------------------------------------------------------------------
  INTERNAL: { ...internal, meaning: 'Something that nobody foresaw, or a failure of the disk. The log says more.' },
  BUG: { ...internal, meaning: 'Must never happen.' },
  INVALID_ARGUMENTS: { ...internal, meaning: 'This validator called a part of itself wrongly.' },
  STORE_DISK_FULL: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 10_000,
    key: 'tried again',
    ...unsure,
    meaning: "This validator's disk is full. Nothing was written; ask another one.",
  },
  STORE_IO: { ...internal, meaning: 'A write failed: this validator answers nothing until it is started again.' },
  STORE_CLOSED: { ...internal, meaning: 'This validator is about to stop.' },
  STORE_DAMAGED: { ...internal, meaning: 'What is on disk is not what was written there. Operators must look.' },
  COMPUTE_QUEUE_FULL: {
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...unsure,
    meaning: 'The workers of this validator have as much to do as they may; ask later, or another one.',
  },
  COMPUTE_CRASHED: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...unsure,
    meaning: 'The worker of this step died again and again.',
  },
  COMPUTE_CANCELLED: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...unsure,
    meaning: 'A step was given up because nobody waited for it any more.',
  },
  COMPUTE_CLOSED: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...unsure,
    meaning: 'This validator is about to stop.',
  },
  COMPUTE_UNAVAILABLE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    retryAfterMs: 1000,
    key: 'tried again',
    ...unsure,
    meaning: 'No worker of this validator can be reached.',
  },
  COMPUTE_GARBLED: {
    ...internal,
    meaning: 'A worker answered something that is no answer to its job. Operators must look.',
  },
  COMPUTE_FAILED: { ...internal, meaning: 'A worker failed in a way that nobody foresaw. Its log says more.' },
  SINGLE_USE_STORE: {
    ...internal,
    meaning: 'The store of used presigns cannot be used; nothing is signed without it.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** Refusals whose check is a rule of docs/zones.md. */
export const ruleCodes: ReadonlySet<ErrorCode> = new Set([
  'UNREADABLE_TRANSACTION',
  'RAW_DIGEST_NOT_ALLOWED',
  'POLICY_REFUSED',
]);

/** The row of a code. A code that is not in the table is nothing that callers were promised anything about: INTERNAL. */
export const errorRow = (code: string): ErrorRow =>
  Object.hasOwn(errorTable, code) ? errorTable[code as ErrorCode] : errorTable.INTERNAL;

/** The code that callers see. */
export const publicCode = (code: string): ErrorCode =>
  Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'INTERNAL';

/** A refusal by the API itself. */
export class ApiError extends DWalletError {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly quota: { readonly subject: string; readonly description: string } | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    details: {
      readonly field?: string;
      readonly retryAfterMs?: number;
      readonly quota?: { readonly subject: string; readonly description: string };
    } = {},
  ) {
    super(message);
    this.code = code;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
    this.quota = details.quota;
  }
}

const maxTextLength = 2048;

/** Printable text of bounded length: other validators' words are in it. */
const plain = (text: string): string => text.replaceAll(/[^\P{C}\n]/gu, ' ').slice(0, maxTextLength);

/**
 * An error as callers see it.
 * @param rpc - of which call: only Sign and TakePresign use up presigns.
 */
export function richStatusOf(error: unknown, rpc: string, operationId?: string): RichStatus {
  const known = error instanceof DWalletError;
  const code = publicCode(known ? error.code : 'INTERNAL');
  const row = errorRow(code);
  const part = (name: 'field' | 'check'): string | undefined => {
    const value =
      known && row.opaque !== true && name in error ? (error as unknown as Record<string, unknown>)[name] : undefined;
    return typeof value === 'string' && value !== '' ? plain(value) : undefined;
  };
  const [field, check] = [part('field'), part('check')];
  const rule = ruleCodes.has(code) ? check : undefined;
  const message = row.opaque === true || !known ? 'internal error' : plain(error.message);
  const hint = error instanceof ApiError || error instanceof RemoteError ? error.retryAfterMs : undefined;
  const retryAfterMs = row.retryable ? (hint ?? row.retryAfterMs) : undefined;
  const quota = error instanceof ApiError ? error.quota : undefined;
  const burns = rpc === 'Sign' || rpc === 'TakePresign';
  return {
    code: status[row.grpc],
    message,
    reason: code,
    metadata: {
      retryable: String(row.retryable),
      presign_may_be_burnt: String(burns && row.presignMayBeBurnt),
      signature_may_exist: String(rpc === 'Sign' && row.signatureMayExist),
      ...(field === undefined ? {} : { field }),
      ...(check === undefined ? {} : { check }),
      ...(rule === undefined ? {} : { rule }),
      ...(operationId === undefined ? {} : { operation_id: operationId }),
    },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(quota === undefined ? {} : { quota: [quota] }),
    ...(field === undefined || row.grpc !== 'INVALID_ARGUMENT' ? {} : { fields: [{ field, description: message }] }),
  };
}
