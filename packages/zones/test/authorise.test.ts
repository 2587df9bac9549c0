/** Sign requests as validators get them: raw native transactions, parsed by the chain's own format. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import {
  type Eip1559Intent,
  BITCOIN_NETWORKS,
  decodeEvmAddress,
  eip1559Chain,
  p2wpkhAddress,
  p2wpkhChain,
  p2wpkhScript,
} from '@dwallet/chains';
import { psbtChain } from '@dwallet/chains/bitcoin';
import { type Digest, encodeText, encodeUint } from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import {
  type Approval,
  type ClusterEvent,
  type ClusterHead,
  type ClusterRecord,
  type LedgerEntry,
  type NativeEffects,
  type Outcome,
  type World,
  authorise,
  clusterProposal,
  effectsOf,
  eip1559Effects,
  ledgerEntry,
  mintOrderDigest,
  noDigest,
  opaqueEffects,
  orderReference,
  p2wpkhEffects,
  settlementCalldata,
  settlementRecord,
} from '../src/index.ts';
import { judgeEntryWith } from '../src/asset/judge.ts';
import { applyEventWith } from '../src/world.ts';
import {
  approveBy,
  asset,
  assetEvent,
  assetId,
  assetWorld,
  assetX,
  assetY,
  bitcoin,
  build,
  bytes32,
  clusterEvent,
  clusterOfChains,
  dapp,
  defi,
  deployment,
  evmAccount,
  expectOk,
  governanceOf,
  historyRules,
  outside,
  owner,
  policy,
  policyEvent,
  tokenOf,
  vaultEvent,
  walletKey,
  zone,
  zoneEvent,
} from './helpers/build.ts';

const user = evmAccount('user') as `0x${string}`;

const draft = (world: World, id: string, fields: Partial<LedgerEntry>): LedgerEntry => {
  const ledger = world.assets.get(id)?.ledger;
  if (ledger === undefined) throw new Error('no asset');
  const entry: LedgerEntry = {
    asset: id,
    height: ledger.height,
    prev: ledger.head,
    kind: 'transfer',
    from: owner,
    to: defi,
    amount: 10n,
    recipient: user,
    time: 1000,
    ...fields,
    sourceEvent: { chain: fields.from ?? owner, reference: `e${ledger.height}` },
  };
  return entry;
};
const append = (world: World, entry: LedgerEntry): World =>
  expectOk(applyEventWith(historyRules, world, { kind: 'entry', entry }));
const mint = (world: World, id: string, home: string, amount: bigint): World =>
  append(world, draft(world, id, { kind: 'mint', from: home, to: home, amount, recipient: '' }));

const call = (name: string, to: string, amount: bigint): Uint8Array =>
  new Uint8Array([
    ...keccak_256(encodeText(`${name}(address,uint256)`)).slice(0, 4),
    ...new Uint8Array(12),
    ...decodeEvmAddress(to),
    ...encodeUint(amount, 32),
  ]);
const contract = (token: string): `0x${string}` => token.slice(token.indexOf('0x')) as `0x${string}`;

/** What a validator does with the raw bytes: parses them, and reads the effects. */
const parsed = (chainId: number, intent: Eip1559Intent): NativeEffects => {
  const chain = eip1559Chain({ chainId });
  const raw = chain.encodeUnsigned(chain.build(intent));
  const effects = effectsOf(chain.id, 'eip1559', chain.parse(raw), walletKey('vault/X'));
  if (effects === undefined) throw new Error('not readable');
  return effects;
};
const tokenTransaction = (data: Uint8Array, changes: Partial<Eip1559Intent> = {}): Eip1559Intent => ({
  nonce: 4,
  to: contract(tokenOf('X', defi)),
  valueWei: 0n,
  gasLimit: 50n,
  data,
  maxFeePerGasWei: 20n,
  maxPriorityFeePerGasWei: 1n,
  accessList: [],
  ...changes,
});

const clusterFor = (world: World, event: ClusterEvent): Outcome<World> =>
  applyEventWith(historyRules, world, { kind: 'cluster', cluster: 'fast', event });
const jointly = (record: ClusterRecord): readonly Approval[] =>
  [dapp, defi].flatMap((chain) => approveBy(clusterProposal(record), governanceOf(chain).keys));

const ask = (world: World, effects: NativeEffects, entry: LedgerEntry, key = 'vault/X'): Outcome<World> =>
  authorise(world, {
    publicKey: walletKey(key),
    zone: effects.chain,
    effects,
    entry: ledgerEntry.digest(entry),
    time: 2000,
  });

describe('a vault on an EVM chain', () => {
  const minted = mint(assetWorld, assetX, owner, 100n);
  const entry = draft(minted, assetX, {});
  const world = append(minted, entry);
  const good = tokenTransaction(call('mint', user, 10n));

  it('signs the one transaction that the entry describes', () => {
    expectOk(ask(world, parsed(1003, good), entry));
  });

  it('signs nothing else', () => {
    const no = (intent: Eip1559Intent, reason: RegExp, chainId = 1003): void => {
      const outcome = ask(world, parsed(chainId, intent), entry);
      expect(outcome.ok ? 'signed' : outcome.reason).toMatch(reason);
    };
    no(tokenTransaction(call('mint', user, 11n)), /11 leave the vault/);
    no(tokenTransaction(call('mint', evmAccount('thief'), 10n)), /pays/);
    no(tokenTransaction(call('transfer', user, 10n)), /is a transfer, must be a mint/);
    no(tokenTransaction(call('approve', user, 10n)), /cannot interpret/);
    no(tokenTransaction(new Uint8Array([...call('mint', user, 10n), 0])), /cannot interpret/);
    no(tokenTransaction(call('mint', user, 10n).map((byte, i) => (i === 8 ? 1 : byte))), /cannot interpret/);
    no({ ...good, to: contract(tokenOf('Y', defi)) }, /moves/);
    no({ ...good, valueWei: 1n }, /moves value 2 times/);
    no({ ...good, to: null }, /cannot interpret/);
    no({ ...good, maxFeePerGasWei: 21n }, /fee of 1050 exceeds/);
    no(good, /the entry pays on/, 1001);
    const elsewhere = authorise(world, {
      publicKey: walletKey('vault/X'),
      zone: owner,
      effects: parsed(1003, good),
      entry: ledgerEntry.digest(entry),
      time: 1,
    });
    expect(elsewhere).toMatchObject({ ok: false, rule: 'ZONE:2' });
    expect(ask(world, parsed(1003, good), draft(world, assetX, {}))).toMatchObject({ ok: false, rule: 'ASSET:9' });
    expect(ask(world, parsed(1003, good), entry, 'vault/Y')).toMatchObject({ ok: false, rule: 'ASSET:9' });
    expect(
      authorise(world, { publicKey: walletKey('vault/X'), zone: undefined, effects: undefined, time: 1 }),
    ).toMatchObject({ ok: false, rule: 'ZONE:1' });
  });

  it('replaces a transaction with the same nonce, and releases an entry once', () => {
    const once = expectOk(ask(world, parsed(1003, good), entry));
    expectOk(ask(once, parsed(1003, { ...good, maxFeePerGasWei: 10n }), entry));
    expect(ask(once, parsed(1003, { ...good, nonce: 5 }), entry)).toMatchObject({ ok: false, rule: 'ASSET:10' });
    const second = draft(once, assetX, {});
    const later = append(once, second);
    expect(ask(later, parsed(1003, good), second)).toMatchObject({ ok: false, rule: 'ASSET:10' });
    expectOk(ask(later, parsed(1003, { ...good, nonce: 5 }), second));
  });

  it('a direct transfer between two other chains is refused with the two legs', () => {
    const direct = draft(world, assetX, { from: defi, to: dapp });
    expect(applyEventWith(historyRules, world, { kind: 'entry', entry: direct })).toMatchObject({
      ok: false,
      rule: 'ASSET:3',
      legs: [
        { from: defi, to: owner },
        { from: owner, to: dapp },
      ],
    });
  });
});

describe('a vault on Bitcoin', () => {
  const vaultKey = walletKey('vault/B');
  const coin = `${bitcoin}/slip44:1`;
  const vault = p2wpkhAddress(vaultKey, 'regtest');
  const payee = p2wpkhAddress(walletKey('payee'), 'regtest');
  const record = {
    ...asset('B', bitcoin, [bitcoin, owner]),
    asset: coin,
    deployments: [
      { chain: bitcoin, token: coin, vault, vaultKey, release: 'transfer' as const, maxFee: 1000n },
      deployment(coin, owner, 'B'),
    ].sort((a, b) => (a.chain < b.chain ? -1 : 1)),
  };
  const based = build([
    zoneEvent(zone(bitcoin)),
    zoneEvent(zone(owner)),
    policyEvent(policy('vault/B', { purpose: 'vault', subject: coin }), 'vault/B'),
    assetEvent(record),
  ]);
  const minted = mint(based, coin, bitcoin, 100_000n);
  const out = append(minted, draft(minted, coin, { from: bitcoin, to: owner, amount: 50_000n }));
  const back = draft(out, coin, { from: owner, to: bitcoin, amount: 20_000n, recipient: payee });
  const world = append(out, back);
  const utxo = (n: number, amountSats: bigint, script = p2wpkhScript(vaultKey)) => ({
    txid: n.toString(16).padStart(64, '0'),
    vout: 0,
    amountSats,
    scriptPubKey: script,
  });
  const chain = p2wpkhChain('regtest');
  const effects = (
    inputs: readonly ReturnType<typeof utxo>[],
    pays: bigint,
    change: bigint,
  ): NativeEffects | undefined => {
    const intent = chain.build({
      version: 2,
      lockTime: 0,
      inputs: inputs.map((input) => ({ ...input, sequence: 0xffff_fffe })),
      outputs: [
        { address: payee, amountSats: pays },
        { address: vault, amountSats: change },
      ],
    }).intent;
    return effectsOf(
      BITCOIN_NETWORKS.regtest.id,
      'p2wpkh',
      chain.parse(chain.encodeUnsigned(chain.build(intent))),
      vaultKey,
    );
  };
  const must = (value: NativeEffects | undefined): NativeEffects => {
    if (value === undefined) throw new Error('not readable');
    return value;
  };

  it('the recipient bears the fee: what leaves the vault is the entry’s amount', () => {
    expectOk(ask(world, must(effects([utxo(1, 30_000n)], 19_500n, 10_000n)), back, 'vault/B'));
    expect(ask(world, must(effects([utxo(1, 30_000n)], 20_000n, 9_500n)), back, 'vault/B')).toMatchObject({
      rule: 'ASSET:9',
    });
    expect(ask(world, must(effects([utxo(1, 30_000n)], 18_000n, 10_000n)), back, 'vault/B')).toMatchObject({
      rule: 'ASSET:9',
    });
  });

  it('amounts that were claimed once stay: no two requests join into a higher fee', () => {
    const coins = [utxo(1, 10_000n), utxo(2, 10_000n), utxo(3, 10_000n)];
    const once = expectOk(ask(world, must(effects(coins, 19_500n, 10_000n)), back, 'vault/B'));
    const lie = [utxo(1, 10_000n), utxo(2, 5_000n), utxo(3, 15_000n)];
    expect(ask(once, must(effects(lie, 19_500n, 10_000n)), back, 'vault/B')).toMatchObject({
      ok: false,
      rule: 'ASSET:10',
    });
    expect(ask(once, must(effects([utxo(4, 30_000n)], 19_500n, 10_000n)), back, 'vault/B')).toMatchObject({
      ok: false,
      rule: 'ASSET:10',
    });
  });

  it('more coins than fit in a release, or one coin twice, are refused by rule', () => {
    const paid = must(effects([utxo(1, 30_000n)], 19_500n, 10_000n));
    const coins = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `outpoint:${i}:0`, claim: '1' }));
    expectOk(ask(world, { ...paid, slots: coins(512) }, back, 'vault/B'));
    expect(ask(world, { ...paid, slots: coins(513) }, back, 'vault/B')).toMatchObject({
      rule: 'ASSET:10',
      reason: expect.stringMatching(/uses 513 coins, at most 512/) as unknown,
    });
    expect(ask(world, { ...paid, slots: [...paid.slots, ...paid.slots] }, back, 'vault/B')).toMatchObject({
      rule: 'ASSET:10',
      reason: expect.stringMatching(/a coin twice/) as unknown,
    });
  });

  it('coins of others do not go in: their change would be anybody’s', () => {
    expect(
      effects([utxo(1, 20_000n), utxo(2, 10_000n, p2wpkhScript(walletKey('thief')))], 19_500n, 10_000n),
    ).toBeUndefined();
  });

  it('knows only its own chains', () => {
    const intent = chain.parse(
      chain.encodeUnsigned(
        chain.build({
          version: 2,
          lockTime: 0,
          inputs: [{ ...utxo(1, 30_000n), sequence: 1 }],
          outputs: [{ address: payee, amountSats: 20_000n }],
        }),
      ),
    );
    expect(p2wpkhEffects('eip155:1', intent, vaultKey)).toBeUndefined();
    // The same spend as a PSBT, which is how wallets ask for it.
    const psbt = psbtChain('regtest').parse(chain.encodeUnsigned({ intent }));
    expect(effectsOf(chain.id, 'psbt', psbt, vaultKey)).toEqual(effectsOf(chain.id, 'p2wpkh', intent, vaultKey));
    expect(effectsOf(chain.id, 'psbt', psbt, vaultKey)?.movements).toHaveLength(1);
    expect(effectsOf(chain.id, 'psbt', psbt, walletKey('alice'))).toBeUndefined();
    expect(effectsOf('eip155:1', 'eip712', {}, vaultKey)).toBeUndefined();
    expect(eip1559Effects('eip155:5', tokenTransaction(new Uint8Array(0), { valueWei: 3n })).movements).toEqual([
      { kind: 'transfer', asset: 'eip155:5/slip44:60', to: contract(tokenOf('X', defi)), amount: 3n },
    ]);
  });
});

describe('what is no payment', () => {
  const world = build(
    [policyEvent(policy('alice'), 'alice'), policyEvent(policy('open', { calls: true }), 'open')],
    assetWorld,
  );
  const sign = (name: string, effects: NativeEffects | undefined): Outcome<World> =>
    authorise(world, { publicKey: walletKey(name), zone: owner, effects, time: 1 });
  const message = effectsOf(owner, 'eip191', {}, walletKey('alice'));
  const typed = opaqueEffects(owner, Uint8Array.of(1, 2, 3));

  it('ordinary dWallets sign messages, and typed data after an opt-in', () => {
    expectOk(sign('alice', message));
    expectOk(sign('open', typed));
    expect(sign('alice', typed)).toMatchObject({ ok: false, rule: 'ZONE:1' });
    expect(sign('alice', undefined)).toMatchObject({ ok: false, rule: 'ZONE:1' });
  });

  it('a vault signs neither, whatever entry is named', () => {
    const minted = mint(assetWorld, assetX, owner, 100n);
    const entry = draft(minted, assetX, {});
    const booked = append(minted, entry);
    for (const effects of [message, typed]) {
      if (effects === undefined) throw new Error('not readable');
      expect(ask(booked, { ...effects, chain: defi }, entry)).toMatchObject({ ok: false, rule: 'ASSET:9' });
    }
  });
});

describe('minting by order of the OwnerChain', () => {
  const id = assetId('V', owner);
  const world = build([
    ...[owner, defi].map((chain) => zoneEvent(zone(chain))),
    vaultEvent('V', owner),
    assetEvent(asset('V', owner, [owner, defi], { issuance: 'vault' })),
  ]);
  const order = { asset: id, amount: 7n, recipient: user };
  const proposal = { subject: 'mint' as const, id, version: 0n, prev: noDigest, body: mintOrderDigest(order) };
  const approvals = approveBy(proposal, governanceOf(owner).keys);
  const base = draft(world, id, { kind: 'mint', from: owner, to: owner, amount: 7n });
  const entry = { ...base, sourceEvent: { chain: owner, reference: orderReference(proposal) } };

  it('the vault mints what the keys of the OwnerChain ordered', () => {
    expect(judgeEntryWith(historyRules, world, entry, { kind: 'ordered', order, proposal, approvals })).toBeUndefined();
    const next = append(world, entry);
    const effects = eip1559Effects(owner, tokenTransaction(call('mint', user, 7n), { to: contract(id) }));
    expectOk(ask(next, effects, entry, 'vault/V'));
  });

  it('and nothing that others ordered, or that an event claims', () => {
    const judge = (source: Parameters<typeof judgeEntryWith>[3], of = entry) =>
      judgeEntryWith(historyRules, world, of, source);
    expect(
      judge({ kind: 'ordered', order, proposal, approvals: approveBy(proposal, governanceOf(defi).keys) }),
    ).toMatchObject({ rule: 'GOVERNANCE:1' });
    expect(
      judge({ kind: 'ordered', order: { ...order, amount: 8n }, proposal, approvals }, { ...entry, amount: 8n }),
    ).toMatchObject({ rule: 'ASSET:11' });
    expect(judge({ kind: 'ordered', order, proposal: { ...proposal, id: assetY }, approvals })).toMatchObject({
      rule: 'ASSET:11',
    });
    const event = {
      chain: owner,
      reference: entry.sourceEvent.reference,
      kind: 'mint' as const,
      token: id,
      amount: 7n,
      to: owner,
      recipient: user,
    };
    const view = { eventHeight: 1, headHeight: 9, finalisedHeight: undefined };
    expect(judge({ kind: 'observed', event, view })).toMatchObject({ rule: 'ASSET:11' });
  });
});

describe('signatures and clusters', () => {
  const record = clusterOfChains('fast', [dapp, defi]);
  const started = build(
    [
      policyEvent(policy('cluster/fast', { purpose: 'cluster', subject: 'fast' }), 'cluster/fast'),
      policyEvent(policy('alice'), 'alice'),
      clusterEvent(record, 1000),
    ],
    assetWorld,
  );
  const minted = mint(started, assetX, owner, 100n);
  const there = append(minted, draft(minted, assetX, { amount: 60n }));
  const early = draft(there, assetX, { from: defi, to: owner, time: 1015 });
  const before = append(there, early);
  const late = draft(before, assetX, { from: defi, to: owner, time: 1030 });
  const booked = append(before, late);
  const head = (state: string): ClusterHead => ({
    cluster: 'fast',
    member: dapp,
    height: 0n,
    time: 1000,
    state: bytes32(state),
    version: 0n,
    prev: noDigest,
    consumed: [],
    sent: [],
  });
  const faulty = expectOk(
    applyEventWith(historyRules, booked, {
      kind: 'cluster',
      cluster: 'fast',
      event: { kind: 'conflict', heads: [head('one'), head('two')] },
    }),
  );
  const pay = (entry: LedgerEntry, nonce: number): NativeEffects =>
    eip1559Effects(owner, tokenTransaction(call('transfer', user, entry.amount), { to: contract(assetX), nonce }));
  const plain = (chain: string): NativeEffects =>
    eip1559Effects(chain, tokenTransaction(new Uint8Array(0), { to: user, valueWei: 1n }));
  const alice = (world: World, chain: string, time: number): Outcome<World> =>
    authorise(world, { publicKey: walletKey('alice'), zone: chain, effects: plain(chain), time });

  it('after a fault at T, what depends on a member’s state up to T + Δ stands, later is refused', () => {
    expectOk(ask(booked, pay(late, 2), late));
    expectOk(ask(faulty, pay(early, 1), early));
    expect(ask(faulty, pay(late, 2), late)).toMatchObject({ ok: false, rule: 'CLUSTER:5' });
    expect(alice(faulty, defi, 1030)).toMatchObject({ ok: false, rule: 'CLUSTER:5' });
    expect(alice(faulty, dapp, 900)).toMatchObject({
      ok: false,
      rule: 'ZONE:2',
      reason: expect.stringContaining('quarantined'),
    });
    expectOk(alice(faulty, outside, 1_000_000));
  });

  it('members of a halted cluster are halted, and zones outside are not', () => {
    expectOk(alice(booked, defi, 1020));
    const outcome = alice(booked, defi, 1021);
    expect(outcome.ok ? '' : outcome.reason).toContain(`halted(since 1000, by ${dapp}, ${defi})`);
    expectOk(alice(booked, outside, 9_999_999));
  });

  it('the cluster’s dWallet posts the last certified settlement, and nothing else', () => {
    const cluster = booked.clusters.get('fast');
    if (cluster === undefined) throw new Error('no cluster');
    const first = { ...head('one') };
    const withHead = expectOk(
      applyEventWith(historyRules, booked, { kind: 'cluster', cluster: 'fast', event: { kind: 'head', head: first } }),
    );
    const digest = withHead.clusters.get('fast')?.members.get(dapp)?.heads[0]?.digest as Digest;
    const settlement = {
      cluster: 'fast',
      interval: 0n,
      time: 1001,
      prev: noDigest,
      heads: [{ member: dapp, head: digest }],
      roots: [],
    };
    const settled = expectOk(
      applyEventWith(historyRules, withHead, {
        kind: 'cluster',
        cluster: 'fast',
        event: { kind: 'settlement', settlement },
      }),
    );
    const posting = tokenTransaction(settlementCalldata(settlementRecord.digest(settlement)), {
      to: evmAccount('settlement') as `0x${string}`,
    });
    const post = (world: World, effects: NativeEffects, of = settlement): Outcome<World> =>
      authorise(world, {
        publicKey: walletKey('cluster/fast'),
        zone: effects.chain,
        effects,
        settlement: of,
        time: 1001,
      });
    expectOk(post(settled, eip1559Effects(owner, posting)));
    expect(post(withHead, eip1559Effects(owner, posting))).toMatchObject({ ok: false, rule: 'CLUSTER:6' });
    for (const wrong of [
      eip1559Effects(outside, posting),
      eip1559Effects(owner, { ...posting, valueWei: 1n }),
      eip1559Effects(owner, { ...posting, to: user }),
      eip1559Effects(owner, { ...posting, data: settlementCalldata(bytes32('other')) }),
      eip1559Effects(owner, { ...posting, gasLimit: 5000n }),
    ]) {
      expect(post(settled, wrong)).toMatchObject({ ok: false, rule: 'CLUSTER:6' });
    }
    expect(post(settled, eip1559Effects(owner, posting), { ...settlement, time: 1002 })).toMatchObject({
      ok: false,
      rule: 'CLUSTER:6',
    });
  });

  it('a member leaves only when what others consumed of it is settled', () => {
    let world = booked;
    const step = (event: ClusterEvent): void => {
      world = expectOk(clusterFor(world, event));
    };
    step({
      kind: 'message',
      message: { cluster: 'fast', from: dapp, to: defi, nonce: 0n, sentAt: 1005, payload: new Uint8Array(1) },
    });
    step({ kind: 'delivery', delivery: { cluster: 'fast', from: dapp, to: defi, nonce: 0n, at: 1006 } });
    const cluster = world.clusters.get('fast');
    if (cluster === undefined) throw new Error('no cluster');
    const rest = {
      ...cluster.record,
      members: cluster.record.members.filter(({ chain }) => chain === defi),
      threshold: 1,
      version: 1n,
      prev: cluster.digest,
    };
    expect(clusterFor(world, { kind: 'amendment', record: rest, approvals: jointly(rest), at: 0 })).toMatchObject({
      ok: false,
      rule: 'CLUSTER:7',
    });
  });
});
