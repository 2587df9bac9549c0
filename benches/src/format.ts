/**
 * Numbers and tables as text.
 *
 * @module
 */
import { type Summary, relativeSpread } from './statistics.ts';

/** Three significant digits: 0.00123, 0.123, 1.23, 12.3, 123, 1230. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, 2 - magnitude)));
}

/** Microseconds, milliseconds or seconds, whichever reads well. */
export function formatMilliseconds(value: number): string {
  if (value < 1) return `${formatNumber(value * 1000)} us`;
  return value < 1000 ? `${formatNumber(value)} ms` : `${formatNumber(value / 1000)} s`;
}

/** In units of one power: two decimals, fewer when large. */
export const formatPowers = (value: number): string => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} P`;

/** 6 432 B. */
export const formatBytes = (value: number): string =>
  `${Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ')} B`;

/** Half the interquartile range in per cent of the median; nothing for one sample. */
export function formatSpread(summary: Summary): string {
  const spread = relativeSpread(summary);
  return spread === undefined ? '' : `±${(100 * spread).toFixed(spread < 0.01 ? 1 : 0)}%`;
}

/** 1.23 [1.20-1.27]: a ratio with its quartiles. */
export const formatRatio = ({ median, lowerQuartile, upperQuartile, count }: Summary): string =>
  count < 2
    ? formatNumber(median)
    : `${formatNumber(median)} [${formatNumber(lowerQuartile)}-${formatNumber(upperQuartile)}]`;

/** A row of a table; a text alone is a heading over the following rows. */
export type Row = readonly string[] | string;

/** First column left, the others right aligned; no trailing blanks. */
export function formatTable(header: readonly string[], rows: readonly Row[]): string {
  const cells = [header, ...rows.filter((row): row is readonly string[] => typeof row !== 'string')];
  const widths = header.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, i) => (i === 0 ? (row[i] ?? '').padEnd(width) : (row[i] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(header), rule, ...rows.map((row) => (typeof row === 'string' ? `[${row}]` : line(row)))].join('\n');
}
