/**
 * A lock file that names its process: made exclusively, so of processes that start at once one wins. That of a process that no longer runs is
 * not in the way. It knows the processes of this machine as this process sees them; owner-lock.ts adds what sees other containers.
 *
 * @module
 */
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from './store-error.ts';

/** Paths that this process has locked. */
const held = new Set<string>();

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/**
 * State letter and start time of a process, from Linux' own table.
 * @returns undefined where there is no such table, or no such process in it.
 */
function processFacts(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in brackets may hold anything; state is the field after it, the start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

/** Whether the owner of a lock still runs. @param owner - its content: process number, and its start time where that is known. */
export function isAlive(owner: string): boolean {
  const [number = '', startTime] = owner.split(' ');
  const pid = Number(number);
  // Our own number in a lock that this process does not know is left over from an earlier process that had it.
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  const facts = processFacts(pid);
  // Killed, and nobody has asked for its exit code yet; or another process that got the number since.
  if (facts !== undefined && /^[ZX]$/.test(facts.state)) return false;
  if (facts !== undefined && startTime !== undefined && startTime !== facts.startTime) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

const inUse = (path: string, owner: string): StoreError =>
  new StoreError('STORE_LOCKED', `${dirname(path)} is in use by process ${owner.split(' ')[0] ?? ''}`);

function dropStale(path: string): void {
  const seen = readIfThere(path);
  if (seen === undefined) return;
  if (isAlive(seen)) throw inUse(path, seen);
  // Two processes may find the same stale lock: the rename moves one file once, and what was moved tells whose it was.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readIfThere(aside);
  if (moved !== seen) {
    try {
      linkSync(aside, path);
    } catch (error) {
      // A third one has taken the name meanwhile: it is in use either way.
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    unlinkIfThere(aside);
    throw inUse(path, moved ?? '');
  }
  unlinkIfThere(aside);
}

/** Writes the owner under a name of its own first, so that nobody ever reads a lock without its owner. @returns false if the name is taken. */
function place(path: string): boolean {
  const temporary = `${path}.new.${process.pid}`;
  unlinkIfThere(temporary);
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${process.pid} ${processFacts(process.pid)?.startTime ?? ''}`.trim());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  } finally {
    unlinkIfThere(temporary);
  }
}

/**
 * Takes the lock, or that of a process that no longer runs.
 * @returns releases it.
 * @throws StoreError STORE_LOCKED.
 */
export function lockForProcess(path: string): () => void {
  if (held.has(path)) throw new StoreError('STORE_LOCKED', `${path} is already held by this process`);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (place(path)) {
      held.add(path);
      return () => {
        held.delete(path);
        unlinkIfThere(path);
      };
    }
    dropStale(path);
  }
  throw new StoreError('STORE_LOCKED', `${path} cannot be locked`);
}
