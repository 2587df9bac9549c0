/**
 * XRP Ledger payments, in XRP or in a token of an issuer.
 *
 * The message to sign, and the canonical unsigned encoding, is `"STX" 0x00` and the binary transaction without signatures, under
 * the first half of SHA-512. The signature is strict DER with low s, in the field TxnSignature.
 *
 * Refused because they change who pays what: partial payments (the amount is then only a maximum), paths, memos, multi-signing,
 * delegation and every field that is not listed in {@link XrplPaymentIntent}.
 *
 * @module
 */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { decode, encode, encodeForSigning } from 'ripple-binary-codec';
import { equalBytes, formatUnits } from '../bytes.ts';
import {
  assertSignatures,
  decodeDer,
  decodePublicKey,
  type EcdsaSignature,
  encodeDer,
  hashMessage,
  verifiesLowS,
} from '../ecdsa.ts';
import { decoding, InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import type { NativeChain, SigningPayload } from '../native-chain.ts';
import { quoteText } from '../text.ts';
import { checkXrplAddress, xrplAddress } from './address.ts';
import type { XrplNetwork } from './networks.ts';

export const MAX_XRPL_TRANSACTION_BYTES = 4 * 1024;
/** 100 billion XRP. */
const MAX_DROPS = 100_000_000_000n * 1_000_000n;
/** `STX` and a zero byte; `TXN` and a zero byte for ids. */
const SIGNING_PREFIX = Uint8Array.of(0x53, 0x54, 0x58, 0);
const ID_PREFIX = Uint8Array.of(0x54, 0x58, 0x4e, 0);
/** Obsolete and harmless: only the canonical (low-s) signature is valid. */
export const FULLY_CANONICAL = 0x8000_0000;
/** Networks with a higher id must be named in the transaction. */
const LAST_UNNAMED_NETWORK = 1024;

/** An amount of a token: `value` in decimal text, at most 15 digits of precision. */
export interface IssuedAmount {
  /** Three characters, or 40 upper-case hex digits. */
  readonly currency: string;
  readonly issuer: string;
  readonly value: string;
}

/** Drops (10^-6 XRP), or an amount of a token. */
export type XrplAmount = bigint | IssuedAmount;

/** What a payment does. The network belongs to the chain object. */
export interface XrplPaymentIntent {
  readonly account: string;
  readonly destination: string;
  readonly destinationTag?: number;
  readonly sourceTag?: number;
  readonly amount: XrplAmount;
  /** What the sender spends at most, where the delivered token costs more (transfer fees) or another currency is spent. */
  readonly sendMax?: XrplAmount;
  /** 32 bytes, upper-case hex. */
  readonly invoiceId?: string;
  readonly feeDrops: bigint;
  readonly sequence: number;
  /** Used instead of the sequence, which is then 0. */
  readonly ticketSequence?: number;
  readonly lastLedgerSequence?: number;
  /** 0 or tfFullyCanonicalSig; absent and 0 are two encodings of the same. */
  readonly flags?: number;
  /** 33 bytes, compressed: the key that signs, whose address is `account`. */
  readonly publicKey: Uint8Array;
}

export interface SignedXrplPayment {
  readonly intent: XrplPaymentIntent;
  /** Binary transaction with TxnSignature. */
  readonly transaction: Uint8Array;
}

export type XrplPaymentChain = NativeChain<
  XrplPaymentIntent,
  { readonly intent: XrplPaymentIntent },
  SignedXrplPayment
>;

/** The payments of one network. */
export function xrplPayments(network: XrplNetwork): XrplPaymentChain {
  const encodeUnsigned = (intent: XrplPaymentIntent): Uint8Array =>
    hexToBytes(encodeForSigning(toJson(intent, network)).toLowerCase());
  const payload = (intent: XrplPaymentIntent): SigningPayload => {
    const message = encodeUnsigned(intent);
    return { message, hashScheme: 'sha512-half', digest: hashMessage('sha512-half', message) };
  };
  const parse = (bytes: Uint8Array): XrplPaymentIntent => {
    if (bytes.length > MAX_XRPL_TRANSACTION_BYTES) throw new TransactionDecodeError('transaction', 'is too long');
    if (!equalBytes(bytes.subarray(0, 4), SIGNING_PREFIX)) {
      throw new TransactionDecodeError('transaction', 'does not start with the signing prefix STX');
    }
    return decoding('transaction', 'a Payment of the XRP Ledger', () => {
      const intent = normalise(fromJson(decode(bytesToHex(bytes.slice(4)).toUpperCase()), network));
      if (!equalBytes(encodeUnsigned(intent), bytes)) {
        throw new TransactionDecodeError('transaction', 'is not canonically encoded');
      }
      return intent;
    });
  };
  return {
    id: network.id,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: xrplAddress,
    build: (intent) => ({ intent: normalise(intent) }),
    encodeUnsigned: ({ intent }) => encodeUnsigned(intent),
    parse,
    payloads: ({ intent }) => [payload(intent)],
    attach({ intent }, publicKey, signatures) {
      checkXrplKey(intent, publicKey);
      assertSignatures([payload(intent)], publicKey, signatures);
      const TxnSignature = upperHex(encodeDer(signatures[0] as EcdsaSignature));
      return { intent, transaction: hexToBytes(encode({ ...toJson(intent, network), TxnSignature }).toLowerCase()) };
    },
    verify({ intent, transaction }, publicKey) {
      try {
        checkXrplKey(intent, publicKey);
        const json = decode(upperHex(transaction)) as Record<string, unknown>;
        const { TxnSignature, ...unsigned } = json;
        if (typeof TxnSignature !== 'string' || !equalBytes(hexToBytes(encode(json).toLowerCase()), transaction)) {
          return false;
        }
        const message = hexToBytes(encodeForSigning(unsigned).toLowerCase());
        const { r, s } = decodeDer(hexToBytes(TxnSignature.toLowerCase()));
        return (
          equalBytes(message, encodeUnsigned(normalise(intent))) &&
          verifiesLowS(r, s, hashMessage('sha512-half', message), publicKey)
        );
      } catch {
        return false;
      }
    },
    encode: ({ transaction }) => transaction,
    txid: ({ transaction }) => upperHex(hashMessage('sha512-half', concatBytes(ID_PREFIX, transaction))),
    describe: (intent) => describe(normalise(intent), network),
  };
}

/** @throws {@link InvalidIntentError} If the intent names another key. */
export function checkXrplKey(intent: XrplPaymentIntent, publicKey: Uint8Array): void {
  decodePublicKey(publicKey);
  if (!equalBytes(intent.publicKey, publicKey)) throw new InvalidIntentError('publicKey', 'is not this key');
}

const upperHex = (bytes: Uint8Array): string => bytesToHex(bytes).toUpperCase();

const amountToJson = (amount: XrplAmount) =>
  typeof amount === 'bigint'
    ? amount.toString()
    : { currency: amount.currency, issuer: amount.issuer, value: amount.value };

function toJson(intent: XrplPaymentIntent, network: XrplNetwork): Record<string, unknown> {
  const optional = {
    DestinationTag: intent.destinationTag,
    SourceTag: intent.sourceTag,
    SendMax: intent.sendMax === undefined ? undefined : amountToJson(intent.sendMax),
    InvoiceID: intent.invoiceId,
    TicketSequence: intent.ticketSequence,
    LastLedgerSequence: intent.lastLedgerSequence,
    Flags: intent.flags,
    NetworkID: network.networkId > LAST_UNNAMED_NETWORK ? network.networkId : undefined,
  };
  return {
    TransactionType: 'Payment',
    Account: intent.account,
    Destination: intent.destination,
    Amount: amountToJson(intent.amount),
    Fee: intent.feeDrops.toString(),
    Sequence: intent.sequence,
    SigningPubKey: upperHex(intent.publicKey),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** Names of the fields above, as the codec calls them. */
const KNOWN =
  'TransactionType Account Destination Amount Fee Sequence SigningPubKey DestinationTag SourceTag SendMax InvoiceID TicketSequence LastLedgerSequence Flags NetworkID'.split(
    ' ',
  );

function fromJson(json: Readonly<Record<string, unknown>>, network: XrplNetwork): XrplPaymentIntent {
  if (json['TransactionType'] !== 'Payment') throw new TransactionDecodeError('TransactionType', 'is not Payment');
  for (const name of Object.keys(json)) {
    if (!KNOWN.includes(name)) throw new TransactionDecodeError(name, 'cannot be shown, so it is refused');
  }
  const expected = network.networkId > LAST_UNNAMED_NETWORK ? network.networkId : undefined;
  if (json['NetworkID'] !== expected) {
    throw new TransactionDecodeError(
      'NetworkID',
      expected === undefined ? 'must be absent here' : `is not ${expected}`,
    );
  }
  const text = (name: string): string => {
    const value = json[name];
    if (typeof value !== 'string') throw new TransactionDecodeError(name, 'is missing');
    return value;
  };
  const number = (name: string): number => {
    const value = json[name];
    if (typeof value !== 'number') throw new TransactionDecodeError(name, 'is missing');
    return value;
  };
  const has = (name: string): boolean => json[name] !== undefined;
  return {
    account: text('Account'),
    destination: text('Destination'),
    ...(has('DestinationTag') ? { destinationTag: number('DestinationTag') } : {}),
    ...(has('SourceTag') ? { sourceTag: number('SourceTag') } : {}),
    amount: readAmount(json['Amount'], 'Amount'),
    ...(has('SendMax') ? { sendMax: readAmount(json['SendMax'], 'SendMax') } : {}),
    ...(has('InvoiceID') ? { invoiceId: text('InvoiceID') } : {}),
    feeDrops: readDrops(text('Fee'), 'Fee'),
    sequence: number('Sequence'),
    ...(has('TicketSequence') ? { ticketSequence: number('TicketSequence') } : {}),
    ...(has('LastLedgerSequence') ? { lastLedgerSequence: number('LastLedgerSequence') } : {}),
    ...(has('Flags') ? { flags: number('Flags') } : {}),
    publicKey: hexToBytes(text('SigningPubKey').toLowerCase()),
  };
}

function readDrops(value: string, field: string): bigint {
  if (!/^[0-9]{1,18}$/.test(value)) throw new TransactionDecodeError(field, 'is not an amount in drops');
  return BigInt(value);
}

function readAmount(value: unknown, field: string): XrplAmount {
  if (typeof value === 'string') return readDrops(value, field);
  const { currency, issuer, value: sum } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof currency !== 'string' || typeof issuer !== 'string' || typeof sum !== 'string') {
    throw new TransactionDecodeError(field, 'is neither drops nor an amount of an issued token');
  }
  return { currency, issuer, value: sum };
}

function normalise(intent: XrplPaymentIntent): XrplPaymentIntent {
  const own = xrplAddress(intent.publicKey);
  if (intent.account !== own) {
    throw new InvalidIntentError('account', `is not ${own}, the address of the signing key`);
  }
  checkXrplAddress(intent.destination, 'destination');
  if (intent.destination === own) throw new InvalidIntentError('destination', 'is the sender itself');
  checkUint32('sequence', intent.sequence);
  if ((intent.sequence === 0) !== (intent.ticketSequence !== undefined)) {
    throw new InvalidIntentError('sequence', 'must be 0 exactly if there is a ticket');
  }
  if (intent.flags !== undefined && intent.flags !== 0 && intent.flags !== FULLY_CANONICAL) {
    throw new InvalidIntentError('flags', 'may only be tfFullyCanonicalSig: others change what is delivered');
  }
  if (intent.invoiceId !== undefined && !/^[0-9A-F]{64}$/.test(intent.invoiceId)) {
    throw new InvalidIntentError('invoiceId', 'must be 64 upper-case hex digits');
  }
  checkDrops('feeDrops', intent.feeDrops);
  const optional = {
    destinationTag: intent.destinationTag,
    sourceTag: intent.sourceTag,
    ticketSequence: intent.ticketSequence,
    lastLedgerSequence: intent.lastLedgerSequence,
  };
  for (const [name, value] of Object.entries(optional)) if (value !== undefined) checkUint32(name, value);
  return {
    ...intent,
    amount: normaliseAmount(intent.amount, 'amount'),
    ...(intent.sendMax === undefined ? {} : { sendMax: normaliseAmount(intent.sendMax, 'sendMax') }),
    publicKey: Uint8Array.from(intent.publicKey),
  };
}

function normaliseAmount(amount: XrplAmount, field: string): XrplAmount {
  if (typeof amount === 'bigint') {
    checkDrops(field, amount);
    return amount;
  }
  const { currency, issuer, value } = amount;
  // The codec writes codes of three characters as text, so their hex form would be a second encoding.
  if (!/^(?:[A-Za-z0-9?!@#$%^&*<>(){}[\]|]{3}|[0-9A-F]{40})$/.test(currency) || currency === 'XRP') {
    throw new InvalidIntentError(`${field}.currency`, 'is not a currency code');
  }
  checkXrplAddress(issuer, `${field}.issuer`);
  // Plain decimal without superfluous zeros; the codec would round or reformat anything else.
  const [, whole = '', fraction = ''] = /^(0|[1-9][0-9]{0,30})(?:\.([0-9]{0,40}[1-9]))?$/.exec(value) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '').replace(/0+$/, '');
  if (digits === '' || digits.length > 15) {
    throw new InvalidIntentError(`${field}.value`, 'must be a positive plain decimal number of at most 15 digits');
  }
  return { currency, issuer, value };
}

function checkDrops(field: string, value: bigint): void {
  if (typeof value !== 'bigint' || value < 1n || value > MAX_DROPS) {
    throw new InvalidIntentError(field, `must be from 1 to ${MAX_DROPS} drops`);
  }
}

function checkUint32(field: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new InvalidIntentError(field, 'must be an integer from 0 to 2^32 - 1');
  }
}

function describe(intent: XrplPaymentIntent, network: XrplNetwork): readonly string[] {
  const amount = (value: XrplAmount): string => {
    if (typeof value === 'bigint') return `${formatUnits(value, 6)} XRP (${value} drops)`;
    const code = /^[A-Za-z0-9]+$/.test(value.currency) ? value.currency : quoteText(value.currency);
    return `${value.value} of the token ${code} issued by ${value.issuer}`;
  };
  const tag =
    intent.destinationTag === undefined ? 'without a destination tag' : `with destination tag ${intent.destinationTag}`;
  const lines = [
    `Send ${amount(intent.amount)} from ${intent.account} to ${intent.destination}, ${tag}, on ${network.name} (${network.id}).`,
  ];
  if (intent.sendMax !== undefined) lines.push(`Spend at most ${amount(intent.sendMax)} for it.`);
  lines.push(`Fee: ${amount(intent.feeDrops)}.`);
  lines.push(
    intent.ticketSequence === undefined ? `Sequence: ${intent.sequence}.` : `Uses the ticket ${intent.ticketSequence}.`,
  );
  lines.push(
    intent.lastLedgerSequence === undefined ? 'It never expires.' : `Valid until ledger ${intent.lastLedgerSequence}.`,
  );
  if (intent.sourceTag !== undefined) lines.push(`Source tag: ${intent.sourceTag}.`);
  if (intent.invoiceId !== undefined) lines.push(`Invoice: ${intent.invoiceId}.`);
  if (network.networkId <= LAST_UNNAMED_NETWORK) {
    lines.push(
      'The transaction does not name its network: it is also valid on others where this account has this sequence.',
    );
  }
  return lines;
}
