/**
 * What the nodes of the Byzantine validator show in place of what happened: other amounts, other messages. Logs and calldata alike, so that the lie holds
 * together and is a false event, not a broken node.
 *
 * @module
 */
import { bytesToHex, numberToHex, stringToBytes } from 'viem';
import type { Environment } from './environment.ts';
import type { Lie } from './node-proxy.ts';

/** Amounts of the scenarios; a hundred times as much and one is shown. */
export const bentAmounts: readonly bigint[] = [1000n, 500n, 400n, 200n, 150n, 60n, 50n, 7n];
export const shownFor = (amount: bigint): bigint => 100n * amount + 1n;
/** Texts of messages begin with one of these words. */
const bentWords = [
  ['round', 'wound'],
  ['after', 'later'],
] as const;

const word = (amount: bigint): string => numberToHex(amount, { size: 32 }).slice(2);
const text = (word_: string): string => bytesToHex(stringToBytes(word_)).slice(2);

/** Replaces text in everything that is the data of a log or of a transaction. */
function bend(value: unknown, change: (data: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => bend(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      (key === 'data' || key === 'input') && typeof inner === 'string' ? change(inner) : bend(inner, change),
    ]),
  );
}

export const amountLie: Lie = (_method, _params, result) =>
  bend(result, (data) =>
    bentAmounts.reduce((bent, amount) => bent.replaceAll(word(amount), word(shownFor(amount))), data),
  );
export const messageLie: Lie = (_method, _params, result) =>
  bend(result, (data) => bentWords.reduce((bent, [real, shown]) => bent.replaceAll(text(real), text(shown)), data));

/** From now on the nodes of the Byzantine validator lie. */
export function startLying({ network, owner, dapp, defi, cluster }: Environment): void {
  const { liar } = network;
  if (liar === undefined) return;
  for (const chain of [owner, dapp, defi]) lieOn(chain.lines[liar - 1], amountLie);
  for (const chain of cluster?.all ?? []) lieOn(chain.lines[liar - 1], messageLie);
}

function lieOn(line: { lie: Lie | undefined } | undefined, lie: Lie): void {
  if (line !== undefined) line.lie = lie;
}
