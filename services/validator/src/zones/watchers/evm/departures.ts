/**
 * Which asset events one transaction of an EVM chain holds (docs/zones.md, What validators see). Pure: receipts and transactions in, events out.
 *
 * @module
 */
import { decodeEvmAddress, encodeEvmAddress } from '@dwallet/chains';
import { DecodeError } from '@dwallet/sigma';
import { type ObservedEvent, maxDestinationBytes } from '@dwallet/zones';
import { type Ignore, destinationOf } from '../destination-of.ts';
import type { WatchTarget } from '../watcher.ts';
import {
  type Transfer,
  callSelectors,
  eventTopics,
  fromHex,
  padded,
  readDeparture,
  readTransfer,
  zeroAddress,
} from './events.ts';
import type { LogFilter } from './log-filter.ts';
import type { LogValue, ReceiptValue, TransactionValue } from './rpc-values.ts';

/** A token contract of a target. Addresses in lower case. */
interface TokenTarget {
  readonly target: WatchTarget;
  readonly token: string;
  readonly vault: string;
}

/** The targets of one chain, sorted by how they are watched. */
export interface EvmTargets {
  readonly chain: string;
  readonly tokens: readonly TokenTarget[];
  /** Vaults that hold the chain's own coin. */
  readonly native: readonly { readonly target: WatchTarget; readonly vault: string }[];
}

const lower = (address: string): string => encodeEvmAddress(decodeEvmAddress(address)).toLowerCase();

export function evmTargets(chain: string, targets: readonly WatchTarget[]): EvmTargets {
  const erc20 = `${chain}/erc20:`;
  return {
    chain,
    tokens: targets
      .filter(({ token }) => token.startsWith(erc20))
      .map((target) => ({ target, token: lower(target.token.slice(erc20.length)), vault: lower(target.vault) })),
    native: targets
      .filter(({ token }) => token === `${chain}/slip44:60`)
      .map((target) => ({ target, vault: lower(target.vault) })),
  };
}

/** The logs that can be events of these targets: into a vault, burnt, or minted where that counts. */
export function assetFilters({ tokens }: EvmTargets): readonly LogFilter[] {
  const minting = tokens.filter(({ target }) => target.mints);
  return [
    {
      addresses: [...new Set(tokens.map(({ token }) => token))],
      topics: [
        [eventTopics.transfer],
        undefined,
        [...new Set([...tokens.map(({ vault }) => padded(vault)), padded(zeroAddress)])],
      ],
    },
    {
      addresses: [...new Set(minting.map(({ token }) => token))],
      topics: [[eventTopics.transfer], [padded(zeroAddress)]],
    },
  ].filter(({ addresses }) => addresses.length > 0);
}

/** Destination in the gateway's log right after the transfer that it made. */
function fromGateway(receipt: ReceiptValue, at: number, transfer: Transfer, gateway: string | undefined) {
  const [log, next] = [receipt.logs[at], receipt.logs[at + 1]];
  if (log === undefined || next === undefined || next.address !== gateway) return undefined;
  try {
    const departure = readDeparture(next, maxDestinationBytes);
    const ofThis =
      departure?.token === log.address && departure.from === transfer.from && departure.amount === transfer.amount;
    return ofThis ? departure.destination : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Destination after the arguments of the call, where the transaction itself is the transfer or burn, and the only one. */
function fromCalldata(receipt: ReceiptValue, log: LogValue, transfer: Transfer, transaction: TransactionValue) {
  const { token, from } = { token: log.address, from: transfer.from };
  if (transaction.to !== token || transaction.from !== from) return undefined;
  const alike = receipt.logs.filter((other) => {
    const read = other.address === token ? readTransfer(other) : undefined;
    return read !== undefined && read.from === from && read.to === transfer.to;
  });
  if (alike.length !== 1) return undefined;
  const amount = transfer.amount.toString(16).padStart(64, '0');
  const call =
    transfer.to === zeroAddress
      ? `${callSelectors.burn}${amount}`
      : `${callSelectors.transfer}${padded(transfer.to).slice(2)}${amount}`;
  return transaction.input.startsWith(call) ? fromHex(`0x${transaction.input.slice(call.length)}`) : undefined;
}

/**
 * Events of tokens in one receipt, in the order of its logs.
 * @param transaction - asked for where the destination may stand in the calldata.
 */
export async function tokenEvents(
  { chain, tokens }: EvmTargets,
  gateway: string | undefined,
  receipt: ReceiptValue,
  transaction: () => Promise<TransactionValue>,
  ignore: Ignore,
): Promise<readonly ObservedEvent[]> {
  const events: ObservedEvent[] = [];
  for (const [at, log] of receipt.logs.entries()) {
    for (const { target, token, vault } of tokens) {
      const transfer = log.address === token ? readTransfer(log) : undefined;
      if (transfer === undefined || transfer.amount === 0n || transfer.from === transfer.to) continue;
      const reference = `${receipt.transactionHash}/${at}`;
      const { amount } = transfer;
      const here = { chain, reference, token: target.token, amount, to: chain, recipient: '' };
      if (transfer.from === zeroAddress) {
        if (target.mints) events.push({ ...here, kind: 'mint' });
      } else if (transfer.to === zeroAddress && target.owner) {
        events.push({ ...here, kind: 'burn' });
      } else if (transfer.to === zeroAddress || transfer.to === vault) {
        const bytes =
          fromGateway(receipt, at, transfer, gateway) ?? fromCalldata(receipt, log, transfer, await transaction());
        const destination = destinationOf(chain, bytes, reference, ignore);
        if (destination === undefined) continue;
        events.push({ ...here, kind: 'transfer', to: destination.chain, recipient: destination.recipient });
      }
    }
  }
  return events;
}

/** The departure of the chain's own coin in a transaction that succeeded, or undefined. */
export function nativeEvent(
  { chain, native }: EvmTargets,
  { hash, from, to, value, input }: TransactionValue,
  ignore: Ignore,
): ObservedEvent | undefined {
  const paid = native.find(({ vault }) => vault === to && vault !== from);
  if (paid === undefined || value === 0n) return undefined;
  const reference = `${hash}/value`;
  const destination = destinationOf(chain, fromHex(input), reference, ignore);
  if (destination === undefined) return undefined;
  return {
    chain,
    reference,
    kind: 'transfer',
    token: paid.target.token,
    amount: value,
    to: destination.chain,
    recipient: destination.recipient,
  };
}
