import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLockfile, licenceAllowed } from '../../scripts/check-licences.mjs';
import { completeLockfile, missingOptional, platformOf } from '../../scripts/complete-lockfile.mjs';
import { installTrouble } from '../../scripts/lib/ensure.mjs';
import { oldest } from '../../scripts/lib/node-version.mjs';
import { readJson, root, withDependencies, workspaces } from '../../scripts/lib/workspaces.mjs';

describe('the oldest Node', () => {
  it('is the one that every package.json names', () => {
    const range = `>=${oldest.major}.${oldest.minor}`;
    expect(readJson('package.json').engines.node).toBe(range);
    for (const { folder } of workspaces()) expect(readJson(`${folder}/package.json`).engines.node, folder).toBe(range);
  });

  it.each(['start', 'test', 'test-web', 'example-web', 'bench', 'setup', 'run-ts'])(
    'scripts/%s.mjs refuses an older one in one sentence',
    (name) => {
      const pretend = "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } });";
      const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
      const run = spawnSync(process.execPath, ['--import', preload, join(root, 'scripts', `${name}.mjs`)], {
        encoding: 'utf8',
      });
      expect(run.status).toBe(1);
      expect(run.stdout).toBe('');
      expect(run.stderr).toMatch(/^dWallet needs Node 20\.19 or newer; this is v\S+\.\n$/);
    },
  );
});

describe('workspaces', () => {
  it('knows what a workspace is built from', () => {
    const names = withDependencies('@dwallet/two-pc-mpc').map(({ name }) => name);
    expect(names.toSorted()).toEqual([
      '@dwallet/class-groups',
      '@dwallet/kernel',
      '@dwallet/sigma',
      '@dwallet/two-pc-mpc',
    ]);
  });

  it('are all compiled by tsc -b and pin every dependency exactly', () => {
    const built: string[] = readJson('tsconfig.json').references.map((reference: { path: string }) => reference.path);
    const buildable = workspaces().filter(({ builds }) => builds);
    expect(built.toSorted()).toEqual(buildable.map(({ folder }) => folder).toSorted());
    for (const { folder, dependencies } of workspaces()) {
      for (const version of Object.values(dependencies)) expect(version, folder).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});

describe('licences', () => {
  const permissive = (name: string): boolean => ['MIT', 'Apache-2.0', 'BSD-3-Clause'].includes(name);

  it('of all dependencies are permissive', () => {
    const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    expect(checkLockfile(lockfile).problems).toEqual([]);
  });

  it.each([
    ['MIT', true],
    ['GPL-3.0-only', false],
    ['MIT OR GPL-3.0-only', true],
    ['MIT AND GPL-3.0-only', false],
    ['(MIT AND BSD-3-Clause)', true],
    ['GPL-2.0-only OR (MIT AND Apache-2.0)', true],
    ['none named', false],
    ['(MIT', false],
    ['', false],
  ])('%s: %s', (expression, allowed) => {
    expect(licenceAllowed(expression, permissive)).toBe(allowed);
  });

  it('refuses a copyleft, unnamed, unhashed or hosted dependency', () => {
    const good = { version: '1.0.0', license: 'MIT', integrity: 'sha512-x' };
    const check = (entry: object): readonly string[] =>
      checkLockfile({ packages: { 'node_modules/x': { ...good, ...entry } } }).problems;
    expect(check({})).toEqual([]);
    expect(check({ license: 'GPL-3.0-only' })).toHaveLength(1);
    expect(check({ license: undefined })).toHaveLength(1);
    expect(check({ license: 'MPL-2.0' })).toHaveLength(1);
    expect(check({ license: 'MPL-2.0', dev: true })).toEqual([]);
    expect(check({ integrity: undefined })).toHaveLength(1);
    expect(check({ resolved: 'https://registry.example/x.tgz' })).toHaveLength(1);
  });
});

describe('the lockfile', () => {
  it('gets the optional packages that the registry did not carry, and npm ci then accepts it', () => {
    const packages: Record<string, object> = {
      'node_modules/z': {
        version: '1.0.0',
        license: 'MIT',
        optionalDependencies: { '@z/darwin-arm64': '1.0.0', a: '2.0.0' },
      },
      'node_modules/z/node_modules/a': { version: '2.0.0', license: 'MIT' },
    };
    const lockfile = { packages };
    expect(missingOptional(lockfile).map(({ name }) => name)).toEqual(['@z/darwin-arm64']);
    expect(completeLockfile(lockfile)).toBe(1);
    expect(completeLockfile(lockfile)).toBe(0);
    expect(lockfile.packages['node_modules/@z/darwin-arm64']).toEqual({
      version: '1.0.0',
      license: 'MIT',
      optional: true,
      os: ['darwin'],
      cpu: ['arm64'],
    });
  });

  it.each([
    ['@turbo/windows-64', { os: ['win32'], cpu: ['x64'] }],
    ['@x/anvil-linux-arm64', { os: ['linux'], cpu: ['arm64'] }],
    ['@x/cli-linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
    ['@x/binding-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
    ['@x/binding-win32-ia32-msvc', { os: ['win32'], cpu: ['ia32'] }],
  ])('reads the platform of %s', (name, platform) => {
    expect(platformOf(name)).toEqual(platform);
  });
});

describe('a failed installation', () => {
  it.each([
    ['npm error code ENOTFOUND\nnpm error network request failed', /the npm registry cannot be reached \(ENOTFOUND\)/],
    ['npm error code EAI_AGAIN', /the npm registry cannot be reached \(EAI_AGAIN\)/],
    ['npm error code ENOSPC\nnpm error nospc ENOSPC: no space left', /the disk is full \(ENOSPC\)/],
    ['npm error code EDQUOT', /the disk is full \(EDQUOT\)/],
    ['npm error code EACCES\nnpm error syscall mkdir', /no permission to write .* \(EACCES\)/],
    ['npm error code EUSAGE\nnpm error Missing: x', /package-lock.json does not match/],
  ])('%j is explained in one sentence', (output, sentence) => {
    const { message } = installTrouble(output);
    expect(message).toMatch(sentence);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('is otherwise shown as npm tells it', () => {
    expect(installTrouble('npm error code E418\nnpm error teapot').message).toContain('npm error teapot');
  });
});
