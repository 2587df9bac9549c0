/** docs/sdk.md has everything that `@dwallet/client-sdk` offers: what the entries export, the options of their calls, the methods of their objects. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson, root } from '../../scripts/lib/workspaces.mjs';

const guide = readFileSync(join(root, 'docs', 'sdk.md'), 'utf8');
const inGuide = (name: string): boolean => new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(guide);
const source = (path: string): string => readFileSync(join(root, 'client-sdk', 'src', path), 'utf8');

/** Declarations of a file: name and body, of those that begin at the start of a line and end with a brace there. */
const declarations = (path: string, form: RegExp): readonly (readonly [string, string])[] =>
  [...source(path).matchAll(new RegExp(`^export ${form.source} (\\w+)[^\\n]*\\{\\n([\\s\\S]*?)^\\}`, 'gm'))].map(
    ([, name, body]) => [name as string, body as string] as const,
  );

/** Names that an entry exports, types apart, and those of the files that it takes everything of. */
function exportsOf(path: string): string[] {
  const text = source(path);
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) =>
    (names as string)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type ')),
  );
  const own = [...text.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)].map(
    ([, name]) => name as string,
  );
  const inner = [...text.matchAll(/^export \* from '\.\/([^']+)'/gm)].flatMap(([, file]) => exportsOf(file as string));
  return [...listed, ...own, ...inner];
}

const entries = Object.entries(readJson('client-sdk/package.json').exports as Record<string, { source: string }>)
  .map(([entry, { source: path }]) => [entry, path.replace('./src/', '')] as const)
  .filter(([entry]) => entry !== './compute-worker');

/** Where options and what a payment says are declared. */
const optionFiles = [
  'client.ts',
  'owning-client.ts',
  'node-client.ts',
  'browser-client.ts',
  'send.ts',
  'ethereum.ts',
  'bitcoin.ts',
  'cosmos/payment.ts',
  'tron.ts',
  'xrpl.ts',
];

describe('docs/sdk.md', () => {
  it.each(entries)('has what %s exports', (_, path) => {
    const names = exportsOf(path);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !inGuide(name))).toEqual([]);
  });

  it.each(optionFiles)('has the options and intents of %s', (path) => {
    const found = declarations(path, /interface/).filter(([name]) => /(Options|Request|Intent)$/.test(name));
    expect(found.length, path).toBeGreaterThan(0);
    const names = found.flatMap(([name, body]) =>
      [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => `${name}.${member}`),
    );
    expect(names.filter((name) => !inGuide(name.split('.')[1] as string))).toEqual([]);
  });

  it('has the methods of the client and of a dWallet', () => {
    const found = declarations('client.ts', /class/).filter(([name]) => /^DWallet(Client)?$/.test(name));
    expect(found.map(([name]) => name).toSorted()).toEqual(['DWallet', 'DWalletClient']);
    const names = found.flatMap(([, body]) =>
      [...body.matchAll(/^ {2}(?:static )?(?:async )?(?:get )?([a-z]\w*)(?:<[^>]*>)?\(/gm)].map(
        ([, name]) => name as string,
      ),
    );
    expect(names).toEqual(expect.arrayContaining(['connect', 'createDWallet', 'send', 'recover']));
    expect(names.filter((name) => name !== 'constructor' && !inGuide(name))).toEqual([]);
  });
});
