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

/** Of so many of them what happened is compared between the two processes. */
const compared = Math.min(12, schedules);

const minutes = 60_000;

/** Two processes for all tests: each begins with a memory that is empty. */
const once = (...args: readonly string[]): (() => Promise<Run>) => {
  let run: Promise<Run> | undefined;
  return () => (run ??= simulate(...args, '--schedules', String(schedules), '--fingerprint', String(compared)));
};
const guarded = once();
const unguarded = once('--mutations');

describe('the simulation', () => {
  it(`${schedules} schedules break no invariant`, { timeout: 30 * minutes }, async () => {
    const { code, lines, errors } = await guarded();
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
  });

  it('finds every guard that is taken away, within the schedules that CI runs', { timeout: 30 * minutes }, async () => {
    const results = (await unguarded()).lines.filter((line) => 'mutation' in (line as object)) as MutationResult[];
    expect(results.length).toBeGreaterThanOrEqual(10);
    expect(results.filter(({ seed }) => seed === undefined)).toEqual([]);
  });

  it('a seed is a schedule: the same events in the same order, in another process and after others, mutated ones too', {
    timeout: 60 * minutes,
  }, async () => {
    const fingerprints = async (run: () => Promise<Run>): Promise<readonly string[]> =>
      ((await run()).lines.at(-2) as Witness).fingerprints ?? [];
    const first = await fingerprints(guarded);
    expect(first).toHaveLength(compared);
    for (const one of first) expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(first).size).toBe(compared);
    expect(await fingerprints(unguarded)).toEqual(first);
  });
});
