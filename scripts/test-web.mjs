// npm run test:web: installs and builds what is missing, then runs the tests in a real browser. Arguments go to vitest.
import { nodeIsTooOld } from './lib/node-version.mjs';

if (!nodeIsTooOld()) {
  void import('./lib/commands.mjs').then((commands) => commands.testWeb(process.argv.slice(2)));
}
