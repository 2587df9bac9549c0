/**
 * Errors as a person and as a program read them, and the exit code that each ends with.
 *
 * @module
 */
import { RemoteError } from '@dwallet/two-pc-mpc/client';
import { CommandError } from '../network/layout.ts';
import { exitCodes } from './errors.ts';

const usage: ReadonlySet<string> = new Set([
  'INVALID_ARGUMENTS',
  'INVALID_INTENT',
  'UNSUPPORTED_REQUEST',
  'KEYSTORE_NOT_EMPTY',
]);
const refused: ReadonlySet<string> = new Set([
  'SEND_NOT_APPROVED',
  'SEND_BUILD_FAILED',
  'KEYSTORE_WRONG_SECRET',
  'CHAIN_REFUSED',
  'RAW_DIGEST_NOT_ALLOWED',
  'EVM_RPC',
]);
const unavailable: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'THRESHOLD_NOT_REACHED',
  'SHUTTING_DOWN',
  'OVERLOADED',
  'RATE_LIMITED',
  'TOO_MANY_IN_FLIGHT',
  'KEYSTORE_BUSY',
  'EVM_RPC_UNREACHABLE',
  'CHAIN_UNREACHABLE',
]);

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The error that decides: that of a node is inside the error of a payment. */
function decisive(error: unknown): unknown {
  const inner = error instanceof Error && error.name === 'SendError' ? error.cause : undefined;
  return codeOf(inner) === undefined ? error : inner;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (codeOf(error) === 'CANCELLED') return exitCodes.interrupted;
  const code = codeOf(decisive(error));
  if (code === undefined) return exitCodes.failed;
  if (usage.has(code)) return exitCodes.usage;
  if (unavailable.has(code)) return exitCodes.unavailable;
  // Validators' refusals have codes of their own; they are all of one class.
  return refused.has(code) || error instanceof RemoteError ? exitCodes.refused : exitCodes.failed;
}

/** What a program reads of a failure. Errors of these packages hold no secret. */
export interface ErrorReport {
  readonly error: string;
  readonly message: string;
  readonly exitCode: number;
  readonly field?: string;
  readonly check?: string;
  /** A payment that is signed, and may come to be in the chain: hand in these bytes again, and no others. */
  readonly transaction?: { readonly txid: string; readonly raw: string };
}

export function errorReport(error: unknown): ErrorReport {
  const exitCode = exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const text = (name: string): Record<string, string> => {
    const value = error instanceof Error ? (error as unknown as Record<string, unknown>)[name] : undefined;
    return typeof value === 'string' ? { [name]: value } : {};
  };
  const signed = (error as { readonly transaction?: { readonly encoded: Uint8Array; readonly txid: string } } | null)
    ?.transaction;
  return {
    error: codeOf(error) ?? (exitCode === exitCodes.usage ? 'USAGE' : 'FAILED'),
    message,
    exitCode,
    ...text('field'),
    ...text('check'),
    ...(signed === undefined
      ? {}
      : { transaction: { txid: signed.txid, raw: Buffer.from(signed.encoded).toString('hex') } }),
  };
}

/** Says what went wrong. @returns the exit code. */
export function reportError(error: unknown, json: boolean): number {
  const report = errorReport(error);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    process.stderr.write(`dwallet: ${report.message}\n`);
    if (report.transaction !== undefined)
      process.stderr.write(
        `the transaction ${report.transaction.txid} is signed and may come to be in the chain; do not pay again, hand in these bytes:\n${report.transaction.raw}\n`,
      );
  }
  return report.exitCode;
}
