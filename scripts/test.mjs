// npm test: installs and builds what is missing, then runs the tests. Arguments go to vitest.
import { nodeIsTooOld } from './lib/node-version.mjs';

if (!nodeIsTooOld()) {
  void import('./lib/commands.mjs').then((commands) => commands.test(process.argv.slice(2)));
}
