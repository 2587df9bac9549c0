/**
 * A cluster of three and a zone outside of it. An adversary owns one member: its messages, words, heads, configuration and keys. All
 * members act at random, so the rules are asked for everything, allowed or not; a log on the side, which knows nothing of the rules'
 * code, says what may have been accepted.
 *
 * @module
 */
import {
  type ClusterHead,
  type ClusterMessage,
  type ClusterRecord,
  type MessageCount,
  type SettlementRecord,
  type World,
  type WorldEvent,
  headRecord,
  messageRecord,
  messagesRoot,
  noDigest,
  clusterProposal,
  settlementRecord,
} from '../../src/index.ts';
import { judgeEntryWith } from '../../src/asset/judge.ts';
import { hex } from '../../src/record/codec.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { clusterStatus } from '../../src/cluster/synchrony.ts';
import type { Rules } from '../../src/rules.ts';
import { applyEventWith, zoneStatusWith } from '../../src/world.ts';
import {
  approveBy,
  asset,
  assetEvent,
  assetX,
  build,
  bytes32,
  clusterEvent,
  clusterOfChains,
  dapp,
  defi,
  evmAccount,
  governanceOf,
  outside,
  owner,
  policy,
  policyEvent,
  vaultEvent,
  zone,
  zoneEvent,
} from '../helpers/build.ts';
import { Draw, must } from '../helpers/entropy.ts';

const third = 'eip155:1005';
const members = [dapp, defi, third] as const;
const delta = 20;
const start = 1000;
const record = clusterOfChains('fast', members);

/** O and Z outside, D, F and G in the cluster; X moves between O and Z. */
export const clusterWorld: World = build([
  ...[owner, outside, ...members].map((chain) => zoneEvent(zone(chain))),
  vaultEvent('X', owner),
  assetEvent(asset('X', owner, [owner, outside, dapp])),
  policyEvent(policy('cluster/fast', { purpose: 'cluster', subject: 'fast' }), 'cluster/fast'),
  clusterEvent(record, start),
]);

/** One accepted message of the log. */
interface Sent {
  readonly from: string;
  readonly to: string;
  readonly nonce: number;
  readonly sentAt: number;
  /** Place in the sender's and in the receiver's order. */
  readonly place: number;
  delivered: number | undefined;
  void: boolean;
  /** Sent while its sender or receiver was off the fast path. */
  readonly slow: boolean;
  readonly digest: string;
}

interface Log {
  readonly words: Map<string, number>;
  readonly fast: Map<string, boolean>;
  readonly places: Map<string, number>;
  readonly sent: Sent[];
  readonly heads: Map<string, ClusterHead[]>;
  readonly settled: Map<string, ClusterHead>;
  fault: { member: string; at: number } | undefined;
}

interface State {
  world: World;
  readonly log: Log;
  readonly victim: string;
  outsideHeight: number;
}

/** What happened in all histories. */
export const clusterWitness = {
  messages: 0,
  deliveries: 0,
  heartbeats: 0,
  faults: 0,
  inDoubt: 0,
  settlements: 0,
  uncounted: 0,
  slow: 0,
  amended: 0,
};

const clusterIn = (world: World): ClusterState => world.clusters.get('fast') as ClusterState;
const current = ({ world }: State): readonly string[] => [...clusterIn(world).members.keys()];
const pair = (log: Log, from: string, to: string): Sent[] =>
  log.sent.filter((item) => item.from === from && item.to === to);
const pending = (log: Log, from: string, to: string): Sent | undefined =>
  pair(log, from, to).find(
    (item) => item.delivered === undefined && !item.void && item.nonce >= deliveredTo(log, from, to),
  );
const deliveredTo = (log: Log, from: string, to: string): number =>
  pair(log, from, to).reduce((next, item) => (item.delivered === undefined ? next : Math.max(next, item.nonce + 1)), 0);

/** Whether a message has to be settled before it can be delivered. */
const waits = (log: Log, { slow, from, to, nonce }: Sent): boolean =>
  slow && BigInt(nonce) >= (log.settled.get(from)?.sent.find(({ chain }) => chain === to)?.count ?? 0n);
/** Whether Δ binds the receiver: not for what was sent off the fast path, nor for what has to come after such a message that waits. */
const isPrompt = (log: Log, item: Sent): boolean =>
  item.delivered === undefined &&
  !item.void &&
  !item.slow &&
  log.words.has(item.from) &&
  log.fast.get(item.from) === true &&
  !pair(log, item.from, item.to).some(
    (before) => before.nonce < item.nonce && before.delivered === undefined && !before.void && waits(log, before),
  );

/** How far a member may go, by the words of the others. */
const limit = ({ log }: State, member: string): number =>
  Math.min(
    ...[...log.words].filter(([chain]) => chain !== member && log.fast.get(chain) === true).map(([, word]) => word),
  ) + delta;

function submit(rules: Rules, state: State, event: (WorldEvent & { kind: 'cluster' })['event']): boolean {
  const before = state.world;
  const outcome = applyEventWith(rules, before, { kind: 'cluster', cluster: 'fast', event });
  if (!outcome.ok) return false;
  state.world = outcome.state;
  for (const chain of [owner, outside])
    must(state.world.zones.get(chain) === before.zones.get(chain), 'zones outside stay as they are');
  must(state.world.assets === before.assets, 'a cluster changes no ledger');
  return true;
}

/** What must be true of a step of `member` at `at` that was accepted; `word`: what it then has said for ever. */
function checkStep(state: State, member: string, at: number, word: number, overdueAllowed: boolean): void {
  const { log } = state;
  const before = log.words.get(member) ?? 0;
  if (log.fast.get(member) === true) {
    must(at <= limit(state, member), 'nobody goes further than Δ beyond the word of another member');
    if (log.fault === undefined) {
      for (const item of log.sent) {
        if (item.to !== member || !isPrompt(log, item)) continue;
        const due = item.sentAt + delta;
        must(due > word || (overdueAllowed && due <= before), 'what was sent by T is delivered by T + Δ');
      }
    }
  }
  if (log.fault !== undefined) {
    must(at <= log.fault.at + delta, 'after a fault nothing later than T + Δ is accepted');
    must(member !== log.fault.member || at < log.fault.at, 'nothing of the guilty member from T on is accepted');
  }
  log.words.set(member, Math.max(before, word));
}

function sendMessage(rules: Rules, state: State, draw: Draw): void {
  const { log } = state;
  const from = draw.of(current(state));
  const to = draw.of(current(state));
  if (from === to) return;
  const next = pair(log, from, to).length;
  const nonce = draw.once(6) ? next + draw.below(3) - 1 : next;
  const sentAt = (log.words.get(from) ?? start) + draw.below(9) - (draw.once(8) ? 5 : 0);
  if (nonce < 0) return;
  const message: ClusterMessage = {
    cluster: 'fast',
    from,
    to,
    nonce: BigInt(nonce),
    sentAt,
    payload: Uint8Array.of(draw.below(256)),
  };
  if (!submit(rules, state, { kind: 'message', message })) return;
  must(nonce === next, 'nonces are gapless');
  must(sentAt > (log.words.get(from) ?? 0), 'a word is final');
  must(!tainted(state, from), 'whoever consumed a message in doubt sends nothing');
  const place = log.places.get(from) ?? 0;
  log.places.set(from, place + 1);
  checkStep(state, from, sentAt, sentAt - 1, false);
  const slow = log.fast.get(from) !== true || log.fast.get(to) !== true;
  log.sent.push({
    from,
    to,
    nonce,
    sentAt,
    place,
    delivered: undefined,
    void: false,
    slow,
    digest: hex(messageRecord.digest(message)),
  });
  clusterWitness.messages++;
}

function deliverMessage(rules: Rules, state: State, draw: Draw): void {
  const { log } = state;
  const chains = current(state);
  const pairs = chains.flatMap((from) => chains.map((to) => [from, to] as const)).filter(([from, to]) => from !== to);
  const waiting = pairs.filter(([from, to]) => pending(log, from, to) !== undefined);
  const choice = waiting.length > 0 && !draw.once(4) ? draw.of(waiting) : pairs.length > 0 ? draw.of(pairs) : undefined;
  if (choice === undefined) return;
  const [from, to] = choice;
  const next = pending(log, from, to);
  const nonce = draw.once(6) ? draw.below(4) : (next?.nonce ?? 0);
  const at = draw.once(3)
    ? (log.words.get(to) ?? start) + draw.below(14)
    : Math.max((log.words.get(to) ?? start) + 1, next?.sentAt ?? 0);
  const doubt = closure(log);
  if (!submit(rules, state, { kind: 'delivery', delivery: { cluster: 'fast', from, to, nonce: BigInt(nonce), at } }))
    return;
  must(next !== undefined && nonce === next.nonce, 'messages are delivered in order, once, and only if certified');
  if (next === undefined) return;
  must(at >= next.sentAt, 'no message is delivered before it was sent');
  must(at > (log.words.get(to) ?? 0), 'a word is final');
  must(!doubt.has(next.digest), 'no message in doubt is delivered');
  must(!waits(log, next), 'messages sent from or to a member off the fast path wait for settlement');
  checkStep(state, to, at, at - 1, true);
  const place = log.places.get(to) ?? 0;
  log.places.set(to, place + 1);
  next.delivered = place;
  clusterWitness.deliveries++;
}

function heartbeat(rules: Rules, state: State, draw: Draw): void {
  const { log } = state;
  const member = draw.of(current(state));
  const word = log.words.get(member) ?? start;
  const at = draw.once(3) ? limit(state, member) + draw.below(3) - 1 : word + draw.below(24) - 2;
  if (!Number.isFinite(at) || at < 0) return;
  const overdue = log.sent.some((item) => item.to === member && isPrompt(log, item) && item.sentAt + delta <= at);
  const allowed = log.fast.get(member) !== true ? at >= word : at >= word && at <= limit(state, member) && !overdue;
  const accepted = submit(rules, state, { kind: 'heartbeat', heartbeat: { cluster: 'fast', member, at } });
  // Nobody is stopped without a reason either.
  if (log.fault === undefined)
    must(accepted === allowed, 'a member may progress exactly as far as the words of the others allow');
  if (!accepted) return;
  must(at >= word, 'a word is final');
  checkStep(state, member, at, at, false);
  clusterWitness.heartbeats++;
}

/** Messages in doubt by the log: reachability over "sent after consuming", one edge at a time. */
function closure({ fault, sent, settled }: Log): ReadonlySet<string> {
  const doubt = new Set<string>();
  if (fault === undefined) return doubt;
  const stands = ({ from, to, nonce }: Sent): boolean =>
    BigInt(nonce) < (settled.get(from)?.sent.find(({ chain }) => chain === to)?.count ?? 0n);
  const live = sent.filter((item) => !item.void && !stands(item));
  const visit = (item: Sent): void => {
    if (doubt.has(item.digest)) return;
    doubt.add(item.digest);
    const { delivered } = item;
    if (delivered === undefined) return;
    for (const later of live) if (later.from === item.to && later.place > delivered) visit(later);
  };
  for (const item of live) if (item.from === fault.member && item.sentAt >= fault.at) visit(item);
  return doubt;
}

const tainted = ({ log }: State, member: string): boolean => {
  const doubt = closure(log);
  return log.sent.some((item) => item.to === member && item.delivered !== undefined && doubt.has(item.digest));
};

const countsOf = (log: Log, member: string, side: 'from' | 'to'): readonly MessageCount[] => {
  const other = side === 'from' ? 'to' : 'from';
  return [...members, third]
    .filter((chain, i, list) => list.indexOf(chain) === i)
    .map((chain) => ({
      chain,
      count: BigInt(
        log.sent.filter(
          (item) => item[side] === member && item[other] === chain && (side === 'from' || item.delivered !== undefined),
        ).length,
      ),
    }))
    .filter(({ count }) => count > 0n);
};

function certifyHead(rules: Rules, state: State, draw: Draw): void {
  const { log } = state;
  const member = draw.of(current(state));
  const heads = log.heads.get(member) ?? [];
  const last = heads.at(-1) ?? log.settled.get(member);
  const bump = (list: readonly MessageCount[]): readonly MessageCount[] =>
    list.map(({ chain, count }) => ({ chain, count: count + 1n }));
  const lies = member === state.victim && draw.once(3);
  // A chain rolled back after a fault: the log's counts would say more than it then holds.
  const consumed = log.sent.some((item) => item.void) ? (last?.consumed ?? []) : countsOf(log, member, 'to');
  const honest: ClusterHead = {
    cluster: 'fast',
    member,
    height: last === undefined ? 0n : last.height + 1n,
    time: Math.max(log.words.get(member) ?? start, last?.time ?? 0),
    state: bytes32(`state/${draw.below(4)}`),
    version: clusterIn(state.world).record.version,
    prev: last === undefined ? noDigest : headRecord.digest(last),
    consumed: lies && draw.once(2) ? bump(consumed) : consumed,
    sent: lies ? bump(countsOf(log, member, 'from')) : countsOf(log, member, 'from'),
  };
  const broken = draw.once(8);
  const head = broken
    ? draw.of<ClusterHead>([
        { ...honest, height: honest.height + 1n },
        { ...honest, prev: bytes32('another head') },
        { ...honest, version: honest.version + 1n },
        { ...honest, consumed: [], sent: [], time: 0 },
      ])
    : honest;
  if (!submit(rules, state, { kind: 'head', head })) return;
  must(
    head.height === honest.height && hex(head.prev) === hex(honest.prev) && head.version === honest.version,
    'heads form one chain',
  );
  must(
    last === undefined || (head.time >= last.time && head.consumed.length >= last.consumed.length),
    'a head takes nothing back',
  );
  log.heads.set(member, [...heads, head]);
}

function showConflict(rules: Rules, state: State, draw: Draw): void {
  const { log, victim } = state;
  if (!current(state).includes(victim)) return;
  const innocent = draw.of(current(state));
  const at = Math.max(0, (log.words.get(victim) ?? start) - draw.below(25));
  const one: ClusterHead = {
    cluster: 'fast',
    member: victim,
    height: 7n,
    time: at,
    state: bytes32('one'),
    version: clusterIn(state.world).record.version,
    prev: noDigest,
    consumed: [],
    sent: [],
  };
  if (draw.once(3)) {
    // What is not a conflict convicts nobody.
    const other = draw.of<ClusterHead>([
      one,
      { ...one, height: 8n },
      { ...one, member: innocent === victim ? dapp : innocent },
    ]);
    if (other.member === victim && other.height === 7n && other !== one) return;
    must(!submit(rules, state, { kind: 'conflict', heads: [one, other] }), 'only two heads at one height are a fault');
    return;
  }
  const before = log.fault;
  if (
    !submit(rules, state, {
      kind: 'conflict',
      heads: [one, { ...one, state: bytes32('two'), time: at + draw.below(3) }],
    })
  ) {
    must(before !== undefined, 'two certified heads at one height are a fault');
    return;
  }
  log.fault = { member: victim, at };
  const expected = closure(log);
  const { fault } = clusterIn(state.world);
  must(
    fault !== undefined &&
      fault.inDoubt.size === expected.size &&
      [...expected].every((item) => fault.inDoubt.has(item)),
    'the messages in doubt are exactly the causal closure',
  );
  must(zoneStatusWith(rules, state.world, victim, start)?.status === 'quarantined', 'the guilty chain is quarantined');
  clusterWitness.faults++;
  clusterWitness.inDoubt += expected.size;
}

function settle(rules: Rules, state: State, draw: Draw): void {
  const { log } = state;
  const cluster = clusterIn(state.world);
  const chosen = current(state)
    .map((member): ClusterHead | undefined => {
      const heads = log.heads.get(member) ?? [];
      return heads.length === 0 ? undefined : draw.of(heads);
    })
    .filter((head) => head !== undefined)
    .sort((a, b) => (a.member < b.member ? -1 : 1));
  if (chosen.length === 0) return;
  const roots = chosen
    .flatMap((head) =>
      head.sent
        .filter(({ chain }) => current(state).includes(chain))
        .map(({ chain: to, count: end }) => {
          const first = log.settled.get(head.member)?.sent.find(({ chain }) => chain === to)?.count ?? 0n;
          const digests = pair(log, head.member, to)
            .filter(({ nonce }) => BigInt(nonce) >= first && BigInt(nonce) < end)
            .map(({ digest }) => Uint8Array.from(Buffer.from(digest, 'hex')));
          return { from: head.member, to, first, end, root: messagesRoot(digests) };
        }),
    )
    .filter(({ first, end }) => end > first)
    .sort((a, b) => (`${a.from}>${a.to}` < `${b.from}>${b.to}` ? -1 : 1));
  const honest: SettlementRecord = {
    cluster: 'fast',
    interval: cluster.interval,
    time: Math.max(cluster.settledAt, ...chosen.map(({ time }) => time)),
    prev: cluster.settlement,
    heads: chosen.map((head) => ({ member: head.member, head: headRecord.digest(head) })),
    roots,
  };
  const settlement = draw.once(8)
    ? draw.of<SettlementRecord>([
        { ...honest, roots: roots.map((item) => ({ ...item, root: bytes32('wrong') })) },
        { ...honest, heads: honest.heads.map((item) => ({ ...item, head: bytes32('unknown') })) },
        { ...honest, roots: roots.slice(1) },
      ])
    : honest;
  const doubt = closure(log);
  const known = (from: string, to: string): bigint => BigInt(pair(log, from, to).length);
  if (!submit(rules, state, { kind: 'settlement', settlement })) return;
  must(
    hex(settlementRecord.digest(settlement)) === hex(settlementRecord.digest(honest)),
    'roots and heads are those of certified messages',
  );
  for (const head of chosen) {
    for (const { chain, count } of head.sent) {
      if (!current(state).includes(chain)) continue;
      must(count <= known(head.member, chain), 'no settlement assumes a message that was never sent');
      must(
        !pair(log, head.member, chain).some((item) => BigInt(item.nonce) < count && doubt.has(item.digest)),
        'nor one in doubt',
      );
    }
    for (const { chain, count } of head.consumed) {
      if (!current(state).includes(chain)) continue;
      must(count <= BigInt(deliveredTo(log, chain, head.member)), 'no settlement assumes a delivery that was not');
    }
    if (log.fault !== undefined) {
      must(head.time <= log.fault.at + delta, 'state after T + Δ is not settled');
      must(head.member !== log.fault.member || head.time < log.fault.at, 'nor state of the guilty member from T on');
    }
  }
  // The largest set of heads that covers itself, by trying all.
  let best: readonly ClusterHead[] = [];
  for (let mask = 0; mask < 1 << chosen.length; mask++) {
    const set = chosen.filter((_, i) => (mask >> i) % 2 === 1);
    const covered = (from: string, to: string): bigint =>
      (set.find(({ member }) => member === from) ?? log.settled.get(from))?.sent.find(({ chain }) => chain === to)
        ?.count ?? 0n;
    const closed = set.every((head) =>
      head.consumed.every(
        ({ chain, count }) => !current(state).includes(chain) || count <= covered(chain, head.member),
      ),
    );
    if (closed && set.length > best.length) best = set;
  }
  for (const head of best) {
    log.settled.set(head.member, head);
    log.heads.set(
      head.member,
      (log.heads.get(head.member) ?? []).filter(({ height }) => height > head.height),
    );
  }
  for (const member of current(state)) {
    const settled = clusterIn(state.world).members.get(member)?.settled?.digest;
    const expected = log.settled.get(member);
    must(
      (settled === undefined ? '' : hex(settled)) === (expected === undefined ? '' : hex(headRecord.digest(expected))),
      'a head counts exactly if every message it consumed is in its sender’s settled head',
    );
  }
  clusterWitness.settlements++;
  clusterWitness.uncounted += chosen.length - best.length;
}

/** A member is seen to run something. Only the victim runs what nobody approved. */
function reportConfiguration(rules: Rules, state: State, draw: Draw): void {
  const { log, victim } = state;
  const member = draw.of(current(state));
  const approved = clusterIn(state.world).record.members.find(({ chain }) => chain === member)?.configuration;
  if (approved === undefined) return;
  const upgraded = member === victim && draw.once(2);
  const accepted = submit(rules, state, {
    kind: 'configuration',
    report: { cluster: 'fast', member, configuration: upgraded ? bytes32('unapproved') : approved },
  });
  if (upgraded) {
    must(clusterIn(state.world).members.get(member)?.fastPath === false, 'an unapproved change leaves the fast path');
    log.fast.set(member, false);
    clusterWitness.slow++;
  } else if (accepted) {
    if (log.fast.get(member) === false) {
      log.fast.set(member, true);
      for (const chain of current(state)) {
        if (log.fast.get(chain) === true) {
          must((log.words.get(chain) ?? 0) <= limit(state, chain), 'a member that comes back is in step');
        }
      }
    }
  }
}

/** Joint decisions with the victim's keys alone, and the removal of a guilty member by the others. */
function amend(rules: Rules, state: State, draw: Draw): void {
  const { log, victim } = state;
  const cluster = clusterIn(state.world);
  const next: ClusterRecord = { ...cluster.record, version: cluster.record.version + 1n, prev: cluster.digest };
  const without = (chain: string): ClusterRecord => {
    const rest = next.members.filter((member) => member.chain !== chain);
    return { ...next, members: rest, threshold: Math.ceil((2 * rest.length) / 3) };
  };
  const submitAmendment = (amended: ClusterRecord, signers: readonly string[]): boolean =>
    submit(rules, state, {
      kind: 'amendment',
      record: amended,
      approvals: signers.flatMap((chain) => approveBy(clusterProposal(amended), governanceOf(chain).keys)),
      at: start,
    });
  const others = cluster.record.members.map(({ chain }) => chain).filter((chain) => chain !== victim);
  if (log.fault !== undefined && draw.once(2)) {
    must(!submitAmendment(next, others), 'the guilty member leaves first');
    const doubt = closure(log);
    if (!submitAmendment(without(victim), others)) must(false, 'the others can remove the guilty member');
    for (const item of log.sent) {
      if (!doubt.has(item.digest)) continue;
      item.void = true;
      // Heads that built on it are taken back with it.
      if (item.delivered !== undefined) {
        log.heads.set(
          item.to,
          (log.heads.get(item.to) ?? []).filter(
            ({ consumed }) => (consumed.find(({ chain }) => chain === item.from)?.count ?? 0n) <= BigInt(item.nonce),
          ),
        );
      }
      item.delivered = undefined;
    }
    log.fault = undefined;
    log.words.delete(victim);
    log.fast.delete(victim);
    clusterWitness.amended++;
    return;
  }
  if (!current(state).includes(victim) || others.length < 2) return;
  const wanted = draw.of<ClusterRecord>([
    without(draw.of(others)),
    {
      ...next,
      members: next.members.map((member) =>
        member.chain === victim ? { ...member, configuration: bytes32('unapproved') } : member,
      ),
    },
    { ...next, deltaMs: 50_000 },
    { ...next, threshold: 3 },
    {
      ...next,
      members: next.members.map((member) =>
        member.chain === draw.of(others) ? { ...member, governance: governanceOf(victim) } : member,
      ),
    },
  ]);
  must(!submitAmendment(wanted, [victim]), 'one member’s keys decide nothing jointly');
  if (draw.once(3)) {
    // Even with a second member, nobody else's keys are replaced, and Δ stays below every settlement time.
    const accomplice = others[0] as string;
    const prey = others[1] as string;
    const robbed = {
      ...next,
      members: next.members.map((member) =>
        member.chain === prey ? { ...member, governance: governanceOf(victim) } : member,
      ),
    };
    must(!submitAmendment(robbed, [victim, accomplice]), 'a member’s entry changes only with its own approval');
    must(
      !submitAmendment({ ...next, deltaMs: 60_000 }, [...others, victim]),
      'Δ is smaller than every settlement time',
    );
  }
}

/** X keeps moving between two zones outside, whatever the cluster does. */
function outsideGoesOn(rules: Rules, state: State): void {
  const ledger = state.world.assets.get(assetX)?.ledger;
  if (ledger === undefined) throw new Error('no ledger');
  const time = 1_000_000 + state.outsideHeight;
  for (const chain of [owner, outside]) {
    must(zoneStatusWith(rules, state.world, chain, time)?.status === 'active', 'a zone outside stays active');
  }
  const mint = state.outsideHeight % 2 === 0;
  const entry = {
    asset: assetX,
    height: ledger.height,
    prev: ledger.head,
    kind: mint ? ('mint' as const) : ('transfer' as const),
    from: owner,
    to: mint ? owner : outside,
    amount: 5n,
    recipient: mint ? '' : evmAccount('user'),
    sourceEvent: { chain: owner, reference: `o${state.outsideHeight}` },
    time,
  };
  state.outsideHeight++;
  const event = {
    chain: owner,
    reference: entry.sourceEvent.reference,
    kind: entry.kind,
    token: assetX,
    amount: entry.amount,
    to: entry.to,
    recipient: entry.recipient,
  };
  const view = { eventHeight: 1, headHeight: 9, finalisedHeight: undefined };
  must(
    judgeEntryWith(rules, state.world, entry, { kind: 'observed', event, view }) === undefined,
    'zones outside go on',
  );
  const outcome = applyEventWith(rules, state.world, { kind: 'entry', entry });
  must(outcome.ok, 'zones outside go on');
  if (outcome.ok) state.world = outcome.state;
}

/** A halt is reported with its time and its cause. */
function checkStatus(state: State, draw: Draw): void {
  const { log } = state;
  if (log.fault !== undefined) return;
  const words = [...log.words].filter(([chain]) => log.fast.get(chain) === true);
  if (words.length < 2) return;
  const now = start + draw.below(200);
  const since = Math.min(...words.map(([, word]) => word));
  const status = clusterStatus(clusterIn(state.world), now);
  must((status.kind === 'halted') === now > since + delta, 'a halt is reported from T + Δ on');
  if (status.kind === 'halted') {
    must(status.since === since, 'with the time');
    must(
      status.by.every((chain) => log.words.get(chain) === since),
      'and the member that stopped',
    );
  }
}

/** One history. Throws where something does not hold. */
export function clusterFaults(rules: Rules, operations: readonly number[]): void {
  const victim = new Draw(operations[0] ?? 0).of(members);
  const state: State = {
    world: clusterWorld,
    victim,
    outsideHeight: 0,
    log: {
      words: new Map(members.map((chain) => [chain, start])),
      fast: new Map(members.map((chain) => [chain, true])),
      places: new Map(),
      sent: [],
      heads: new Map(),
      settled: new Map(),
      fault: undefined,
    },
  };
  operations.forEach((operation, i) => {
    const draw = new Draw(operation);
    const act = draw.below(40);
    if (act < 11) sendMessage(rules, state, draw);
    else if (act < 19) deliverMessage(rules, state, draw);
    else if (act < 27) heartbeat(rules, state, draw);
    else if (act < 31) certifyHead(rules, state, draw);
    else if (act < 34) settle(rules, state, draw);
    else if (act < 36) reportConfiguration(rules, state, draw);
    else if (act < 38) amend(rules, state, draw);
    else if (i > operations.length / 2) showConflict(rules, state, draw);
    checkStatus(state, draw);
    if (i % 8 === 7) outsideGoesOn(rules, state);
  });
  if (operations.length > 0) outsideGoesOn(rules, state);
}
