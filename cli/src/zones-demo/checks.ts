/**
 * What the demonstration claims, and whether it held.
 *
 * @module
 */
import type { Reporter } from '../reporter.ts';
import type { BalanceMoment } from './report.ts';

export interface Check {
  readonly scenario: string;
  /** Rule of docs/zones.md, such as ASSET:3. */
  readonly rule: string;
  readonly claim: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly detail: string;
  /** Seconds since the run began. */
  readonly at: number;
}

/** Something that happened, for the timeline. */
export interface Moment {
  readonly scenario: string;
  readonly at: number;
  readonly text: string;
}

export class Checks {
  readonly #report: Reporter;
  readonly #begin = performance.now();
  readonly list: Check[] = [];
  readonly timeline: Moment[] = [];
  readonly history: BalanceMoment[] = [];
  #scenario = '';

  constructor(report: Reporter) {
    this.#report = report;
  }

  get seconds(): number {
    return Math.round((performance.now() - this.#begin) / 100) / 10;
  }
  get allHold(): boolean {
    return this.list.length > 0 && this.list.every(({ ok }) => ok);
  }

  scenario(title: string): void {
    this.#scenario = title;
    this.#report.section(title);
  }
  /** A step with its place in the timeline. */
  async step<T>(title: string, work: (progress: (detail: string) => void) => Promise<T>): Promise<T> {
    const result = await this.#report.step(title, work);
    this.note(title, true);
    return result;
  }
  note(text: string, silent = false): void {
    this.timeline.push({ scenario: this.#scenario, at: this.seconds, text });
    if (!silent) this.#report.say(text, { event: 'note', text });
  }
  /** Where an asset's units are now. */
  balances(moment: Omit<BalanceMoment, 'at'>): void {
    this.history.push({ ...moment, at: this.seconds });
  }
  /** Something measured. */
  figure(measured: { readonly figure: string; readonly value: number; readonly unit: string }): void {
    const { figure, value, unit } = measured;
    this.#report.say(`${figure}: ${Number(value.toPrecision(4))} ${unit}`, { event: 'figure', ...measured });
  }
  check(rule: string, claim: string, ok: boolean, detail: string): void {
    const check = { scenario: this.#scenario, rule, claim, ok, detail, at: this.seconds };
    this.list.push(check);
    this.#report.say(`${ok ? 'ok    ' : 'FAILED'} ${rule.padEnd(10)} ${claim}${ok ? '' : `: ${detail}`}`, {
      event: 'check',
      ...check,
    });
  }
}
