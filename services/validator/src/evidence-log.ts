/**
 * Makes evidence of what this validator sees, and keeps it: each fault once. What it is told by others is no evidence; it runs the checks itself.
 *
 * @module
 */
import { type Blame, DecodeError, type PresignId, ThresholdNotReachedError, encodeText } from '@dwallet/sigma';
import type { RunOptions } from '@dwallet/two-pc-mpc/network';
import { evidenceJob, judgeEvidenceIn } from './compute/evidence-job.ts';
import type { Core, SessionRequest } from './core.ts';
import {
  type Evidence,
  type EvidenceRecords,
  type EvidenceSummary,
  type EvidenceVerdict,
  type SessionProtocolName,
  decodeEvidence,
  encodeEvidence,
  encodeMessagePair,
  encodeVotePair,
  equivocationCheck,
  evidenceGroup,
  evidenceId,
  factName,
  listEvidence,
  sessionMaterial,
  storeEvidence,
  transcriptMaterial,
} from './evidence.ts';
import type { NetworkState } from './network-state.ts';
import type { SignatureTranscript } from './sessions/sign-transcript.ts';
import { StoreError } from './store/store-error.ts';
import type { Equivocation } from './witness.ts';
import { type ForkProof, encodeForkProof, forkCheck, forkSession } from './zones/log/fork-proof.ts';

/** Files that are kept of one kind about one validator and check: cheap faults do not keep out others. */
const mostAlike = 64;

type Fault = Pick<Evidence, 'kind' | 'session' | 'accused' | 'check' | 'reason' | 'material'>;

export class EvidenceLog {
  readonly #core: Core;
  readonly #state: NetworkState;

  constructor(core: Core, state: NetworkState) {
    this.#core = core;
    this.#state = state;
    core.witness.report = (found) => this.#equivocation(found);
  }

  list(): EvidenceSummary[] {
    return listEvidence(this.#core.store);
  }

  /**
   * Faults in a session, provable from its messages up to the last round of the request.
   * @param blamed - what this validator's own run of the checks found.
   */
  session(protocol: SessionProtocolName, request: SessionRequest, blamed: readonly Blame[]): void {
    for (const fault of blamed) {
      const material = sessionMaterial(request);
      this.#keep(
        { ...named(fault), kind: protocol, session: request.session, material },
        this.#state.evidenceRecords(),
      );
    }
  }

  /**
   * A step that verifies the last inbox of the request: whoever it blames, whether it succeeds or ends the session, is at fault.
   * @throws what `work` throws.
   */
  async judged<T extends { readonly blamed: readonly Blame[] }>(
    protocol: SessionProtocolName,
    request: SessionRequest,
    work: () => T | Promise<T>,
  ): Promise<T> {
    try {
      const result = await work();
      this.session(protocol, request, result.blamed);
      return result;
    } catch (error) {
      if (error instanceof ThresholdNotReachedError) this.session(protocol, request, error.blamed);
      throw error;
    }
  }

  /** A fault in a signature. */
  signature(id: PresignId, transcript: SignatureTranscript, fault: Blame, records: EvidenceRecords): void {
    const material = transcriptMaterial(transcript);
    this.#keep({ ...named(fault), kind: 'ecdsa-sign', session: id, material }, records);
  }

  /** The messages of a signature that cannot be made although every share is right (MPC 5.7), as a file for everybody. */
  unexplained(id: PresignId, transcript: SignatureTranscript, records: EvidenceRecords): Uint8Array {
    const reason = 'proven shares of weight t on a verified client message give no signature: the presign is wrong';
    return encodeEvidence({
      ...this.#frame(),
      kind: 'unexplained',
      session: id,
      accused: 0,
      check: 'MPC:S14',
      reason,
      records,
      material: transcriptMaterial(transcript),
    });
  }

  /** Two batches were decided for one slot of the zone log. Both certificates were verified. */
  zoneFork(proof: ForkProof): void {
    this.keepAlarm({
      ...this.#frame(),
      kind: 'zone-fork',
      session: forkSession(this.#core.options.networkId, proof),
      accused: 0,
      check: forkCheck,
      reason: `two batches were decided for slot ${proof.slot} of the zone log`,
      records: {},
      material: encodeForkProof(proof),
    });
  }

  /** Judges a file as anybody would, where heavy steps are computed. @throws ComputeError when there is no verdict. */
  judge(file: Uint8Array, options: RunOptions = {}): Promise<EvidenceVerdict> {
    const { compute, networkId } = this.#core.options;
    const random = this.#core.freshRandom([encodeText(evidenceJob)]);
    return judgeEvidenceIn(compute, { file, networkId, random }, options);
  }

  /** Keeps an alarm that was judged. @returns its id. */
  keepAlarm(evidence: Evidence): string {
    const { id, isNew } = storeEvidence(this.#core.store, evidence);
    if (isNew) this.#core.options.log(`ALARM: ${evidence.reason} (evidence ${id})`);
    return id;
  }

  /** Keeps evidence of another validator that was judged here. */
  keepJudged({ kind, session, accused, check, reason, material, records }: Evidence): void {
    this.#keep({ kind, session, accused, check, reason, material }, records);
  }

  #equivocation(found: Equivocation): void {
    const { committee } = this.#core;
    if (found.kind === 'message') {
      const [first, second] = found.messages;
      this.#keep({
        kind: 'equivocation-message',
        session: found.session,
        accused: found.from,
        check: equivocationCheck.message,
        reason: 'signed two different messages for one step of a session',
        material: encodeMessagePair(first, second),
      });
      return;
    }
    const [first, second] = found.votes;
    this.#keep({
      kind: 'equivocation-vote',
      session: factName(first.fact),
      accused: found.from,
      check: equivocationCheck.vote,
      reason: `voted for two digests of one ${first.fact.kind}`,
      material: encodeVotePair(committee, found.from, first, second),
    });
  }

  #frame(): Pick<Evidence, 'network'> {
    const { networkName, parameters, curve, committee } = this.#core.options;
    return { network: { name: networkName, profile: parameters.profile.id, curveId: curve.id, committee } };
  }

  #keep(fault: Fault, records: EvidenceRecords = {}): void {
    const { store, options } = this.#core;
    const evidence: Evidence = { ...this.#frame(), ...fault, records };
    const { accused, check, reason } = fault;
    const id = evidenceId(evidence);
    const known = store.list('evidence');
    if (known.includes(id)) return;
    options.observer.blamed(accused, check);
    options.log(`validator ${accused} is at fault (${check}): ${reason}`);
    // Somebody who cheats all the time does not fill the disk.
    const group = evidenceGroup(id);
    if (known.filter((other) => evidenceGroup(other) === group).length >= mostAlike) return;
    // Whoever signs the messages says how long they are: what could not be read back is not kept.
    if (!isReadable(evidence)) {
      options.observer.skipped('evidence that is too large');
      return;
    }
    try {
      storeEvidence(store, evidence);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // The message that it was noticed in counts all the same; what is seen again is kept when there is room.
      options.observer.skipped('evidence that cannot be stored');
      options.log(`evidence ${id} cannot be stored: ${error.code}`);
    }
  }
}

function isReadable(evidence: Evidence): boolean {
  try {
    decodeEvidence(encodeEvidence(evidence));
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

const named = ({ party, check, reason }: Blame): Pick<Fault, 'accused' | 'check' | 'reason'> => ({
  accused: party,
  check,
  reason,
});
