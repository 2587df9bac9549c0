/**
 * What the benchmark scripts have in common: options, where output goes, exit codes.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { type Profile, clg112, clg128 } from '@dwallet/class-groups';
import { type KernelName, defaultKernel, kernelNames } from './kernels.ts';

/** A mistake on the command line; its message is the sentence to print. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Values of options by name; `smoke` is a switch that scripts may have. */
export type Flags<Name extends string> = { readonly [name in Name]?: string } & {
  readonly json: boolean;
  readonly smoke: boolean;
};

/**
 * Reads `--name value` for each of `names`, and the switches --json, --help and, with `smoke`, --smoke.
 * @returns undefined if help was asked for. @throws UsageError for anything else.
 */
export function readFlags<Name extends string>(
  argv: readonly string[],
  names: readonly Name[],
  smoke: boolean,
): Flags<Name> | undefined {
  const options = {
    ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    ...(smoke ? { smoke: { type: 'boolean' as const } } : {}),
    json: { type: 'boolean' as const },
    help: { type: 'boolean' as const, short: 'h' },
  };
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    ({ values } = parseArgs({ args: [...argv], strict: true, options }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values['help'] === true) return undefined;
  return { ...values, json: values['json'] === true, smoke: values['smoke'] === true } as Flags<Name>;
}

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

export const profiles = { '112': clg112, '128': clg128 } as const satisfies Record<string, Profile>;

/** `--profile 112|128|all`. @throws UsageError */
export function profilesOf(text: string): readonly Profile[] {
  const name = oneOf('profile', text, ['112', '128', 'all']);
  return name === 'all' ? Object.values(profiles) : [profiles[name]];
}

/** `--kernel`, else DWALLET_KERNEL, else the default. @throws UsageError */
export const kernelOf = (text: string | undefined): KernelName =>
  oneOf('kernel', text ?? process.env['DWALLET_KERNEL'] ?? defaultKernel, kernelNames);

/** Figures and tables. */
export const say = (text: string): void => void process.stdout.write(`${text}\n`);
/** Progress and mistakes. */
export const tell = (text: string): void => void process.stderr.write(`${text}\n`);
/** What surrounds the figures: where only JSON may stand on standard output, it goes to the other one. */
export const remarkFor = ({ json }: { readonly json: boolean }): ((text: string) => void) => (json ? tell : say);

/** Seconds since `begin` (of `performance.now()`), as text. */
export const secondsSince = (begin: number): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`;

/** Sets the exit code of this process: what `run` says; 2 for a mistake on the command line, 1 for anything else. */
export async function exitWith(name: string, run: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    const usage = error instanceof UsageError;
    tell(usage ? `${name}: ${error.message}` : error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = usage ? 2 : 1;
  }
}
