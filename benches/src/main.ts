/**
 * `npm run bench`: measures the protocol. `npm run bench:kernel` (first argument `kernel`): measures the arithmetic;
 * `npm run bench:peers` (first argument `peers`): measures us and a published client side by side.
 *
 * @module
 */
import { clg112 } from '@dwallet/class-groups';
import { checkSizes } from './checks.ts';
import { exitWith, remarkFor, say } from './command-line.ts';
import { kernels } from './kernels.ts';
import { machineLine } from './machine.ts';
import { type BenchOptions, help, parseOptions } from './options.ts';
import { createProgress } from './progress.ts';
import type { Recorder } from './recorder.ts';
import { figureLines, formatProfile } from './report.ts';
import { runScenario } from './scenario/run.ts';
import { linesOf, measureTargets, targetDefaults, targetFigures } from './targets.ts';

async function bench(options: BenchOptions): Promise<number> {
  const begin = performance.now();
  const cpuBegin = process.cpuUsage();
  const kernel = kernels[options.kernel];
  const remark = remarkFor(options);
  remark(`${machineLine()}; ${kernel.name} kernel`);
  const progress = await createProgress();
  const all: Recorder[] = [];
  let signatures = 0;
  for (const profile of options.profiles) {
    const own: Recorder[] = [];
    for (const validators of options.validators) {
      const result = await runScenario({
        kernel,
        profile,
        validators,
        batch: options.batch(validators),
        repetitions: options.repetitions,
        progress,
      });
      progress.done();
      own.push(result.recorder);
      signatures += result.signatures;
      if (options.json) for (const line of figureLines(result.recorder)) say(JSON.stringify(line));
    }
    all.push(...own);
    if (!options.json) say(`\n${profile.id}, ${kernel.name} kernel\n\n${formatProfile(own)}`);
  }
  // What issue 3 sets targets for: at n = 4, in units of P.
  if (options.json) {
    const only112 = options.profiles.every(({ id }) => id === clg112.id);
    const plan = { ...targetDefaults(options.smoke), kernel: options.kernel };
    const rounds = await measureTargets({ ...plan, profile: only112 ? '112' : plan.profile }, progress);
    for (const line of targetFigures(rounds).flatMap(linesOf)) say(JSON.stringify(line));
  }
  await progress.close();
  if (!options.json) {
    say(
      '\nCPU time is user and system time of the process around one call, median over the parties and repetitions that made it; ± is half of',
    );
    say('the interquartile range, blank for one measurement. P is the power measured along the same run.');
  }

  const checks = checkSizes(all);
  const expected = options.profiles.length * options.validators.length * options.repetitions;
  checks.push({
    text: `${signatures} of ${expected} signatures verify under @noble/curves`,
    holds: signatures === expected,
  });
  remark('');
  for (const { text, holds } of checks) remark(`${holds ? 'ok  ' : 'FAIL'} ${text}`);
  const { user, system } = process.cpuUsage(cpuBegin);
  const seconds = (performance.now() - begin) / 1000;
  remark(`total ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU time`);
  return checks.every(({ holds }) => holds) ? 0 : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'kernel') {
    const { runKernelBench } = await import('./kernel/run.ts');
    return runKernelBench(argv.slice(1));
  }
  if (argv[0] === 'peers') {
    const { runPeerBench } = await import('./peers.ts');
    return runPeerBench(argv.slice(1));
  }
  if (argv[0] === 'targets') {
    const { runTargetsBench } = await import('./targets.ts');
    return runTargetsBench(argv.slice(1));
  }
  if (argv[0] === 'compute') {
    const { runComputeBench } = await import('./compute.ts');
    return runComputeBench(argv.slice(1));
  }
  if (argv[0] === 'service') {
    const { runServiceBench } = await import('./service.ts');
    return runServiceBench(argv.slice(1));
  }
  if (argv[0] === 'client') {
    const { runClientBench } = await import('./client.ts');
    return runClientBench(argv.slice(1));
  }
  if (argv[0] === 'zones') {
    const { runZonesBench } = await import('./zones/run.ts');
    return runZonesBench(argv.slice(1));
  }
  const options = parseOptions(argv);
  if (options !== undefined) return bench(options);
  say(help);
  return 0;
}

await exitWith('bench', () => main(process.argv.slice(2)));
