/**
 * The peer's published package, installed on demand into a cache folder: never in our tree, our package.json files or our lockfile.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What may be installed and nothing else. */
export const pinnedPeer = {
  name: '@ika.xyz/ika-wasm',
  version: '0.2.1',
  /** Of the tarball: npm checks what it downloads against what the registry says, and this says what the registry must say. */
  integrity: 'sha512-Zq528aTdAHA7mW4+vqUoc/fhornMo8EHcS8hKJx1ZBs9tAepWw07ZReMsZuCtQRmpi1vmYh2mIi2PhZRV0M4dA==',
  /** Permissive, commercial use included; it grants no patent licence. */
  licence: 'BSD-3-Clause-Clear',
  /** The module that the Node build of the package loads. */
  module: 'dist/node/dwallet_mpc_wasm_bg.wasm',
} as const;

/** Number of secp256k1 in the peer's API. */
export const peerCurve = 0;

export interface InstalledPeer {
  /** The cache folder. */
  readonly directory: string;
  readonly unpackedBytes: number;
  readonly moduleBytes: Uint8Array;
}

/** The peer cannot be had; the message is the sentence to print. */
export class PeerInstallError extends Error {
  override readonly name = 'PeerInstallError';
}

const networkCode =
  /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|FETCH_ERROR|ENOTCACHED)\b/;

/** What npm's output means, in one sentence. */
export function installSentence(output: string): string {
  const because = `${pinnedPeer.name} could not be installed: `;
  const network = networkCode.exec(output)?.[1];
  if (network !== undefined) {
    return `${because}the npm registry cannot be reached (${network}). bench:peers needs the network once; after that it runs without.`;
  }
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1];
  if (code === 'E404' || code === 'ETARGET') {
    return `${because}the npm registry has no version ${pinnedPeer.version} (${code}).`;
  }
  return `${because}npm failed.\n${output.trim().split('\n').slice(0, 20).join('\n')}`;
}

/** Where the peer is kept. */
export const peerDirectory = (root: string): string => join(root, 'node_modules', '.cache', 'dwallet-peers');

/** What npm's own record in the cache folder says of the peer, or undefined if it is not there. */
function installed(directory: string): { version?: unknown; integrity?: unknown } | undefined {
  const record = join(directory, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return undefined;
  try {
    const { packages } = JSON.parse(readFileSync(record, 'utf8')) as { packages?: Record<string, object> };
    return packages?.[`node_modules/${pinnedPeer.name}`];
  } catch {
    return undefined;
  }
}

/** @throws PeerInstallError unless the folder holds the pinned version with the pinned licence. */
export function requirePinned(directory: string): void {
  const found = installed(directory);
  if (found?.version !== pinnedPeer.version || found.integrity !== pinnedPeer.integrity) {
    rmSync(join(directory, 'node_modules'), { recursive: true, force: true });
    throw new PeerInstallError(
      `the registry's ${pinnedPeer.name}@${pinnedPeer.version} is not the one that bench:peers expects (integrity ${String(found?.integrity)}): it was removed and not run.`,
    );
  }
  const file = join(directory, 'node_modules', ...pinnedPeer.name.split('/'), 'package.json');
  const { license } = JSON.parse(readFileSync(file, 'utf8')) as { license?: unknown };
  if (license !== pinnedPeer.licence) {
    throw new PeerInstallError(`${pinnedPeer.name} has the licence ${String(license)}: it was not run.`);
  }
}

/** The npm that runs us, else the one on the PATH. */
function npm(args: readonly string[], cwd: string): Promise<void> {
  const script = process.env['npm_execpath'];
  const known = script !== undefined && /npm-cli\.c?js$/.test(script) && existsSync(script);
  // What npm set for the script that we are would send the installation to our own root.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_config_(local_prefix|prefix|json|loglevel|silent|omit|production|workspaces?)$/i.test(name),
    ),
  );
  const quiet = ['--loglevel=error', '--progress=false', '--update-notifier=false'];
  const all = [...(known ? [script] : []), ...args, ...quiet];
  const shell = !known && process.platform === 'win32';
  return new Promise((resolve, reject) => {
    execFile(known ? process.execPath : 'npm', all, { cwd, env, shell }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else if (error.code === 'ENOENT') reject(new PeerInstallError('npm was not found (it comes with Node).'));
      else reject(new PeerInstallError(installSentence(`${stdout}${stderr}` || error.message)));
    });
  });
}

function bytesUnder(directory: string): number {
  return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(directory, entry.name);
    return sum + (entry.isDirectory() ? bytesUnder(path) : statSync(path).size);
  }, 0);
}

/**
 * Installs the peer unless it is there, without running any of its scripts.
 * @param root - the root of this repository.
 * @param step - told before the network is used.
 * @throws PeerInstallError
 */
export async function installPeer(root: string, step: (detail: string) => void): Promise<InstalledPeer> {
  const directory = peerDirectory(root);
  if (installed(directory)?.integrity !== pinnedPeer.integrity) {
    step(`npm installs ${pinnedPeer.name}@${pinnedPeer.version} into ${directory}`);
    mkdirSync(directory, { recursive: true });
    // A package.json of its own, so that npm takes this folder and not the workspaces above it.
    writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
    const flags = ['--ignore-scripts', '--no-save', '--package-lock=false', '--no-audit', '--no-fund'];
    await npm(['install', ...flags, '--prefix', directory, `${pinnedPeer.name}@${pinnedPeer.version}`], directory);
  }
  requirePinned(directory);
  const folder = join(directory, 'node_modules', ...pinnedPeer.name.split('/'));
  return {
    directory,
    unpackedBytes: bytesUnder(folder),
    moduleBytes: readFileSync(join(folder, ...pinnedPeer.module.split('/'))),
  };
}

/** The cache folder, if the pinned peer is in it. */
export function findPeer(root: string): string | undefined {
  const directory = peerDirectory(root);
  if (installed(directory)?.integrity !== pinnedPeer.integrity) return undefined;
  requirePinned(directory);
  return directory;
}

/** Loads the package as a program that depends on it would. */
export const loadPeer = (directory: string): unknown =>
  createRequire(join(directory, 'package.json'))(pinnedPeer.name) as unknown;
