/**
 * Disks that are really full: the store of one validator on a small file system of its own, or under a limit on the size of files that the system
 * puts on the running process. Both give the space back.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, renameSync, rmSync, statSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const works = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Whether the system lets this process limit others of its user. */
export const canLimitFiles = process.platform === 'linux' && works('prlimit', '--version');

/** Whether this process may mount a file system: root with that capability. */
export function canMount(folder: string): boolean {
  const probe = join(folder, 'mount-probe');
  mkdirSync(probe, { recursive: true });
  try {
    return (
      process.platform === 'linux' &&
      works('mount', '-t', 'tmpfs', '-o', 'size=1m', 'dwallet-faults', probe) &&
      works('umount', probe)
    );
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/**
 * Writes of the process beyond this many bytes of any file fail with EFBIG, also where the file is longer already: so its store meets it within a
 * few transactions.
 */
export function limitFiles(pid: number, bytes: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}

/** The store of a validator that does not run, on a file system of its own. */
export class SmallDisk {
  readonly #store: string;

  /** @param room - free bytes beyond what the store has. */
  constructor(store: string, room: number) {
    this.#store = store;
    const kept = `${store}-kept`;
    renameSync(store, kept);
    mkdirSync(store);
    const size = statSync(join(kept, 'data.mdb')).size + room;
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'dwallet-faults', store]);
    cpSync(kept, store, { recursive: true });
    rmSync(kept, { recursive: true });
  }

  get #filler(): string {
    return join(this.#store, 'filler');
  }

  /** Takes all the space that is left. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    const block = Buffer.alloc(65_536);
    try {
      while (statfsSync(this.#store).bavail > 0) writeSync(file, block);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives it back. */
  empty(): void {
    rmSync(this.#filler, { force: true });
  }

  /** Nothing runs on it any more; what is on it is kept where it was. */
  unmount(): void {
    this.empty();
    const kept = `${this.#store}-kept`;
    cpSync(this.#store, kept, { recursive: true });
    spawnSync('umount', ['-l', this.#store], { stdio: 'ignore' });
    rmSync(this.#store, { recursive: true, force: true });
    renameSync(kept, this.#store);
  }
}
