/** The wire contract: what is generated is current, the rules of the .proto files hold, and every act of a validator has its rpc. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FieldDescriptorProto_Label,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { PeerService, SigningService, packageDefinition, peerMethods, signingRpcs } from '@dwallet/proto';
import { clientKind } from '@dwallet/two-pc-mpc/network';
import { describe, expect, test } from 'vitest';
import { file_dwallet_v1_signing } from '../../proto/src/gen-es/dwallet/v1/signing_pb.ts';
import { file_google_rpc_error_details } from '../../proto/src/gen-es/google/rpc/error_details_pb.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('the generated types are those of the .proto files (npm run proto)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dwallet-proto-'));
  try {
    const made = join(folder, 'gen');
    execFileSync(process.execPath, [join(root, 'scripts/generate-proto-types.mjs'), '--out', made], {
      stdio: 'ignore',
    });
    const list = (path: string): string[] =>
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(path.length))
        .sort();
    const committed = join(root, 'proto/src/gen');
    expect(list(committed)).toEqual(list(made));
    for (const name of list(made))
      expect([name, readFileSync(committed + name, 'utf8')]).toEqual([name, readFileSync(made + name, 'utf8')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.each(['proto/dwallet/v1/signing.proto', 'proto/dwallet/v1/peer.proto'])('%s', (path) => {
  const lines = read(path).split('\n');

  test('is in the folder of its package, with services that end in Service', () => {
    expect(lines).toContain('package dwallet.v1;');
    for (const line of lines.filter((text) => text.startsWith('service ')))
      expect(line).toMatch(/^service \w+Service \{$/);
  });

  test('every rpc has a request and a response of its own, named after it', () => {
    const rpcs = lines.flatMap((line) => {
      const [, name, request, response] = /^ {2}rpc (\w+)\((\w+)\) returns \((?:stream )?(\w+)\);$/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, request, response }];
    });
    expect(rpcs.length).toBe(lines.filter((line) => /^\s*rpc /.test(line)).length);
    const [, service] = /service (\w+)/.exec(lines.join('\n')) ?? [];
    for (const { name, request, response } of rpcs) {
      expect([`${name}Request`, `${service}${name}Request`]).toContain(request);
      expect([`${name}Response`, `${service}${name}Response`]).toContain(response);
    }
    const types = rpcs.flatMap(({ request, response }) => [request, response]);
    expect(new Set(types).size).toBe(types.length);
  });

  test('every field is explained, by itself or with the ones before it, and named in lower_snake_case', () => {
    lines.forEach((line, i) => {
      const [, type, name] = /^\s+(?:repeated )?([\w.]+) (\w+) = \d+;$/.exec(line) ?? [];
      if (type === undefined || name === undefined || /^[A-Z_]+$/.test(name)) return;
      expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      if (type !== 'bytes') return;
      // Bytes say how long they are or what they encode.
      let at = i;
      while (!(lines[at] ?? '').trim().startsWith('//') && !(lines[at] ?? '').includes('{')) at--;
      expect([`${path}:${i + 1}`, (lines[at] ?? '').trim().startsWith('//')]).toEqual([`${path}:${i + 1}`, true]);
    });
  });
});

test('the error details have the names and numbers of google.rpc', () => {
  const text = read('proto/google/rpc/status.proto') + read('proto/google/rpc/error_details.proto');
  const fields = [...text.matchAll(/^\s+(?:repeated )?[\w.<>, ]+? (\w+) = (\d+);$/gm)].map(
    ([, name, number]) => `${name}=${number}`,
  );
  expect(fields).toEqual([
    'code=1',
    'message=2',
    'details=3',
    'reason=1',
    'domain=2',
    'metadata=3',
    'retry_delay=1',
    'subject=1',
    'description=2',
    'violations=1',
    'field=1',
    'description=2',
    'field_violations=1',
  ]);
  for (const name of ['Status', 'ErrorInfo', 'RetryInfo', 'QuotaFailure', 'BadRequest'])
    expect(packageDefinition).toHaveProperty([`google.rpc.${name}`]);
});

test('every act of a validator has its rpc, and every rpc its act', () => {
  const served = `${read('services/validator/src/validator.ts')}${read('services/validator/src/zones/zones.ts')}`;
  const methods = [...served.matchAll(/case '([a-z-]+(?:\/[a-z-]+)?)'/g)].map(([, name]) => name as string);
  expect(methods.length).toBeGreaterThan(10);
  expect([...new Set(methods)].sort()).toEqual(Object.keys(peerMethods).sort());
  const rpcs: string[] = Object.values(peerMethods).map(({ rpc }) => rpc);
  expect([...rpcs, 'Hello'].sort()).toEqual(Object.keys(PeerService.service).sort());
  expect(Object.keys(signingRpcs).sort()).toEqual(Object.values(clientKind).sort());
  expect(Object.keys(SigningService.service)).toEqual(expect.arrayContaining(Object.values(signingRpcs)));
});

test('the messages for Connect are those of the .proto files, comments left aside (npm run proto)', () => {
  // What gRPC loads from the .proto files, against what was generated from them.
  const loaded = new Map<string, FileDescriptorProto[]>();
  for (const { fileDescriptorProtos } of Object.values(packageDefinition)) {
    // Services have none: their names are those of methods.
    if (!Array.isArray(fileDescriptorProtos)) continue;
    for (const bytes of fileDescriptorProtos) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      loaded.set(file.package, [...(loaded.get(file.package) ?? []), file]);
    }
  }
  const generated = [file_dwallet_v1_signing, ...file_dwallet_v1_signing.dependencies, file_google_rpc_error_details];
  const names = generated.map(({ proto }) => proto.package);
  expect(names.sort()).toEqual(['dwallet.v1', 'google.protobuf', 'google.rpc', 'google.rpc']);
  /** Every message, enum and rpc of a file by name, as plain JSON. */
  const contract = ({ messageType, enumType, service }: FileDescriptorProto): Map<string, unknown> => {
    const plain = (type: { readonly name: string }, value: unknown): [string, unknown] => [type.name, value];
    return new Map([
      ...messageType.map((type) =>
        plain(type, {
          fields: type.field
            .map(({ name, number, type: kind, typeName, label, oneofIndex, proto3Optional }) => ({
              // Its loader names fields as its objects have them.
              name: name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
              number,
              kind,
              typeName: typeName
                .split('.')
                .at(-1)
                ?.replace(/Entry$/, ''),
              repeated: label === FieldDescriptorProto_Label.REPEATED,
              oneof: proto3Optional ? undefined : type.oneofDecl[oneofIndex]?.name,
            }))
            .sort((x, y) => x.number - y.number),
        }),
      ),
      ...enumType.map((type) =>
        plain(
          type,
          type.value.map(({ name, number }) => [name, number]),
        ),
      ),
      ...service.map((type) =>
        plain(
          type,
          type.method.map(({ name, inputType, outputType, serverStreaming, clientStreaming }) => ({
            name,
            input: inputType.split('.').at(-1),
            output: outputType.split('.').at(-1),
            serverStreaming,
            clientStreaming,
          })),
        ),
      ),
    ]);
  };
  for (const { proto } of generated) {
    if (proto.package === 'google.protobuf') continue;
    const found = new Map((loaded.get(proto.package) ?? []).flatMap((file) => [...contract(file)]));
    for (const [name, value] of contract(proto)) expect([name, value]).toEqual([name, found.get(name)]);
    // And nothing is missing: PeerService and its messages are not for clients.
    if (proto.package !== 'dwallet.v1') continue;
    const signing = read('proto/dwallet/v1/signing.proto');
    const declared = [...signing.matchAll(/^(?:message|enum|service) (\w+) \{/gm)].map(([, name]) => name as string);
    expect([...contract(proto).keys()].sort()).toEqual(declared.sort());
  }
});

test('browsers get nothing of gRPC: only the entry for Node reaches it', () => {
  const sources = readdirSync(join(root, 'client-sdk/src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const importers = sources.filter((name) =>
    /from '(@grpc\/[^']*|@dwallet\/proto)'/.test(read(join('client-sdk/src', name))),
  );
  expect(importers.toSorted()).toEqual(['grpc-peer.ts', 'zone-client.ts'].map((name) => join('transport', name)));
  const reached = sources.filter((name) =>
    /from '\.[./]*\/(transport\/)?(grpc-peer|zone-client)\.ts'/.test(read(join('client-sdk/src', name))),
  );
  expect(reached.toSorted()).toEqual(['node-client.ts', 'node.ts']);
  const above = sources.filter((name) => /from '\.[./]*\/node-client\.ts'/.test(read(join('client-sdk/src', name))));
  expect(above).toEqual(['node.ts']);
  for (const entry of ['index', 'browser']) expect(read(`client-sdk/src/${entry}.ts`)).not.toMatch(/node\.ts|grpc/);
});
