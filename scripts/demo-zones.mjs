// npm run demo:zones: installs and builds what is missing, then runs the demonstration of zones. Arguments go to it.
import { nodeIsTooOld } from './lib/node-version.mjs';

if (!nodeIsTooOld()) {
  void import('./lib/commands.mjs').then((commands) => commands.demoZones(process.argv.slice(2)));
}
