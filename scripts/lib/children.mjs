// Child processes that never outlive us: Ctrl-C stops them all and we exit 130.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** Thrown when a signal stopped the work; the exit code follows the shell's convention. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** @type {Set<{ child: ChildProcess, ownGroup: boolean }>} */
const alive = new Set();
/** @type {{ signal: NodeJS.Signals, at: number } | undefined} */
let stopping;

/** @param {{ child: ChildProcess, ownGroup: boolean }} entry @param {NodeJS.Signals} signal */
function send({ child, ownGroup }, signal) {
  if (child.pid === undefined) return;
  try {
    if (ownGroup) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It has ended already.
  }
}

/** @param {NodeJS.Signals} signal */
function stop(signal) {
  const now = Date.now();
  if (stopping !== undefined) {
    // npm forwards what the terminal has sent already, so only a later signal means "at once".
    if (now - stopping.at > 1000) for (const entry of alive) send(entry, 'SIGKILL');
    return;
  }
  stopping = { signal, at: now };
  if (alive.size === 0) process.exit(new Interrupted(signal).exitCode);
  for (const entry of alive) {
    const terminalSentIt = signal === 'SIGINT' && !entry.ownGroup && process.stdin.isTTY;
    if (!terminalSentIt) send(entry, signal);
  }
  for (const [wait, stronger] of /** @type {const} */ ([
    [5000, 'SIGTERM'],
    [10000, 'SIGKILL'],
  ])) {
    setTimeout(() => {
      for (const entry of alive) send(entry, stronger);
    }, wait).unref();
  }
}

let listening = false;

function listen() {
  if (listening) return;
  listening = true;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => stop(signal));
}

/**
 * Waits for a child. Rejects with Interrupted after a signal to us, and with the system's error if it cannot start.
 * @param {ChildProcess} child
 * @param {boolean} ownGroup
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
function ended(child, ownGroup) {
  const entry = { child, ownGroup };
  listen();
  alive.add(entry);
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      alive.delete(entry);
      reject(error);
    });
    child.on('close', (code, signal) => {
      alive.delete(entry);
      if (stopping === undefined) resolve({ code, signal });
      else reject(new Interrupted(stopping.signal));
    });
  });
}

/**
 * Runs a command in its own process group, without input, and returns everything that it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 */
export async function runQuietly(command, args, options) {
  const windows = process.platform === 'win32';
  const child = spawn(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
    shell: windows && !command.endsWith('.exe'),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output += text;
    });
  }
  const { code } = await ended(child, !windows);
  return { code: code ?? 1, output };
}

/**
 * Runs Node on the terminal that we have, and returns its exit code.
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 */
export async function runNode(args, options) {
  const child = spawn(process.execPath, args, { ...options, stdio: 'inherit' });
  const { code, signal } = await ended(child, false);
  if (signal !== null) process.stderr.write(`dWallet: the process was killed by ${signal}.\n`);
  return code ?? (signal === null ? 1 : 128 + constants.signals[signal]);
}
