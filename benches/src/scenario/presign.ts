/**
 * One presign session of all validators.
 *
 * @module
 */
import {
  type Presign,
  agreeOnMasks,
  encodeMaskVote,
  encodePresign,
  encryptMask,
  encryptNonces,
  finalizePresigns,
  presignBatchFact,
  tallyMaskVotes,
} from '@dwallet/two-pc-mpc';
import type { ValidatorId } from '@dwallet/sigma';
import { type BenchContext, defined, random, requireWitness } from './context.ts';
import type { Setups } from './network-setup.ts';

export interface PresignPool {
  readonly presigns: readonly Presign[];
  /** Certificate of the batch. */
  readonly certificate: Uint8Array;
}

export function runPresign(context: BenchContext, { tabled: setup }: Setups, batch: number): PresignPool {
  const { access, first, recorder, progress } = context;
  const { validators } = access;
  const session = { setup, sessionId: context.systemSession(), batch };
  const everybody = (name: string, make: (validator: ValidatorId) => Uint8Array): Map<ValidatorId, Uint8Array> =>
    new Map(
      validators.map((validator) => {
        progress.step(`${name}, validator ${validator} of ${validators.length}`);
        return [validator, make(validator)];
      }),
    );
  recorder.count('presign.batch', batch);

  // Verification is measured at the first validator, which does not verify what it made itself.
  const ownOf = (inbox: typeof masks) => ({ validator: first, bytes: defined(inbox.get(first), 'the own message') });

  const masks = everybody('round 1', (validator) => {
    const message = recorder.time('presign.round-1', () => encryptMask({ ...session, validator, random }), batch);
    recorder.size('presign.round-1', message.length / batch);
    return message;
  });
  context.samplePower();
  progress.step('round 2: verify all masks');
  const agreement = recorder.time(
    'presign.round-2',
    () => agreeOnMasks({ ...session, access, inbox: masks, own: ownOf(masks), random }),
    batch,
  );
  requireWitness(agreement.accepted.length === validators.length, 'masks of every validator');
  recorder.size('presign.round-2', agreement.vote.length);
  // Every validator votes; honest ones find the same, so their votes are not computed again.
  const votes = new Map(validators.map((v) => [v, encodeMaskVote(session.sessionId, agreement.digest)]));
  const { digest: agreed } = tallyMaskVotes({ sessionId: session.sessionId, access, inbox: votes });
  const { aggregate } = agreement;

  const nonces = everybody('round 3', (validator) => {
    const message = recorder.time(
      'presign.round-3',
      () => encryptNonces({ ...session, validator, aggregate, agreed, random }),
      batch,
    );
    recorder.size('presign.round-3', message.length / batch);
    return message;
  });
  context.samplePower();
  progress.step('finalise: verify all nonces');
  const { presigns, accepted } = recorder.time(
    'presign.finalize',
    () => finalizePresigns({ ...session, access, aggregate, agreed, inbox: nonces, own: ownOf(nonces), random }),
    batch,
  );
  requireWitness(accepted.length === validators.length, 'nonces of every validator');
  requireWitness(new Set(presigns.map(({ presignId }) => presignId.join())).size === batch, `${batch} presigns`);
  recorder.size('presign.record', encodePresign(setup, presigns[0] as Presign).length);
  const ids = presigns.map(({ presignId }) => presignId);
  return { presigns, certificate: context.certify(presignBatchFact(session.sessionId, ids)) };
}
