/**
 * Transfers of TRC-20 tokens: `TriggerSmartContract` with a call of `transfer(address,uint256)` and nothing else.
 *
 * @module
 */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { bytesToInteger, formatUnits, integerToBytes32 } from '../bytes.ts';
import { InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import { decodeTronAddress, encodeTronAddress } from './address.ts';
import type { TronNetwork } from './networks.ts';
import { bytesOf, decodeFields, encodeFields } from './protobuf.ts';
import { type TronChain, type TronContractKind, type TronFrame, tronTransactions } from './transaction.ts';

const TRANSFER = 'a9059cbb';

export interface Trc20TransferIntent extends TronFrame {
  /** Address of the token's contract. */
  readonly contract: string;
  readonly to: string;
  /** In the token's smallest unit. */
  readonly amount: bigint;
}

const kind: TronContractKind<Trc20TransferIntent> = {
  type: 31,
  name: 'TriggerSmartContract',
  // Fields 3, 5 and 6 (TRX or tokens sent along) stay empty.
  write: ({ owner, contract, to, amount }) =>
    encodeFields([
      [1, decodeTronAddress(owner, 'owner')],
      [2, decodeTronAddress(contract, 'contract')],
      [
        4,
        concatBytes(
          hexToBytes(TRANSFER),
          new Uint8Array(12),
          decodeTronAddress(to, 'to').slice(1),
          integerToBytes32(amount),
        ),
      ],
    ]),
  read(parameter, frame) {
    const fields = decodeFields(parameter, [1, 2, 4], 'contract.parameter.value');
    const data = bytesOf(fields, 4, 'data');
    if (
      data.length !== 68 ||
      bytesToHex(data.slice(0, 4)) !== TRANSFER ||
      data.slice(4, 16).some((byte) => byte !== 0)
    ) {
      throw new TransactionDecodeError('data', 'is not a call of transfer(address,uint256)');
    }
    return {
      ...frame,
      owner: encodeTronAddress(bytesOf(fields, 1, 'owner'), 'owner'),
      contract: encodeTronAddress(bytesOf(fields, 2, 'contract'), 'contract'),
      to: encodeTronAddress(Uint8Array.of(0x41, ...data.slice(16, 36)), 'to'),
      amount: bytesToInteger(data.slice(36)),
    };
  },
  normalise(intent) {
    const { amount } = intent;
    if (typeof amount !== 'bigint' || amount < 1n || amount >= 1n << 256n) {
      throw new InvalidIntentError('amount', 'must be an integer from 1 to 2^256 - 1');
    }
    return {
      ...intent,
      contract: encodeTronAddress(decodeTronAddress(intent.contract, 'contract'), 'contract'),
      to: encodeTronAddress(decodeTronAddress(intent.to, 'to'), 'to'),
      amount,
    };
  },
  describe({ owner, contract, to, amount }, network) {
    const token = Object.hasOwn(network.tokens, contract) ? network.tokens[contract] : undefined;
    const sum =
      token === undefined
        ? `${amount} of the smallest units of a token without a name here`
        : `${formatUnits(amount, token.decimals)} ${token.symbol} (${amount} smallest units)`;
    return [`Send ${sum}, token contract ${contract}, from ${owner} to ${to} on ${network.name} (${network.id}).`];
  },
};

/** The TRC-20 transfers of one network. */
export const trc20Transfers = (network: TronNetwork): TronChain<Trc20TransferIntent> => tronTransactions(kind, network);
