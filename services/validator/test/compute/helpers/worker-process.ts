/**
 * `dwallet worker` as a process of its own, on the toy group: argv: Redis URL, worker key in hex, what to do with jobs (`serve`, or `hang`:
 * take one and never answer).
 */
import { Secret } from '@dwallet/sigma';
import { runWorker } from '../../../src/compute/redis-worker.ts';
import { curve, fromHex, toyParameters } from '../../helpers/toy-network.ts';
import { randomBytes } from 'node:crypto';

const [url = '', key = ''] = process.argv.slice(2);
const worker = runWorker({
  redis: { url },
  workerKey: new Secret(fromHex(key)),
  parameters: toyParameters(),
  curve,
  random: (length) => new Uint8Array(randomBytes(length)),
  threads: 1,
});
worker.ready.then(
  () => process.send?.('ready'),
  () => process.exit(1),
);
process.on('disconnect', () => process.exit(0));
