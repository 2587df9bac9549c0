/**
 * Evidence reaches the other validators: each asks the others now and then what they have, fetches what it lacks, judges it as if it came from a
 * stranger, and keeps what is proven. So the same validators are blamed everywhere, also where nobody saw the fault.
 *
 * Bounds: so many files per kind, accused and check pass, so many per round are judged, and who handed out one that proves nothing is not asked again by
 * this process.
 *
 * @module
 */
import {
  DWalletError,
  DecodeError,
  type ValidatorId,
  concat,
  encodeBytes,
  encodeList,
  encodeText,
} from '@dwallet/sigma';
import { maxBodyBytes } from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError, decodeList } from './core.ts';
import { type Evidence, evidenceGroup, evidenceId, exportEvidence } from './evidence.ts';
import type { EvidenceLog } from './evidence-log.ts';

/** Kind of record in `records/list` and `records/fetch`. */
export const evidenceRecord = 'evidence';

/** Files about one validator, of one kind and check, that are passed on; a validator keeps more of those that it found itself. */
const mostPassed = 8;
/** Files that are judged for one validator in one round. */
const mostPerRound = 4;
const maxListed = 4096;
const maxIdBytes = 256;
/** With its frame a larger one fits in no answer. Its operator hands it out. */
const mostFileBytes = maxBodyBytes - 4096;

/** Ids by kind, accused and check. */
function groups(ids: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const id of ids) {
    const group = evidenceGroup(id);
    if (group !== undefined) found.set(group, [...(found.get(group) ?? []), id]);
  }
  return found;
}

export class EvidenceExchange {
  readonly #core: Core;
  readonly #log: EvidenceLog;
  readonly #raise: (evidence: Evidence, file: Uint8Array) => void;
  readonly #distrusted = new Set<ValidatorId>();

  /** @param raise - what is done about an alarm (`unexplained`), which locks a dWallet. */
  constructor(core: Core, log: EvidenceLog, raise: (evidence: Evidence, file: Uint8Array) => void) {
    this.#core = core;
    this.#log = log;
    this.#raise = raise;
  }

  // Serving -------------------------------------------------------------------------------------------------------------------------

  /** Ids of the evidence that this validator passes on. */
  list(): Uint8Array {
    const ids = [...groups(this.#core.store.list('evidence')).values()].flatMap((alike) => alike.slice(0, mostPassed));
    return encodeList(ids.slice(0, maxListed).map((id) => encodeText(id)));
  }

  /** One file. @throws RefusedError NOT_FOUND. */
  fetch(id: Uint8Array): Uint8Array {
    const file = exportEvidence(this.#core.store, new TextDecoder().decode(id));
    if (file === undefined || file.length > mostFileBytes)
      throw new RefusedError('NOT_FOUND', 'this validator does not have the evidence either');
    return file;
  }

  // Learning ------------------------------------------------------------------------------------------------------------------------

  /** One round: what others have and this validator does not. */
  async learn(from: Iterable<ValidatorId> = this.#core.options.peers.keys()): Promise<void> {
    for (const validator of from) if (!this.#distrusted.has(validator)) await this.#learnFrom(validator);
  }

  async #learnFrom(validator: ValidatorId): Promise<void> {
    const listed = await this.#ask('records/list', encodeText(evidenceRecord), validator);
    if (listed === undefined) return;
    let judged = 0;
    try {
      for (const id of readIds(listed)) {
        if (judged >= mostPerRound) return;
        if (!this.#lacks(id)) continue;
        const request = concat(encodeBytes(encodeText(evidenceRecord)), encodeBytes(encodeText(id)));
        const file = await this.#ask('records/fetch', request, validator);
        if (file === undefined) continue;
        judged++;
        this.#take(id, file);
      }
    } catch (error) {
      if (!(error instanceof DWalletError)) throw error;
      this.#distrusted.add(validator);
      this.#core.options.observer.skipped('evidence of another validator');
      this.#core.options.log(`validator ${validator} hands out evidence that proves nothing: ${error.message}`);
    }
  }

  /** @returns undefined when it does not answer, or has nothing. */
  async #ask(method: string, request: Uint8Array, validator: ValidatorId): Promise<Uint8Array | undefined> {
    try {
      return await this.#core.askAny(method, request, (body) => body, [validator]);
    } catch (error) {
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }

  #lacks(id: string): boolean {
    const known = this.#core.store.list('evidence');
    if (known.includes(id)) return false;
    return (groups(known).get(evidenceGroup(id) as string)?.length ?? 0) < mostPassed;
  }

  #take(id: string, file: Uint8Array): void {
    const { valid, evidence, faults, problem } = this.#log.judge(file);
    if (!valid || evidence === undefined) throw new DecodeError('Evidence', problem ?? 'proves nothing');
    if (evidenceId(evidence) !== id) throw new DecodeError('Evidence.id', 'is not what was asked for');
    if (evidence.kind === 'unexplained') return this.#raise(evidence, file);
    const found = faults.find(({ party, check }) => party === evidence.accused && check === evidence.check);
    // The words are those of this validator's own checks, not of whoever handed out the file.
    this.#log.keepJudged({ ...evidence, reason: found?.reason ?? 'shown by another validator' });
  }
}

/** @throws DecodeError for a list that no validator of this network makes. */
function readIds(body: Uint8Array): string[] {
  return decodeList(body, 'EvidenceList', maxListed).map((bytes, i) => {
    const id = bytes.length > maxIdBytes ? '' : new TextDecoder().decode(bytes);
    if (evidenceGroup(id) === undefined) throw new DecodeError(`EvidenceList[${i}]`, 'names no evidence');
    return id;
  });
}
