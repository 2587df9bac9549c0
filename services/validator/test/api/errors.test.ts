/** Every error that a caller can meet: what it is in gRPC, what it says, and that it says nothing else. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { grpcPeer } from '@dwallet/client-sdk/node';
import type { Peer } from '@dwallet/two-pc-mpc/network';
import { RemoteError, decodeReply, encodeCall, encodeFailure, maxBodyBytes } from '@dwallet/two-pc-mpc/network';
import { ThresholdNotReachedError, CheckError, DecodeError, BugError } from '@dwallet/sigma';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type ErrorCode, errorRow, errorTable, richStatusOf, ruleCodes } from '../../src/api/errors.ts';
import { RefusedError } from '../../src/core.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { fixture, hex } from '../helpers/toy-network.ts';

let network: GrpcNetwork;
/** What validator 1 answers to clients, when a test says so. */
let answer: (() => Promise<Uint8Array>) | undefined;
beforeAll(async () => {
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-errors',
    serve: (index, validator: Peer) => ({
      call: (bytes) => (index === 1 && answer !== undefined ? answer() : validator.call(bytes)),
    }),
    change: () => ({ limits: { account: { perSecond: 1000, burst: 1000 } } }),
  });
});
afterAll(() => network.close());
beforeEach(() => {
  answer = undefined;
});

let count = 0;
/** A Sign request that is well-formed and about nothing. */
function signRequest() {
  const raw = new RawClient(network.toy);
  const body = new Uint8Array(200).fill(++count);
  body.set(raw.id);
  const envelope = raw.seal('client/sign', body.subarray(32, 64), body);
  return { requestId: `error-${count}`, envelope, dwalletId: raw.id, presignId: body.subarray(32, 64) };
}

const codes = Object.keys(errorTable) as ErrorCode[];

describe('the table', () => {
  test.each(codes)('%s', async (code) => {
    const row = errorRow(code);
    const error = new RemoteError(code, 'MPC:S9', 'said so', { field: 'SignMsg.ctA', retryAfterMs: undefined });
    answer = () => Promise.resolve(encodeFailure(error));
    const { code: grpc, rich, text } = await network.signing(1).call('Sign', signRequest());
    expect(grpc).toBe(row.grpc);
    const opaque = row.opaque === true;
    expect(text).toBe(opaque ? 'internal error' : 'said so');
    expect(rich).toMatchObject({ code: status[row.grpc], message: text, reason: code });
    expect(rich?.metadata).toEqual({
      retryable: String(row.retryable),
      presign_may_be_burnt: String(row.presignMayBeBurnt),
      signature_may_exist: String(row.signatureMayExist),
      operation_id: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      ...(opaque ? {} : { field: 'SignMsg.ctA', check: 'MPC:S9' }),
      ...(ruleCodes.has(code) ? { rule: 'MPC:S9' } : {}),
    });
    expect(rich?.retryAfterMs).toBe(row.retryable ? row.retryAfterMs : undefined);
    expect(rich?.fields).toEqual(
      row.grpc === 'INVALID_ARGUMENT' ? [{ field: 'SignMsg.ctA', description: 'said so' }] : undefined,
    );
  });

  test('only Sign can leave a signature behind, and only Sign and TakePresign use up a presign', () => {
    const error = new RefusedError('CONTRADICTION', 'x');
    const flags = (rpc: string) => {
      const { presign_may_be_burnt: burnt, signature_may_exist: exists } = richStatusOf(error, rpc).metadata;
      return [burnt, exists];
    };
    expect(flags('Sign')).toEqual(['true', 'true']);
    expect(flags('TakePresign')).toEqual(['true', 'false']);
    expect(flags('CreateDWallet')).toEqual(['false', 'false']);
  });

  test.each([
    [new DecodeError('SignMsg.ctA', 'is too long', 'CG:P7'), 'INVALID_ARGUMENT', 'DECODE', 'SignMsg.ctA', 'CG:P7'],
    [
      new CheckError('MPC:S9', 'SignMsg.proof', 'does not verify'),
      'FAILED_PRECONDITION',
      'CHECK_FAILED',
      'SignMsg.proof',
      'MPC:S9',
    ],
    [
      new ThresholdNotReachedError('decryption shares', 2, 3),
      'UNAVAILABLE',
      'THRESHOLD_NOT_REACHED',
      undefined,
      undefined,
    ],
    [new RefusedError('NOT_OWNER', "is somebody else's"), 'PERMISSION_DENIED', 'NOT_OWNER', undefined, undefined],
    [new BugError('x'), 'INTERNAL', 'BUG', undefined, undefined],
    [new Error('anything'), 'INTERNAL', 'INTERNAL', undefined, undefined],
    [new RemoteError('FROM_THE_FUTURE', 'X:1', 'unknown here'), 'INTERNAL', 'INTERNAL', undefined, undefined],
    [
      new ApiError('RATE_LIMITED', 'slowly', { retryAfterMs: 1500 }),
      'RESOURCE_EXHAUSTED',
      'RATE_LIMITED',
      undefined,
      undefined,
    ],
  ])("%s through the validator's reply", async (error, grpc, reason, field, check) => {
    answer = async () => encodeFailure(error);
    const { code, rich } = await network.signing(1).call('Sign', signRequest());
    expect([code, rich?.reason, rich?.metadata['field'], rich?.metadata['check']]).toEqual([
      grpc,
      reason,
      field,
      check,
    ]);
  });

  test('has every code that sources of the validator and of its packages can answer with', () => {
    const root = fileURLToPath(new URL('../../../../', import.meta.url));
    const folders = [
      'packages/sigma/src',
      'packages/class-groups/src',
      'packages/two-pc-mpc/src',
      'services/validator/src',
    ];
    const sources = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => readFileSync(join(root, folder, name), 'utf8')),
    );
    const found = new Set(
      sources.flatMap((text) => [
        ...[...text.matchAll(/readonly code = '([A-Z_]+)'/g)].map(([, code]) => code as string),
        ...[...text.matchAll(/new RefusedError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code as string),
        ...[...text.matchAll(/\| '(COMPUTE_[A-Z_]+)'/g)].map(([, code]) => code as string),
        ...[...text.matchAll(/new StoreError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code as string),
      ]),
    );
    // What ends a process or a start, or is said to operators on this machine, and never answers a call.
    const neverAnswered = new Set([
      'CONFIG',
      'TABLE_CACHE',
      'STORE_LOCKED',
      'STORE_OWNER',
      'STORE_VERSION',
      'STORE_BACKUP',
      'KEYSTORE_SECRET',
      'KEY_FILE',
      // Between a watcher and the nodes of its chain; callers are told that an event is not known, or which rule says no.
      'NODE_SILENT',
      'NODE_INCONSISTENT',
      'CHAIN_MOVED',
      'NODES_DISAGREE',
    ]);
    const missing = [...found].filter((code) => !Object.hasOwn(errorTable, code) && !neverAnswered.has(code));
    expect(found.size).toBeGreaterThan(12);
    expect(missing).toEqual([]);
  });

  test('is the one in docs/api.md', () => {
    const docs = readFileSync(fileURLToPath(new URL('../../../../docs/api.md', import.meta.url)), 'utf8');
    const rows = codes.map((code) => {
      const row = errorRow(code);
      const again = row.retryable ? (row.retryAfterMs === undefined ? 'yes' : `after ${row.retryAfterMs} ms`) : 'no';
      const cells = [
        code,
        row.grpc,
        again,
        row.presignMayBeBurnt ? 'maybe' : 'no',
        row.signatureMayExist ? 'maybe' : 'no',
      ];
      return `| ${[...cells, row.key, row.meaning].join(' | ')} |`;
    });
    expect(docs.split('\n').filter((line) => /^\| [A-Z_]+ \| [A-Z_]+ \|/.test(line))).toEqual(rows);
  });
});

describe('what a wallet gets of it', () => {
  const call = async (): Promise<unknown> => {
    const peer = grpcPeer({
      endpoint: network.clientEndpoint(1),
      ca: network.authority.certificate,
      tlsName: 'validator-1',
      waitWhenLimited: false,
    });
    try {
      const reply = await peer.call(encodeCall('client/sign', signRequest().envelope));
      return decodeReply(reply, maxBodyBytes);
    } catch (error) {
      return error;
    } finally {
      peer.close();
    }
  };

  test('code, check, field and wait of a refusal, as a reply', async () => {
    const refused = new RemoteError('TOO_MANY_IN_FLIGHT', 'MPC:S9', 'not now', { field: 'x.y', retryAfterMs: 1234 });
    answer = () => Promise.resolve(encodeFailure(refused));
    expect(await call()).toMatchObject({
      name: 'RemoteError',
      code: 'TOO_MANY_IN_FLIGHT',
      check: 'MPC:S9',
      field: 'x.y',
      retryAfterMs: 1234,
      message: 'not now',
    });
  });

  test('a validator that cannot be reached rejects, so that another one is asked', async () => {
    const nobody = grpcPeer({ endpoint: '127.0.0.1:9', ca: network.authority.certificate, deadlineMs: 5000 });
    await expect(nobody.call(encodeCall('network', new Uint8Array(0)))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    nobody.close();
    const distrusted = grpcPeer({ endpoint: network.clientEndpoint(1), deadlineMs: 5000 });
    await expect(distrusted.network()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    distrusted.close();
    const misnamed = grpcPeer({
      endpoint: network.clientEndpoint(1),
      ca: network.authority.certificate,
      tlsName: 'validator-2',
      deadlineMs: 5000,
    });
    await expect(misnamed.network()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    misnamed.close();
  });

  test('a caller that gives up', async () => {
    answer = () => new Promise(() => {});
    const signal = AbortSignal.abort();
    const peer = grpcPeer({ endpoint: network.clientEndpoint(1), ca: network.authority.certificate, signal });
    await expect(peer.presignStatus()).rejects.toMatchObject({ code: 'CANCELLED' });
    peer.close();
  });
});

test('no secret is in an error, in its details or in the log', async () => {
  const { toy } = network;
  const raw = new RawClient(toy);
  const secrets = [
    raw.wallet.seed,
    raw.wallet.wallets[0]?.userShare as string,
    ...toy.keystores.flatMap((keystore) => [hex(keystore.root.expose()), hex(keystore.identity.expose())]),
  ];
  const said: string[] = [];
  const hear = async (call: Promise<{ code: string; rich: unknown; text: string }>): Promise<void> => {
    const { code, rich, text } = await call;
    expect(code).not.toBe('OK');
    said.push(code, text, JSON.stringify(rich));
  };
  const canary = secrets.join(' ');
  // Something goes wrong inside, with a secret in its message.
  answer = () => Promise.reject(new Error(canary));
  await hear(network.signing(1).call('Sign', signRequest()));
  await hear(network.signing(1).call('GetNetwork', {}));
  answer = () => Promise.resolve(encodeFailure(new Error(canary)));
  await hear(network.signing(1).call('Sign', signRequest()));
  answer = () => Promise.resolve(encodeFailure(new BugError(canary)));
  await hear(network.signing(1).call('Sign', signRequest()));
  answer = () => Promise.resolve(Buffer.from(canary));
  await hear(network.signing(1).call('Sign', signRequest()));
  // Secrets where a request has its fields.
  answer = undefined;
  await hear(network.signing(1).call('Sign', { ...signRequest(), envelope: Buffer.from(canary) }));
  await hear(
    network.signing(1).call('Sign', { ...signRequest(), requestId: raw.wallet.seed, dwalletId: raw.wallet.seed }),
  );
  await hear(network.signing(1).call('GetOperation', { operationId: raw.wallet.seed }));
  await hear(network.signing(1).call('Sign', signRequest()));
  const everything = [...said, ...network.logs, ...toy.logs].join('\n');
  for (const secret of secrets) expect(everything).not.toContain(secret.slice(0, 24));
  // What the operator gets: that it happened, where, and which trace.
  expect(network.logs.join('\n')).toMatch(/internal error in GetNetwork \(Error\), trace [0-9a-f]{32}/);
});

test('words of others are cut and made printable', () => {
  const words = `a\u0000b\u001b[31m${'x'.repeat(5000)}`;
  const { message } = richStatusOf(new RemoteError('CHECK_FAILED', undefined, words), 'Sign');
  expect(message.length).toBeLessThanOrEqual(2048);
  expect(message.slice(0, 8)).toBe('a b [31m');
});
