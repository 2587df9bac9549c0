// Brings a clone to the point where it can run: dependencies as the lockfile says, and a build of the sources as they
// are. Everything is said on stderr; a failure is one sentence (Trouble).
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { runQuietly } from './children.mjs';
import { root, withDependencies } from './workspaces.mjs';

/** A failure that a person can act on; its message is the sentence to print. */
export class Trouble extends Error {}

const modules = join(root, 'node_modules');
const installStamp = join(modules, '.dwallet-lock');

// Measured: 0.55 GB of node_modules, 0.25 GB of npm's cache; the rest is for the build and growth.
const diskNeeded = 1.2e9;

const networkCode =
  /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|FETCH_ERROR)\b/;
const diskCode = /\b(ENOSPC|EDQUOT)\b/;
const permissionCode = /\b(EACCES|EPERM|EROFS)\b/;

/** @param {string | Buffer} data */
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** @param {number} bytes */
const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;

/** @param {string} path */
const readOrUndefined = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

/** @param {string} text */
const say = (text) => void process.stderr.write(`dWallet: ${text}\n`);

/**
 * Says what is being done if it takes more than a second, and goes on saying so.
 * @param {string} title
 * @param {() => Promise<void>} work
 */
async function withProgress(title, work) {
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  const terminal = process.stderr.isTTY;
  let shown = false;
  const tick = setInterval(() => {
    if (terminal) process.stderr.write(`\r\x1b[KdWallet: ${title} ... ${seconds()} s`);
    else if (!shown || seconds() % 15 === 0) say(shown ? `${title} ... ${seconds()} s` : `${title} ...`);
    shown = true;
  }, 1000);
  try {
    await work();
    if (shown) process.stderr.write(`${terminal ? '\r\x1b[K' : ''}dWallet: ${title}: done in ${seconds()} s\n`);
  } catch (error) {
    if (shown && terminal) process.stderr.write('\n');
    throw error;
  } finally {
    clearInterval(tick);
  }
}

// ---------------------------------------------------------------------------------------------------- dependencies

/**
 * npm keeps a copy of the lockfile of what it has installed. True when that is what our lockfile asks for, so that
 * nobody's own `npm install` is done again.
 * @param {string} lockfile
 */
function npmInstalledThis(lockfile) {
  const installed = readOrUndefined(join(modules, '.package-lock.json'));
  if (installed === undefined) return false;
  try {
    const have = JSON.parse(installed).packages;
    return Object.entries(JSON.parse(lockfile).packages).every(([path, wanted]) => {
      if (!path.includes('node_modules/')) return true;
      if (have[path] === undefined) return wanted.optional === true;
      return have[path].version === wanted.version && have[path].integrity === wanted.integrity;
    });
  } catch {
    return false;
  }
}

/**
 * Runs the npm that runs us, else the one on the PATH.
 * @param {string[]} args
 */
async function npm(args) {
  const script = process.env.npm_execpath;
  const known = script !== undefined && /npm-cli\.c?js$/.test(script) && existsSync(script);
  // `npm start --silent` and the like are for us, not for the installation.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_(json|loglevel|silent|omit|production)$/i.test(name)),
  );
  const quiet = ['--loglevel=error', '--progress=false', '--update-notifier=false'];
  try {
    return await runQuietly(known ? process.execPath : 'npm', [...(known ? [script] : []), ...args, ...quiet], {
      cwd: root,
      env,
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new Trouble('dWallet could not install its dependencies: npm was not found (it comes with Node).');
  }
}

/** What npm's output means, in one sentence. @param {string} output */
export function installTrouble(output) {
  const because = 'dWallet could not install its dependencies: ';
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? output;
  if (code === 'EUSAGE') {
    return new Trouble(
      `${because}package-lock.json does not match the package.json files; run npm install, then npm run lockfile.`,
    );
  }
  for (const text of [code, output]) {
    const network = networkCode.exec(text)?.[1];
    if (network !== undefined) {
      return new Trouble(
        `${because}the npm registry cannot be reached (${network}); check the network or npm's proxy setting, then run this again.`,
      );
    }
    const disk = diskCode.exec(text)?.[1];
    if (disk !== undefined) {
      return new Trouble(
        `${because}the disk is full (${disk}); free about ${gigabytes(diskNeeded)} for ${root} and npm's cache, then run this again.`,
      );
    }
    const permission = permissionCode.exec(text)?.[1];
    if (permission !== undefined) {
      return new Trouble(`${because}no permission to write to ${root} or npm's cache (${permission}).`);
    }
  }
  const lines = output.trim().split('\n').slice(0, 20).join('\n');
  return new Trouble(`${because}npm ci failed.\n${lines}`);
}

async function install() {
  const lockfile = readOrUndefined(join(root, 'package-lock.json'));
  if (lockfile === undefined)
    throw new Trouble('dWallet cannot install: package-lock.json is missing from this clone.');
  const wanted = `${sha256(lockfile)} ${process.platform}-${process.arch}\n`;
  if (readOrUndefined(installStamp) === wanted && existsSync(join(modules, '.package-lock.json'))) return;
  if (npmInstalledThis(lockfile)) {
    writeFileSync(installStamp, wanted);
    return;
  }

  const disk = await statfs(root);
  const free = disk.bavail * disk.bsize;
  if (free < diskNeeded) {
    throw new Trouble(
      `dWallet needs about ${gigabytes(diskNeeded)} of free disk space to install and build; ${root} has ${gigabytes(free)}.`,
    );
  }
  rmSync(installStamp, { force: true });

  await withProgress('installing dependencies from package-lock.json', async () => {
    // Without a network npm takes minutes to give up on hundreds of packages, but a second on one.
    const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-timeout=20000'];
    const probe = await npm(['view', 'typescript', 'version', ...patience]);
    if (probe.code !== 0 && networkCode.test(probe.output)) throw installTrouble(probe.output);

    const { code, output } = await npm([
      'ci',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--include=dev',
      '--include=optional',
    ]);
    if (code !== 0) throw installTrouble(output);
  });
  writeFileSync(installStamp, wanted);
}

// ------------------------------------------------------------------------------------------------------------ build

/** @param {string} folder relative to the root @returns {string[]} one line per file: path, size, time of change */
function listing(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listing(path);
    return [state(path)];
  });
}

/** @param {string} path */
function state(path) {
  const { size, mtimeMs } = statSync(join(root, path));
  return `${path} ${size} ${mtimeMs}`;
}

/** @param {string} [only] */
async function build(only) {
  const needed = withDependencies(only).filter((workspace) => workspace.builds);
  const stamp = join(modules, `.dwallet-build-${(only ?? 'all').replace(/\W+/g, '-')}`);
  const sources = () =>
    sha256(
      [
        ...['tsconfig.base.json', 'turbo.json'].map(state),
        ...needed.flatMap(({ folder }) => [
          ...['package.json', 'tsconfig.json'].map((name) => state(`${folder}/${name}`)),
          ...['src', 'assembly', 'scripts'].flatMap((part) => listing(`${folder}/${part}`)),
        ]),
      ]
        .toSorted()
        .join('\n'),
    );
  const before = sources();
  const built = needed.every(({ folder }) => existsSync(join(root, folder, 'dist')));
  if (built && readOrUndefined(stamp) === before) return;

  mkdirSync(modules, { recursive: true });
  const args = ['run', 'build', '--output-logs=errors-only', '--ui=stream', '--no-color'];
  if (only !== undefined) args.push(`--filter=${only}...`);
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', DO_NOT_TRACK: '1' };
  await withProgress('building', async () => {
    const { code, output } = await runQuietly(process.execPath, [join(modules, 'turbo', 'bin', 'turbo'), ...args], {
      cwd: root,
      env,
    });
    if (code === 0) return;
    const disk = diskCode.exec(output)?.[1];
    if (disk !== undefined) throw new Trouble(`dWallet could not be built: the disk is full (${disk}).`);
    const errors = output.split('\n').filter((line) => line.includes('error TS'));
    throw new Trouble(
      `${errors.join('\n') || output.trim()}\ndWallet could not be built; the compiler's errors are above.`,
    );
  });
  writeFileSync(stamp, before);
}

/**
 * @param {{ build: string }} wanted what to build: a workspace's name (with all that it depends on), `all` or `nothing`
 */
export async function ensure(wanted) {
  try {
    await install();
    if (wanted.build !== 'nothing') await build(wanted.build === 'all' ? undefined : wanted.build);
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? '';
    if (diskCode.test(code)) throw new Trouble(`dWallet could not prepare itself: the disk is full (${code}).`);
    if (permissionCode.test(code)) {
      throw new Trouble(`dWallet could not prepare itself: no permission to write to ${root} (${code}).`);
    }
    throw error;
  }
}
