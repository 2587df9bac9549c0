import { Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import { AssetService, ClusterService, ZoneService, decodeRichStatus, statusHeader } from '@dwallet/proto';
import { eip1559Chain } from '@dwallet/chains';
import type { DWallet } from '@dwallet/client-sdk';
import { ethereumTransaction } from '@dwallet/client-sdk/ethereum';
import { type ValidatorId, encodeText } from '@dwallet/sigma';
import { decodeCertificate, verifyCertificate } from '@dwallet/two-pc-mpc/network';
import {
  type ClusterEvent,
  type ClusterHead,
  type ClusterMessage,
  type ClusterRecord,
  type ClusterState,
  type SettlementRecord,
  type WorldEvent,
  clusterProposal,
  encodeAuthority,
  encodeSubmission,
  encodeWorldEvent,
  messageFact,
  noDigest,
  settlementCalldata,
  settlementFact,
  settlementRecord,
} from '@dwallet/zones';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { afterEach, describe, expect, it } from 'vitest';
import { silentApiObserver } from '../../src/api/api-observer.ts';
import { defaultApiLimits } from '../../src/api/limits.ts';
import { ClusterSource } from '../../src/zones/cluster-source.ts';
import { ZoneApi, type ZonesOptions, requireNodes } from '../../src/zones/index.ts';
import { configurationProblem } from '../../src/zones/messages.ts';
import { decodeProposalAnswer, encodeBatch, encodeSlotMessage } from '../../src/zones/log/slots.ts';
import { nameHash } from '../../src/zones/watchers/index.ts';
import {
  ZoneNetwork,
  account,
  approveAs,
  asked,
  bytes32,
  chains,
  clusterEvent,
  dapp,
  defi,
  forkOf,
  governanceOf,
  owner,
  policyEvent,
  policyFor,
  zone,
  zoneEvent,
} from './zone-network.ts';

let open: ZoneNetwork | undefined;
const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
  open?.close();
});

const members = [dapp, defi];
const name = 'fast';
const payload = new Uint8Array([1, 2, 3]);
const none = new Uint8Array(0);

async function cluster(zones: Partial<ZonesOptions> = {}, deltaMs = 2000): Promise<ZoneNetwork> {
  const timing = { turnMs: 40, phaseMs: 1000, waitMs: 6000, lookMs: 150, settleMs: 600 };
  const net = (open = new ZoneNetwork({ zones: { timing, ...zones } }));
  for (const chain of chains) await net.submit(zoneEvent(zone(chain)));
  await net.submit(policyEvent(policyFor(net.vaultKey, { purpose: 'cluster', subject: name })));
  const record = {
    cluster: name,
    members: members.map(member),
    deltaMs,
    threshold: 2,
    parent: owner,
    settlementContract: account('settlement'),
    settlementKey: net.vaultKey,
    maxFee: 10n ** 18n,
    version: 0n,
    prev: noDigest,
  };
  await net.submit(clusterEvent(record, Date.now()));
  await net.until((i) => stateOf(net, i) !== undefined);
  return net;
}
const member = (chain: string) => ({
  chain,
  governance: governanceOf(chain),
  configuration: bytes32(`code/${chain}`),
  settlementMs: 60_000,
});
/** What the nodes of validators show a chain to run. */
function runs(net: ZoneNetwork, chain: string, code: string, of: readonly number[] = [1, 2, 3, 4]): void {
  for (const i of of) net.watcher(i, chain).runs = bytes32(code);
  net.chain(chain).tell();
}
const stateOf = (net: ZoneNetwork, i = 1) => net.zones(i).state.world.clusters.get(name);
/** All members make blocks until the test stops them. */
function tick(net: ZoneNetwork, of: readonly string[] = members): () => void {
  const timer = setInterval(() => {
    for (const chain of of) net.chain(chain).block(Date.now());
  }, 50);
  const stop = (): void => clearInterval(timer);
  ending.push(stop);
  return stop;
}
function send(net: ZoneNetwork, sentAt = Date.now()): ClusterMessage {
  net.chain(dapp).block(sentAt);
  net
    .chain(dapp)
    .observes({ kind: 'message', cluster: nameHash(name), to: nameHash(defi), nonce: 0n, sentAt, payload });
  return { cluster: name, from: dapp, to: defi, nonce: 0n, sentAt, payload };
}

describe('a cluster', () => {
  it('certifies messages and words, settles, halts when members are silent, and tells clients', async () => {
    const net = await cluster();
    const server = new Server();
    const zones = net.zones(1);
    const api = new ZoneApi({
      zones,
      limits: defaultApiLimits,
      closing: () => false,
      observer: silentApiObserver,
      log: () => {},
      maxDeadlineMs: 20_000,
    });
    server.addService(ZoneService.service, api.zoneHandlers());
    server.addService(AssetService.service, api.assetHandlers());
    server.addService(ClusterService.service, api.clusterHandlers());
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
        error === null ? resolve(at) : reject(error),
      );
    });
    const clients = [ZoneService, ClusterService].map(
      (service) => new service(`127.0.0.1:${port}`, credentials.createInsecure()),
    );
    ending.push(() => {
      for (const client of clients) client.close();
      server.forceShutdown();
    });
    const call = (rpc: string, request: object): Promise<Record<string, unknown>> =>
      new Promise((resolve, reject) => {
        const client = clients.find((one) => rpc in one) as unknown as Record<
          string,
          (request: object, done: (error: Error | null, answer: Record<string, unknown>) => void) => void
        >;
        client[rpc]?.(request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
      });

    const stop = tick(net);
    await net.until((i) => (stateOf(net, i)?.members.get(dapp)?.word ?? 0) > 0);
    const seen: string[] = [];
    const watching = (
      clients[1] as unknown as {
        watchMessages(request: object): {
          on(event: string, listener: (data: { message: { from: string } }) => void): void;
          cancel(): void;
        };
      }
    ).watchMessages({ cluster: name, newOnly: false });
    watching.on('data', ({ message }) => seen.push(message.from));
    watching.on('error', () => {});
    const message = send(net);
    await net.until((i) => net.zones(i).state.messages(name).length === 1);
    const at = Date.now();
    net.chain(defi).block(at);
    net.chain(defi).observes({
      kind: 'delivery',
      cluster: nameHash(name),
      from: nameHash(dapp),
      nonce: 0n,
      at,
      payloadHash: keccak_256(payload),
    });
    await net.until((i) => stateOf(net, i)?.channels.get(`${dapp}>${defi}`)?.consumed === 1n);
    await net.until((i) => (stateOf(net, i)?.interval ?? 0n) > 0n);
    const found = await call('getMessage', { cluster: name, from: dapp, to: defi, nonce: 0 });
    verifyCertificate(
      net.network.committee,
      decodeCertificate(new Uint8Array(found['certificate'] as Buffer)),
      messageFact(message),
      'CLUSTER:4',
    );
    expect(await call('getSettlement', { cluster: name, interval: 0 })).toHaveProperty('certificate');
    expect(await call('getCluster', { cluster: name })).toMatchObject({
      cluster: { cluster: name, deltaMs: 2000, abstains: '' },
    });
    await net.until(() => seen.length === 1);
    watching.cancel();

    // Refusals name their rule.
    const bad = encodeSubmission({ kind: 'record', event: zoneEvent(zone(owner, { settlementMs: 5 })) });
    const refused = await call('submitRecord', { submission: Buffer.from(bad) }).catch(
      (error: unknown) => error as { metadata: { get(key: string): Buffer[] } },
    );
    const rich = decodeRichStatus(
      (refused as { metadata: { get(key: string): Buffer[] } }).metadata.get(statusHeader)[0] as Buffer,
    );
    expect(rich).toMatchObject({ reason: 'POLICY_REFUSED', metadata: { check: 'GOVERNANCE:2' } });
    await expect(call('submitRecord', { submission: Buffer.from([9]) })).rejects.toThrow(/Submission/);
    await expect(call('getZone', { chain: 'eip155:9' })).rejects.toThrow(/no zone/);

    // Nobody goes on when members are silent; zones outside notice nothing.
    stop();
    // The last words of the members may still arrive.
    let halted: Record<string, unknown> = {};
    do halted = (await call('getZone', { chain: dapp }))['zone'] as Record<string, unknown>;
    while (halted['status'] !== 'ZONE_STATUS_HALTED');
    expect(halted['reason']).toMatch(/^halted\(since \d+, by /);
    expect(await call('getZone', { chain: owner })).toMatchObject({ zone: { status: 'ZONE_STATUS_ACTIVE' } });
    expect(await call('getEvent', { chain: owner, reference: 'none' })).toMatchObject({ outcome: 'unknown' });

    // A validator without a node of every member does not start, and abstains when one fails.
    expect(() => requireNodes(zones, new Set([dapp, owner]))).toThrow(/CLUSTER:10/);
    expect(() => requireNodes(zones, new Set([owner]))).not.toThrow();
    net.watcher(1, defi).current = { kind: 'silent', since: 0, node: 'n', reason: 'timeout' };
    expect(zones.clusterStatuses()[0]?.status).toBe('abstained');
  });

  it('attests no event that differs in any field from what its own nodes show, and quarantines two histories', async () => {
    // Nobody is to be out of step here, however slow the machine is.
    const net = await cluster({}, 20_000);
    // Only this validator is asked; the others are away.
    for (const i of [1, 3, 4]) net.network.down.add(i);
    const message = send(net, Date.now() + 1);
    const { log, state } = net.zones(2);
    let ballot = 0n;
    const propose = async (event: ClusterEvent): Promise<string> => {
      const slot = log.height;
      do ballot++;
      while (log.agreement.owner(slot, ballot) !== (4 as ValidatorId));
      const batch = encodeBatch([encodeWorldEvent({ kind: 'cluster', cluster: clusterOf(event), event })]);
      const answer = decodeProposalAnswer(
        await net.network.ask(4, 2, 'zones/propose', encodeSlotMessage({ slot, ballot, batch, certificate: none })),
      );
      return answer.kind === 'vote' ? 'vote' : answer.rule;
    };
    const altered: Record<string, Partial<ClusterMessage>> = {
      cluster: { cluster: 'other' },
      from: { from: defi, to: dapp },
      to: { to: owner },
      nonce: { nonce: 1n },
      sentAt: { sentAt: message.sentAt + 1 },
      payload: { payload: new Uint8Array([9]) },
    };
    const answers: Record<string, string> = {};
    for (const [field, change] of Object.entries(altered))
      answers[field] = await propose({ kind: 'message', message: { ...message, ...change } });
    expect(answers).toEqual({
      cluster: 'CLUSTER:8',
      from: 'CLUSTER:4',
      to: 'CLUSTER:8',
      nonce: 'CLUSTER:1',
      sentAt: 'CLUSTER:4',
      payload: 'CLUSTER:4',
    });
    const word = state.world.clusters.get(name)?.members.get(dapp)?.word ?? 0;
    const beat = (at: number): Promise<string> =>
      propose({ kind: 'heartbeat', heartbeat: { cluster: name, member: dapp, at } });
    // A word over a message that is not in the log, and one that the chain has not given.
    net.chain(dapp).block(message.sentAt + 50);
    expect([await beat(message.sentAt), await beat(message.sentAt + 90), await beat(word)]).toEqual([
      'CLUSTER:1',
      'CLUSTER:4',
      'vote',
    ]);
    const block = net.chain(dapp).heads[1];
    const head: ClusterHead = {
      cluster: name,
      member: dapp,
      height: 0n,
      time: block?.time ?? 0,
      state: new Uint8Array(Buffer.from(block?.hash ?? '', 'hex')) as ClusterHead['state'],
      version: 0n,
      prev: noDigest,
      consumed: [],
      sent: [{ chain: defi, count: 1n }],
    };
    const heads: string[] = [];
    for (const change of [
      { state: bytes32('x') },
      { time: 5 },
      { sent: [] },
      { consumed: [{ chain: defi, count: 1n }] },
    ])
      heads.push(await propose({ kind: 'head', head: { ...head, ...change } }));
    expect(heads).toEqual(Array(4).fill('CLUSTER:12'));
    expect(await propose({ kind: 'head', head })).toBe('vote');
    const configuration = bytes32('code/other');
    const report = { kind: 'configuration', report: { cluster: name, member: dapp, configuration } } as const;
    expect(await propose(report)).toBe('CLUSTER:4');
    // Its own node shows that: first the log says it, then the message waits for settlement.
    net.watcher(2, dapp).runs = configuration;
    expect([await propose({ kind: 'message', message }), await propose(report)]).toEqual(['CLUSTER:9', 'vote']);
    net.watcher(2, dapp).runs = undefined;
    expect(await propose({ kind: 'message', message })).toBe('vote');
    expect(await propose({ kind: 'conflict', heads: [head, { ...head, state: bytes32('y') }] })).toBe('CLUSTER:12');

    // Once the message is certified, so is its delivery: when it was, and of what.
    for (const i of [1, 3, 4]) net.network.down.delete(i);
    await net.until((i) => net.zones(i).state.messages(name).length === 1);
    for (const i of [1, 3, 4]) net.network.down.add(i);
    ballot = 1000n;
    const at = message.sentAt + 10;
    const deliver = (time: number): Promise<string> =>
      propose({ kind: 'delivery', delivery: { cluster: name, from: dapp, to: defi, nonce: 0n, at: time } });
    net.chain(defi).block(at + 1);
    expect(await deliver(at)).toBe('CLUSTER:4');
    const payloadHash = keccak_256(payload);
    const delivery = { kind: 'delivery', cluster: nameHash(name), from: nameHash(dapp), nonce: 0n, at } as const;
    net.chain(defi).observes({ ...delivery, payloadHash });
    const flip = (): void => void (payloadHash[0] = (payloadHash[0] as number) ^ 1);
    flip();
    expect([await deliver(at + 1), await deliver(at)]).toEqual(['CLUSTER:4', 'CLUSTER:3']);
    flip();
    expect(await deliver(at)).toBe('vote');

    // Every node but one shows that the chain took back a block.
    for (const i of [1, 3, 4]) net.network.down.delete(i);
    const fork = forkOf(dapp, Date.now(), 'cluster');
    for (const i of [1, 2, 3]) net.watcher(i, dapp).forked = [fork];
    net.chain(dapp).tell();
    await net.until((i) => stateOf(net, i)?.fault !== undefined);
    expect(stateOf(net, 4)?.fault).toMatchObject({ member: dapp, at: fork.reported.time });
    expect(net.zones(4).clusterStatuses()[0]?.status).toBe('quarantined');
    expect(net.zones(4).state.faults()).toEqual([]);
  });
});

describe('what a member runs', () => {
  it('unapproved: back to settlement speed by itself, by no single node’s word; its certificates wait; it returns when in step', async () => {
    const delta = 20_000;
    const net = await cluster({}, delta);
    const isFast = (i: number): boolean | undefined => stateOf(net, i)?.members.get(dapp)?.fastPath;
    // The chains' own time, which nothing hurries.
    const begin = Date.now();
    const reach = async (ms: number, of: readonly string[] = members): Promise<void> => {
      for (const chain of of) net.chain(chain).block(begin + ms);
      await net.until((i) => of.every((chain) => (stateOf(net, i)?.members.get(chain)?.word ?? 0) >= begin + ms - 1));
    };
    for (const chain of members) runs(net, chain, `code/${chain}`);
    // One node lies; another one is silent about it.
    runs(net, dapp, 'code/lie', [2]);
    net.watcher(3, dapp).runs = undefined;
    await reach(3000);
    expect([1, 2, 3, 4].map(isFast)).toEqual([true, true, true, true]);
    expect(configurationProblem(net.zones(1), dapp)).toBe('');
    expect(configurationProblem(net.zones(2), dapp)).toContain(
      `${Buffer.from(bytes32('code/lie')).toString('hex')}, which is not approved`,
    );

    runs(net, dapp, 'code/evil');
    await net.until((i) => isFast(i) === false);
    expect(configurationProblem(net.zones(1), dapp)).toContain('is not approved');
    // At the moment at which the message is in the log, so that no settlement covers it.
    const withheld = new Promise<readonly [Promise<Uint8Array>, Promise<unknown>, number]>((resolve) => {
      const zones = net.zones(1);
      zones.log.listen({
        decided: (slot, applied) => {
          const event = applied
            .map((one) => one.event)
            .find((one) => one.kind === 'cluster' && one.event.kind === 'message');
          if (event?.kind !== 'cluster' || event.event.kind !== 'message') return;
          const fact = messageFact(event.event.message);
          const request = encodeSlotMessage({ slot, ballot: 0n, batch: none, certificate: none });
          const refusal = zones.certificate(fact).catch((error: unknown) => (error as { check?: string }).check);
          resolve([
            zones.serve('zones/certify', 2 as ValidatorId, request),
            refusal,
            zones.state.place(fact)?.index ?? 0,
          ]);
        },
      });
    });
    const fact = messageFact(send(net, begin + 6000));
    const [signatures, refusal, index] = await withheld;
    expect(await refusal).toBe('CLUSTER:9');
    // Nor can another validator collect the signatures.
    expect((await signatures).slice(64 * index, 64 * index + 64)).toEqual(new Uint8Array(64));
    const settled = (i: number): bigint => stateOf(net, i)?.members.get(dapp)?.settled?.head.sent[0]?.count ?? 0n;
    await net.until((i) => settled(i) === 1n);
    verifyCertificate(
      net.network.committee,
      decodeCertificate(await net.zones(1).certificate(fact)),
      fact,
      'CLUSTER:1',
    );

    // It stops for longer than Δ, and the other one goes on. Back with what was approved it has to catch up first.
    await reach(6000 + 2 * delta, [defi]);
    runs(net, dapp, `code/${dapp}`);
    await reach(9000 + 2 * delta, [dapp]);
    await net.until((i) => isFast(i) === true);
    for (const i of [1, 2, 3, 4]) expect(net.zones(i).state.faults()).toEqual([]);
  });
});

describe('the joint decisions of a cluster', () => {
  it('its dWallet posts exactly the last certified settlement, and signs nothing else', async () => {
    const net = await cluster();
    const stop = tick(net);
    await net.until((i) => (stateOf(net, i)?.interval ?? 0n) > 0n);
    stop();
    const { state } = net.zones(1);
    const source = new ClusterSource({
      watchers: net.watchers[0] as (typeof net.watchers)[0],
      timing: { settleMs: 600, maxSkewMs: 1000 },
      message: () => undefined,
      committed: (of) => state.world.clusters.get(of),
    });
    const judged = (skew: number): string | undefined => {
      const event = { kind: 'settlement', settlement: state.settlement(name, 0n) as SettlementRecord } as const;
      return source.judge(state.world, { kind: 'cluster', cluster: name, event }, event.settlement.time + skew)?.rule;
    };
    expect([judged(1000), judged(1001), judged(-1001)]).toEqual([undefined, 'CLUSTER:6', 'CLUSTER:6']);
    // Nobody sees the members any more, so nothing is settled from here on.
    for (const i of [1, 2, 3, 4]) net.watcher(i, dapp).current = { kind: 'starting' };
    expect(judged(0)).toBe('CLUSTER:10');
    await net.until((i) => net.zones(i).log.height === net.zones(1).log.height);
    const interval = (stateOf(net)?.interval ?? 0n) - 1n;
    const settlement = state.settlement(name, interval) as SettlementRecord;
    // Whoever posts it can show that the validators certified it.
    verifyCertificate(
      net.network.committee,
      decodeCertificate(await net.zones(2).certificate(settlementFact(settlement))),
      settlementFact(settlement),
      'CLUSTER:6',
    );
    const digest = settlementRecord.digest(settlement);
    const posting = (
      changes: { to?: string; data?: Uint8Array; value?: bigint; chainId?: number; fee?: bigint } = {},
    ) => {
      const {
        to = account('settlement'),
        data = settlementCalldata(digest),
        value = 0n,
        chainId = 1001,
        fee = 2n,
      } = changes;
      const chain = eip1559Chain({ chainId });
      return chain.encodeUnsigned(
        chain.build({
          nonce: 0,
          to: to as `0x${string}`,
          valueWei: value,
          gasLimit: 100_000n,
          data,
          maxFeePerGasWei: fee,
          maxPriorityFeePerGasWei: 1n,
          accessList: [],
        }),
      );
    };
    const authority = (at = interval, of = name, chain = owner) =>
      encodeAuthority({ kind: 'settlement', zone: chain, cluster: of, interval: at });
    const one = (raw: Uint8Array | 'digest', by = authority(), chain = owner) => asked(net, 1, raw, by, chain);
    const otherCall = new Uint8Array([...keccak_256(encodeText('settled(bytes32)')).slice(0, 4), ...digest]);
    const posts = {
      good: one(posting()),
      digest: one('digest'),
      unnamed: one(posting(), none),
      plainZone: one(posting(), encodeAuthority({ kind: 'zone', zone: owner })),
      later: one(posting(), authority(interval + 1n)),
      otherCluster: one(posting(), authority(interval, 'slow')),
      otherChain: one(posting({ chainId: 1003 }), authority(interval, name, defi), defi),
      otherContract: one(posting({ to: account('eve') })),
      otherDigest: one(posting({ data: settlementCalldata(bytes32('x')) })),
      otherCall: one(posting({ data: otherCall })),
      more: one(posting({ data: new Uint8Array([...settlementCalldata(digest), 0]) })),
      nothing: one(posting({ data: none })),
      value: one(posting({ value: 1n })),
      dear: one(posting({ fee: 10n ** 14n })),
    };
    const answers: Record<string, string> = {};
    for (const [what, answer] of Object.entries(posts)) answers[what] = await answer;
    expect(answers).toEqual({
      ...Object.fromEntries(Object.keys(posts).map((what) => [what, 'CLUSTER:6'])),
      good: 'allowed',
      digest: 'ZONE:1',
      unnamed: 'ZONE:2',
      // This validator does not see its members.
      otherChain: 'CLUSTER:10',
    });
    const [wallet] = (await net.network.client()).wallets;
    await expect(
      (wallet as DWallet).sign(ethereumTransaction(1001, posting()), { authority: authority(), approve: () => true }),
    ).resolves.toBeDefined();
    state.close({ kind: 'cluster', id: name }, 'shown');
    expect(await one(posting())).toBe('ZONE:2');
  });

  it('upgrades, joins and leaves take the approvals of the threshold and of whom they concern', async () => {
    const net = await cluster();
    for (const chain of members) runs(net, chain, `code/${chain}`);
    tick(net, chains);
    const amendment = (changes: Partial<ClusterRecord>, approvers: readonly string[], at = Date.now()): WorldEvent => {
      const { record, digest } = stateOf(net) as ClusterState;
      const next = { ...record, version: record.version + 1n, prev: digest, ...changes };
      const approvals = approveAs(clusterProposal(next), ...approvers);
      return { kind: 'cluster', cluster: name, event: { kind: 'amendment', record: next, approvals, at } };
    };
    const refused = async (...args: Parameters<typeof amendment>): Promise<unknown> =>
      net.submit(amendment(...args)).then(
        () => 'taken',
        (error: unknown) => (error as { check?: string }).check,
      );
    const upgraded = [{ ...member(dapp), configuration: bytes32('code/new') }, member(defi)];
    expect([
      await refused({ members: upgraded }, [dapp]),
      await refused({ members: upgraded }, [defi]),
      await refused({ members: upgraded }, [defi, owner]),
      await refused({ members: upgraded }, members, Date.now() + 60_000),
      await refused({ deltaMs: 3000 }, [dapp]),
      await refused({ members: upgraded, version: 2n }, members),
    ]).toEqual(['CLUSTER:8', 'CLUSTER:8', 'CLUSTER:8', 'CLUSTER:8', 'CLUSTER:8', 'GOVERNANCE:2']);
    // With a Δ that words of a busy machine keep to.
    await net.submit(amendment({ members: upgraded, deltaMs: 50_000 }, members));
    await net.until((i) => stateOf(net, i)?.record.version === 1n);
    const isFast = (i: number): boolean | undefined => stateOf(net, i)?.members.get(dapp)?.fastPath;
    const left: boolean[] = [];
    net.zones(1).log.listen({ decided: () => void left.push(isFast(1) === false) });
    // It runs the old code still, which stays approved until it was seen with the new one.
    await net.until((i) => (stateOf(net, i)?.members.get(dapp)?.previous ?? none).length > 0);
    runs(net, dapp, 'code/new');
    await net.until((i) => stateOf(net, i)?.members.get(dapp)?.previous === undefined);
    expect(left).not.toContain(true);
    // From then on it is a change that nobody approved.
    runs(net, dapp, `code/${dapp}`);
    await net.until((i) => isFast(i) === false);
    runs(net, dapp, 'code/new');
    await net.until((i) => isFast(i) === true);
    // A third chain joins with its own approval, and leaves without it.
    const three = [member(owner), ...upgraded];
    expect([await refused({ members: three }, members), await refused({ members: three }, [dapp, owner])]).toEqual([
      'CLUSTER:8',
      'CLUSTER:8',
    ]);
    await net.submit(amendment({ members: three }, [...members, owner]));
    await net.until((i) => stateOf(net, i)?.members.size === 3);
    expect(await refused({ members: upgraded }, [owner])).toBe('CLUSTER:8');
    await net.submit(amendment({ members: upgraded }, members));
    await net.until((i) => stateOf(net, i)?.members.size === 2);
    expect(await refused({ members: three }, [...members, owner])).toBe('CLUSTER:8');
    for (const i of [1, 2, 3, 4]) expect(net.zones(i).state.faults()).toEqual([]);
  });
});

const clusterOf = (event: ClusterEvent): string => (event.kind === 'message' ? event.message.cluster : name);
