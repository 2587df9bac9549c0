/**
 * `npm run bench:zones`: runs the demonstration of zones, real validators on real chains, and reads what it measures.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { oneOf, readFlags, remarkFor, say, secondsSince } from '../command-line.ts';
import { formatTable } from '../format.ts';
import { machineLine } from '../machine.ts';
import { countUnmet, targetCells, targetJson } from '../target.ts';
import { type Measured, measuredIn, targetOf } from './figures.ts';

export const zonesHelp = `npm run bench:zones -- [options]

Measures zones on four validators and local chains: policy per signature, ledger entries and messages per second, time from event to certificate, watchers.

  --profile 112|128       class-group profile (default 128)
  --smoke                 CLG-112, without a cluster: a quick check that everything works
  --json                  one JSON object per figure and line: {"figure","value","target","met","unit"}
  --help
`;

const program = fileURLToPath(new URL('../../../cli/dist/zones-demo/index.js', import.meta.url));

export async function runZonesBench(argv: readonly string[]): Promise<number> {
  const values = readFlags(argv, ['profile'], true);
  if (values === undefined) {
    say(zonesHelp);
    return 0;
  }
  const profile = oneOf('profile', values.profile ?? (values.smoke ? '112' : '128'), ['112', '128']);
  const remark = remarkFor(values);
  if (!existsSync(program)) throw new Error('the command line is not built: npm run setup');
  remark(machineLine());
  const begin = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'dwallet-bench-zones-'));
  try {
    const scenarios = values.smoke ? '1' : '1,3';
    const where = ['--data', join(folder, 'data'), '--report', join(folder, 'report.html')];
    const child = spawn(
      process.execPath,
      [program, '--json', '--measure', '--profile', profile, '--scenarios', scenarios, ...where],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const figures: Measured[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const measured = measuredIn(line);
      if (measured === undefined) continue;
      figures.push(measured);
      const { figure, value, unit } = measured;
      if (values.json) say(JSON.stringify(targetJson(figure, value, unit, targetOf(figure))));
    }
    const code = await ended;
    const judged = figures.map((measured) => ({ ...measured, target: targetOf(measured.figure) }));
    if (!values.json)
      say(
        formatTable(
          ['figure', 'value', 'unit', 'target', ''],
          judged.map(({ figure, value, unit, target }) => [
            figure,
            value.toPrecision(4),
            unit,
            ...targetCells(value, target),
          ]),
        ),
      );
    remark(`${code === 0 ? 'ok  ' : 'FAIL'} every check of the demonstration held`);
    remark(`${countUnmet(judged)} targets not met; ${secondsSince(begin)}`);
    return code === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
