/**
 * A script for PARI/GP that computes with binary quadratic forms, and the reader of what it prints. Every line of the script is one
 * statement that prints one line, so that answers are matched to cases by position and a missing one shows.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import type { Form } from '../src/reference/form.ts';

/** One computation; the forms are reduced and of one discriminant. */
export type PariCase =
  | { readonly kind: 'compose'; readonly x: Form; readonly y: Form }
  | { readonly kind: 'square'; readonly x: Form }
  | { readonly kind: 'power'; readonly x: Form; readonly exponent: bigint };

const form = ({ a, b, c }: Form): string => `Qfb(${a},${b},${c})`;

/** PARI's plain algorithms: the ones that have least in common with NUCOMP and NUDUPL. */
function expression(question: PariCase): string {
  if (question.kind === 'compose') return `qfbcomp(${form(question.x)},${form(question.y)})`;
  if (question.kind === 'square') return `qfbcomp(${form(question.x)},${form(question.x)})`;
  return `qfbpow(${form(question.x)},${question.exponent})`;
}

/** One line per case, then the end. The prefix keeps warnings of gp apart from answers. */
export function pariScript(cases: readonly PariCase[]): string {
  const lines = cases.map((question, i) => `print("answer ",${i}," ",Vec(${expression(question)}))`);
  return `${lines.join('\n')}\nprint("end ",${cases.length})\nquit\n`;
}

/** @throws Error If the output is not one answer for each case, in order. */
export function parsePariOutput(output: string, count: number): Form[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  if (lines.length !== count + 1 || lines[count] !== `end ${count}`) {
    throw new Error(`gp gave ${lines.length} lines for ${count} cases, the last one ${lines[lines.length - 1]}`);
  }
  return lines.slice(0, count).map((line, i) => {
    const match = /^answer (\d+) \[(\d+), (-?\d+), (\d+)\]$/.exec(line);
    if (match === null || match[1] !== `${i}`) throw new Error(`gp: ${line}`);
    return { a: BigInt(match[2] as string), b: BigInt(match[3] as string), c: BigInt(match[4] as string) };
  });
}

/** Version of the `gp` on the PATH, or undefined. */
export function pariVersion(): string | undefined {
  const { status, stdout } = runGp('print(version())\nquit\n');
  return status === 0 ? stdout.trim() : undefined;
}

function runGp(script: string) {
  return spawnSync('gp', ['-q', '-f', '-s', '64M'], {
    input: script,
    encoding: 'utf8',
    timeout: 240_000,
    maxBuffer: 2 ** 28,
  });
}

/** What PARI computes, by one child process. @throws Error If gp fails. */
export function askPari(cases: readonly PariCase[]): Form[] {
  const { status, stdout, stderr, error } = runGp(pariScript(cases));
  if (status !== 0 || stderr.trim() !== '') throw new Error(`gp failed: ${stderr}`, { cause: error });
  return parsePariOutput(stdout, cases.length);
}
