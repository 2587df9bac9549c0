/**
 * The frame of every Tron transaction: `Transaction.raw` with one contract.
 *
 * The message to sign, and the canonical unsigned encoding, is the protobuf `raw_data` under SHA-256; that hash is also the
 * transaction's id. The signature is r || s || 27 + recovery id.
 *
 * @module
 */
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { equalBytes, formatUnits } from '../bytes.ts';
import {
  assertSignature,
  assertSignatures,
  decodePublicKey,
  decodeSignature,
  type EcdsaSignature,
  encodeSignature,
  hashMessage,
} from '../ecdsa.ts';
import { decoding, InvalidIntentError, InvalidSignatureError, TransactionDecodeError } from '../errors.ts';
import type { NativeChain, SigningPayload } from '../native-chain.ts';
import { formatTime, quoteText, strictUtf8 } from '../text.ts';
import { decodeTronAddress, encodeTronAddress, tronAddress } from './address.ts';
import type { TronNetwork } from './networks.ts';
import { bytesOf, decodeFields, encodeFields, encodePresent, integerOf } from './protobuf.ts';

export const MAX_TRON_TRANSACTION_BYTES = 64 * 1024;
const MAX_MEMO_BYTES = 1024;
export const MAX_INT64 = (1n << 63n) - 1n;

/** What every Tron transaction has. */
export interface TronFrame {
  /** Address of the account that acts and signs. */
  readonly owner: string;
  /** Bytes 6 and 7 of a recent block's number: 2 bytes. */
  readonly refBlockBytes: Uint8Array;
  /** Bytes 8 to 15 of that block's id: 8 bytes. It ties the transaction to one network. */
  readonly refBlockHash: Uint8Array;
  /** Unix time in milliseconds after which it is invalid. */
  readonly expirationMs: bigint;
  /** Unix time in milliseconds at which it was made; 0 if not given. */
  readonly timestampMs: bigint;
  /** What a contract call may burn at most, in sun (10^-6 TRX). */
  readonly feeLimitSun: bigint;
  /** Arbitrary bytes, usually text. */
  readonly memo: Uint8Array;
}

export interface SignedTron<Intent> {
  readonly intent: Intent;
  readonly signature: EcdsaSignature;
}

export type TronChain<Intent extends TronFrame> = NativeChain<Intent, { readonly intent: Intent }, SignedTron<Intent>>;

/** One contract type. */
export interface TronContractKind<Intent extends TronFrame> {
  /** Number in `Transaction.Contract.ContractType`. */
  readonly type: number;
  /** Name of its message in the package `protocol`. */
  readonly name: string;
  /** Parameter of the contract, owner included. */
  write(intent: Intent): Uint8Array;
  /** Fields of the parameter; the result is not yet normalised. */
  read(parameter: Uint8Array, frame: Omit<TronFrame, 'owner'>): Intent;
  normalise(intent: Intent): Intent;
  /** First lines; the frame's own follow. */
  describe(intent: Intent, network: TronNetwork): readonly string[];
}

const FIELDS = {
  refBlockBytes: 1,
  refBlockHash: 4,
  expiration: 8,
  data: 10,
  contract: 11,
  timestamp: 14,
  feeLimit: 18,
};
const TYPE_URL = 'type.googleapis.com/protocol.';

/** Reads and writes one contract type on one network. */
export function tronTransactions<Intent extends TronFrame>(
  kind: TronContractKind<Intent>,
  network: TronNetwork,
): TronChain<Intent> {
  const normalise = (intent: Intent): Intent => kind.normalise({ ...intent, ...normaliseFrame(intent) });
  const encodeRaw = (intent: Intent): Uint8Array => {
    const parameter = encodeFields([
      [1, utf8ToBytes(TYPE_URL + kind.name)],
      [2, kind.write(intent)],
    ]);
    const contract = encodeFields([
      [1, BigInt(kind.type)],
      [2, parameter],
    ]);
    return encodeFields([
      [FIELDS.refBlockBytes, intent.refBlockBytes],
      [FIELDS.refBlockHash, intent.refBlockHash],
      [FIELDS.expiration, intent.expirationMs],
      [FIELDS.data, intent.memo],
      [FIELDS.contract, contract],
      [FIELDS.timestamp, intent.timestampMs],
      [FIELDS.feeLimit, intent.feeLimitSun],
    ]);
  };
  const parse = (bytes: Uint8Array): Intent => {
    if (bytes.length > MAX_TRON_TRANSACTION_BYTES) throw new TransactionDecodeError('rawData', 'is too long');
    return decoding('rawData', `a Tron ${kind.name}`, () => {
      const raw = decodeFields(bytes, Object.values(FIELDS), 'rawData');
      const contract = decodeFields(bytesOf(raw, FIELDS.contract, 'contract'), [1, 2], 'contract');
      if (integerOf(contract, 1, 'contract.type') !== BigInt(kind.type)) {
        throw new TransactionDecodeError('contract.type', `is not ${kind.name}`);
      }
      const any = decodeFields(bytesOf(contract, 2, 'contract.parameter'), [1, 2], 'contract.parameter');
      const intent = normalise(
        kind.read(bytesOf(any, 2, 'contract.parameter.value'), {
          refBlockBytes: bytesOf(raw, FIELDS.refBlockBytes, 'refBlockBytes'),
          refBlockHash: bytesOf(raw, FIELDS.refBlockHash, 'refBlockHash'),
          expirationMs: integerOf(raw, FIELDS.expiration, 'expirationMs'),
          timestampMs: integerOf(raw, FIELDS.timestamp, 'timestampMs'),
          feeLimitSun: integerOf(raw, FIELDS.feeLimit, 'feeLimitSun'),
          memo: bytesOf(raw, FIELDS.data, 'memo'),
        }),
      );
      // Also checks the type's name, the order of fields and every default.
      if (!equalBytes(encodeRaw(intent), bytes)) {
        throw new TransactionDecodeError('rawData', 'is not canonically encoded');
      }
      return intent;
    });
  };
  const payload = (intent: Intent): SigningPayload => {
    const message = encodeRaw(intent);
    return { message, hashScheme: 'sha256', digest: hashMessage('sha256', message) };
  };
  const checkOwner = (intent: Intent, publicKey: Uint8Array): void => {
    decodePublicKey(publicKey);
    const own = tronAddress(publicKey);
    if (intent.owner !== own) throw new InvalidIntentError('owner', `is ${intent.owner}, but this key is ${own}`);
  };
  const encode = ({ intent, signature }: SignedTron<Intent>): Uint8Array =>
    concatBytes(encodePresent(1, encodeRaw(intent)), encodePresent(2, encodeTronSignature(signature)));
  return {
    id: network.id,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: tronAddress,
    build: (intent) => ({ intent: normalise(intent) }),
    encodeUnsigned: ({ intent }) => encodeRaw(intent),
    parse,
    payloads: ({ intent }) => [payload(intent)],
    attach({ intent }, publicKey, signatures) {
      checkOwner(intent, publicKey);
      assertSignatures([payload(intent)], publicKey, signatures);
      const signature = signatures[0] as EcdsaSignature;
      encodeTronSignature(signature);
      return { intent, signature };
    },
    verify(signed, publicKey) {
      try {
        const bytes = encode(signed);
        const fields = decodeFields(bytes, [1, 2], 'transaction');
        const rawData = bytesOf(fields, 1, 'rawData');
        const intent = parse(rawData);
        checkOwner(intent, publicKey);
        const v = bytesOf(fields, 2, 'signature');
        const signature = decodeSignature(v.with(64, ((v[64] ?? 0) - 27) & 0xff));
        assertSignature('signature', signature, hashMessage('sha256', rawData), publicKey);
        return equalBytes(rawData, encodeRaw(normalise(signed.intent)));
      } catch {
        return false;
      }
    },
    encode,
    txid: ({ intent }) => bytesToHex(hashMessage('sha256', encodeRaw(intent))),
    describe: (intent) => {
      const normal = normalise(intent);
      return [...kind.describe(normal, network), ...describeFrame(normal)];
    },
  };
}

/** r || s || 27 + recovery id: 65 bytes. @throws {@link InvalidSignatureError} For recovery ids 2 and 3. */
function encodeTronSignature(signature: EcdsaSignature): Uint8Array {
  if (signature.recoveryId > 1) {
    throw new InvalidSignatureError('signatures[0]', 'recovery-id', 'Tron signatures carry only the parity of R');
  }
  return encodeSignature({ ...signature, recoveryId: 27 + signature.recoveryId });
}

function normaliseFrame(frame: TronFrame): TronFrame {
  if (frame.refBlockBytes.length !== 2) throw new InvalidIntentError('refBlockBytes', 'must be 2 bytes');
  if (frame.refBlockHash.length !== 8) throw new InvalidIntentError('refBlockHash', 'must be 8 bytes');
  checkInt64('expirationMs', frame.expirationMs, 1n);
  checkInt64('timestampMs', frame.timestampMs, 0n);
  checkInt64('feeLimitSun', frame.feeLimitSun, 0n);
  if (frame.memo.length > MAX_MEMO_BYTES)
    throw new InvalidIntentError('memo', `is longer than ${MAX_MEMO_BYTES} bytes`);
  return {
    owner: encodeTronAddress(decodeTronAddress(frame.owner, 'owner'), 'owner'),
    refBlockBytes: Uint8Array.from(frame.refBlockBytes),
    refBlockHash: Uint8Array.from(frame.refBlockHash),
    expirationMs: frame.expirationMs,
    timestampMs: frame.timestampMs,
    feeLimitSun: frame.feeLimitSun,
    memo: Uint8Array.from(frame.memo),
  };
}

export function checkInt64(field: string, value: bigint, least: bigint): void {
  if (typeof value !== 'bigint' || value < least || value > MAX_INT64) {
    throw new InvalidIntentError(field, `must be an integer from ${least} to 2^63 - 1`);
  }
}

/** `1.5 TRX (1500000 sun)`. */
export const formatTrx = (sun: bigint): string => `${formatUnits(sun, 6)} TRX (${sun} sun)`;

function describeFrame(frame: TronFrame): readonly string[] {
  const lines = [
    frame.feeLimitSun === 0n
      ? 'Fee: the bandwidth that the network charges; contracts may burn nothing.'
      : `Fee: at most ${formatTrx(frame.feeLimitSun)} for the contract call, and the bandwidth that the network charges.`,
  ];
  if (frame.memo.length > 0) {
    const text = strictUtf8(frame.memo);
    lines.push(
      text === undefined
        ? `Memo of ${frame.memo.length} bytes: 0x${bytesToHex(frame.memo)}.`
        : `Memo: ${quoteText(text)}.`,
    );
  }
  lines.push(`Valid until ${formatTime(frame.expirationMs / 1000n)}.`);
  lines.push(
    `Refers to block ${bytesToHex(frame.refBlockBytes)}/${bytesToHex(frame.refBlockHash)}, which decides the network.`,
  );
  return lines;
}
