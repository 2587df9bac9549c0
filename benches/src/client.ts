/**
 * `npm run bench:client`: the wallet from its cold start to a signature, in Node and in Chromium, against real validator processes; and the one job that
 * a published client of another network of this protocol can do without its network, beside ours.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { bundleSizes } from './client/bundle-size.ts';
import { bundlePage, findChromium, measureChromium } from './client/chromium.ts';
import { type ClientFigure, ClientSide, clientJson, formatClient } from './client/figures.ts';
import type { NodeWalletSettings, StepLine } from './client/node-wallet.ts';
import { Relay } from './client/relay.ts';
import { presignsOf, stepTexts } from './client/steps.ts';
import { integer, oneOf, profiles, readFlags, remarkFor, say } from './command-line.ts';
import { formatBytes, formatMilliseconds } from './format.ts';
import { machineLine } from './machine.ts';
import { measure } from './measure.ts';
import { type IkaWasm, needsNetwork } from './peers/ika.ts';
import { findPeer, installPeer, loadPeer, peerCurve, pinnedPeer } from './peers/install.ts';
import { OwnClient } from './peers/own.ts';
import { type Progress, createProgress } from './progress.ts';
import { ServiceNetwork } from './service/network.ts';
import { median } from './statistics.ts';

export const clientHelp = `npm run bench:client -- [options]

The wallet's own work against four real validator processes: CPU time of all its threads, wall time, bytes on the wire (TLS included), peak memory, size of the
bundle. In Node (gRPC), and in Chromium (Connect) where one is installed (Debian: chromium-headless-shell).

  --profile 112|128       class-group profile (default 128)
  --rounds 5              signatures of each kind, 1 to 15
  --browser auto          auto, yes (fail without Chromium) or no
  --peer auto             auto: ${pinnedPeer.name}@${pinnedPeer.version} beside ours if bench:peers has installed it; yes: installs it; no
  --smoke                 CLG-112, one round, no browser, no peer: a quick check that everything works
  --json                  one JSON object per figure and line: {"figure","value","target","met","unit"}
  --help
`;

const choices = ['auto', 'yes', 'no'] as const;
type Choice = (typeof choices)[number];

export interface ClientOptions {
  readonly profile: '112' | '128';
  readonly rounds: number;
  readonly browser: Choice;
  readonly peer: Choice;
  readonly json: boolean;
}

/** @returns undefined if help was asked for. @throws UsageError */
export function parseClientOptions(argv: readonly string[]): ClientOptions | undefined {
  const values = readFlags(argv, ['profile', 'rounds', 'browser', 'peer'], true);
  if (values === undefined) return undefined;
  const { smoke, json } = values;
  return {
    profile: oneOf('profile', values.profile ?? (smoke ? '112' : '128'), ['112', '128']),
    rounds: integer('rounds', values.rounds ?? (smoke ? '1' : '5'), 1, 15),
    browser: oneOf('browser', values.browser ?? (smoke ? 'no' : 'auto'), choices),
    peer: oneOf('peer', values.peer ?? (smoke ? 'no' : 'auto'), choices),
    json,
  };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const validators = 4;

/** Attributes what passes on the wire to the step that just ended. */
function byStep(relays: readonly Relay[], side: ClientSide, progress: Progress): (line: StepLine) => void {
  const total = (): number => relays.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = total();
  return (line) => {
    const now = total();
    side.add({ ...line, bytes: now - before });
    before = now;
    progress.step(`${stepTexts[line.step]}: done`);
  };
}

async function measureNode(settings: NodeWalletSettings, onStep: (line: StepLine) => void): Promise<void> {
  const script = fileURLToPath(new URL('./client/node-wallet.js', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => onStep(JSON.parse(line) as StepLine));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the wallet in Node ended with ${code}`);
}

/** CPU milliseconds of a key pair: ours and the peer's, in turns. */
function measurePeer(directory: string, profile: '112' | '128', rounds: number) {
  const peer = loadPeer(directory) as IkaWasm;
  const own = new OwnClient(wasmKernel, profiles[profile]);
  const times: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  own.keyPair(new Uint8Array(randomBytes(32)));
  for (let round = 0; round < rounds; round++) {
    const seed = new Uint8Array(randomBytes(32));
    times.theirs.push(measure(() => peer.generate_secp_cg_keypair_from_seed(peerCurve, seed)).cost.cpu);
    for (let i = 0; i < 5; i++) times.ours.push(measure(() => own.keyPair(seed)).cost.cpu);
  }
  return { ours: median(times.ours), theirs: median(times.theirs) };
}

async function run(options: ClientOptions, progress: Progress): Promise<void> {
  const { profile, rounds, browser, json } = options;
  const remark = remarkFor(options);
  const chromium = browser === 'no' ? undefined : findChromium();
  if (browser === 'yes' && chromium === undefined)
    throw new Error('there is no Chromium (Debian: chromium-headless-shell)');
  progress.phase(`genesis of ${validators} validators, CLG-${profile}`);
  const network = await ServiceNetwork.start(validators, profile, 16);
  const folder = mkdtempSync(join(tmpdir(), 'dwallet-bench-client-'));
  const relays: Relay[] = [];
  const sides: ClientSide[] = [];
  const more: ClientFigure[] = [];
  try {
    const relay = async (ports: readonly number[]): Promise<Relay[]> => {
      const started = await Promise.all(ports.map((port) => Relay.start(port)));
      relays.push(...started);
      return started;
    };
    const runs = chromium === undefined ? 1 : 2;
    progress.phase('presigns');
    for (let made = 0; made < runs * presignsOf(rounds); made += 16) await network.makePresigns(1, 16);
    progress.phase('the wallet in Node');
    const node = new ClientSide('node');
    const forNode = await relay(network.clientPorts);
    const endpoints = forNode.map(({ port }) => `127.0.0.1:${port}`);
    await measureNode({ endpoints, ca: network.authority, profile, folder, rounds }, byStep(forNode, node, progress));
    sides.push(node);
    if (chromium !== undefined) {
      progress.phase('the wallet in Chromium');
      const side = new ClientSide('chromium');
      const forPage = await relay(network.browserPorts);
      const bundle = await bundlePage();
      const settings = { endpoints: forPage.map(({ port }) => `http://127.0.0.1:${port}`), profile };
      await measureChromium(chromium, bundle, settings, rounds, byStep(forPage, side, progress));
      sides.push(side);
    }
  } finally {
    for (const one of relays) one.close();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
  for (const { entry, minified, gzip } of await bundleSizes())
    more.push(
      { figure: `client/bundle/${entry}.minified`, value: minified, unit: 'bytes' },
      { figure: `client/bundle/${entry}.gzip`, value: gzip, unit: 'bytes' },
    );
  const directory =
    options.peer === 'no'
      ? undefined
      : options.peer === 'yes'
        ? (await installPeer(root, progress.step)).directory
        : findPeer(root);
  let pair: { readonly ours: number; readonly theirs: number } | undefined;
  if (directory !== undefined) {
    progress.phase(`key pairs, ours and of ${pinnedPeer.name}`);
    pair = measurePeer(directory, profile, rounds);
    more.push({ figure: 'client/peer/key-pair.ratio', value: pair.ours / pair.theirs, unit: 'ratio' });
  }
  progress.done();
  if (json) {
    for (const figure of [...sides.flatMap((side) => side.figures()), ...more]) say(JSON.stringify(clientJson(figure)));
  } else {
    say(`\nCLG-${profile}, ${validators} validators, medians of ${rounds}\n\n${formatClient(sides)}\n`);
    for (const { figure, value, unit } of more) if (unit === 'bytes') say(`${figure}: ${formatBytes(value)}`);
    if (pair !== undefined)
      say(
        `user key pair: ours ${formatMilliseconds(pair.ours)}, ${pinnedPeer.name}@${pinnedPeer.version} ${formatMilliseconds(pair.theirs)} (ratio ${(pair.ours / pair.theirs).toPrecision(3)})`,
      );
  }
  remark(machineLine());
  remark(
    'CPU time is that of all threads of the wallet (in Chromium: of its renderer); validators are other processes on this machine.',
  );
  if (chromium === undefined && browser !== 'no') remark('Chromium was not found: nothing was measured in a browser.');
  if (pair !== undefined)
    remark(
      `its share encryption and sign message need what only its network gives (${Object.keys(needsNetwork).join('; ')}): no ratio for them. bench:peers has more.`,
    );
  else if (options.peer !== 'no')
    remark(`${pinnedPeer.name} is not installed: --peer yes, or npm run bench:peers, installs it.`);
}

export async function runClientBench(argv: readonly string[]): Promise<number> {
  const options = parseClientOptions(argv);
  if (options === undefined) {
    say(clientHelp);
    return 0;
  }
  const progress = await createProgress();
  try {
    await run(options, progress);
    return 0;
  } finally {
    progress.done();
    await progress.close();
  }
}
