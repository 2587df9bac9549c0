/**
 * Options of the zones demonstration.
 *
 * @module
 */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ProfileBits } from '../network/layout.ts';

export interface DemoOptions {
  readonly profile: ProfileBits;
  readonly validators: number;
  readonly presigns: number;
  readonly json: boolean;
  /** Absolute path of the folder of the validators; begun anew by every run. */
  readonly data: string;
  /** Absolute path of the HTML report. */
  readonly report: string;
  readonly scenarios: ReadonlySet<number>;
  /** For `npm run bench:zones`: measures beside what is checked. */
  readonly measure: boolean;
  /** Time of the cluster's chains: 1 for blocks of 250 ms, 2 s and 12 s; 0.25 is four times as fast. */
  readonly pace: number;
}

const scenarioNumbers = (text: string): ReadonlySet<number> => {
  const numbers = text.split(',').map(Number);
  if (!numbers.every((number) => [1, 2, 3, 4].includes(number)))
    throw new InvalidArgumentError('must be numbers from 1 to 4, with commas.');
  return new Set(numbers);
};

/** Parses the command line; prints help or one sentence and exits on a mistake. */
export function parseOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('npm run demo:zones --')
    .description(
      'Zones on real chains: three EVM nodes, Bitcoin regtest and four validators. Transfers between sovereign chains, a chain that is compromised, a cluster with faults, Byzantine validators; every claim is checked, and a report is written.',
    )
    .addOption(new Option('--profile <bits>', 'security of the class group').choices(['112', '128']).default('128'))
    .option(
      '--scenarios <list>',
      'which of 1, 2, 3, 4; later ones build on 1, and with 4 the others run beside a Byzantine validator',
      scenarioNumbers,
      new Set([1, 2, 3, 4]),
    )
    .option('--pace <factor>', 'time of the cluster’s chains: 1 is 250 ms, 2 s and 12 s a block', pace, 1)
    .option('--report <file>', 'where the HTML report goes', '.dwallet/zones-demo.html')
    .option('--measure', 'throughput, latencies and costs beside the checks', false)
    .option('--json', 'one JSON event a line on standard output', false)
    .option(
      '--data <folder>',
      'where validators and wallet keep their state; begun anew by every run',
      '.dwallet/zones-demo',
    )
    .allowExcessArguments(false)
    .parse([...argv], { from: 'user' });
  const options =
    command.opts<Pick<DemoOptions, 'profile' | 'json' | 'measure' | 'scenarios' | 'pace' | 'data' | 'report'>>();
  return {
    ...options,
    validators: 4,
    presigns: presignsOf(options.scenarios, options.measure),
    data: resolve(options.data, `clg-${options.profile}`),
    report: resolve(options.report),
  };
}

/** Signatures of each scenario, those that are refused too, and some more. */
function presignsOf(scenarios: ReadonlySet<number>, measure: boolean): number {
  const needed = { 1: 10, 2: 6, 3: 10, 4: 3 };
  let sum = needed[1] + (measure ? 4 : 0);
  for (const scenario of [2, 3, 4] as const) if (scenarios.has(scenario)) sum += needed[scenario];
  return sum;
}

function pace(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 4)) throw new InvalidArgumentError('must be a number from 0.1 to 4.');
  return value;
}
