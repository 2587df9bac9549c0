/**
 * Cosmos SDK transactions signed as protobuf (SIGN_MODE_DIRECT).
 *
 * The message to sign, and the canonical unsigned encoding, is the `SignDoc` (body, authorisation, chain id, account number) under
 * SHA-256. It follows ADR-027: fields in order, each once, no defaults, nothing unknown.
 *
 * @module
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { SignDoc } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { equalBytes } from '../bytes.ts';
import { assertSignatures, decodePublicKey, type EcdsaSignature, hashMessage, verifiesLowS } from '../ecdsa.ts';
import { decoding, InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import type { NativeChain, SigningPayload } from '../native-chain.ts';
import { quoteText } from '../text.ts';
import { cosmosAddress } from './address.ts';
import type { CosmosNetwork } from './networks.ts';
import { decodeBodyAndAuthInfo, decodeTxRaw, encodeAuthInfo, encodeBody, encodeTxRaw } from './protobuf.ts';
import {
  type CosmosTransfer,
  describeTransfer,
  MAX_COSMOS_SIGN_BYTES,
  normaliseTransfer,
  senderOf,
} from './transfer.ts';

/** A transfer with the key whose signature it names. */
export interface CosmosDirectIntent extends CosmosTransfer {
  /** 33 bytes, compressed. Its address is the sender. */
  readonly publicKey: Uint8Array;
}

export interface SignedCosmos<Intent> {
  readonly intent: Intent;
  /** `TxRaw`, as nodes take it. */
  readonly transaction: Uint8Array;
}

export type CosmosDirectChain = NativeChain<
  CosmosDirectIntent,
  { readonly intent: CosmosDirectIntent },
  SignedCosmos<CosmosDirectIntent>
>;

/** The SIGN_MODE_DIRECT transactions of one network. */
export function cosmosDirectChain(network: CosmosNetwork): CosmosDirectChain {
  const normalise = (intent: CosmosDirectIntent): CosmosDirectIntent => {
    const own = cosmosAddress(intent.publicKey, network.prefix);
    const transfer = normaliseTransfer(intent, network);
    if (senderOf(transfer) !== own) {
      throw new InvalidIntentError('publicKey', `belongs to ${own}, not to the sender ${senderOf(transfer)}`);
    }
    return { ...transfer, publicKey: Uint8Array.from(intent.publicKey) };
  };
  const encodeUnsigned = (intent: CosmosDirectIntent): Uint8Array =>
    SignDoc.encode(
      SignDoc.fromPartial({
        bodyBytes: encodeBody(intent),
        authInfoBytes: encodeAuthInfo(intent, intent.publicKey, 'direct'),
        chainId: network.chainId,
        accountNumber: intent.accountNumber,
      }),
    ).finish();
  const payload = (intent: CosmosDirectIntent): SigningPayload => {
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
      return decoding('signDoc', 'a SignDoc', () => {
        const { bodyBytes, authInfoBytes, chainId, accountNumber } = SignDoc.decode(bytes);
        if (chainId !== network.chainId) {
          throw new TransactionDecodeError('chainId', `is ${quoteText(chainId)}, not ${network.chainId}`);
        }
        const { transfer, publicKey } = decodeBodyAndAuthInfo(bodyBytes, authInfoBytes, 'direct');
        const intent = normalise({ ...transfer, accountNumber, publicKey });
        if (!equalBytes(encodeUnsigned(intent), bytes)) {
          throw new TransactionDecodeError('signDoc', 'is not canonically encoded');
        }
        return intent;
      });
    },
    payloads: ({ intent }) => [payload(intent)],
    attach({ intent }, publicKey, signatures) {
      checkKey(intent, publicKey);
      assertSignatures([payload(intent)], publicKey, signatures);
      const { r, s } = signatures[0] as EcdsaSignature;
      const transaction = encodeTxRaw(
        encodeBody(intent),
        encodeAuthInfo(intent, publicKey, 'direct'),
        concatBytes(r, s),
      );
      return { intent, transaction };
    },
    verify({ intent, transaction }, publicKey) {
      try {
        checkKey(intent, publicKey);
        const { bodyBytes, authInfoBytes, r, s } = decodeTxRaw(transaction);
        const message = SignDoc.encode(
          SignDoc.fromPartial({
            bodyBytes,
            authInfoBytes,
            chainId: network.chainId,
            accountNumber: intent.accountNumber,
          }),
        ).finish();
        return (
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

/** @throws {@link InvalidIntentError} If the intent names another key. */
export function checkKey(intent: CosmosDirectIntent, publicKey: Uint8Array): void {
  decodePublicKey(publicKey);
  if (!equalBytes(intent.publicKey, publicKey)) throw new InvalidIntentError('publicKey', 'is not this key');
}
