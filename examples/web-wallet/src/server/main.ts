/**
 * `npm run example:web`: bundles the page, starts the local network and a local Ethereum chain, serves the page until Ctrl-C.
 *
 * @module
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSite } from './bundle.ts';
import { startLocalNetwork } from './local-network.ts';
import { serveSite } from './serve.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.dwallet/network' },
    profile: { type: 'string' },
    port: { type: 'string', default: '0' },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const over = new AbortController();
// npm passes on what the terminal has sent already: more than one of them is one.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => over.abort());
const interrupted = new Promise<void>((done) => over.signal.addEventListener('abort', () => done()));

async function main(): Promise<void> {
  const { profile } = values;
  if (profile !== undefined && profile !== '112' && profile !== '128') throw new Error('--profile: 112 or 128');
  say('four validators and an Ethereum chain are needed; the first time that takes a minute or two');
  const site = await bundleSite();
  const onLine = (text: string): void => say(`  ${text}`);
  const network = await startLocalNetwork({ data: resolve(values.data), profile, signal: over.signal, onLine });
  const server = await serveSite(site, network.settings, Number(values.port));
  const ending = network.started
    ? 'the page and what was started for it'
    : 'the page; the network ran already and goes on';
  say(`\n  ${server.url}\n\nCtrl-C ends ${ending}`);
  await Promise.race([interrupted, network.ended]);
  say(over.signal.aborted ? '\nstopping' : '\nthe network has ended');
  await server.close();
  await network.stop();
}

try {
  await main();
} catch (error) {
  if (!over.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
