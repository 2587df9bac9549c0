/**
 * A fixed seed leads to the same signing messages for ever. Vectors: vectors/sign.json, generator vectors/make-sign-vectors.ts.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { computeSignVectors } from './helpers/sign-stability.ts';

test('SignMsg, nonce randomizers, D, share messages and the signature are stable', async () => {
  const file = new URL('./vectors/sign.json', import.meta.url);
  const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  expect(await computeSignVectors()).toEqual(known);
});
