/**
 * `npm run demo:zones`: zones, assets and clusters on real chains, with what can go wrong, checked at every step; a report at the end.
 *
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createReporter } from '../reporter.ts';
import { Checks } from './checks.ts';
import { type Environment, reserveSats, startEnvironment } from './environment.ts';
import type { DemoCluster } from './demo-cluster.ts';
import { startLying } from './lies.ts';
import { measureLedger, measureMessages } from './measure.ts';
import { type DemoOptions, parseOptions } from './options.ts';
import { type BalanceRow, type ReportContent, renderReport } from './report.ts';
import { checkOneHistory, runByzantine } from './scenario-byzantine.ts';
import { runCluster } from './scenario-cluster.ts';
import { runCompromise } from './scenario-compromise.ts';
import { runTransfers } from './scenario-transfers.ts';
import { compare } from './transfers.ts';

/** What the report shows beyond checks; filled as the run goes. */
type Shown = { -readonly [K in 'balances' | 'damage' | 'latencies' | 'deltaMs']: ReportContent[K] };

async function balanceRows(env: Environment): Promise<readonly BalanceRow[]> {
  const rows: BalanceRow[] = [];
  for (const asset of [env.x, env.y])
    for (const { chain, ledger, onChain } of (await compare(env, asset)).rows) {
      const note = ledger === onChain ? '' : 'the attacker’s: nothing of it is worth anything elsewhere';
      rows.push({ asset: asset.name, chain, ledger, onChain, note });
    }
  const { r, bitcoin, network } = env;
  const ledger = (await network.view().ledger(r.id)).balances.get(bitcoin.id) ?? 0n;
  const onChain = reserveSats - r.reserve;
  const note = ledger === onChain ? 'paid from the vault’s reserve' : 'certified, and nobody asked for the payment yet';
  rows.push({ asset: r.name, chain: bitcoin.name, ledger, onChain, note });
  return rows;
}

async function run(
  options: DemoOptions,
  {
    checks,
    shown,
    signal,
    ending,
  }: { checks: Checks; shown: Shown; signal: AbortSignal; ending: (stop: () => Promise<void>) => void },
): Promise<void> {
  rmSync(options.data, { recursive: true, force: true });
  mkdirSync(options.data, { recursive: true, mode: 0o700 });
  const env = await startEnvironment(options, checks, signal, ending);
  const { scenarios } = options;
  let founded: DemoCluster | undefined;
  startLying(env);
  await runTransfers(env);
  if (options.measure) for (const figure of await measureLedger(env)) checks.figure(figure);
  // One that cannot go on keeps nobody from the others.
  const attempt = async (scenario: number, work: () => Promise<void>): Promise<void> => {
    if (!scenarios.has(scenario) || signal.aborted) return;
    try {
      await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      checks.check('RUN', `scenario ${scenario} comes to its end`, false, reason);
    }
  };
  await attempt(3, async () => {
    await runCluster(
      env,
      async (cluster) => {
        if (options.measure) for (const figure of await measureMessages(env, cluster)) checks.figure(figure);
      },
      (ended) => {
        founded = ended;
        shown.latencies = ended.latencies();
        shown.deltaMs = ended.deltaMs;
      },
    );
  });
  await attempt(4, () => runByzantine(env));
  await attempt(2, async () => {
    shown.damage = await runCompromise(env);
  });
  if (!signal.aborted) await checkOneHistory(env, await founded?.view());
  shown.balances = await balanceRows(env);
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const report = createReporter(options.json);
  const checks = new Checks(report);
  const over = new AbortController();
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async (): Promise<void> => {
    over.abort();
    await Promise.allSettled(
      stops
        .splice(0)
        .reverse()
        .map((stop) => stop()),
    );
  };
  let ended = false;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      ended = true;
      void stopAll().finally(() => process.exit(name === 'SIGINT' ? 130 : 143));
    });
  const shown: Shown = { balances: [], damage: undefined, latencies: [], deltaMs: undefined };
  let failure: string | undefined;
  try {
    await run(options, { checks, shown, signal: over.signal, ending: (stop) => stops.push(stop) });
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
    if (!ended) report.fail(failure);
    if (process.env['DWALLET_DEBUG'] !== undefined) console.error(error);
  } finally {
    await stopAll();
  }
  const held = failure === undefined && checks.allHold;
  const { list, timeline, history, seconds } = checks;
  const { profile, validators, scenarios } = options;
  mkdirSync(dirname(options.report), { recursive: true });
  writeFileSync(
    options.report,
    renderReport({
      title: 'Zones on real chains',
      held,
      seconds,
      profile,
      validators,
      failure,
      checks: list,
      timeline,
      history,
      liar: scenarios.has(4) ? validators : undefined,
      ...shown,
    }),
  );
  const failed = checks.list.filter(({ ok }) => !ok).length;
  report.say(
    `\n   ${checks.list.length - failed} of ${checks.list.length} checks held. ${seconds} s. Report: ${options.report}`,
    {
      event: 'done',
      checks: checks.list.length,
      failed,
      held,
      seconds,
      report: options.report,
    },
  );
  return held ? 0 : 1;
}

process.exitCode = await main();
