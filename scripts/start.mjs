// npm start: installs and builds what is missing, then runs the main job. Arguments go to the job.
import { nodeIsTooOld } from './lib/node-version.mjs';

if (!nodeIsTooOld()) {
  void import('./lib/commands.mjs').then((commands) => commands.start(process.argv.slice(2)));
}
