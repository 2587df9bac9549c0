/**
 * `dwallet zone|asset|cluster` and ZoneClient against the real API of a validator in a toy network, over TLS: what they print for people and programs,
 * and how they end.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZoneClient } from '@dwallet/client-sdk/node';
import { decodeCertificate, verifyCertificate } from '@dwallet/two-pc-mpc/network';
import { type ClusterRecord, encodeSubmission, entryFact, noDigest } from '@dwallet/zones';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { dwalletProgram } from '../../cli/src/program.ts';
import { ApiServer } from '../../services/validator/src/api/server.ts';
import { TlsIdentity } from '../../services/validator/src/tls/credentials.ts';
import { DevelopmentAuthority } from '../../services/validator/src/tls/development-authority.ts';
import {
  ZoneNetwork,
  account,
  assetX,
  bytes32,
  clusterEvent,
  dapp,
  defi,
  fakeKey,
  governanceOf,
  owner,
  zone,
  zoneEvent,
} from '../../services/validator/test/zones/zone-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'dwallet-zone-commands-'));
let net: ZoneNetwork;
let server: ApiServer;
let authority: DevelopmentAuthority;
let endpoint: string;
const nobody = '127.0.0.1:1';

beforeAll(async () => {
  net = await ZoneNetwork.ready();
  authority = DevelopmentAuthority.open(join(folder, 'tls'));
  const tls = new TlsIdentity(authority.issue('validator-1'));
  const validator = net.network.validator(1);
  server = await ApiServer.start({
    index: 1 as never,
    networkId: net.network.networkId,
    committee: net.network.committee,
    serve: validator,
    reads: validator,
    zones: net.zones(1),
    store: net.network.store(1),
    presigns: () => ({ available: 0, lowMark: 0, highMark: 0 }),
    hello: () => ({ generation: 1, hasKey: true, hasSetup: true, availablePresigns: 0, softwareVersion: 'test' }),
    peers: { address: '127.0.0.1:0', tls, pins: [tls.pin] },
    clients: { address: '127.0.0.1:0', tls },
  });
  endpoint = `127.0.0.1:${server.ports.clients}`;
  writeFileSync(join(folder, 'ca.crt'), authority.certificate);
  net.mint(100n, 'm:1');
  net.transfer(owner, defi, 30n, 't:1');
  net.transfer(defi, dapp, 5n, 't:2');
  await net.until((i) => net.height(i) === 2);
  await net.until(() => net.zones(1).refusalOf(defi, 't:2') !== undefined);
});
afterAll(async () => {
  await server.close(0);
  net.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line as `dwallet` does. */
async function run(args: readonly string[], endpoints = endpoint): Promise<Ended> {
  let code = 0;
  const said = { out: '', err: '' };
  const take = (to: 'out' | 'err', stream: NodeJS.WriteStream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said[to] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    });
  const program: Command = dwalletProgram((given) => {
    code = given;
  });
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: (text) => void (said.err += text) });
    command.commands.forEach(quiet);
  };
  quiet(program);
  const taken = [take('out', process.stdout), take('err', process.stderr)];
  try {
    const reach = ['--endpoints', endpoints, '--ca', join(folder, 'ca.crt')];
    await program.parseAsync([...args, ...reach], { from: 'user' });
  } catch (error) {
    code = 2;
    said.err += String(error);
  } finally {
    for (const one of taken) one.mockRestore();
  }
  return { code, ...said };
}
const json = async (...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await run([...args, '--json'])).out) as Record<string, unknown>;

it('what there is, for people and for programs; one validator that is away is passed over', async () => {
  expect(await json('zone', 'list')).toMatchObject({
    zones: [owner, dapp, defi].map((chain) => ({ chain, status: 'ZONE_STATUS_ACTIVE', watcher: 'following' })),
  });
  const shown = await run(['zone', 'show', defi], `${nobody},${endpoint}`);
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(shown.out).toMatch(new RegExp(`chain +${defi}\n`));
  expect(shown.out).not.toMatch(/record|certificate/);
  expect(await json('asset', 'show', assetX)).toMatchObject({
    asset: {
      asset: assetX,
      supply: '100',
      balances: [
        { chain: owner, amount: '70' },
        { chain: defi, amount: '30' },
      ],
    },
  });
  expect((await run(['asset', 'entries', assetX, '--from', '1'])).out).toMatch(/amount +30\n/);
  expect(await json('zone', 'event', owner, 't:1')).toMatchObject({ entry: { height: 1, amount: '30', to: defi } });
  const refused = await run(['zone', 'event', defi, 't:2']);
  expect(refused.out).toMatch(/ASSET:3/);
  expect(refused.out).toMatch(new RegExp(`from ${defi} to ${owner}, from ${owner} to ${dapp}`));
  expect(await json('zone', 'event', defi, 'nowhere')).toMatchObject({ unknown: true });
  const policy = await json('zone', 'policy', Buffer.from(net.vaultKey).toString('hex'));
  expect(policy).toMatchObject({ purpose: 'vault', subject: assetX, version: 0 });
  expect((await run(['cluster', 'list'])).out).toBe('none\n');
  // A certificate that anybody can verify.
  const { certificate } = await json('asset', 'entry', assetX, '1');
  const entry = net.zones(2).state.entries(assetX)[1];
  if (entry === undefined) throw new Error('no entry');
  const decoded = decodeCertificate(new Uint8Array(Buffer.from(certificate as string, 'hex')));
  verifyCertificate(net.network.committee, decoded, entryFact(entry), 'ASSET:7');
});

it('records are handed in as bytes or hex, certified once, and refused by rule', async () => {
  const prev = net.zones(1).state.world.zones.get(dapp)?.digest as never;
  const event = zoneEvent(zone(dapp, { status: 'frozen', version: 1n, prev }));
  const [raw, text] = [join(folder, 'record.bin'), join(folder, 'record.hex')];
  const bytes = encodeSubmission({ kind: 'record', event });
  writeFileSync(raw, bytes);
  writeFileSync(text, `${Buffer.from(bytes).toString('hex')}\n`);
  expect(await run(['zone', 'submit', raw])).toEqual({ code: 0, out: 'certified\n', err: '' });
  expect(await run(['zone', 'submit', text])).toMatchObject({ code: 0 });
  expect(await json('zone', 'show', dapp)).toMatchObject({ zone: { status: 'ZONE_STATUS_FROZEN', version: 1 } });
  writeFileSync(raw, encodeSubmission({ kind: 'record', event: zoneEvent(zone(dapp, { settlementMs: 1 })) }));
  const refused = await run(['zone', 'submit', raw, '--json']);
  expect([refused.code, JSON.parse(refused.out)]).toMatchObject([
    3,
    { error: 'POLICY_REFUSED', check: 'GOVERNANCE:2' },
  ]);
  writeFileSync(raw, 'garbage');
  expect(JSON.parse((await run(['zone', 'submit', raw, '--json'])).out)).toMatchObject({ exitCode: 3 });
});

it('every way to go wrong has its exit code', async () => {
  const cases: readonly (readonly [number, RegExp, string[], string?])[] = [
    [3, /there is no zone here/, ['zone', 'show', 'eip155:9']],
    [3, /there is no asset here/, ['asset', 'entries', 'eip155:9/slip44:60']],
    [3, /there is no entry of this height/, ['asset', 'entry', assetX, '99']],
    [3, /there is no settlement of this interval/, ['cluster', 'settlement', 'none', '0']],
    [3, /there is no cluster here/, ['cluster', 'watch', 'none']],
    [2, /66 hex characters/, ['zone', 'policy', 'ab']],
    [2, /cannot be read/, ['zone', 'submit', join(folder, 'missing')]],
    [2, /must be an integer/, ['asset', 'entries', assetX, '--from', '-1']],
    [2, /missing required argument/, ['zone', 'show']],
    [2, /--network is a folder/, ['zone', 'list', '--network', folder]],
    [4, /UNAVAILABLE|ECONNREFUSED|No connection/, ['zone', 'list'], nobody],
  ];
  for (const [code, message, args, endpoints] of cases) {
    const ended = await run(args, endpoints);
    expect([ended.code, ended.err], args.join(' ')).toEqual([code, expect.stringMatching(message) as unknown]);
  }
});

it('streams tell what was and what comes; ZoneClient ends them and says what a validator refuses', async () => {
  const client = new ZoneClient({ endpoint, ca: authority.certificate });
  const seen: unknown[] = [];
  for await (const { entry } of client.watch('WatchEntries', { asset: assetX, fromHeight: 1 })) {
    seen.push((entry as { height: number }).height);
    if (seen.length === 1) net.transfer(owner, defi, 1n, 't:3');
    else break;
  }
  expect(seen).toEqual([1, 2]);
  const zones: unknown[] = [];
  for await (const { zone: one } of client.watch('WatchZone', { chain: defi })) {
    zones.push((one as { status: string }).status);
    if (zones.length > 1) break;
    const prev = net.zones(1).state.world.zones.get(defi)?.digest as never;
    await client.submit(
      encodeSubmission({ kind: 'record', event: zoneEvent(zone(defi, { status: 'frozen', version: 1n, prev })) }),
    );
  }
  expect(zones).toEqual(['ZONE_STATUS_ACTIVE', 'ZONE_STATUS_FROZEN']);
  // A cluster whose settlement key is nobody's.
  const member = (chain: string) => ({
    chain,
    governance: governanceOf(chain),
    configuration: bytes32(chain),
    settlementMs: 60_000,
  });
  const record: ClusterRecord = {
    cluster: 'fast',
    members: [dapp, defi].map(member),
    deltaMs: 2000,
    threshold: 2,
    parent: owner,
    settlementContract: account('settlement'),
    settlementKey: fakeKey('nobody'),
    maxFee: 1n,
    version: 0n,
    prev: noDigest,
  };
  const event = clusterEvent(record, Date.now());
  await expect(client.submit(encodeSubmission({ kind: 'record', event }))).rejects.toMatchObject({
    code: 'POLICY_REFUSED',
    check: 'ZONE:1',
  });
  await expect(client.call('GetZone', { chain: 'eip155:9' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  client.close();
  const away = new ZoneClient({ endpoint: nobody, ca: authority.certificate, timeoutMs: 3000 });
  await expect(away.call('ListZones')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  away.close();
});
