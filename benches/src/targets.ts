/**
 * `npm run bench:targets`: the protocol rows of issue 3 in units of P, one 1000-bit power of the same kernel, interleaved round by round.
 *
 * @module
 */
import { type Row, formatMilliseconds, formatRatio, formatTable } from './format.ts';
import { integer, kernelOf, oneOf, profiles, readFlags, remarkFor, say, secondsSince } from './command-line.ts';
import { type KernelName, defaultKernel, kernels } from './kernels.ts';
import { machineLine } from './machine.ts';
import { type Progress, createProgress } from './progress.ts';
import { type Summary, median, summarize } from './statistics.ts';
import { type ActName, type Round, TargetJobs } from './targets/jobs.ts';
import { type Target, atMost, countUnmet, stretchCell, targetCells, targetLines } from './target.ts';
import { createTargetNetwork } from './targets/network.ts';

export const targetsHelp = `npm run bench:targets -- [options]

Measures the protocol rows of issue 3 at n = 4: CPU time of one party in units of P, one 1000-bit power (variable base and time) of the same
kernel, measured in the same round. Medians with quartiles.

  --profile 112|128       class-group profile (default 128, for which the targets are set)
  --kernel reference|wasm (default $DWALLET_KERNEL, else ${defaultKernel})
  --rounds 9              samples of everything (of presign sessions: a third of them)
  --batch 16              presigns per session
  --smoke                 CLG-112, two rounds, batch of 2: a quick check that everything works
  --json                  one JSON object per figure and line: {"figure","value","target","met","unit"}; stretch targets are lines of their own
  --help

The exit code says that every signature verifies, not that targets are met.
`;

/** What is run. */
export interface TargetPlan {
  readonly profile: '112' | '128';
  readonly kernel: KernelName;
  readonly rounds: number;
  readonly batch: number;
}

interface TargetOptions extends TargetPlan {
  readonly json: boolean;
}

/** What the targets are set for, or the least that runs everything. */
export const targetDefaults = (smoke: boolean): Pick<TargetPlan, 'profile' | 'rounds' | 'batch'> =>
  smoke ? { profile: '112', rounds: 2, batch: 2 } : { profile: '128', rounds: 9, batch: 16 };

/** @returns undefined if help was asked for. @throws UsageError */
export function parseTargetOptions(argv: readonly string[]): TargetOptions | undefined {
  const values = readFlags(argv, ['profile', 'kernel', 'rounds', 'batch'], true);
  if (values === undefined) return undefined;
  const { smoke, json } = values;
  const usual = targetDefaults(smoke);
  return {
    profile: oneOf('profile', values.profile ?? usual.profile, ['112', '128']),
    kernel: kernelOf(values.kernel),
    rounds: integer('rounds', values.rounds ?? String(usual.rounds), 1, 1000),
    batch: integer('batch', values.batch ?? String(usual.batch), 1, 64),
    json,
  };
}

/** What issue 3 asks of an act, in P. */
export interface TargetRow {
  readonly act: ActName;
  readonly label: string;
  readonly target?: Target;
  readonly stretch?: Target;
}

export const targetRows: readonly TargetRow[] = [
  { act: 'sign-cold', label: 'client sign message, cold', target: atMost(16) },
  { act: 'prepare', label: '  preparation of a presign, before the message' },
  { act: 'sign-prepared', label: 'client sign message after preparation', target: atMost(6), stretch: atMost(3) },
  { act: 'assign', label: '  a validator at the assignment of a presign' },
  { act: 'verify', label: 'network verification of the message', target: atMost(4), stretch: atMost(3) },
  { act: 'blinding', label: '  blinding pairs for one signature, ahead of it' },
  { act: 'decrypt', label: 'both partial decryptions', target: atMost(2.8) },
  { act: 'user-share', label: 'user key pair + share encryption with proof', target: atMost(1) },
  { act: 'presign', label: 'presign, per presign and validator', target: atMost(6), stretch: atMost(4) },
];

/** An act in P, round by round. */
export interface TargetFigure extends TargetRow {
  readonly powers: Summary;
  readonly milliseconds: number;
}

/** Rows without a sample are left out. */
export function targetFigures(rounds: readonly Round[]): TargetFigure[] {
  return targetRows.flatMap((row) => {
    const known = rounds.filter((round) => round[row.act] !== undefined && round.power !== undefined);
    if (known.length === 0) return [];
    const cost = known.map((round) => round[row.act] as number);
    const powers = summarize(cost.map((value, i) => value / (known[i]?.power as number)));
    return [{ ...row, powers, milliseconds: median(cost) }];
  });
}

/** As `--json` prints it. */
export const linesOf = ({ act, powers, ...bounds }: TargetFigure) =>
  targetLines(`protocol/${act}`, powers.median, 'P', bounds);

function formatTargets(figures: readonly TargetFigure[]): string {
  const rows: Row[] = figures.map(({ label, powers, milliseconds, target, stretch }) => [
    label,
    formatMilliseconds(milliseconds),
    `${formatRatio(powers)} P`,
    ...targetCells(powers.median, target),
    stretchCell(powers.median, stretch),
  ]);
  return formatTable(['', 'CPU time', 'in P', 'target', '', 'stretch'], rows);
}

/** All rounds of a plan. The first one lets the compilers finish and is not kept. @throws Error if a signature does not verify. */
export async function measureTargets(plan: TargetPlan, progress: Progress): Promise<Round[]> {
  const network = createTargetNetwork(kernels[plan.kernel], profiles[plan.profile], plan.batch, progress);
  progress.phase('tables');
  const jobs = new TargetJobs(network);
  const rounds: Round[] = [];
  for (let index = 0; index <= plan.rounds; index++) {
    progress.phase(index === 0 ? 'warm-up' : `round ${index} of ${plan.rounds}`);
    const round = await jobs.round(index, index % 3 === 1, progress.step);
    if (index > 0) rounds.push(round);
  }
  progress.done();
  return rounds;
}

export async function runTargetsBench(argv: readonly string[]): Promise<number> {
  const options = parseTargetOptions(argv);
  if (options === undefined) {
    say(targetsHelp);
    return 0;
  }
  const remark = remarkFor(options);
  const begin = performance.now();
  const { id } = profiles[options.profile];
  remark(`${machineLine()}; ${options.kernel} kernel, ${id}, n = 4, batch of ${options.batch}`);
  const progress = await createProgress();
  const rounds = await measureTargets(options, progress);
  await progress.close();
  const figures = targetFigures(rounds);
  if (options.json) for (const line of figures.flatMap(linesOf)) say(JSON.stringify(line));
  else
    say(`\nP = ${formatMilliseconds(median(rounds.map(({ power }) => power as number)))}\n\n${formatTargets(figures)}`);
  const unmet = countUnmet(figures.map(({ powers, target }) => ({ value: powers.median, target })));
  remark(`\ntargets not met: ${unmet}; every signature verifies; total ${secondsSince(begin)}`);
  return 0;
}
