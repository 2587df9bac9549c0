/**
 * All commands of `dwallet`. What concerns one validator is done by the validator's own program, which takes this one's place.
 *
 * @module
 */
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { completionCommand } from './completion.ts';
import { networkCommand } from './network/command-line.ts';
import { validatorProgram } from './network/processes.ts';
import type { Finish } from './wallet/command-line.ts';
import { benchCommand } from './wallet/commands/bench.ts';
import { inspectCommands } from './wallet/commands/inspect.ts';
import { sendCommand } from './wallet/commands/send.ts';
import { signCommands } from './wallet/commands/sign.ts';
import { walletCommand } from './wallet/commands/wallet.ts';
import { zoneCommands } from './zones/command-line.ts';

/** Goes on as the validator's program, which ends the process. */
async function becomeValidatorProgram(args: readonly string[]): Promise<void> {
  const program = validatorProgram();
  process.argv = [process.argv[0] ?? 'node', program, ...args];
  await import(pathToFileURL(program).href);
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

const exitCodeHelp = `
Exit codes: 0 done, 1 failed or does not hold, 2 wrong arguments, 3 refused (by a person, the keystore, validators or a node; for network and
validator: not running), 4 nobody could be asked: try again, 130 interrupted. Every command has --help; most have --json.`;

/** @param finish - told the exit code of a command that ends without an error. */
export function dwalletProgram(finish: Finish): Command {
  const program = new Command('dwallet')
    .description('dWallet: keys that sign natively on any chain and that nobody holds')
    .version('0.1.0')
    .enablePositionalOptions()
    .addHelpText('after', exitCodeHelp)
    .addCommand(networkCommand(finish))
    .addCommand(walletCommand(finish));
  const all = [
    ...signCommands(finish),
    sendCommand(finish),
    ...inspectCommands(finish),
    benchCommand(finish),
    ...zoneCommands(finish),
    passedOn(
      'validator',
      'one validator: init, set, run, genesis, status, presigns, backup, restore, zone-faults, acknowledge, config',
    ),
    passedOn('worker', 'computes for a validator, on any machine that reaches its Redis'),
    passedOn('evidence', 'evidence of misbehaviour: list, show, export, verify'),
    completionCommand(),
  ];
  for (const command of all) program.addCommand(command);
  return program;
}
