/**
 * Options of `npm run bench`.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { type Profile, clg112, clg128 } from '@dwallet/class-groups';
import { type KernelName, defaultKernel, kernelNames } from './kernels.ts';

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

/** A mistake on the command line; its message is the sentence to print. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `npm run bench -- [options]

Measures the protocol: CPU time of every party and bytes of every message.

  --profile 112|128|all   class-group profile (default all)
  --n 4,7,16              numbers of validators (default 4,7,16)
  --repetitions 3         signatures per number of validators (default 3)
  --batch 8               presigns per session (default 16 at n = 4, 8 at n = 7, 4 above)
  --kernel reference|wasm class-group kernel (default $DWALLET_KERNEL, else ${defaultKernel})
  --smoke                 CLG-112, n = 4, one repetition: a quick check that everything works
  --json                  one JSON object per figure and line: {"figure","profile","n","value","unit"}
  --help

Exit code 0 only if every signature verifies and the client message is as small as it must be.
npm run bench:kernel measures the class-group arithmetic itself.
`;

/** Smaller batches for more validators keep the run short; every row is per presign. */
export const defaultBatch = (validators: number): number => (validators <= 4 ? 16 : validators <= 7 ? 8 : 4);

/** @throws UsageError */
export function integer(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw new UsageError(`--${name} must be an integer from ${low} to ${high}, not "${text}"`);
  }
  return value;
}

/** @throws UsageError */
export function oneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new UsageError(`--${name} must be ${choices.join(' or ')}, not "${text}"`);
  return found;
}

/** @returns undefined if help was asked for. @throws UsageError */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values } = parse(argv);
  if (values.help === true) return undefined;
  const smoke = values.smoke === true;
  const profile = oneOf('profile', values.profile ?? (smoke ? '112' : 'all'), ['112', '128', 'all']);
  const validators = (values.n ?? (smoke ? '4' : '4,7,16')).split(',').map((text) => integer('n', text, 4, 64));
  if (new Set(validators).size !== validators.length) throw new UsageError('--n names a number twice');
  const repetitions = integer('repetitions', values.repetitions ?? (smoke ? '1' : '3'), 1, 64);
  const batch = values.batch === undefined ? undefined : integer('batch', values.batch, 1, 64);
  return {
    profiles: profile === 'all' ? [clg112, clg128] : [profile === '112' ? clg112 : clg128],
    validators,
    kernel: oneOf('kernel', values.kernel ?? process.env['DWALLET_KERNEL'] ?? defaultKernel, kernelNames),
    smoke,
    json: values.json === true,
    repetitions,
    // Every signature uses up a presign.
    batch: (n) => Math.max(repetitions, batch ?? (smoke ? 1 : defaultBatch(n))),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      options: {
        profile: { type: 'string' },
        n: { type: 'string' },
        repetitions: { type: 'string' },
        batch: { type: 'string' },
        kernel: { type: 'string' },
        smoke: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
