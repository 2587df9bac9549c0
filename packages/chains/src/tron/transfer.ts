/**
 * Payments in TRX (`TransferContract`).
 *
 * @module
 */
import { InvalidIntentError } from '../errors.ts';
import { decodeTronAddress, encodeTronAddress } from './address.ts';
import type { TronNetwork } from './networks.ts';
import { bytesOf, decodeFields, encodeFields, integerOf } from './protobuf.ts';
import {
  checkInt64,
  formatTrx,
  type TronChain,
  type TronContractKind,
  type TronFrame,
  tronTransactions,
} from './transaction.ts';

export interface TrxTransferIntent extends TronFrame {
  readonly to: string;
  readonly amountSun: bigint;
}

const kind: TronContractKind<TrxTransferIntent> = {
  type: 1,
  name: 'TransferContract',
  write: ({ owner, to, amountSun }) =>
    encodeFields([
      [1, decodeTronAddress(owner, 'owner')],
      [2, decodeTronAddress(to, 'to')],
      [3, amountSun],
    ]),
  read(parameter, frame) {
    const fields = decodeFields(parameter, [1, 2, 3], 'contract.parameter.value');
    return {
      ...frame,
      owner: encodeTronAddress(bytesOf(fields, 1, 'owner'), 'owner'),
      to: encodeTronAddress(bytesOf(fields, 2, 'to'), 'to'),
      amountSun: integerOf(fields, 3, 'amountSun'),
    };
  },
  normalise(intent) {
    checkInt64('amountSun', intent.amountSun, 1n);
    const to = encodeTronAddress(decodeTronAddress(intent.to, 'to'), 'to');
    if (to === intent.owner) throw new InvalidIntentError('to', 'is the sender itself, which the network refuses');
    return { ...intent, to, amountSun: intent.amountSun };
  },
  describe: ({ owner, to, amountSun }, network) => [
    `Send ${formatTrx(amountSun)} from ${owner} to ${to} on ${network.name} (${network.id}).`,
  ],
};

/** The TRX payments of one network. */
export const trxTransfers = (network: TronNetwork): TronChain<TrxTransferIntent> => tronTransactions(kind, network);
