/**
 * `dwallet network` as its users type it: real processes of the service on loopback, gRPC between them and to the client, in the class group
 * CLG-112. The tests go on with the same network: it is made, killed at, signed with, restarted, backed up and stopped.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { clg112, createPublicParameters } from '@dwallet/class-groups';
import { DWalletClient, FileMessageStore, FileWalletStore, GrpcPeer } from '@dwallet/client-sdk/node';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Random, encodeText, secp256k1Curve } from '@dwallet/sigma';
import { Keystore, adminCall, openOrMakeKeyFile } from '@dwallet/validator';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'cli', 'dist', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'dwallet-network-'));
const data = join(folder, 'net');
const random: Random = (length) => new Uint8Array(randomBytes(length));
const started: ChildProcess[] = [];

interface Result {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
  /** The last JSON object on standard output. */
  readonly json: Readonly<Record<string, unknown>>;
}

function spawnCli(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child;
}

async function dwallet(...args: readonly string[]): Promise<Result> {
  const child = spawnCli(args);
  let out = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  return { code, out, errors, json: JSON.parse(lines.at(-1) ?? '{}') as Readonly<Record<string, unknown>> };
}
/** Exit code; also of a process that has ended already. */
const exitOf = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return child.exitCode;
};
const network = (...args: readonly string[]): Promise<Result> => dwallet('network', ...args, '--data', data, '--json');

const settings = [
  'genesis.automatic=false',
  'pool.low=4',
  'pool.high=12',
  'pool.batch=12',
  'compute.threads=0',
  'log.level=debug',
];
const up = (...args: readonly string[]): Promise<Result> =>
  network('up', '--detach', ...settings.flatMap((one) => ['--set', one]), ...args);

const start = (index: number): Promise<Result> => network('start', String(index), '--timeout', '120');

const own = (index: number, name: string): string => join(data, `validator-${index}`, name);
const pidFile = (index: number): number => Number(readFileSync(own(index, 'validator.pid'), 'utf8'));
const logOf = (index: number): string => readFileSync(own(index, 'validator.log'), 'utf8');
interface Line {
  readonly msg: string;
  readonly level: string;
  readonly traceId?: string;
  readonly session?: string;
}
const linesOf = (index: number): Line[] =>
  logOf(index)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

interface State {
  readonly validator: number;
  readonly state: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}
const statesOf = (result: Result): string[] =>
  (result.json['validators'] as State[]).map(({ validator, state }) => `${validator} ${state}`);

function http(index: number, path: string): Promise<string> {
  const { ports } = JSON.parse(readFileSync(join(data, 'network.json'), 'utf8')) as { ports: { http: number }[] };
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: ports[index - 1]?.http ?? 0, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

/** Alice, with validators in an order that begins with `first`. */
async function alice(first = 1): Promise<DWalletClient> {
  const { ports } = JSON.parse(readFileSync(join(data, 'network.json'), 'utf8')) as { ports: { clients: number }[] };
  const ca = readFileSync(join(data, 'authority', 'ca.crt'), 'utf8');
  const order = ports.map((_, i) => ((first - 1 + i) % ports.length) + 1);
  return DWalletClient.connect({
    peers: order.map(
      (i) =>
        new GrpcPeer({
          endpoint: `127.0.0.1:${ports[i - 1]?.clients}`,
          ca,
          tlsName: `validator-${i}`,
          deadlineMs: 100_000,
        }),
    ),
    parameters: createPublicParameters(wasmKernel, clg112),
    curve: secp256k1Curve,
    store: new FileWalletStore(join(folder, 'wallet.json')),
    messages: new FileMessageStore(join(folder, 'messages')),
    random,
    prepare: false,
  });
}

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'cli'], { cwd: root });
});
afterAll(async () => {
  await dwallet('network', 'stop', '--data', data, '--grace', '0');
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(process.platform !== 'linux')('a network of four', () => {
  let networkId: unknown;

  it('up makes everything, waits until all serve, and leaves them running; the genesis is led by validator 3', async () => {
    const rising = up('--validators', '4', '--profile', '112');
    // Validator 1 does not do it by itself here; the operator of another one asks until that reaches all others.
    const genesis = (): Promise<Result> => dwallet('validator', 'genesis', '--config', own(3, 'validator.yaml'));
    while ((await genesis()).code !== 0) await sleep(500);
    const result = await rising;
    const led = [1, 2, 3, 4].filter((i) => linesOf(i).some(({ msg }) => msg === 'leading the genesis of the network'));
    expect(led).toEqual([3]);
    expect(result.errors).toBe('');
    expect(result.code).toBe(0);
    expect(result.json).toMatchObject({ event: 'up', validators: 4, profile: 'CLG-112', detached: true });
    const status = await network('status');
    expect(statesOf(status)).toEqual(['1 ready', '2 ready', '3 ready', '4 ready']);
    expect(status.code).toBe(0);
    const ids = (status.json['validators'] as State[]).map(({ facts }) => facts['networkId']);
    networkId = ids[0];
    expect(new Set(ids).size).toBe(1);
    // Secrets are their owner's alone.
    for (const name of ['keystore.key', 'keystore.json', 'tls/peers.key', 'admin.sock', 'validator.log'])
      expect(statSync(own(1, name)).mode & 0o077, name).toBe(0);
  });

  it('up again starts nothing and changes nothing', async () => {
    const before = [1, 2, 3, 4].map(pidFile);
    const result = await up();
    expect(result.code).toBe(0);
    expect([1, 2, 3, 4].map(pidFile)).toEqual(before);
    // In the foreground there is nothing to hold.
    expect(await network('up')).toMatchObject({ code: 0, errors: '', json: { event: 'up', started: 0 } });
    const other = await up('--validators', '7');
    expect([other.code, other.json['event']]).toEqual([2, 'error']);
  });

  it('a client signs over gRPC, and its signature can be followed through the validators by one trace id', async () => {
    const client = await alice();
    const wallet = await client.createDWallet({ rawDigests: true });
    await wallet.signRaw('keccak256', encodeText('followed'));
    const traces = [1, 2, 3, 4].map((i) =>
      linesOf(i).flatMap(({ msg, traceId }) => (msg === 'verifying a client message' ? [traceId] : [])),
    );
    const [trace] = traces[0] as [string];
    expect(trace).toMatch(/^[0-9a-f]{32}$/);
    expect(traces.filter((own_) => own_.includes(trace)).length).toBeGreaterThanOrEqual(3);
    // With the session, at every one of them.
    const sessions = [1, 2, 3].flatMap((i) =>
      linesOf(i).flatMap(({ traceId, session }) => (traceId === trace && session !== undefined ? [session] : [])),
    );
    expect(new Set(sessions).size).toBe(1);
    client.close();
  });

  it('kill, a stale pid file, a foreign one, start', async () => {
    const victim = pidFile(2);
    expect((await network('kill', '2')).json).toEqual({ event: 'killed', validator: 2, pid: victim });
    const status = await network('status');
    expect(statesOf(status)).toEqual(['1 ready', '2 stopped', '3 ready', '4 ready']);
    expect(status.code).toBe(3);
    expect((await network('kill', '2')).code).toBe(3);
    const client = await alice();
    await client.wallets[0]?.signRaw('sha256', encodeText('without validator 2'));
    client.close();
    // The number of the process is somebody else's by now: nobody is killed, nothing is taken for running.
    writeFileSync(own(2, 'validator.pid'), `${process.pid}\n`);
    expect((await network('kill', '2')).code).toBe(3);
    expect(existsSync(own(2, 'validator.pid'))).toBe(false);
    const back = await start(2);
    expect(back.json).toMatchObject({ event: 'started', validator: 2 });
    expect((await start(2)).code).toBe(3);
    expect((await network('kill', '9')).code).toBe(2);
  });

  it('the client goes to another validator when the one that it asks first is killed', async () => {
    await network('kill', '1');
    const client = await alice(1);
    await client.wallets[0]?.signRaw('sha256', encodeText('led by validator 2'));
    client.close();
    await start(1);
  });

  it('SIGTERM finishes the signature that runs, then ends with 0', async () => {
    const client = await alice(3);
    const before = linesOf(3).length;
    const signing = client.wallets[0]?.signRaw('sha256', encodeText('the last one'));
    for (;;) {
      if (
        linesOf(3)
          .slice(before)
          .some(({ msg }) => msg === 'verifying a client message')
      )
        break;
      await sleep(5);
    }
    process.kill(pidFile(3), 'SIGTERM');
    const signed = await signing;
    expect(signed?.signature.r).toBeTypeOf('bigint');
    for (let i = 0; i < 200 && !linesOf(3).some(({ msg }) => msg === 'stopped'); i++) await sleep(50);
    const ending = linesOf(3)
      .slice(before)
      .map(({ msg }) => msg);
    expect(ending).toContain('stopping: running sessions are finished first');
    expect(ending.at(-1)).toBe('stopped');
    client.close();
    expect((await start(3)).code).toBe(0);
  });

  it('backup of a running validator, restore into an empty folder only', async () => {
    const config = own(4, 'validator.yaml');
    const backup = join(folder, 'backup');
    expect(await dwallet('validator', 'backup', '--config', config, '--to', backup, '--json')).toMatchObject({
      code: 0,
    });
    expect(readdirSync(backup).sort()).toEqual(['data.mdb', 'keystore.json', 'manifest.json']);
    const restore = (to: string): Promise<Result> =>
      dwallet('validator', 'restore', '--config', config, '--from', backup, '--set', `data=${to}`, '--json');
    const refused = await restore(join(data, 'validator-4'));
    expect([refused.code, refused.json['error']]).toEqual([1, 'STORE_BACKUP']);
    expect((await restore(join(folder, 'restored'))).code).toBe(0);
    expect(existsSync(join(folder, 'restored', 'store', 'data.mdb'))).toBe(true);
    const elsewhere = await dwallet(
      'validator',
      'backup',
      '--config',
      config,
      '--set',
      `data=${join(folder, 'restored')}`,
      '--to',
      join(folder, 'x'),
    );
    expect(elsewhere.code).toBe(3);
    expect(elsewhere.errors).toBe('dwallet: the validator is not running\n');
  });

  it('metrics tell what happened, and neither they nor the logs tell a secret', async () => {
    const metrics = await Promise.all([1, 2, 3, 4].map((i) => http(i, '/metrics')));
    expect(
      metrics.some((text) => /^dwallet_sessions_total\{.*protocol="sign",outcome="succeeded",.*\} [1-9]/m.test(text)),
    ).toBe(true);
    for (const name of [
      'dwallet_presigns_available',
      'dwallet_votes_total',
      'dwallet_api_calls_total',
      'dwallet_store_write_seconds_count',
      'dwallet_peer_bytes_total',
      'process_resident_memory_bytes',
      'dwallet_peer_reachable',
    ])
      expect(metrics[1], name).toContain(name);
    const said = [...metrics, ...[1, 2, 3, 4].map(logOf)].join('\n');
    for (const i of [1, 2, 3, 4]) {
      const unlock = openOrMakeKeyFile(own(i, 'keystore.key'), random);
      const keystore = Keystore.open(join(data, `validator-${i}`), random, unlock);
      const bytes = [unlock.key, keystore.identity, keystore.root].map((secret) => Buffer.from(secret.expose()));
      const canaries = bytes.flatMap((secret) => [secret.toString('hex'), secret.toString('base64')]);
      for (const [, share] of keystore.shares ?? [])
        canaries.push(share.expose().toString(16), share.expose().toString(10));
      expect(canaries.length).toBeGreaterThanOrEqual(8);
      for (const canary of canaries) expect(said.includes(canary)).toBe(false);
    }
  });

  it('the operator asks a running validator', async () => {
    const config = own(1, 'validator.yaml');
    const status = await dwallet('validator', 'status', '--config', config, '--json');
    expect(status.json).toMatchObject({ ready: true, facts: { networkId, phase: 'serving' }, evidence: [] });
    expect((await dwallet('validator', 'config', '--config', config, '--check', '--json')).json).toMatchObject({
      ok: true,
      networkId,
    });
    expect((await dwallet('evidence', 'list', '--config', config)).out).toBe('there is no evidence\n');
    const missing = await dwallet(
      'evidence',
      'export',
      'none',
      '--config',
      config,
      '--out',
      join(folder, 'e'),
      '--json',
    );
    expect([missing.code, missing.json['error']]).toEqual([1, 'NOT_FOUND']);
    // The line to it takes nothing that it does not know.
    await expect(adminCall(own(1, 'admin.sock'), 'toString')).rejects.toThrow('there is no such command');
    await expect(adminCall(own(1, 'admin.sock'), 'presigns', { batch: 65 })).rejects.toThrow('1 to 64');
    const second = await dwallet('validator', 'run', '--config', config, '--set', 'listen.http=127.0.0.1:0');
    expect(second.code).toBe(1);
    expect(second.errors).toContain('is in use by process');
  });

  it('logs of one validator, and what is logged from now on', async () => {
    const last = await dwallet('network', 'logs', '2', '-n', '2', '--data', data);
    expect(last.out.trimEnd().split('\n')).toHaveLength(2);
    expect(last.out).toMatch(/^\d\d:\d\d:\d\d\.\d{3} \w+ +v2 /);
    const child = spawnCli(['network', 'logs', '-f', '-n', '0', '--data', data]);
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await sleep(700);
    await network('kill', '4');
    await start(4);
    for (let i = 0; i < 100 && !/v4 .*serving/.test(out); i++) await sleep(100);
    expect(out).toMatch(/v4 .*listening/);
    child.kill('SIGINT');
    expect(await exitOf(child)).toBe(0);
  });

  it('stop ends all; up again finds keys, ports and the pool as they were', async () => {
    const stopped = await network('stop');
    expect(stopped.json).toEqual({ event: 'stopped', validators: [1, 2, 3, 4] });
    expect((await network('stop')).json).toEqual({ event: 'stopped', validators: [] });
    const ports = readFileSync(join(data, 'network.json'), 'utf8');
    // In the foreground: whoever started it holds it, and its end is theirs, however it ends.
    const child = spawnCli(['network', 'up', '--data', data, '--json']);
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    while (!out.includes('"event":"up"')) {
      if (child.exitCode !== null) throw new Error(out);
      await sleep(50);
    }
    const status = await network('status');
    expect(status.code).toBe(0);
    expect((status.json['validators'] as State[])[0]?.facts['networkId']).toBe(networkId);
    expect(readFileSync(join(data, 'network.json'), 'utf8')).toBe(ports);
    child.kill('SIGKILL');
    for (let i = 0; i < 200; i++) {
      if (statesOf(await network('status')).every((state) => state.endsWith('stopped'))) break;
      await sleep(50);
    }
    expect(statesOf(await network('status'))).toEqual(['1 stopped', '2 stopped', '3 stopped', '4 stopped']);
    expect(linesOf(1).at(-1)?.msg).toBe('stopped');
  });

  it.skipIf(!hasRedis)(
    'work goes to a worker behind Redis; without Redis it is done here, and that can be seen',
    async () => {
      const [port] = await freePorts(1);
      const redis = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
        stdio: 'ignore',
      });
      started.push(redis);
      const url = `redis://127.0.0.1:${port}`;
      expect((await network('up', '--detach', '--set', `compute.redis.url=${url}`)).code).toBe(0);
      const key = own(1, 'worker.key');
      const worker = spawnCli(['worker', '--redis', url, '--key-file', key, '--profile', '112', '--threads', '1']);
      const facts = async (): Promise<Readonly<Record<string, unknown>>> =>
        (await adminCall<{ facts: Readonly<Record<string, unknown>> }>(own(1, 'admin.sock'), 'status')).facts;
      const until = async (fact: string, value: unknown): Promise<void> => {
        for (let i = 0; i < 600 && (await facts())[fact] !== value; i++) await sleep(100);
        expect(await facts()).toMatchObject({ [fact]: value });
      };
      await until('remoteWorkers', 1);
      expect(await facts()).toMatchObject({ computeDegraded: false });
      await adminCall(own(1, 'admin.sock'), 'presigns', { batch: 2 });
      redis.kill('SIGKILL');
      await until('computeDegraded', true);
      expect(await http(1, '/metrics')).toMatch(/^dwallet_compute_degraded\{.*\} 1$/m);
      const client = await alice();
      await client.wallets[0]?.signRaw('sha256', encodeText('without Redis'));
      client.close();
      // A Redis that is away does not hold up the end, of the worker or of the validators.
      worker.kill('SIGTERM');
      expect(await exitOf(worker)).toBe(0);
      expect((await network('stop')).json).toEqual({ event: 'stopped', validators: [1, 2, 3, 4] });
      expect(linesOf(1).at(-1)?.msg).toBe('stopped');
    },
  );

  it('SIGINT ends a network in the foreground', async () => {
    const child = spawnCli(['network', 'up', '--data', data, '--json']);
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    while (!out.includes('"event":"up"')) {
      if (child.exitCode !== null) throw new Error(out);
      await sleep(50);
    }
    child.kill('SIGINT');
    expect(await exitOf(child)).toBe(0);
    expect(statesOf(await network('status'))).toEqual(['1 stopped', '2 stopped', '3 stopped', '4 stopped']);
  });
});

describe('the process of a service', () => {
  /** A process around a service whose end takes a second; `then` is what happens after its start. */
  const processOf = (then: string): ChildProcess => {
    const program = `
      import { runService } from ${JSON.stringify(pathToFileURL(join(root, 'services/validator/dist/run-service.js')).href)};
      const log = { warn: (text) => console.log(text), error() {}, flush() {} };
      const service = {
        log,
        start: async () => { console.log('started'); ${then} },
        stop: () => new Promise((resolve) => setTimeout(() => resolve(0), 1000)),
        reload() { console.log('reloaded'); },
        unforeseen: (kind) => console.log(kind),
      };
      setInterval(() => {}, 1000);
      process.exit(await runService(service, process.argv.includes('--lifeline')));`;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', program, '--', ...(then === '' ? ['--lifeline'] : [])],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    started.push(child);
    return child;
  };
  const said = async (child: ChildProcess, text: string): Promise<void> => {
    let out = '';
    for await (const chunk of child.stdout ?? []) {
      out += String(chunk);
      if (out.includes(text)) return;
    }
    throw new Error(`never said ${text}: ${out}`);
  };

  it.each(['void Promise.reject(new Error("x"))', 'setImmediate(() => { throw new Error("x"); })'])(
    'an error that nobody handled ends it with 70: %s',
    async (then) => expect(await exitOf(processOf(then))).toBe(70),
  );

  it('ends with what the service says at the first signal, at once at the second', async () => {
    const first = processOf('void 0');
    await said(first, 'started');
    first.kill('SIGTERM');
    expect(await exitOf(first)).toBe(0);
    const second = processOf('void 0');
    await said(second, 'started');
    second.kill('SIGTERM');
    await sleep(200);
    second.kill('SIGINT');
    expect(await exitOf(second)).toBe(130);
  });

  it('SIGHUP loads certificates again; the end of its lifeline is a signal', async () => {
    const child = processOf('');
    await said(child, 'started');
    child.kill('SIGHUP');
    child.stdin?.end();
    expect(await exitOf(child)).toBe(0);
  });
});

describe('the command line', () => {
  it.each([
    [['--help'], 'network'],
    [['network', '--help'], 'kill'],
    [['network', 'up', '--help'], '--detach'],
    [['network', 'logs', '--help'], '--follow'],
    [['validator', '--help'], 'backup'],
    [['validator', 'run', '--help'], '--config'],
    [['validator', 'restore', '--help'], '--from'],
    [['evidence', '--help'], 'verify'],
    [['evidence', 'verify', '--help'], '--validators'],
  ] as const)('%j explains', async (args, expected) => {
    const { code, out } = await dwallet(...args);
    expect(code).toBe(0);
    expect(out).toContain(expected);
  });

  it.each([
    [['network', 'up', '--validators', '5'], '4, 7, 16'],
    [['network', 'kill'], 'missing required argument'],
    [['network', 'kill', 'two'], 'must be an integer'],
    [['network', 'fly'], 'unknown command'],
    [['validator', 'run', '--speed', '9'], 'unknown option'],
    [['evidence', 'verify'], 'missing required argument'],
  ] as const)('%j is refused with exit code 2', async (args, expected) => {
    const { code, errors } = await dwallet(...args);
    expect(errors).toContain(expected);
    expect(code).toBe(2);
  });

  it('a configuration that cannot be used: exit code 2, and what is wrong with it', async () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(path, 'data: x\npool: { lwo: 3 }\n');
    const { code, errors } = await dwallet('validator', 'run', '--config', path);
    expect(code).toBe(2);
    expect(errors).toContain('pool.lwo: there is no such field');
    expect(errors).toContain('network: given nothing, allowed a mapping');
  });

  it('a network that is not there', async () => {
    const { code, errors } = await dwallet('network', 'status', '--data', join(folder, 'nowhere'));
    expect(code).toBe(1);
    expect(errors).toContain('dwallet network up');
  });
});
