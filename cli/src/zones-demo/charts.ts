/**
 * Pictures of the report: what happened when, and how long messages took. SVG that needs nothing else.
 *
 * @module
 */
import type { Check, Moment } from './checks.ts';

/** One message of a cluster, in ms. */
export interface Latency {
  readonly from: string;
  readonly to: string;
  /** From its block to its certificate. */
  readonly certifiedMs: number;
  /** From its block to its delivery; undefined if it was not delivered. */
  readonly deliveredMs: number | undefined;
}

export const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
/** `1.25 s`, `840 ms`. */
export const duration = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

/** @returns the p-th value, 0 < p <= 1, of a list that is not empty. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;
}

const width = 1000;
const svg = (height: number, label: string, parts: readonly string[]): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${parts.join('')}</svg>`;
const line = (x1: number, x2: number, y1: number, y2: number, stroke: string, more = ''): string =>
  `<line x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}" stroke="var(--${stroke})"${more}/>`;
const titled = (shape: string, title: string): string =>
  shape.replace('/>', `><title>${escape(title)}</title></${/^<(\w+)/.exec(shape)?.[1]}>`);

/** Round steps of an axis, at most `most` of them. */
function ticks(end: number, most: number): readonly number[] {
  const rough = Math.max(end, 1) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
}

/** A lane per scenario: its steps as dots on a bar, its checks as marks below. */
export function timelineChart(timeline: readonly Moment[], checks: readonly Check[], seconds: number): string {
  const lanes = [...new Set([...timeline, ...checks].toSorted((a, b) => a.at - b.at).map(({ scenario }) => scenario))];
  const [left, top, lane] = [290, 26, 46];
  const x = (at: number): number => left + (at / Math.max(1, seconds)) * (width - left - 24);
  const bottom = top + lanes.length * lane;
  const axis = ticks(seconds, 8).flatMap((at) => [
    line(x(at), x(at), 4, bottom, 'line'),
    `<text x="${x(at)}" y="${bottom + 14}" text-anchor="middle" class="mute">${at} s</text>`,
  ]);
  const parts = lanes.map((name, i) => {
    const y = top + i * lane;
    const moments = timeline.filter(({ scenario }) => scenario === name);
    // What failed is drawn over what held.
    const own = checks.filter(({ scenario }) => scenario === name).toSorted((a, b) => Number(b.ok) - Number(a.ok));
    const before = [...timeline, ...checks].filter(({ scenario }) => lanes.indexOf(scenario) < i).map(({ at }) => at);
    const ats = [...moments, ...own].map(({ at }) => at);
    const failed = own.filter(({ ok }) => !ok).length;
    const verdict = failed === 0 ? `${own.length} checks held` : `${failed} of ${own.length} failed`;
    return [
      `<text x="0" y="${y + 3}" class="lane">${escape(name)}</text>`,
      own.length === 0 ? '' : `<text x="0" y="${y + 18}" class="${failed === 0 ? 'ok' : 'bad'}">${verdict}</text>`,
      line(
        x(Math.min(Math.max(0, ...before), ...ats)),
        x(Math.max(...ats)),
        y,
        y,
        'bar',
        ' stroke-width="4" stroke-linecap="round" opacity=".45"',
      ),
      ...moments.map(({ at, text }) =>
        titled(`<circle cx="${x(at)}" cy="${y}" r="5" fill="var(--bar)"/>`, `${at} s: ${text}`),
      ),
      ...own.map(({ at, ok, claim }) =>
        titled(
          `<rect x="${x(at) - 2}" y="${y + 9}" width="4" height="11" rx="1" fill="var(--${ok ? 'ok' : 'bad'})"/>`,
          `${at} s: ${claim}`,
        ),
      ),
    ].join('');
  });
  return svg(bottom + 20, 'What happened when', [...axis, ...parts]);
}

/** A lane per pair of chains: a dot per message, filled at its certificate and open at its delivery, against Δ. */
export function latencyChart(latencies: readonly Latency[], deltaMs: number): string {
  const pairs = [...new Set(latencies.map(({ from, to }) => `${from} to ${to}`))].toSorted();
  const [left, top, lane] = [290, 24, 34];
  const most = Math.max(
    deltaMs * 1.08,
    ...latencies.map(({ certifiedMs, deliveredMs = 0 }) => Math.max(certifiedMs, deliveredMs)),
  );
  const x = (ms: number): number => left + (ms / most) * (width - left - 24);
  const bottom = top + pairs.length * lane - 8;
  const axis = ticks(most / 1000, 8).flatMap((at) => [
    line(x(at * 1000), x(at * 1000), 8, bottom, 'line'),
    `<text x="${x(at * 1000)}" y="${bottom + 14}" text-anchor="middle" class="mute">${Number(at.toFixed(3))} s</text>`,
  ]);
  const lanes = pairs.map((pair, i) => {
    const y = top + i * lane;
    const own = latencies.filter(({ from, to }) => `${from} to ${to}` === pair);
    const certified = own.map(({ certifiedMs }) => certifiedMs);
    const delivered = own.flatMap(({ deliveredMs }) => deliveredMs ?? []);
    const mean = `${own.length} message${own.length === 1 ? '' : 's'}, certified p50 ${duration(percentile(certified, 0.5))}`;
    return [
      `<text x="0" y="${y}" class="lane">${escape(pair)}</text><text x="0" y="${y + 13}" class="mute">${mean}</text>`,
      line(left, x(most), y + 2, y + 2, 'line'),
      ...delivered.map((ms) =>
        titled(
          `<circle cx="${x(ms)}" cy="${y + 2}" r="5" fill="none" stroke="var(--bar)" stroke-width="1.6"/>`,
          `delivered after ${duration(ms)}`,
        ),
      ),
      ...certified.map((ms) =>
        titled(`<circle cx="${x(ms)}" cy="${y + 2}" r="4" fill="var(--bar)"/>`, `certified after ${duration(ms)}`),
      ),
    ].join('');
  });
  const limit = [
    line(x(deltaMs), x(deltaMs), 2, bottom, 'bad', ' stroke-width="2" stroke-dasharray="5 3"'),
    `<text x="${x(deltaMs) - 6}" y="12" text-anchor="end" class="bad">Δ = ${deltaMs} ms</text>`,
  ];
  return svg(bottom + 20, 'Latency of messages against Δ', [...axis, ...lanes, ...limit]);
}
