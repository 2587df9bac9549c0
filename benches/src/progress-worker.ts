/**
 * Shows a step that takes longer than a second while the main thread is inside it. Writes to the file descriptor itself: the stream of
 * a worker goes through the main thread, which is busy.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** What the main thread announces; `terminal` says whether lines may be overwritten. */
export interface Announcement {
  readonly text: string;
  readonly begin: number;
  readonly terminal: boolean;
}

const tickMs = 1000;
/** Between two lines about one step where lines cannot be overwritten. */
const repeatMs = 10_000;

let current: Announcement | undefined;
let shown = 0;
let since = 0;

parentPort?.on('message', (message: Announcement | undefined) => {
  current = message;
  since = performance.now();
  shown = 0;
});

setInterval(() => {
  if (current === undefined) return;
  const elapsed = performance.now() - since;
  const due = shown === 0 ? tickMs / 2 : shown * repeatMs;
  if (!current.terminal && elapsed < due) return;
  shown++;
  const total = ((Date.now() - current.begin) / 1000).toFixed(0);
  const line = `${current.text} ... ${(elapsed / 1000).toFixed(0)} s`;
  writeSync(2, current.terminal ? `\r\x1b[2K${total} s  ${line}` : `bench ${total} s: ${line}\n`);
}, tickMs);
