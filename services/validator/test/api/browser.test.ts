/** The server for pages: Connect and gRPC-Web over HTTP and HTTPS do what gRPC does, within the same limits; only pages on the list may call. */
import { connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { ConnectPeer, type ConnectPeerOptions, PeerCallError, requestIdOf } from '@dwallet/client-sdk';
import { SigningService, readStatusDetails } from '@dwallet/proto/es';
import {
  type Peer,
  decodeCall,
  decodeReply,
  encodeCall,
  maxBodyBytes,
  operationIdOf,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterEach, describe, expect, test } from 'vitest';
import { BrowserServer } from '../../src/api/browser-server.ts';
import { type ApiLimits, defaultApiLimits } from '../../src/api/limits.ts';
import { isOriginEntry, originMatcher } from '../../src/api/origins.ts';
import { deferred } from '../helpers/grpc-call.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { pageFetch, rawRequest } from '../helpers/page-fetch.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { fixture, hex } from '../helpers/toy-network.ts';

const page = 'https://wallet.example';
const service = '/dwallet.v1.SigningService';

let network: GrpcNetwork | undefined;
const peers: ConnectPeer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await network?.close();
  network = undefined;
});

/** Validators 1 and 2 serve pages over HTTP, 3 and 4 over HTTPS; 1 holds what clients change until the gate opens. */
async function start(limits: Partial<ApiLimits> = {}, gate?: Promise<void>): Promise<GrpcNetwork> {
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'browser',
    change: (index, { clients }) => ({
      limits,
      browser: { address: '127.0.0.1:0', allowedOrigins: [page], tls: index < 3 ? undefined : clients.tls },
    }),
    serve: (index, validator: Peer) => ({
      call: async (bytes) => {
        const { method } = decodeCall(bytes, 2 * maxBodyBytes);
        if (index === 1 && method.startsWith('client/')) await gate;
        return validator.call(bytes);
      },
    }),
  });
  return network;
}

const urlOf = (at: GrpcNetwork, index: number): string =>
  `${index < 3 ? 'http' : 'https'}://127.0.0.1:${at.server(index).ports.browser}`;

/** A line of a page to one validator. */
function line(at: GrpcNetwork, index: number, options: Partial<ConnectPeerOptions> = {}): ConnectPeer {
  const fetch = pageFetch({ ca: at.authority.certificate, origin: page });
  const peer = new ConnectPeer({ endpoint: urlOf(at, index), fetch, ...options });
  peers.push(peer);
  return peer;
}

const transports = {
  'Connect over HTTP/1.1': (at: GrpcNetwork) =>
    createConnectTransport({ baseUrl: urlOf(at, 1), httpVersion: '1.1', useBinaryFormat: true }),
  'Connect in JSON': (at: GrpcNetwork) =>
    createConnectTransport({ baseUrl: urlOf(at, 1), httpVersion: '1.1', useBinaryFormat: false }),
  'gRPC-Web over HTTPS and HTTP/2': (at: GrpcNetwork) =>
    createGrpcWebTransport({ baseUrl: urlOf(at, 3), httpVersion: '2', nodeOptions: { ca: at.authority.certificate } }),
};

test('a wallet signs over lines of a page; the answers are those of gRPC', async () => {
  const at = await start();
  const raw = new RawClient(at.toy);
  at.toy.line = ({ from, to, pass, bytes }) => (from === undefined ? line(at, to).call(bytes) : pass());
  const client = await at.toy.client();
  const [wallet] = client.wallets;
  const { signature } = await (wallet as NonNullable<typeof wallet>).signRaw('sha256', new Uint8Array([1]));
  expect(signature.r).toBeGreaterThan(0n);
  const bytes = encodeCall('network', new Uint8Array(0));
  expect(await line(at, 4).call(bytes)).toEqual(await at.client(4).call(bytes));
  expect(decodeReply(await line(at, 1).call(bytes), maxBodyBytes).length).toBeGreaterThan(100);
  expect((await line(at, 3).dwallet(raw.id)).record).toEqual(
    new Uint8Array((await at.client(3).dwallet(raw.id)).record),
  );
});

describe.each(Object.entries(transports))('%s', (_, make) => {
  test('every refusal says what gRPC says', async () => {
    const at = await start({ account: { perSecond: 0.001, burst: 1 } });
    const client = createClient(SigningService, make(at));
    const index = _.startsWith('gRPC-Web') ? 3 : 1;
    const raw = new RawClient(at.toy);
    const take = (n: number) => ({
      requestId: `take-${n}`,
      envelope: raw.takeRequest(Uint8Array.of(n), new Uint8Array(32).fill(n)),
      dwalletId: raw.id,
    });
    const big = {
      requestId: 'x',
      envelope: new Uint8Array((defaultApiLimits.maxEnvelopeBytes['TakePresign'] ?? 0) + 1),
    };
    const cases = [
      ['GetDWallet', { dwalletId: new Uint8Array(31) }],
      ['GetDWallet', { dwalletId: new Uint8Array(32) }],
      ['TakePresign', { ...take(1), requestId: 'not allowed' }],
      ['TakePresign', { ...take(1), dwalletId: new Uint8Array(32) }],
      ['TakePresign', big],
      ['GetOperation', { operationId: '0'.repeat(64) }],
    ] as const;
    for (const [rpc, request] of cases) {
      const method = `${rpc[0]?.toLowerCase()}${rpc.slice(1)}` as 'getDWallet';
      const error = await client[method](request as object).then(
        () => undefined,
        (reason: unknown) => ConnectError.from(reason),
      );
      const { rich } = await at.signing(index).call(rpc, request);
      const details = error?.details.flatMap((detail) => ('type' in detail ? [detail] : [])) ?? [];
      expect(readStatusDetails(error?.code ?? 0, error?.rawMessage ?? '', details)).toEqual(rich);
      expect(rich?.reason).toMatch(/^[A-Z_]+$/);
    }
    // One bucket for both doors: gRPC took what there was.
    expect((await at.signing(index).call('TakePresign', take(2))).code).toBe('OK');
    const limited = await client.takePresign(take(3)).catch((reason: unknown) => ConnectError.from(reason));
    expect(limited).toMatchObject({ code: Code.ResourceExhausted });
    const details = (limited as ConnectError).details.flatMap((detail) => ('type' in detail ? [detail] : []));
    expect(readStatusDetails(8, '', details)).toMatchObject({
      reason: 'RATE_LIMITED',
      retryAfterMs: expect.any(Number),
    });
  });
});

test('a deadline ends the call; the operation goes on, is watched, and ends; a caller that leaves stops nothing', async () => {
  const gate = deferred();
  const at = await start({}, gate.promise);
  const raw = new RawClient(at.toy);
  const request = raw.takeRequest(Uint8Array.of(1), new Uint8Array(32).fill(1));
  const call = encodeCall('client/take-presign', request);
  const peer = line(at, 1);
  const late = await peer.call(call, { deadlineMs: 500 }).catch((error: unknown) => error);
  expect(late).toBeInstanceOf(PeerCallError);
  expect(late).toMatchObject({ code: 'DEADLINE_EXCEEDED', status: 4 });
  const id = hex(operationIdOf(peekEnvelope(request).sender, requestIdOf(request), request));
  expect((late as PeerCallError).details?.metadata['operation_id']).toBe(id);
  const leaving = new AbortController();
  const left = peer.call(call, { signal: leaving.signal }).catch((error: unknown) => error);
  setTimeout(() => leaving.abort(), 100);
  expect(await left).toMatchObject({ code: 'CANCELLED' });
  // Their places are free; the operation has its own.
  await expect.poll(() => at.server(1).load).toMatchObject({ clients: 0, operations: 1 });
  expect((await peer.operation(id)).rpc).toBe('TakePresign');
  const steps: string[] = [];
  const watching = (async () => {
    for await (const { step, state } of peer.watchOperation(id)) steps.push(`${state} ${step}`);
  })();
  gate.resolve();
  await watching;
  expect(steps[0]).toBe('OPERATION_STATE_PENDING accepted');
  expect(steps.at(-1)).toBe('OPERATION_STATE_COMPLETED completed');
  await expect(peer.watchOperation('0'.repeat(64)).next()).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' });
});

describe('size', () => {
  const headers = { 'content-type': 'application/proto' };

  test('a request is refused by its announced length, before any of it is there', async () => {
    const at = await start();
    const length = { ...headers, 'content-length': String(100 * 1024 * 1024) };
    const answer = await rawRequest(
      `${urlOf(at, 1)}${service}/TakePresign`,
      { method: 'POST', headers: length },
      (_, chunk) => chunk(new Uint8Array(1)),
    );
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'resource_exhausted' });
  });

  test('and where it announces none, as soon as it is too large; what is packed is not unpacked', async () => {
    const at = await start();
    const url = `${urlOf(at, 1)}${service}/TakePresign`;
    const answer = await rawRequest(url, { method: 'POST', headers }, (_, chunk) =>
      chunk(new Uint8Array(defaultApiLimits.maxRequestBytes + 1)),
    );
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'resource_exhausted' });
    const packed = await rawRequest(
      url,
      { method: 'POST', headers: { ...headers, 'content-encoding': 'gzip' } },
      (end) => end(new Uint8Array(10)),
    );
    expect(JSON.parse(packed.body.toString())).toMatchObject({ code: 'unimplemented' });
  });

  test('an answer that is too large is not read', async () => {
    const at = await start();
    await expect(line(at, 1, { maxMessageBytes: 1000 }).network()).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
  });

  test('requests that never arrive take places of their own, and not all', async () => {
    const at = await start({ maxInFlightPerAddress: 2 });
    const held = [1, 2].map(() => {
      const socket = tcpConnect({ host: '127.0.0.1', port: at.server(1).ports.browser ?? 0 });
      socket.write(
        `POST ${service}/TakePresign HTTP/1.1\r\nhost: x\r\ncontent-type: application/proto\r\ncontent-length: 9\r\n\r\n`,
      );
      return socket;
    });
    const ask = () => rawRequest(`${urlOf(at, 1)}${service}/GetPresignStatus`, { method: 'POST', headers });
    await expect.poll(async () => (await ask()).status).toBe(503);
    for (const socket of held) socket.destroy();
    await expect.poll(async () => (await ask()).status).toBe(200);
  });
});

describe('pages', () => {
  const ask = (at: GrpcNetwork, headers: Record<string, string>, method = 'POST') =>
    rawRequest(`${urlOf(at, 1)}${service}/GetPresignStatus`, {
      method,
      headers: { 'content-type': 'application/proto', ...headers },
    });

  test('on the list may call and read; others are refused before any handler hears of them', async () => {
    const at = await start();
    const allowed = await ask(at, { origin: page });
    expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([200, page]);
    const preflight = await ask(at, { origin: page, 'access-control-request-method': 'POST' }, 'OPTIONS');
    expect(preflight).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-methods': 'POST', vary: 'origin' },
    });
    expect(preflight.headers['access-control-allow-headers']).toContain('Connect-Protocol-Version');
    expect((await ask(at, {})).status).toBe(200);
    for (const origin of ['https://evil.example', 'null', 'http://wallet.example', `${page}.evil.example`, '*'])
      for (const method of ['POST', 'OPTIONS']) {
        const { status, headers, body } = await ask(at, { origin }, method);
        expect([origin, status, headers['access-control-allow-origin'], body.length]).toEqual([
          origin,
          403,
          undefined,
          0,
        ]);
      }
    const evil = new ConnectPeer({ endpoint: urlOf(at, 1), fetch: pageFetch({ origin: 'https://evil.example' }) });
    await expect(evil.network()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('the list has origins, and any port of this machine', () => {
    const good = [page, 'http://127.0.0.1:*', 'http://localhost:8080', 'chrome-extension://abcdef', 'http://[::1]:*'];
    for (const entry of good) expect([entry, isOriginEntry(entry)]).toEqual([entry, true]);
    const bad = [
      '*',
      'null',
      '',
      'https://x/',
      'https://x:*',
      'http://wallet.example',
      'https://u@x',
      'http://127.0.0.2',
      'file://',
    ];
    for (const entry of bad) expect([entry, isOriginEntry(entry)]).toEqual([entry, false]);
    const allowed = originMatcher(['http://127.0.0.1:*', page]);
    expect(['http://127.0.0.1:1', 'http://127.0.0.1', page].map(allowed)).toEqual([true, true, true]);
    expect(
      ['http://127.0.0.1:x', 'https://127.0.0.1:1', `${page}:443`, 'http://127.0.0.1.evil:1'].map(allowed),
    ).toEqual([false, false, false, false]);
  });

  test('nonsense ends only its own request', async () => {
    const at = await start();
    const url = urlOf(at, 1);
    expect((await rawRequest(`${url}/nothing`, {})).status).toBe(404);
    expect((await rawRequest(`${url}${service}/GetNetwork?x`, { method: 'POST' })).status).toBe(404);
    expect((await rawRequest(`${url}${service}/GetNetwork`, {})).status).toBe(405);
    expect((await ask(at, { 'content-type': 'application/grpc' })).status).toBe(415);
    expect((await ask(at, { host: '[' })).status).toBe(400);
    expect((await ask(at, { 'content-type': 'application/json' })).status).toBe(400);
    expect((await ask(at, {})).status).toBe(200);
    expect(at.logs).toHaveLength(1);
  });
});

test('plain HTTP is for loopback', async () => {
  const options = { allowedOrigins: [], tls: undefined, handlers: {}, limits: defaultApiLimits, log: () => {} };
  await expect(BrowserServer.start({ ...options, address: '0.0.0.0:0' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENTS',
  });
  expect(() => new ConnectPeer({ endpoint: 'http://validator.example:80' })).toThrow('endpoint');
  expect(() => new ConnectPeer({ endpoint: 'https://validator.example/path' })).toThrow('endpoint');
});

test('a new certificate is used from the next connection on', async () => {
  const at = await start();
  const port = at.server(3).ports.browser ?? 0;
  const serial = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = tlsConnect(
        { port, host: '127.0.0.1', ca: at.authority.certificate, servername: 'localhost' },
        () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  const before = await serial();
  const { key, certificate, ca } = at.authority.issue('another');
  at.identity(3).replace({ key, certificate, ca });
  expect(await serial()).not.toBe(before);
});

test('a server that stops takes nothing new and cuts off nothing that runs', async () => {
  const gate = deferred();
  const at = await start({}, gate.promise);
  const raw = new RawClient(at.toy);
  const call = encodeCall('client/take-presign', raw.takeRequest(Uint8Array.of(1), new Uint8Array(32).fill(1)));
  const peer = line(at, 1);
  const taking = peer.call(call);
  await expect.poll(() => at.server(1).load.clients).toBe(1);
  const closed = at.server(1).close(60_000);
  await expect(line(at, 1).presignStatus()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  gate.resolve();
  expect(decodeReply(await taking, maxBodyBytes).length).toBeGreaterThan(100);
  await closed;
  await expect(line(at, 1).presignStatus()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
