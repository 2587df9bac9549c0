/**
 * The Ethereum chain beside a local network as a process of its own: `node evm-process.js <file> [--lifeline]`. It serves until SIGTERM, SIGINT or, with
 * a lifeline, the end of its standard input; while it does, the file says where.
 *
 * @module
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { startEvmNode } from '../local-chains/evm-node.ts';

const [file = '', lifeline] = process.argv.slice(2);
const over = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => over.abort());
if (lifeline === '--lifeline') process.stdin.on('end', () => over.abort()).resume();

const evm = await startEvmNode({ signal: over.signal });
writeFileSync(`${file}.tmp`, JSON.stringify({ rpc: evm.rpcUrl, chainId: evm.chainId }), { mode: 0o600 });
renameSync(`${file}.tmp`, file);
// Nothing else keeps this process.
const timer = setInterval(() => {}, 2 ** 30);
if (!over.signal.aborted)
  await new Promise((resolve) => over.signal.addEventListener('abort', resolve, { once: true }));
clearInterval(timer);
rmSync(file, { force: true });
await evm.stop();
process.exit(0);
