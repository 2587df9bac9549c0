/**
 * A faulty validator for the demonstration of zones. In the log of zones it votes for whatever anybody proposes, for two batches of one slot as well,
 * forgets what it was locked on, keeps silent in every third slot, and shows two faces where it leads: one batch to most, another one to a victim, with its
 * own vote for both. It votes for every signature that a dWallet asks for. It has its own keys like any other validator; nothing of this exists in the
 * validator service.
 *
 * @module
 */
import { type Digest, type ValidatorId, digestTagged, secp256k1Curve } from '@dwallet/sigma';
import {
  type Committee,
  type Fact,
  type Peer,
  decodeCall,
  decodeCertificate,
  decodeReply,
  encodeCall,
  encodeCertificate,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import {
  type ServeHookParts,
  type SlotMessage,
  decidedSlotFact,
  decodeBatch,
  decodeProposalAnswer,
  decodeSlotMessage,
  decodeSlotStatus,
  encodeBatch,
  encodeProposalAnswer,
  encodeSlotMessage,
  encodeSlotStatus,
  preparedSlotFact,
  slotDigest,
} from '@dwallet/validator/service';
import { type ClusterEvent, type WorldEvent, decodeWorldEvent, encodeWorldEvent } from '@dwallet/zones';
import { bindingVote } from '../main-job/byzantine-validator.ts';
import type { Misdeeds } from './misdeeds.ts';

const maxCallBytes = maxBodyBytes + 1024;
/** Longer than a leader waits for the answers of a phase. */
const silentMs = 6000;
/** Slots about which it remembers for whom it voted. */
const remembered = 64;
const none = new Uint8Array(0);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The batch that the victim was shown, and its vote. */
interface OtherFace {
  readonly ballot: bigint;
  readonly batch: Uint8Array;
  readonly vote: Uint8Array;
}

export class TwoFacedValidator {
  readonly #note: (misdeeds: Misdeeds) => void;
  readonly #done: Misdeeds;
  /** Slot -> digests that it voted for. */
  readonly #voted = new Map<bigint, Set<string>>();
  readonly #faces = new Map<bigint, OtherFace>();
  #parts: ServeHookParts | undefined;

  /** @param before - what it did before it was started again. @param note - hears of every misdeed. */
  constructor(before: Misdeeds, note: (misdeeds: Misdeeds) => void) {
    this.#done = { ...before };
    this.#note = note;
  }

  #count(what: keyof Misdeeds): void {
    this.#done[what]++;
    this.#note(this.#done);
  }
  get #own(): ServeHookParts {
    if (this.#parts === undefined) throw new Error('nobody has been served yet');
    return this.#parts;
  }
  #sign(fact: Fact): Uint8Array {
    const { committee, index, keystore } = this.#own;
    const { identity } = keystore;
    try {
      return signFact(committee, fact, index, identity).signature;
    } finally {
      identity.destroy();
    }
  }
  /** @returns undefined for a slot that this validator knows nothing before. */
  #value(slot: bigint, batch: Uint8Array): Digest | undefined {
    const log = this.#own.validator.zones?.log;
    return log === undefined || slot > log.height ? undefined : slotDigest(slot, log.before(slot), batch);
  }
  /** Votes to prepare a batch, whatever it voted for before. */
  #prepare(slot: bigint, ballot: bigint, value: Digest): Uint8Array {
    const known = this.#voted.get(slot) ?? new Set();
    const before = known.size;
    known.add(hex(value));
    this.#voted.set(slot, known);
    if (before === 1 && known.size === 2) this.#count('doubleVotes');
    for (const old of this.#voted.keys()) if (this.#voted.size > remembered) this.#voted.delete(old);
    return this.#sign(preparedSlotFact(this.#own.networkId, slot, value, ballot));
  }

  // Asked by others -----------------------------------------------------------------------------------------------------------------

  /** What answers the others in place of the honest validator. */
  serve(parts: ServeHookParts): Peer {
    this.#parts = parts;
    return {
      call: async (call) => {
        const { method, body } = decodeCall(call, maxCallBytes);
        return (await this.#lie(method, body)) ?? parts.validator.call(call);
      },
    };
  }

  /** @returns undefined where it answers as anybody does. */
  async #lie(method: string, body: Uint8Array): Promise<Uint8Array | undefined> {
    const { networkId, committee, index, keystore, validator } = this.#own;
    switch (method) {
      case 'zones/propose':
      case 'zones/fix': {
        const { slot, ballot, batch, certificate } = decodeSlotMessage(openEnvelope(body, networkId).body);
        const value = this.#value(slot, batch);
        if (value === undefined) return undefined;
        if (slot % 3n === 0n) {
          this.#count('withheld');
          await new Promise((resolve) => setTimeout(resolve, silentMs).unref());
          return encodeResult(none);
        }
        if (method === 'zones/fix') {
          const prepared = decodeCertificate(certificate).fact.version / 2n;
          return encodeResult(this.#sign(decidedSlotFact(networkId, slot, value, prepared)));
        }
        this.#count('blindVotes');
        return encodeResult(encodeProposalAnswer({ kind: 'vote', signature: this.#prepare(slot, ballot, value) }));
      }
      case 'zones/status': {
        const honest = decodeReply(await validator.call(encodeCall(method, body)), maxBodyBytes);
        return encodeResult(encodeSlotStatus({ ...decodeSlotStatus(honest), ballot: 0n, locked: undefined }));
      }
      case 'sign/bind':
        this.#count('blindBindings');
        return encodeResult(bindingVote(body, { committee, curve: secp256k1Curve, index, keystore, networkId }));
      default:
        return undefined;
    }
  }

  // Leading -------------------------------------------------------------------------------------------------------------------------

  /** Its lines to the others: the victim is told something else. */
  lines(honest: ReadonlyMap<ValidatorId, Peer>): ReadonlyMap<ValidatorId, Peer> {
    return new Map(
      [...honest].map(([validator, line]) => [validator, { call: (call) => this.#tell(validator, line, call) }]),
    );
  }

  async #tell(validator: ValidatorId, line: Peer, call: Uint8Array): Promise<Uint8Array> {
    const { method, body } = decodeCall(call, maxCallBytes);
    if (method !== 'zones/propose' && method !== 'zones/fix' && method !== 'zones/decide') return line.call(call);
    const message = decodeSlotMessage(openEnvelope(body, this.#own.networkId).body);
    const others = this.#own.committee.access.validators.filter((member) => member !== this.#own.index);
    if (validator !== others[Number(message.slot % BigInt(others.length))]) return line.call(call);
    if (method === 'zones/propose') return this.#propose(line, call, message);
    const face = this.#faces.get(message.slot);
    if (face === undefined) return line.call(call);
    // The victim hears of the decided batch from others.
    return method === 'zones/decide' ? encodeResult(none) : this.#fork(validator, line, message.slot, face);
  }

  #request(method: string, message: SlotMessage): Uint8Array {
    const { keystore, networkId } = this.#own;
    const { identity } = keystore;
    const body = encodeSlotMessage(message);
    const session = digestTagged('request', [body]);
    try {
      const envelope = sealEnvelope(identity, { networkId, session, kind: `request/${method}`, body });
      return encodeCall(method, encodeEnvelope(envelope));
    } finally {
      identity.destroy();
    }
  }

  async #propose(line: Peer, call: Uint8Array, message: SlotMessage): Promise<Uint8Array> {
    const { slot, ballot, certificate } = message;
    const batch = certificate.length > 0 ? undefined : otherBatch(message.batch);
    const values = [message.batch, batch ?? none].map((one) => this.#value(slot, one));
    const [shown, other] = values;
    if (batch === undefined || shown === undefined || other === undefined) return line.call(call);
    const reply = await line.call(this.#request('zones/propose', { ...message, batch }));
    const answer = decodeProposalAnswer(decodeReply(reply, maxBodyBytes));
    if (answer.kind !== 'vote') return reply;
    this.#count('twoFaces');
    this.#prepare(slot, ballot, shown);
    this.#prepare(slot, ballot, other);
    this.#faces.clear();
    this.#faces.set(slot, { ballot, batch, vote: answer.signature });
    return reply;
  }

  /** Shows the victim that its batch was prepared: by itself and this validator, which is no quorum. */
  async #fork(victim: ValidatorId, line: Peer, slot: bigint, { ballot, batch, vote }: OtherFace): Promise<Uint8Array> {
    const { committee, index, networkId } = this.#own;
    const fact = preparedSlotFact(networkId, slot, slotDigest(slot, this.#before(slot), batch), ballot);
    const certificate = shortCertificate(committee, fact, [
      { validator: victim, signature: vote },
      { validator: index, signature: this.#sign(fact) },
    ]);
    this.#count('forksTried');
    const reply = await line.call(this.#request('zones/fix', { slot, ballot: 0n, batch, certificate }));
    decodeReply(reply, maxBodyBytes);
    this.#count('forksTaken');
    return reply;
  }
  #before(slot: bigint): Digest {
    const log = this.#own.validator.zones?.log;
    if (log === undefined) throw new Error('this validator has no zones');
    return log.before(slot);
  }
}

const shortCertificate = (
  committee: Committee,
  fact: Fact,
  votes: readonly { readonly validator: ValidatorId; readonly signature: Uint8Array }[],
): Uint8Array =>
  encodeCertificate({
    committee: committee.digest,
    fact,
    votes: votes.toSorted((a, b) => a.validator - b.validator),
  });

/** Another batch that an honest validator would vote for: one event fewer, or the only one a millisecond earlier. */
export function otherBatch(batch: Uint8Array): Uint8Array | undefined {
  const events = decodeBatch(batch);
  const [only] = events;
  if (only === undefined || events.length > 1) return encodeBatch(events.slice(0, -1));
  const event = earlier(decodeWorldEvent(only));
  return event === undefined ? undefined : encodeBatch([encodeWorldEvent(event)]);
}

function earlier(event: WorldEvent): WorldEvent | undefined {
  if (event.kind === 'entry') return { ...event, entry: { ...event.entry, time: event.entry.time - 1 } };
  const inner = event.kind === 'cluster' ? earlierInCluster(event.event) : undefined;
  return event.kind !== 'cluster' || inner === undefined ? undefined : { ...event, event: inner };
}
function earlierInCluster(event: ClusterEvent): ClusterEvent | undefined {
  return event.kind === 'heartbeat'
    ? { ...event, heartbeat: { ...event.heartbeat, at: event.heartbeat.at - 1 } }
    : undefined;
}
