/** A wallet makes a dWallet and signs with it; four validators; nothing but gRPC over TLS between any two of them. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { listDWalletsKind, peerMethods } from '@dwallet/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestContext } from '../../src/request-context.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { fixture, hex } from '../helpers/toy-network.ts';

let network: GrpcNetwork;
/** Trace ids under which each validator served peers. */
const traces = new Map<number, Set<string>>();
/** rpcs that were called between validators. */
const called = new Set<string>();
beforeAll(async () => {
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-flow',
    serve: (index, validator) => ({
      call: (bytes) => {
        const { traceId } = requestContext() ?? {};
        if (traceId !== undefined) traces.set(index, (traces.get(index) ?? new Set()).add(traceId));
        return validator.call(bytes);
      },
    }),
    change: () => ({
      observer: {
        callStarted: (side, rpc) => void (side === 'peer' && called.add(rpc)),
        callFinished() {},
        limited() {},
        operations() {},
        replayed() {},
      },
    }),
  });
});
afterAll(() => network.close());

const message = new TextEncoder().encode('over the wire');

test('a dWallet is made and signs, with any validator in the lead', async () => {
  const client = await network.toy.client({ name: 'bob', first: 2 });
  const dwallet = await client.createDWallet({ rawDigests: true });
  const { signature, blamed } = await dwallet.signRaw('sha256', message);
  expect(blamed).toEqual([]);
  const compact = new secp256k1.Signature(signature.r, signature.s).toBytes('compact');
  expect(secp256k1.verify(compact, sha256(message), dwallet.publicKey, { prehash: false })).toBe(true);
});

test('presigns are made over gRPC, in messages of whole rounds', async () => {
  const before = network.toy.validator(1).status().availablePresigns;
  await network.toy.validator(1).leadPresigns(2);
  expect(network.toy.validator(3).status().availablePresigns).toBe(before + 2);
});

test('a validator that was away catches up over gRPC', async () => {
  await network.toy.validator(4).catchUp();
  const used = Object.values(peerMethods).filter(({ rpc }) => called.has(rpc));
  expect(used.map(({ rpc }) => rpc)).toEqual(
    expect.arrayContaining([
      'Contribute',
      'VoteSession',
      'CommitSession',
      'VoteDWallet',
      'ReleaseShares',
      'ListRecords',
    ]),
  );
});

test('one trace id follows a request through all validators', async () => {
  const raw = new RawClient(network.toy);
  const traceId = 'ab'.repeat(16);
  const envelope = raw.takeRequest(message, new Uint8Array(32).fill(9));
  const { code } = await network
    .signing(1)
    .call(
      'TakePresign',
      { requestId: 'trace', envelope, dwalletId: raw.id },
      { metadata: { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` } },
    );
  expect(code).toBe('OK');
  for (const index of [1, 2, 3, 4]) expect(traces.get(index)).toContain(traceId);
});

test('what is there can be read by anybody who knows its name, and the list of dWallets by their owner', async () => {
  const raw = new RawClient(network.toy);
  const taken = await raw.take(1, 'to be read');
  const envelope = raw.signRequest(taken, await raw.signMessage(taken));
  const { signature } = await raw.sign(1, envelope);
  const client = network.client(3);

  const stored = await client.signature(taken.presign.presignId);
  expect(hex(stored.signature).slice(2, 66)).toBe(signature.r.toString(16).padStart(64, '0'));
  const dwallet = await client.dwallet(raw.id);
  expect(hex(dwallet.record)).toBe(raw.wallet.wallets[0]?.record);
  expect(dwallet.acceptance.length).toBeGreaterThan(0);

  const list = raw.seal(listDWalletsKind, new Uint8Array(32), new Uint8Array(0));
  const page = await client.dwallets({ envelope: list, pageSize: 1 });
  expect(page.dwallets.map(({ dwalletId }) => hex(dwalletId))).toEqual([hex(raw.id)]);
  expect(page.nextPageToken).toBe('');
  const status = await client.presignStatus();
  expect(status.available).toBe(network.toy.validator(3).status().availablePresigns);

  // Somebody else's list is theirs.
  const bob = await network.signing(3).call('ListDWallets', { envelope: raw.takeRequest(message, new Uint8Array(32)) });
  expect(bob.rich?.reason).toBe('DECODE');
  await expect(client.signature(new Uint8Array(32))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(client.dwallet(new Uint8Array(31))).rejects.toMatchObject({ code: 'DECODE', field: 'dwallet_id' });
});
