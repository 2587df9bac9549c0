/**
 * A network of real validator processes on loopback, for measurements: the product's own program, with its pool filled on demand only.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GrpcPeer } from '@dwallet/client-sdk/node';
import { adminCall } from '@dwallet/validator';

const program = (): string => fileURLToPath(import.meta.resolve('@dwallet/validator/main'));

const settingsOf = (inFlight: number): string[] => [
  'pool.low=0',
  'pool.floor=0',
  'log.level=warn',
  'limits.perAccountPerSecond=100000',
  'limits.burstPerAccount=100000',
  `limits.inFlight=${inFlight}`,
  `limits.inFlightPerAccount=${inFlight}`,
  'limits.deadlineMs=600000',
  'timeouts.sharesMs=600000',
  'timeouts.fetchMs=600000',
];

interface Ports {
  readonly peers: number;
  readonly clients: number;
  readonly http: number;
  /** For pages. */
  readonly browser: number;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function fetchText(port: number, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path, agent: false, timeout: 10_000 }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    }).on('error', () => resolve(undefined));
  });
}

export class ServiceNetwork {
  readonly size: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'dwallet-bench-'));
  readonly #children: ChildProcess[] = [];
  readonly #peers: GrpcPeer[] = [];
  #ports: Ports[] = [];
  #closed = false;

  private constructor(size: number) {
    this.size = size;
  }

  /**
   * Resolves when all validators serve: the genesis is over.
   * @param inFlight - requests of clients that one validator takes at once: the overload run meets this limit.
   */
  static async start(size: number, profile: '112' | '128', inFlight: number): Promise<ServiceNetwork> {
    const network = new ServiceNetwork(size);
    try {
      await network.#start(profile, inFlight);
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  async #start(profile: '112' | '128', inFlight: number): Promise<void> {
    const free = await freePorts(4 * this.size);
    this.#ports = Array.from({ length: this.size }, (_, i) => {
      const [peers, clients, http, browser] = free.slice(4 * i, 4 * i + 4) as [number, number, number, number];
      return { peers, clients, http, browser };
    });
    const ports = this.#ports.map(({ peers, clients, http, browser }) => `${peers},${clients},${http},${browser}`);
    const set = settingsOf(inFlight).flatMap((one) => ['--set', one]);
    const args = [
      'init-local',
      '--data',
      this.#folder,
      '--profile',
      profile,
      '--network',
      'dwallet-bench',
      ...set,
      ...ports,
    ];
    await promisify(execFile)(process.execPath, [program(), ...args]);
    for (let i = 1; i <= this.size; i++) {
      const log = openSync(join(this.#own(i), 'validator.log'), 'a', 0o600);
      const run = [program(), 'run', '--config', join(this.#own(i), 'validator.yaml'), '--lifeline'];
      this.#children.push(spawn(process.execPath, run, { stdio: ['pipe', log, log] }));
      closeSync(log);
    }
    for (const [i, { http }] of this.#ports.entries()) {
      for (;;) {
        const text = await fetchText(http, '/readyz');
        if (text !== undefined && (JSON.parse(text) as { ready: boolean }).ready) break;
        if (this.#children[i]?.exitCode !== null)
          throw new Error(
            `validator ${i + 1} has ended: ${readFileSync(join(this.#own(i + 1), 'validator.log'), 'utf8').slice(-2000)}`,
          );
        await sleep(100);
      }
    }
  }

  #own(index: number): string {
    return join(this.#folder, `validator-${index}`);
  }

  /** PEM of the development authority. */
  get authority(): string {
    return readFileSync(join(this.#folder, 'authority', 'ca.crt'), 'utf8');
  }

  /** Where clients are served over gRPC, validator 1 first. */
  get clientPorts(): readonly number[] {
    return this.#ports.map(({ clients }) => clients);
  }

  /** Where pages are served over Connect, validator 1 first. */
  get browserPorts(): readonly number[] {
    return this.#ports.map(({ browser }) => browser);
  }

  /** A line of a client of its own to one validator, 1..n. */
  peer(index: number, options: { readonly waitWhenLimited?: boolean } = {}): GrpcPeer {
    const peer = new GrpcPeer({
      endpoint: `127.0.0.1:${this.#ports[index - 1]?.clients}`,
      ca: this.authority,
      tlsName: `validator-${index}`,
      deadlineMs: 600_000,
      ...options,
    });
    this.#peers.push(peer);
    return peer;
  }

  /** One presign session. @returns how long it took, in milliseconds. */
  async makePresigns(leader: number, batch: number): Promise<number> {
    const begin = performance.now();
    await adminCall(join(this.#own(leader), 'admin.sock'), 'presigns', { batch });
    return performance.now() - begin;
  }

  /** The sum of a metric over all its labels, by validator. */
  async metric(name: string): Promise<number[]> {
    return Promise.all(
      this.#ports.map(async ({ http }) => {
        const text = (await fetchText(http, '/metrics')) ?? '';
        const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
        if (lines.length === 0 && !text.includes(`# TYPE ${name} `)) throw new Error(`there is no metric ${name}`);
        return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
      }),
    );
  }

  /** Bytes that validators have exchanged so far: each call's request and answer, counted once. */
  async peerBytes(): Promise<number> {
    return (await this.metric('dwallet_peer_bytes_total')).reduce((sum, one) => sum + one, 0);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const peer of this.#peers) peer.close();
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
