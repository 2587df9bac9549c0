/**
 * Network setup of secp256k1 under the network key of the DKG.
 *
 * @module
 */
import type { SharingState } from '@dwallet/class-groups';
import {
  type NetworkSetup,
  aggregateSetup,
  contributeToSetup,
  encodeSetupRecord,
  openNetworkSetup,
  setupFact,
  withSetupTables,
} from '@dwallet/two-pc-mpc';
import { type BenchContext, curve, random, requireWitness } from './context.ts';

/** The setup as its users hold it. */
export interface Setups {
  /** Without tables, as a validator holds it for single verifications. */
  readonly plain: NetworkSetup;
  /** With tables, for presigning. */
  readonly tabled: NetworkSetup;
  /** Opened by the client from certified bytes. */
  readonly client: NetworkSetup;
}

export function runNetworkSetup(context: BenchContext, { encryptionKey }: SharingState): Setups {
  const { parameters, access, committee, recorder, progress } = context;
  const session = { curve, parameters, encryptionKey, sessionId: context.systemSession() };
  const inbox = new Map(
    access.validators.map((validator) => {
      progress.step(`contribute, validator ${validator} of ${access.validators.length}`);
      const message = recorder.time('setup.contribute', () => contributeToSetup({ ...session, validator, random }));
      recorder.size('setup.contribute', message.length);
      return [validator, message];
    }),
  );
  progress.step('aggregate');
  const aggregated = recorder.time('setup.aggregate', () => aggregateSetup({ ...session, access, inbox, random }));
  requireWitness(aggregated.accepted.length === access.validators.length, 'a contribution of every validator');
  const plain = aggregated.setup;
  const record = encodeSetupRecord(plain);
  const certificate = context.certify(setupFact(plain));
  const client = recorder.time('setup.open', () =>
    openNetworkSetup({ curve, parameters, committee, record, certificate }),
  );
  progress.step('tables of pk, ct_0, ct_1');
  const tabled = recorder.time('table-setup', () => withSetupTables(plain));
  return { plain, tabled, client };
}
