// npm leaves an optional package out of the lockfile when the registry that it asked does not carry it, and `npm ci` then
// refuses the lockfile everywhere. This puts those packages (binaries for other platforms) back, by version. Run it after
// every change of dependencies: npm run lockfile.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @typedef {{ packages: Record<string, any> }} Lockfile */

/** Where Node would look for a package, from the innermost folder outwards. @param {string} from @param {string} name */
function* places(from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    yield folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (folder === '') return;
  }
}

/** @param {Lockfile} lockfile @returns {{ parent: string, name: string, version: string }[]} */
export function missingOptional({ packages }) {
  return Object.entries(packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => ![...places(parent, name)].some((place) => packages[place] !== undefined))
      .map(([name, version]) => ({ parent, name, version: String(version) })),
  );
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const cpus = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The platform that a package's name speaks of, in npm's words. @param {string} name */
export function platformOf(name) {
  const words = name.slice(name.indexOf('/') + 1).split('-');
  const os = words.map((word) => (word === 'windows' ? 'win32' : word)).find((word) => systems.includes(word));
  const cpu = words.map((word) => (['amd64', '64'].includes(word) ? 'x64' : word)).find((word) => cpus.includes(word));
  const abi = words.find((word) => /^(gnu|musl)/.test(word));
  if (os === undefined || cpu === undefined) throw new Error(`${name}: no platform in its name`);
  const libc = os !== 'linux' || abi === undefined ? undefined : [abi.startsWith('musl') ? 'musl' : 'glibc'];
  return { os: [os], cpu: [cpu], libc };
}

/** @param {Lockfile} lockfile @returns {number} how many packages were missing */
export function completeLockfile(lockfile) {
  const missing = missingOptional(lockfile);
  for (const { parent, name, version } of missing) {
    const { dev, license } = lockfile.packages[parent];
    const { cpu, libc, os } = platformOf(name);
    lockfile.packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(dev === true && { dev }),
      ...(libc !== undefined && { libc }),
      license,
      optional: true,
      os,
    };
  }
  /** @param {string} path */
  const key = (path) => path.toLowerCase();
  lockfile.packages = Object.fromEntries(
    Object.entries(lockfile.packages).sort(([a], [b]) => key(a).localeCompare(key(b), 'en')),
  );
  return missing.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = new URL('../package-lock.json', import.meta.url);
  const lockfile = JSON.parse(readFileSync(path, 'utf8'));
  const added = completeLockfile(lockfile);
  if (added > 0) writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
  process.stdout.write(`package-lock.json: ${added} packages of other platforms added\n`);
}
