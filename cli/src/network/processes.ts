/**
 * Validators of a local network as processes: started with a config file, found again by a pid file, asked over their HTTP endpoint.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CommandError, type ValidatorPaths } from './layout.ts';

/** The validator's program, as its package exports it. */
export const validatorProgram = (): string => fileURLToPath(import.meta.resolve('@dwallet/validator/main'));

/** Runs one command of the validator's program to its end. @throws CommandError with what it said. */
export function runValidatorCommand(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [validatorProgram(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else
        reject(new CommandError(errors.trim() || `dwallet validator ${args[0] ?? ''} ended with ${code}`, code ?? 1));
    });
  });
}

/** Command line of a process, or undefined when there is none of this number. */
function commandOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch {
    return undefined;
  }
  try {
    if (existsSync(`/proc/${pid}`)) {
      // A zombie only waits for its parent to look.
      if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return undefined;
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    }
    return execFileSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}

/** Process of a validator, or undefined. A pid file whose process is gone, or is another program by now, is removed. */
export function pidOf(paths: ValidatorPaths): number | undefined {
  if (!existsSync(paths.pid)) return undefined;
  const pid = Number(readFileSync(paths.pid, 'utf8').trim());
  if (Number.isInteger(pid) && pid > 1 && commandOf(pid)?.includes(paths.config) === true) return pid;
  rmSync(paths.pid, { force: true });
  return undefined;
}

export interface StartOptions {
  readonly paths: ValidatorPaths;
  /** It outlives this process; otherwise it ends when this one does, however that is. */
  readonly detached: boolean;
  readonly onExit?: (code: number | null, signal: NodeJS.Signals | null) => void;
}

/** Starts a validator, its log appended to its log file. Does nothing about one that runs already. */
export const startValidator = (options: StartOptions): ChildProcess | undefined =>
  startProcess([validatorProgram(), 'run', '--config', options.paths.config], options);

/** Starts the local Ethereum chain of a network. Does nothing about one that runs already. */
export const startEvmProcess = (options: StartOptions): ChildProcess | undefined =>
  startProcess([fileURLToPath(new URL('./evm-process.js', import.meta.url)), options.paths.config], options);

/** @param program - with arguments; one of them is the process's config file. */
function startProcess(program: readonly string[], { paths, detached, onExit }: StartOptions): ChildProcess | undefined {
  if (pidOf(paths) !== undefined) return undefined;
  const log = openSync(paths.log, 'a', 0o600);
  const child = spawn(process.execPath, [...program, ...(detached ? [] : ['--lifeline'])], {
    detached,
    stdio: [detached ? 'ignore' : 'pipe', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new CommandError(`${paths.config}: the process could not be started`);
  writeFileSync(paths.pid, `${child.pid}\n`, { mode: 0o600 });
  child.once('exit', (code, signal) => {
    if (existsSync(paths.pid) && readFileSync(paths.pid, 'utf8').trim() === String(child.pid))
      rmSync(paths.pid, { force: true });
    onExit?.(code, signal);
  });
  if (detached) child.unref();
  return child;
}

/** Ends a validator and waits until it is gone. @param graceMs - after that it is killed. @returns false when it was not running. */
export async function stopValidator(
  paths: ValidatorPaths,
  signal: 'SIGTERM' | 'SIGKILL',
  graceMs: number,
): Promise<boolean> {
  const pid = pidOf(paths);
  if (pid === undefined) return false;
  process.kill(pid, signal);
  const end = performance.now() + graceMs;
  while (commandOf(pid) !== undefined) {
    if (performance.now() > end) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
  rmSync(paths.pid, { force: true });
  return true;
}

/** What `/readyz` of a validator says. */
export interface Readiness {
  readonly ready: boolean;
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** @returns undefined when nobody answers. */
export function askReadiness(httpPort: number): Promise<Readiness | undefined> {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port: httpPort, path: '/readyz', timeout: 5000, agent: false },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          try {
            resolve(JSON.parse(text) as Readiness);
          } catch {
            resolve(undefined);
          }
        });
        response.on('error', () => resolve(undefined));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** The last lines that a validator logged, as text for people. */
export function lastLines(path: string, count: number): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count);
}
