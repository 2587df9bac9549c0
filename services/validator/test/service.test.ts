/** One validator as a service, in this process and alone: what its start, its certificates and its operator's commands promise. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { adminCall } from '../src/admin.ts';
import { ConfigError, type ValidatorConfig, loadConfig } from '../src/config.ts';
import { createLogger } from '../src/logging.ts';
import { type ServiceOptions, ValidatorService } from '../src/service.ts';
import { initLocalNetwork } from '../src/setup.ts';
import { createAuthority, createCertificate } from '../src/tls/certificates.ts';
import { Validator } from '../src/validator.ts';
import { freePorts } from './helpers/free-ports.ts';
import { randomFor, toyParameters } from './helpers/toy-network.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-service-'));
const base = join(root, 'base');
const now = Date.now();
const dayMs = 86_400_000;
let counter = 0;
let ports: { readonly peers: number; readonly clients: number; readonly http: number };
const running: ValidatorService[] = [];

beforeAll(async () => {
  const free = await freePorts(12);
  const all = [0, 1, 2, 3].map((i) => {
    const [peers = 0, clients = 0, http = 0] = free.slice(3 * i);
    return { peers, clients, http };
  });
  ports = all[0] as typeof ports;
  const set = ['pool.low=0', 'pool.floor=0', 'compute.threads=0', 'genesis.automatic=false', 'timeouts.fetchMs=500'];
  initLocalNetwork({ folder: base, profile: '112', name: 'alone', ports: all, set, random: randomFor('service'), now });
});
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Validator 1 of a copy of the network; the others are away. */
function make(
  options: Partial<Pick<ServiceOptions, 'now' | 'environment'>> = {},
  set: readonly string[] = [],
  more = '',
) {
  const folder = join(root, String(counter++));
  cpSync(base, folder, { recursive: true });
  const path = join(folder, 'validator-1', 'validator.yaml');
  writeFileSync(path, `${readFileSync(path, 'utf8').replace(/^zones: .*\n/m, '')}${more}`);
  const config: ValidatorConfig = loadConfig({ file: join(folder, 'validator-1', 'validator.yaml'), set: [...set] });
  const lines: string[] = [];
  const service = (): ValidatorService => {
    const made = new ValidatorService({
      config,
      environment: {},
      log: createLogger({ level: 'info', write: (line) => lines.push(line) }),
      seams: {
        parameters: toyParameters(),
        validator: (own) => new Validator({ ...own, allowTestProfile: true }),
      },
      ...options,
    });
    running.push(made);
    return made;
  };
  return { config, lines, service, socket: join(config.data, 'admin.sock') };
}

/** Serial number of the certificate that a port shows. */
const shown = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const line = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    line.once('secureConnect', () => {
      resolve(line.getPeerX509Certificate()?.serialNumber ?? '');
      line.destroy();
    });
    line.once('error', reject);
  });
const serialOf = (path: string): string => new X509Certificate(readFileSync(path)).serialNumber;

it('SIGHUP takes over all new certificates and keys, or none', async () => {
  const { config, lines, service } = make();
  const one = service();
  await one.start();
  const { clients, peers } = config.tls;
  const authority = createAuthority('another', now);
  const certify = (key?: string) => createCertificate(authority, 'validator-1', ['validator-1'], now, key);
  const before = await shown(ports.clients);
  const renewed = { clients: certify(), peers: certify(readFileSync(peers.key, 'utf8')) };
  const place = (side: 'clients' | 'peers', { certificate, key }: { certificate: string; key: string }): void => {
    writeFileSync(config.tls[side].certificate, certificate);
    writeFileSync(config.tls[side].key, key);
  };
  const wrong: readonly (readonly [string, () => void])[] = [
    ['not the pinned one', () => place('peers', certify())],
    ['key: is not that of the certificate', () => place('peers', { ...renewed.peers, key: certify().key })],
    ['key: cannot be read', () => place('peers', { ...renewed.peers, key: 'no key' })],
    ['certificate: cannot be read', () => place('peers', { ...renewed.peers, certificate: 'none' })],
  ];
  place('clients', renewed.clients);
  for (const [why, change] of wrong) {
    change();
    expect(() => one.reload(), why).toThrow(why);
    expect(await shown(ports.clients), why).toBe(before);
  }
  // And the other way round: the peers' are right, the clients' are not.
  place('peers', renewed.peers);
  place('clients', { ...renewed.clients, key: certify().key });
  expect(() => one.reload()).toThrow(ConfigError);
  expect(await shown(ports.peers)).toBe(before);
  place('clients', renewed.clients);
  one.reload();
  expect(await shown(ports.clients)).toBe(serialOf(clients.certificate));
  expect(await shown(ports.peers)).toBe(serialOf(peers.certificate));
  expect(lines.join('')).toContain('certificates are loaded again');
  expect(lines.join('')).not.toContain('replace it and send SIGHUP');
});

it.each(['peers', 'clients'] as const)('a key of %s that others can read does not start', async (side) => {
  const { config, service } = make();
  chmodSync(config.tls[side].key, 0o640);
  await expect(service().start()).rejects.toThrow(`tls.${side}.key: the file can be read by others`);
});

it('a key that is not that of its certificate does not start', async () => {
  const { config, service } = make();
  const other = createCertificate(createAuthority('another', now), 'validator-1', ['validator-1'], now);
  writeFileSync(config.tls.clients.key, other.key);
  await expect(service().start()).rejects.toThrow('tls.clients: key: is not that of the certificate');
});

const metrics = (): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: ports.http, path: '/metrics', agent: false }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve(text));
    }).once('error', reject);
  });

it.each([
  [31, undefined],
  [29, 'expires in 28 days'],
  [-1, 'has expired'],
] as const)('%s days before its certificate expires the log says %s', async (days, text) => {
  const { config, lines, service } = make({ now: () => clock });
  const until = Date.parse(new X509Certificate(readFileSync(config.tls.peers.certificate)).validTo);
  const clock = until - days * dayMs + 1000;
  await service().start();
  const left = [...(await metrics()).matchAll(/^dwallet_certificate_seconds_left\{side="(\w+)".*\} (.*)$/gm)];
  expect(left.map(([, side, seconds]) => [side, Number(seconds)])).toEqual([
    ['clients', days * 86_400 - 1],
    ['peers', days * 86_400 - 1],
  ]);
  const warned = lines.filter((line) => line.includes('replace it and send SIGHUP'));
  expect(warned).toHaveLength(text === undefined ? 0 : 2);
  for (const line of warned) expect(line).toContain(text);
});

it('the genesis needs all validators', async () => {
  const { service, socket } = make();
  await service().start();
  await expect(adminCall(socket, 'genesis')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(adminCall(socket, 'reload')).rejects.toMatchObject({ code: 'COMMAND' });
});

it('a stop in the middle of the start leaves nothing behind', async () => {
  const { service } = make();
  const one = service();
  const started = one.start();
  const code = await one.stop();
  await started;
  expect([code, one.phase]).toEqual([0, 'stopped']);
  // Ports, store and admin socket are free.
  const two = service();
  await two.start();
  expect(two.phase).toBe('catching-up');
});

it('a start that fails half way leaves nothing behind', async () => {
  const set = ['compute.redis.url=redis://127.0.0.1:1', 'compute.redis.passwordEnvironment=NOT_GIVEN'];
  const { service } = make({}, set);
  // The store is open by then: were it not closed, the second one would meet it.
  for (let times = 0; times < 2; times++) await expect(service().start()).rejects.toThrow('the password of Redis');
});

it('the operator sees what the watchers of zones do, and acknowledges only what there is', async () => {
  const { socket, service } = make();
  await service().start();
  await expect(adminCall(socket, 'zone-faults')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await running.pop()?.stop();
  const zones = [
    'zones:',
    '  - chain: eip155:1003',
    '    nodes: [{ name: a, kind: evm, url: "http://127.0.0.1:1" }]',
    '    finality: { kind: finalised }',
    '    from: 0',
  ];
  const watching = make({}, [], zones.join('\n'));
  const one = watching.service();
  await one.start();
  expect(one.facts()).toMatchObject({ zoneLog: 'open' });
  expect(one.readiness()).toMatchObject({ zoneLog: true });
  expect(await adminCall(watching.socket, 'zone-faults')).toMatchObject({
    faults: [],
    watchers: [{ chain: 'eip155:1003', status: expect.stringMatching(/starting|silent/) as unknown }],
  });
  const block = 'ab'.repeat(32);
  const input = { chain: 'eip155:1003', track: 'final', block };
  await expect(adminCall(watching.socket, 'zone-acknowledge', input)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(adminCall(watching.socket, 'zone-acknowledge', { ...input, block: '' })).rejects.toMatchObject({
    code: 'INPUT',
  });
});
