/** Writes sign.json. Run it only when a change of the wire format is intended: `npx tsx --conditions=source <this file>`. */
import { writeFileSync } from 'node:fs';
import { computeSignVectors } from '../helpers/sign-stability.ts';

writeFileSync(new URL('./sign.json', import.meta.url), `${JSON.stringify(await computeSignVectors(), null, 2)}\n`);
