/**
 * Passphrases and recovery words: from the terminal, a file or a file descriptor. Never from arguments, and never from an environment variable
 * itself, which other processes may see.
 *
 * @module
 */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { CommandError } from '../network/layout.ts';
import { UsageError, exitCodes } from './errors.ts';

/** Longest line that is taken for a secret. */
const maxBytes = 4096;

/** Where a secret comes from: what the options and environment say. */
export interface SecretSource {
  /** What it is, for the prompt and errors. */
  readonly what: string;
  readonly file?: string | undefined;
  readonly descriptor?: number | undefined;
  /** Name of the environment variable that names a file. */
  readonly environment?: string;
  /** Options that give it, for the error. */
  readonly options: string;
  /** Typed twice. */
  readonly isNew?: boolean;
}

function firstLine(bytes: Buffer, what: string): string {
  if (bytes.length > maxBytes) throw new UsageError(`${what}: longer than ${maxBytes} bytes`);
  const line = bytes.toString('utf8').split(/\r?\n/, 1)[0] ?? '';
  bytes.fill(0);
  if (line.trim() === '') throw new UsageError(`${what}: the first line is empty`);
  return line;
}

function readSecretFile(path: string, what: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw new UsageError(`${what}: ${path} cannot be read`);
  }
  try {
    const stat = fstatSync(file);
    if (stat.isFile() && process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
      process.stderr.write(`dwallet: ${path} can be read by others: chmod 600 ${path}\n`);
    return firstLine(readFileSync(file), what);
  } finally {
    closeSync(file);
  }
}

/** @throws UsageError when there is no source and no terminal; CommandError when it was interrupted. */
export async function readSecret(source: SecretSource): Promise<string> {
  const { what, file, descriptor, environment, options, isNew = false } = source;
  if (file !== undefined && descriptor !== undefined) throw new UsageError(`${what}: ${options}, but not both`);
  if (descriptor !== undefined) {
    try {
      return firstLine(readFileSync(descriptor), what);
    } catch (error) {
      throw error instanceof CommandError ? error : new UsageError(`${what}: descriptor ${descriptor} cannot be read`);
    }
  }
  const named = file ?? (environment === undefined ? undefined : process.env[environment]);
  if (named !== undefined && named !== '') return readSecretFile(named, what);
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    const variable = environment === undefined ? '' : `, or ${environment}`;
    throw new UsageError(`${what}: there is no terminal to ask on: ${options}${variable}`);
  }
  const typed = await askHidden(`${what}: `, process.stdin);
  if (typed.trim() === '') throw new UsageError(`${what}: nothing was typed`);
  if (isNew && (await askHidden(`${what}, once more: `, process.stdin)) !== typed)
    throw new UsageError(`${what}: the two are not the same`);
  return typed;
}

/** One line of a terminal that does not show it. */
export function askHidden(prompt: string, input: Readable & { setRawMode?(on: boolean): unknown }): Promise<string> {
  process.stderr.write(prompt);
  input.setRawMode?.(true);
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (): void => {
      input.off('data', onData);
      input.setRawMode?.(false);
      input.pause();
      process.stderr.write('\n');
    };
    const onData = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\u0003') {
          end();
          reject(new CommandError('interrupted', exitCodes.interrupted));
          return;
        }
        if (character === '\r' || character === '\n' || character === '\u0004') {
          end();
          resolve(typed);
          return;
        }
        if (character === '\u007f' || character === '\b') typed = Array.from(typed).slice(0, -1).join('');
        else if (character >= ' ') typed += character;
      }
    };
    input.on('data', onData);
    input.resume();
  });
}

/** A question to the person at the terminal. @returns false also when there is nobody. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      // The terminal belongs to the question: Ctrl-C comes here and not to the process.
      terminal.once('SIGINT', () => reject(new CommandError('interrupted', exitCodes.interrupted)));
      terminal.once('close', () => resolve(''));
      terminal.question(`${question} [y/N] `).then(resolve, reject);
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** A new file of its owner alone, on the disk when this returns. @throws UsageError when there is one of this name. */
export function writeSecretFile(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch {
    throw new UsageError(`${path} cannot be made: it is there already, or its folder is not`);
  }
  try {
    writeSync(file, `${text}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
