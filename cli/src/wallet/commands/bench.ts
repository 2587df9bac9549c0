/**
 * `dwallet bench`.
 *
 * @module
 */
import { type Command, Option } from 'commander';
import { type Finish, acting, integer, newCommand } from '../command-line.ts';

export const benchCommand = (finish: Finish): Command =>
  newCommand('bench', "what the wallet's own work costs on this machine; needs no network", [
    'dwallet bench',
    'dwallet bench --profile 112 --rounds 10 --json',
  ])
    .addOption(new Option('--profile <bits>', 'security of the class group').choices(['112', '128']).default('128'))
    .addOption(new Option('--rounds <n>', 'how often each is measured').argParser(integer(1, 100)).default(5))
    .action(acting(finish, async () => (await import('../actions/bench.ts')).bench));
