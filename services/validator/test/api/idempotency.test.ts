/** request_id: the same request is one operation, whenever and however often it is sent; another one under the same id is an error. */
import { type OperationEventMessage__Output, signingRpcs } from '@dwallet/proto';
import { requestIdOf } from '@dwallet/client-sdk/node';
import {
  RemoteError,
  decodeCall,
  encodeEnvelope,
  encodeFailure,
  encodeParts,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  operationIdOf,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import type { Peer } from '@dwallet/two-pc-mpc/network';
import type { ValidatorId } from '@dwallet/sigma';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentApiObserver } from '../../src/api/api-observer.ts';
import { type ApiServer } from '../../src/api/server.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { deferred } from '../helpers/grpc-call.ts';
import { type ClientRequest, GrpcNetwork } from '../helpers/grpc-network.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { MemoryWalletStore, accountKeyOf, fixture, hex } from '../helpers/toy-network.ts';

let network: GrpcNetwork;
/** What a wallet sent while it made a dWallet and signed: one request of every kind. */
let requests: ClientRequest[];
const wallet = new MemoryWalletStore();
const replayed: string[] = [];
/** Calls that reached validator 1 itself, by method. */
const worked: string[] = [];
/** Stands between validator 1's server and the validator, when a test puts something there. */
let between: ((method: string, pass: () => Promise<Uint8Array>) => Promise<Uint8Array>) | undefined;
let clock = 1_800_000_000_000;

const serve = (index: ValidatorId, validator: Peer): Peer => ({
  call: (bytes) => {
    const { method } = decodeCall(bytes, 2 * maxBodyBytes);
    if (index !== 1) return validator.call(bytes);
    if (method.startsWith('client/')) worked.push(method);
    const pass = (): Promise<Uint8Array> => validator.call(bytes);
    return between?.(method, pass) ?? pass();
  },
});

beforeAll(async () => {
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-idempotency',
    serve,
    change: () => ({
      now: () => clock,
      observer: { ...silentApiObserver, replayed: (rpc, how) => void replayed.push(`${rpc} ${how}`) },
      limits: { account: { perSecond: 1000, burst: 1000 } },
    }),
  });
  requests = await network.requestsOf(async () => {
    const client = await network.toy.client({ name: 'bob', store: wallet });
    const dwallet = await client.createDWallet({ rawDigests: true });
    await dwallet.signRaw('sha256', new TextEncoder().encode('once'));
  });
});
afterAll(() => network.close());
beforeEach(() => {
  worked.length = 0;
  replayed.length = 0;
  between = undefined;
});

/** A presign as far as the API looks at it, so that a test about operations uses none up. */
const taken = (): Promise<Uint8Array> =>
  Promise.resolve(encodeResult(encodeParts(Array.from({ length: 4 }, (_, i) => Uint8Array.of(i)))));
const standIn: typeof between = (method, pass) => (method === 'client/take-presign' ? taken() : pass());

const requestOf = (rpc: string): ClientRequest => requests.find((request) => request.rpc === rpc) as ClientRequest;
const send = (request: ClientRequest, requestId: string, to = 1) =>
  network.signing(to).call(request.rpc, { requestId, envelope: request.envelope, ...request.routing });

/** The same kind of request by the same account, about something else. */
function otherThan(request: ClientRequest): ClientRequest {
  const envelope = openEnvelope(request.envelope, network.toy.networkId);
  const body = Uint8Array.from(envelope.body);
  body[body.length - 1] = (body[body.length - 1] as number) ^ 1;
  const { networkId, session, kind } = envelope;
  const sealed = sealEnvelope(accountKeyOf(wallet.data as NonNullable<typeof wallet.data>), {
    networkId,
    session,
    kind,
    body,
  });
  return { ...request, envelope: encodeEnvelope(sealed) };
}
const idOf = (request: ClientRequest, requestId: string): string =>
  hex(operationIdOf(openEnvelope(request.envelope, network.toy.networkId).sender, requestId, request.envelope));

describe('every rpc that changes something', () => {
  test.each(Object.values(signingRpcs))(
    '%s: the same request gets the same answer, and is worked on once',
    async (rpc) => {
      const request = requestOf(rpc);
      // The wallet's own transport sent it under this id.
      const requestId = requestIdOf(request.envelope);
      const first = await send(request, requestId);
      const second = await send(request, requestId);
      expect([first.code, second.code]).toEqual(['OK', 'OK']);
      expect(second.response).toEqual(first.response);
      expect(first.response['operationId']).toBe(idOf(request, requestId));
      expect(worked).toEqual([]);
      expect(replayed).toEqual([`${rpc} answered`, `${rpc} answered`]);
    },
  );

  test.each(Object.values(signingRpcs))(
    '%s: another request under the same id is refused, and changes nothing',
    async (rpc) => {
      const request = requestOf(rpc);
      const requestId = requestIdOf(request.envelope);
      const other = await send(otherThan(request), requestId);
      expect([other.code, other.rich?.reason]).toEqual(['ALREADY_EXISTS', 'REQUEST_ID_REUSED']);
      expect(other.rich?.metadata).toMatchObject({ field: 'request_id', retryable: 'false' });
      expect(worked).toEqual([]);
      expect((await send(request, requestId)).code).toBe('OK');
    },
  );

  test.each(Object.values(signingRpcs))(
    '%s: a field that does not say what the envelope says is named',
    async (rpc) => {
      const request = requestOf(rpc);
      for (const field of Object.keys(request.routing)) {
        const routing = { ...request.routing, [field]: new Uint8Array(32).fill(7) };
        const answer = await network
          .signing(1)
          .call(rpc, { requestId: 'mismatch', envelope: request.envelope, ...routing });
        expect([answer.code, answer.rich?.reason]).toEqual(['INVALID_ARGUMENT', 'ROUTING_MISMATCH']);
        const name = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        expect(answer.rich?.fields?.map((violation) => violation.field)).toEqual([name]);
      }
      expect(worked).toEqual([]);
    },
  );

  test.each(['', 'a b', 'x'.repeat(65)])('request_id %j is refused', async (requestId) => {
    const answer = await send(requestOf('TakePresign'), requestId);
    expect([answer.code, answer.rich?.reason]).toEqual(['INVALID_ARGUMENT', 'REQUEST_ID_INVALID']);
  });

  test('the id belongs to the account: another one may use it for its own request', async () => {
    const requestId = requestIdOf(requestOf('TakePresign').envelope);
    between = standIn;
    const alice = new RawClient(network.toy);
    const envelope = alice.takeRequest(new Uint8Array(1), new Uint8Array(32));
    const answer = await network.signing(1).call('TakePresign', { requestId, envelope, dwalletId: alice.id });
    expect(answer.code).toBe('OK');
  });

  test('an envelope whose signature does not verify takes no id', async () => {
    const request = requestOf('TakePresign');
    const envelope = request.envelope.slice();
    envelope[envelope.length - 1] = (envelope[envelope.length - 1] as number) ^ 1;
    const forged = await send({ ...request, envelope }, 'forged');
    expect([forged.code, forged.rich?.reason]).toEqual(['INVALID_ARGUMENT', 'DECODE']);
    expect((await send(request, 'forged')).code).toBe('OK');
  });
});

test('while it runs, the same request attaches to it', async () => {
  const gate = deferred();
  const reached = deferred();
  between = async (_, pass) => {
    reached.resolve();
    await gate.promise;
    return pass();
  };
  const request = requestOf('TakePresign');
  const first = send(request, 'attach');
  await reached.promise;
  const others = [send(request, 'attach'), send(request, 'attach')];
  const other = await send(otherThan(request), 'attach');
  expect(other.rich?.reason).toBe('REQUEST_ID_REUSED');
  gate.resolve();
  const answers = await Promise.all([first, ...others]);
  expect(new Set(answers.map((answer) => JSON.stringify(answer.response))).size).toBe(1);
  expect(worked).toEqual(['client/take-presign']);
  expect(replayed).toEqual(['TakePresign attached', 'TakePresign attached']);
});

describe('failures', () => {
  const failOnce = (error: unknown): void => {
    between = () => {
      between = standIn;
      return Promise.resolve(encodeFailure(error));
    };
  };
  const otherTake = (): ClientRequest => {
    const alice = new RawClient(network.toy);
    const envelope = alice.takeRequest(new Uint8Array([worked.length, 1]), new Uint8Array(32).fill(3));
    return { rpc: 'TakePresign', envelope, routing: { dwalletId: alice.id } };
  };

  test('what nobody foresaw releases the id: it serves another request then', async () => {
    failOnce(new Error('what the operator alone may know'));
    const failed = await send(otherTake(), 'released');
    expect([failed.code, failed.rich?.reason, failed.text]).toEqual(['INTERNAL', 'INTERNAL', 'internal error']);
    expect((await send({ ...otherTake(), ...takeOf('second') }, 'released')).code).toBe('OK');
  });

  test('what may be better later is tried again for the same request, and for no other one', async () => {
    failOnce(new RemoteError('UNAVAILABLE', undefined, 'the presign pool is empty'));
    const request = otherTake();
    const failed = await send(request, 'later');
    expect([failed.code, failed.rich?.retryAfterMs]).toEqual(['UNAVAILABLE', 1000]);
    expect((await send(takeOf('third'), 'later')).rich?.reason).toBe('REQUEST_ID_REUSED');
    expect((await send(request, 'later')).code).toBe('OK');
    expect(replayed).toEqual(['TakePresign run again']);
  });

  test('what cannot become right is answered from the record', async () => {
    failOnce(new RemoteError('DECODE', undefined, 'TakePresign.kind: is unknown', { field: 'TakePresign.kind' }));
    const request = takeOf('fourth');
    const failed = await send(request, 'wrong');
    expect(failed.code).toBe('INVALID_ARGUMENT');
    expect(await send(request, 'wrong')).toEqual(failed);
    expect(worked).toHaveLength(1);
  });
});

function takeOf(label: string): ClientRequest {
  const alice = new RawClient(network.toy);
  const envelope = alice.takeRequest(new TextEncoder().encode(label), new Uint8Array(32).fill(5));
  return { rpc: 'TakePresign', envelope, routing: { dwalletId: alice.id } };
}

describe('after a restart', () => {
  /** Kills the server of validator 1 and starts it again over the same store. */
  async function restart(): Promise<ApiServer> {
    await network.server(1).close(0);
    await network.startServer(1 as ValidatorId);
    return network.server(1);
  }

  test('a finished operation is still there, and its id still taken', async () => {
    between = standIn;
    const request = takeOf('fifth');
    const first = await send(request, 'kept');
    await restart();
    worked.length = 0;
    expect((await send(request, 'kept')).response).toEqual(first.response);
    expect((await send(takeOf('sixth'), 'kept')).rich?.reason).toBe('REQUEST_ID_REUSED');
    expect(worked).toEqual([]);
  });

  test('one that was interrupted is worked on again, with events that go on where they were', async () => {
    const reached = deferred();
    between = () => {
      reached.resolve();
      return new Promise(() => {});
    };
    const request = takeOf('seventh');
    const lost = send(request, 'interrupted');
    await reached.promise;
    const id = idOf(request, 'interrupted');
    const before = await network.client(1).operation(id);
    expect(before.state).toBe('OPERATION_STATE_PENDING');
    const server = await restart();
    expect(['UNAVAILABLE', 'CANCELLED']).toContain((await lost).code);
    between = undefined;
    worked.length = 0;
    // As the service does when it is ready.
    server.setServing('SERVING');
    const events: OperationEventMessage__Output[] = [];
    for await (const event of network.client(1).watchOperation(id, before.lastSequence)) events.push(event);
    expect(events.map(({ step }) => step)).toEqual(['accepted', 'sign/assign', 'completed']);
    expect(worked).toEqual(['client/take-presign']);
    const operation = await network.client(1).operation(id);
    expect([operation.state, operation.result]).toEqual(['OPERATION_STATE_COMPLETED', 'takePresign']);
    const again = await send(request, 'interrupted');
    expect(again.response['presign']).toEqual(operation.takePresign?.presign);
    expect(worked).toHaveLength(1);
  });
});

test('what was interrupted goes on later when it cannot be written now; nobody is told by an exception', async () => {
  const [reached, gate] = [deferred(), deferred()];
  between = () => {
    reached.resolve();
    return new Promise(() => {});
  };
  const request = takeOf('a full disk');
  const lost = send(request, 'full');
  await reached.promise;
  await network.server(1).close(0);
  await lost;
  await network.startServer(1 as ValidatorId);
  between = () => {
    gate.resolve();
    return taken();
  };
  const store = network.toy.store(1);
  const server = network.server(1);
  store.put = () => {
    throw new StoreError('STORE_DISK_FULL', 'the disk is full');
  };
  server.setServing('SERVING');
  Reflect.deleteProperty(store, 'put');
  expect([server.load.operations, network.logs.at(-1)]).toEqual([0, expect.stringContaining('STORE_DISK_FULL')]);
  server.setServing('NOT_SERVING');
  server.setServing('SERVING');
  await gate.promise;
  await server.operations.drain();
  expect((await network.client(1).operation(idOf(request, 'full'))).state).toBe('OPERATION_STATE_COMPLETED');
});

test('what is older than a day is forgotten, and nothing younger', async () => {
  between = standIn;
  const request = takeOf('eighth');
  await send(request, 'old');
  const id = idOf(request, 'old');
  clock += 86_400_000 - 1000;
  expect((await network.client(1).operation(id)).requestId).toBe('old');
  expect((await send(takeOf('ninth'), 'old')).rich?.reason).toBe('REQUEST_ID_REUSED');
  clock += 2000;
  await expect(network.client(1).operation(id)).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' });
  // Its id is free for another request, and the store keeps nothing of it.
  expect((await send(takeOf('ninth'), 'old')).code).toBe('OK');
  for (const kind of ['operation', 'operation-reply']) expect(network.toy.store(1).get(kind, id)).toBeUndefined();
  expect(hex(network.toy.store(1).get('operation', idOf(takeOf('ninth'), 'old')) as Uint8Array)).not.toBe('');
});

test('what is swept leaves nothing behind, nor does what an earlier version left empty', async () => {
  between = standIn;
  const store = network.toy.store(1);
  const kinds = ['operation', 'operation-reply', 'request-key'];
  for (const n of [1, 2, 3]) await send(takeOf(`swept ${n}`), `swept-${n}`);
  for (const kind of kinds) store.put(kind, 'ab'.repeat(32), new Uint8Array(0));
  clock += 86_400_000 + 1000;
  await network.server(1).close(0);
  await network.startServer(1 as ValidatorId);
  expect(store.list('operation')).not.toContain('ab'.repeat(32));
  network.server(1).operations.sweep();
  expect(kinds.flatMap((kind) => store.list(kind))).toEqual(['ab'.repeat(32)]);
});
