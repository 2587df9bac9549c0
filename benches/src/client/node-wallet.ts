/**
 * The measured wallet in Node, a process of its own: `node node-wallet.js <settings as JSON>`. It prints one JSON line per step.
 *
 * @module
 */
import type { StepName } from './steps.ts';

export interface NodeWalletSettings {
  readonly endpoints: readonly string[];
  readonly ca: string;
  readonly profile: '112' | '128';
  readonly folder: string;
  readonly rounds: number;
}

/** CPU time of all threads and wall time in ms, the largest resident set so far in bytes. */
export interface StepLine {
  readonly step: StepName;
  readonly cpu: number;
  readonly wall: number;
  readonly memory: number;
}

const cpuMs = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const tell = (step: StepName, cpu: number, wall: number): void => {
  const line: StepLine = { step, cpu, wall, memory: process.resourceUsage().maxRSS * 1024 };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const { endpoints, ca, profile, folder, rounds } = JSON.parse(process.argv[2] ?? '{}') as NodeWalletSettings;
const [{ DWalletClient, EncryptedFileKeystore }, { WalletSteps, stepsOf }] = await Promise.all([
  import('@dwallet/client-sdk/node'),
  import('./steps.ts'),
]);
// From the start of the process on, that of Node included.
tell('load', cpuMs(), performance.now());

const steps = new WalletSteps({
  openKeystore: () => EncryptedFileKeystore.open(folder, { secret: 'a passphrase' }),
  // What is prepared ahead is prepared when it is measured.
  connect: (keystore) => DWalletClient.connect({ endpoints, ca, profile, keystore, prepare: false }),
});
for (const step of stepsOf(rounds)) {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await steps.run(step);
  tell(step, cpuMs(cpu), performance.now() - begin);
}
steps.close();
