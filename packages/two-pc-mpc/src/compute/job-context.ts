/**
 * What a worker has: the class group and the curve, fixed when it starts, and what it remembers between jobs. Forgetting costs time and
 * changes no output.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import { type Curve, DecodeError, digestTagged } from '@dwallet/sigma';
import { withSetupTables } from '../network-setup/setup-commitment.ts';
import { decodeSetupRecord } from '../network-setup/setup-record.ts';
import type { NetworkSetup } from '../types.ts';
import { type Job, frameResult } from './pool.ts';

export interface JobContext {
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  /** The setup in a record. @throws DecodeError for a record of other parameters. */
  setup(record: Uint8Array): NetworkSetup;
  /** With tables of the network-wide bases: for presigning. */
  tabledSetup(record: Uint8Array): NetworkSetup;
  /** The value under the key, made if it is not there. @param most - values of this kind that are kept; the oldest goes first. */
  remember<T>(kind: string, parts: readonly Uint8Array[], make: () => T, most?: number): T;
}

/** One kind of job. */
export interface JobDefinition {
  readonly secret: boolean;
  /** Pure. May overwrite its input. */
  run(context: JobContext, input: Uint8Array): Uint8Array;
}

export type JobTable = Readonly<Record<string, JobDefinition>>;

/** Tables are among them: some megabytes each. */
const rememberedPerKind = 32;

const keyOf = (parts: readonly Uint8Array[]): string => digestTagged('compute/remembered', parts).join();

class Context implements JobContext {
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  readonly #values = new Map<string, Map<string, unknown>>();

  constructor(parameters: PublicParameters, curve: Curve) {
    this.parameters = parameters;
    this.curve = curve;
  }
  setup(record: Uint8Array): NetworkSetup {
    return this.remember('setup', [record], () => decodeSetupRecord(this.curve, this.parameters, record));
  }
  tabledSetup(record: Uint8Array): NetworkSetup {
    return this.remember('tabled-setup', [record], () => withSetupTables(this.setup(record)));
  }
  remember<T>(kind: string, parts: readonly Uint8Array[], make: () => T, most = rememberedPerKind): T {
    const values = this.#values.get(kind) ?? new Map<string, unknown>();
    this.#values.set(kind, values);
    const key = keyOf(parts);
    const value = values.has(key) ? (values.get(key) as T) : make();
    values.delete(key);
    values.set(key, value);
    for (const oldest of values.keys()) {
      if (values.size <= most) break;
      values.delete(oldest);
    }
    return value;
  }
}

/** The context of one worker. Not shared: it is as mutable as a cache is. */
export const createJobContext = (parameters: PublicParameters, curve: Curve): JobContext =>
  new Context(parameters, curve);

/** Runs one job in this thread. @returns the framed result; never throws. A secret input is overwritten. */
export function executeJob(context: JobContext, table: JobTable, job: Pick<Job, 'name' | 'input'>): Uint8Array {
  const definition = Object.hasOwn(table, job.name) ? table[job.name] : undefined;
  // The frame is made over the input as it came: `run` may overwrite its own copy.
  const own = job.input.slice();
  try {
    return frameResult(job, () => {
      if (definition === undefined) throw new DecodeError('Job.name', 'is unknown');
      return definition.run(context, own);
    });
  } finally {
    own.fill(0);
    if (definition?.secret === true) job.input.fill(0);
  }
}
