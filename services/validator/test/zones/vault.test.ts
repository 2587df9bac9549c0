import { eip1559Chain } from '@dwallet/chains';
import type { DWallet } from '@dwallet/client-sdk';
import { ethereumTransaction } from '@dwallet/client-sdk/ethereum';
import {
  type WorldEvent,
  assetProposal,
  encodeAuthority,
  encodeSubmission,
  encodeWorldEvent,
  ledgerEntry,
  mintOrderDigest,
} from '@dwallet/zones';
import { afterEach, describe, expect, it } from 'vitest';
import { LedgerSource } from '../../src/zones/ledger-source.ts';
import { decodeProposalAnswer, encodeBatch, encodeSlotMessage } from '../../src/zones/log/slots.ts';
import { MemoryRecordStore } from '../../src/store/record-store.ts';
import { isReleased } from '../../src/zones/releases.ts';
import { type Snapshot, ToyNetwork, type ToyStore, fixture } from '../helpers/toy-network.ts';
import {
  ZoneNetwork,
  account,
  approveAs,
  approvedBy,
  asked,
  assetEvent,
  assetOfX,
  assetX,
  chains,
  defi,
  entryOf,
  forkedStatus,
  fresh,
  owner,
  payment,
  policyEvent,
  policyFor,
  requestOf,
  zone,
  zoneEvent,
} from './zone-network.ts';

let open: ZoneNetwork | undefined;
afterEach(() => open?.close());

async function vaultOf(net: ZoneNetwork): Promise<DWallet> {
  const client = await net.network.client();
  return client.wallets[0] as DWallet;
}

/** All validators are asked at once, as a leader does. */
const everybody = (net: ZoneNetwork, ...args: [Uint8Array | 'digest', Uint8Array, string?]): Promise<string[]> =>
  Promise.all([1, 2, 3, 4].map((i) => asked(net, i, ...args)));

describe('a vault', () => {
  it('signs exactly what a certified entry says', async () => {
    const net = (open = await ZoneNetwork.ready());
    const vault = await vaultOf(net);
    net.mint(100n, 'm:1');
    net.transfer(owner, defi, 30n, 't:1');
    net.transfer(owner, defi, 20n, 't:2');
    await net.until((i) => net.height(i) === 3);
    const one = (raw: Uint8Array | 'digest', authority: Uint8Array, chain?: string): Promise<string> =>
      asked(net, 1, raw, authority, chain);
    expect({
      digest: await one('digest', entryOf(1n)),
      unnamed: await one(payment(), new Uint8Array(0)),
      garbled: await one(payment(), new Uint8Array([1, 2, 3])),
      otherZone: await one(payment(), entryOf(1n, owner)),
      noEntry: await one(payment(), entryOf(7n)),
      otherEntry: await one(payment(), entryOf(2n)),
      mintEntry: await one(payment(), entryOf(0n)),
      plainZone: await one(payment(), encodeAuthority({ kind: 'zone', zone: defi })),
      more: await one(payment({ amount: 31n }), entryOf(1n)),
      less: await one(payment({ amount: 29n }), entryOf(1n)),
      elsewhere: await one(payment({ to: account('eve') }), entryOf(1n)),
      dear: await one(payment({ fee: 10n ** 15n }), entryOf(1n)),
      otherChain: await one(payment({ chainId: 1002 }), entryOf(1n, 'eip155:1002'), 'eip155:1002'),
    }).toEqual({
      digest: 'ZONE:1',
      unnamed: 'ZONE:2',
      garbled: 'ZONE:2',
      otherZone: 'ZONE:2',
      noEntry: 'ASSET:9',
      otherEntry: 'ASSET:9',
      mintEntry: 'ASSET:9',
      plainZone: 'ASSET:9',
      more: 'ASSET:9',
      less: 'ASSET:9',
      elsewhere: 'ASSET:9',
      dear: 'ASSET:9',
      otherChain: 'ASSET:9',
    });
    // Nobody gives a share before the validators agreed on the nonce, or agrees to one that no owner asked it for.
    expect(() => net.zones(1).policy.authorise(requestOf(net, 1, payment(), entryOf(1n)))).toThrow(/not agreed yet/);
    const { log, state } = net.zones(2);
    const [paid, other] = [1, 2].map((height) => ledgerEntry.digest(state.entries(assetX)[height] as never));
    const release = {
      publicKey: net.vaultKey,
      chain: defi,
      entry: paid as NonNullable<typeof paid>,
      slots: [{ id: 'nonce:4', claim: '' }],
    };
    const leader = log.agreement.owner(log.height, 1n);
    const batch = encodeBatch([encodeWorldEvent({ kind: 'release', release })]);
    const body = encodeSlotMessage({ slot: log.height, ballot: 1n, batch, certificate: new Uint8Array(0) });
    expect(decodeProposalAnswer(await net.network.ask(leader, 2, 'zones/propose', body))).toMatchObject({
      kind: 'refused',
      rule: 'ASSET:10',
    });
    // For real, over the whole network: the validators agree on the nonce, then sign.
    await expect(
      vault.sign(ethereumTransaction(1003, payment()), { authority: entryOf(1n), approve: () => true }),
    ).resolves.toBeDefined();
    expect(await everybody(net, payment({ fee: 25n }), entryOf(1n))).toEqual(Array(4).fill('allowed'));
    const { world } = state;
    expect(isReleased(world, release)).toBe(true);
    expect(isReleased(world, { ...release, entry: other as NonNullable<typeof other> })).toBe(false);
    expect(isReleased(world, { ...release, slots: [{ id: 'nonce:4', claim: '1' }] })).toBe(false);
    expect(isReleased(world, { ...release, slots: [...release.slots, { id: 'nonce:5', claim: '' }] })).toBe(false);
    expect(await everybody(net, payment({ nonce: 5 }), entryOf(1n))).toEqual(Array(4).fill('ASSET:10'));
    expect(await everybody(net, payment({ amount: 20n }), entryOf(2n))).toEqual(Array(4).fill('ASSET:10'));
    // A validator that lost its store learns the release with the rest of the log.
    net.network.restartAll();
    expect(await everybody(net, payment({ nonce: 5 }), entryOf(1n))).toEqual(Array(4).fill('ASSET:10'));
    // Nobody releases what no owner asked a quorum for.
    expect(net.zones(1).state.world.releases.size).toBe(1);
    // The chain it pays on is frozen by its governance: nothing is signed there; the other chains are open.
    const zoneState = net.zones(1).state.world.zones.get(defi);
    await net.submit(zoneEvent(zone(defi, { status: 'frozen', version: 1n, prev: zoneState?.digest as never })));
    await net.until((i) => net.zones(i).state.world.zones.get(defi)?.record.status === 'frozen');
    expect(await everybody(net, payment({ fee: 25n }), entryOf(1n))).toEqual(Array(4).fill('ZONE:2'));
  });

  it('signs nothing more once a contradiction was shown about it, its asset, its chain or the whole log', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.mint(100n, 'm:1');
    net.transfer(owner, defi, 30n, 't:1');
    await net.until((i) => net.height(i) === 2);
    expect(await everybody(net, payment(), entryOf(1n))).toEqual(Array(4).fill('allowed'));
    const dwallet = Buffer.from(net.vaultKey).toString('hex');
    net.zones(1).state.close({ kind: 'dwallet', id: dwallet }, 'a');
    net.zones(2).state.close({ kind: 'asset', id: assetX }, 'b');
    net.zones(3).state.close({ kind: 'zone', id: defi }, 'c');
    net.zones(4).state.close(undefined, 'd');
    expect(await everybody(net, payment(), entryOf(1n))).toEqual(Array(4).fill('ZONE:2'));
  });

  it('is a new dWallet: one that has signed before becomes none', async () => {
    // Signed while the validators knew nothing of zones; a transaction of then may still be posted.
    const before = new ToyNetwork({ from: fixture() });
    const [wallet] = (await before.client()).wallets;
    await (wallet as DWallet).sign(ethereumTransaction(1003, payment()), { approve: () => true });
    const snapshot: Snapshot = {
      ...fixture(),
      common: {},
      own: before.stores.map((store) => (store as ToyStore).dump()),
    };
    before.close();
    const net = (open = new ZoneNetwork({ from: snapshot }));
    const policy = policyFor(net.vaultKey, { purpose: 'vault', subject: assetX });
    await expect(net.submit(policyEvent(policy))).rejects.toMatchObject({
      check: 'ZONE:1',
      message: expect.stringMatching(/may have signed anything/) as unknown,
    });
    const cluster = policyFor(net.vaultKey, { purpose: 'cluster', subject: 'fast' });
    await expect(net.submit(policyEvent(cluster))).rejects.toMatchObject({ check: 'ZONE:1' });
    await expect(net.submit(policyEvent(policyFor(net.vaultKey)))).resolves.toBeUndefined();
    // Nobody takes a chain that the operators did not set up.
    await expect(net.submit(zoneEvent(zone('eip155:9')))).rejects.toMatchObject({ check: 'GOVERNANCE:1' });
  });

  it('mints by order where it makes the units; bad approvals of an order do not touch a good one that waits', async () => {
    const net = (open = new ZoneNetwork());
    for (const chain of chains) await net.submit(zoneEvent(zone(chain)));
    await net.submit(policyEvent(policyFor(net.vaultKey, { purpose: 'vault', subject: assetX })));
    const record = assetOfX(net.vaultKey, { issuance: 'vault' });
    await net.submit(assetEvent(record));
    const order = { asset: assetX, amount: 5n, recipient: account('ann') };
    const proposal = {
      ...assetProposal(record),
      subject: 'mint' as const,
      version: 1n,
      body: mintOrderDigest(order),
    };
    const bad = { order, proposal, approvals: approveAs(proposal, defi) };
    await expect(net.zones(1).submit(encodeSubmission({ kind: 'mint', ...bad }))).rejects.toMatchObject({
      check: 'GOVERNANCE:1',
    });
    const { world } = net.zones(1).state;
    const source = new LedgerSource({
      watchers: new Map(),
      maxSkewMs: 1000,
      watchFrom: () => 0,
      store: new MemoryRecordStore(),
    });
    source.order({ ...bad, approvals: approveAs(proposal, owner) });
    expect(source.judgeOrder(world, bad, Date.now())).toMatchObject({ rule: 'GOVERNANCE:1' });
    const [draft] = source.drafts(world, Date.now());
    const made = draft?.make(world, Date.now());
    expect(source.judge(world, made as WorldEvent, Date.now())).toBeUndefined();
    await net.order(order, proposal);
    await net.until((i) => net.height(i) === 1);
    await net.order(order, proposal, 2);
    expect(net.height(2)).toBe(1);
  });

  it('mints by order of the OwnerChain only where the vault makes the units', async () => {
    const net = (open = await ZoneNetwork.ready());
    const order = { asset: assetX, amount: 5n, recipient: account('ann') };
    const proposal = {
      ...assetProposal(net.assetX()),
      subject: 'mint' as const,
      version: 1n,
      body: mintOrderDigest(order),
    };
    await expect(net.order(order, proposal)).rejects.toMatchObject({ check: 'ASSET:11' });
    expect(net.height(1)).toBe(0);
  });
});

describe('a dWallet under zones', () => {
  const transfer = (amount: bigint, nonce: number): Uint8Array => {
    const chain = eip1559Chain({ chainId: 1003 });
    const fees = { gasLimit: 21_000n, maxFeePerGasWei: 0n, maxPriorityFeePerGasWei: 0n };
    const to = account('bob') as `0x${string}`;
    return chain.encodeUnsigned(
      chain.build({ nonce, to, valueWei: amount, data: new Uint8Array(0), accessList: [], ...fees }),
    );
  };
  const named = encodeAuthority({ kind: 'zone', zone: defi });

  it('signs nothing without a policy, and within its limits with one, over a restart', async () => {
    const net = (open = new ZoneNetwork());
    await net.submit(zoneEvent(zone(defi)));
    expect(await asked(net, 1, transfer(1n, 0), named)).toBe('ZONE:1');
    // The first policy comes from the owner's account, not from whoever names keys of his own.
    const { governance } = zone(defi);
    const eves = policyFor(net.vaultKey, { owner: governance });
    await expect(net.submit(approvedBy(eves, defi))).rejects.toMatchObject({ check: 'GOVERNANCE:1' });
    const limits = [{ asset: `${defi}/slip44:60`, windowMs: 60_000, ceiling: 100n }];
    await net.submit(policyEvent(policyFor(net.vaultKey, { limits })));
    await net.until((i) => net.zones(i).state.world.dwallets.size === 1);
    expect(await asked(net, 1, 'digest', new Uint8Array(0))).toBe('ZONE:1');
    expect(await asked(net, 1, transfer(60n, 0), named)).toBe('allowed');
    // The same again counts once, whichever of its signatures it is for; another one exceeds the ceiling, also after a restart.
    const again = { ...requestOf(net, 1, transfer(60n, 0), named), binding: fresh('another input') as never };
    net.network.store(1).transaction(() => net.zones(1).policy.authorise(again));
    expect(await asked(net, 1, transfer(60n, 0), named)).toBe('allowed');
    expect(await asked(net, 1, transfer(50n, 1), named)).toBe('ZONE:5');
    net.network.restart(1);
    expect(await asked(net, 1, transfer(50n, 1), named)).toBe('ZONE:5');
    expect(await asked(net, 1, transfer(40n, 1), named)).toBe('allowed');
    // What was undone with its transaction was not counted: validator 2 counts for itself.
    const store = net.network.store(2);
    expect(() => store.transaction(() => undoneBy(net, transfer(100n, 2), named))).toThrow('undone');
    expect(await asked(net, 2, transfer(100n, 3), named)).toBe('allowed');
    // A ceiling of the zone, set later, counts what was moved before it.
    const prev = (digest: unknown) => ({ version: 1n, prev: digest as never });
    const known = net.zones(1).state.world;
    const wider = [{ asset: `${defi}/slip44:60`, windowMs: 60_000, ceiling: 1000n }];
    const key = Buffer.from(net.vaultKey).toString('hex');
    await net.submit(policyEvent(policyFor(net.vaultKey, { limits: wider, ...prev(known.dwallets.get(key)?.digest) })));
    expect(await asked(net, 1, transfer(1n, 9), named)).toBe('allowed');
    await net.submit(zoneEvent(zone(defi, { limits, ...prev(known.zones.get(defi)?.digest) })));
    await net.until((i) => net.zones(i).state.world.zones.get(defi)?.record.version === 1n);
    expect(await asked(net, 1, transfer(1n, 10), named)).toBe('ZONE:5');
    // A chain whose blocks were taken back: this validator signs nothing on it.
    net.watcher(3, defi).current = forkedStatus(defi);
    expect(await asked(net, 3, transfer(1n, 0), named)).toBe('ZONE:2');
    expect(await asked(net, 4, transfer(1n, 0), named)).toBe('allowed');
  });
});

function undoneBy(net: ZoneNetwork, raw: Uint8Array, authority: Uint8Array): never {
  net.zones(2).policy.authorise(requestOf(net, 2, raw, authority));
  throw new Error('undone');
}
