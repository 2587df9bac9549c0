/** Deadlines end calls, not operations; what a caller missed can be fetched and watched; a server stops without cutting off what runs. */
import type { Peer } from '@dwallet/two-pc-mpc/network';
import { decodeCall, maxBodyBytes, operationIdOf, peekEnvelope } from '@dwallet/two-pc-mpc/network';
import type { OperationEventMessage__Output } from '@dwallet/proto';
import { afterEach, expect, test } from 'vitest';
import { requestContext } from '../../src/request-context.ts';
import { remainingMs } from '../../src/api/calls.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { deferred } from '../helpers/grpc-call.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { fixture, hex, v } from '../helpers/toy-network.ts';

let network: GrpcNetwork | undefined;
afterEach(async () => {
  await network?.close();
  network = undefined;
});

type Between = (call: { index: number; method: string; pass: () => Promise<Uint8Array> }) => Promise<Uint8Array>;

const start = async (between: Between, change: Parameters<typeof GrpcNetwork.start>[0] = {}): Promise<GrpcNetwork> => {
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-deadlines',
    serve: (index, validator: Peer) => ({
      call: (bytes) => {
        const { method } = decodeCall(bytes, 2 * maxBodyBytes);
        return between({ index, method, pass: () => validator.call(bytes) });
      },
    }),
    ...change,
  });
  return network;
};

/** A signature asked for with a deadline that is over before the validator begins. */
async function signTooLate(at: GrpcNetwork, gate: ReturnType<typeof deferred>, reached: ReturnType<typeof deferred>) {
  const raw = new RawClient(at.toy);
  const taken = await raw.take(2, 'a deadline');
  const envelope = raw.signRequest(taken, await raw.signMessage(taken));
  const request = { requestId: 'late', envelope, dwalletId: raw.id, presignId: taken.presign.presignId };
  const signing = at.signing(1);
  // The line is there before the clock runs.
  await signing.call('GetPresignStatus', {});
  const call = signing.call('Sign', request, { deadlineMs: 3000 });
  await reached.promise;
  const answer = await call;
  return { answer, gate, request, presign: taken.presign.presignId };
}

test('a deadline ends the call; the operation goes on, and its result is there', async () => {
  const [gate, reached] = [deferred(), deferred()];
  const at = await start(async ({ index, method, pass }) => {
    if (index === 1 && method === 'client/sign') {
      reached.resolve();
      await gate.promise;
    }
    return pass();
  });
  const { answer, request, presign } = await signTooLate(at, gate, reached);
  expect(answer.code).toBe('DEADLINE_EXCEEDED');
  // Whoever has the request knows its operation; the answer says it too, unless the caller hung up first.
  const id = hex(operationIdOf(peekEnvelope(request.envelope).sender, 'late', request.envelope));
  if (answer.rich !== undefined) expect(answer.rich.metadata['operation_id']).toBe(id);

  const client = at.client(1);
  expect((await client.operation(id)).state).toBe('OPERATION_STATE_PENDING');
  gate.resolve();
  const steps: OperationEventMessage__Output[] = [];
  for await (const event of client.watchOperation(id)) steps.push(event);
  expect(steps.at(-1)).toMatchObject({ state: 'OPERATION_STATE_COMPLETED', step: 'completed' });
  expect(steps.map(({ step }) => step)).toEqual(
    expect.arrayContaining(['accepted', 'sign/bind', 'sign/share', 'sign/record']),
  );
  const numbers = steps.map(({ sequence }) => sequence);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));

  // A broken stream goes on after the last number that was heard.
  const [, second] = steps;
  const rest: number[] = [];
  for await (const event of client.watchOperation(id, second?.sequence)) rest.push(event.sequence);
  expect(rest).toEqual(numbers.slice(2));
  const told: number[] = [];
  let ended = 0;
  at.server(1).operations.watch(
    id,
    second?.sequence ?? 0,
    ({ sequence }) => told.push(sequence),
    () => ended++,
  );
  expect([told, ended]).toEqual([numbers.slice(2), 1]);

  const operation = await client.operation(id);
  expect([operation.state, operation.rpc, operation.requestId]).toEqual(['OPERATION_STATE_COMPLETED', 'Sign', 'late']);
  const { signature } = await client.signature(presign);
  expect(operation.sign?.signature).toEqual(signature);
  // And the same request has the same answer.
  const again = await at.signing(1).call('Sign', request);
  expect(again.response['signature']).toEqual(signature);
  expect(at.toy.marked(1).size).toBe(1);
});

test('a client that goes away does not stop a signature half way', async () => {
  const [gate, reached] = [deferred(), deferred()];
  const at = await start(async ({ index, method, pass }) => {
    if (index === 3 && method === 'sign/bind') {
      reached.resolve();
      await gate.promise;
    }
    return pass();
  });
  const raw = new RawClient(at.toy);
  const taken = await raw.take(2, 'gone');
  const envelope = raw.signRequest(taken, await raw.signMessage(taken));
  const { presignId } = taken.presign;
  const away = new AbortController();
  const call = at
    .signing(1)
    .call('Sign', { requestId: 'gone', envelope, dwalletId: raw.id, presignId }, { signal: away.signal });
  await reached.promise;
  away.abort();
  expect((await call).code).toBe('CANCELLED');
  gate.resolve();
  await at.server(1).operations.drain();
  const id = hex(operationIdOf(peekEnvelope(envelope).sender, 'gone', envelope));
  expect((await at.client(1).operation(id)).sign?.signature).toHaveLength(65);
});

test('the deadline of a call between validators is known where it is served, and never longer than it', async () => {
  const left: number[] = [];
  const at = await start(({ index, method, pass }) => {
    if (index === 1 && method === 'records/list')
      left.push((requestContext()?.deadline ?? Number.NaN) - performance.now());
    return pass();
  });
  const body = new TextEncoder().encode('dwallet');
  const envelope = decodeCall(at.toy.callAs(2, 'records/list', body), maxBodyBytes).body;
  const peer = at.peer(1, at.authority.issue('validator-2'));
  await peer.call('ListRecords', { envelope, kind: 'dwallet' }, { deadlineMs: 5000 });
  await peer.call('ListRecords', { envelope, kind: 'dwallet' }, { deadlineMs: 10_000_000 });
  expect(left[0]).toBeGreaterThan(1000);
  expect(left[0]).toBeLessThan(5000);
  // The server's own maximum.
  expect(left[1]).toBeLessThanOrEqual(900_000);
});

test('calls between validators take over what is left of the request that they serve', async () => {
  const left: number[] = [];
  const at = await start(async ({ index, method, pass }) => {
    // Validator 2 asks validator 1 while it serves a call itself.
    if (index === 2 && method === 'records/list') {
      const call = at.toy.callAs(2, 'records/list', new TextEncoder().encode('presign'));
      await at.lines[1]?.peers.get(v(1))?.call(call);
    }
    if (index === 1 && method === 'records/list')
      left.push((requestContext()?.deadline ?? Number.NaN) - performance.now());
    return pass();
  });
  const body = new TextEncoder().encode('dwallet');
  const envelope = decodeCall(at.toy.callAs(3, 'records/list', body), maxBodyBytes).body;
  const peer = at.peer(2, at.authority.issue('validator-3'));
  expect((await peer.call('ListRecords', { envelope, kind: 'dwallet' }, { deadlineMs: 7000 })).code).toBe('OK');
  expect(left).toHaveLength(1);
  expect(left[0]).toBeLessThan(7000);
});

test('work for a client outlives its call: its deadline is not that of calls to peers', async () => {
  const left: (number | undefined)[] = [];
  const at = await start(({ index, method, pass }) => {
    if (index === 1 && method === 'client/take-presign') left.push(requestContext()?.deadline);
    return pass();
  });
  const raw = new RawClient(at.toy);
  const envelope = raw.takeRequest(new Uint8Array(3), new Uint8Array(32));
  await at.signing(1).call('TakePresign', { requestId: 'x', envelope, dwalletId: raw.id }, { deadlineMs: 20_000 });
  expect(left).toEqual([undefined]);
});

test('the server has a maximum of its own, for callers that would wait for ever', async () => {
  const gate = deferred();
  const at = await start(
    async ({ index, method, pass }) => {
      if (index === 1 && (method === 'network' || method.startsWith('client/') || method === 'records/list'))
        await gate.promise;
      return pass();
    },
    { change: () => ({ limits: { maxDeadlineMs: 300, maxPeerDeadlineMs: 300 } }) },
  );
  const forever = { deadlineMs: 3_600_000 };
  const raw = new RawClient(at.toy);
  const take = { requestId: 'x', envelope: raw.takeRequest(new Uint8Array(3), new Uint8Array(32)), dwalletId: raw.id };
  const answers = [
    await at.signing(1).call('GetNetwork', {}, forever),
    await at.signing(1).call('TakePresign', take, forever),
  ];
  for (const { code, rich } of answers)
    expect([code, rich?.reason]).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
  const id = hex(operationIdOf(peekEnvelope(take.envelope).sender, 'x', take.envelope));
  expect(answers[1]?.rich?.metadata).toMatchObject({
    operation_id: id,
    retryable: 'true',
    presign_may_be_burnt: 'true',
  });
  const list = at.toy.callAs(2, 'records/list', new TextEncoder().encode('dwallet'));
  const request = { envelope: decodeCall(list, maxBodyBytes).body, kind: 'dwallet' };
  const peer = await at.peer(1, at.authority.issue('validator-2')).call('ListRecords', request, forever);
  expect(peer.rich?.reason).toBe('DEADLINE_EXCEEDED');
  gate.resolve();
});

test('closing waits for operations whose callers have gone', async () => {
  const [gate, reached] = [deferred(), deferred()];
  const at = await start(async ({ index, method, pass }) => {
    if (index === 1 && method === 'client/take-presign') {
      reached.resolve();
      await gate.promise;
    }
    return pass();
  });
  const raw = new RawClient(at.toy);
  const take = { requestId: 'x', envelope: raw.takeRequest(new Uint8Array(3), new Uint8Array(32)), dwalletId: raw.id };
  const away = new AbortController();
  const call = at.signing(1).call('TakePresign', take, { signal: away.signal, deadlineMs: 100_000 });
  await reached.promise;
  away.abort();
  await call;
  // Nobody waits: the place among the requests under way is free at once, although the deadline is far away.
  while (at.server(1).load.clients > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  const closed = at.server(1).close(60_000);
  setTimeout(() => gate.resolve(), 1500);
  await closed;
  expect(at.server(1).load.operations).toBe(0);
});

test('how long a call may wait', () => {
  expect(remainingMs(Number.POSITIVE_INFINITY, 1000)).toBe(1000);
  expect(remainingMs(new Date(Date.now() + 50_000), 1000)).toBe(1000);
  // The answer leaves before the caller hangs up.
  expect(remainingMs(Date.now() + 50_000, 60_000)).toBeLessThanOrEqual(49_900);
  expect(remainingMs(Date.now() - 1, 1000)).toBe(0);
});

test('closing takes nothing new, and waits for what runs', async () => {
  const [gate, reached] = [deferred(), deferred()];
  const at = await start(async ({ index, method, pass }) => {
    if (index === 1 && method === 'client/take-presign') {
      reached.resolve();
      await gate.promise;
    }
    return pass();
  });
  const raw = new RawClient(at.toy);
  const signing = at.signing(1);
  const request = (n: number) => ({
    requestId: `close-${n}`,
    envelope: raw.takeRequest(Uint8Array.of(n), new Uint8Array(32)),
    dwalletId: raw.id,
  });
  const running = signing.call('TakePresign', request(1));
  await reached.promise;
  const closed = at.server(1).close(30_000);
  const late = await signing.call('TakePresign', request(2));
  expect([late.code, late.rich?.reason, late.rich?.retryAfterMs]).toEqual(['UNAVAILABLE', 'SHUTTING_DOWN', 1000]);
  gate.resolve();
  expect((await running).code).toBe('OK');
  await closed;
  expect((await signing.call('GetPresignStatus', {})).code).toBe('UNAVAILABLE');
});

test('closing refuses at once also while it waits for something else, and serves the others until then', async () => {
  const at = await start(({ pass }) => pass());
  const other = deferred();
  let over = false;
  const closed = at
    .server(1)
    .close(60_000, other.promise)
    .then(() => (over = true));
  const late = await at.signing(1).call('GetPresignStatus', {});
  expect([late.code, late.rich?.reason]).toEqual(['UNAVAILABLE', 'SHUTTING_DOWN']);
  const list = at.toy.callAs(2, 'records/list', new TextEncoder().encode('dwallet'));
  const request = { envelope: decodeCall(list, maxBodyBytes).body, kind: 'dwallet' };
  const peer = at.peer(1, at.authority.issue('validator-2'));
  expect((await peer.call('ListRecords', request)).code).toBe('OK');
  expect(over).toBe(false);
  other.resolve();
  await closed;
  expect((await peer.call('ListRecords', request)).code).toBe('UNAVAILABLE');
});
