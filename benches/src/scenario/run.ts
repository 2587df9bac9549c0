/**
 * The whole protocol once, for one profile and one number of validators.
 *
 * @module
 */
import type { Profile, PublicParameters } from '@dwallet/class-groups';
import type { Kernel } from '@dwallet/kernel';
import type { Progress } from '../progress.ts';
import { Recorder } from '../recorder.ts';
import { createContext, prepareParameters, requireWitness } from './context.ts';
import { runNetworkDkg } from './network-dkg.ts';
import { runNetworkSetup } from './network-setup.ts';
import { runPresign } from './presign.ts';
import { runSignatures } from './sign.ts';
import { type User, runUserDkg } from './user-dkg.ts';

export interface ScenarioOptions {
  readonly kernel: Kernel;
  readonly profile: Profile;
  readonly validators: number;
  readonly batch: number;
  readonly repetitions: number;
  readonly progress: Progress;
}

/** What was measured, and the witness of it. */
export interface ScenarioResult {
  readonly recorder: Recorder;
  /** Signatures that verified: equal to the repetitions, or {@link runScenario} had thrown. */
  readonly signatures: number;
}

export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const { kernel, profile, validators, batch, repetitions, progress } = options;
  const recorder = new Recorder(profile.id, validators);
  const phase = (name: string): void => progress.phase(`${profile.id}, n = ${validators}: ${name}`);

  phase('table of h');
  const parameters: PublicParameters = prepareParameters(kernel, profile, recorder);
  const context = createContext(parameters, recorder, progress);
  context.samplePower();
  phase('network DKG');
  const key = runNetworkDkg(context);
  context.samplePower();
  phase('network setup');
  const setups = runNetworkSetup(context, key.sharing);
  context.samplePower();
  phase('user DKG');
  let user: User | undefined;
  for (let i = 0; i < repetitions; i++) {
    progress.step(`${i + 1} of ${repetitions}`);
    user = runUserDkg(context, setups);
  }
  requireWitness(user !== undefined, 'a dWallet');
  phase(`presign, batch of ${batch}`);
  const pool = runPresign(context, setups, batch);
  phase('sign');
  const signatures = await runSignatures(context, { key, setups, pool, user, count: repetitions });
  requireWitness(signatures === repetitions, `${repetitions} signatures`);
  return { recorder, signatures };
}
