/** A worker of one validator behind Redis, in the toy class group. */
import { randomBytes } from 'node:crypto';
import { deriveTestParameters } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Random, secp256k1Curve } from '@dwallet/sigma';
import { openOrMakeKeyFile, runWorker } from '@dwallet/validator';

const [url = '', keyFile = ''] = process.argv.slice(2);
const random: Random = (length) => new Uint8Array(randomBytes(length));
const worker = runWorker({
  redis: { url },
  workerKey: openOrMakeKeyFile(keyFile, random).key,
  parameters: deriveTestParameters(wasmKernel, 520),
  curve: secp256k1Curve,
  random,
  threads: 1,
});
process.on('disconnect', () => process.exit(0));
await worker.ready;
process.send?.('ready');
