/**
 * Files of certificates and keys: whole under their name, or not there.
 *
 * @module
 */
import { closeSync, fsyncSync, linkSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';

/**
 * Writes a text file, durably, under another name first.
 * @param existing - what happens to a file that has the name already: it stays (of two processes that start at once one wins, and both go on with
 * its file), or is replaced.
 */
export function placeFile(path: string, text: string, mode: number, existing: 'keep' | 'replace'): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (existing === 'replace') return renameSync(temporary, path);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    unlinkSync(temporary);
  }
}
