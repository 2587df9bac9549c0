/**
 * Runs schedules one after the other and sums up. See run.ts for the arguments.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type NamedMutation, mutations, under } from './mutations.ts';
import { type ScheduleResult, runSchedule } from './schedule.ts';

/** The last line of JSON mode; the same fields as of the runs on real processes. */
export interface Summary {
  /** How many seeds were run. */
  readonly seeds: number;
  readonly schedules: number;
  readonly violations: number;
  readonly secondDecryptions: number;
  readonly lostAnswers: number;
  readonly wrongBlame: number;
}

/** How a mutation was found. */
export interface MutationResult {
  readonly mutation: string;
  /** The seed whose schedule shows it, if any of the range does. */
  readonly seed: number | undefined;
  readonly violation: string;
}

/** What happened in all schedules: a simulation in which nothing happens shows nothing. */
export interface Witness {
  readonly firstSeed: number;
  readonly signatures: number;
  readonly kills: number;
  readonly convictions: number;
  readonly events: number;
  readonly presignSessions: number;
  readonly creations: number;
  readonly cpuSeconds: number;
  /** Of each of the schedules that it was asked for, a digest of everything that happened, in order. */
  readonly fingerprints?: readonly string[];
}

const usage = `usage: npm run test:simulation -- [--schedules N] [--seed S] [--json] [--trace] [--mutations] [--fingerprint N]
  --schedules    how many schedules, one seed each (default 5000)
  --seed         the first seed (default 1)
  --json         ends with one line of JSON
  --trace        prints everything that happens (use it with --schedules 1)
  --mutations    only takes one guard away after the other and looks for the first seed that shows it
  --mutate TEXT  as --mutations, for those whose name contains the text; with --trace, the schedule that shows it
  --fingerprint  of each of the first N schedules, a digest of everything that happened; with --mutations these are run afterwards
`;

function readCount(text: string, name: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new Error(`--${name} must be a whole number\n${usage}`);
  return count;
}

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      schedules: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      mutations: { type: 'boolean', default: false },
      mutate: { type: 'string' },
      fingerprint: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const first = readCount(values.seed, 'seed');
  const schedules = readCount(values.schedules, 'schedules');
  const digested = readCount(values.fingerprint, 'fingerprint');
  const print = (text: string): void => void process.stderr.write(`${text}\n`);
  const out = (value: Summary | Witness | MutationResult): void => {
    if (values.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    else
      print(
        Object.entries(value)
          .map(([name, content]) => `${name} ${String(content)}`)
          .join('  '),
      );
  };

  const onlyMutations = values.mutations || values.mutate !== undefined;
  let failures = 0;
  if (onlyMutations) {
    for (const mutation of mutations.filter(({ name }) => name.includes(values.mutate ?? ''))) {
      const result = await findMutation(mutation, first, schedules, values.trace ? print : undefined);
      if (result.seed === undefined) failures++;
      out(result);
    }
    if (digested === 0) return failures === 0 ? 0 : 1;
  }

  const count = onlyMutations ? digested : schedules;
  const begin = process.cpuUsage();
  const fingerprints: string[] = [];
  const sums = { signatures: 0, kills: 0, convictions: 0, events: 0, presignSessions: 0, creations: 0 };
  const found = { violations: 0, secondDecryptions: 0, lostAnswers: 0, wrongBlame: 0 };
  let running = first;
  // A promise that nobody handles is a fault of the simulation or of what it runs, and must not go without its seed.
  process.on('unhandledRejection', (error) => {
    print(`seed ${running}: unhandled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(1);
  });
  for (let seed = first; seed < first + count; seed++) {
    running = seed;
    const hash = seed < first + digested ? createHash('sha256') : undefined;
    const trace = (line: string): void => {
      hash?.update(line);
      if (values.trace) print(line);
    };
    const result = await runOne(seed, values.trace || hash !== undefined ? trace : undefined);
    if (hash !== undefined) fingerprints.push(hash.digest('hex'));
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += result[key];
    found.violations += result.violations.length;
    found.secondDecryptions += result.secondDecryptions;
    for (const { kind, what } of result.violations) {
      if (kind === 'lost-answer') found.lostAnswers++;
      if (kind === 'wrong-blame') found.wrongBlame++;
      print(`seed ${seed}: ${kind}: ${what}\n  again: npm run test:simulation -- --schedules 1 --seed ${seed} --trace`);
    }
    if (!values.json && (seed - first + 1) % 500 === 0) print(`${seed - first + 1} schedules`);
  }
  const { user, system } = process.cpuUsage(begin);
  out({
    firstSeed: first,
    ...sums,
    cpuSeconds: (user + system) / 1e6,
    ...(digested === 0 ? {} : { fingerprints }),
  });
  out({ seeds: count, schedules: count, ...found });
  return failures === 0 && found.violations === 0 ? 0 : 1;
}

/** A schedule that does not come to an end is a violation as well. */
async function runOne(seed: number, trace: ((line: string) => void) | undefined): Promise<ScheduleResult> {
  try {
    return await runSchedule({ seed, ...(trace === undefined ? {} : { trace }) });
  } catch (error) {
    throw new Error(`seed ${seed}: the simulation itself failed`, { cause: error });
  }
}

async function findMutation(
  mutation: NamedMutation,
  first: number,
  count: number,
  trace: ((line: string) => void) | undefined,
): Promise<MutationResult> {
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  const hint = seeds.indexOf(mutation.seed ?? Number.NaN);
  for (const seed of hint < 0 ? seeds : [...seeds.splice(hint, 1), ...seeds]) {
    const { violations } = await under(mutation, () => runSchedule({ seed, mutation }));
    const shown = violations.find(({ kind }) => mutation.shownBy.includes(kind));
    if (shown === undefined) continue;
    if (trace !== undefined) await under(mutation, () => runSchedule({ seed, mutation, trace }));
    return { mutation: mutation.name, seed, violation: `${shown.kind}: ${shown.what}` };
  }
  return { mutation: mutation.name, seed: undefined, violation: '' };
}
