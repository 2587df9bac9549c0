/**
 * Runs schedules on real processes one after the other and sums up. See run.ts.
 *
 * @module
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Violation } from '../simulation/invariants.ts';
import { buildProcesses } from './bundle.ts';
import { FaultNetwork } from './network.ts';
import { Schedule, type ScheduleResult, faultKinds, measure } from './schedule.ts';

/** The last line of JSON mode; the same fields as of the simulation. */
export interface Summary {
  readonly seeds: number;
  readonly schedules: number;
  readonly violations: number;
  readonly secondDecryptions: number;
  readonly lostAnswers: number;
  readonly wrongBlame: number;
}

/** What happened: runs in which nothing happens show nothing. */
export interface Witness {
  readonly firstSeed: number;
  readonly signatures: number;
  readonly kills: number;
  readonly killedAtPoints: number;
  readonly distinctPoints: number;
  readonly blames: number;
  /** Writes that a really full disk refused. */
  readonly refusedWrites: number;
  readonly kinds: number;
  readonly skipped: readonly string[];
  readonly seconds: number;
}

/** With `--forgetful`, the line after the summary: whether a broken promise shows. */
export interface Teeth {
  readonly forgetfulSeed: number;
  /** Races that were needed. */
  readonly attempts: number;
  readonly secondDecryptions: number;
  /** With which a run of this seed alone would end. */
  readonly exitCode: number;
}

const exitCodeOf = (violations: number): number => (violations === 0 ? 0 : 1);

const usage = `usage: npm run test:faults -- [--seeds N] [--seed S] [--all-steps | --steps A-B] [--sweep S] [--json] [--trace] [--keep]
  --seeds      how many schedules, one seed each (default ${faultKinds.length}: every kind of fault)
  --seed       the first seed (default 1)
  --all-steps  afterwards, a kill at every durable step and every message of one sign and one presign session, for leader and member
  --steps      only numbers A to B of those steps, to run them in parts; how many there are is said at the beginning
  --sweep      only those of one session, or of one role in it: sign, presign, sign-leader, sign-member, presign-leader, presign-member;
               numbers begin at 1 there. How many points a session has differs a little from run to run, so numbers are sure within one role only
  --json       ends with one line of JSON
  --trace      prints everything that happens
  --forgetful  this seed, in the end, with validators whose votes and markers do not last: must find a second decryption, which shows that a run would
  --keep       leaves the folder of the last network where it is, and prints it
`;

/** A race of two leaders is not always one: so often it is run until it shows. */
const forgetfulAttempts = 4;

/** Points of a sweep that one network takes: presigns of the pool that they use up. */
const pointsPerNetwork = 12;

/** One number after the other over the points of all four sweeps. */
const allSweeps = [
  ['sign', 'leader'],
  ['sign', 'member'],
  ['presign', 'leader'],
  ['presign', 'member'],
] as const;

/** `A-B`, from 1. */
function rangeOf(text: string): readonly [number, number] {
  const [, from, to] = /^(\d{1,6})-(\d{1,6})$/.exec(text) ?? [];
  if (from === undefined || to === undefined || Number(from) < 1 || Number(to) < Number(from))
    throw new Error(`--steps must be A-B with 1 <= A <= B\n${usage}`);
  return [Number(from), Number(to)];
}

const countOf = (text: string, name: string): number => {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new Error(`--${name} must be a whole number\n${usage}`);
  return count;
};

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: String(faultKinds.length) },
      seed: { type: 'string', default: '1' },
      'all-steps': { type: 'boolean', default: false },
      steps: { type: 'string' },
      sweep: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      forgetful: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const first = countOf(values.seed, 'seed');
  const seeds = countOf(values.seeds, 'seeds');
  const all: readonly [number, number] = values['all-steps'] ? [1, Number.MAX_SAFE_INTEGER] : [0, 0];
  const [firstStep, lastStep] = values.steps === undefined ? all : rangeOf(values.steps);
  const sweeps = allSweeps.filter(
    (names) => values.sweep === '' || `${names.join('-')}-`.startsWith(`${values.sweep}-`),
  );
  if (sweeps.length === 0) throw new Error(`--sweep: there is no ${values.sweep}\n${usage}`);
  const forgetfulSeed = values.forgetful === undefined ? undefined : countOf(values.forgetful, 'forgetful');
  const print = (text: string): void => void process.stderr.write(`${text}\n`);
  const begin = performance.now();
  const elapsed = (): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`;

  await buildProcesses();
  const network = new FaultNetwork(mkdtempSync(join(tmpdir(), 'dwallet-faults-')));
  const end = (): void => network.killNow();
  process.once('exit', end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const results: ScheduleResult[] = [];
  let teeth: Teeth | undefined;
  try {
    await network.prepare(32);
    const points = await measure(network);
    print(
      `network made, ${elapsed()}; points of a session: sign ${points.sign.leader} + ${points.sign.member}, presign ${points.presign.leader} + ${points.presign.member} (leader + member), ${sweeps.reduce((sum, [session, role]) => sum + points[session][role], 0)} steps`,
    );
    const one = async (
      name: string,
      seed: number,
      again: string,
      run: (schedule: Schedule) => Promise<ScheduleResult>,
    ) => {
      const trace: string[] = [];
      const say = (text: string): void => {
        trace.push(`${elapsed().padStart(9)}  ${text}`);
        if (values.trace) print(trace.at(-1) as string);
      };
      const result = await run(new Schedule(network, seed, points, say));
      const { violations, kind, skipped } = result;
      print(
        `${name}: ${kind}${skipped === undefined ? '' : `, skipped: ${skipped}`}, ${result.signatures} signatures, ${result.kills} kills, ${elapsed()}`,
      );
      if (violations.length === 0) return result;
      for (const violation of violations) print(`${name}: ${violation.kind}: ${violation.what}`);
      print(`  again: ${again}`);
      if (!values.trace) print(trace.map((line) => `  ${line}`).join('\n'));
      return result;
    };
    for (let seed = first; seed < first + seeds; seed++)
      results.push(
        await one(`seed ${seed}`, seed, `npm run test:faults -- --seeds 1 --seed ${seed} --trace`, (schedule) =>
          schedule.run(),
        ),
      );
    let before = 0;
    for (const [session, role] of sweeps) {
      const count = points[session][role];
      const offset = before;
      before += count;
      const last = Math.min(count, lastStep - offset);
      for (let from = Math.max(1, firstStep - offset); from <= last; from += pointsPerNetwork) {
        const to = Math.min(last, from + pointsPerNetwork - 1);
        results.push(
          await one(
            `${session}, ${role}, points ${from} to ${to}`,
            first + from,
            `npm run test:faults -- --seeds 0 --seed ${first} --sweep ${session}-${role} --steps ${from}-${to} --trace`,
            (schedule) => schedule.sweep(session, role, from, to),
          ),
        );
      }
    }
    if (forgetfulSeed !== undefined) {
      network.forgetful = true;
      let attempts = 0;
      let secondDecryptions = 0;
      let exitCode = 0;
      const again = `npm run test:faults -- --seeds 0 --forgetful ${forgetfulSeed} --trace`;
      while (secondDecryptions === 0 && attempts < forgetfulAttempts) {
        attempts++;
        const name = `forgetful seed ${forgetfulSeed}, attempt ${attempts}`;
        const result = await one(name, forgetfulSeed, again, (schedule) => schedule.run());
        secondDecryptions = result.secondDecryptions;
        exitCode = exitCodeOf(result.violations.length);
      }
      teeth = { forgetfulSeed, attempts, secondDecryptions, exitCode };
    }
  } finally {
    await network.stopAll('SIGKILL');
    if (values.keep) print(network.folder);
    else await network.close();
    process.off('exit', end);
  }

  const sum = (of: (result: ScheduleResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const count = (kind: Violation['kind']): number =>
    sum(({ violations }) => violations.filter((one) => one.kind === kind).length);
  const killedAt = results.flatMap((result) => result.killedAt);
  const witness: Witness = {
    firstSeed: first,
    signatures: sum(({ signatures }) => signatures),
    kills: sum(({ kills }) => kills),
    killedAtPoints: killedAt.length,
    distinctPoints: new Set(killedAt).size,
    blames: sum(({ blames }) => blames),
    refusedWrites: sum(({ refusedWrites }) => refusedWrites),
    kinds: new Set(results.map(({ kind }) => kind)).size,
    skipped: results.flatMap(({ seed, skipped }) => (skipped === undefined ? [] : [`${seed}: ${skipped}`])),
    seconds: Math.round((performance.now() - begin) / 100) / 10,
  };
  const summary: Summary = {
    seeds,
    schedules: results.length,
    violations: sum(({ violations }) => violations.length),
    secondDecryptions: sum(({ secondDecryptions }) => secondDecryptions),
    lostAnswers: count('lost-answer'),
    wrongBlame: count('wrong-blame'),
  };
  for (const value of [witness, summary, ...(teeth === undefined ? [] : [teeth])]) {
    if (values.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    else print(JSON.stringify(value));
  }
  return teeth?.secondDecryptions === 0 ? 1 : exitCodeOf(summary.violations);
}
