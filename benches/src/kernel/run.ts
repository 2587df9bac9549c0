/**
 * `npm run bench:kernel`: the group operations of every kernel, interleaved, so that what disturbs the machine disturbs all of them alike.
 *
 * @module
 */
import { clg112, clg128 } from '@dwallet/class-groups';
import { type Kernel, referenceKernel } from '@dwallet/kernel';
import { integer, oneOf, readFlags, remarkFor, say, secondsSince } from '../command-line.ts';
import { type Row, formatBytes, formatMilliseconds, formatRatio, formatSpread, formatTable } from '../format.ts';
import { type KernelName, kernelNames, kernels as allKernels } from '../kernels.ts';
import { machineLine } from '../machine.ts';
import { measure } from '../measure.ts';
import { createProgress } from '../progress.ts';
import { summarize } from '../statistics.ts';
import { countUnmet, stretchCell, targetCells } from '../target.ts';
import { type KernelFigure, type Samples, figureLines, figuresOf, pariTargets } from './figures.ts';
import { pariPower, pariVersion } from './pari.ts';
import {
  type JobName,
  type Subject,
  createSubject,
  discriminantOfProfile,
  discriminantOneMod8,
  jobNames,
  powerInput,
} from './subjects.ts';

export const kernelHelp = `npm run bench:kernel -- [options]

Measures the class-group arithmetic of every kernel that is built, interleaved: CPU time, medians with quartiles, and the ratios that
issue 3 sets targets for. 1000-bit exponents; 64 varied operands for single operations.

  --profile 112|128|all   discriminants (default all; "all" adds one that is 1 mod 8)
  --kernel reference|wasm|all
  --rounds 11             samples of everything
  --json                  one JSON object per figure and line: {"figure","value","target","met","unit"}; stretch targets are lines of their own
  --help

Compares with PARI's qfbnupow if a gp is on the PATH. The exit code says that the kernels agree, not that targets are met.
`;

interface KernelBenchOptions {
  readonly profile: '112' | '128' | 'all';
  readonly kernels: readonly KernelName[];
  readonly rounds: number;
  readonly json: boolean;
}

/** @returns undefined if help was asked for. @throws UsageError */
export function parseKernelOptions(argv: readonly string[]): KernelBenchOptions | undefined {
  const values = readFlags(argv, ['profile', 'kernel', 'rounds'], false);
  if (values === undefined) return undefined;
  const kernel = oneOf('kernel', values.kernel ?? 'all', [...kernelNames, 'all']);
  return {
    profile: oneOf('profile', values.profile ?? 'all', ['112', '128', 'all']),
    kernels: kernel === 'all' ? kernelNames : [kernel],
    rounds: integer('rounds', values.rounds ?? '11', 1, 1000),
    json: values.json,
  };
}

/** Rounds that let the compilers finish and are not kept. */
const warmUps = 2;

const sameBytes = (x: Uint8Array, y: Uint8Array): boolean => Buffer.from(x).equals(y);

/** One round of all jobs at all kernels of one discriminant, then the next. @throws Error if two kernels differ. */
function sample(subjects: readonly Subject[], rounds: number, step: (detail: string) => void): Samples[] {
  const samples = subjects.map(
    () => Object.fromEntries(jobNames.map((job) => [job, [] as number[]])) as Record<JobName, number[]>,
  );
  for (let round = 1 - warmUps; round <= rounds; round++) {
    for (const job of jobNames) {
      step(`${round < 1 ? 'warm-up' : `round ${round} of ${rounds}`}, ${job}`);
      const results = subjects.map((subject, i) => {
        const { operations, run } = subject.jobs[job];
        const { result, cost } = measure(run);
        if (round > 0) (samples[i] as Record<JobName, number[]>)[job].push(cost.cpu / operations);
        return result;
      });
      const differs = results.findIndex((result) => !sameBytes(result, results[0] as Uint8Array));
      if (differs >= 0) throw new Error(`${subjects[differs]?.kernel}: ${job} differs from the reference`);
    }
  }
  return samples;
}

/** Interleaved with gp, which times itself. */
function comparePari(kernel: Kernel, subject: Subject, rounds: number, step: (detail: string) => void): KernelFigure[] {
  const input = powerInput(kernel, subject.discriminant);
  const own: number[] = [];
  const pari: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    step(`round ${round} of ${rounds}, PARI`);
    pari.push(pariPower(input, 3));
    own.push(measure(() => [input.run(), input.run(), input.run()]).cost.cpu / 3);
  }
  const { name } = subject.discriminant;
  return [
    { figure: `pari/${name}/PARI qfbnupow, gp's own timer`, summary: summarize(pari), unit: 'ms', target: undefined },
    {
      figure: `${subject.kernel}/${name}/power: times faster than PARI qfbnupow`,
      summary: summarize(pari.map((value, i) => value / (own[i] as number))),
      unit: 'x',
      ...pariTargets,
    },
  ];
}

function formatFigures(figures: readonly KernelFigure[]): string {
  const rows: Row[] = figures.map(({ figure, summary, unit, target, stretch }) => {
    const value =
      unit === 'bytes'
        ? formatBytes(summary.median)
        : unit === 'ms'
          ? `${formatMilliseconds(summary.median)} ${formatSpread(summary)}`
          : formatRatio(summary);
    const cells = [...targetCells(summary.median, target), stretchCell(summary.median, stretch)];
    return [figure.split('/').slice(2).join('/'), value, ...cells];
  });
  return formatTable(['', 'median', 'target', '', 'stretch'], rows);
}

export async function runKernelBench(argv: readonly string[]): Promise<number> {
  const options = parseKernelOptions(argv);
  if (options === undefined) {
    say(kernelHelp);
    return 0;
  }
  const remark = remarkFor(options);
  const begin = performance.now();
  const kernels = options.kernels.map((name) => allKernels[name]);
  const pari = pariVersion();
  remark(`${machineLine()}; ${pari === undefined ? 'no PARI/GP found' : `PARI/GP ${pari}`}`);

  const discriminants = [
    ...(options.profile === '128' ? [] : [discriminantOfProfile(referenceKernel, clg112)]),
    ...(options.profile === '112' ? [] : [discriminantOfProfile(referenceKernel, clg128)]),
    ...(options.profile === 'all' ? [discriminantOneMod8('1 mod 8', 2339)] : []),
  ];
  const progress = await createProgress();
  let unmet = 0;
  for (const discriminant of discriminants) {
    progress.phase(`operations of ${discriminant.name}`);
    const subjects = kernels.map((kernel) => {
      progress.step(`inputs of the ${kernel.name} kernel`);
      return createSubject(kernel, discriminant);
    });
    const samples = sample(subjects, options.rounds, progress.step);
    const reference = subjects.findIndex(({ kernel }) => kernel === 'reference');
    const bits = (-discriminant.discriminant).toString(2).length;
    for (const [i, subject] of subjects.entries()) {
      const against = i === reference || reference < 0 ? undefined : samples[reference];
      const figures = figuresOf(subject, samples[i] as Samples, against);
      if (pari !== undefined)
        figures.push(...comparePari(kernels[i] as Kernel, subject, options.rounds, progress.step));
      progress.done();
      unmet += countUnmet(figures.map(({ summary, target }) => ({ value: summary.median, target })));
      if (options.json) for (const line of figures.flatMap(figureLines)) say(JSON.stringify(line));
      else say(`\n${subject.kernel} kernel, ${discriminant.name} (${bits} bits)\n\n${formatFigures(figures)}`);
    }
  }
  await progress.close();
  remark(
    `\ntargets not met: ${unmet} (they are set for the WebAssembly kernel); all kernels gave the same forms; total ${secondsSince(begin)}`,
  );
  return 0;
}
