/** Nobody holds up the zone log: not a chain that shows everybody something else, not a validator that lies or is silent, not a busy log (ZONE:3). */
import type { ValidatorId } from '@dwallet/sigma';
import { decodeReply, encodeFailure, maxBodyBytes } from '@dwallet/two-pc-mpc/network';
import { type LedgerEntry, encodeWorldEvent } from '@dwallet/zones';
import { afterEach, describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/core.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { decodeProposalAnswer, encodeBatch, encodeSlotMessage } from '../../src/zones/log/slots.ts';
import type { ToyStore } from '../helpers/toy-network.ts';
import { ZoneNetwork, assetX, dapp, defi, owner, zone, zoneEvent } from './zone-network.ts';

let open: ZoneNetwork | undefined;
const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
  open?.close();
});

const never = new Promise<never>(() => {});

describe('the zone log', () => {
  it('goes on beside a chain that shows each validator something else, while one validator says that others lead', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.mint(10_000n, 'm:1');
    net.transfer(owner, defi, 5000n, 't:1');
    await net.until((i) => net.height(i) === 2);
    for (const i of [1, 2, 3]) net.watcher(i, defi).bend = (event) => ({ ...event, amount: event.amount + BigInt(i) });
    let refused = 0;
    net.network.line = async ({ from, to, method, pass }) => {
      if (method !== 'zones/propose' || from === undefined) return pass();
      // It leads nothing itself.
      if (from === (4 as ValidatorId)) throw new Error('the line broke');
      if (to === (4 as ValidatorId))
        return encodeFailure(new RefusedError('ALREADY_VOTED', 'another leader is faster'));
      const reply = await pass();
      const answer = decodeProposalAnswer(decodeReply(reply, maxBodyBytes));
      if (answer.kind === 'refused') refused++;
      return reply;
    };
    for (let i = 0; i < 40; i++) net.transfer(defi, owner, 10n, `poison:${i}`);
    for (let i = 0; i < 10; i++) net.transfer(owner, dapp, 10n, `good:${i}`);
    await net.until((i) => net.height(i) === 12, [1, 2, 3]);
    expect(refused).toBeGreaterThan(0);
    for (const i of [1, 2, 3]) {
      const entries = net.zones(i).state.entries(assetX);
      expect(entries.slice(2).every(({ from }) => from === owner)).toBe(true);
    }
  });

  it('leaves out the one event that a member fails to judge', async () => {
    const net = (open = await ZoneNetwork.ready());
    const { log, state } = net.zones(2);
    const ledger = state.world.assets.get(assetX)?.ledger;
    if (ledger === undefined) throw new Error('no asset');
    (net.watcher(2, owner) as { event: unknown }).event = () => {
      throw new TypeError('unforeseen');
    };
    const prev = state.world.zones.get(dapp)?.digest as never;
    const entry: LedgerEntry = {
      asset: assetX,
      height: ledger.height,
      prev: ledger.head,
      kind: 'mint',
      from: owner,
      to: owner,
      amount: 5n,
      recipient: '',
      sourceEvent: { chain: owner, reference: 'm:1' },
      time: Date.now(),
    };
    const events = [zoneEvent(zone(dapp, { version: 1n, prev })), { kind: 'entry', entry } as const];
    const batch = encodeBatch(events.map(encodeWorldEvent));
    const body = encodeSlotMessage({ slot: log.height, ballot: 1n, batch, certificate: new Uint8Array(0) });
    const leader = log.agreement.owner(log.height, 1n);
    const answer = decodeProposalAnswer(await net.network.ask(leader, 2, 'zones/propose', body));
    expect(answer).toMatchObject({ kind: 'refused', event: 1, rule: 'ASSET:11' });
    // A disk that fails says nothing about an event.
    (net.watcher(2, owner) as { event: unknown }).event = () => {
      throw new StoreError('STORE_IO', 'the disk failed');
    };
    await expect(net.network.ask(leader, 2, 'zones/propose', body)).rejects.toThrow();
  });

  it('takes submissions and catches up while one validator never answers', async () => {
    const net = (open = await ZoneNetwork.ready({ timeouts: { fetchMs: 3_600_000 } }));
    net.network.line = ({ to, pass }) => (to === (4 as ValidatorId) ? never : pass());
    const prev = net.zones(1).state.world.zones.get(dapp)?.digest as never;
    await net.submit(zoneEvent(zone(dapp, { version: 1n, prev })), 2);
    await net.until((i) => net.zones(i).state.world.zones.get(dapp)?.record.version === 1n, [1, 2, 3]);
  });

  it('lets a restored validator vote again although it is never idle', async () => {
    const net = (open = await ZoneNetwork.ready());
    net.network.down.add(1);
    (net.network.store(3) as ToyStore).generation = { id: new Uint8Array(32).fill(5), restored: true };
    net.network.restart(3);
    net.mint(1n, 'm:0');
    // The others make more slots in every pause between two looks.
    net.network.down.delete(1);
    let minted = 0;
    const timer = setInterval(() => net.mint(1n, `busy:${minted++}`), 20);
    ending.push(() => clearInterval(timer));
    await net.until((i) => net.zones(i).log.mayVote(2n ** 40n), [3]);
    expect(minted).toBeGreaterThan(0);
  });
});
