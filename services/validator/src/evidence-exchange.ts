/**
 * Evidence reaches the other validators: each asks the others now and then what they have, fetches what it lacks, judges it as if it came from a
 * stranger, and keeps what is proven. So the same validators are blamed everywhere, also where nobody saw the fault.
 *
 * Bounds: so many files per kind, accused and check pass, so many per round are judged, one after the other and behind everything else that is computed, and
 * who handed out one that proves nothing is not asked again by this process. A file is passed in parts, so that whatever is kept can be passed.
 *
 * @module
 */
import {
  DWalletError,
  DecodeError,
  Reader,
  type ValidatorId,
  concat,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint32,
} from '@dwallet/sigma';
import { ComputeError, maxBodyBytes } from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError, decodeList } from './core.ts';
import { type Evidence, evidenceGroup, evidenceId, exportEvidence, maxEvidenceBytes } from './evidence.ts';
import type { EvidenceLog } from './evidence-log.ts';

/** Kind of record in `records/list` and `records/fetch`. */
export const evidenceRecord = 'evidence';

/** Files about one validator, of one kind and check, that are passed on; a validator keeps more of those that it found itself. */
const mostPassed = 8;
/** Files that are judged for one validator in one round. */
const mostPerRound = 4;
const maxListed = 4096;
const maxIdBytes = 256;
/** Bytes of a file in one answer: with its frame it fits in a call. */
const partBytes = maxBodyBytes - 4096;

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
  readonly #raise: (evidence: Evidence, file: Uint8Array) => void | Promise<void>;
  readonly #distrusted = new Set<ValidatorId>();

  /** @param raise - what is done about an alarm: `unexplained` locks a dWallet, `zone-fork` closes the zone log. */
  constructor(core: Core, log: EvidenceLog, raise: (evidence: Evidence, file: Uint8Array) => void | Promise<void>) {
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

  /** Size of a file (4 bytes) and what it has from a byte on. @throws RefusedError NOT_FOUND. */
  fetch(id: Uint8Array, from: number): Uint8Array {
    const file = exportEvidence(this.#core.store, new TextDecoder().decode(id));
    if (file === undefined || from >= file.length)
      throw new RefusedError('NOT_FOUND', 'this validator does not have the evidence either');
    return concat(encodeUint32(file.length), file.subarray(from, from + partBytes));
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
        const file = await this.#fetch(id, validator);
        if (file === undefined) continue;
        judged++;
        await this.#take(id, file);
      }
    } catch (error) {
      // Without a verdict nobody is at fault, and the next round asks again.
      if (error instanceof ComputeError) {
        this.#core.options.observer.skipped('evidence without a verdict');
        return;
      }
      if (!(error instanceof DWalletError)) throw error;
      this.#distrusted.add(validator);
      this.#core.options.observer.skipped('evidence of another validator');
      this.#core.options.log(`validator ${validator} hands out evidence that proves nothing: ${error.message}`);
    }
  }

  /** A file, part by part. @throws DecodeError for parts that no validator makes. */
  async #fetch(id: string, validator: ValidatorId): Promise<Uint8Array | undefined> {
    const name = concat(encodeBytes(encodeText(evidenceRecord)), encodeBytes(encodeText(id)));
    const parts: Uint8Array[] = [];
    let have = 0;
    for (let known: number | undefined; known === undefined || have < known; ) {
      const answer = await this.#ask('records/fetch', concat(name, encodeUint32(have)), validator);
      if (answer === undefined) return undefined;
      const reader = new Reader(answer, 'EvidencePart');
      const size = reader.uint32('size');
      if (size > maxEvidenceBytes || size !== (known ?? size))
        throw new DecodeError(
          'EvidencePart.size',
          `is ${size}, and must be the same in each part, ${maxEvidenceBytes} at most`,
        );
      known = size;
      // As large as it can be: a file takes as many calls as it must.
      parts.push(reader.fixed('bytes', Math.min(partBytes, size - have)));
      reader.end();
      have += parts.at(-1)?.length ?? 0;
    }
    return concat(...parts);
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

  async #take(id: string, file: Uint8Array): Promise<void> {
    const { valid, evidence, faults, problem } = await this.#log.judge(file, { priority: 'background' });
    if (!valid || evidence === undefined) throw new DecodeError('Evidence', problem ?? 'proves nothing');
    if (evidenceId(evidence) !== id) throw new DecodeError('Evidence.id', 'is not what was asked for');
    if (evidence.kind === 'unexplained' || evidence.kind === 'zone-fork') return this.#raise(evidence, file);
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
