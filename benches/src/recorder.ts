/**
 * Collects samples by figure and number of validators.
 *
 * @module
 */
import { type CostFigure, type CountFigure, type SizeFigure, sums } from './figures.ts';
import { type Cost, measure, measureAsync, share } from './measure.ts';
import { type Summary, median, summarize } from './statistics.ts';

/** CPU and wall milliseconds of one figure. */
export interface CostSummary {
  readonly cpu: Summary;
  readonly wall: Summary;
}

/** Samples of one profile and one number of validators. */
export class Recorder {
  readonly profile: string;
  readonly n: number;
  readonly #costs = new Map<CostFigure, Cost[]>();
  readonly #sizes = new Map<SizeFigure, number[]>();
  readonly #counts = new Map<CountFigure, number>();

  constructor(profile: string, n: number) {
    this.profile = profile;
    this.n = n;
  }

  addCost(figure: CostFigure, cost: Cost): void {
    const samples = this.#costs.get(figure);
    if (samples === undefined) this.#costs.set(figure, [cost]);
    else samples.push(cost);
  }

  /** Measures one call. @param parts - the call does the work of this many units, of which the figure is one. */
  time<T>(figure: CostFigure, work: () => T, parts = 1): T {
    const { result, cost } = measure(work);
    this.addCost(figure, share(cost, parts));
    return result;
  }

  async timeAsync<T>(figure: CostFigure, work: () => Promise<T>): Promise<T> {
    const { result, cost } = await measureAsync(work);
    this.addCost(figure, cost);
    return result;
  }

  size(figure: SizeFigure, bytes: number): void {
    const samples = this.#sizes.get(figure);
    if (samples === undefined) this.#sizes.set(figure, [bytes]);
    else samples.push(bytes);
  }

  count(figure: CountFigure, value: number): void {
    this.#counts.set(figure, value);
  }

  /** Median and quartiles; of sums, the sum of the medians as one sample. undefined if nothing was measured. */
  cost(figure: CostFigure): CostSummary | undefined {
    const parts = sums[figure];
    if (parts !== undefined) {
      const known = parts.map((part) => this.cost(part));
      if (known.some((part) => part === undefined)) return undefined;
      const total = (pick: keyof CostSummary): Summary =>
        summarize([known.reduce((sum, part) => sum + (part as CostSummary)[pick].median, 0)]);
      return { cpu: total('cpu'), wall: total('wall') };
    }
    const samples = this.#costs.get(figure);
    return samples === undefined
      ? undefined
      : { cpu: summarize(samples.map(({ cpu }) => cpu)), wall: summarize(samples.map(({ wall }) => wall)) };
  }

  /** All messages of the figure, or undefined if there was none. */
  sizes(figure: SizeFigure): readonly number[] | undefined {
    return this.#sizes.get(figure);
  }

  sizeOf(figure: SizeFigure): number | undefined {
    const sizes = this.#sizes.get(figure);
    return sizes === undefined ? undefined : median(sizes);
  }

  countOf(figure: CountFigure): number | undefined {
    return this.#counts.get(figure);
  }
}
