/**
 * dWallet DKG at the validators (MPC 3.3, 3.5): every one verifies the client's message by itself; the leader gathers the votes.
 *
 * @module
 */
import { CheckError, concat } from '@dwallet/sigma';
import {
  type DWalletRecord,
  type Envelope,
  clientKind,
  decodeAcceptDWallet,
  decodeCertificate,
  decodeCreateDWallet,
  dwalletFact,
  encodeCertificate,
  encodeDWalletRecord,
  encodeParts,
  verifyAcceptance,
  verifyCertificate,
  verifyDWallet,
} from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError } from '../core.ts';
import type { NetworkState } from '../network-state.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export class DWalletSessions {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #verified = new Map<string, DWalletRecord>();

  constructor(core: Core, state: NetworkState) {
    this.#core = core;
    this.#state = state;
  }

  /** MPC:K1 to MPC:K8 on a client's envelope. The session id is spent by the first message that passes; the same message passes again. */
  #verify(envelope: Envelope): DWalletRecord {
    const key = hex(concat(envelope.session, envelope.signature));
    const known = this.#verified.get(key);
    if (known !== undefined) return known;
    const { fresh, message } = decodeCreateDWallet(envelope.body);
    const spent = this.#core.store.get('session', hex(envelope.session));
    const record = verifyDWallet({
      setup: this.#state.requireSetup(),
      message,
      registration: () => ({
        opening: { version: 1n, type: 'USER', sender: envelope.sender, fresh },
        used: spent !== undefined && hex(spent) !== hex(message),
      }),
      userKey: (id) => this.#state.userKey(id),
      random: this.#core.freshRandom([envelope.session]),
    });
    if (hex(record.sessionId) !== hex(envelope.session))
      throw new CheckError('MPC:K1', 'Envelope.session', 'is not that of the message');
    const first = this.#core.store.putOnce('session', hex(envelope.session), message);
    if (first !== undefined && hex(first) !== hex(message))
      throw new CheckError('MPC:K1', 'DkgMsg.sessionId', 'was used before');
    this.#verified.set(key, record);
    return record;
  }

  /** A member's vote. */
  vote(envelope: Envelope): Uint8Array {
    this.#core.options.log('verifying a new dWallet');
    return this.#core.voteOnce(dwalletFact(this.#verify(envelope)));
  }

  /** Stores a certified dWallet. */
  commit(envelope: Envelope, certificateBytes: Uint8Array): Uint8Array {
    const record = this.#verify(envelope);
    verifyCertificate(this.#core.committee, decodeCertificate(certificateBytes), dwalletFact(record), 'MPC:A1');
    this.#state.installDWallet(record, encodeDWalletRecord(this.#state.requireSetup(), record), certificateBytes);
    this.#verified.clear();
    return new Uint8Array(0);
  }

  /** Leads a creation. @returns record and certificate. */
  async lead(envelope: Envelope, bytes: Uint8Array): Promise<Uint8Array> {
    const record = this.#verify(envelope);
    const { certificate } = await this.#core.certify('dwallet/vote', bytes, dwalletFact(record));
    const encoded = encodeCertificate(certificate);
    await this.#core.collect('dwallet/commit', encodeParts([bytes, encoded]), () => {});
    return encodeParts([encodeDWalletRecord(this.#state.requireSetup(), record), encoded]);
  }

  /** MPC:A3: from now on the dWallet may sign. */
  accept(envelope: Envelope): Uint8Array {
    const { id, acceptance } = decodeAcceptDWallet(envelope.body);
    const { record } = this.#state.dwallet(id);
    if (hex(record.owner) !== hex(envelope.sender))
      throw new RefusedError('NOT_OWNER', 'only the owner accepts a dWallet');
    verifyAcceptance(record, acceptance);
    this.#state.acceptDWallet(id, acceptance);
    return new Uint8Array(0);
  }

  async leadAccept(bytes: Uint8Array): Promise<Uint8Array> {
    const answers = await this.#core.collect('dwallet/accept', bytes, () => {});
    const weight = this.#core.committee.access.weight(
      answers.flatMap((answer) => ('body' in answer ? [answer.validator] : [])),
    );
    if (weight < this.#core.committee.access.threshold)
      throw new RefusedError('UNAVAILABLE', 'too few validators took the acceptance');
    return new Uint8Array(0);
  }

  static readonly kinds = clientKind;
}
