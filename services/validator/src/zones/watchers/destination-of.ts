/**
 * The destination that a departure carries.
 *
 * @module
 */
import { DecodeError } from '@dwallet/sigma';
import { type Destination, decodeDestination } from '@dwallet/zones';

/** Why what looks like a departure is none. */
export type IgnoredDeparture = 'no-destination' | 'bad-destination' | 'destination-here';

export type Ignore = (reason: IgnoredDeparture, reference: string) => void;

/** Where a departure goes, or undefined after `ignore` was told why not. */
export function destinationOf(
  chain: string,
  bytes: Uint8Array | undefined,
  reference: string,
  ignore: Ignore,
): Destination | undefined {
  if (bytes === undefined || bytes.length === 0) {
    ignore('no-destination', reference);
    return undefined;
  }
  try {
    const destination = decodeDestination(bytes);
    if (destination.chain !== chain) return destination;
    ignore('destination-here', reference);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    ignore('bad-destination', reference);
  }
  return undefined;
}
