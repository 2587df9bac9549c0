/**
 * Faults on real processes: `npm run test:faults -- --seeds N --seed S [--json]`; `--help` says the rest.
 *
 * @module
 */
import { main } from './main.ts';

process.exitCode = await main(process.argv.slice(2));
