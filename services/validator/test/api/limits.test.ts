/** Limits: what is refused, with which hint, and that nothing else suffers. */
import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { listDWalletsKind } from '@dwallet/proto';
import { Secret } from '@dwallet/sigma';
import type { Peer } from '@dwallet/two-pc-mpc/network';
import { decodeCall, maxBodyBytes, operationIdOf, peekEnvelope } from '@dwallet/two-pc-mpc/network';
import { afterEach, describe, expect, test } from 'vitest';
import { silentApiObserver } from '../../src/api/api-observer.ts';
import { type ApiLimits, InFlight, TokenBuckets, defaultApiLimits } from '../../src/api/limits.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { deferred } from '../helpers/grpc-call.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { fixture } from '../helpers/toy-network.ts';

let network: GrpcNetwork | undefined;
const limited: string[] = [];
afterEach(async () => {
  await network?.close();
  network = undefined;
  limited.length = 0;
});

/** Validator 1 holds requests of clients, or of another kind, until the gate opens. */
async function start(
  limits: Partial<ApiLimits>,
  gate?: ReturnType<typeof deferred>,
  held = 'client/',
): Promise<GrpcNetwork> {
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-limits',
    change: () => ({
      limits,
      observer: { ...silentApiObserver, limited: (side, rpc, what) => void limited.push(`${side} ${rpc} ${what}`) },
    }),
    serve: (index, validator: Peer) => ({
      call: async (bytes) => {
        const { method } = decodeCall(bytes, 2 * maxBodyBytes);
        if (index === 1 && method.startsWith(held)) await gate?.promise;
        return validator.call(bytes);
      },
    }),
  });
  return network;
}

const takes = (at: GrpcNetwork) => {
  const raw = new RawClient(at.toy);
  return (n: number) => ({
    requestId: `take-${n}`,
    envelope: raw.takeRequest(Uint8Array.of(n), new Uint8Array(32).fill(n)),
    dwalletId: raw.id,
  });
};

describe('size', () => {
  /** Announces a message of 100 MB and sends nothing of it. @returns the gRPC status that comes all the same. */
  function announce(endpoint: string, path: string, tls: { ca: string; key?: string; cert?: string }): Promise<string> {
    const session = connect(`https://${endpoint}`, { ...tls, servername: 'localhost' });
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request(headers);
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(100 * 1024 * 1024, 1);
    stream.write(frame);
    return new Promise((resolve, reject) => {
      const hear = (fields: Record<string, unknown>): void => {
        const code = fields['grpc-status'];
        if (code === undefined) return;
        session.destroy();
        resolve(status[Number(code)] ?? 'UNKNOWN');
      };
      stream.on('response', hear);
      stream.on('trailers', hear);
      stream.on('error', reject);
      stream.resume();
    });
  }

  test('a request of 100 MB is refused by its announcement, before any of it is read', async () => {
    const at = await start({});
    const { ca } = at.authority.issue('validator-2');
    expect(await announce(at.clientEndpoint(1), '/dwallet.v1.SigningService/TakePresign', { ca })).toBe(
      'RESOURCE_EXHAUSTED',
    );
    const { key, certificate: cert } = at.authority.issue('validator-2');
    const tls = { ca, key, cert };
    expect(await announce(at.peerEndpoint(1), '/dwallet.v1.PeerService/ListRecords', tls)).toBe('RESOURCE_EXHAUSTED');
  });

  test('and so it is when it is sent; the next one is served', async () => {
    const at = await start({});
    const huge = { requestId: 'x', envelope: Buffer.alloc(100 * 1024 * 1024), dwalletId: new Uint8Array(32) };
    expect((await at.signing(1).call('TakePresign', huge)).code).toBe('RESOURCE_EXHAUSTED');
    expect((await at.signing(1).call('GetPresignStatus', {})).code).toBe('OK');
  });

  test('every rpc has a size of its own', async () => {
    const at = await start({});
    for (const [rpc, max] of Object.entries(defaultApiLimits.maxEnvelopeBytes)) {
      const answer = await at.signing(1).call(rpc, { requestId: 'x', envelope: Buffer.alloc(max + 1) });
      expect([rpc, answer.code, answer.rich?.reason]).toEqual([rpc, 'RESOURCE_EXHAUSTED', 'MESSAGE_TOO_LARGE']);
      expect(answer.rich?.metadata).toMatchObject({ retryable: 'false', field: 'envelope' });
      const smaller = await at.signing(1).call(rpc, { requestId: 'x', envelope: Buffer.alloc(max) });
      expect(smaller.rich?.reason).toBe('DECODE');
    }
  });
});

describe('rate', () => {
  test('an account that asks too often is told when to come back, and others are served', async () => {
    const at = await start({ account: { perSecond: 0.001, burst: 2 } });
    const take = takes(at);
    const codes = [];
    for (const n of [1, 2]) codes.push((await at.signing(1).call('TakePresign', take(n))).code);
    expect(codes).toEqual(['OK', 'OK']);
    const refused = await at.signing(1).call('TakePresign', take(3));
    expect([refused.code, refused.rich?.reason]).toEqual(['RESOURCE_EXHAUSTED', 'RATE_LIMITED']);
    expect(refused.rich?.retryAfterMs).toBeGreaterThan(500_000);
    expect(refused.rich?.retryAfterMs).toBeLessThanOrEqual(1_000_000);
    const account = Buffer.from(take(3).envelope.subarray(34, 66)).toString('hex');
    expect(refused.rich?.quota).toEqual([{ subject: `account:${account}`, description: 'requests per second' }]);
    expect(limited).toEqual(['client TakePresign RATE_LIMITED']);
    // It took no idempotency key and no presign.
    expect(at.toy.store(1).list('operation')).toHaveLength(2);

    const other = new RawClient(at.toy).seal(
      listDWalletsKind,
      new Uint8Array(32),
      new Uint8Array(0),
      new Secret(new Uint8Array(32).fill(1)),
    );
    const answer = await at.signing(1).call('ListDWallets', { envelope: other });
    expect([answer.code, answer.response['dwallets']]).toEqual(['OK', []]);
  });

  test('an address that asks too often is refused before anything is verified', async () => {
    const at = await start({ address: { perSecond: 0.01, burst: 3 } });
    const codes = [];
    for (let n = 0; n < 4; n++) codes.push((await at.signing(1).call('GetPresignStatus', {})).code);
    expect(codes).toEqual(['OK', 'OK', 'OK', 'RESOURCE_EXHAUSTED']);
    const refused = await at.signing(1).call('Sign', { requestId: 'x', envelope: Buffer.alloc(10) });
    expect(refused.rich?.quota).toEqual([{ subject: 'address:127.0.0.1', description: 'requests per second' }]);
  });

  test('a bucket fills again, up to its burst', () => {
    let now = 0;
    const buckets = new TokenBuckets({ perSecond: 10, burst: 2 }, () => now, 3);
    expect([buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 100]);
    now += 99;
    expect(buckets.take('a')).toBeLessThanOrEqual(2);
    now += 2;
    expect(buckets.take('a')).toBe(0);
    now += 10_000;
    expect([buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 100]);
    // Bounded: the one that was not seen for longest is forgotten.
    for (const other of ['b', 'c', 'd']) buckets.take(other);
    expect(buckets.take('a')).toBe(0);
  });
});

describe('requests under way', () => {
  test('of one account', async () => {
    const gate = deferred();
    const at = await start({ maxInFlightPerAccount: 2 }, gate);
    const take = takes(at);
    const signing = at.signing(1);
    const running = [1, 2].map((n) => signing.call('TakePresign', take(n)));
    await until(() => at.server(1).load.operations === 2);
    const refused = await signing.call('TakePresign', take(3));
    expect([refused.code, refused.rich?.reason]).toEqual(['RESOURCE_EXHAUSTED', 'TOO_MANY_IN_FLIGHT']);
    expect(refused.rich?.quota?.[0]?.subject).toMatch(/^account:[0-9a-f]{64}$/);
    expect(refused.rich?.retryAfterMs).toBe(200);
    // Reading is not affected.
    expect((await signing.call('GetPresignStatus', {})).code).toBe('OK');
    gate.resolve();
    expect((await Promise.all(running)).map(({ code }) => code)).toEqual(['OK', 'OK']);
    expect((await signing.call('TakePresign', take(3))).code).toBe('OK');
  });

  test('altogether', async () => {
    const gate = deferred();
    const at = await start({ maxInFlight: 1 }, gate);
    const take = takes(at);
    const running = at.signing(1).call('TakePresign', take(1));
    await until(() => at.server(1).load.operations === 1);
    const refused = await at.signing(1).call('GetPresignStatus', {});
    expect([refused.code, refused.rich?.quota]).toEqual([
      'RESOURCE_EXHAUSTED',
      [{ subject: 'service', description: 'requests under way' }],
    ]);
    gate.resolve();
    expect((await running).code).toBe('OK');
    expect((await at.signing(1).call('GetPresignStatus', {})).code).toBe('OK');
  });

  test('of one address, in which watching takes no part', async () => {
    const gate = deferred();
    const at = await start({ maxInFlightPerAddress: 1, maxWatchersPerAddress: 1 }, gate);
    const take = takes(at);
    const running = at.signing(1).call('TakePresign', take(1));
    await until(() => at.server(1).load.operations === 1);
    const refused = await at.signing(1).call('GetPresignStatus', {});
    expect(refused.rich?.quota).toEqual([{ subject: 'address:127.0.0.1', description: 'requests under way' }]);
    const id = Buffer.from(operationIdOf(peekEnvelope(take(1).envelope).sender, 'take-1', take(1).envelope)).toString(
      'hex',
    );
    const watching = at.client(1).watchOperation(id);
    expect((await watching.next()).value).toMatchObject({ step: 'accepted' });
    await expect(at.client(1).watchOperation(id).next()).rejects.toMatchObject({ code: 'TOO_MANY_IN_FLIGHT' });
    gate.resolve();
    for await (const event of watching) expect(event.sequence).toBeGreaterThan(0);
    expect((await running).code).toBe('OK');
  });

  test('a wallet waits as long as it is told, and then is served', async () => {
    const at = await start({ address: { perSecond: 1, burst: 1 } });
    const client = at.client(1);
    const answers = await Promise.all([client.presignStatus(), client.presignStatus()]);
    expect(answers).toHaveLength(2);
    const impatient = at.client(1, { waitWhenLimited: false });
    const all = await Promise.allSettled([1, 2, 3, 4].map(() => impatient.presignStatus()));
    expect(all.some(({ status: how }) => how === 'rejected')).toBe(true);
  });

  test('places are given back once', () => {
    const inFlight = new InFlight(2, 1);
    const leave = inFlight.enter('a');
    expect(() => inFlight.enter('a')).toThrow(/under way/);
    const other = inFlight.enter('b');
    expect(() => inFlight.enter('c')).toThrow(/under way/);
    leave();
    leave();
    expect(inFlight.total).toBe(1);
    inFlight.enter('a');
    other();
    expect(inFlight.total).toBe(1);
  });
});

test('a full queue of operations refuses more, with a hint, and works off what it has', async () => {
  const gate = deferred();
  const at = await start({ running: { TakePresign: 1 }, queued: { TakePresign: 1 } }, gate);
  const take = takes(at);
  const signing = at.signing(1);
  const first = signing.call('TakePresign', take(1));
  await until(() => at.server(1).load.operations === 1);
  const second = signing.call('TakePresign', take(2));
  await until(() => at.server(1).load.operations === 2);
  const refused = await signing.call('TakePresign', take(3));
  expect([refused.code, refused.rich?.reason]).toEqual(['RESOURCE_EXHAUSTED', 'OVERLOADED']);
  expect(refused.rich?.retryAfterMs).toBeGreaterThanOrEqual(100);
  expect(refused.rich?.quota).toEqual([{ subject: 'service', description: 'queued TakePresign operations' }]);
  // Attaching to what runs needs no place.
  const attached = signing.call('TakePresign', take(2));
  gate.resolve();
  expect((await Promise.all([first, second, attached])).map(({ code }) => code)).toEqual(['OK', 'OK', 'OK']);
  expect((await signing.call('TakePresign', take(3))).code).toBe('OK');
});

test('no more operations are stored than may be; what is stored goes on', async () => {
  const at = await start({ maxStoredOperations: 2 });
  const take = takes(at);
  const signing = at.signing(1);
  for (const n of [1, 2]) expect((await signing.call('TakePresign', take(n))).code).toBe('OK');
  const refused = await signing.call('TakePresign', take(3));
  expect([refused.code, refused.rich?.reason, refused.rich?.retryAfterMs]).toEqual([
    'RESOURCE_EXHAUSTED',
    'OVERLOADED',
    60_000,
  ]);
  expect(refused.rich?.quota).toEqual([{ subject: 'service', description: 'stored operations' }]);
  expect(at.toy.store(1).list('operation')).toHaveLength(2);
  expect((await signing.call('TakePresign', take(2))).code).toBe('OK');
});

test('a page token is one of ours', async () => {
  const at = await start({});
  const account = new Secret(new Uint8Array(32).fill(1));
  const envelope = new RawClient(at.toy).seal(listDWalletsKind, new Uint8Array(32), new Uint8Array(0), account);
  for (const [pageToken, code] of [
    ['', 'OK'],
    ['f'.repeat(64), 'OK'],
    ['f'.repeat(63), 'INVALID_ARGUMENT'],
    ['F'.repeat(64), 'INVALID_ARGUMENT'],
    ['../x', 'INVALID_ARGUMENT'],
  ]) {
    const answer = await at.signing(1).call('ListDWallets', { envelope, pageToken });
    expect([pageToken, answer.code]).toEqual([pageToken, code]);
    if (code !== 'OK') expect(answer.rich?.metadata['field']).toBe('page_token');
  }
});

test('validators together have a limit too', async () => {
  const gate = deferred();
  const at = await start({ maxPeerInFlight: 2 }, gate, 'records/list');
  const list = (from: number) => ({
    envelope: decodeCall(at.toy.callAs(from, 'records/list', new TextEncoder().encode('dwallet')), maxBodyBytes).body,
    kind: 'dwallet',
  });
  const line = (from: number) => at.peer(1, at.authority.issue(`validator-${from}`));
  const held = [2, 3].map((from) => line(from).call('ListRecords', list(from)));
  await until(() => at.server(1).load.peers === 2);
  const refused = await line(4).call('ListRecords', list(4));
  expect([refused.code, refused.rich?.quota?.[0]?.subject]).toEqual(['RESOURCE_EXHAUSTED', 'service']);
  gate.resolve();
  expect((await Promise.all(held)).map(({ code }) => code)).toEqual(['OK', 'OK']);
});

test('one validator cannot take all places of the others', async () => {
  const gate = deferred();
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-limits',
    change: () => ({ limits: { maxInFlightPerPeer: 1 } }),
    serve: (index, validator: Peer) => ({
      call: async (bytes) => {
        if (index === 1) await gate.promise;
        return validator.call(bytes);
      },
    }),
  });
  const at = network;
  const list = (from: number) => ({
    envelope: decodeCall(at.toy.callAs(from, 'records/list', new TextEncoder().encode('dwallet')), maxBodyBytes).body,
    kind: 'dwallet',
  });
  const lines = [2, 2, 3].map((from) => at.peer(1, at.authority.issue(`validator-${from}`)));
  const held = lines[0]?.call('ListRecords', list(2));
  await until(() => at.server(1).load.peers === 1);
  const refused = await lines[1]?.call('ListRecords', list(2));
  expect([refused?.code, refused?.rich?.quota?.[0]?.subject]).toEqual(['RESOURCE_EXHAUSTED', 'validator:2']);
  const other = lines[2]?.call('ListRecords', list(3));
  await until(() => at.server(1).load.peers === 2);
  gate.resolve();
  expect([(await held)?.code, (await other)?.code]).toEqual(['OK', 'OK']);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
