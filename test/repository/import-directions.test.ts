import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, workspaces } from '../../scripts/lib/workspaces.mjs';
import { allOurs, importTable } from './import-table.ts';

const oxlint = join(
  dirname(createRequire(import.meta.url).resolve('oxlint/package.json', { paths: [root] })),
  'bin',
  'oxlint',
);
const theirs = ['@noble/hashes/sha2.js', '@scure/btc-signer', 'viem', 'viem/utils', 'pino', 'node:fs', 'fs'];
const scopeOf = (specifier: string): string => specifier.split('/')[0] ?? specifier;

interface Probe {
  readonly file: string;
  readonly code: string;
  /** The rule that has to bite; undefined if the code is allowed. */
  readonly rule: string | undefined;
}

const imports = 'eslint(no-restricted-imports)';

function probes(): readonly Probe[] {
  const list: { folder: string; code: string; rule: string | undefined }[] = [];
  for (const { folder, ours, theirs: allowed } of importTable) {
    const add = (specifier: string, forbidden: boolean): void => {
      const rule = forbidden ? imports : undefined;
      list.push({ folder: `${folder}/src`, code: `export { thing } from '${specifier}';\n`, rule });
    };
    for (const specifier of allOurs) add(specifier, !ours.includes(specifier));
    for (const specifier of theirs) add(specifier, allowed !== undefined && !allowed.includes(scopeOf(specifier)));
    add('./beside.ts', false);
    add('../above/file.ts', false);
    add('@dwallet/kernel/src/index.ts', true);
    add('@dwallet/sigma/dist/index.js', true);
    add('../../sigma/src/index.ts', true);
  }
  const sigma = (code: string, rule: string | undefined): void => {
    list.push({ folder: 'packages/sigma/src', code, rule });
  };
  sigma("import type { ChainId } from '@dwallet/chains';\nexport type { ChainId };\n", imports);
  sigma("export const later = async () => import('node:os');\n", imports);
  sigma("import { randomBytes } from '@noble/hashes/utils.js';\nexport const bytes = randomBytes(32);\n", imports);
  sigma('export const now = Date.now();\n', 'eslint(no-restricted-globals)');
  sigma('export const mode = process.env.MODE;\n', 'eslint(no-restricted-globals)');
  sigma('export const page = fetch;\n', 'eslint(no-restricted-globals)');
  sigma('export const coin = Math.random();\n', 'eslint(no-restricted-properties)');
  // The main job starts validators in its own process, offline checks are the validator's; benchmarks and tests may import anything.
  list.push({ folder: 'cli/src/main-job', code: "export * from '@dwallet/validator';\n", rule: undefined });
  list.push({ folder: 'cli/src/offline', code: "export * from '@dwallet/validator';\n", rule: undefined });
  list.push({ folder: 'benches/src', code: "export * from '@dwallet/two-pc-mpc';\n", rule: undefined });
  list.push({ folder: 'benches/src', code: "export * from '@dwallet/two-pc-mpc/src/x.ts';\n", rule: imports });
  list.push({ folder: 'packages/sigma/test', code: "export * from '../src/index.ts';\n", rule: undefined });
  list.push({ folder: 'packages/kernel/test', code: "export * from '@dwallet/two-pc-mpc';\n", rule: undefined });
  return list.map(({ folder, code, rule }, index) => ({ file: `${folder}/probe-${index}.ts`, code, rule }));
}

describe('the lint rule holds the import directions of the architecture', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dwallet-imports-'));
  const found = new Map<string, string[]>();
  const all = probes();

  beforeAll(() => {
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    for (const { file, code } of all) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), code);
    }
    const run = spawnSync(process.execPath, [oxlint, '--format=json', '.'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    const report: { diagnostics: { filename: string; code: string }[] } = JSON.parse(run.stdout);
    for (const { filename, code } of report.diagnostics) found.set(filename, [...(found.get(filename) ?? []), code]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const { file, code, rule } of all) {
    const title = `${dirname(file)}: ${code.trim().split('\n').join(' ')}`;
    it(`${title} is ${rule === undefined ? 'allowed' : 'refused'}`, () => {
      const codes = (found.get(file) ?? []).filter((name) => name.includes('no-restricted'));
      expect(codes).toEqual(rule === undefined ? [] : expect.arrayContaining([rule]));
    });
  }
});

describe('manifests follow the same table', () => {
  const all = workspaces();

  it.each(importTable.map((row) => [row.folder, row] as const))('%s', (folder, row) => {
    const workspace = all.find((candidate) => candidate.folder === folder);
    if (workspace === undefined) return; // Its issue has not come yet.
    // The main job, inside cli, is the one place that may use every package.
    if (folder === 'cli') return;
    for (const name of Object.keys(workspace.dependencies)) {
      const ours = name.startsWith('@dwallet/');
      if (ours) expect(row.ours.map((specifier) => specifier.split('/').slice(0, 2).join('/'))).toContain(name);
      else if (row.theirs !== undefined) expect(row.theirs).toContain(scopeOf(name));
    }
  });

  it('every workspace is in the table or may import anything', () => {
    const known = [...importTable.map((row) => row.folder), 'benches', 'test', 'examples'];
    for (const { folder } of all) expect(known).toContain(folder.replace(/^examples\/.*/, 'examples'));
  });

  it('no workspace depends on itself through others', () => {
    const needs = new Map(all.map(({ name, dependencies }) => [name, Object.keys(dependencies)]));
    const visit = (name: string, path: readonly string[]): void => {
      expect(path).not.toContain(name);
      for (const next of needs.get(name) ?? []) visit(next, [...path, name]);
    };
    for (const { name } of all) visit(name, []);
  });

  it('TypeScript references are the dependencies of ours', () => {
    for (const { folder, dependencies } of all) {
      const path = join(root, folder, 'tsconfig.json');
      if (folder === 'test' || !existsSync(path)) continue;
      const { references = [] }: { references?: { path: string }[] } = JSON.parse(readFileSync(path, 'utf8'));
      const referenced = references.map((reference) => join(root, folder, reference.path)).toSorted();
      const wanted = all
        .filter(({ name }) => dependencies[name] !== undefined)
        .map((other) => join(root, other.folder));
      expect(referenced, folder).toEqual(wanted.toSorted());
    }
  });
});
