/**
 * Cosmos SDK transactions signed as JSON (SIGN_MODE_LEGACY_AMINO_JSON).
 *
 * The message to sign, and the canonical unsigned encoding, is the `StdSignDoc`: JSON with sorted keys, without spaces, with `&`,
 * `<` and `>` escaped as Go does, under SHA-256. The transaction itself is the same protobuf as in the other mode.
 *
 * @module
 */
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.ts';
import { assertSignatures, decodePublicKey, type EcdsaSignature, hashMessage, verifiesLowS } from '../ecdsa.ts';
import { decoding, InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import type { NativeChain, SigningPayload } from '../native-chain.ts';
import { quoteText, strictUtf8 } from '../text.ts';
import { cosmosAddress } from './address.ts';
import type { SignedCosmos } from './direct.ts';
import type { CosmosNetwork } from './networks.ts';
import { decodeBodyAndAuthInfo, decodeTxRaw, encodeAuthInfo, encodeBody, encodeTxRaw } from './protobuf.ts';
import {
  type CosmosCoin,
  type CosmosTransfer,
  describeTransfer,
  MAX_COSMOS_SIGN_BYTES,
  normaliseTransfer,
  readDecimal,
  senderOf,
} from './transfer.ts';

export type CosmosAminoChain = NativeChain<
  CosmosTransfer,
  { readonly intent: CosmosTransfer },
  SignedCosmos<CosmosTransfer>
>;

const MSG_SEND = 'cosmos-sdk/MsgSend';

/** The amino JSON transactions of one network. */
export function cosmosAminoChain(network: CosmosNetwork): CosmosAminoChain {
  const normalise = (intent: CosmosTransfer): CosmosTransfer => normaliseTransfer(intent, network);
  const encodeUnsigned = (intent: CosmosTransfer): Uint8Array =>
    utf8ToBytes(canonicalJson(toSignDoc(intent, network.chainId)));
  const payload = (intent: CosmosTransfer): SigningPayload => {
    const message = encodeUnsigned(intent);
    return { message, hashScheme: 'sha256', digest: hashMessage('sha256', message) };
  };
  return {
    id: `cosmos:${network.chainId}`,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: (publicKey) => cosmosAddress(publicKey, network.prefix),
    build: (intent) => ({ intent: normalise(intent) }),
    encodeUnsigned: ({ intent }) => encodeUnsigned(intent),
    parse(bytes) {
      if (bytes.length > MAX_COSMOS_SIGN_BYTES) throw new TransactionDecodeError('signDoc', 'is too long');
      return decoding('signDoc', 'JSON of a StdSignDoc', () => {
        const text = strictUtf8(bytes);
        if (text === undefined) throw new TransactionDecodeError('signDoc', 'is not UTF-8');
        const intent = normalise(fromSignDoc(JSON.parse(text), network.chainId));
        // Also refuses every field that was not read.
        if (!equalBytes(encodeUnsigned(intent), bytes)) {
          throw new TransactionDecodeError('signDoc', 'has fields that cannot be shown, or is not canonically encoded');
        }
        return intent;
      });
    },
    payloads: ({ intent }) => [payload(intent)],
    attach({ intent }, publicKey, signatures) {
      decodePublicKey(publicKey);
      const own = cosmosAddress(publicKey, network.prefix);
      if (senderOf(intent) !== own)
        throw new InvalidIntentError('sends[0].from', `is not ${own}, the address of this key`);
      assertSignatures([payload(intent)], publicKey, signatures);
      const { r, s } = signatures[0] as EcdsaSignature;
      const authInfo = encodeAuthInfo(intent, publicKey, 'amino');
      return { intent, transaction: encodeTxRaw(encodeBody(intent), authInfo, concatBytes(r, s)) };
    },
    verify({ intent, transaction }, publicKey) {
      try {
        const { bodyBytes, authInfoBytes, r, s } = decodeTxRaw(transaction);
        const read = decodeBodyAndAuthInfo(bodyBytes, authInfoBytes, 'amino');
        const found = normalise({ ...read.transfer, accountNumber: intent.accountNumber });
        const message = encodeUnsigned(found);
        return (
          equalBytes(read.publicKey, publicKey) &&
          senderOf(found) === cosmosAddress(publicKey, network.prefix) &&
          equalBytes(message, encodeUnsigned(normalise(intent))) &&
          verifiesLowS(r, s, hashMessage('sha256', message), publicKey)
        );
      } catch {
        return false;
      }
    },
    encode: ({ transaction }) => transaction,
    txid: ({ transaction }) => bytesToHex(hashMessage('sha256', transaction)).toUpperCase(),
    describe: (intent) => describeTransfer(normalise(intent), network),
  };
}

const toCoins = (coins: readonly CosmosCoin[]) =>
  coins.map(({ denom, amount }) => ({ amount: amount.toString(), denom }));

/** Keys in alphabetical order, as they are written. */
function toSignDoc(transfer: CosmosTransfer, chainId: string): unknown {
  const { accountNumber, sequence, sends, fee, memo, timeoutHeight } = transfer;
  return {
    account_number: accountNumber.toString(),
    chain_id: chainId,
    fee: { amount: toCoins(fee.amount), gas: fee.gasLimit.toString() },
    memo,
    msgs: sends.map(({ from, to, amount }) => ({
      type: MSG_SEND,
      value: { amount: toCoins(amount), from_address: from, to_address: to },
    })),
    sequence: sequence.toString(),
    ...(timeoutHeight === 0n ? {} : { timeout_height: timeoutHeight.toString() }),
  };
}

/** JSON as Go's encoder writes it; memos have no characters that it would escape beyond these three. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[&<>]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

function fromSignDoc(value: unknown, chainId: string): CosmosTransfer {
  const doc = record(value, 'signDoc');
  if (doc['chain_id'] !== chainId) {
    const found = typeof doc['chain_id'] === 'string' ? quoteText(doc['chain_id']) : 'missing';
    throw new TransactionDecodeError('chain_id', `is ${found}, not ${chainId}`);
  }
  const fee = record(doc['fee'], 'fee');
  const timeout = doc['timeout_height'];
  return {
    accountNumber: readDecimal(doc['account_number'], 'account_number'),
    sequence: readDecimal(doc['sequence'], 'sequence'),
    sends: list(doc['msgs'], 'msgs').map((entry, i) => {
      const message = record(entry, `msgs[${i}]`);
      const { type } = message;
      if (type !== MSG_SEND) {
        const name = typeof type === 'string' ? quoteText(type) : 'message without a type';
        throw new TransactionDecodeError(`msgs[${i}]`, `is a ${name}, which nobody here can describe`);
      }
      const send = record(message['value'], `msgs[${i}].value`);
      return {
        from: string(send['from_address'], `msgs[${i}].from_address`),
        to: string(send['to_address'], `msgs[${i}].to_address`),
        amount: readCoins(send['amount'], `msgs[${i}].amount`),
      };
    }),
    fee: { amount: readCoins(fee['amount'], 'fee.amount'), gasLimit: readDecimal(fee['gas'], 'fee.gas') },
    memo: string(doc['memo'], 'memo'),
    timeoutHeight: timeout === undefined ? 0n : readDecimal(timeout, 'timeout_height'),
  };
}

const readCoins = (value: unknown, field: string): readonly CosmosCoin[] =>
  list(value, field).map((entry, i) => {
    const coin = record(entry, `${field}[${i}]`);
    return {
      denom: string(coin['denom'], `${field}[${i}].denom`),
      amount: readDecimal(coin['amount'], `${field}[${i}].amount`),
    };
  });

function record(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TransactionDecodeError(field, 'is not an object');
  }
  return value as Record<string, unknown>;
}

function list(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TransactionDecodeError(field, 'is not a list');
  return value as readonly unknown[];
}

function string(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new TransactionDecodeError(field, 'is not a string');
  return value;
}
