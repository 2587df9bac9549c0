/**
 * The figures as tables for people and as JSON lines for programs.
 *
 * @module
 */
import { type CostFigure, type SizeFigure, costSections, countSections, sizeSections } from './figures.ts';
import { type Row, formatBytes, formatMilliseconds, formatPowers, formatSpread, formatTable } from './format.ts';
import type { Recorder } from './recorder.ts';

/** One line of `--json`. */
export interface FigureLine {
  readonly figure: string;
  readonly profile: string;
  readonly n: number;
  readonly value: number;
  readonly unit: 'ms' | 'P' | 'bytes' | 'presigns';
}

const entriesOf = <K extends string>(
  figures: Readonly<Partial<Record<K, string>>>,
): readonly (readonly [K, string])[] => Object.entries(figures) as [K, string][];

const rounded = (value: number): number => Number(value.toPrecision(6));

/** Medians: `<figure>.cpu` and `<figure>.wall` in ms, `<figure>.powers` in units of P, `<figure>.bytes`. */
export function figureLines(recorder: Recorder): FigureLine[] {
  const { profile, n } = recorder;
  const lines: FigureLine[] = [];
  const add = (figure: string, value: number, unit: FigureLine['unit']): void => {
    lines.push({ figure, profile, n, value: rounded(value), unit });
  };
  const power = recorder.cost('power')?.cpu.median;
  for (const { figures } of costSections) {
    for (const [figure] of entriesOf<CostFigure>(figures)) {
      const cost = recorder.cost(figure);
      if (cost === undefined) continue;
      add(`${figure}.cpu`, cost.cpu.median, 'ms');
      add(`${figure}.wall`, cost.wall.median, 'ms');
      if (power !== undefined && figure !== 'power') add(`${figure}.powers`, cost.cpu.median / power, 'P');
    }
  }
  for (const { figures } of sizeSections) {
    for (const [figure] of entriesOf<SizeFigure>(figures)) {
      const size = recorder.sizeOf(figure);
      if (size !== undefined) add(`${figure}.bytes`, size, 'bytes');
    }
  }
  for (const { figures } of countSections) {
    for (const [figure] of entriesOf<'presign.batch'>(figures)) {
      const count = recorder.countOf(figure);
      if (count !== undefined) add(figure, count, 'presigns');
    }
  }
  return lines;
}

/** CPU milliseconds with spread and in units of P for each n, then bytes. All recorders are of one profile. */
export function formatProfile(recorders: readonly Recorder[]): string {
  const costRows: Row[] = [];
  for (const { title, figures } of costSections) {
    costRows.push(title);
    for (const [figure, label] of entriesOf<CostFigure>(figures)) {
      const cells = recorders.flatMap((recorder) => {
        const cpu = recorder.cost(figure)?.cpu;
        const power = recorder.cost('power')?.cpu.median;
        if (cpu === undefined) return ['', '', ''];
        const powers = power === undefined || figure === 'power' ? '' : formatPowers(cpu.median / power);
        return [formatMilliseconds(cpu.median), formatSpread(cpu), powers];
      });
      if (cells.some((cell) => cell !== '')) costRows.push([`  ${label}`, ...cells]);
    }
  }
  const sizeRows: Row[] = [];
  for (const { title, figures } of [...sizeSections, ...countSections]) {
    sizeRows.push(title);
    for (const [figure, label] of entriesOf<SizeFigure | 'presign.batch'>(figures)) {
      const cells = recorders.map((recorder) => {
        if (figure === 'presign.batch') return String(recorder.countOf(figure) ?? '');
        const size = recorder.sizeOf(figure);
        return size === undefined ? '' : formatBytes(size);
      });
      sizeRows.push([`  ${label}`, ...cells]);
    }
  }
  const header = recorders.map(({ n }) => `n = ${n}`);
  return [
    formatTable(['CPU time of one party', ...header.flatMap((n) => [n, '', ''])], costRows),
    formatTable(['Sizes', ...header], sizeRows),
  ].join('\n\n');
}
