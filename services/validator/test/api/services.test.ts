/** The standard services beside ours: health and reflection. */
import { type Client, Metadata, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PeerService, SigningService } from '@dwallet/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentApiObserver } from '../../src/api/api-observer.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { fixture } from '../helpers/toy-network.ts';

let network: GrpcNetwork;
const observed: string[] = [];
beforeAll(async () => {
  // Reflection at validator 1 only.
  network = await GrpcNetwork.start({
    from: fixture(),
    label: 'grpc-services',
    change: (index) => ({
      reflection: index === 1,
      observer: {
        ...silentApiObserver,
        callStarted: (side, rpc) => void observed.push(`${index} ${side} ${rpc} started`),
        callFinished: (side, rpc, code, seconds) => {
          expect(seconds).toBeGreaterThanOrEqual(0);
          observed.push(`${index} ${side} ${rpc} ${code}`);
        },
      },
    }),
  });
});
afterAll(() => network.close());

interface Loaded {
  readonly grpc: { readonly health: { readonly v1: { readonly Health: typeof Client } } };
}
const open = (index: number, Service: typeof Client): Client => {
  const tls = credentials.createSsl(Buffer.from(network.authority.certificate));
  return new Service(network.clientEndpoint(index), tls, { 'grpc.ssl_target_name_override': `validator-${index}` });
};
type Unary = (request: object, callback: (error: Error | null, response: { status?: string }) => void) => void;

function check(index: number, service: string): Promise<string> {
  const { Health } = (loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as Loaded).grpc.health
    .v1;
  const client = open(index, Health);
  return new Promise((resolve, reject) => {
    (client as unknown as { check: Unary }).check({ service }, (error, response) => {
      client.close();
      if (error === null) resolve(response.status ?? 'UNKNOWN');
      else reject(error);
    });
  });
}

test('health says what it is told, and NOT_SERVING before', async () => {
  const name = 'dwallet.v1.SigningService';
  expect(await check(2, name)).toBe('NOT_SERVING');
  network.server(2).setServing('SERVING');
  expect([await check(2, name), await check(2, '')]).toEqual(['SERVING', 'SERVING']);
  network.server(2).setServing('NOT_SERVING');
  expect([await check(2, name), await check(2, '')]).toEqual(['NOT_SERVING', 'NOT_SERVING']);
  await expect(check(2, 'no.such.Service')).rejects.toThrow(/NOT_FOUND/);
});

/** Names of the services that reflection lists. */
function reflected(index: number): Promise<string[]> {
  const folder = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));
  const definition = loadSync(join(folder, 'build', 'proto', 'grpc', 'reflection', 'v1', 'reflection.proto'), {
    oneofs: true,
  });
  type Reflection = { grpc: { reflection: { v1: { ServerReflection: typeof Client } } } };
  const { ServerReflection } = (loadPackageDefinition(definition) as unknown as Reflection).grpc.reflection.v1;
  const client = open(index, ServerReflection);
  type Stream = {
    on(event: 'data', listener: (value: { listServicesResponse?: { service: { name: string }[] } }) => void): Stream;
    on(event: 'error', listener: (error: Error) => void): Stream;
    write(request: object): void;
    end(): void;
  };
  return new Promise((resolve, reject) => {
    const stream = (client as unknown as { serverReflectionInfo(metadata: Metadata): Stream }).serverReflectionInfo(
      new Metadata(),
    );
    stream.on('data', (value) => {
      resolve((value.listServicesResponse?.service ?? []).map(({ name }) => name));
      stream.end();
      client.close();
    });
    stream.on('error', (error) => {
      client.close();
      reject(error);
    });
    stream.write({ listServices: '' });
  });
}

test('reflection shows what clients can call, where it is switched on', async () => {
  expect(await reflected(1)).toContain('dwallet.v1.SigningService');
  expect(await reflected(1)).not.toContain('dwallet.v1.PeerService');
  await expect(reflected(2)).rejects.toThrow(/UNIMPLEMENTED/);
});

test("validators' acts cannot be called where clients are served, nor clients' where validators are", async () => {
  const foreign = (client: Client, rpc: string): Promise<unknown> =>
    new Promise((resolve) => {
      const call = (client as unknown as Record<string, Unary>)[rpc] as Unary;
      call.call(client, {}, (error) => {
        client.close();
        resolve(error !== null && 'code' in error ? error.code : undefined);
      });
    });
  const unimplemented = 12;
  expect(await foreign(open(1, PeerService), 'listRecords')).toBe(unimplemented);
  const files = network.authority.issue('validator-2');
  const tls = credentials.createSsl(Buffer.from(files.ca), Buffer.from(files.key), Buffer.from(files.certificate));
  const client = new SigningService(network.peerEndpoint(1), tls, { 'grpc.ssl_target_name_override': 'validator-1' });
  expect(await foreign(client, 'getNetwork')).toBe(unimplemented);
});

test('whoever observes the servers hears of every call and how it ended', async () => {
  observed.length = 0;
  await network.signing(2).call('GetPresignStatus', {});
  await network.signing(2).call('GetSignature', { presignId: new Uint8Array(32) });
  const missing = { operationId: '0'.repeat(64) };
  await expect(network.client(2).watchOperation(missing.operationId).next()).rejects.toMatchObject({
    code: 'OPERATION_NOT_FOUND',
  });
  await network.peer(2, network.authority.issue('validator-1')).call('Hello', { validator: 1 });
  expect(observed).toEqual([
    '2 client GetPresignStatus started',
    '2 client GetPresignStatus OK',
    '2 client GetSignature started',
    '2 client GetSignature NOT_FOUND',
    '2 client WatchOperation started',
    '2 client WatchOperation NOT_FOUND',
    '2 peer Hello started',
    '2 peer Hello INVALID_ARGUMENT',
  ]);
});
