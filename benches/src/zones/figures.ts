/**
 * Figures of zones, with the targets of issue 6.
 *
 * @module
 */
import { type Target, atMost } from '../target.ts';

/** What a run says of one figure. */
export interface Measured {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
}

const targets: Readonly<Record<string, Target>> = {
  'policy evaluation, part of a signature': atMost(1),
  'event to certificate, p99, part of Δ': atMost(1),
};
export const targetOf = (figure: string): Target | undefined => targets[figure];

/** The figure in a line of the demonstration's output; undefined for any other event. @throws SyntaxError for what is no JSON. */
export function measuredIn(line: string): Measured | undefined {
  const event = JSON.parse(line) as Partial<Measured> & { readonly event?: unknown };
  const { figure, value, unit } = event;
  return event.event === 'figure' && typeof figure === 'string' && typeof value === 'number' && typeof unit === 'string'
    ? { figure, value, unit }
    : undefined;
}
