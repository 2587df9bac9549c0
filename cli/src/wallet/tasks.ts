/**
 * What a file is that somebody wants signed.
 *
 * @module
 */
import { UnsupportedRequestError } from '@dwallet/chains';
import { parseRequest } from '@dwallet/chains/registry';
import { formatsOf } from './chains.ts';
import { UsageError } from './errors.ts';

/** The only format of the chain that reads these bytes. @throws UsageError when it must be said which. */
export function formatOf(chainId: string, raw: Uint8Array, publicKey: Uint8Array, asked: string | undefined): string {
  const known = formatsOf(chainId);
  if (asked !== undefined) {
    if (!known.includes(asked))
      throw new UsageError(`--format: ${asked} is not one of ${known.join(', ')} (${chainId})`);
    return asked;
  }
  const reading: string[] = [];
  let reason: unknown;
  for (const format of known) {
    try {
      parseRequest(chainId, format, raw, publicKey);
      reading.push(format);
    } catch (error) {
      if (!(error instanceof UnsupportedRequestError)) reason ??= error;
    }
  }
  const [only, second] = reading;
  if (only !== undefined && second === undefined) return only;
  if (only === undefined && known.length === 1 && reason !== undefined) throw reason;
  throw new UsageError(
    only === undefined
      ? `these bytes are no transaction that ${chainId} reads (${known.join(', ')}): name one with --format to see what is wrong`
      : `--format: these bytes can be ${reading.join(' or ')}`,
  );
}
