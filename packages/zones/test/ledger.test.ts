/** Ledgers beside each other: what one asset's ledger must know of another one's. */
import { describe, expect, it } from 'vitest';
import { judgeEntryWith } from '../src/asset/judge.ts';
import { type LedgerEntry, type World, eventFacts } from '../src/index.ts';
import { applyEventWith } from '../src/world.ts';
import {
  assetWorld,
  assetX,
  assetY,
  build,
  dapp,
  defi,
  evmAccount,
  historyRules,
  owner,
  tokenOf,
} from './helpers/build.ts';

type Parts = Pick<LedgerEntry, 'asset' | 'kind' | 'from' | 'to'> & { readonly reference: string };

/** The next entry of a ledger, over 4 units. */
function entryOf(world: World, { asset, kind, from, to, reference }: Parts): LedgerEntry {
  const ledger = world.assets.get(asset)?.ledger;
  if (ledger === undefined) throw new Error('no asset');
  return {
    asset,
    height: ledger.height,
    prev: ledger.head,
    kind,
    from,
    to,
    amount: 4n,
    recipient: kind === 'transfer' ? evmAccount('ann') : '',
    sourceEvent: { chain: from, reference },
    time: 1000,
  };
}
const book = (world: World, parts: Parts): World => build([{ kind: 'entry', entry: entryOf(world, parts) }], world);

describe('a source event', () => {
  it('is spent once, for whichever asset: a chain that calls two events by one name closes no log', () => {
    let world = assetWorld;
    for (const [asset, home] of [
      [assetX, owner],
      [assetY, dapp],
    ] as const) {
      world = book(world, { asset, kind: 'mint', from: home, to: home, reference: 'minted' });
      world = book(world, { asset, kind: 'transfer', from: home, to: defi, reference: 'sent' });
    }
    const first = entryOf(world, { asset: assetX, kind: 'transfer', from: defi, to: owner, reference: '0xab/0' });
    const second = entryOf(world, { asset: assetY, kind: 'transfer', from: defi, to: dapp, reference: '0xab/0' });
    // Validators sign one digest per event: with both in the log, it would contradict itself.
    const [one, other] = [first, second].map((entry) => eventFacts({ kind: 'entry', entry })[1]);
    expect(one?.id).toEqual(other?.id);
    expect(one?.digest).not.toEqual(other?.digest);
    world = build([{ kind: 'entry', entry: first }], world);
    expect(applyEventWith(historyRules, world, { kind: 'entry', entry: second })).toMatchObject({
      ok: false,
      rule: 'ASSET:6',
    });
    const { kind, amount, to, recipient } = second;
    const event = { chain: defi, reference: '0xab/0', token: tokenOf('Y', defi), kind, amount, to, recipient };
    const view = { eventHeight: 1, headHeight: 100, finalisedHeight: 100 };
    expect(judgeEntryWith(historyRules, world, second, { kind: 'observed', event, view })?.rule).toBe('ASSET:6');
    const renamed = { ...second, sourceEvent: { chain: defi, reference: '0xab/1' } };
    const own = { ...event, reference: '0xab/1' };
    expect(judgeEntryWith(historyRules, world, renamed, { kind: 'observed', event: own, view })).toBeUndefined();
  });
});
