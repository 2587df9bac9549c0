// npm run bench: installs and builds what is missing, then runs the benchmarks. Arguments go to them.
import { nodeIsTooOld } from './lib/node-version.mjs';

if (!nodeIsTooOld()) {
  void import('./lib/commands.mjs').then((commands) => commands.bench(process.argv.slice(2)));
}
