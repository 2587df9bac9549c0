/**
 * Fixed seeds lead to the same bytes for ever. Vectors: vectors/setup-dkg-presign.json, generator vectors/make-vectors.ts.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { computeVectors } from './helpers/stability.ts';

test('every message and record of setup, dWallet DKG and presign is stable', () => {
  const file = new URL('./vectors/setup-dkg-presign.json', import.meta.url);
  const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  expect(computeVectors()).toEqual(known);
});
