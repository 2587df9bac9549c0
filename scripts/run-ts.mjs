// node scripts/run-ts.mjs FILE [ARGS]: runs a TypeScript file on the workspaces' sources, without a build.
import { nodeIsTooOld } from './lib/node-version.mjs';

if (!nodeIsTooOld()) {
  void import('./lib/commands.mjs').then((commands) => commands.runTypeScript(process.argv.slice(2)));
}
