/**
 * `dwallet network ...` on the command line.
 *
 * @module
 */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type Finish, integer } from '../wallet/command-line.ts';
import { parseAmount } from '../wallet/amount.ts';
import { interruption } from '../interruption.ts';
import { createReporter } from '../reporter.ts';
import { formatLine, fund, kill, logs, start, status, stop, up } from './commands.ts';
import type { ProfileBits } from './layout.ts';

const emit = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

interface NetworkOptions {
  readonly data: string;
  readonly json: boolean;
}

export function networkCommand(finish: Finish): Command {
  const network = new Command('network').description('a development network on this machine');
  const command = (name: string, description: string): Command =>
    network
      .command(name)
      .description(description)
      .option('--data <folder>', 'where the network keeps its state', '.dwallet/network')
      .option('--json', 'JSON on standard output', false)
      .allowExcessArguments(false);
  const dataOf = ({ data }: NetworkOptions): string => resolve(data);

  command('up', 'starts a network and keeps it running until Ctrl-C; makes keys, certificates and configurations first')
    .addOption(new Option('--validators <n>', 'how many; default: as it was, or 4').choices(['4', '7', '16']))
    .addOption(
      new Option('--profile <bits>', 'security of the class group; default: as it was, or 128').choices(['112', '128']),
    )
    .option('--detach', 'leaves the network running in the background', false)
    .option('--evm', 'starts a local Ethereum chain (anvil) too, for "dwallet send"; it begins empty each time', false)
    .option('--timeout <seconds>', 'how long to wait until all serve', integer(1, 86_400), 600)
    .option(
      '--set <field=value>',
      'a setting of every validator, such as pool.low=8',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .action(
      async (
        options: NetworkOptions & {
          validators?: string;
          profile?: ProfileBits;
          detach: boolean;
          evm: boolean;
          timeout: number;
          set: string[];
        },
      ) => {
        await up({
          data: dataOf(options),
          validators: options.validators === undefined ? undefined : Number(options.validators),
          profile: options.profile,
          detach: options.detach,
          evm: options.evm,
          timeoutMs: options.timeout * 1000,
          set: options.set,
          signal: interruption(),
          report: createReporter(options.json),
        });
      },
    );

  command('status', 'what each validator does; exit code 3 unless all are ready').action(
    async (options: NetworkOptions) => {
      const states = await status(dataOf(options));
      if (options.json) emit({ event: 'status', validators: states });
      else {
        for (const { validator, state, pid, waitingFor, facts } of states) {
          const more = state === 'waiting' ? `for ${waitingFor.join(', ')}` : '';
          const presigns = facts['presigns'] === undefined ? '' : `${facts['presigns']} presigns`;
          process.stdout.write(
            `validator ${validator}  ${state.padEnd(8)} ${pid === null ? '' : `pid ${pid}`}  ${presigns} ${more}`.trimEnd(),
          );
          process.stdout.write('\n');
        }
      }
      finish(states.every(({ state }) => state === 'ready') ? 0 : 3);
    },
  );

  command('stop', 'ends the validators: sessions are finished first')
    .option('--grace <seconds>', 'after that they are killed', integer(0, 3600), 40)
    .action(async (options: NetworkOptions & { grace: number }) => {
      const stopped = await stop(dataOf(options), options.grace * 1000);
      if (options.json) emit({ event: 'stopped', validators: stopped });
      else process.stdout.write(stopped.length === 0 ? 'nothing was running\n' : `stopped: ${stopped.join(', ')}\n`);
    });

  command('fund', 'gives an address of the local Ethereum chain coins out of nothing')
    .argument('<address>', '0x and 40 hex characters')
    .option('--amount <amount>', 'its balance afterwards, with the unit', '10eth')
    .action(async (address: string, options: NetworkOptions & { amount: string }) => {
      const wei = await fund(dataOf(options), address, parseAmount(options.amount, 'evm', '--amount'));
      if (options.json) emit({ event: 'funded', address, wei: wei.toString() });
      else process.stdout.write(`${address} has ${wei} wei\n`);
    });

  command('kill', 'kill -9 of one validator')
    .argument('<n>', 'its number', integer(1, 128))
    .action(async (index: number, options: NetworkOptions) => {
      const pid = await kill(dataOf(options), index);
      if (options.json) emit({ event: 'killed', validator: index, pid });
      else process.stdout.write(`validator ${index} (pid ${pid}) is killed\n`);
    });

  command('start', 'starts one validator again, in the background')
    .argument('<n>', 'its number', integer(1, 128))
    .option('--timeout <seconds>', 'how long to wait until it serves', integer(1, 86_400), 600)
    .action(async (index: number, options: NetworkOptions & { timeout: number }) => {
      const report = createReporter(options.json);
      const pid = await start(dataOf(options), index, options.timeout * 1000, report, interruption());
      report.say(`validator ${index} is ready (pid ${pid})`, { event: 'started', validator: index, pid });
    });

  command('logs', 'the logs of all validators or of one')
    .argument('[n]', 'its number', integer(1, 128))
    .option('-f, --follow', 'goes on with what is logged from now on', false)
    .option('-n, --lines <count>', 'last lines of each log', integer(0, 1_000_000), 20)
    .action(async (index: number | undefined, options: NetworkOptions & { follow: boolean; lines: number }) => {
      const write = (line: string): void => void process.stdout.write(`${options.json ? line : formatLine(line)}\n`);
      await logs(dataOf(options), {
        index,
        follow: options.follow,
        lines: options.lines,
        signal: interruption(),
        write,
      });
    });
  return network;
}
