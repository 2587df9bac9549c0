/**
 * The demonstration of zones. Its parts here; the whole of it, on real chains and validators, takes minutes and runs with `DWALLET_ZONES_DEMO` set to the
 * scenarios that are wanted, such as `1,2`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { measuredIn, targetOf } from '../../benches/src/zones/figures.ts';
import { Checks } from '../../cli/src/zones-demo/checks.ts';
import { startNodeProxy } from '../../cli/src/zones-demo/node-proxy.ts';
import { percentile, renderReport } from '../../cli/src/zones-demo/report.ts';
import type { ReportEvent, Reporter } from '../../cli/src/reporter.ts';

const folder = mkdtempSync(join(tmpdir(), 'dwallet-zones-demo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Keeps what it is told. */
function quietReporter(events: ReportEvent[]): Reporter {
  return {
    section: () => {},
    step: (_, work) => work(() => {}),
    say: (_, event) => void events.push(event),
    fail: () => {},
  };
}

describe('checks', () => {
  it('hold only if there are some and all do', () => {
    const events: ReportEvent[] = [];
    const checks = new Checks(quietReporter(events));
    expect(checks.allHold).toBe(false);
    checks.check('ASSET:2', 'adds up', true, '1 and 1');
    expect(checks.allHold).toBe(true);
    checks.check('ASSET:4', 'no more than that', false, '2 of 1');
    expect(checks.allHold).toBe(false);
    checks.check('ASSET:2', 'adds up', true, '2 and 2');
    expect(checks.allHold).toBe(false);
    expect(events.map(({ ok, rule }) => [ok, rule])).toEqual([
      [true, 'ASSET:2'],
      [false, 'ASSET:4'],
      [true, 'ASSET:2'],
    ]);
  });
});

describe('the report', () => {
  const content = {
    title: 'Zones',
    held: false,
    seconds: 12,
    profile: '112',
    validators: 4,
    failure: undefined,
    checks: [{ scenario: 'one', rule: 'ASSET:3', claim: 'refused <script>', ok: false, detail: '"x" & y', at: 3 }],
    timeline: [{ scenario: 'one', at: 1, text: 'begin' }],
    balances: [{ asset: 'X', chain: 'DefiChain', ledger: 1n, onChain: 2n, note: '' }],
    damage: { bound: 310n, lost: 300n },
    latencies: [{ from: 'A', to: 'B', certifiedMs: 40, deliveredMs: 90 }],
    deltaMs: 100,
  };

  it('is one file that asks for nothing, and text of chains stays text', () => {
    const html = renderReport(content);
    expect(html).not.toMatch(/<script|<link|src=|href=|url\(/);
    expect(html).toContain('refused &#60;script&#62;');
    for (const part of ['1 of 1 checks did not hold', '300 X', '310 X', 'Δ = 100 ms', 'DefiChain'])
      expect(html).toContain(part);
    expect(renderReport({ ...content, held: true })).toContain('All 1 checks held');
  });

  it('percentiles are values of the list', () => {
    expect([percentile([3, 1, 2], 0.5), percentile([3, 1, 2], 0.99), percentile([5], 0.5)]).toEqual([2, 3, 5]);
  });
});

describe('a validator’s line to a node', () => {
  it('passes on, lies, and is silent', async () => {
    const node = createServer((_, response) => response.end(JSON.stringify({ id: 1, result: '0x2a' })));
    await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
    const line = await startNodeProxy(`http://127.0.0.1:${(node.address() as AddressInfo).port}`);
    const body = JSON.stringify({ id: 1, method: 'eth_x' });
    const ask = async (): Promise<unknown> => (await fetch(line.url, { method: 'POST', body })).json();
    try {
      expect(await ask()).toEqual({ id: 1, result: '0x2a' });
      line.lie = (method, _, result) => `${method} ${String(result)}`;
      expect(await ask()).toEqual({ id: 1, result: 'eth_x 0x2a' });
      line.lie = undefined;
      line.silent = true;
      const waiting = ask();
      // Nobody answers; closing ends it.
      const failed = expect(waiting).rejects.toThrow();
      await line.close();
      await failed;
    } finally {
      node.close();
    }
  });
});

describe('bench:zones', () => {
  it('reads figures among other events, with the targets of the issue', () => {
    expect(measuredIn('{"event":"figure","figure":"x","value":1.5,"unit":"s"}')).toEqual({
      figure: 'x',
      value: 1.5,
      unit: 's',
    });
    expect(measuredIn('{"event":"check","rule":"ASSET:2"}')).toBeUndefined();
    expect(measuredIn('{"event":"figure","figure":"x","value":"1.5","unit":"s"}')).toBeUndefined();
    expect(targetOf('policy evaluation, part of a signature')).toEqual({ relation: '<=', bound: 1 });
    expect(targetOf('messages per second')).toBeUndefined();
  });
});

const scenarios = process.env['DWALLET_ZONES_DEMO'];

describe.skipIf(scenarios === undefined)('the whole demonstration', () => {
  it('every check holds, and the report is there', { timeout: 1_200_000 }, async () => {
    const script = fileURLToPath(new URL('../../cli/dist/zones-demo/index.js', import.meta.url));
    const report = join(folder, 'report.html');
    const options = [
      '--json',
      '--profile',
      '112',
      '--scenarios',
      scenarios ?? '1',
      '--data',
      join(folder, 'data'),
      '--report',
      report,
    ];
    const child = spawn(process.execPath, [script, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    const events: ReportEvent[] = [];
    for await (const line of createInterface({ input: child.stdout })) events.push(JSON.parse(line) as ReportEvent);
    const [code] = await ended;
    const checks = events.filter(({ event }) => event === 'check');
    expect(checks.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(checks.length).toBeGreaterThanOrEqual(15);
    expect(events.at(-1)).toMatchObject({ event: 'done', held: true, failed: 0 });
    expect(code).toBe(0);
    expect(existsSync(report)).toBe(true);
    expect(readFileSync(report, 'utf8')).toContain(`All ${checks.length} checks held.`);
  });
});
