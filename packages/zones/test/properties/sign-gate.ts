/**
 * Requests of every kind against zones in every state, and ceilings under any pattern of spending. The expected answers are written down
 * here a second time, in another form than the rules.
 *
 * @module
 */
import { type LedgerEntry, type NativeEffects, type World, clusterRecord, ledgerEntry } from '../../src/index.ts';
import { judgeEntryWith } from '../../src/asset/judge.ts';
import { authoriseWith } from '../../src/policy/authorise.ts';
import type { Rules } from '../../src/rules.ts';
import { applyEventWith } from '../../src/world.ts';
import {
  asset,
  assetEvent,
  assetX,
  build,
  clusterOfChains,
  dapp,
  defi,
  evmAccount,
  outside,
  owner,
  policy,
  policyEvent,
  tokenOf,
  vaultEvent,
  walletKey,
  zone,
  zoneEvent,
} from '../helpers/build.ts';
import { Draw, must } from '../helpers/entropy.ts';

const chains = [owner, dapp, defi, outside] as const;
const token = tokenOf('X', defi);
const windows = [
  { asset: token, windowMs: 100, ceiling: 50n },
  { asset: token, windowMs: 400, ceiling: 120n },
];

const base: World = build([
  ...[owner, dapp, outside].map((chain) => zoneEvent(zone(chain))),
  zoneEvent(zone(defi, { limits: windows })),
  vaultEvent('X', owner),
  assetEvent(asset('X', owner, [owner, dapp, defi])),
  policyEvent(policy('plain'), 'plain'),
  policyEvent(policy('raw', { rawDigest: true, calls: true }), 'raw'),
]);
const frozen: World = build(
  [zoneEvent(zone(dapp, { status: 'frozen', version: 1n, prev: base.zones.get(dapp)?.digest as LedgerEntry['prev'] }))],
  base,
);

export const gateWitness = { signed: 0, refused: 0, spends: 0, overLimit: 0 };

const transfer = (chain: string, coin: string, amount: bigint, nonce: number): NativeEffects => ({
  chain,
  movements: [{ kind: 'transfer', asset: coin, to: evmAccount('someone'), amount }],
  calls: [],
  feeAsset: `${chain}/slip44:60`,
  maxFee: 1n,
  slots: [{ id: `nonce:${nonce}`, claim: '' }],
});

/** Who may sign what for which zone. */
function requests(rules: Rules, draw: Draw, step: number): void {
  const world = draw.once(2) ? frozen : base;
  const name = draw.of(['plain', 'raw', 'vault/X', 'nobody']);
  const raw = draw.once(3);
  const chain = draw.of([...chains, 'eip155:4242']);
  const named = draw.once(3) ? draw.of(chains) : chain;
  const calls = draw.once(4) ? [{ to: evmAccount('contract'), data: new Uint8Array(4) }] : [];
  const effects = raw ? undefined : { ...transfer(chain, `${chain}/slip44:60`, 5n, step), calls };
  const outcome = authoriseWith(rules, world, {
    publicKey: walletKey(name),
    zone: raw ? undefined : named,
    effects,
    time: 1000,
  });
  const closed = (chain === dapp && world === frozen) || !world.zones.has(chain);
  const allowed = raw
    ? name === 'raw'
    : (name === 'raw' || (name === 'plain' && calls.length === 0)) && named === chain && !closed;
  must(outcome.ok === allowed, 'exactly what the zone and the dWallet’s owner allow is signed');
  if (outcome.ok) gateWitness.signed++;
  else gateWitness.refused++;
}

/** Whether a validator serves a cluster. */
function nodes(rules: Rules, draw: Draw): void {
  const record = clusterOfChains('nodes', [dapp, defi, outside]);
  clusterRecord.encode(record);
  const mine = chains.filter(() => draw.once(2));
  const refused = rules['CLUSTER:10']({ record, nodes: new Set(mine) }) !== undefined;
  must(
    refused === !record.members.every(({ chain }) => mine.includes(chain as (typeof chains)[number])),
    'a validator serves a cluster only with a node for every member',
  );
}

/** One history. Throws where something does not hold. */
export function signGate(rules: Rules, operations: readonly number[]): void {
  let world = base;
  let time = 1000;
  const spent: { time: number; amount: bigint }[] = [];
  let references = 0;
  const book = (entry: LedgerEntry): boolean => {
    const observed = {
      chain: entry.from,
      reference: entry.sourceEvent.reference,
      kind: entry.kind,
      token: entry.from === owner ? assetX : token,
      amount: entry.amount,
      to: entry.to,
      recipient: entry.recipient,
    };
    const view = { eventHeight: 1, headHeight: 3, finalisedHeight: undefined };
    if (judgeEntryWith(rules, world, entry, { kind: 'observed', event: observed, view }) !== undefined) return false;
    const outcome = applyEventWith(rules, world, { kind: 'entry', entry });
    if (outcome.ok) world = outcome.state;
    return outcome.ok;
  };
  const draft = (kind: LedgerEntry['kind'], from: string, to: string, amount: bigint): LedgerEntry => {
    const ledger = world.assets.get(assetX)?.ledger;
    if (ledger === undefined) throw new Error('no ledger');
    const recipient = kind === 'transfer' ? evmAccount('user') : '';
    return {
      asset: assetX,
      height: ledger.height,
      prev: ledger.head,
      kind,
      from,
      to,
      amount,
      recipient,
      sourceEvent: { chain: from, reference: `r${references++}` },
      time,
    };
  };
  book(draft('mint', owner, owner, 10_000n));
  book(draft('transfer', owner, defi, 10_000n));
  for (const [step, operation] of operations.entries()) {
    const draw = new Draw(operation);
    time += draw.of([0, 1, 20, 60, 100, 300]);
    if (draw.once(3)) requests(rules, draw, step);
    if (draw.once(6)) nodes(rules, draw);
    const amount = BigInt(1 + draw.below(40));
    // Out of F by a leg of the ledger, or by an ordinary dWallet: one ceiling for both.
    let accepted: boolean;
    if (draw.once(2)) {
      accepted = book(draft('transfer', defi, owner, amount));
    } else {
      const effects = transfer(defi, token, amount, step);
      const outcome = authoriseWith(rules, world, { publicKey: walletKey('plain'), zone: defi, effects, time });
      accepted = outcome.ok;
      if (outcome.ok) world = outcome.state;
    }
    if (!accepted) {
      gateWitness.overLimit++;
      const now = time;
      const tight = windows.some(
        ({ windowMs, ceiling }) =>
          spent.reduce((sum, item) => (item.time > now - windowMs ? sum + item.amount : sum), amount) > ceiling,
      );
      must(tight, 'nothing below the ceilings is refused');
      continue;
    }
    spent.push({ time, amount });
    gateWitness.spends++;
    for (const { windowMs, ceiling } of windows) {
      // Every window that ends now.
      const left = spent.reduce((sum, item) => (item.time > time - windowMs ? sum + item.amount : sum), 0n);
      must(left <= ceiling, 'no more leaves a zone within a window than its ceiling');
    }
  }
  for (const entry of [draft('transfer', defi, owner, 1n)]) ledgerEntry.encode(entry);
}
