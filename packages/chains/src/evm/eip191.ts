/**
 * Personal messages (EIP-191, version 0x45).
 *
 * The message to sign, and the canonical unsigned encoding, is `0x19 "Ethereum Signed Message:\n" length message` under keccak256.
 * The prefix keeps it apart from every transaction. The signed form is r || s || v with v = 27 or 28: 65 bytes.
 *
 * @module
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.ts';
import {
  assertSignature,
  assertSignatures,
  decodePublicKey,
  decodeSignature,
  type EcdsaSignature,
  encodeSignature,
  hashMessage,
} from '../ecdsa.ts';
import { InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import type { SigningFormat, SigningPayload } from '../native-chain.ts';
import { quoteText, strictUtf8 } from '../text.ts';
import { evmAddress } from './address.ts';
import { type EvmChainOptions, evmNames, hex } from './fields.ts';
import { onlyParity } from './transaction.ts';

/** A person has to read it all. */
export const MAX_PERSONAL_MESSAGE_BYTES = 16 * 1024;

const PREFIX = Uint8Array.of(0x19, ...utf8ToBytes('Ethereum Signed Message:\n'));

/** The message as bytes; text is UTF-8. */
export interface PersonalMessageIntent {
  readonly message: Uint8Array;
}

/** A message with the signature of its author. */
export interface SignedPersonalMessage {
  readonly intent: PersonalMessageIntent;
  readonly signature: EcdsaSignature;
}

export type PersonalMessageFormat = SigningFormat<
  PersonalMessageIntent,
  { readonly intent: PersonalMessageIntent },
  SignedPersonalMessage
>;

/** Intent of a text. */
export const personalText = (text: string): PersonalMessageIntent => ({ message: utf8ToBytes(text) });

/** Personal messages by accounts of one EVM network. The signature itself is bound to no network. */
export function eip191Messages(options: EvmChainOptions): PersonalMessageFormat {
  const { chainId } = evmNames(options);
  const payload = ({ message }: PersonalMessageIntent): SigningPayload => {
    const bytes = encodeMessage(message);
    return { message: bytes, hashScheme: 'keccak256', digest: hashMessage('keccak256', bytes) };
  };
  return {
    id: `eip155:${chainId}`,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: evmAddress,
    build: (intent) => ({ intent: normalise(intent) }),
    encodeUnsigned: ({ intent }) => encodeMessage(intent.message),
    parse: decodeMessage,
    payloads: ({ intent }) => [payload(intent)],
    attach({ intent }, publicKey, signatures) {
      decodePublicKey(publicKey);
      assertSignatures([payload(intent)], publicKey, signatures);
      return { intent, signature: onlyParity(signatures[0] as EcdsaSignature) };
    },
    verify({ intent, signature }, publicKey) {
      try {
        const read = decodeMessageSignature(encodeMessageSignature(signature));
        assertSignature('signature', read, payload(normalise(intent)).digest, publicKey);
        return true;
      } catch {
        return false;
      }
    },
    encode: ({ signature }) => encodeMessageSignature(signature),
    describe: (intent) => describe(normalise(intent)),
  };
}

/** r || s || v with v = 27 or 28, as EVM message signatures travel: 65 bytes. */
export function encodeMessageSignature(signature: EcdsaSignature): Uint8Array {
  return encodeSignature({ ...signature, recoveryId: 27 + onlyParity(signature).recoveryId });
}

/** Reads r || s || v. @throws InvalidSignatureError if it is not 65 bytes that end with 27 or 28. */
export function decodeMessageSignature(bytes: Uint8Array): EcdsaSignature {
  return onlyParity(decodeSignature(bytes.length === 65 ? bytes.with(64, ((bytes[64] ?? 0) - 27) & 0xff) : bytes));
}

const encodeMessage = (message: Uint8Array): Uint8Array =>
  concatBytes(PREFIX, utf8ToBytes(message.length.toString()), message);

function decodeMessage(bytes: Uint8Array): PersonalMessageIntent {
  if (!equalBytes(bytes.subarray(0, PREFIX.length), PREFIX)) {
    throw new TransactionDecodeError('message', 'does not start with the EIP-191 prefix');
  }
  const rest = bytes.subarray(PREFIX.length);
  if (rest.length > MAX_PERSONAL_MESSAGE_BYTES + 5) throw new TransactionDecodeError('message', 'is too long');
  // The length has no end mark: message bytes may be digits too. Only one split can fit.
  for (let digits = 1; digits <= 5 && digits <= rest.length; digits++) {
    const message = rest.slice(digits);
    if (equalBytes(encodeMessage(message), bytes)) return normalise({ message });
  }
  throw new TransactionDecodeError('message', 'does not have the length that it states');
}

function normalise({ message }: PersonalMessageIntent): PersonalMessageIntent {
  if (message.length > MAX_PERSONAL_MESSAGE_BYTES) {
    throw new InvalidIntentError('message', `is longer than ${MAX_PERSONAL_MESSAGE_BYTES} bytes`);
  }
  return { message: Uint8Array.from(message) };
}

function describe({ message }: PersonalMessageIntent): readonly string[] {
  const scope = 'Its signature is valid on every network, for whoever accepts signed messages of this account.';
  const text = strictUtf8(message);
  const readable = text !== undefined && /^[\n\r\t\P{Cc}]*$/u.test(text);
  if (!readable) {
    const shown = message.length <= 256 ? hex(message) : `keccak256 ${hex(hashMessage('keccak256', message))}`;
    const warning = message.length === 32 ? ' It may be the hash of something that cannot be seen here.' : '';
    return [`Sign a message of ${message.length} bytes that is not text: ${shown}.${warning}`, scope];
  }
  const parts = text.split('\n');
  return [
    `Sign a personal message of ${message.length} bytes${parts.length > 1 ? ` and ${parts.length} lines` : ''}:`,
    ...parts.map((part) => quoteText(part)),
    scope,
  ];
}
