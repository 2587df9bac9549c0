/**
 * Pieces that the inputs and outputs of several jobs have in common.
 *
 * @module
 */
import type { AccessStructure } from '@dwallet/class-groups';
import {
  DecodeError,
  Reader,
  type ValidatorId,
  bytesToInteger,
  concat,
  encodeUint16,
  validatorId,
} from '@dwallet/sigma';
import { type Inbox, type OwnMessage, isOwnMessage } from '../inbox.ts';
import { bytesEqual } from '../wire/format.ts';
import { packParts, unpackParts } from './pool.ts';

/** Of a seed in the input of a job. */
export const seedBytes = 32;
/** Validators in a list: no committee has more. */
export const maxMembers = 128;

/** @throws DecodeError unless the bytes are one uint16. */
export function readNumber(bytes: Uint8Array, field: string): number {
  if (bytes.length !== 2) throw new DecodeError(field, 'must be 2 bytes');
  return Number(bytesToInteger(bytes));
}

/** uint16 after uint16. */
export const encodeNumbers = (values: readonly number[]): Uint8Array => concat(...values.map(encodeUint16));

/** @throws DecodeError for an odd number of bytes. */
export function readNumbers(bytes: Uint8Array, field: string): number[] {
  const reader = new Reader(bytes, field);
  const values: number[] = [];
  while (reader.remaining > 0) values.push(reader.uint16(`[${values.length}]`));
  return values;
}

const ownMark = Uint8Array.of(1);

/** The own message is marked: whoever compared it with what was sent is this process, not the worker. */
export const encodeInbox = (
  entries: Iterable<readonly [ValidatorId, Uint8Array]>,
  own: OwnMessage | undefined,
): Uint8Array =>
  packParts(
    ...[...entries].map(([validator, bytes]) => {
      const mark = isOwnMessage(new Map([[validator, bytes]]), own, validator);
      return packParts(encodeUint16(validator), bytes, ...(mark ? [ownMark] : []));
    }),
  );

/** An inbox as a job gets it: whoever is in it counts as the committee. */
export interface JobInbox {
  readonly access: Pick<AccessStructure, 'validators'>;
  readonly inbox: Inbox;
  readonly own: OwnMessage | undefined;
}

/** @throws DecodeError naming the part, also if two messages are marked. */
export function decodeInbox(bytes: Uint8Array, name: string): JobInbox {
  const inbox = new Map<ValidatorId, Uint8Array>();
  let own: OwnMessage | undefined;
  for (const entry of unpackParts(bytes, `${name}.inbox`, [0, maxMembers])) {
    const [number, message, mark] = unpackParts(entry, `${name}.inbox[]`, [2, 3]) as [
      Uint8Array,
      Uint8Array,
      Uint8Array?,
    ];
    const validator = validatorId(readNumber(number, `${name}.validator`));
    inbox.set(validator, message);
    if (mark === undefined) continue;
    if (own !== undefined || !bytesEqual(mark, ownMark))
      throw new DecodeError(`${name}.inbox[].own`, 'must mark one message at most');
    own = { validator, bytes: message };
  }
  return { access: { validators: [...inbox.keys()] }, inbox, own };
}
