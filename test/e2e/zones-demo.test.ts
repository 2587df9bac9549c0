/**
 * The demonstration of zones: its parts, and scenarios 1 and 2 beside a Byzantine validator on real chains and validators. The cluster (scenario 3) waits
 * for slow blocks and takes minutes: `DWALLET_ZONES_DEMO=1,2,3,4` runs everything, `DWALLET_ZONES_DEMO=1` less.
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
import { percentile } from '../../cli/src/zones-demo/charts.ts';
import { renderReport } from '../../cli/src/zones-demo/report.ts';
import type { ReportEvent, Reporter } from '../../cli/src/reporter.ts';
import { amountLie, messageLie, shownFor } from '../../cli/src/zones-demo/lies.ts';
import { noMisdeeds } from '../../cli/src/zones-demo/misdeeds.ts';
import { TwoFacedValidator, otherBatch } from '../../cli/src/zones-demo/two-faced-validator.ts';
import { hex } from '../../services/validator/test/helpers/toy-network.ts';
import { ZoneNetwork } from '../../services/validator/test/zones/zone-network.ts';
import { decodeDecided, encodeBatch } from '../../services/validator/src/zones/log/slots.ts';
import { digest, validatorId } from '@dwallet/sigma';
import { encodeWorldEvent } from '../../packages/zones/src/index.ts';

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
    liar: 4,
    history: [{ asset: 'Y', at: 2, after: 'minting', ledger: new Map([['DappChain', 77n]]), equal: true }],
    balances: [{ asset: 'X', chain: 'DefiChain', ledger: 1n, onChain: 2n, note: '' }],
    damage: { bound: 310n, lost: 300n },
    latencies: [{ from: 'A', to: 'B', certifiedMs: 40, deliveredMs: 90 }],
    deltaMs: 100,
  };

  it('is one file that asks for nothing, and text of chains stays text', () => {
    const html = renderReport(content);
    expect(html).not.toMatch(/<script|<link|src=|href=|url\(/);
    expect(html).toContain('refused &#60;script&#62;');
    const parts = ['1 of 1 checks did not hold', '300 X', '310 X', 'Δ = 100 ms', 'DefiChain', '>77<', 'A to B'];
    for (const part of [...parts, 'validator 4 is Byzantine', 'begin', 'certified after 40 ms'])
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

describe('a Byzantine validator', () => {
  it('sees another amount in logs and calldata, and everything else as it is', () => {
    const word = (amount: bigint): string => amount.toString(16).padStart(64, '0');
    const [bloom, call] = [`0x${word(400n)}`, (amount: bigint) => `0xa9059cbb${word(5n)}${word(amount)}`];
    const shown = (amount: bigint) => ({ logsBloom: bloom, transactions: [{ input: call(amount) }] });
    expect(amountLie('', [], shown(400n))).toEqual(shown(shownFor(400n)));
    expect(amountLie('', [], [{ data: `0x${word(401n)}`, blockHash: bloom }, null, '0x1'])).toEqual([
      { data: `0x${word(401n)}`, blockHash: bloom },
      null,
      '0x1',
    ]);
    const text = (words: string) => ({ data: `0x${Buffer.from(words).toString('hex')}` });
    expect(messageLie('', [], text('round 0'))).toEqual(text('wound 0'));
  });

  it('has another batch for its victim, which honest validators would vote for too', () => {
    const entry = {
      asset: 'eip155:1/erc20:0x0000000000000000000000000000000000000001',
      height: 0n,
      prev: digest(new Uint8Array(32)),
      kind: 'mint',
      from: 'eip155:1',
      to: 'eip155:1',
      amount: 5n,
      recipient: '',
      sourceEvent: { chain: 'eip155:1', reference: '0x01/0' },
      time: 1000,
    } as const;
    const one = encodeWorldEvent({ kind: 'entry', entry });
    const earlier = encodeWorldEvent({ kind: 'entry', entry: { ...entry, time: 999 } });
    expect(otherBatch(encodeBatch([one, earlier]))).toEqual(encodeBatch([one]));
    expect(otherBatch(encodeBatch([one]))).toEqual(encodeBatch([earlier]));
  });

  it('votes for two batches of one slot and asks for two decisions, and there is one history', async () => {
    const net = await ZoneNetwork.ready();
    const { network } = net;
    const { parameters, committee, networkId } = network;
    let done = noMisdeeds();
    const liar = new TwoFacedValidator(done, (misdeeds) => {
      done = { ...misdeeds };
    });
    const [index, validator, keystore] = [validatorId(4), network.validator(4), network.keystore(4)];
    const served = liar.serve({ validator, index, committee, parameters, keystore, networkId });
    const lines = liar.lines(
      new Map([1, 2, 3].map((i) => [validatorId(i), { call: (call) => network.validator(i).call(call) }])),
    );
    network.line = ({ from, to, bytes, pass }) =>
      to === 4 ? served.call(bytes) : ((from === 4 ? lines.get(to)?.call(bytes) : undefined) ?? pass());
    const slots = (i: number): readonly string[] => {
      const store = network.store(i);
      // Certificates may name other voters.
      return store.list('zone-log').map((slot) => hex(decodeDecided(store.get('zone-log', slot) as Uint8Array).batch));
    };
    try {
      const tried = (): boolean => done.forksTried > 0 && done.doubleVotes > 0 && done.withheld > 0;
      for (let entry = 0; !tried(); entry++) {
        net.mint(5n, `mint-${entry}`);
        await net.until((i) => net.height(i) === entry + 1, [1, 2, 3]);
      }
      expect(done.twoFaces).toBeGreaterThan(0);
      expect(done.forksTaken).toBe(0);
      const most = Math.max(...[1, 2, 3].map((i) => slots(i).length));
      await net.until((i) => slots(i).length >= most, [1, 2, 3]);
      for (const i of [2, 3]) {
        const both = Math.min(slots(1).length, slots(i).length);
        expect(slots(i).slice(0, both)).toEqual(slots(1).slice(0, both));
      }
      for (const i of [1, 2, 3]) expect(network.store(i).list('zone-alarm')).toEqual([]);
    } finally {
      net.close();
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

const scenarios = process.env['DWALLET_ZONES_DEMO'] ?? '1,2,4';

describe('the demonstration', () => {
  it(`scenarios ${scenarios}: every check holds, and the report is there`, {
    timeout: 1_200_000,
    retry: 2,
  }, async () => {
    const attempt = mkdtempSync(join(folder, 'run-'));
    const script = fileURLToPath(new URL('../../cli/dist/zones-demo/index.js', import.meta.url));
    const report = join(attempt, 'report.html');
    const where = ['--data', join(attempt, 'data'), '--report', report];
    const options = ['--json', '--profile', '112', '--scenarios', scenarios, ...where];
    const child = spawn(process.execPath, [script, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    const events: ReportEvent[] = [];
    for await (const line of createInterface({ input: child.stdout })) events.push(JSON.parse(line) as ReportEvent);
    const [code] = await ended;
    const checks = events.filter(({ event }) => event === 'check');
    expect(checks.filter(({ ok }) => ok !== true)).toEqual([]);
    // None of the scenarios was left out.
    const wanted = { '1': 'sovereign chains', '2': 'compromised', '3': 'cluster of three', '4': 'Byzantine' };
    for (const number of scenarios.split(','))
      expect(checks.map(({ scenario }) => scenario).join()).toContain(wanted[number as keyof typeof wanted]);
    expect(events.at(-1)).toMatchObject({ event: 'done', held: true, failed: 0 });
    expect(code).toBe(0);
    expect(existsSync(report)).toBe(true);
    expect(readFileSync(report, 'utf8')).toContain(`All ${checks.length} checks held.`);
  });
});
