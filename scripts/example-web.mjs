// npm run example:web: installs and builds what is missing, then serves the wallet page over a local network.
import { nodeIsTooOld } from './lib/node-version.mjs';

if (!nodeIsTooOld()) {
  void import('./lib/commands.mjs').then((commands) => commands.exampleWeb(process.argv.slice(2)));
}
