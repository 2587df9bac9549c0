/**
 * What the samples of the kernel bench say: times, ratios and the targets of issue 3.
 *
 * @module
 */
import type { Summary } from '../statistics.ts';
import { summarize } from '../statistics.ts';
import { type Target, atLeast, atMost, targetLines } from '../target.ts';
import { type JobName, type Subject, jobNames } from './subjects.ts';

/** Milliseconds per operation by job, one sample per round; sample i of all subjects was taken in the same round. */
export type Samples = Readonly<Record<JobName, readonly number[]>>;

/** One line of the report. */
export interface KernelFigure {
  /** kernel/discriminant/what. */
  readonly figure: string;
  readonly summary: Summary;
  readonly unit: 'ms' | 'x' | 'bytes';
  readonly target: Target | undefined;
  readonly stretch?: Target | undefined;
}

/** value of one job over another, round by round. */
export const ratios = (numerator: readonly number[], denominator: readonly number[]): number[] =>
  numerator.map((value, round) => value / (denominator[round] as number));

interface RatioFigure {
  readonly name: string;
  readonly numerator: JobName;
  readonly denominator: JobName;
  readonly target?: Target;
}

/** Ratios within one kernel. */
const ownRatios: readonly RatioFigure[] = [
  { name: 'composition / squaring', numerator: 'composition', denominator: 'squaring', target: atMost(1.3) },
  { name: 'secret power / power', numerator: 'power-secret', denominator: 'power' },
  { name: 'fixed-base power / power', numerator: 'table-power', denominator: 'power', target: atMost(1 / 6) },
  { name: 'secret fixed-base / secret power', numerator: 'table-power-secret', denominator: 'power-secret' },
  { name: 'table build / power', numerator: 'table-build', denominator: 'power', target: atMost(2.5) },
  { name: '2-base / power', numerator: 'multi-2', denominator: 'power', target: atMost(1.25) },
  { name: '4-base / power', numerator: 'multi-4', denominator: 'power', target: atMost(1.6) },
  { name: '6-base / power', numerator: 'multi-6', denominator: 'power', target: atMost(2) },
  { name: 'secret 2-base / secret power', numerator: 'multi-2-secret', denominator: 'power-secret' },
  { name: 'inverse / squaring', numerator: 'inverse', denominator: 'squaring' },
];

/** Speed against the BigInt reference in the same rounds. */
const speedups: readonly { readonly job: JobName; readonly target?: Target; readonly stretch?: Target }[] = [
  { job: 'squaring', target: atLeast(4), stretch: atLeast(5) },
  { job: 'composition' },
  { job: 'decode' },
  { job: 'power' },
  { job: 'power-secret' },
  { job: 'table-power' },
];

/** Speed of the 1000-bit power against PARI's. */
export const pariTargets = { target: atLeast(2), stretch: atLeast(3) } as const;
const tableTarget: Target = atMost(512 * 1024);

/** @param reference - samples of the reference kernel at the same discriminant, absent for itself. */
export function figuresOf(
  subject: Pick<Subject, 'kernel' | 'discriminant' | 'tableBytes'>,
  samples: Samples,
  reference: Samples | undefined,
): KernelFigure[] {
  const prefix = `${subject.kernel}/${subject.discriminant.name}`;
  const one = (
    what: string,
    values: readonly number[],
    unit: KernelFigure['unit'],
    target: Target | undefined,
    stretch?: Target,
  ): KernelFigure => ({ figure: `${prefix}/${what}`, summary: summarize(values), unit, target, stretch });
  return [
    ...jobNames.map((job) => one(job, samples[job], 'ms', undefined)),
    ...ownRatios.map(({ name, numerator, denominator, target }) =>
      one(name, ratios(samples[numerator], samples[denominator]), 'x', target),
    ),
    one('table size', [subject.tableBytes], 'bytes', tableTarget),
    ...(reference === undefined
      ? []
      : speedups.map(({ job, target, stretch }) =>
          one(`${job}: times faster than the reference`, ratios(reference[job], samples[job]), 'x', target, stretch),
        )),
  ];
}

/** As `--json` prints it. */
export const figureLines = ({ figure, summary, unit, target, stretch }: KernelFigure) =>
  targetLines(figure, summary.median, unit, { target, stretch });
