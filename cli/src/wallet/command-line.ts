/**
 * What the wallet's commands have in common on the command line: options, examples, how they end.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Output, createOutput } from './output.ts';

export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`must be an integer from ${min} to ${max}.`);
    return value;
  };
}

/** A command with `--json` and examples in its help. */
export const newCommand = (name: string, description: string, examples: readonly string[]): Command =>
  new Command(name)
    .description(description)
    .option('--json', 'one JSON object on standard output, errors too', false)
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`);

/** Which wallet, and who may open it. */
export const withWallet = (command: Command): Command =>
  command
    .addOption(
      new Option('--wallet <folder>', 'where the wallet is (default: $DWALLET_WALLET, or .dwallet/wallets/default)'),
    )
    .option('--passphrase-file <file>', 'file whose first line is the passphrase; or $DWALLET_PASSPHRASE_FILE')
    .option('--passphrase-fd <n>', 'file descriptor to read it from', integer(0, 1_000_000));

/** How the network is reached. */
export const withConnection = (command: Command): Command =>
  command
    .option('--network <folder>', 'folder of a network of "dwallet network up"')
    .option('--endpoints <list>', 'host:port of validators, separated by commas')
    .option('--ca <file>', 'certificates of the authorities of a development network, in PEM')
    .option('--network-id <hex>', 'id of the network that is meant; otherwise the first one seen is pinned')
    .addOption(
      new Option('--profile <bits>', "security of the network's class group (default: 128)").choices(['112', '128']),
    );

export const withDWalletChoice = (command: Command): Command =>
  command.option('--dwallet <id>', 'beginning of the id of a dWallet; needed when the wallet has several');

export const withApproval = (command: Command): Command =>
  command.option('--yes', 'signs what is shown without asking', false);

/** Sets the exit code. */
export type Finish = (code: number) => void;

type Work<Args extends readonly unknown[]> = (output: Output, ...args: Args) => Promise<number | void>;

/**
 * Runs the work of a command, and says why it failed. @param load - imports the work: a command loads what it needs and nothing else.
 */
export const acting =
  <Args extends readonly unknown[]>(finish: Finish, load: () => Promise<Work<Args>>) =>
  async (...args: Args): Promise<void> => {
    const options = args.find(
      (arg): arg is Args[number] & { readonly json: boolean } =>
        typeof arg === 'object' && arg !== null && !(arg instanceof Command) && 'json' in arg,
    );
    const json = options?.json === true;
    try {
      const work = await load();
      finish((await work(createOutput(json), ...args)) ?? 0);
    } catch (error) {
      const { reportError } = await import('./error-report.ts');
      finish(reportError(error, json));
    }
  };
