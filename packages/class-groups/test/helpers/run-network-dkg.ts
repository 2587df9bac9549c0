/**
 * Runs the network DKG for n validators in memory, whole or step by step. Validators exchange encoded messages only.
 *
 * For tests and fixtures. Deterministic in `seed`.
 */
import {
  type Blame,
  type Random,
  type ValidatorId,
  digestTagged,
  encodeText,
  encodeUint16,
  seededRandom,
  sessionId,
} from '@dwallet/sigma';
import {
  type AccessStructure,
  type DecryptionKeyShare,
  type PublicParameters,
  type SharingState,
  createAccessStructure,
  networkDkg,
} from '../../src/index.ts';

type InboxEntry = networkDkg.InboxEntry;

export interface DkgOptions {
  /** Names the execution: session id and all randomness. */
  readonly seed?: string;
  readonly policy?: Partial<networkDkg.NetworkDkgPolicy>;
  /** Build the table of h for shares: pays off from n = 7. */
  readonly shareTable?: boolean;
}

/** Deterministic randomness named by a text and numbers. */
export const dkgRandom = (name: string, ...numbers: readonly number[]): Random =>
  seededRandom(digestTagged(`test/dkg/${name}`, numbers.map(encodeUint16)));

/** Input of all rounds for a committee of these weights. */
export function dkgInput(
  parameters: PublicParameters,
  weights: readonly number[],
  { seed = 'network-dkg', policy, shareTable = false }: DkgOptions = {},
): networkDkg.NetworkDkgInput {
  const access = createAccessStructure(weights);
  return {
    parameters,
    access,
    context: {
      network: 'test-network',
      epoch: 1n,
      session: sessionId(digestTagged('test/session', [encodeText(seed)])),
      identities: access.validators.map((v) => digestTagged('test/identity', [encodeUint16(v)])),
    },
    ...(policy === undefined ? {} : { policy }),
    ...(shareTable ? { shareTable: networkDkg.buildShareTable({ parameters, access }) } : {}),
  };
}

/** A committee whose keys are registered. */
export interface RegisteredStage {
  readonly seed: string;
  readonly input: networkDkg.NetworkDkgInput;
  readonly access: AccessStructure;
  readonly committee: networkDkg.RegisteredCommittee;
  readonly kemSecrets: ReadonlyMap<ValidatorId, networkDkg.KemSecret>;
  readonly inbox: readonly InboxEntry[];
  readonly blamed: readonly Blame[];
}

/** All validators register honestly. */
export function registerAll(input: networkDkg.NetworkDkgInput, seed = 'network-dkg'): RegisteredStage {
  const { access } = input;
  const kemSecrets = new Map<ValidatorId, networkDkg.KemSecret>();
  const inbox = access.validators.map((validator): InboxEntry => {
    const { message, secret } = networkDkg.register({ ...input, validator }, dkgRandom(`${seed}/register`, validator));
    kemSecrets.set(validator, secret);
    return { from: validator, message };
  });
  const { committee, blamed } = networkDkg.verifyRegistrations({ ...input, inbox });
  return { seed, input, access, committee, kemSecrets, inbox, blamed };
}

/** The honest deal of one validator. */
export const dealOne = (
  { seed, input, committee }: RegisteredStage,
  dealer: ValidatorId,
): ReturnType<typeof networkDkg.deal> =>
  networkDkg.deal({ ...input, committee, dealer }, dkgRandom(`${seed}/deal`, dealer));

/** The honest acknowledgement of one validator. */
export function acknowledgeOne(
  { seed, input, committee, kemSecrets }: RegisteredStage,
  deals: networkDkg.DealSet,
  validator: ValidatorId,
): ReturnType<typeof networkDkg.acknowledge> {
  const kemSecret = kemSecrets.get(validator) as networkDkg.KemSecret;
  return networkDkg.acknowledge({ ...input, committee, deals, kemSecret }, dkgRandom(`${seed}/acknowledge`, validator));
}

export interface NetworkDkgRun {
  readonly input: networkDkg.NetworkDkgInput;
  readonly access: AccessStructure;
  readonly committee: networkDkg.RegisteredCommittee;
  readonly deals: networkDkg.DealSet;
  readonly judgement: networkDkg.Judgement;
  readonly reveals: networkDkg.RevealOutcome | undefined;
  readonly outcome: networkDkg.UnrehearsedKey;
  readonly networkKey: networkDkg.NetworkKey;
  /** PK, V_j: what threshold decryption needs. */
  readonly state: SharingState;
  /** d_j of every validator that was not silent, and of the silent ones that the reveal served. */
  readonly shares: ReadonlyMap<ValidatorId, readonly DecryptionKeyShare[]>;
  readonly blamed: readonly Blame[];
  /** All messages by round, in order: what an observer sees. */
  readonly messages: Readonly<
    Record<'register' | 'deal' | 'acknowledge' | 'reveal' | 'rehearse', readonly InboxEntry[]>
  >;
}

/** Everything after round 1. `acknowledgements` and `reveals` replace the honest inboxes in part or in whole. */
export function completeDkg(
  stage: RegisteredStage,
  dealInbox: readonly InboxEntry[],
  options: {
    /** Validators that send nothing in round 2, 3 and the rehearsal. */
    readonly silent?: readonly number[];
    readonly acknowledgements?: (inbox: readonly InboxEntry[], deals: networkDkg.DealSet) => readonly InboxEntry[];
    readonly reveals?: (inbox: readonly InboxEntry[], judgement: networkDkg.Judgement) => readonly InboxEntry[];
    readonly dealSecrets?: ReadonlyMap<ValidatorId, networkDkg.DealSecrets>;
  } = {},
): NetworkDkgRun {
  const { input, access, committee, seed } = stage;
  const awake = access.validators.filter((v) => options.silent?.includes(v) !== true);
  const deals = networkDkg.verifyDeals({ ...input, committee, inbox: dealInbox });

  const received = new Map<ValidatorId, networkDkg.ReceivedShares>();
  const honest = awake.map((from): InboxEntry => {
    const answer = acknowledgeOne(stage, deals, from);
    received.set(from, answer.received);
    return { from, message: answer.message };
  });
  const acknowledgeInbox = options.acknowledgements?.(honest, deals) ?? honest;
  const judgement = networkDkg.judgeAcknowledgements({ ...input, committee, deals, inbox: acknowledgeInbox });

  let revealInbox: readonly InboxEntry[] = [];
  let reveals: networkDkg.RevealOutcome | undefined;
  if (networkDkg.decideReveal({ ...input, judgement }).kind === 'reveal') {
    revealInbox = awake
      .filter((dealer) => judgement.qualified.includes(dealer))
      .map((from) => {
        const secrets = options.dealSecrets?.get(from) ?? dealOne(stage, from).secrets;
        return { from, message: networkDkg.reveal({ ...input, deals, judgement, secrets }).message };
      });
    revealInbox = options.reveals?.(revealInbox, judgement) ?? revealInbox;
    reveals = networkDkg.verifyReveals({ ...input, committee, deals, judgement, inbox: revealInbox });
  }

  const optional = reveals === undefined ? {} : { reveals };
  const outcome = networkDkg.finalize({ ...input, committee, deals, judgement, ...optional });
  const shares = new Map<ValidatorId, readonly DecryptionKeyShare[]>();
  for (const validator of access.validators) {
    const own = received.get(validator);
    if (own === undefined && reveals === undefined) continue;
    shares.set(
      validator,
      networkDkg.finalizeShares({
        ...input,
        outcome,
        validator,
        ...(own === undefined ? {} : { received: own }),
        ...optional,
      }),
    );
  }

  const rehearseInbox = awake.map((from): InboxEntry => {
    const own = shares.get(from) as readonly DecryptionKeyShare[];
    const random = dkgRandom(`${seed}/rehearse`, from);
    return { from, message: networkDkg.rehearse({ ...input, committee, outcome, shares: own }, random).message };
  });
  const rehearsal = networkDkg.confirmRehearsal({ ...input, committee, outcome, inbox: rehearseInbox });
  if (rehearsal.kind !== 'usable') throw new Error(`rehearsal is waiting: ${rehearsal.have} of ${rehearsal.need}`);
  for (const own of received.values()) networkDkg.eraseSecrets({ received: own });

  return {
    input,
    access,
    committee,
    deals,
    judgement,
    reveals,
    outcome,
    networkKey: rehearsal.networkKey,
    state: rehearsal.networkKey.state,
    shares,
    blamed: [...stage.blamed, ...deals.blamed, ...judgement.blamed, ...(reveals?.blamed ?? []), ...rehearsal.blamed],
    messages: {
      register: stage.inbox,
      deal: dealInbox,
      acknowledge: acknowledgeInbox,
      reveal: revealInbox,
      rehearse: rehearseInbox,
    },
  };
}

/**
 * The whole DKG with honest validators, some of them silent after dealing.
 * @returns the sharing state and every validator's shares.
 */
export function runNetworkDkg(
  parameters: PublicParameters,
  weights: readonly number[],
  options: DkgOptions & { readonly silent?: readonly number[] } = {},
): NetworkDkgRun {
  const stage = registerAll(dkgInput(parameters, weights, options), options.seed);
  const dealSecrets = new Map<ValidatorId, networkDkg.DealSecrets>();
  const dealInbox = stage.access.validators.map((from): InboxEntry => {
    const { message, secrets } = dealOne(stage, from);
    dealSecrets.set(from, secrets);
    return { from, message };
  });
  const silent = options.silent === undefined ? {} : { silent: options.silent };
  const run = completeDkg(stage, dealInbox, { ...silent, dealSecrets });
  for (const secrets of dealSecrets.values()) networkDkg.eraseSecrets({ dealSecrets: secrets });
  for (const kemSecret of stage.kemSecrets.values()) networkDkg.eraseSecrets({ kemSecret });
  return run;
}
