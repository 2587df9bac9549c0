/**
 * dWallet DKG at the validators (MPC 3.3, 3.5): every one verifies the client's message by itself; the leader gathers the votes.
 *
 * @module
 */
import { CheckError, DecodeError, concat } from '@dwallet/sigma';
import {
  type DWalletRecord,
  type Envelope,
  decodeAcceptDWallet,
  decodeCreateDWallet,
  dwalletFact,
  encodeCertificate,
  encodeDWalletRecord,
  encodeParts,
  namingOpening,
  verifyAcceptance,
  verifyDWalletIn,
} from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError } from '../core.ts';
import type { NetworkState } from '../network-state.ts';
import type { Records } from '../records.ts';
import { InFlight } from '../in-flight.ts';
import { Remembered } from '../remembered.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const keyOf = (envelope: Envelope): string => hex(concat(envelope.session, envelope.signature));
const adaptive = { graceMs: 'adaptive' } as const;

export class DWalletSessions {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #records: Records;
  readonly #verified = new Remembered<DWalletRecord>();
  readonly #verifying = new InFlight<DWalletRecord>();

  constructor(core: Core, state: NetworkState, records: Records) {
    this.#core = core;
    this.#state = state;
    this.#records = records;
  }

  /** MPC:K1 to MPC:K8 on a client's envelope. The session id is spent by the first message that passes; the same message passes again. */
  async #verify(envelope: Envelope): Promise<DWalletRecord> {
    const key = keyOf(envelope);
    return this.#verified.get(key) ?? this.#verifying.share(key, () => this.#verifyNow(envelope, key));
  }

  async #verifyNow(envelope: Envelope, key: string): Promise<DWalletRecord> {
    const { named, message } = decodeCreateDWallet(envelope.body);
    const spent = this.#core.store.get('session', hex(envelope.session));
    if (spent !== undefined && hex(spent) !== hex(message))
      throw new CheckError('MPC:K1', 'DkgMsg.sessionId', 'was used before');
    const record = await verifyDWalletIn(this.#core.options.compute, {
      setup: this.#state.requireSetup(),
      message,
      opening: namingOpening('USER', envelope.sender, named),
      registrationOf: (id) => this.#core.store.get('user-key', hex(id)),
      random: this.#core.freshRandom([envelope.session]),
    });
    // Nothing below waits: what is looked up is as it is when the session is spent.
    if (hex(record.sessionId) !== hex(envelope.session))
      throw new CheckError('MPC:K1', 'Envelope.session', 'is not that of the message');
    const installed = this.#state.findDWallet(record.sessionId)?.record;
    if (installed !== undefined && hex(installed.digest) !== hex(record.digest))
      throw new CheckError('MPC:K1', 'DkgMsg.sessionId', 'was used before');
    const first = this.#core.store.putOnce('session', hex(envelope.session), message);
    if (first !== undefined && hex(first) !== hex(message))
      throw new CheckError('MPC:K1', 'DkgMsg.sessionId', 'was used before');
    return this.#verified.set(key, record);
  }

  /**
   * A member's vote. One that was restored votes only where its present generation is named (docs/security.md, Backup and restore); that the session
   * id is made of what is named is verified with the message.
   */
  async vote(envelope: Envelope): Promise<Uint8Array> {
    const { named } = decodeCreateDWallet(envelope.body);
    this.#core.requirePart(named.generations.get(this.#core.index));
    this.#core.options.log('verifying a new dWallet');
    return this.#core.voteOnce(dwalletFact(await this.#verify(envelope)));
  }

  /** Stores a certified dWallet. */
  async commit(envelope: Envelope, certificateBytes: Uint8Array): Promise<Uint8Array> {
    const record = await this.#verify(envelope);
    this.#core.requireCertificate(certificateBytes, dwalletFact(record), 'MPC:A1');
    this.#state.installDWallet(record, encodeDWalletRecord(this.#state.requireSetup(), record), certificateBytes);
    this.#verified.delete(keyOf(envelope));
    return new Uint8Array(0);
  }

  /** Leads a creation. @returns record and certificate. */
  async lead(envelope: Envelope, bytes: Uint8Array): Promise<Uint8Array> {
    const record = await this.#verify(envelope);
    const { certificate } = await this.#core.certify('dwallet/vote', bytes, dwalletFact(record), adaptive);
    const encoded = encodeCertificate(certificate);
    const stored = await this.#core.collect('dwallet/commit', encodeParts([bytes, encoded]), () => {}, adaptive);
    // What is answered is on this disk first: not so if the own part came too late or failed. Then this stores it, or throws.
    if (!stored.some((answer) => answer.validator === this.#core.index && 'body' in answer))
      await this.commit(envelope, encoded);
    return encodeParts([encodeDWalletRecord(this.#state.requireSetup(), record), encoded]);
  }

  /** MPC:A3: from now on the dWallet may sign. */
  async accept(envelope: Envelope): Promise<Uint8Array> {
    const { id, acceptance } = decodeAcceptDWallet(envelope.body);
    if (hex(envelope.session) !== hex(id)) throw new DecodeError('Envelope.session', 'is not the dWallet');
    const { record } = await this.#records.dwallet(id);
    if (hex(record.owner) !== hex(envelope.sender))
      throw new RefusedError('NOT_OWNER', 'only the owner accepts a dWallet');
    verifyAcceptance(record, acceptance);
    if (hex(this.#state.acceptDWallet(id, acceptance)) !== hex(acceptance))
      throw new RefusedError('ALREADY_ACCEPTED', 'the owner has accepted this dWallet with another signing policy');
    return new Uint8Array(0);
  }

  async leadAccept(bytes: Uint8Array): Promise<Uint8Array> {
    const answers = await this.#core.collect('dwallet/accept', bytes, () => {}, adaptive);
    const { access } = this.#core.committee;
    const weight = access.weight(answers.flatMap((answer) => ('body' in answer ? [answer.validator] : [])));
    if (weight < access.threshold) throw this.#core.refusal('acceptance of a dWallet', answers, weight);
    return new Uint8Array(0);
  }
}
