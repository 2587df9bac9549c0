/**
 * Body and authorisation of a Cosmos SDK transaction (`cosmos.tx.v1beta1`) as protobuf, by cosmjs-types.
 *
 * That parser skips unknown fields and accepts several encodings, so whoever reads has to encode again and compare.
 *
 * @module
 */
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { AuthInfo, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { equalBytes } from '../bytes.ts';
import { TransactionDecodeError } from '../errors.ts';
import { quoteText } from '../text.ts';
import { type CosmosCoin, type CosmosTransfer, readDecimal } from './transfer.ts';

const MSG_SEND = '/cosmos.bank.v1beta1.MsgSend';
const PUB_KEY = '/cosmos.crypto.secp256k1.PubKey';

/** How the sign document was formed. */
export type CosmosSignMode = 'direct' | 'amino';
const MODES = { direct: SignMode.SIGN_MODE_DIRECT, amino: SignMode.SIGN_MODE_LEGACY_AMINO_JSON } as const;

const toText = (coins: readonly CosmosCoin[]) =>
  coins.map(({ denom, amount }) => ({ denom, amount: amount.toString() }));

const fromText = (coins: readonly { readonly denom: string; readonly amount: string }[], field: string): CosmosCoin[] =>
  coins.map(({ denom, amount }, i) => ({ denom, amount: readDecimal(amount, `${field}[${i}].amount`) }));

export function encodeBody({ sends, memo, timeoutHeight }: CosmosTransfer): Uint8Array {
  return TxBody.encode(
    TxBody.fromPartial({
      messages: sends.map(({ from, to, amount }) => ({
        typeUrl: MSG_SEND,
        value: MsgSend.encode(
          MsgSend.fromPartial({ fromAddress: from, toAddress: to, amount: toText(amount) }),
        ).finish(),
      })),
      memo,
      timeoutHeight,
    }),
  ).finish();
}

export function encodeAuthInfo(
  { sequence, fee }: CosmosTransfer,
  publicKey: Uint8Array,
  mode: CosmosSignMode,
): Uint8Array {
  return AuthInfo.encode(
    AuthInfo.fromPartial({
      signerInfos: [
        {
          publicKey: { typeUrl: PUB_KEY, value: PubKey.encode(PubKey.fromPartial({ key: publicKey })).finish() },
          modeInfo: { single: { mode: MODES[mode] } },
          sequence,
        },
      ],
      fee: { amount: toText(fee.amount), gasLimit: fee.gasLimit },
    }),
  ).finish();
}

/**
 * Reads both parts. The result is not yet normalised.
 *
 * @throws {@link TransactionDecodeError} For unknown messages, several signers, other keys or modes, and every field that this
 * package does not show to a person.
 */
export function decodeBodyAndAuthInfo(
  bodyBytes: Uint8Array,
  authInfoBytes: Uint8Array,
  mode: CosmosSignMode,
): { readonly transfer: Omit<CosmosTransfer, 'accountNumber'>; readonly publicKey: Uint8Array } {
  const body = TxBody.decode(bodyBytes);
  const sends = body.messages.map(({ typeUrl, value }, i) => {
    if (typeUrl !== MSG_SEND) {
      throw new TransactionDecodeError(`messages[${i}]`, `is a ${quoteText(typeUrl)}, which nobody here can describe`);
    }
    const { fromAddress, toAddress, amount } = MsgSend.decode(value);
    return { from: fromAddress, to: toAddress, amount: fromText(amount, `sends[${i}].amount`) };
  });
  const auth = AuthInfo.decode(authInfoBytes);
  const [signer] = auth.signerInfos;
  if (signer === undefined || auth.signerInfos.length !== 1) {
    throw new TransactionDecodeError('authInfo.signerInfos', 'must be exactly one');
  }
  if (signer.publicKey?.typeUrl !== PUB_KEY) {
    throw new TransactionDecodeError('authInfo.publicKey', 'is missing or not a secp256k1 key');
  }
  if (signer.modeInfo?.single?.mode !== MODES[mode]) {
    throw new TransactionDecodeError('authInfo.modeInfo', `is not the sign mode ${mode}`);
  }
  if (auth.fee === undefined) throw new TransactionDecodeError('authInfo.fee', 'is missing');
  if (auth.fee.payer !== '' || auth.fee.granter !== '') {
    throw new TransactionDecodeError('authInfo.fee', 'names another payer or granter');
  }
  const { key } = PubKey.decode(signer.publicKey.value);
  const transfer = {
    sequence: signer.sequence,
    sends,
    fee: { amount: fromText(auth.fee.amount, 'fee.amount'), gasLimit: auth.fee.gasLimit },
    memo: body.memo,
    timeoutHeight: body.timeoutHeight,
  };
  const full = { ...transfer, accountNumber: 0n };
  // Whatever was skipped (extension options, tips, unknown fields, a second encoding) is missing in ours.
  if (!equalBytes(encodeBody(full), bodyBytes)) {
    throw new TransactionDecodeError('body', 'has fields that cannot be shown, or is not canonically encoded');
  }
  if (!equalBytes(encodeAuthInfo(full, key, mode), authInfoBytes)) {
    throw new TransactionDecodeError('authInfo', 'has fields that cannot be shown, or is not canonically encoded');
  }
  return { transfer, publicKey: key };
}

/** The transaction as nodes take it. @param signature - r || s, 64 bytes. */
export function encodeTxRaw(bodyBytes: Uint8Array, authInfoBytes: Uint8Array, signature: Uint8Array): Uint8Array {
  return TxRaw.encode(TxRaw.fromPartial({ bodyBytes, authInfoBytes, signatures: [signature] })).finish();
}

/** @throws {@link TransactionDecodeError} If it is not canonical, or has not exactly one signature of 64 bytes. */
export function decodeTxRaw(bytes: Uint8Array): {
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly r: Uint8Array;
  readonly s: Uint8Array;
} {
  const { bodyBytes, authInfoBytes, signatures } = TxRaw.decode(bytes);
  const [signature] = signatures;
  if (signature === undefined || signatures.length !== 1 || signature.length !== 64) {
    throw new TransactionDecodeError('signatures', 'must be exactly one of 64 bytes');
  }
  if (!equalBytes(encodeTxRaw(bodyBytes, authInfoBytes, signature), bytes)) {
    throw new TransactionDecodeError('transaction', 'is not canonically encoded');
  }
  return { bodyBytes, authInfoBytes, r: signature.slice(0, 32), s: signature.slice(32) };
}
