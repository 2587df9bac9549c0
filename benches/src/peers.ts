/**
 * `npm run bench:peers`: the client of the leading network of this protocol, as published, and ours, doing the same jobs in one run.
 *
 * The peer is installed on demand (peers/install.ts) and called through its public API only.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type Profile, clg112, secp256k1Order } from '@dwallet/class-groups';
import { wasmKernel, wasmModuleBytes } from '@dwallet/kernel/wasm';
import { integer, profilesOf, readFlags, remarkFor, say } from './command-line.ts';
import { formatMilliseconds } from './format.ts';
import { machineLine } from './machine.ts';
import { type Cost, measure } from './measure.ts';
import type { ColdOwn, ColdPeer } from './peers/cold.ts';
import { Side, formatSides, formatSizes, levelOf, peerLines, sizeLines } from './peers/figures.ts';
import { type IkaWasm, type PeerKeyPair, inspectKeyPairs, needsNetwork, refusals } from './peers/ika.ts';
import { PeerInstallError, installPeer, loadPeer, peerCurve, pinnedPeer } from './peers/install.ts';
import { OwnClient, type OwnEncryptedShare } from './peers/own.ts';
import { type Progress, createProgress } from './progress.ts';

export const peerHelp = `npm run bench:peers -- [options]

Measures ${pinnedPeer.name}@${pinnedPeer.version} (${pinnedPeer.licence}) and our client side by side: CPU time, medians, interleaved.
The package is installed into node_modules/.cache/dwallet-peers at the first run, which needs the network; its scripts do not run.

  --profile 112|128|all   our class-group profile (default all)
  --rounds 3              rounds, at least 3; one takes about half a minute, nearly all of it the peer's
  --json                  one JSON object per figure and line: {"figure","value","unit","peer","ours","peerLevel","oursLevel",...}
  --help

The exit code says that the measured work was done: the peer's key pairs fit each other, our proofs verify, our shares decrypt.
`;

export interface PeerOptions {
  readonly profiles: readonly Profile[];
  readonly rounds: number;
  readonly json: boolean;
}

/** @returns undefined if help was asked for. @throws UsageError */
export function parsePeerOptions(argv: readonly string[]): PeerOptions | undefined {
  const values = readFlags(argv, ['profile', 'rounds'], false);
  if (values === undefined) return undefined;
  return {
    profiles: profilesOf(values.profile ?? 'all'),
    // Fewer than three public keys do not determine the discriminant that they belong to.
    rounds: integer('rounds', values.rounds ?? '3', 3, 25),
    json: values.json,
  };
}

/** A measured job was not done. */
class WitnessError extends Error {
  override readonly name = 'WitnessError';
}

function requireWork(holds: boolean, what: string): asserts holds {
  if (!holds) throw new WitnessError(`the measured work was not done: ${what}`);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const coldScript = fileURLToPath(new URL('./peers/cold.js', import.meta.url));
const run = promisify(execFile);

async function cold(...args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [coldScript, ...args]);
  return JSON.parse(stdout) as unknown;
}

const sum = (x: Cost, y: Cost): Cost => ({ cpu: x.cpu + y.cpu, wall: x.wall + y.wall });
const hex = (bytes: ArrayLike<number>): string => Buffer.from(Uint8Array.from(bytes)).toString('hex');
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** Our jobs in one round are short: each is sampled several times. */
const repeats = 5;

interface Contestant {
  readonly profile: Profile;
  readonly client: OwnClient;
  readonly side: Side;
}

const argumentOf = ({ fundamentalBits }: Profile): string =>
  fundamentalBits === clg112.fundamentalBits ? '112' : '128';

async function firstUse({ profile, client, side }: Contestant, seed: Uint8Array): Promise<void> {
  const result = (await cold('own', argumentOf(profile), hex(seed))) as ColdOwn;
  side.add('key-pair.first', result.keyPair);
  side.add('share.first', result.share);
  side.add('both.first', sum(result.keyPair, result.share));
  const pair = client.keyPair(seed);
  const { group } = client.parameters;
  requireWork(result.publicKey === hex(group.encode(pair.encryptionKey.element)), 'the same key from the same seed');
  const { point, ciphertext, proof } = result.encryptedShare;
  const share = { point: fromHex(point), ciphertext: fromHex(ciphertext), proof: fromHex(proof) };
  requireWork(client.verifyShare(pair, share), 'a proof of the first share encryption');
}

function again({ client, side }: Contestant, seed: Uint8Array): void {
  const witness = (pair: ReturnType<OwnClient['keyPair']>, share: OwnEncryptedShare): void => {
    const verified = measure(() => client.verifyShare(pair, share));
    side.add('share.verify', verified.cost);
    requireWork(verified.result, 'a proof of the share encryption');
    const opened = measure(() => client.decryptShare(pair, share));
    side.add('share.decrypt', opened.cost);
    requireWork(client.opensTo(share, opened.result), 'an encryption of the share');
  };
  for (let i = 0; i < repeats; i++) {
    const key = measure(() => client.keyPair(seed));
    const share = measure(() => client.encryptShare(key.result));
    side.add('key-pair.again', key.cost);
    side.add('share.again', share.cost);
    side.add('both.again', sum(key.cost, share.cost));
    witness(key.result, share.result);
    const tabled = client.withKeyTable(key.result);
    const fast = measure(() => client.encryptShare(tabled));
    side.add('share.again-key-table', fast.cost);
    witness(key.result, fast.result);
  }
}

/** With the class group derived from its seed, as a client would that trusts no published constants. */
async function derived({ profile, side }: Contestant, seed: Uint8Array): Promise<void> {
  const result = (await cold('derived', argumentOf(profile), hex(seed))) as ColdOwn;
  side.add('key-pair.first-derived', result.keyPair);
}

async function measureAll(
  peer: IkaWasm,
  directory: string,
  own: readonly Contestant[],
  rounds: number,
  progress: Progress,
): Promise<{ readonly peerSide: Side; readonly pairs: readonly PeerKeyPair[] }> {
  const first: Cost[] = [];
  const later: Cost[] = [];
  const pairs: PeerKeyPair[] = [];
  for (let round = 1; round <= rounds; round++) {
    const step = (detail: string): void => progress.step(`round ${round} of ${rounds}, ${detail}`);
    const seed = new Uint8Array(randomBytes(32));
    step('peer, first use');
    const begun = (await cold('peer', directory, hex(seed))) as ColdPeer;
    first.push(begun.keyPair);
    for (const contestant of own) {
      step(`ours, ${contestant.profile.id}, first use`);
      await firstUse(contestant, seed);
      await derived(contestant, seed);
    }
    step('peer, again');
    const { result, cost } = measure(() => peer.generate_secp_cg_keypair_from_seed(peerCurve, seed));
    const [publicKey, secretKey] = result;
    requireWork(
      hex(publicKey) === begun.publicKey && hex(secretKey) === begun.secretKey,
      "the peer's key pair is a function of its seed",
    );
    later.push(cost);
    pairs.push({ publicKey, secretKey });
    for (const contestant of own) {
      step(`ours, ${contestant.profile.id}, again`);
      again(contestant, seed);
    }
  }
  progress.step("the peer's key pairs are checked");
  const group = inspectKeyPairs(wasmKernel, secp256k1Order, pairs);
  requireWork(group !== undefined, "the peer's key pairs fit each other");
  const peerSide = new Side(pinnedPeer.name, group.fundamentalBits);
  for (const cost of first) peerSide.add('key-pair.first', cost);
  for (const cost of later) peerSide.add('key-pair.again', cost);
  return { peerSide, pairs };
}

const sizeOf = (module: Uint8Array) => ({ module: module.length, gzip: gzipSync(module, { level: 9 }).length });

async function bench({ profiles, rounds, json }: PeerOptions, progress: Progress): Promise<number> {
  const remark = remarkFor({ json });
  progress.phase(`${pinnedPeer.name}@${pinnedPeer.version}`);
  const installed = await installPeer(root, progress.step);
  const peer = loadPeer(installed.directory) as IkaWasm;
  progress.phase('key pairs and share encryptions');
  const own = profiles.map((profile) => ({
    profile,
    client: new OwnClient(wasmKernel, profile),
    side: new Side(profile.id, profile.fundamentalBits),
  }));
  // Their tables are built before the first round, and the compilers see every job once.
  for (const contestant of own) again({ ...contestant, side: new Side('warm-up', 0) }, new Uint8Array(randomBytes(32)));
  const { peerSide, pairs } = await measureAll(peer, installed.directory, own, rounds, progress);
  const refused = refusals(peer, pairs[0] as PeerKeyPair);
  progress.done();

  const sizes = sizeOf(wasmModuleBytes());
  const peerSizes = { ...sizeOf(installed.moduleBytes), unpacked: installed.unpackedBytes };
  remark(`${machineLine()}; ${rounds} rounds`);
  remark(`${pinnedPeer.name}@${pinnedPeer.version}, ${pinnedPeer.licence}; our client on the wasm kernel`);
  remark(
    `its level: ${levelOf(peerSide.bits)}, a fundamental discriminant of ${peerSide.bits} bits, read off its public keys; its API has no choice of level`,
  );
  if (json) {
    const lines = [...own.flatMap(({ side }) => peerLines(side, peerSide)), ...sizeLines(sizes, peerSizes)];
    for (const line of lines) say(JSON.stringify(line));
  } else {
    const sides = own.map(({ side }) => side);
    say(`\n${formatSides(sides, peerSide)}\n\n${formatSizes(sizes, peerSizes)}\n`);
    const wall = peerSide.cost('key-pair.again', 'wall');
    if (wall !== undefined) say(`Its key pair took ${formatMilliseconds(wall.median)} of wall time.`);
    say(
      'Ratio is ours / theirs. "First use" has the loading of the code, compilation and our table of h in it; "again" has none of',
    );
    say('these. Its module holds its whole client, ours the class-group arithmetic alone; our protocol is JavaScript.');
  }
  remark('\nRuns without its network: generate_secp_cg_keypair_from_seed, which takes a seed. What does not:');
  for (const [need, names] of Object.entries(needsNetwork)) remark(`  ${need}: ${names.join(', ')}`);
  for (const [name, answer] of Object.entries(refused)) {
    remark(`  ${name}, called with no bytes for them: ${answer === undefined ? 'DID NOT REFUSE' : `"${answer}"`}`);
  }
  const outdated = Object.values(refused).includes(undefined);
  remark(
    `\nok   its ${pairs.length} key pairs are powers of one base in one group, first and later use agree; our proofs verify, our shares decrypt`,
  );
  if (outdated) remark('FAIL a job that was left out runs after all: bench:peers must measure it');
  return outdated ? 1 : 0;
}

export async function runPeerBench(argv: readonly string[]): Promise<number> {
  const options = parsePeerOptions(argv);
  if (options === undefined) {
    process.stdout.write(peerHelp);
    return 0;
  }
  const progress = await createProgress();
  try {
    return await bench(options, progress);
  } catch (error) {
    if (!(error instanceof PeerInstallError)) throw error;
    progress.done();
    process.stderr.write(`bench:peers: ${error.message}\n`);
    return 1;
  } finally {
    await progress.close();
  }
}
