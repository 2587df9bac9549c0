/**
 * A network of four validators with a dWallet and a batch of presigns: what the jobs of `npm run bench:targets` run on. Not measured.
 *
 * @module
 */
import {
  type DecryptionSetup,
  type PreparedKeyShare,
  type Profile,
  createDecryptionSetup,
  createPublicParameters,
  prepareKeyShare,
} from '@dwallet/class-groups';
import type { Kernel } from '@dwallet/kernel';
import type { PresignCertificate } from '@dwallet/two-pc-mpc';
import { decodeCertificate } from '@dwallet/two-pc-mpc';
import type { Progress } from '../progress.ts';
import { Recorder } from '../recorder.ts';
import { type BenchContext, createContext, defined } from '../scenario/context.ts';
import { runNetworkDkg } from '../scenario/network-dkg.ts';
import { type Setups, runNetworkSetup } from '../scenario/network-setup.ts';
import { type PresignPool, runPresign } from '../scenario/presign.ts';
import { type User, runUserDkg } from '../scenario/user-dkg.ts';

/** n of the targets. */
const validators = 4;

export interface TargetNetwork {
  readonly context: BenchContext;
  readonly setups: Setups;
  readonly pool: PresignPool;
  readonly certificate: PresignCertificate;
  readonly user: User;
  readonly decryption: DecryptionSetup;
  /** Of the first validator. */
  readonly keyShares: readonly PreparedKeyShare[];
  /** Of the others in the expected set, to complete a signature. */
  readonly otherShares: readonly (readonly PreparedKeyShare[])[];
}

export function createTargetNetwork(
  kernel: Kernel,
  profile: Profile,
  batch: number,
  progress: Progress,
): TargetNetwork {
  const parameters = createPublicParameters(kernel, profile, { shortTables: true });
  // Nothing that this recorder collects is reported.
  const context = createContext(parameters, new Recorder(profile.id, validators), progress);
  progress.phase(`${profile.id}: network DKG`);
  const { sharing, shares } = runNetworkDkg(context);
  progress.phase(`${profile.id}: network setup`);
  const setups = runNetworkSetup(context, sharing);
  progress.phase(`${profile.id}: user DKG`);
  const user = runUserDkg(context, setups);
  progress.phase(`${profile.id}: presign, batch of ${batch}`);
  const pool = runPresign(context, setups, batch);
  const decryption = createDecryptionSetup(parameters, sharing);
  const [keyShares, ...otherShares] = context.quorum.map((validator) =>
    defined(shares.get(validator), 'key shares').map((share) => prepareKeyShare(decryption, share)),
  );
  return {
    context,
    setups,
    pool,
    certificate: {
      ids: pool.presigns.map(({ presignId }) => presignId),
      certificate: decodeCertificate(pool.certificate),
    },
    user,
    decryption,
    keyShares: defined(keyShares, 'a quorum'),
    otherShares,
  };
}
