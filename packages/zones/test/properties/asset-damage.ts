/**
 * An adversary owns one chain. It reports any event, proposes any entry, replays, forks, and asks vaults to sign anything; the other chains
 * and their nodes are honest. The model on the side books honest transfers with plain arithmetic and never looks at the rules.
 *
 * @module
 */
import { type LedgerEntry, type NativeEffects, type World, ledgerEntry, ownerChain } from '../../src/index.ts';
import { type EntrySource, type ObservedEvent, judgeEntryWith } from '../../src/asset/judge.ts';
import { hex, sameBytes } from '../../src/record/codec.ts';
import { authoriseWith } from '../../src/policy/authorise.ts';
import type { Rules } from '../../src/rules.ts';
import { applyEventWith } from '../../src/world.ts';
import {
  assetWorld,
  assetX,
  assetY,
  asset,
  assetEvent,
  dapp,
  defi,
  evmAccount,
  outside,
  owner,
  walletKey,
} from '../helpers/build.ts';
import { Draw, must } from '../helpers/entropy.ts';

const chains = [owner, dapp, defi, outside] as const;
const assets = [assetX, assetY] as const;
const honestUser = evmAccount('user');
const thief = evmAccount('thief');
const nameOf = (id: string): 'X' | 'Y' => (id === assetX ? 'X' : 'Y');

/** An event as it stands on an honest chain for ever. */
interface RealEvent {
  readonly asset: string;
  readonly event: ObservedEvent;
}

/** Sums of what the two ends see. */
class Book {
  readonly #sums = new Map<string, bigint>();
  get(...names: readonly string[]): bigint {
    return this.#sums.get(names.join('|')) ?? 0n;
  }
  add(value: bigint, ...names: readonly string[]): void {
    this.#sums.set(names.join('|'), this.get(...names) + value);
  }
}

/** What happened in all histories: a property in which nothing happens shows nothing. */
export const witness = { entries: 0, attacks: 0, refusedAttacks: 0, releases: 0, compromises: 0 };

interface State {
  world: World;
  clock: number;
  events: number;
  victim: string | undefined;
  /** Honest balances and supply: [asset, chain], [asset, 'supply']. */
  readonly honest: Book;
  /** What was exposed to the victim: its balance when it fell, and what was sent there after. */
  readonly exposed: Book;
  /** What left the victim after it fell. */
  readonly stolen: Book;
  readonly real: RealEvent[];
  readonly accepted: Map<string, LedgerEntry[]>;
  /** Highest payment signed per [vault key, chain, nonce]: the chain confirms one transaction per nonce. */
  readonly payments: Map<string, { asset: string; chain: string; amount: bigint }>;
  nonce: number;
}

const tokenOn = (world: World, id: string, chain: string): string =>
  world.assets.get(id)?.record.deployments.find((item) => item.chain === chain)?.token ?? 'none/none:none';

const final = { eventHeight: 10, headHeight: 20, finalisedHeight: 15 };

/** The next entry of an asset as an honest proposer writes it. */
function draft(
  state: State,
  id: string,
  fields: Pick<LedgerEntry, 'kind' | 'from' | 'to' | 'amount' | 'recipient'>,
  reference: string,
): LedgerEntry {
  const ledger = state.world.assets.get(id)?.ledger;
  if (ledger === undefined) throw new Error('no such asset');
  return {
    asset: id,
    height: ledger.height,
    prev: ledger.head,
    ...fields,
    sourceEvent: { chain: fields.from, reference },
    time: state.clock,
  };
}

const observed = (state: State, entry: LedgerEntry): ObservedEvent => ({
  chain: entry.from,
  reference: entry.sourceEvent.reference,
  kind: entry.kind,
  token: tokenOn(state.world, entry.asset, entry.from),
  amount: entry.amount,
  to: entry.to,
  recipient: entry.recipient,
});

/** An entry that passes judgement is certified and booked by everybody. */
function propose(rules: Rules, state: State, entry: LedgerEntry, source: EntrySource): boolean {
  if (judgeEntryWith(rules, state.world, entry, source) !== undefined) return false;
  const ledger = state.world.assets.get(entry.asset)?.ledger;
  const outcome = applyEventWith(rules, state.world, { kind: 'entry', entry });
  if (!outcome.ok) return false;
  const list = state.accepted.get(entry.asset) ?? [];
  const last = list.at(-1);
  must(entry.height === BigInt(list.length), 'heights of certified entries are gapless');
  must(last === undefined || sameBytes(entry.prev, ledgerEntry.digest(last)), 'each entry names the one before');
  must(entry.time >= (last?.time ?? 0), 'time does not run backwards');
  must(ledger !== outcome.state.assets.get(entry.asset)?.ledger, 'an entry changes its ledger');
  state.accepted.set(entry.asset, [...list, entry]);
  state.world = outcome.state;
  witness.entries++;
  return true;
}

function honestMove(rules: Rules, state: State, draw: Draw): void {
  const id = draw.of(assets);
  const home = ownerChain(id);
  const wanted = draw.of(['mint', 'transfer', 'transfer', 'transfer', 'transfer', 'burn'] as const);
  const kind = state.honest.get(id, 'supply') === 0n ? 'mint' : wanted;
  const other = draw.of(chains.filter((chain) => chain !== home));
  const [from, to] =
    kind === 'transfer'
      ? draw.of([
          [home, other],
          [other, home],
        ] as const)
      : [home, home];
  if (from === state.victim) return;
  const held = state.honest.get(id, from);
  if (kind !== 'mint' && held === 0n) return;
  const amount = BigInt(1 + draw.below(kind === 'mint' ? 100 : Number(held)));
  const recipient = kind === 'transfer' ? honestUser : '';
  const reference = `e${state.events++}`;
  const entry = draft(state, id, { kind, from, to, amount, recipient }, reference);
  const event = observed(state, entry);
  state.real.push({ asset: id, event });
  if (!propose(rules, state, entry, { kind: 'observed', event, view: final })) return;
  if (kind !== 'mint') state.honest.add(-amount, id, from);
  if (kind !== 'burn') state.honest.add(amount, id, to);
  if (kind !== 'transfer') state.honest.add(kind === 'mint' ? amount : -amount, id, 'supply');
  if (to === state.victim) state.exposed.add(amount, id);
  release(rules, state, entry, (effects) => effects);
}

const payment = (state: State, entry: LedgerEntry): NativeEffects => ({
  chain: entry.to,
  movements: [
    {
      kind: entry.to === ownerChain(entry.asset) ? 'transfer' : 'mint',
      asset: tokenOn(state.world, entry.asset, entry.to),
      to: entry.recipient,
      amount: entry.amount,
    },
  ],
  calls: [],
  feeAsset: `${entry.to}/slip44:60`,
  maxFee: 500n,
  slots: [{ id: `nonce:${state.nonce++}`, claim: '' }],
});

/** Asks the vault for a signature; what it gives, the chain may confirm. */
function release(
  rules: Rules,
  state: State,
  entry: LedgerEntry,
  change: (effects: NativeEffects) => NativeEffects,
): boolean {
  const effects = change(payment(state, entry));
  const publicKey = walletKey(`vault/${nameOf(entry.asset)}`);
  const outcome = authoriseWith(rules, state.world, {
    publicKey,
    zone: effects.chain,
    effects,
    entry: ledgerEntry.digest(entry),
    time: state.clock,
  });
  if (!outcome.ok) return false;
  state.world = outcome.state;
  witness.releases++;
  for (const { asset: token, amount } of effects.movements) {
    const id = assets.find((item) => tokenOn(state.world, item, effects.chain) === token) ?? 'foreign';
    const slot = `${hex(publicKey)}|${effects.chain}|${effects.slots[0]?.id}`;
    const before = state.payments.get(slot);
    if (before === undefined || before.amount < amount)
      state.payments.set(slot, { asset: id, chain: effects.chain, amount });
  }
  must(
    effects.calls.length === 0 && effects.maxFee <= 1000n,
    'a vault makes no unreadable call and pays no fee beyond its bound',
  );
  must(
    effects.movements.every(({ to }) => to === entry.recipient),
    'a vault pays the recipient of the entry only',
  );
  return true;
}

/** What the adversary does once it owns a chain. */
function attack(rules: Rules, state: State, draw: Draw): void {
  const { victim } = state;
  witness.attacks++;
  if (victim === undefined) {
    // Before that it is a dishonest proposer and requester.
    replayOrAlter(rules, state, draw);
    return;
  }
  if (draw.once(3)) {
    replayOrAlter(rules, state, draw);
    return;
  }
  const id = draw.of(assets);
  const kind = draw.of(['transfer', 'transfer', 'transfer', 'mint', 'burn'] as const);
  const to =
    kind === 'transfer' ? draw.of(chains.filter((chain) => chain !== victim)) : draw.of([victim, ownerChain(id)]);
  const from = kind === 'transfer' ? victim : draw.of([victim, victim, to]);
  // What it can afford goes through; what it cannot must not.
  const kept = state.world.assets.get(id)?.ledger.balances.get(victim) ?? 0n;
  const amount = draw.of([1n, kept > 0n ? kept : 1n, kept + 1n, 49n, 1_000_000n]);
  const reference = draw.of([`fake${state.events++}`, 'e0', 'fake0', 'order:0']);
  const recipient = kind === 'transfer' ? thief : '';
  const entry = draft(state, id, { kind, from, to, amount, recipient }, reference);
  // Its own nodes say whatever suits it; nodes of other chains show no such event.
  if (from !== victim) return;
  const source: EntrySource = { kind: 'observed', event: observed(state, entry), view: final };
  if (!propose(rules, state, entry, source)) {
    witness.refusedAttacks++;
    return;
  }
  if (kind === 'transfer') {
    state.stolen.add(amount, id);
    // Whatever it says, what leaves it can arrive at the OwnerChain only.
    if (ownerChain(id) !== victim) state.honest.add(amount, id, ownerChain(id));
  }
  release(rules, state, entry, (effects) => effects);
}

/** Entries about real events, but wrong; second releases; other transactions than the entry's; assets with the vaults of others. */
function replayOrAlter(rules: Rules, state: State, draw: Draw): void {
  const real = state.real.length === 0 ? undefined : draw.of(state.real);
  if (real === undefined) return;
  const { event } = real;
  if (event.chain === state.victim) return;
  const honest = draft(state, real.asset, { ...event, from: event.chain }, event.reference);
  const accepted = (state.accepted.get(real.asset) ?? []).filter(({ recipient }) => recipient !== '');
  switch (draw.below(8)) {
    case 0: {
      // The same event again.
      must(!propose(rules, state, honest, { kind: 'observed', event, view: final }), 'a source event is spent once');
      return;
    }
    case 1: {
      // A fresh real event, with another amount or recipient in the entry.
      const fresh = { ...event, reference: `e${state.events++}` };
      const wrong = { ...honest, sourceEvent: { chain: fresh.chain, reference: fresh.reference } };
      const altered: LedgerEntry =
        event.kind === 'transfer' && draw.once(2)
          ? { ...wrong, recipient: thief }
          : { ...wrong, amount: event.amount + 1n };
      must(
        !propose(rules, state, altered, { kind: 'observed', event: fresh, view: final }),
        'an entry says what the chain says',
      );
      return;
    }
    case 2: {
      // An event that is not final, and that the chain takes back afterwards.
      const reference = `reorganised${state.events++}`;
      const entry = { ...honest, sourceEvent: { chain: event.chain, reference } };
      const view = { eventHeight: 10, headHeight: 10 + draw.below(2), finalisedHeight: undefined };
      must(
        !propose(rules, state, entry, { kind: 'observed', event: { ...event, reference }, view }),
        'only final events count',
      );
      return;
    }
    case 3: {
      // A fork or a gap of the ledger, or an entry of the past (whose event is fresh).
      const reference = `e${state.events++}`;
      const entry = { ...honest, sourceEvent: { chain: event.chain, reference } };
      const forked = draw.of<LedgerEntry>([
        { ...entry, height: entry.height + 1n },
        { ...entry, height: entry.height === 0n ? 5n : entry.height - 1n },
        { ...entry, prev: ledgerEntry.digest(entry) },
        { ...entry, time: 0 },
      ]);
      const before = state.accepted.get(real.asset)?.length;
      propose(rules, state, forked, { kind: 'observed', event: { ...event, reference }, view: final });
      must(before === state.accepted.get(real.asset)?.length, 'no fork, gap or step back in time');
      return;
    }
    case 4: {
      // Another asset with the same token and vault, by a chain that the adversary owns.
      if (state.victim !== dapp) return;
      const stolen = asset('W', dapp, [dapp, defi]);
      const aliased = stolen.deployments.map((item) =>
        item.chain === defi
          ? { ...item, ...assetWorld.assets.get(assetX)?.record.deployments.find(({ chain }) => chain === defi) }
          : item,
      );
      const outcome = applyEventWith(rules, state.world, assetEvent({ ...stolen, deployments: aliased }));
      must(!outcome.ok, 'a vault and a token belong to one asset');
      return;
    }
    default: {
      if (accepted.length === 0) return;
      const entry = draw.of(accepted);
      const other = draw.of(accepted);
      const which = draw.below(8);
      release(rules, state, entry, (effects) => {
        const [movement] = effects.movements;
        if (movement === undefined) return effects;
        const changed: readonly NativeEffects[] = [
          effects,
          { ...effects, movements: [{ ...movement, amount: movement.amount + 1n }] },
          { ...effects, movements: [{ ...movement, to: thief }] },
          { ...effects, movements: [movement, { ...movement, amount: 1n }] },
          { ...effects, calls: [{ to: thief, data: new Uint8Array(4) }] },
          { ...effects, maxFee: 1_000_000n },
          { ...effects, movements: [{ ...movement, asset: tokenOn(state.world, id2(entry.asset), entry.to) }] },
          { ...payment(state, other), slots: effects.slots },
        ];
        return changed[which] ?? effects;
      });
    }
  }
}
const id2 = (id: string): string => (id === assetX ? assetY : assetX);

/** What must hold after every step. */
function check(state: State): void {
  for (const id of assets) {
    const ledger = state.world.assets.get(id)?.ledger;
    if (ledger === undefined) throw new Error('asset is gone');
    const home = ownerChain(id);
    const entries = state.accepted.get(id) ?? [];
    const balances = [...ledger.balances.values()];
    must(
      balances.every((balance) => balance >= 0n),
      'no balance is negative',
    );
    must(balances.reduce((sum, balance) => sum + balance, 0n) === ledger.supply, 'balances add up to the supply');
    for (const chain of chains) {
      if (chain === home) continue;
      const sum = (end: 'from' | 'to'): bigint =>
        entries.reduce((total, entry) => (entry[end] === chain ? total + entry.amount : total), 0n);
      must(sum('from') <= sum('to'), 'what is released for a chain was sent to it');
    }
    const paid = new Map<string, bigint>();
    for (const { asset: of, chain, amount } of state.payments.values()) {
      if (of === id) paid.set(chain, (paid.get(chain) ?? 0n) + amount);
    }
    for (const [chain, amount] of paid) {
      const owed = entries.reduce(
        (sum, entry) => (entry.to === chain && entry.recipient !== '' ? sum + entry.amount : sum),
        0n,
      );
      must(amount <= owed, 'vaults pay no more than certified entries say');
    }
    if (home === state.victim) continue;
    must(ledger.supply === state.honest.get(id, 'supply'), 'only the OwnerChain changes the supply');
    must(
      state.stolen.get(id) <= state.exposed.get(id),
      'the loss is at most the balance kept for the compromised chain',
    );
    for (const chain of chains) {
      if (chain === state.victim) continue;
      must((ledger.balances.get(chain) ?? 0n) === state.honest.get(id, chain), 'no other chain’s balance changes');
    }
  }
  must(![...state.payments.values()].some(({ asset: id }) => id === 'foreign'), 'a vault pays its own asset only');
}

/** One history. Throws where something does not hold. */
export function assetDamage(rules: Rules, operations: readonly number[]): void {
  const state: State = {
    world: assetWorld,
    clock: 1000,
    events: 0,
    victim: undefined,
    honest: new Book(),
    exposed: new Book(),
    stolen: new Book(),
    real: [],
    accepted: new Map(),
    payments: new Map(),
    nonce: 0,
  };
  const fallsAt = Math.floor(operations.length / 3);
  operations.forEach((operation, i) => {
    const draw = new Draw(operation);
    state.clock += draw.below(4);
    if (i === fallsAt && i > 0) {
      state.victim = draw.of(chains);
      witness.compromises++;
      for (const id of assets) state.exposed.add(state.honest.get(id, state.victim), id);
      return;
    }
    if (draw.once(2)) attack(rules, state, draw);
    else honestMove(rules, state, draw);
    check(state);
  });
}
