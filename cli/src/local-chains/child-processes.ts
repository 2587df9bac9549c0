/**
 * Child processes that must not outlive this one.
 *
 * A child is killed when this process exits, throws, or is ended by SIGINT, SIGTERM or SIGHUP. Only SIGKILL cannot be seen; the
 * Bitcoin node notices that too (its channel closes), anvil does not.
 *
 * @module
 */
import type { ChildProcess } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const children = new Set<ChildProcess>();

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  killAll();
  unwatch();
  // Nobody else handles the signal: do what it would have done without us. Otherwise the application decides.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function watch(): void {
  process.on('exit', killAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unwatch(): void {
  process.off('exit', killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** Ties a child to the life of this process until it exits. */
export function killWithParent(child: ChildProcess): void {
  if (children.size === 0) watch();
  children.add(child);
  child.once('close', () => {
    children.delete(child);
    if (children.size === 0) unwatch();
  });
}

/** Ends a child: SIGTERM, then SIGKILL after `graceMs`. Resolves when it is gone; safe to call again. */
export async function endChild(child: ChildProcess, graceMs = 2000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
