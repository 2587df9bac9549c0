/** What the argument in docs/protocol-notes.md rests on: locks, ballots, and what a restored validator stays out of. */
import {
  type FactVote,
  assembleCertificate,
  decodeCertificate,
  encodeCertificate,
  encodeResult,
} from '@dwallet/two-pc-mpc/network';
import { type ValidatorId, concat, encodeBytes, encodeUint16 } from '@dwallet/sigma';
import { encodeWorldEvent } from '@dwallet/zones';
import { afterEach, describe, expect, it } from 'vitest';
import {
  decidedSlotFact,
  decodeProposalAnswer,
  decodeSlotMessage,
  encodeBatch,
  encodeDecided,
  encodeProposalAnswer,
  encodeSlotMessage,
  encodeSlotStatus,
  preparedSlotFact,
  slotDigest,
} from '../../src/zones/log/slots.ts';
import type { ToyStore } from '../helpers/toy-network.ts';
import { ZoneNetwork, dapp, defi, owner, zone, zoneEvent } from './zone-network.ts';

let open: ZoneNetwork | undefined;
afterEach(() => open?.close());
const none = new Uint8Array(0);

/** A next version of a zone, and nothing else, as a batch. */
function batchOf(net: ZoneNetwork, chain: string): Uint8Array {
  const prev = net.zones(1).state.world.zones.get(chain)?.digest as never;
  return encodeBatch([encodeWorldEvent(zoneEvent(zone(chain, { version: 1n, prev })))]);
}

class Leader {
  readonly net: ZoneNetwork;
  readonly slot: bigint;
  constructor(net: ZoneNetwork, slot = net.zones(1).log.height) {
    this.net = net;
    this.slot = slot;
  }
  owner(ballot: bigint): ValidatorId {
    return this.net.zones(1).log.agreement.owner(this.slot, ballot);
  }
  value(batch: Uint8Array) {
    return slotDigest(this.slot, this.net.zones(1).log.before(this.slot), batch);
  }
  #certificate(fact: ReturnType<typeof preparedSlotFact>, votes: FactVote[]): Uint8Array {
    return encodeCertificate(assembleCertificate(this.net.network.committee, fact, votes).certificate);
  }
  async prepare(
    ballot: bigint,
    batch: Uint8Array,
    members: readonly number[],
    certificate: Uint8Array = none,
  ): Promise<Uint8Array> {
    const votes: FactVote[] = [];
    for (const i of members) {
      const body = encodeSlotMessage({ slot: this.slot, ballot, batch, certificate });
      const answer = decodeProposalAnswer(await this.net.network.ask(this.owner(ballot), i, 'zones/propose', body));
      if (answer.kind !== 'vote') throw new Error(answer.rule);
      votes.push({ validator: i as ValidatorId, signature: answer.signature });
    }
    const fact = preparedSlotFact(this.net.network.networkId, this.slot, this.value(batch), ballot);
    return votes.length < 3 ? none : this.#certificate(fact, votes);
  }
  async fix(
    ballot: bigint,
    batch: Uint8Array,
    members: readonly number[],
    certificate: Uint8Array,
  ): Promise<FactVote[]> {
    const votes: FactVote[] = [];
    for (const i of members) {
      const body = encodeSlotMessage({ slot: this.slot, ballot: 0n, batch, certificate });
      const signature = await this.net.network.ask(this.owner(ballot), i, 'zones/fix', body);
      votes.push({ validator: i as ValidatorId, signature });
    }
    return votes;
  }
  decided(ballot: bigint, batch: Uint8Array, votes: FactVote[]): Uint8Array {
    return this.#certificate(decidedSlotFact(this.net.network.networkId, this.slot, this.value(batch), ballot), votes);
  }
}

describe('agreement on a slot', () => {
  it('a lock holds against every batch but one that a quorum prepared later, and the next leader takes up what is locked', async () => {
    const net = (open = await ZoneNetwork.ready());
    const leader = new Leader(net);
    const [first, second] = [batchOf(net, dapp), batchOf(net, defi)];
    // Ballot 1: a quorum prepares the first batch, and two of it vote to decide; then the leader is gone.
    const prepared = await leader.prepare(1n, first, [1, 2, 3]);
    await leader.fix(1n, first, [1, 2], prepared);
    // Killed and started again, they are locked still.
    net.network.restart(1);
    await expect(leader.prepare(2n, second, [1])).rejects.toThrow(/locked/);
    await expect(leader.prepare(2n, second, [2])).rejects.toThrow(/locked/);
    // An earlier ballot, or a second batch in one ballot, gets no vote.
    await leader.prepare(2n, second, [3]);
    await expect(leader.prepare(1n, first, [3])).rejects.toThrow(/over/);
    await expect(leader.prepare(2n, first, [3])).rejects.toThrow(/already voted/);
    // The certificate of an earlier ballot opens no lock; that of a later one does.
    await expect(leader.prepare(3n, second, [1], prepared)).rejects.toThrow();
    // Any leader decides what is locked before anything of its own.
    await net.submit(
      zoneEvent(zone(owner, { version: 1n, prev: net.zones(2).state.world.zones.get(owner)?.digest as never })),
      2,
    );
    await net.until((i) => net.zones(i).state.world.zones.get(owner)?.record.version === 1n);
    for (const i of [1, 2, 3, 4]) {
      expect(net.zones(i).state.world.zones.get(dapp)?.record.version).toBe(1n);
      expect(net.zones(i).state.world.zones.get(defi)?.record.version).toBe(0n);
    }
  });

  it('a quorum that prepared another batch later moves the locks; votes of two ballots are no certificate', async () => {
    const net = (open = await ZoneNetwork.ready());
    const leader = new Leader(net);
    const [first, second] = [batchOf(net, dapp), batchOf(net, defi)];
    const prepared = await leader.prepare(1n, first, [1, 2, 3]);
    const [lonely] = await leader.fix(1n, first, [1], prepared);
    const later = await leader.prepare(2n, second, [2, 3, 4]);
    // Validator 1 is locked on the first batch in ballot 1; it is shown the second one of ballot 2.
    await leader.prepare(3n, second, [1], later);
    const votes = await leader.fix(2n, second, [2, 3, 4], later);
    await expect(leader.fix(1n, first, [2], prepared)).rejects.toThrow(/over/);
    expect(() => leader.decided(2n, second, [lonely as FactVote, ...votes.slice(0, 2)])).toThrow(/weight 2, need 3/);
    const certificate = leader.decided(2n, second, votes);
    const body = encodeSlotMessage({ slot: leader.slot, ballot: 0n, batch: second, certificate });
    // What is handed out must be the certified batch; then all take it.
    const forged = encodeSlotMessage({ slot: leader.slot, ballot: 0n, batch: first, certificate });
    await expect(net.network.ask(4, 1, 'zones/decide', forged)).rejects.toThrow(/digest/);
    for (const i of [1, 2, 3, 4]) await net.network.ask(4, i, 'zones/decide', body);
    expect(net.zones(1).state.world.zones.get(defi)?.record.version).toBe(1n);
    await expect(leader.prepare(5n, first, [1])).rejects.toThrow(/decided/);
  });

  it('a vote to decide binds who had not prepared, and what is shown must be older than the ballot', async () => {
    const net = (open = await ZoneNetwork.ready());
    const leader = new Leader(net);
    const [first, second] = [batchOf(net, dapp), batchOf(net, defi)];
    const earlier = await leader.prepare(1n, first, [1, 2, 3]);
    const later = await leader.prepare(2n, second, [2, 3, 4]);
    // Without the quorum that prepared it, nobody votes to decide; one whose ballot is not over is no reason either.
    const forged = encodeCertificate({ ...decodeCertificate(later), fact: decodeCertificate(earlier).fact });
    await expect(leader.fix(1n, first, [1], forged)).rejects.toThrow(/ASSET:7/);
    await expect(leader.prepare(1n, second, [1], later)).rejects.toThrow(/later ballot/);
    await expect(leader.prepare(3n, first, [4], forged)).rejects.toThrow(/ASSET:7/);
    await leader.fix(2n, second, [1], later);
    await expect(leader.fix(1n, first, [1], earlier)).rejects.toThrow(/over/);
    await expect(leader.prepare(3n, first, [1], earlier)).rejects.toThrow(/locked/);
    // Ballots that would use up the numbers, none at all, and slots that nobody can judge yet.
    await expect(leader.prepare(2n ** 24n + 4n, second, [4])).rejects.toThrow(/too high/);
    await expect(leader.prepare(0n, second, [4])).rejects.toThrow(/out of range/);
    await expect(new Leader(net, leader.slot + 1n).prepare(5n, second, [4])).rejects.toThrow(/slots of the zone log/);
    const ahead = encodeSlotMessage({ slot: leader.slot + 1n, ballot: 0n, batch: second, certificate: later });
    await expect(net.network.ask(4, 1, 'zones/decide', ahead)).rejects.toThrow(/lacks the slots before/);
    // What is prepared is not decided.
    const prepared = encodeSlotMessage({ slot: leader.slot, ballot: 0n, batch: second, certificate: later });
    await expect(net.network.ask(4, 1, 'zones/decide', prepared)).rejects.toThrow(/ASSET:7/);
  });

  it('a member’s lies about locks and votes hold up nobody', async () => {
    const net = (open = await ZoneNetwork.ready());
    const leader = new Leader(net);
    const [first, second] = [batchOf(net, dapp), batchOf(net, defi)];
    const prepared = await leader.prepare(1n, first, [1, 2, 3]);
    await leader.fix(1n, first, [1], prepared);
    // It says that it is locked on another batch in a later ballot, and signs something else.
    const fact = preparedSlotFact(net.network.networkId, leader.slot, leader.value(second), 9n);
    const forged = { batch: second, certificate: encodeCertificate({ ...decodeCertificate(prepared), fact }) };
    const lie = encodeSlotStatus({ height: leader.slot, ballot: 9n, locked: forged, decided: undefined });
    let lies = 0;
    net.network.line = async ({ to, method, pass }) => {
      // Another one does not say in time what it is bound to, so that the liar is heard.
      if (to === (3 as ValidatorId) && method === 'zones/status') throw new Error('the line broke');
      if (to !== (4 as ValidatorId)) return pass();
      if (method === 'zones/status') lies++;
      if (method === 'zones/status') return encodeResult(lie);
      if (method === 'zones/propose')
        return encodeResult(encodeProposalAnswer({ kind: 'vote', signature: new Uint8Array(64).fill(1) }));
      return pass();
    };
    await net.submit(
      zoneEvent(zone(owner, { version: 1n, prev: net.zones(2).state.world.zones.get(owner)?.digest as never })),
      2,
    );
    expect(lies).toBeGreaterThan(0);
    // What somebody was really locked on came first.
    expect([dapp, defi].map((chain) => net.zones(2).state.world.zones.get(chain)?.record.version)).toEqual([1n, 0n]);
  });

  it('one member that is bound to a later ballot is believed when nobody refuses: the leader goes above it', async () => {
    const net = (open = await ZoneNetwork.ready());
    const batch = batchOf(net, dapp);
    await new Leader(net).prepare(6n, batchOf(net, defi), [2]);
    // Without the fourth, every other vote is needed.
    net.network.down.add(4);
    const done = (i: number): boolean => net.zones(i).state.world.zones.get(dapp)?.record.version === 1n;
    expect((await net.zones(1).log.lead(() => (done(1) ? undefined : batch))).kind).not.toBe('failed');
    expect([1, 2, 3].map(done)).toEqual([true, true, true]);
  });

  it('a restored validator stays out of what it may have voted on, and no longer', async () => {
    const net = (open = await ZoneNetwork.ready());
    const slot = net.zones(3).log.height;
    (net.network.store(3) as ToyStore).generation = { id: new Uint8Array(32).fill(5), restored: true };
    net.network.restart(3);
    const leader = new Leader(net);
    await expect(leader.prepare(1n, batchOf(net, dapp), [3])).rejects.toThrow(/restored/);
    // Too few others answer: it does not know yet where that ends.
    net.network.down.add(1);
    await net.zones(3).catchUp();
    expect(net.zones(3).log.mayVote(slot + 9n)).toBe(false);
    net.network.down.delete(1);
    await net.zones(3).catchUp();
    expect([0n, 1n, 2n].map((more) => net.zones(3).log.mayVote(slot + more))).toEqual([false, false, true]);
    // The others go on without it, and it follows.
    net.mint(5n, 'm:1');
    net.mint(6n, 'm:2');
    await net.until((i) => net.height(i) === 2);
    // One that gets what it missed in pieces waits for the last one.
    net.network.down.add(3);
    for (const [i, reference] of ['m:3', 'm:4'].entries()) {
      net.mint(1n, reference);
      await net.until((at) => net.height(at) === 3 + i, [1, 2, 4]);
    }
    await net.until((i) => net.zones(i).log.height === net.zones(1).log.height, [1, 2, 4]);
    const { log } = net.zones(1);
    (net.network.store(3) as ToyStore).generation = { id: new Uint8Array(32).fill(6), restored: true };
    net.network.restart(3);
    net.network.down.delete(3);
    let calls = 0;
    net.network.line = ({ from, method, bytes, pass }) => {
      if (from !== (3 as ValidatorId)) return pass();
      if (method !== 'zones/fetch') return Promise.reject(new Error('the line broke'));
      const at = log.decided(decodeSlotMessage(net.network.bodyOf(bytes)).slot);
      const piece = ++calls <= 6 || at === undefined ? [] : [encodeBytes(encodeDecided(at))];
      return Promise.resolve(encodeResult(concat(encodeUint16(piece.length), ...piece)));
    };
    await net.until((i) => net.zones(i).log.mayVote(log.height + 2n), [3]);
    expect(net.zones(3).log.mayVote(log.height + 1n)).toBe(false);
  });
});
