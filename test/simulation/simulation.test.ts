/**
 * The deterministic simulation at the amount that CI runs, its teeth, and that a seed is a schedule (MPC 5.8, 11.7). It runs in a process of its
 * own, because the arithmetic that remembers is put in place while modules are loaded (memo/hooks.mjs).
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { MutationResult, Summary, Witness } from './main.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Run {
  readonly code: number | null;
  /** Lines of standard output, as JSON. */
  readonly lines: readonly unknown[];
  readonly errors: string;
}

function simulate(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/run-ts.mjs', 'test/simulation/run.ts', '--json', ...args], {
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

/** At least this many; the flag of `npm run test:simulation` runs as many as one likes. */
const schedules = Number(process.env['DWALLET_SIMULATION_SCHEDULES'] ?? 5000);

const minutes = 60_000;

describe('the simulation', () => {
  it(`${schedules} schedules break no invariant`, { timeout: 30 * minutes }, async () => {
    const { code, lines, errors } = await simulate('--schedules', String(schedules));
    const [witness, summary] = lines as [Witness, Summary];
    expect(errors).toBe('');
    expect(summary).toEqual({
      seeds: schedules,
      schedules,
      violations: 0,
      secondDecryptions: 0,
      lostAnswers: 0,
      wrongBlame: 0,
    });
    expect(code).toBe(0);
    // Things happened: signatures were made, processes were killed on the way, presigns and dWallets were made.
    expect(witness.signatures).toBeGreaterThan(schedules / 2);
    expect(witness.kills).toBeGreaterThan(schedules / 2);
    expect(witness.convictions).toBeGreaterThan(schedules / 50);
    expect(witness.presignSessions).toBeGreaterThan(schedules / 100);
    expect(witness.creations).toBeGreaterThan(schedules / 100);
    // A request that has to begin again is a rare one (docs/protocol-notes.md, section 10).
    expect(witness.renewed).toBeLessThan(schedules / 500);
  });

  it('finds every guard that is taken away, within the schedules that CI runs', { timeout: 30 * minutes }, async () => {
    const { lines } = await simulate('--mutations', '--schedules', String(schedules));
    const results = lines as MutationResult[];
    expect(results.length).toBeGreaterThanOrEqual(10);
    expect(results.filter(({ seed }) => seed === undefined)).toEqual([]);
  });

  it('a seed is a schedule: the same events in the same order, in another process and after other schedules', async () => {
    const fingerprint = async (...args: readonly string[]): Promise<string | undefined> =>
      ((await simulate('--fingerprint', ...args)).lines[0] as Witness).fingerprint;
    const first = await fingerprint('--seed', '7', '--schedules', '12');
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await fingerprint('--seed', '7', '--schedules', '12')).toBe(first);
    expect(await fingerprint('--seed', '8', '--schedules', '12')).not.toBe(first);
  });
});
