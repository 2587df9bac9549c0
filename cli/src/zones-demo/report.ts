/**
 * The report of a run: one HTML file that needs nothing else, for people.
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

export interface BalanceRow {
  readonly asset: string;
  readonly chain: string;
  readonly ledger: bigint;
  readonly onChain: bigint;
  readonly note: string;
}

export interface ReportContent {
  readonly title: string;
  readonly held: boolean;
  readonly seconds: number;
  readonly profile: string;
  readonly validators: number;
  /** Why the run ended before its end. */
  readonly failure: string | undefined;
  readonly checks: readonly Check[];
  readonly timeline: readonly Moment[];
  readonly balances: readonly BalanceRow[];
  readonly damage: { readonly bound: bigint; readonly lost: bigint } | undefined;
  readonly latencies: readonly Latency[];
  readonly deltaMs: number | undefined;
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const cell = (text: string | number | bigint, kind = ''): string =>
  `<td${kind === '' ? '' : ` class="${kind}"`}>${escape(String(text))}</td>`;
const table = (head: readonly string[], rows: readonly string[]): string =>
  `<table><thead><tr>${head.map((title) => `<th>${escape(title)}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;

const style = `
:root { color-scheme: light dark; --line: #8884; --ok: #1a7f37; --bad: #cf222e; --bar: #0969da; --mute: #6e7781 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 0 .3rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem }
p { margin: .3rem 0 } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-weight: 600; color: var(--mute) } td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.ok { color: var(--ok) } .bad { color: var(--bad); font-weight: 600 } .mute { color: var(--mute) }
.verdict { padding: .6rem .9rem; border-left: 4px solid var(--ok); background: #8881; margin: 1rem 0 }
.verdict.failed { border-color: var(--bad) } code { font-size: .9em }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif } svg text { fill: currentColor }
`;

/** A scenario per lane, a dot per moment, checks below the line. */
function timelineChart(timeline: readonly Moment[], checks: readonly Check[], seconds: number): string {
  const lanes = [...new Set([...timeline, ...checks].map(({ scenario }) => scenario))];
  const [left, width, lane] = [270, 1000, 44];
  const x = (at: number): number => left + (at / Math.max(1, seconds)) * (width - left - 20);
  const ticks = Array.from({ length: 6 }, (_, i) => (seconds * i) / 5);
  const parts = lanes.map((name, i) => {
    const y = 24 + i * lane;
    const moments = timeline.filter(({ scenario }) => scenario === name);
    const own = checks.filter(({ scenario }) => scenario === name);
    const ats = [...moments, ...own].map(({ at }) => at);
    return [
      `<text x="0" y="${y + 4}">${escape(name)}</text>`,
      `<line x1="${x(Math.min(...ats))}" x2="${x(Math.max(...ats))}" y1="${y}" y2="${y}" stroke="var(--bar)" stroke-width="3"/>`,
      ...moments.map(
        ({ at, text }) =>
          `<circle cx="${x(at)}" cy="${y}" r="4" fill="var(--bar)"><title>${at} s: ${escape(text)}</title></circle>`,
      ),
      ...own.map(
        ({ at, ok, claim }) =>
          `<rect x="${x(at) - 2}" y="${y + 9}" width="4" height="10" fill="var(--${ok ? 'ok' : 'bad'})"><title>${at} s: ${escape(claim)}</title></rect>`,
      ),
    ].join('');
  });
  const bottom = 24 + lanes.length * lane;
  const axis = ticks.map(
    (at) => `<text x="${x(at)}" y="${bottom + 6}" text-anchor="middle">${Math.round(at)} s</text>`,
  );
  return `<svg viewBox="0 0 ${width} ${bottom + 14}" role="img" aria-label="What happened when">${parts.join('')}${axis.join('')}</svg>`;
}

/** A bar per message: certified, then delivered, against Δ. */
function latencyChart(latencies: readonly Latency[], deltaMs: number): string {
  const [left, width, lane] = [230, 1000, 20];
  const most = Math.max(
    deltaMs * 1.1,
    ...latencies.map(({ certifiedMs, deliveredMs = 0 }) => Math.max(certifiedMs, deliveredMs)),
  );
  const x = (ms: number): number => left + (ms / most) * (width - left - 20);
  const bars = latencies.map(({ from, to, certifiedMs, deliveredMs }, i) => {
    const y = 8 + i * lane;
    return [
      `<text x="0" y="${y + 11}">${escape(`${from} to ${to}`)}</text>`,
      deliveredMs === undefined
        ? ''
        : `<rect x="${left}" y="${y}" height="14" width="${x(deliveredMs) - left}" fill="var(--bar)" opacity=".35"><title>delivered after ${deliveredMs} ms</title></rect>`,
      `<rect x="${left}" y="${y}" height="14" width="${Math.max(1, x(certifiedMs) - left)}" fill="var(--bar)"><title>certified after ${certifiedMs} ms</title></rect>`,
    ].join('');
  });
  const bottom = 8 + latencies.length * lane;
  const line = `<line x1="${x(deltaMs)}" x2="${x(deltaMs)}" y1="0" y2="${bottom}" stroke="var(--bad)" stroke-dasharray="4 3"/><text x="${x(deltaMs)}" y="${bottom + 14}" text-anchor="middle">Δ = ${deltaMs} ms</text>`;
  return `<svg viewBox="0 0 ${width} ${bottom + 20}" role="img" aria-label="Latency of messages against Δ">${bars.join('')}${line}</svg>`;
}

/** @returns the p-th value, 0 < p <= 1, of a list that is not empty. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;
}

export function renderReport(content: ReportContent): string {
  const { title, held, seconds, profile, validators, failure, checks, timeline, balances, damage, latencies, deltaMs } =
    content;
  const failed = checks.filter(({ ok }) => !ok).length;
  const sections = [
    `<h1>${escape(title)}</h1>`,
    `<p class="mute">${validators} validators, class group CLG-${escape(profile)}, ${seconds} s</p>`,
    `<div class="verdict${held ? '' : ' failed'}">${held ? `All ${checks.length} checks held.` : `${failed} of ${checks.length} checks did not hold.${failure === undefined ? '' : ` The run ended early: ${escape(failure)}`}`}</div>`,
    `<h2>Timeline</h2><p class="mute">Dots are steps, bars below are checks; point at one to read it.</p>${timelineChart(timeline, checks, seconds)}`,
  ];
  if (damage !== undefined)
    sections.push(
      `<h2>Damage of the compromised chain</h2><p>The attacker got <strong>${damage.lost} X</strong>. The ledger had <strong>${damage.bound} X</strong> on that chain when it was taken over: that is the bound (ASSET:4).</p>`,
    );
  if (balances.length > 0)
    sections.push(
      '<h2>Balances per chain</h2>',
      table(
        ['Asset', 'Chain', 'Ledger', 'On chain', ''],
        balances.map(
          (row) =>
            `<tr>${cell(row.asset)}${cell(row.chain)}${cell(row.ledger, 'n')}${cell(row.onChain, row.ledger === row.onChain ? 'n' : 'n bad')}${cell(row.note, 'mute')}</tr>`,
        ),
      ),
    );
  if (latencies.length > 0 && deltaMs !== undefined) {
    const certified = latencies.map(({ certifiedMs }) => certifiedMs);
    sections.push(
      `<h2>Messages against Δ</h2><p>Dark: from the block of a message to its certificate, p50 ${percentile(certified, 0.5)} ms, p99 ${percentile(certified, 0.99)} ms. Light: to its delivery. Dashed: Δ, ${deltaMs} ms.</p>`,
      latencyChart(latencies, deltaMs),
    );
  }
  const names = [...new Set(checks.map(({ scenario }) => scenario))];
  sections.push('<h2>Checks</h2>');
  for (const name of names) {
    const rows = checks
      .filter(({ scenario }) => scenario === name)
      .map(
        ({ ok, rule, claim, detail, at }) =>
          `<tr>${cell(ok ? 'ok' : 'failed', ok ? 'ok' : 'bad')}<td><code>${escape(rule)}</code></td><td>${escape(claim)}<br><span class="mute">${escape(detail)}</span></td>${cell(`${at} s`, 'n')}</tr>`,
      );
    sections.push(
      `<p><strong>${escape(name)}</strong></p>`,
      table(['', 'Rule', 'What must hold, and what was seen', 'At'], rows),
    );
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${style}</style></head>
<body>
${sections.join('\n')}
</body></html>
`;
}
