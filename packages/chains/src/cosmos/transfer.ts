/**
 * What both sign modes of the Cosmos SDK carry: bank transfers (`MsgSend`) of one account, with fee, memo and replay protection.
 * Every other message is refused, because nobody could say what it does.
 *
 * @module
 */
import { formatUnits } from '../bytes.ts';
import { InvalidIntentError } from '../errors.ts';
import { isWellFormed, quoteText } from '../text.ts';
import { checkCosmosAddress } from './address.ts';
import type { CosmosNetwork } from './networks.ts';

export const MAX_COSMOS_SIGN_BYTES = 64 * 1024;
const MAX_MESSAGES = 100;
const MAX_MEMO_BYTES = 512;
const MAX_UINT64 = (1n << 64n) - 1n;
/** The SDK's amounts have at most 256 bits. */
const MAX_AMOUNT = (1n << 256n) - 1n;

/** An amount in the smallest unit of a denomination. */
export interface CosmosCoin {
  readonly denom: string;
  readonly amount: bigint;
}

/** One `cosmos.bank.v1beta1.MsgSend`. */
export interface CosmosSend {
  readonly from: string;
  readonly to: string;
  /** Sorted by denomination, each once, none zero. */
  readonly amount: readonly CosmosCoin[];
}

/** What a transaction does. The chain id belongs to the chain object. */
export interface CosmosTransfer {
  readonly accountNumber: bigint;
  readonly sequence: bigint;
  /** At least one, all from the same account. */
  readonly sends: readonly CosmosSend[];
  readonly fee: { readonly amount: readonly CosmosCoin[]; readonly gasLimit: bigint };
  readonly memo: string;
  /** Last block height at which it is valid; 0 for no limit. */
  readonly timeoutHeight: bigint;
}

/** Checks and normalises. @throws {@link InvalidIntentError} Naming the field. */
export function normaliseTransfer(transfer: CosmosTransfer, network: CosmosNetwork): CosmosTransfer {
  const { accountNumber, sequence, sends, fee, memo, timeoutHeight } = transfer;
  checkUint('accountNumber', accountNumber, MAX_UINT64);
  checkUint('sequence', sequence, MAX_UINT64);
  checkUint('timeoutHeight', timeoutHeight, MAX_UINT64);
  checkUint('fee.gasLimit', fee.gasLimit, MAX_UINT64);
  if (fee.gasLimit === 0n) throw new InvalidIntentError('fee.gasLimit', 'must not be 0');
  if (sends.length === 0) throw new InvalidIntentError('sends', 'must not be empty');
  if (sends.length > MAX_MESSAGES) throw new InvalidIntentError('sends', `must be at most ${MAX_MESSAGES}`);
  // Control characters have more than one spelling in JSON, and the SDK's differs from ours.
  // oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
  if (typeof memo !== 'string' || !isWellFormed(memo) || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(memo)) {
    throw new InvalidIntentError('memo', 'has control characters');
  }
  if (new TextEncoder().encode(memo).length > MAX_MEMO_BYTES) {
    throw new InvalidIntentError('memo', `is longer than ${MAX_MEMO_BYTES} bytes`);
  }
  const from = sends[0]?.from;
  return {
    accountNumber,
    sequence,
    sends: sends.map((send, i): CosmosSend => {
      const at = `sends[${i}]`;
      if (send.from !== from) throw new InvalidIntentError(`${at}.from`, 'is not the account of the first message');
      if (send.amount.length === 0) throw new InvalidIntentError(`${at}.amount`, 'must not be empty');
      return {
        from: checkCosmosAddress(send.from, network.prefix, `${at}.from`),
        to: checkCosmosAddress(send.to, network.prefix, `${at}.to`),
        amount: normaliseCoins(send.amount, `${at}.amount`),
      };
    }),
    fee: { amount: normaliseCoins(fee.amount, 'fee.amount'), gasLimit: fee.gasLimit },
    memo,
    timeoutHeight,
  };
}

/** The account that all messages are from. */
export const senderOf = (transfer: CosmosTransfer): string => transfer.sends[0]?.from ?? '';

function normaliseCoins(coins: readonly CosmosCoin[], field: string): readonly CosmosCoin[] {
  coins.forEach(({ denom, amount }, i) => {
    // The SDK's own pattern; it leaves nothing that could confuse a reader.
    if (typeof denom !== 'string' || !/^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/.test(denom)) {
      throw new InvalidIntentError(`${field}[${i}].denom`, 'is not a denomination');
    }
    checkUint(`${field}[${i}].amount`, amount, MAX_AMOUNT);
    if (amount === 0n) throw new InvalidIntentError(`${field}[${i}].amount`, 'must not be 0');
    const before = coins[i - 1];
    if (before !== undefined && before.denom >= denom) {
      throw new InvalidIntentError(`${field}[${i}].denom`, 'is not behind the one before it in order');
    }
  });
  return coins.map(({ denom, amount }) => ({ denom, amount }));
}

function checkUint(field: string, value: bigint, max: bigint): void {
  if (typeof value !== 'bigint' || value < 0n || value > max) {
    throw new InvalidIntentError(field, `must be an integer from 0 to 2^${max.toString(2).length} - 1`);
  }
}

/** Decimal text as the SDK writes integers. @throws {@link InvalidIntentError} For any other spelling. */
export function readDecimal(text: unknown, field: string): bigint {
  if (typeof text !== 'string' || !/^(?:0|[1-9][0-9]{0,77})$/.test(text)) {
    throw new InvalidIntentError(field, 'is not an integer in decimal digits');
  }
  return BigInt(text);
}

export function describeTransfer(transfer: CosmosTransfer, network: CosmosNetwork): readonly string[] {
  const coin = ({ denom, amount }: CosmosCoin): string => {
    const unit = Object.hasOwn(network.coins, denom) ? network.coins[denom] : undefined;
    return unit === undefined
      ? `${amount} of the smallest units of ${denom}`
      : `${formatUnits(amount, unit.decimals)} ${unit.symbol} (${amount} ${denom})`;
  };
  const coins = (list: readonly CosmosCoin[]): string => (list.length === 0 ? 'nothing' : list.map(coin).join(' and '));
  const lines = transfer.sends.map(
    ({ from, to, amount }) =>
      `Send ${coins(amount)} from ${from} to ${to} on ${network.name} (cosmos:${network.chainId}).`,
  );
  lines.push(`Fee: ${coins(transfer.fee.amount)}, for up to ${transfer.fee.gasLimit} gas.`);
  lines.push(`Account number ${transfer.accountNumber}, sequence ${transfer.sequence}.`);
  if (transfer.memo !== '') lines.push(`Memo: ${quoteText(transfer.memo)}.`);
  if (transfer.timeoutHeight !== 0n) lines.push(`Valid until block ${transfer.timeoutHeight}.`);
  return lines;
}
