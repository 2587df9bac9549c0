/**
 * Options of `npm run bench`.
 *
 * @module
 */
import type { Profile } from '@dwallet/class-groups';
import { UsageError, integer, kernelOf, profilesOf, readFlags } from './command-line.ts';
import { type KernelName, defaultKernel } from './kernels.ts';

export interface BenchOptions {
  readonly profiles: readonly Profile[];
  readonly validators: readonly number[];
  readonly kernel: KernelName;
  readonly smoke: boolean;
  readonly json: boolean;
  /** Signatures per number of validators. */
  readonly repetitions: number;
  /** Presigns per session for a number of validators. */
  batch(validators: number): number;
}

export const help = `npm run bench -- [options]

Measures the protocol: CPU time of every party and bytes of every message.

  --profile 112|128|all   class-group profile (default all)
  --n 4,7,16              numbers of validators (default 4,7,16)
  --repetitions 3         signatures per number of validators (default 3)
  --batch 8               presigns per session (default 16 at n = 4, 8 at n = 7, 4 above)
  --kernel reference|wasm class-group kernel (default $DWALLET_KERNEL, else ${defaultKernel})
  --smoke                 CLG-112, n = 4, one repetition: a quick check that everything works
  --json                  one JSON object per figure and line: {"figure","profile","n","value","unit"}, then the rows of bench:targets:
                          {"figure","value","target","met","unit"}
  --help

Exit code 0 only if every signature verifies and the client message is as small as it must be.
npm run bench:kernel measures the class-group arithmetic itself.
`;

/** Smaller batches for more validators keep the run short; every row is per presign. */
export const defaultBatch = (validators: number): number => (validators <= 4 ? 16 : validators <= 7 ? 8 : 4);

/** @returns undefined if help was asked for. @throws UsageError */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const values = readFlags(argv, ['profile', 'n', 'repetitions', 'batch', 'kernel'], true);
  if (values === undefined) return undefined;
  const { smoke, json } = values;
  const validators = (values.n ?? (smoke ? '4' : '4,7,16')).split(',').map((text) => integer('n', text, 4, 64));
  if (new Set(validators).size !== validators.length) throw new UsageError('--n names a number twice');
  const repetitions = integer('repetitions', values.repetitions ?? (smoke ? '1' : '3'), 1, 64);
  const batch = values.batch === undefined ? undefined : integer('batch', values.batch, 1, 64);
  return {
    profiles: profilesOf(values.profile ?? (smoke ? '112' : 'all')),
    validators,
    kernel: kernelOf(values.kernel),
    smoke,
    json,
    repetitions,
    // Every signature uses up a presign.
    batch: (n) => Math.max(repetitions, batch ?? (smoke ? 1 : defaultBatch(n))),
  };
}
