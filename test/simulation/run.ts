/**
 * The deterministic simulation: `npm run test:simulation -- --schedules N --seed S [--json]`; `--help` says the rest.
 *
 * @module
 */
import { register } from 'node:module';

// Before anything else is loaded: arithmetic that remembers (memo/memo.ts).
register('./memo/hooks.mjs', import.meta.url);
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
