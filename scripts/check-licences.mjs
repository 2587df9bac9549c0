// Every dependency that we ship or run is permissive; the lockfile is complete and names no registry host.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { missingOptional } from './complete-lockfile.mjs';

const permissive = ['MIT', 'ISC', 'Apache-2.0', '0BSD', 'CC0-1.0', 'Unlicense', 'BlueOak-1.0.0'];
const forDevelopment = ['MPL-2.0'];

/** Packages whose manifest names no licence; each was read. @type {Record<string, string>} */
const read = {
  'buffer-compare@1.1.1': 'MIT', // its LICENSE file
};

/**
 * Enough of SPDX: names, AND, OR, parentheses.
 * @param {string} expression
 * @param {(name: string) => boolean} allowed
 */
export function licenceAllowed(expression, allowed) {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let next = 0;
  /** @returns {boolean} */
  const term = () => {
    const token = tokens[next++];
    if (token === undefined || token === ')') return false;
    if (token !== '(') return allowed(token);
    const inner = either();
    return tokens[next++] === ')' && inner;
  };
  const both = () => {
    let result = term();
    while (tokens[next] === 'AND') {
      next += 1;
      const right = term();
      result = result && right;
    }
    return result;
  };
  const either = () => {
    let result = both();
    while (tokens[next] === 'OR') {
      next += 1;
      const right = both();
      result = result || right;
    }
    return result;
  };
  const result = either();
  return result && next === tokens.length;
}

/**
 * @param {{ packages: Record<string, any> }} lockfile
 * @returns {{ checked: number, problems: string[] }}
 */
export function checkLockfile(lockfile) {
  const problems = [];
  let checked = 0;
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    if (entry.link === true) continue;
    const name = path.split('node_modules/').pop() || '(this repository)';
    const id = `${name}@${entry.version}`;
    const licence = entry.license ?? read[id] ?? 'none named';
    const dev = entry.dev === true;
    /** @param {string} spdx */
    const allowed = (spdx) =>
      permissive.includes(spdx) || /^BSD-[123]-Clause/.test(spdx) || (dev && forDevelopment.includes(spdx));
    checked += 1;
    if (!licenceAllowed(licence, allowed)) problems.push(`${id}: licence ${licence}${dev ? ' (development)' : ''}`);
    if (/^https?:/.test(entry.resolved ?? '')) problems.push(`${id}: the lockfile names a registry host`);
    // Binaries for platforms that our registry did not carry are known by version only: complete-lockfile.mjs.
    const here = entry.os?.includes('linux') && entry.cpu?.includes('x64') && !entry.libc?.includes('musl');
    const elsewhere = entry.optional === true && entry.os !== undefined && !here;
    if (path.includes('node_modules/') && entry.integrity === undefined && entry.inBundle !== true && !elsewhere) {
      problems.push(`${id}: no integrity hash in the lockfile`);
    }
  }
  for (const { name } of missingOptional(lockfile)) problems.push(`${name}: not in the lockfile; run npm run lockfile`);
  return { checked, problems };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { checked, problems } = checkLockfile(
    JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')),
  );
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`licences: ${checked} packages, ${problems.length} problems\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
