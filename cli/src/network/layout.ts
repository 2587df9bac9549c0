/**
 * Where a local network keeps its things, and what is remembered of it between two commands.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';

/** What a command line can say about a failure, and the exit code that goes with it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;
  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export type ProfileBits = '112' | '128';

/** Loopback ports of one validator. */
export interface Ports {
  readonly peers: number;
  readonly clients: number;
  readonly http: number;
  /** Of pages; 0 where an earlier version made the network and it runs. */
  readonly browser: number;
}

export interface NetworkFile {
  readonly version: 1;
  readonly profile: ProfileBits;
  /** Validator 1 first. */
  readonly ports: readonly Ports[];
}

export interface ValidatorPaths {
  readonly folder: string;
  readonly config: string;
  readonly log: string;
  readonly pid: string;
}

export const validatorPaths = (data: string, index: number): ValidatorPaths => {
  const folder = join(data, `validator-${index}`);
  return {
    folder,
    config: join(folder, 'validator.yaml'),
    log: join(folder, 'validator.log'),
    pid: join(folder, 'validator.pid'),
  };
};

/** The local Ethereum chain beside a network, as a process. `config` is what `localEvm` of the SDK reads; it is there while the chain serves. */
export const evmPaths = (data: string): ValidatorPaths => ({
  folder: data,
  config: join(data, 'evm.json'),
  log: join(data, 'evm.log'),
  pid: join(data, 'evm.pid'),
});

const networkPath = (data: string): string => join(data, 'network.json');

const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;

/** @returns undefined when there is no network in this folder. @throws CommandError for a file that is not one. */
export function readNetwork(data: string): NetworkFile | undefined {
  if (!existsSync(networkPath(data))) return undefined;
  let file: NetworkFile;
  try {
    file = JSON.parse(readFileSync(networkPath(data), 'utf8')) as NetworkFile;
  } catch (cause) {
    throw new CommandError(`${networkPath(data)} is not readable`, 1, { cause });
  }
  const valid =
    file.version === 1 &&
    (file.profile === '112' || file.profile === '128') &&
    Array.isArray(file.ports) &&
    file.ports.every((ports: Ports) => isPort(ports.peers) && isPort(ports.clients) && isPort(ports.http));
  if (!valid) throw new CommandError(`${networkPath(data)} is not a file that this version reads`);
  // Networks of earlier versions have no port for pages.
  const ports = file.ports.map((known) => ({ ...known, browser: isPort(known.browser) ? known.browser : 0 }));
  return { ...file, ports };
}

/** @throws CommandError when there is none. */
export function requireNetwork(data: string): NetworkFile {
  const file = readNetwork(data);
  if (file === undefined) throw new CommandError(`there is no network in ${data}: make one with "dwallet network up"`);
  return file;
}

export function writeNetwork(data: string, file: NetworkFile): void {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(`${networkPath(data)}.tmp`, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${networkPath(data)}.tmp`, networkPath(data));
}

/**
 * The validators of a folder are those that it began with: their keys are the network's identity.
 * @throws CommandError when one of them is another one by now.
 */
export function checkGenesis(data: string, identities: readonly string[]): void {
  const path = join(data, 'genesis.json');
  const genesis = JSON.stringify({ identities });
  if (!existsSync(path)) {
    writeFileSync(`${path}.tmp`, genesis, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }
  if (readFileSync(path, 'utf8') !== genesis)
    throw new CommandError(
      `${path} names other validators than the folders beside it: begin again in another folder, or with --fresh`,
    );
}

/** Below the ports that Linux and macOS give to outgoing connections: one of those would be taken again before the validator that is to have it runs. */
const portRange = { first: 10_000, last: 32_000 } as const;

/** Free loopback ports, different from each other. They are held until all are known; drawn, since others may look for some at the same time. */
async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  for (let tries = 0; held.size < count; tries++) {
    if (tries > 100 * count) throw new CommandError('too few ports of this machine are free');
    const port = randomInt(portRange.first, portRange.last);
    if (held.has(port)) continue;
    const server = createServer();
    const listens = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (listens) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Ports for `validators`: those that are remembered, unless somebody else has taken one of them since. */
export async function choosePorts(validators: number, remembered: readonly Ports[] = []): Promise<Ports[]> {
  const usable = await Promise.all(
    remembered
      .slice(0, validators)
      .map(async (ports) => (await Promise.all(Object.values(ports).filter(isPort).map(isFree))).every(Boolean)),
  );
  const fresh = await freePorts(4 * validators);
  return Array.from({ length: validators }, (_, i) => {
    const known = remembered[i];
    const [peers, clients, http, browser] = fresh.slice(4 * i, 4 * i + 4) as [number, number, number, number];
    if (known === undefined || usable[i] !== true) return { peers, clients, http, browser };
    return isPort(known.browser) ? known : { ...known, browser };
  });
}
