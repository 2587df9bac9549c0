/**
 * The agreement on a slot against an adversary that owns one validator of four, every ballot, and the network: it asks whom it likes for whatever vote it
 * likes, in any order, keeps what it gets, and members are killed and started again after every vote. No slot is ever decided twice.
 */
import { equalBytes } from '@noble/curves/utils.js';
import { type ValidatorId, encodeText } from '@dwallet/sigma';
import {
  type Fact,
  type FactVote,
  InlinePool,
  assembleCertificate,
  encodeCertificate,
  networkJobs,
  signFact,
  verifyFactVote,
} from '@dwallet/two-pc-mpc/network';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Core, RefusedError } from '../../src/core.ts';
import { silentObserver } from '../../src/observer.ts';
import { MemoryRecordStore, type RecordStore } from '../../src/store/record-store.ts';
import { SlotAgreement, type SlotHost } from '../../src/zones/log/agreement.ts';
import {
  decidedSlotFact,
  decodeProposalAnswer,
  encodeBatch,
  encodeSlotMessage,
  logGenesis,
  preparedSlotFact,
  slotDigest,
} from '../../src/zones/log/slots.ts';
import { ToyNetwork, curve, fixture, networkName, randomFor, v } from '../helpers/toy-network.ts';

const network = new ToyNetwork({ from: fixture() });
afterAll(() => network.close());
const { committee, networkId } = network;
const runs = 40 * Number(process.env['DWALLET_ZONES_RUNS'] ?? 1);

const honest = [1, 2, 3] as const;
const faulty = v(4);
const slot = 0n;
const before = logGenesis(networkId);
const batches = ['one', 'two'].map((text) => encodeBatch([encodeText(text)]));
const valueOf = (batch: number) => slotDigest(slot, before, batches[batch] as Uint8Array);
const none = new Uint8Array(0);

const host: SlotHost = {
  height: slot,
  before: () => before,
  judge: () => undefined,
  decided: () => undefined,
  decide() {},
  catchUp: () => Promise.resolve(),
  mayVote: () => true,
};

/** What is in memory of a member is new at every call: it lives in its store alone. */
function memberOf(index: ValidatorId, store: RecordStore): SlotAgreement {
  const core = new Core({
    index,
    committee,
    networkId,
    networkName,
    parameters: network.parameters,
    curve,
    keystore: network.keystore(index),
    store,
    random: randomFor('agreement-model'),
    peers: new Map(),
    log: () => {},
    timeouts: { answerMs: 1000, sharesMs: 1000, fetchMs: 1000 },
    clock: systemClock,
    observer: silentObserver,
    compute: new InlinePool(networkJobs, network.parameters, curve),
  });
  return new SlotAgreement(core, host, { phaseMs: 1000 });
}

type Phase = 'prepared' | 'decided';

/** One world of three honest members and what the adversary has of them. */
class Adversary {
  readonly #stores = new Map(honest.map((i) => [i as number, new MemoryRecordStore()]));
  readonly #votes = new Map<string, FactVote[]>();
  readonly #certificates = new Map<string, Uint8Array>();
  /** Batches that a quorum voted to decide. */
  readonly decided = new Set<number>();

  #fact(phase: Phase, batch: number, ballot: bigint): Fact {
    return (phase === 'prepared' ? preparedSlotFact : decidedSlotFact)(networkId, slot, valueOf(batch), ballot);
  }

  #keep(phase: Phase, batch: number, ballot: bigint, validator: ValidatorId, signature: Uint8Array): void {
    const fact = this.#fact(phase, batch, ballot);
    const key = `${phase}.${batch}.${ballot}`;
    const own = {
      validator: faulty,
      signature: signFact(committee, fact, faulty, network.keystore(4).identity).signature,
    };
    const votes = this.#votes.get(key) ?? [own];
    if (!verifyFactVote(committee, fact, { validator, signature })) throw new Error('not a vote for this fact');
    if (!votes.some((vote) => vote.validator === validator && equalBytes(vote.signature, signature)))
      votes.push({ validator, signature });
    this.#votes.set(key, votes);
    if (votes.length < 3) return;
    this.#certificates.set(key, encodeCertificate(assembleCertificate(committee, fact, votes).certificate));
    if (phase === 'decided') this.decided.add(batch);
  }

  /** A certificate that a quorum prepared the batch in a ballot, if the adversary could make one. */
  prepared(batch: number, ballot: bigint): Uint8Array | undefined {
    return this.#certificates.get(`prepared.${batch}.${ballot}`);
  }

  async ask(phase: Phase, to: number, batch: number, ballot: bigint, certificate: Uint8Array): Promise<void> {
    const member = memberOf(v(to), this.#stores.get(to) as RecordStore);
    const message = {
      slot,
      ballot: phase === 'prepared' ? ballot : 0n,
      batch: batches[batch] as Uint8Array,
      certificate,
    };
    try {
      if (phase === 'decided') {
        this.#keep(phase, batch, ballot, v(to), await member.fix(encodeSlotMessage(message)));
        return;
      }
      const answer = decodeProposalAnswer(await member.prepare(member.owner(slot, ballot), encodeSlotMessage(message)));
      if (answer.kind === 'vote') this.#keep(phase, batch, ballot, v(to), answer.signature);
    } catch (error) {
      // It is bound to something else, or what it is shown is not older than the ballot.
      if (!(error instanceof RefusedError) && (error as { code?: string }).code !== 'DECODE') throw error;
    }
  }
}

const ballot = fc.bigInt({ min: 1n, max: 4n });
const batch = fc.nat({ max: 1 });
const members = fc.subarray([...honest], { minLength: 1 });
/** A ballot of a leader that shows a certificate of an earlier one, or none (0), and is heard by whom the adversary likes. */
const lead = fc.record({
  ballot,
  batch,
  shown: fc.bigInt({ min: 0n, max: 3n }),
  prepare: fc.subarray([...honest], { minLength: 2 }),
  fix: members,
});
/** What was prepared before is decided later, by some more members. */
const late = fc.record({ ballot, batch, fix: members });

describe('the agreement on a slot', () => {
  it('never decides it twice, whatever one validator of four and the network do', async () => {
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(lead, lead, late), { minLength: 4, maxLength: 12 }), async (acts) => {
        const adversary = new Adversary();
        for (const act of acts) {
          if ('prepare' in act) {
            const shown = adversary.prepared(act.batch, act.shown) ?? none;
            for (const to of act.prepare) await adversary.ask('prepared', to, act.batch, act.ballot, shown);
          }
          const certificate = adversary.prepared(act.batch, act.ballot);
          if (certificate === undefined) continue;
          for (const to of act.fix) await adversary.ask('decided', to, act.batch, act.ballot, certificate);
        }
        expect(adversary.decided.size).toBeLessThan(2);
        decided += adversary.decided.size;
      }),
      { numRuns: runs },
    );
    // The histories get somewhere.
    expect(decided).toBeGreaterThan(runs / 4);
  });
});
