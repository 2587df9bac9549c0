/**
 * Figures of `bench:client`: medians by step, for people and programs.
 *
 * @module
 */
import { type Row, formatBytes, formatMilliseconds, formatTable } from '../format.ts';
import { median } from '../statistics.ts';
import { targetJson } from '../target.ts';
import type { StepLine } from './node-wallet.ts';
import { type StepName, stepTexts } from './steps.ts';

/** One step of a run, with the bytes that passed on the wire while it ran. */
export interface ClientSample extends StepLine {
  readonly bytes: number;
}

export interface ClientFigure {
  readonly figure: string;
  readonly value: number;
  readonly unit: 'ms' | 'bytes' | 'ratio';
}

/** What one runtime measured. */
export class ClientSide {
  /** `node` or `chromium`. */
  readonly name: string;
  readonly #samples: ClientSample[] = [];

  constructor(name: string) {
    this.name = name;
  }

  add(sample: ClientSample): void {
    this.#samples.push(sample);
  }

  /** undefined for a step that was not measured. */
  median(step: StepName, of: 'cpu' | 'wall' | 'bytes'): number | undefined {
    const values = this.#samples.filter((sample) => sample.step === step).map((sample) => sample[of]);
    return values.length === 0 ? undefined : median(values);
  }

  /** Largest resident set of the process, in bytes; 0 where it is unknown. */
  get peakMemory(): number {
    return Math.max(0, ...this.#samples.map(({ memory }) => memory));
  }

  figures(): ClientFigure[] {
    const steps = (Object.keys(stepTexts) as StepName[]).flatMap((step) => {
      const part = (name: string, of: 'cpu' | 'wall' | 'bytes', unit: ClientFigure['unit']): ClientFigure[] => {
        const value = this.median(step, of);
        return value === undefined ? [] : [{ figure: `client/${this.name}/${step}.${name}`, value, unit }];
      };
      return [...part('cpu', 'cpu', 'ms'), ...part('wall', 'wall', 'ms'), ...part('bytes', 'bytes', 'bytes')];
    });
    const peak = this.peakMemory;
    return peak === 0 ? steps : [...steps, { figure: `client/${this.name}/memory.peak`, value: peak, unit: 'bytes' }];
  }
}

/** As `--json` prints it. */
export const clientJson = ({ figure, value, unit }: ClientFigure) => targetJson(figure, value, unit, undefined);

/** CPU, wall and bytes of each side beside each other. */
export function formatClient(sides: readonly ClientSide[]): string {
  const rows: Row[] = (Object.keys(stepTexts) as StepName[]).map((step) => [
    stepTexts[step],
    ...sides.flatMap((side) => {
      const cell = (of: 'cpu' | 'wall' | 'bytes', format: (value: number) => string): string => {
        const value = side.median(step, of);
        return value === undefined ? '' : format(value);
      };
      return [cell('cpu', formatMilliseconds), cell('wall', formatMilliseconds), cell('bytes', formatBytes)];
    }),
  ]);
  rows.push([
    'peak memory of the process',
    ...sides.flatMap(({ peakMemory }) => ['', '', peakMemory === 0 ? '' : formatBytes(peakMemory)]),
  ]);
  const header = sides.flatMap(({ name }) => [`${name}: CPU`, 'wall', 'bytes']);
  return formatTable(['step', ...header], rows);
}
