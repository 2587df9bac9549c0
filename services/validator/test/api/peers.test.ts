/** Lines between validators: what is tried again, what waits for nobody, how large a message may be, and the files that TLS is made of. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, type UntypedServiceImplementation, status } from '@grpc/grpc-js';
import { PeerService, isPeerMethod, peerMethods } from '@dwallet/proto';
import { concat, encodeBytes, encodeText } from '@dwallet/sigma';
import {
  decodeCall,
  decodeReply,
  encodeCall,
  encodeFailure,
  encodeResult,
  maxBodyBytes,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serviceError } from '../../src/api/calls.ts';
import { ApiError } from '../../src/api/errors.ts';
import { peerRouting, routingMismatch } from '../../src/api/routing.ts';
import { RefusedError } from '../../src/core.ts';
import { GrpcPeer, UnreachableError } from '../../src/peers/grpc-peers.ts';
import { requestContext, withRequestContext } from '../../src/request-context.ts';
import { serverCredentials } from '../../src/tls/credentials.ts';
import { DevelopmentAuthority } from '../../src/tls/development-authority.ts';
import { pinOf, requirePin } from '../../src/tls/pins.ts';
import { deferred } from '../helpers/grpc-call.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { fixture, v } from '../helpers/toy-network.ts';

let network: GrpcNetwork;
/** Calls that reached validator 1, and what answers them when a test says so. */
const reached: string[] = [];
let answer: ((method: string) => Promise<Uint8Array>) | undefined;
beforeAll(async () => {
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-peers',
    serve: (index, validator) => ({
      call: (bytes) => {
        const { method } = decodeCall(bytes, 2 * maxBodyBytes);
        if (index === 1) reached.push(method);
        return index === 1 && answer !== undefined ? answer(method) : validator.call(bytes);
      },
    }),
  });
});
afterAll(() => network.close());

const lineTo = (endpoint: string, callMs = 20_000): GrpcPeer =>
  new GrpcPeer(
    { validator: v(1), endpoint, tlsName: 'validator-1', pin: network.identity(1).pin },
    { self: v(2), networkId: network.toy.networkId, validators: [], tls: network.identity(2), callMs },
  );
const listCall = (): Uint8Array => network.toy.callAs(2, 'records/list', encodeText('dwallet'));

describe('trying again', () => {
  test("a line that breaks is tried again; the other end's answer is not", async () => {
    let calls = 0;
    let failures = 2;
    let failure: object = { code: status.UNAVAILABLE, details: 'the line broke' };
    const server = new Server();
    const handlers: UntypedServiceImplementation = {
      ListRecords: (_: unknown, callback: (error: object | null, response?: object) => void) => {
        calls++;
        if (failures-- > 0) callback(failure);
        else callback(null, { body: Buffer.of(1, 2) });
      },
    };
    server.addService(PeerService.service, handlers);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', serverCredentials(network.identity(1), 'required'), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const line = lineTo(`127.0.0.1:${port}`);
    expect([...decodeReply(await line.call(listCall()), 10)]).toEqual([1, 2]);
    expect(calls).toBe(3);
    failures = 3;
    calls = 0;
    await expect(line.call(listCall())).rejects.toThrow(UnreachableError);
    expect(calls).toBe(3);
    // A limit is over after a while; a line to the wrong validator is not.
    for (const [code, tries] of [
      ['TOO_MANY_IN_FLIGHT', 2],
      ['IDENTITY_MISMATCH', 1],
    ] as const) {
      failures = 1;
      calls = 0;
      failure = serviceError(new ApiError(code, 'x'), { rpc: 'ListRecords', operationId: undefined });
      const outcome = line.call(listCall());
      await (tries === 2 ? outcome : expect(outcome).rejects.toThrow(UnreachableError));
      expect(calls).toBe(tries);
    }
    line.close();
    server.forceShutdown();
  });

  test('a refusal is an answer, also one that says UNAVAILABLE', async () => {
    reached.length = 0;
    answer = () => Promise.resolve(encodeFailure(new RefusedError('UNAVAILABLE', 'not now')));
    const line = lineTo(network.peerEndpoint(1));
    const reply = await line.call(listCall());
    answer = undefined;
    expect(() => decodeReply(reply, 100)).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', message: 'not now' }) as Error,
    );
    expect(reached).toEqual(['records/list']);
    line.close();
  });

  test('a validator of another version of the contract is not there', async () => {
    const { networkId } = network.toy;
    const server = new Server();
    server.addService(PeerService.service, {
      Hello: (_: unknown, callback: (error: null, response: object) => void) =>
        callback(null, { validator: 1, networkId, protocolVersion: 7 }),
    });
    const tls = serverCredentials(network.identity(1), 'required');
    const port = await new Promise<number>((resolve) => {
      server.bindAsync('127.0.0.1:0', tls, (_, bound) => resolve(bound));
    });
    const line = lineTo(`127.0.0.1:${port}`);
    await expect(line.hello()).rejects.toMatchObject({
      code: 'PROTOCOL_VERSION',
      message: 'validator 1 has 7, validator 2 1',
    });
    line.close();
    server.forceShutdown();
  });

  test('nobody there: the call fails, and does not wait for its deadline', async () => {
    const line = lineTo('127.0.0.1:9', 3_600_000);
    await expect(line.call(listCall())).rejects.toThrow(UnreachableError);
    line.close();
  });

  test('one call that waits holds up no other', async () => {
    const gate = deferred();
    const entered = deferred();
    let first = true;
    answer = async () => {
      if (first) {
        first = false;
        entered.resolve();
        await gate.promise;
      }
      return encodeResult(Uint8Array.of(7));
    };
    const line = lineTo(network.peerEndpoint(1));
    const held = line.call(listCall());
    await entered.promise;
    expect(decodeReply(await line.call(listCall()), 10)).toHaveLength(1);
    gate.resolve();
    await held;
    answer = undefined;
    line.close();
  });

  test('a deadline ends the wait', async () => {
    answer = () => new Promise(() => {});
    const line = lineTo(network.peerEndpoint(1), 300);
    await expect(line.call(listCall())).rejects.toThrow(/DEADLINE_EXCEEDED/);
    const patient = lineTo(network.peerEndpoint(1), 3_600_000);
    const context = { traceId: 'ab'.repeat(16), deadline: performance.now() + 300 };
    await expect(withRequestContext(context, () => patient.call(listCall()))).rejects.toThrow(/DEADLINE_EXCEEDED/);
    answer = undefined;
    line.close();
    patient.close();
  });
});

test('the largest session message gets through, in both directions', async () => {
  const body = concat(
    encodeBytes(encodeText('presign')),
    new Uint8Array(32),
    encodeBytes(encodeText('round-1')),
    new Uint8Array(maxBodyBytes - 4 - 7 - 32 - 4 - 7),
  );
  expect(body).toHaveLength(maxBodyBytes);
  let seen = 0;
  answer = () => {
    seen++;
    return Promise.resolve(encodeResult(body));
  };
  const line = lineTo(network.peerEndpoint(1), 60_000);
  const reply = await line.call(network.toy.callAs(2, 'session/contribute', body));
  answer = undefined;
  expect([seen, decodeReply(reply, maxBodyBytes).length]).toEqual([1, maxBodyBytes]);
  line.close();
});

test('a request that no rpc carries is a bug, here and not at the other end', async () => {
  const line = lineTo(network.peerEndpoint(1));
  await expect(line.call(encodeCall('sign/everything', new Uint8Array(4)))).rejects.toMatchObject({ code: 'BUG' });
  expect(isPeerMethod('toString')).toBe(false);
  line.close();
});

test('routing fields of every act name what its body is about', async () => {
  const seen = new Map<string, object>();
  const line = network.toy.line;
  network.toy.line = (call) => {
    if (isPeerMethod(call.method)) {
      const envelope = peekEnvelope(decodeCall(call.bytes, 2 * maxBodyBytes).body);
      seen.set(call.method, peerRouting(call.method, envelope));
    }
    return line(call);
  };
  const client = await network.toy.client({ name: 'carol' });
  const dwallet = await client.createDWallet({ rawDigests: true });
  const { blamed } = await dwallet.signRaw('sha256', new Uint8Array(3));
  network.toy.line = line;
  expect(blamed).toEqual([]);
  const id = Buffer.from(dwallet.id, 'hex');
  for (const method of ['dwallet/vote', 'dwallet/commit', 'dwallet/accept'])
    expect(routingMismatch({ dwalletId: id }, seen.get(method) ?? {})).toBeUndefined();
  const presign = (seen.get('sign/assign') as { presignId: Uint8Array }).presignId;
  expect(presign).toHaveLength(32);
  for (const method of ['sign/bind', 'sign/share', 'sign/record'])
    expect(routingMismatch({ presignId: presign }, seen.get(method) ?? {})).toBeUndefined();
  expect(routingMismatch({ presignId: presign }, { presignId: id })).toBe('presign_id');
  expect(Object.keys(peerMethods)).toEqual(expect.arrayContaining([...seen.keys()]));
});

test('nothing of a request is left when it is over', () => {
  expect(requestContext()).toBeUndefined();
});

describe('certificates of a development network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dwallet-tls-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let now = Date.now();
  const open = (): DevelopmentAuthority => DevelopmentAuthority.open(join(folder, 'tls'), () => now);

  test('keys are readable by their owner only, and the same files serve the next start', () => {
    const authority = open();
    const first = authority.issue('validator-1');
    for (const name of ['authority.pem', 'validator-1.pem', 'validator-1.key'])
      expect(statSync(join(folder, 'tls', name)).mode & 0o777).toBe(0o600);
    expect(open().issue('validator-1')).toEqual(first);
    expect(readFileSync(join(folder, 'tls', 'ca.crt'), 'utf8')).toBe(first.ca);
    expect(first.certificate).not.toContain('PRIVATE');
  });

  test('a certificate stands for its name, loopback and what is asked for, and is no authority', () => {
    const parsed = new X509Certificate(open().issue('validator-2', ['10.1.2.3', 'v2.example']).certificate);
    for (const host of ['validator-2', 'localhost', 'v2.example']) expect(parsed.checkHost(host)).toBe(host);
    for (const address of ['127.0.0.1', '10.1.2.3']) expect(parsed.checkIP(address)).toBe(address);
    expect(parsed.checkIP('::1')).toBeDefined();
    expect(parsed.checkHost('validator-1')).toBeUndefined();
    expect(parsed.ca).toBe(false);
    expect(parsed.checkIssued(new X509Certificate(open().certificate))).toBe(true);
    expect(new X509Certificate(open().certificate).ca).toBe(true);
    // Its validity begins a little earlier than now, for clocks that differ.
    expect(Date.parse(parsed.validFrom)).toBeLessThan(now);
  });

  test('it is made anew for another host, and before it expires; its key, and so its pin, stays', () => {
    const first = open().issue('validator-3');
    const second = open().issue('validator-3', ['10.9.9.9']);
    expect(second.certificate).not.toBe(first.certificate);
    now += 800 * 86_400_000;
    const third = open().issue('validator-3', ['10.9.9.9']);
    expect(third.certificate).not.toBe(second.certificate);
    expect(Date.parse(new X509Certificate(third.certificate).validTo)).toBeGreaterThan(now);
    expect(new Set([first, second, third].map(({ certificate }) => pinOf(certificate))).size).toBe(1);
  });

  test('a pin is a digest of the public key', () => {
    const { certificate } = open().issue('validator-1');
    expect(requirePin(pinOf(certificate), 'pin')).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(() => requirePin('sha256:12', 'validators[0].pin')).toThrow(/validators\[0\]\.pin/);
    expect(() => pinOf('no certificate')).toThrow(/certificate/);
  });
});
