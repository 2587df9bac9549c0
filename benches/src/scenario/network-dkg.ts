/**
 * The network DKG with n honest validators, on encoded messages. Acts that are every validator's own are measured at all of them, acts that
 * are the same everywhere at one.
 *
 * @module
 */
import { type DecryptionKeyShare, type SharingState, networkDkg } from '@dwallet/class-groups';
import type { ValidatorId } from '@dwallet/sigma';
import { type BenchContext, defined, networkName, random, requireWitness } from './context.ts';

export interface NetworkKey {
  readonly sharing: SharingState;
  /** Key shares of every validator. */
  readonly shares: ReadonlyMap<ValidatorId, readonly DecryptionKeyShare[]>;
}

/** Shares get longer with n: from here on the table of h that every process has is too short for them. */
const needsLongTable = 5;

export function runNetworkDkg(context: BenchContext): NetworkKey {
  const { parameters, access, committee, recorder, progress } = context;
  const { validators } = access;
  const shareTable =
    validators.length < needsLongTable
      ? undefined
      : recorder.time('table-shares', () => networkDkg.buildShareTable({ parameters, access }));
  const input: networkDkg.NetworkDkgInput = {
    parameters,
    access,
    context: {
      network: networkName,
      epoch: 0n,
      session: context.systemSession(),
      identities: committee.identityKeys,
    },
    ...(shareTable === undefined ? {} : { shareTable }),
  };
  const sent = new Map<ValidatorId, number>(validators.map((validator) => [validator, 0]));
  /** One round: every validator makes a message. */
  const round = (name: string, make: (validator: ValidatorId) => Uint8Array): networkDkg.InboxEntry[] =>
    validators.map((from) => {
      progress.step(`${name}, validator ${from} of ${validators.length}`);
      const message = make(from);
      sent.set(from, (sent.get(from) ?? 0) + message.length);
      return { from, message };
    });

  const kemSecrets = new Map<ValidatorId, networkDkg.KemSecret>();
  const registrations = round('register', (validator) => {
    const { message, secret } = recorder.time('network-dkg.register', () =>
      networkDkg.register({ ...input, validator }, random),
    );
    kemSecrets.set(validator, secret);
    return message;
  });
  const registered = recorder.time('network-dkg.verify-registrations', () =>
    networkDkg.verifyRegistrations({ ...input, inbox: registrations }),
  );

  const dealing = { ...input, committee: registered.committee };
  const deals = round('deal', (dealer) => {
    const { message, secrets } = recorder.time('network-dkg.deal', () =>
      networkDkg.deal({ ...dealing, dealer }, random),
    );
    networkDkg.eraseSecrets({ dealSecrets: secrets });
    recorder.size('network-dkg.deal', message.length);
    return message;
  });
  progress.step('verify all deals');
  const verified = recorder.time('network-dkg.verify-deals', () =>
    networkDkg.verifyDeals({ ...dealing, inbox: deals }),
  );

  const received = new Map<ValidatorId, networkDkg.ReceivedShares>();
  const acknowledgements = round('acknowledge', (validator) => {
    const kemSecret = defined(kemSecrets.get(validator), 'a registered key');
    const answer = recorder.time('network-dkg.acknowledge', () =>
      networkDkg.acknowledge({ ...dealing, deals: verified, kemSecret }, random),
    );
    received.set(validator, answer.received);
    return answer.message;
  });
  const judgement = recorder.time('network-dkg.judge', () =>
    networkDkg.judgeAcknowledgements({ ...dealing, deals: verified, inbox: acknowledgements }),
  );
  requireWitness(
    networkDkg.decideReveal({ ...input, judgement }).kind === 'none',
    'acknowledgements of all validators',
  );

  progress.step('finalise');
  const finalizeOf = (validator: ValidatorId, outcome: networkDkg.UnrehearsedKey) =>
    networkDkg.finalizeShares({
      ...input,
      outcome,
      validator,
      received: defined(received.get(validator), 'received shares'),
    });
  const { outcome, own } = recorder.time('network-dkg.finalize', () => {
    const result = networkDkg.finalize({ ...dealing, deals: verified, judgement });
    return { outcome: result, own: finalizeOf(context.first, result) };
  });
  requireWitness(outcome.qualified.length === validators.length, 'a qualified deal of every validator');

  const shares = new Map<ValidatorId, readonly DecryptionKeyShare[]>(
    validators.map((validator) => [validator, validator === context.first ? own : finalizeOf(validator, outcome)]),
  );
  const rehearsals = round('rehearse', (validator) => {
    const keyShares = defined(shares.get(validator), 'key shares');
    return recorder.time('network-dkg.rehearse', () =>
      networkDkg.rehearse({ ...dealing, outcome, shares: keyShares }, random),
    ).message;
  });
  progress.step('confirm the rehearsal');
  const rehearsal = recorder.time('network-dkg.confirm', () =>
    networkDkg.confirmRehearsal({ ...dealing, outcome, inbox: rehearsals }),
  );
  requireWitness(rehearsal.kind === 'usable', 'a usable network key');
  const blamed = [registered, verified, judgement, rehearsal].flatMap((step) => step.blamed);
  requireWitness(blamed.length === 0, 'honest validators only');
  recorder.size('network-dkg.sent', defined(sent.get(context.first), 'messages'));

  requireWitness(rehearsal.networkKey.rehearsedBy.length === validators.length, 'a proved share of every validator');
  for (const [validator, secret] of kemSecrets) {
    networkDkg.eraseSecrets({ kemSecret: secret, received: defined(received.get(validator), 'received shares') });
  }
  return { sharing: rehearsal.networkKey.state, shares };
}
