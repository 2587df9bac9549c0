#!/usr/bin/env node
/**
 * The command line `dwallet`. What concerns one validator is done by the validator's own program, which takes
 * this one's place.
 *
 * @module
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { formatLine, kill, logs, start, status, stop, up } from './network/commands.ts';
import { CommandError, type ProfileBits } from './network/layout.ts';
import { validatorProgram } from './network/processes.ts';
import { createReporter } from './reporter.ts';

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`must be an integer from ${min} to ${max}.`);
    return value;
  };
}

/** Ended by SIGINT or SIGTERM; the second one ends the process as it would without us. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(new CommandError(name)));
  return controller.signal;
}

/** Goes on as the validator's program, which ends the process. */
async function becomeValidatorProgram(args: readonly string[]): Promise<void> {
  const program = validatorProgram();
  process.argv = [process.argv[0] ?? 'node', program, ...args];
  await import(pathToFileURL(program).href);
}

const emit = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

interface NetworkOptions {
  readonly data: string;
  readonly json: boolean;
}

function networkCommand(finish: (code: number) => void): Command {
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
          timeout: number;
          set: string[];
        },
      ) => {
        await up({
          data: dataOf(options),
          validators: options.validators === undefined ? undefined : Number(options.validators),
          profile: options.profile,
          detach: options.detach,
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

/** Validator and evidence commands are the validator program's: it knows their options and explains them. */
function passedOn(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('[arguments...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async () => {
      const { argv } = process;
      const args = argv.slice(argv.indexOf(name) + 1);
      await becomeValidatorProgram(name === 'validator' ? args : [name, ...args]);
    });
}

async function main(): Promise<number> {
  let exitCode = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const program = new Command('dwallet')
    .description('dWallet: keys that sign natively on any chain and that nobody holds')
    .version('0.1.0')
    .exitOverride()
    .enablePositionalOptions()
    .addCommand(networkCommand(finish))
    .addCommand(
      passedOn('validator', 'one validator: init, set, run, genesis, status, presigns, backup, restore, config'),
    )
    .addCommand(passedOn('worker', 'computes for a validator, on any machine that reaches its Redis'))
    .addCommand(passedOn('evidence', 'evidence of misbehaviour: list, show, export, verify'));
  for (const command of program.commands) {
    command.exitOverride();
    for (const inner of command.commands) inner.exitOverride();
  }
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    // commander has said what is wrong with the arguments.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const json = process.argv.includes('--json');
    const message = error instanceof Error ? error.message : String(error);
    if (json) emit({ event: 'error', message });
    else process.stderr.write(`dwallet: ${message}\n`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

process.exitCode = await main();
