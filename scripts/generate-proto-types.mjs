// Makes the TypeScript of proto/ from the .proto files: `npm run proto`. Types for gRPC by its loader; with --out FOLDER somewhere else, for the
// test that compares them with what is committed. Messages for Connect by buf, which is fetched for it; a test compares their descriptors.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const proto = join(root, 'proto');
const at = process.argv.indexOf('--out');
const out = at < 0 ? join(proto, 'src', 'gen') : resolve(process.argv[at + 1] ?? '');
const loader = createRequire(join(proto, 'package.json')).resolve('@grpc/proto-loader/package.json');

const made = `${out}.new`;
rmSync(made, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [
    join(dirname(loader), 'build', 'bin', 'proto-loader-gen-types.js'),
    '--longs=Number',
    '--enums=String',
    '--defaults',
    '--oneofs',
    '--includeComments',
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.ts',
    `--includeDirs=${proto}`,
    `--outDir=${made}`,
    'dwallet/v1/signing.proto',
    'dwallet/v1/peer.proto',
    'dwallet/v1/zones.proto',
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
  ],
  { cwd: proto, stdio: ['ignore', 'ignore', 'inherit'] },
);

// The generator notes where it found each file on this machine, and declares what it does not use.
for (const entry of readdirSync(made, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `// @ts-nocheck: generated.\n${text.replaceAll(/^\/\/ Original file: .*\n\n*/gm, '')}`);
}
rmSync(out, { recursive: true, force: true });
renameSync(made, out);

if (at < 0) {
  const packages = ['@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.15.0'].map((name) => `--package=${name}`);
  const buf = ['exec', '--yes', '--loglevel=error', ...packages, '--', 'buf', 'generate'];
  execFileSync('npm', buf, { cwd: proto, stdio: ['ignore', 'inherit', 'inherit'] });
}
