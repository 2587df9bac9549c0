/**
 * Faults on real processes at the amount that CI runs: kills at durable steps and messages, lines and disks that fail, Byzantine validators, clients that do
 * not keep to the rules, Redis and workers killed. `npm run test:faults` runs as many as one likes, and every step of a session.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Summary, Teeth, Witness } from './main.ts';
import { canLimitFiles } from './real-disk.ts';
import { redisIsInstalled } from './redis-side.ts';
import { faultKinds } from './schedule.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Run {
  readonly code: number | null;
  /** Lines of standard output, as JSON. */
  readonly lines: readonly unknown[];
  readonly errors: string;
}

function run(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/run-ts.mjs', 'test/faults/run.ts', '--json', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', (code) => {
      const lines = output.split('\n').filter((line) => line.startsWith('{'));
      resolve({ code, lines: lines.map((line) => JSON.parse(line) as unknown), errors });
    });
  });
}

/** At least this many; the flag of `npm run test:faults` runs as many as one likes. */
const seeds = Number(process.env['DWALLET_FAULT_SEEDS'] ?? 24);
const minutes = 60_000;

let running: Promise<Run> | undefined;
/**
 * One network for both tests. The forgetful schedule is one in which nobody is killed: two leaders must work on the two messages at one time, which a busy
 * machine does not always give.
 */
const whole = (): Promise<Run> => (running ??= run('--seeds', String(seeds), '--seed', '0', '--forgetful', '64'));

describe.skipIf(process.platform !== 'linux')('faults on real processes', () => {
  it(`${seeds} seeds break no invariant`, { timeout: 60 * minutes }, async () => {
    const { code, lines, errors } = await whole();
    expect(lines, errors).toHaveLength(3);
    const [witness, summary] = lines as [Witness, Summary, Teeth];
    expect(summary, errors).toEqual({
      seeds,
      schedules: seeds,
      violations: 0,
      secondDecryptions: 0,
      lostAnswers: 0,
      wrongBlame: 0,
    });
    expect(code).toBe(0);
    // Things happened: signatures were made, and processes died where they were told to.
    expect(witness.signatures).toBeGreaterThan(seeds);
    expect(witness.distinctPoints).toBeGreaterThan(seeds / 8);
    expect(witness.blames).toBeGreaterThan(0);
    if (canLimitFiles && seeds > faultKinds.indexOf('file-limit')) expect(witness.refusedWrites).toBeGreaterThan(0);
    // What this machine lacks is said, and nothing else is left out.
    const lacking = /redis-server|prlimit|mounted/;
    expect(witness.skipped.filter((text) => !lacking.test(text))).toEqual([]);
    if (redisIsInstalled) expect(witness.skipped.filter((text) => text.includes('redis'))).toEqual([]);
  });

  it('sees a second decryption when votes and markers do not last', { timeout: 60 * minutes }, async () => {
    const { lines, errors } = await whole();
    const [, , teeth] = lines as [Witness, Summary, Teeth];
    expect(teeth.secondDecryptions, errors).toBeGreaterThan(0);
    expect(teeth.exitCode).toBe(1);
  });
});
