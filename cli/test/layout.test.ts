/** What a local network remembers of itself. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CommandError, checkGenesis } from '../src/network/layout.ts';

const data = mkdtempSync(join(tmpdir(), 'dwallet-layout-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

it('a folder whose validators are others than those that it began with is refused, and stays what it is', () => {
  checkGenesis(data, ['a', 'b']);
  const written = readFileSync(join(data, 'genesis.json'), 'utf8');
  checkGenesis(data, ['a', 'b']);
  for (const others of [['a', 'c'], ['b', 'a'], ['a'], ['a', 'b', 'c']])
    expect(() => checkGenesis(data, others)).toThrow(CommandError);
  expect(readFileSync(join(data, 'genesis.json'), 'utf8')).toBe(written);
});
