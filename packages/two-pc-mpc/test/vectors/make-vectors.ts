/** Writes setup-dkg-presign.json: `node scripts/run-ts.mjs packages/two-pc-mpc/test/vectors/make-vectors.ts`. */
import { writeFileSync } from 'node:fs';
import { computeVectors } from '../helpers/stability.ts';

const file = new URL('./setup-dkg-presign.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(computeVectors(), null, 2)}\n`);
console.log(`wrote ${file.pathname}`);
