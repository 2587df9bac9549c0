#!/usr/bin/env node
/**
 * The command line `dwallet`.
 *
 * @module
 */
import { type Command, CommanderError } from 'commander';
import { CommandError } from './network/layout.ts';
import { dwalletProgram } from './program.ts';
import { exitCodes } from './wallet/errors.ts';

const emit = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function main(): Promise<number> {
  let exitCode = 0;
  const program = dwalletProgram((code) => {
    exitCode = code;
  });
  const json = process.argv.includes('--json');
  let said = '';
  const prepare = (command: Command): void => {
    command.exitOverride().configureOutput({
      // For programs the reason is in the object.
      writeErr: (text) => {
        said += text;
        if (!json) process.stderr.write(text);
      },
    });
    command.commands.forEach(prepare);
  };
  prepare(program);
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok;
      if (json) emit({ event: 'error', error: 'USAGE', message: said.trim(), exitCode: exitCodes.usage });
      return exitCodes.usage;
    }
    const message = error instanceof Error ? error.message : String(error);
    if (json) emit({ event: 'error', message });
    else process.stderr.write(`dwallet: ${message}\n`);
    return error instanceof CommandError ? error.exitCode : exitCodes.failed;
  }
}

process.exitCode = await main();
