/**
 * A validator that lies: it runs the real code on a store that forgets what it promised, so it votes, assigns and answers for everything, and
 * its messages are changed on the way out. It has its own keys and nobody else's.
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import { type Digest, type ValidatorId, digestTagged, hashTagged, validatorId } from '@dwallet/sigma';
import {
  type Envelope,
  type Fact,
  assignmentFact,
  boundDigestOf,
  decodeCall,
  decodeParts,
  decodeReply,
  decodeSignRequest,
  decodeTakePresign,
  encodeCall,
  encodeCertificate,
  encodeEnvelope,
  encodeParts,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import { bindingFact } from '../../services/validator/src/network-state.ts';
import { access, committee, curve, keystores, networkId, parameters } from './base.ts';
import type { StoreMutation } from './disk.ts';
import type { Host, Liar } from './host.ts';
import type { Chance, Scheduler } from './scheduler.ts';

const shareLies = ['none', 'garbage', 'truncated', 'flipped', 'silent', 'replay', 'random'] as const;
type ShareLie = (typeof shareLies)[number];

/** What one liar does, chosen by the seed. */
export interface Lies {
  readonly share: ShareLie;
  readonly proof: ShareLie;
  readonly contribution: ShareLie | 'twofaced';
  readonly vote: 'none' | 'blind' | 'garbage' | 'silent';
  readonly lead: 'none' | 'silent' | 'garbage' | 'forge';
  /** Lets nobody have its records and certificates. */
  readonly hoards: boolean;
  /** Serves old client requests again. */
  readonly replays: boolean;
  /** Probability that any single message is not sent. */
  readonly mute: number;
}

export const chooseLies = (chance: Chance): Lies => ({
  share: chance.pick(shareLies),
  proof: chance.pick(shareLies),
  contribution: chance.pick([...shareLies, 'twofaced']),
  vote: chance.pick(['none', 'blind', 'blind', 'blind', 'garbage', 'silent']),
  lead: chance.pick(['none', 'none', 'silent', 'garbage', 'forge', 'forge']),
  hoards: chance.happens(0.5),
  replays: chance.happens(0.3),
  mute: chance.happens(0.2) ? 0.3 : 0,
});

let wrong: Uint8Array | undefined;
/** An element of the group that is nobody's share. */
const wrongElement = (): Uint8Array => {
  const { group, randomnessBits } = parameters;
  const element: Element = parameters.powerOfH(0x1234567890abcdefn ** 5n, randomnessBits);
  return (wrong ??= group.encode(element));
};

const forgetful: StoreMutation = { overwrites: () => true };

export class LyingValidator implements Liar {
  readonly store = forgetful;
  readonly #index: ValidatorId;
  readonly #lies: Lies;
  readonly #chance: Chance;
  readonly #scheduler: Scheduler;
  readonly #hosts: ReadonlyMap<ValidatorId, Host>;
  /** Earlier replies by method. */
  readonly #replies = new Map<string, Uint8Array>();
  #draws = 0;

  constructor(
    index: ValidatorId,
    lies: Lies,
    chance: Chance,
    scheduler: Scheduler,
    hosts: ReadonlyMap<ValidatorId, Host>,
  ) {
    this.#index = index;
    this.#lies = lies;
    this.#chance = chance;
    this.#scheduler = scheduler;
    this.#hosts = hosts;
  }

  salt(): string {
    return this.#lies.contribution === 'twofaced' ? `face ${this.#draws++ % 2}` : '';
  }

  reply({ method, bytes }: { readonly method: string; readonly bytes: Uint8Array }, honest: Uint8Array) {
    if (this.#chance.happens(this.#lies.mute)) return undefined;
    const old = this.#replies.get(method);
    this.#replies.set(method, honest);
    switch (method) {
      case 'sign/share':
        return this.#bend(this.#lies.share, honest, old);
      case 'sign/prove':
        return this.#bend(this.#lies.proof, honest, old);
      case 'session/contribute':
        return this.#lies.contribution === 'twofaced' ? honest : this.#bend(this.#lies.contribution, honest, old);
      case 'sign/bind':
      case 'sign/assign':
      case 'dwallet/vote':
      case 'session/vote':
        return this.#vote(method, bytes, honest);
      default:
        if (method.startsWith('records/') && this.#lies.hoards) return undefined;
        if (!method.startsWith('client/')) return honest;
        if (this.#lies.lead === 'silent') return undefined;
        return this.#lies.lead === 'garbage' ? (old ?? encodeResult(new Uint8Array(40))) : honest;
    }
  }

  request(method: string, _to: ValidatorId, honest: Uint8Array): Uint8Array | undefined {
    if (this.#chance.happens(this.#lies.mute)) return undefined;
    // What it fixed for one half of the members is not what the other half hears.
    if (method === 'sign/record' && this.#lies.lead === 'forge') return this.#forgedRecord(honest);
    return honest;
  }

  received(method: string, bytes: Uint8Array): void {
    if (method !== 'client/sign' && method !== 'client/take-presign') return;
    if (this.#lies.replays && this.#chance.happens(0.5)) {
      this.#scheduler.after(this.#chance.between(1_000, 40_000), () => {
        void this.#hosts.get(this.#index)?.validator?.call(bytes);
      });
    }
    if (method === 'client/sign' && this.#lies.lead === 'forge') this.#askWithoutQuorum(bytes);
  }

  #bend(lie: ShareLie, reply: Uint8Array, old: Uint8Array | undefined): Uint8Array | undefined {
    if (lie === 'none') return reply;
    if (lie === 'silent') return undefined;
    if (lie === 'replay') return old ?? reply;
    if (lie === 'random') return encodeResult(hashTagged('noise', [reply.subarray(0, 40)], 90));
    let envelope: Envelope;
    try {
      envelope = openEnvelope(decodeReply(reply, maxBodyBytes), networkId);
    } catch {
      return reply;
    }
    const { session, kind } = envelope;
    const body = lie === 'truncated' ? envelope.body.slice(0, -1) : envelope.body.slice();
    const wrongBytes = wrongElement();
    if (lie === 'garbage' && body.length >= wrongBytes.length) body.set(wrongBytes, body.length - wrongBytes.length);
    if (lie === 'flipped' && body.length > 3) body[body.length - 3] = (body.at(-3) as number) ^ 4;
    return encodeResult(encodeEnvelope(sealEnvelope(this.#key(), { networkId, session, kind, body })));
  }

  #key() {
    return (keystores[this.#index - 1] as (typeof keystores)[number]).identity;
  }
  #sign(fact: Fact): Uint8Array {
    return signFact(committee, fact, this.#index, this.#key()).signature;
  }

  /** Votes for whatever it is asked to vote for, unchecked. */
  #vote(method: string, request: Uint8Array, honest: Uint8Array): Uint8Array | undefined {
    if (this.#lies.vote === 'none') return honest;
    if (this.#lies.vote === 'silent') return undefined;
    if (this.#lies.vote === 'garbage') return encodeResult(new Uint8Array(64).fill(7));
    try {
      const { body } = openEnvelope(decodeCall(request, 2 * maxBodyBytes).body, networkId);
      if (method === 'sign/bind') return encodeResult(this.#sign(factOf(body)));
      if (method === 'sign/assign') {
        const [client, id] = decodeParts(body, 'AssignPresign', 2) as [Uint8Array, Uint8Array];
        const take = decodeTakePresign(openEnvelope(client, networkId).body);
        return encodeResult(
          this.#sign(assignmentFact(id as Parameters<typeof assignmentFact>[0], take.id, take.request)),
        );
      }
    } catch {
      // Nothing to vote for.
    }
    return honest;
  }

  /** Asks everybody for shares at once, under a certificate that no quorum signed. */
  #askWithoutQuorum(call: Uint8Array): void {
    let body: Uint8Array;
    try {
      const client = decodeCall(call, 2 * maxBodyBytes).body;
      const fact = factOf(client);
      const own = this.#sign(fact);
      const votes = access.validators.slice(0, 3).map((validator) => ({ validator, signature: own }));
      const certificate = encodeCertificate({ committee: committee.digest, fact, votes });
      const expected = this.#chance.pick([
        [1, 2, 3],
        [1, 2, 3, 4],
        [2, 3, 4],
      ]);
      body = encodeParts([client, certificate, Uint8Array.from(expected.flatMap((v) => [0, validatorId(v)]))]);
    } catch {
      return;
    }
    const method = this.#chance.pick(['sign/share', 'sign/share', 'sign/prove']);
    for (const to of access.validators) {
      if (to === this.#index) continue;
      void this.#hosts
        .get(to)
        ?.receive(this.#index, method, this.#request(method, body))
        .catch(() => {});
    }
  }

  #request(method: string, body: Uint8Array): Uint8Array {
    const session: Digest = digestTagged('request', [body]);
    return encodeCall(
      method,
      encodeEnvelope(sealEnvelope(this.#key(), { networkId, session, kind: `request/${method}`, body })),
    );
  }

  /** A signature that is none. */
  #forgedRecord(call: Uint8Array): Uint8Array {
    const { method, body } = decodeCall(call, 2 * maxBodyBytes);
    const [client, record] = decodeParts(openEnvelope(body, networkId).body, 'SignatureRecord', 2) as [
      Uint8Array,
      Uint8Array,
    ];
    const forged = record.slice();
    forged[100] = (forged[100] ?? 0) ^ 1;
    return this.#request(method, encodeParts([client, forged]));
  }
}

/** The fact that binds a presign to the bytes of a client's envelope. */
function factOf(client: Uint8Array): Fact {
  const request = decodeSignRequest(openEnvelope(client, networkId).body);
  return bindingFact(request.presignId, boundDigestOf(curve, request));
}
