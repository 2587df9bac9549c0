/**
 * Progress on stderr. Measured calls block the main thread, so a worker speaks while they run; it wakes once a second and costs the
 * measurement nothing that one could see.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { Announcement } from './progress-worker.ts';

export interface Progress {
  /** A new part of the run; shown at once. */
  readonly phase: (title: string) => void;
  /** The call that comes next; shown if it takes more than a second. */
  readonly step: (detail: string) => void;
  /** Nothing is under way. */
  readonly done: () => void;
  readonly close: () => Promise<void>;
}

export async function createProgress(): Promise<Progress> {
  const terminal = process.stderr.isTTY;
  const begin = Date.now();
  const worker = new Worker(new URL('./progress-worker.js', import.meta.url));
  await new Promise<void>((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
  worker.unref();
  const announce = (text: string | undefined): void => {
    const message: Announcement | undefined = text === undefined ? undefined : { text, begin, terminal };
    worker.postMessage(message);
  };
  let title = '';
  return {
    phase(text) {
      title = text;
      const seconds = ((Date.now() - begin) / 1000).toFixed(0);
      process.stderr.write(terminal ? `\r\x1b[2K${seconds} s  ${text}` : `bench ${seconds} s: ${text}\n`);
      announce(text);
    },
    step: (detail) => announce(`${title}: ${detail}`),
    done() {
      announce(undefined);
      if (terminal) process.stderr.write('\r\x1b[2K');
    },
    async close() {
      await worker.terminate();
    },
  };
}
