// The global scope of a browser's worker inside of a worker thread, then the entry of the wallet's Web Worker.
import { parentPort } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
Object.assign(globalThis, {
  /** @type {typeof port.postMessage} */
  postMessage: (message, transfer) => port.postMessage(message, transfer),
  // What comes before somebody listens waits, as in a browser.
  /** @type {(type: string, listener: (event: { data: unknown }) => void) => void} */
  addEventListener: (type, listener) => {
    if (type === 'message') port.on('message', (data) => listener({ data }));
  },
});
register();
await import('../../../src/compute/web-worker.ts');
