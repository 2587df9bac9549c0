/**
 * Options of the main job.
 *
 * @module
 */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

export interface MainJobOptions {
  readonly fresh: boolean;
  readonly profile: '112' | '128';
  readonly validators: number;
  readonly presigns: number;
  readonly json: boolean;
  /** Absolute path of the data folder. */
  readonly data: string;
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`must be an integer from ${min} to ${max}.`);
    return value;
  };
}

/** Parses the command line; prints help or one sentence and exits on a mistake. */
export function parseOptions(argv: readonly string[]): MainJobOptions {
  const command = new Command('npm start --')
    .description(
      'Runs a dWallet network on this machine: validators make a network key without a dealer, a user makes a wallet, and its signatures move money on a local Ethereum node and a local Bitcoin node.',
    )
    .option('--fresh', 'begin again: a new network key and a new wallet', false)
    .addOption(new Option('--profile <bits>', 'security of the class group').choices(['112', '128']).default('128'))
    .option('--validators <n>', 'number of validators, 4 to 16', integer(4, 16), 4)
    .option('--presigns <n>', 'presigns in the pool, 8 to 64', integer(8, 64), 16)
    .option('--json', 'one JSON event a line on standard output', false)
    .option('--data <folder>', 'where validators and wallet keep their state', '.dwallet')
    .allowExcessArguments(false)
    .parse([...argv], { from: 'user' });
  const options = command.opts<Omit<MainJobOptions, 'data'> & { data: string }>();
  return { ...options, data: resolve(options.data, `clg-${options.profile}-n${options.validators}`) };
}
