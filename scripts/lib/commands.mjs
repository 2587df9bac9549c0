// What the npm scripts do once Node is known to be new enough.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Interrupted, runNode } from './children.mjs';
import { ensure, Trouble } from './ensure.mjs';
import { root } from './workspaces.mjs';

/** @param {() => Promise<number>} work gives the exit code */
async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (error instanceof Interrupted) process.exitCode = error.exitCode;
    else {
      const text = error instanceof Trouble ? error.message : error instanceof Error ? error.stack : String(error);
      process.stderr.write(`${text}\n`);
      process.exitCode = 1;
    }
  }
}

/**
 * npm prints a banner on stdout, except for `npm start --json`, which it keeps for itself: hand it on.
 * @param {string[]} args
 */
function withJsonFlag(args) {
  const taken = process.env.npm_lifecycle_event !== undefined && process.env.npm_config_json === 'true';
  return taken && !args.includes('--json') ? [...args, '--json'] : args;
}

/** @param {string} workspace @param {string} file relative to the root @param {string[]} args */
async function runBuilt(workspace, file, args) {
  await ensure({ build: workspace });
  const path = join(root, ...file.split('/'));
  if (!existsSync(path)) throw new Trouble(`dWallet cannot run: the build made no ${file}.`);
  return runNode([path, ...withJsonFlag(args)], { cwd: root });
}

/** @param {string[]} args */
export const start = (args) => main(() => runBuilt('@dwallet/cli', 'cli/dist/main-job/index.js', args));

/** @param {string[]} args */
export const demoZones = (args) => main(() => runBuilt('@dwallet/cli', 'cli/dist/zones-demo/index.js', args));

/** @param {string[]} args */
export const bench = (args) =>
  main(async () => {
    // This one measures processes of the command line.
    if (args[0] === 'zones') await ensure({ build: '@dwallet/cli' });
    return runBuilt('@dwallet/benches', 'benches/dist/main.js', args);
  });

/** @param {string[]} args */
export const test = (args) =>
  main(async () => {
    await ensure({ build: 'all' });
    return runNode([join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args], { cwd: root });
  });

/** Tests in a real browser. @param {string[]} args */
export const testWeb = (args) =>
  main(async () => {
    await ensure({ build: 'all' });
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    return runNode([vitest, 'run', '--config', join('test', 'web', 'vitest.config.ts'), ...args], { cwd: root });
  });

/** @param {string[]} args */
export const exampleWeb = (args) =>
  main(async () => {
    await ensure({ build: 'all' });
    return runNode([join(root, 'examples', 'web-wallet', 'dist', 'server', 'main.js'), ...args], { cwd: root });
  });

export const setup = () =>
  main(async () => {
    await ensure({ build: 'all' });
    return 0;
  });

/** @param {string[]} args */
export const runTypeScript = ([file, ...args]) =>
  main(async () => {
    if (file === undefined) throw new Trouble('usage: node scripts/run-ts.mjs FILE [ARGS]');
    await ensure({ build: 'nothing' });
    const tsx = pathToFileURL(createRequire(join(root, 'package.json')).resolve('tsx')).href;
    return runNode(['--conditions=source', '--import', tsx, resolve(file), ...args], { cwd: process.cwd() });
  });
