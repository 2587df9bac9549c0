/**
 * The main job as its users start it: a child process, its output, its exit code, and what is left of it when it is stopped at the worst moments. The
 * runs share one data folder on purpose: a genesis that was interrupted, presigns that were killed, a whole run, a second one.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = join(root, 'cli', 'dist', 'main-job', 'index.js');
const data = mkdtempSync(join(tmpdir(), 'dwallet-main-job-'));
const started: ChildProcess[] = [];

beforeAll(() => {
  // Quick when the build is current, as after `npm test`.
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'cli'], { cwd: root });
});
afterAll(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 200));
  rmSync(data, { recursive: true, force: true });
});

interface Event {
  readonly event: string;
  readonly [key: string]: unknown;
}

interface Run {
  readonly child: ChildProcess;
  readonly events: Event[];
  /** Standard output that was not a JSON object on a line of its own. */
  readonly other: string[];
  /** Resolves at the first event that matches. */
  until(match: (event: Event) => boolean): Promise<Event>;
  /** Exit code, or the signal. */
  readonly ended: Promise<number | string>;
  stderr(): string;
}

function run(...options: readonly string[]): Run {
  const child = spawn(process.execPath, [script, ...options], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const events: Event[] = [];
  const other: string[] = [];
  const waiting: { match: (event: Event) => boolean; resolve: (event: Event) => void }[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    try {
      const event = JSON.parse(line) as Event;
      expect(typeof event.event).toBe('string');
      events.push(event);
      for (const { match, resolve } of waiting) if (match(event)) resolve(event);
    } catch {
      other.push(line);
    }
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    events,
    other,
    until: (match) =>
      new Promise((resolve, reject) => {
        const known = events.find(match);
        if (known !== undefined) return resolve(known);
        waiting.push({ match, resolve });
        void ended.then((code) => reject(new Error(`ended with ${code}: ${errors} ${JSON.stringify(events.at(-1))}`)));
      }),
    ended,
    stderr: () => errors,
  };
}
const json = (...options: readonly string[]): Run => run('--json', '--profile', '112', '--data', data, ...options);

/** All descendants of a process. */
function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => {
    try {
      return [child, ...descendants(child)];
    } catch {
      return [];
    }
  });
}
function isAlive(pid: number): boolean {
  try {
    // A zombie is not alive; its parent just has not looked yet.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
async function expectGone(pids: readonly number[]): Promise<void> {
  for (let i = 0; i < 100 && pids.some(isAlive); i++) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(pids.filter(isAlive)).toEqual([]);
}

interface Done extends Event {
  readonly ethereum: { readonly accepted: boolean; readonly hash: string };
  readonly bitcoin: { readonly accepted: boolean; readonly txid: string };
  readonly blamed: readonly { readonly party: number; readonly check: string; readonly reason: string }[];
  readonly seconds: number;
}

/** What every whole run has to say. */
async function expectDone(job: Run): Promise<Done> {
  const code = await job.ended;
  expect(
    job.events.at(-1),
    `${job.stderr()} ${JSON.stringify(job.events.filter(({ event }) => event === 'error'))}`,
  ).toMatchObject({ event: 'done' });
  expect(code).toBe(0);
  expect(job.other).toEqual([]);
  expect(job.stderr()).toBe('');
  const done = job.events.at(-1) as Done;
  expect(Object.keys(done)).toEqual(['event', 'ethereum', 'bitcoin', 'blamed', 'seconds']);
  expect(done.ethereum).toEqual({ accepted: true, hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
  expect(done.bitcoin).toEqual({ accepted: true, txid: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(done.blamed.length).toBeGreaterThan(0);
  for (const fault of done.blamed) expect(fault).toEqual({ party: 2, check: 'CG:3.10', reason: expect.any(String) });
  expect(done.seconds).toBeGreaterThan(1);
  const alone = job.events.filter(({ event }) => event === 'alone');
  expect(alone.map(({ who, failed }) => [who, failed])).toEqual([
    ['the network', true],
    ['the user', true],
  ]);
  for (const title of job.events.filter(({ event, state }) => event === 'step' && state === 'started')) {
    const ends = job.events.filter(
      ({ event, state, title: of }) => event === 'step' && state === 'finished' && of === title['title'],
    );
    expect(ends.length, String(title['title'])).toBeGreaterThan(0);
  }
  return done;
}

const eventOf = (job: Run, name: string): Event => job.events.find(({ event }) => event === name) as Event;
const stepStarted = (part: string) => (event: Event) => event.event === 'step' && String(event['title']).includes(part);

describe.skipIf(process.platform !== 'linux')('the main job on one data folder', () => {
  it('SIGINT in the middle of the genesis ends everything that it started', async () => {
    const job = json();
    await job.until((event) => stepStarted('key generation')(event) && String(event['detail']).includes('checking'));
    const pids = descendants(job.child.pid as number);
    expect(pids.length).toBeGreaterThanOrEqual(4);
    job.child.kill('SIGINT');
    expect(await job.ended).toBe(130);
    await expectGone(pids);
    expect(job.events.map(({ event }) => event)).not.toContain('error');
    expect(job.events.map(({ event }) => event)).not.toContain('done');
  });

  it('the interrupted genesis goes on; kill -9 of everything while presigns are made', async () => {
    const job = json();
    await job.until((event) => stepStarted('presign pool')(event) && String(event['detail']).includes('nonces'));
    expect(eventOf(job, 'network')).toMatchObject({ reused: false });
    const pids = descendants(job.child.pid as number);
    for (const pid of [job.child.pid as number, ...pids]) process.kill(pid, 'SIGKILL');
    expect(await job.ended).toBe('SIGKILL');
    await expectGone(pids);
  });

  let first: Done;
  let wallet: Event;
  it('then a whole run: every line is JSON, both transactions are accepted, validator 2 is named and nobody else', async () => {
    const job = json();
    first = await expectDone(job);
    // The key of the genesis that was interrupted; the presigns of the killed session do not exist, so the pool was filled.
    expect(eventOf(job, 'network')).toMatchObject({ reused: true });
    expect(eventOf(job, 'pool')).toMatchObject({ presigns: 16 });
    expect(job.events.some(stepStarted('presign pool'))).toBe(true);
    wallet = eventOf(job, 'dwallet');
    expect(wallet).toMatchObject({ created: true });
    await expectGone(descendantsOf(job));
  });

  it('a second run has the same key and wallet, takes presigns from the pool and is quicker', async () => {
    const job = json();
    const done = await expectDone(job);
    expect(eventOf(job, 'network')).toMatchObject({ reused: true });
    expect(eventOf(job, 'dwallet')).toEqual({ ...wallet, created: false });
    // Five signatures and attempts of the first run, none refilled.
    expect(eventOf(job, 'pool')).toMatchObject({ presigns: 11 });
    expect(job.events.some(stepStarted('presign pool'))).toBe(false);
    expect(done.seconds).toBeLessThan(first.seconds);
    expect(done.ethereum.hash).not.toBe(first.ethereum.hash);
  });

  it('what it leaves is a network for the command line, with evidence that anybody can judge', async () => {
    const folder = join(data, 'clg-112-n4');
    const dwallet = (...args: readonly string[]): Record<string, unknown> =>
      JSON.parse(
        execFileSync(process.execPath, [join(root, 'cli', 'dist', 'main.js'), ...args, '--json'], { encoding: 'utf8' })
          .trim()
          .split('\n')
          .at(-1) ?? '',
      ) as Record<string, unknown>;
    const config = join(folder, 'validator-1', 'validator.yaml');
    const file = join(data, 'fault.evidence');
    dwallet('network', 'up', '--data', folder, '--detach');
    try {
      const { evidence } = dwallet('evidence', 'list', '--config', config) as { evidence: { id: string }[] };
      // One of each run.
      expect(evidence).toEqual([1, 2].map(() => expect.objectContaining({ accused: 2, check: 'CG:3.10' })));
      dwallet('evidence', 'export', evidence[0]?.id ?? '', '--config', config, '--out', file);
    } finally {
      dwallet('network', 'stop', '--data', folder);
    }
    expect(dwallet('evidence', 'show', file)).toMatchObject({ kind: 'ecdsa-sign', accused: 2 });
    const validators = join(folder, 'validators.yaml');
    expect(dwallet('evidence', 'verify', file, '--validators', validators)).toMatchObject({
      valid: true,
      trusted: true,
      faults: [expect.objectContaining({ party: 2, check: 'CG:3.10' })],
    });
    // Not for a reader who trusts another network.
    expect(() => dwallet('evidence', 'verify', file, '--network', '11'.repeat(32))).toThrow();
    const bytes = readFileSync(file);
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1;
    writeFileSync(file, bytes);
    expect(() => dwallet('evidence', 'verify', file, '--validators', validators)).toThrow();
  });

  it('a folder whose validators are others than its genesis says is refused with the way out', async () => {
    const genesis = join(data, 'clg-112-n4', 'genesis.json');
    expect(JSON.parse(readFileSync(genesis, 'utf8'))).toMatchObject({ identities: expect.any(Array) });
    rmSync(join(data, 'clg-112-n4', 'validator-3'), { recursive: true });
    const job = json();
    expect(await job.ended).toBe(1);
    expect(job.events.at(-1)).toMatchObject({ event: 'error', message: expect.stringContaining('--fresh') });
    expect(job.other).toEqual([]);
  });
});

/** Children that outlive the main process are children of nobody: none of ours may be left. */
function descendantsOf(job: Run): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== job.child.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data);
      } catch {
        return false;
      }
    });
}

describe('its options', () => {
  it('--help explains and does nothing', async () => {
    const job = run('--help');
    expect(await job.ended).toBe(0);
    const text = job.other.join('\n');
    for (const option of ['--fresh', '--profile', '--validators', '--json', '--data', '--presigns'])
      expect(text).toContain(option);
  });

  it.each([
    [['--validators', '3'], 'must be an integer from 4 to 16'],
    [['--validators', '17'], 'must be an integer from 4 to 16'],
    [['--validators', 'four'], 'must be an integer from 4 to 16'],
    [['--profile', '96'], '112, 128'],
    [['--presigns', '0'], 'must be an integer from 8 to 64'],
    [['--unknown'], 'unknown option'],
    [['stray'], 'too many arguments'],
    [['--json', '--data'], 'argument missing'],
  ] as const)('%j is refused in one line', async (options, expected) => {
    const job = run(...options);
    expect(await job.ended).toBe(1);
    expect(job.stderr()).toContain(expected);
    expect(job.stderr().trim().split('\n')).toHaveLength(1);
    expect(job.other).toEqual([]);
    expect(job.events).toEqual([]);
  });
});
