/**
 * The report of a run: one HTML file that needs nothing else, for people.
 *
 * @module
 */
import { type Latency, duration, escape, latencyChart, percentile, timelineChart } from './charts.ts';
import type { Check, Moment } from './checks.ts';

export interface BalanceRow {
  readonly asset: string;
  readonly chain: string;
  readonly ledger: bigint;
  readonly onChain: bigint;
  readonly note: string;
}

/** Where an asset's units were at one moment, by the certified ledger. */
export interface BalanceMoment {
  readonly asset: string;
  readonly at: number;
  /** After which step. */
  readonly after: string;
  /** Chain -> units. */
  readonly ledger: ReadonlyMap<string, bigint>;
  /** Whether the chains showed the same. */
  readonly equal: boolean;
}

export interface ReportContent {
  readonly title: string;
  readonly held: boolean;
  readonly seconds: number;
  readonly profile: string;
  readonly validators: number;
  /** The validator that was Byzantine, if one was. */
  readonly liar: number | undefined;
  /** Why the run ended before its end. */
  readonly failure: string | undefined;
  readonly checks: readonly Check[];
  readonly timeline: readonly Moment[];
  /** After each step. */
  readonly history: readonly BalanceMoment[];
  /** At the end. */
  readonly balances: readonly BalanceRow[];
  readonly damage: { readonly bound: bigint; readonly lost: bigint } | undefined;
  readonly latencies: readonly Latency[];
  readonly deltaMs: number | undefined;
}

const cell = (text: string | number | bigint, kind = ''): string =>
  `<td${kind === '' ? '' : ` class="${kind}"`}>${escape(String(text))}</td>`;
const row = (...cells: readonly string[]): string => `<tr>${cells.join('')}</tr>`;
/** A heading that begins with `#` is that of numbers. */
const table = (head: readonly string[], rows: readonly string[], kind = ''): string => {
  const titles = head.map((title) =>
    title.startsWith('#') ? `<th class="n">${escape(title.slice(1))}</th>` : `<th>${escape(title)}</th>`,
  );
  return `<table${kind === '' ? '' : ` class="${kind}"`}><thead><tr>${titles.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
};

const style = `
:root { color-scheme: light dark; --line: #8883; --ok: #1a7f37; --bad: #cf222e; --bar: #0969da; --mute: #6e7781 }
@media (prefers-color-scheme: dark) { :root { --ok: #3fb950; --bad: #f85149; --bar: #58a6ff; --mute: #9198a1 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 0 .3rem } h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem } h3 { font-size: 1rem; margin: 1.4rem 0 .3rem }
p { margin: .3rem 0 } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-weight: 600; color: var(--mute) } th.n, td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.ok { color: var(--ok) } .bad { color: var(--bad); font-weight: 600 } .mute { color: var(--mute) } .nowrap { white-space: nowrap }
.verdict { padding: .6rem .9rem; border-left: 4px solid var(--ok); background: #8881; margin: 1rem 0; font-size: 1.05rem }
.verdict.failed { border-color: var(--bad) } code { font-size: .9em } tr.step td { color: var(--mute); border-bottom-style: dotted }
table.story { table-layout: fixed } .story th:nth-child(1) { width: 4rem } .story th:nth-child(2) { width: 4.5rem } .story th:nth-child(4) { width: 6rem }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif } svg text { fill: currentColor } svg .lane { font-size: 13px }
svg .mute { fill: var(--mute) } svg .ok { fill: var(--ok) } svg .bad { fill: var(--bad) }
`;

function balanceHistory(history: readonly BalanceMoment[]): string {
  return [...new Set(history.map(({ asset }) => asset))]
    .map((asset) => {
      const moments = history.filter((moment) => moment.asset === asset);
      const chains = [...new Set(moments.flatMap(({ ledger }) => [...ledger.keys()]))].toSorted();
      const rows = moments.map(({ at, after, ledger, equal }) =>
        row(
          cell(`${at} s`, 'n'),
          cell(after),
          ...chains.map((chain) => cell(ledger.get(chain) ?? 0n, 'n')),
          cell(equal ? 'equal' : 'not equal', equal ? 'ok' : 'bad'),
        ),
      );
      return `<h3>${escape(asset)}</h3>${table(['#At', 'After', ...chains.map((chain) => `#${chain}`), 'Chains and ledgers'], rows)}`;
    })
    .join('\n');
}

/** Steps and checks of one scenario as they came. */
function story(timeline: readonly Moment[], checks: readonly Check[]): string {
  const steps = timeline.map(({ at, text }) => ({
    at,
    html: `<tr class="step">${cell(`${at} s`, 'n')}<td></td>${cell(text)}<td></td></tr>`,
  }));
  const judged = checks.map(({ ok, rule, claim, detail, at }) => ({
    at,
    html: row(
      cell(`${at} s`, 'n'),
      cell(ok ? '✓' : '✗ failed', ok ? 'ok' : 'bad'),
      `<td>${escape(claim)}<br><span class="mute">${escape(detail)}</span></td>`,
      `<td class="nowrap"><code>${escape(rule)}</code></td>`,
    ),
  }));
  // A step is noted at its end; checks inside it come before.
  const all = [...judged, ...steps].toSorted((a, b) => a.at - b.at);
  return table(
    ['#At', '', 'Steps, what must hold, and what was seen', 'Rule'],
    all.map(({ html }) => html),
    'story',
  );
}

export function renderReport(content: ReportContent): string {
  const { title, held, seconds, profile, validators, liar, failure, checks, timeline } = content;
  const { history, balances, damage, latencies, deltaMs } = content;
  const failed = checks.filter(({ ok }) => !ok).length;
  const end = failure === undefined ? '' : ` The run ended early: ${escape(failure)}`;
  const verdict = held
    ? `All ${checks.length} checks held.`
    : `${failed} of ${checks.length} checks did not hold.${end}`;
  const byzantine = liar === undefined ? '' : `, validator ${liar} is Byzantine`;
  const sections = [
    `<h1>${escape(title)}</h1>`,
    `<p class="mute">${validators} validators${byzantine}; class group CLG-${escape(profile)}; ${Math.round(seconds)} s</p>`,
    `<div class="verdict${held ? '' : ' failed'}">${verdict}</div>`,
    `<h2>Timeline</h2><p class="mute">Dots are steps at their end, marks below are checks; point at one to read it, or see the end of this page.</p>${timelineChart(timeline, checks, seconds)}`,
  ];
  if (damage !== undefined)
    sections.push(
      `<h2>Damage of the compromised chain</h2><p>The attacker got <strong>${damage.lost} X</strong>. The ledger had <strong>${damage.bound} X</strong> on that chain when it was taken over: that is the bound (ASSET:4).</p>`,
    );
  if (history.length > 0)
    sections.push(
      '<h2>Balances per chain, after each step</h2><p class="mute">Units by the certified ledger. “equal”: the chains and the ledgers of all validators show the same.</p>',
      balanceHistory(history),
    );
  if (balances.length > 0)
    sections.push(
      '<h2>Balances per chain, at the end</h2>',
      table(
        ['Asset', 'Chain', '#Ledger', '#On chain', ''],
        balances.map(({ asset, chain, ledger, onChain, note }) =>
          row(
            cell(asset),
            cell(chain),
            cell(ledger, 'n'),
            cell(onChain, ledger === onChain ? 'n' : 'n bad'),
            cell(note, 'mute'),
          ),
        ),
      ),
    );
  if (latencies.length > 0 && deltaMs !== undefined) {
    const certified = latencies.map(({ certifiedMs }) => certifiedMs);
    const delivered = latencies.flatMap(({ deliveredMs }) => deliveredMs ?? []);
    const spread = (values: readonly number[]): string =>
      `p50 ${duration(percentile(values, 0.5))}, p99 ${duration(percentile(values, 0.99))}`;
    const late = delivered.filter((ms) => ms > deltaMs).length;
    const waited =
      late === 0
        ? ''
        : ` ${late} came later than Δ: sent by a chain off the fast path, whose messages wait for settlement, or to one that stood still.`;
    sections.push(
      `<h2>Messages against Δ</h2><p>${latencies.length} messages. Filled: from a message’s block to its certificate, ${spread(certified)}. Open: to its delivery on the other chain${delivered.length === 0 ? '' : `, ${spread(delivered)}`}. Dashed: Δ.${waited}</p>`,
      latencyChart(latencies, deltaMs),
    );
  }
  sections.push('<h2>What happened, and what was checked</h2>');
  for (const name of new Set(
    [...timeline, ...checks].toSorted((a, b) => a.at - b.at).map(({ scenario }) => scenario),
  )) {
    const own = <T extends { readonly scenario: string }>(list: readonly T[]): readonly T[] =>
      list.filter(({ scenario }) => scenario === name);
    sections.push(`<h3>${escape(name)}</h3>`, story(own(timeline), own(checks)));
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${style}</style></head>
<body>
${sections.join('\n')}
</body></html>
`;
}
