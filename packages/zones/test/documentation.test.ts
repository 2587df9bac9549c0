import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as zones from '../src/index.ts';
import { ruleTexts } from '../src/index.ts';

const guide = readFileSync(new URL('../../../docs/zones.md', import.meta.url), 'utf8');
const rows = new Map(
  [...guide.matchAll(/^\| ([A-Z]+:\d+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, rule = '', what = '', shown = '']) => [
    rule,
    { what, shown },
  ]),
);

describe('docs/zones.md', () => {
  it('has one row per rule', () => {
    expect([...rows.keys()]).toEqual(Object.keys(ruleTexts));
  });

  it('names properties and tests that exist', () => {
    for (const { shown } of rows.values()) {
      for (const name of shown.trim().split(', ')) {
        const file = name.endsWith('.ts') ? name : `properties/${name}.ts`;
        expect(existsSync(new URL(file, import.meta.url)), file).toBe(true);
      }
    }
  });
});

it('the package exports no switch for its rules', () => {
  expect(Object.keys(zones).filter((name) => /with$|rules$/i.test(name))).toEqual([]);
});
