/**
 * The network DKG (AF-DKG, CG 8.1) between validators. Its session is the one of this network, whoever leads; every inbox is agreed on
 * (fixed-inbox.ts) before the next round runs on it, so all honest validators judge the same deals and the same silent ones.
 *
 * @module
 */
import { type DecryptionKeyShare, networkDkg } from '@dwallet/class-groups';
import type { FixedBaseTable } from '@dwallet/kernel';
import {
  type Blame,
  DecodeError,
  type Random,
  ThresholdNotReachedError,
  type ValidatorId,
  encodeList,
  roundRandom,
} from '@dwallet/sigma';
import { type QuorumCertificate, encodeCertificate } from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError, type SessionRequest, encodeSessionRequest } from '../core.ts';
import type { EvidenceLog } from '../evidence-log.ts';
import { type NetworkState, encodeNetworkKey, networkKeyFact, requireOwnShares } from '../network-state.ts';
import { Remembered } from '../remembered.ts';
import { contributionPlace } from './contribution.ts';
import { type CeremonyProtocol, type InboxAgreement, bounded } from './fixed-inbox.ts';
import { historyKey } from './network-setup.ts';
import { LeaderSession, openInbox, requireRounds } from './session.ts';

const name = 'network-dkg';
const rounds = ['register', 'deal', 'acknowledge', 'reveal', 'rehearse'] as const;
type Round = (typeof rounds)[number];
/** The rehearsal decides whether the key is used, not which key it is: any of its sets of weight t will do. */
const fixedSteps = ['register', 'deal', 'acknowledge', 'reveal'] as const;
const revealRound = 3;

/** What the first rounds of a history lead to. A function of the history alone. */
interface Registered {
  readonly committee: networkDkg.RegisteredCommittee;
  readonly blamed: readonly Blame[];
}
type Dealt = ReturnType<typeof networkDkg.verifyDeals>;

/** This validator's own part of one session; all of it can be computed again from the history and the ceremony seed. */
interface Progress {
  kemSecret?: networkDkg.KemSecret;
  dealSecrets?: networkDkg.DealSecrets;
  received?: networkDkg.ReceivedShares;
  shares?: DecryptionKeyShare[];
}

/** Judges each history once. */
class Judged<T> {
  readonly #known = new Remembered<T>(16);
  of(request: SessionRequest, length: number, judge: (prefix: SessionRequest) => T): T {
    const prefix = { ...request, history: request.history.slice(0, length) };
    const key = historyKey(prefix).join();
    return this.#known.get(key) ?? this.#known.set(key, judge(prefix));
  }
  clear(): void {
    this.#known.clear();
  }
}

export function networkDkgSession(
  core: Core,
  state: NetworkState,
  agreement: InboxAgreement,
  evidence: EvidenceLog,
): CeremonyProtocol {
  const sessions = new Remembered<Progress>(8);
  const registrations = new Judged<Registered>();
  const deals = new Judged<Dealt>();
  const judgements = new Judged<networkDkg.Judgement>();
  const reveals = new Judged<networkDkg.RevealOutcome>();
  const outcomes = new Judged<networkDkg.UnrehearsedKey>();
  const records = new Judged<Uint8Array>();
  const { keystore, networkName, log } = core.options;

  /** Pays off where shares outgrow the table that all other exponents use; small committees do without. */
  let shareTable: FixedBaseTable | undefined;
  const tableOf = (): { readonly shareTable?: FixedBaseTable } => {
    const { parameters, committee } = core;
    if (committee.access.totalWeight < 5) return {};
    shareTable ??= networkDkg.buildShareTable({ parameters, access: committee.access });
    return { shareTable };
  };
  const inputOf = (request: SessionRequest): networkDkg.NetworkDkgInput => ({
    parameters: core.parameters,
    access: core.committee.access,
    ...tableOf(),
    context: { network: networkName, epoch: 0n, session: request.session, identities: core.committee.identityKeys },
  });
  const policy = networkDkg.resolvePolicy(core.committee);
  const requireOpen = (): void => {
    if (state.sharing !== undefined) throw new RefusedError('NOT_READY', 'the network key exists');
  };
  const progressOf = (request: SessionRequest): Progress => {
    const key = request.session.join();
    return sessions.get(key) ?? sessions.set(key, {});
  };
  const seedFor = (request: SessionRequest, round: Round, inputs: readonly Uint8Array[]): Random => {
    const seed = keystore.ceremony(core.options.random);
    try {
      return roundRandom(seed.expose(), request.session, `${name}/${round}`, 0, [core.committee.digest, ...inputs]);
    } finally {
      seed.destroy();
    }
  };
  const inboxOf = (request: SessionRequest, round: number): networkDkg.InboxEntry[] =>
    [...openInbox(core, request, round, rounds[round] as Round)].map(([from, message]) => ({ from, message }));
  const requireDealers = (what: string, dealers: Iterable<ValidatorId>): void => {
    const weight = core.committee.access.weight(dealers);
    if (weight < policy.dealerWeight) throw new ThresholdNotReachedError(what, weight, policy.dealerWeight);
  };

  const committeeOf = (request: SessionRequest): networkDkg.RegisteredCommittee =>
    registrations.of(request, 1, (prefix) => {
      const input = { ...inputOf(prefix), inbox: inboxOf(prefix, 0) };
      try {
        const registered = networkDkg.verifyRegistrations(input);
        evidence.session(name, prefix, registered.blamed);
        return registered;
      } catch (error) {
        if (error instanceof ThresholdNotReachedError)
          evidence.session(name, prefix, networkDkg.collectRegistrations(input).blamed);
        throw error;
      }
    }).committee;
  const kemSecretOf = (request: SessionRequest): networkDkg.KemSecret => {
    const progress = progressOf(request);
    progress.kemSecret ??= networkDkg.register(
      { ...inputOf(request), validator: core.index },
      seedFor(request, 'register', []),
    ).secret;
    return progress.kemSecret;
  };
  const makeDeal = (request: SessionRequest): { message: Uint8Array; secrets: networkDkg.DealSecrets } => {
    const committee = committeeOf(request);
    const random = seedFor(request, 'deal', [encodeList(request.history[0] ?? [])]);
    return networkDkg.deal({ ...inputOf(request), committee, dealer: core.index }, random);
  };
  const dealsOf = (request: SessionRequest): Dealt =>
    deals.of(request, 2, (prefix) => {
      const input = { ...inputOf(prefix), committee: committeeOf(prefix) };
      const dealt = networkDkg.verifyDeals({ ...input, inbox: inboxOf(prefix, 1) });
      evidence.session(name, prefix, dealt.blamed);
      return dealt;
    });
  const makeAcknowledge = (request: SessionRequest): { message: Uint8Array; received: networkDkg.ReceivedShares } => {
    const dealt = dealsOf(request);
    const random = seedFor(request, 'acknowledge', [dealt.digest]);
    return networkDkg.acknowledge(
      { ...inputOf(request), committee: committeeOf(request), deals: dealt, kemSecret: kemSecretOf(request) },
      random,
    );
  };
  const judgementOf = (request: SessionRequest): networkDkg.Judgement =>
    judgements.of(request, 3, (prefix) => {
      const input = { ...inputOf(prefix), committee: committeeOf(prefix), deals: dealsOf(prefix) };
      const judgement = networkDkg.judgeAcknowledgements({ ...input, inbox: inboxOf(prefix, 2) });
      evidence.session(name, prefix, judgement.blamed);
      return judgement;
    });
  const needsReveal = (request: SessionRequest): boolean =>
    networkDkg.decideReveal({ ...inputOf(request), judgement: judgementOf(request) }).kind === 'reveal';
  const revealsOf = (request: SessionRequest): networkDkg.RevealOutcome | undefined =>
    needsReveal(request)
      ? reveals.of(request, 4, (prefix) => {
          const input = { ...inputOf(prefix), committee: committeeOf(prefix), deals: dealsOf(prefix) };
          const judged = { ...input, judgement: judgementOf(prefix) };
          const outcome = networkDkg.verifyReveals({ ...judged, inbox: inboxOf(prefix, revealRound) });
          evidence.session(name, prefix, outcome.blamed);
          return outcome;
        })
      : undefined;
  const outcomeOf = (request: SessionRequest): networkDkg.UnrehearsedKey =>
    outcomes.of(request, 4, (prefix) => {
      const revealed = revealsOf(prefix);
      return networkDkg.finalize({
        ...inputOf(prefix),
        committee: committeeOf(prefix),
        deals: dealsOf(prefix),
        judgement: judgementOf(prefix),
        ...(revealed === undefined ? {} : { reveals: revealed }),
      });
    });
  const sharesOf = (request: SessionRequest): DecryptionKeyShare[] => {
    const progress = progressOf(request);
    if (progress.shares === undefined) {
      const revealed = revealsOf(request);
      // A validator that was silent in round 2 has its shares from the reveal; everybody else opened them there.
      if (!judgementOf(request).silent.includes(core.index)) progress.received ??= makeAcknowledge(request).received;
      progress.shares = networkDkg.finalizeShares({
        ...inputOf(request),
        outcome: outcomeOf(request),
        validator: core.index,
        ...(progress.received === undefined ? {} : { received: progress.received }),
        ...(revealed === undefined ? {} : { reveals: revealed }),
      });
    }
    return progress.shares;
  };

  const contributions: Record<Round, (request: SessionRequest) => Uint8Array> = {
    register: (request) =>
      networkDkg.register({ ...inputOf(request), validator: core.index }, seedFor(request, 'register', [])).message,
    deal(request) {
      log('dealing a share of the network key to every validator');
      const { message, secrets } = makeDeal(request);
      progressOf(request).dealSecrets = secrets;
      return message;
    },
    acknowledge(request) {
      log('checking every dealt share against its public commitment');
      const { message, received } = makeAcknowledge(request);
      progressOf(request).received = received;
      return message;
    },
    reveal(request) {
      const progress = progressOf(request);
      progress.dealSecrets ??= makeDeal(request).secrets;
      return networkDkg.reveal({
        ...inputOf(request),
        deals: dealsOf(request),
        judgement: judgementOf(request),
        secrets: progress.dealSecrets,
      }).message;
    },
    rehearse(request) {
      log('rehearsing a threshold decryption with the new key');
      const input = {
        ...inputOf(request),
        committee: committeeOf(request),
        outcome: outcomeOf(request),
        shares: sharesOf(request),
      };
      return networkDkg.rehearse(input, seedFor(request, 'rehearse', [outcomeOf(request).digest])).message;
    },
  };

  const largestOf = (request: SessionRequest, round: Round): number =>
    round === 'rehearse'
      ? networkDkg.largestRehearsalBytes({
          ...inputOf(request),
          committee: committeeOf(request),
          outcome: outcomeOf(request),
        })
      : networkDkg.largestMessageBytes(inputOf(request), round);

  const certifiedRecord = (request: SessionRequest): Uint8Array => {
    const outcome = outcomeOf(request);
    const rehearsal = networkDkg.confirmRehearsal({
      ...inputOf(request),
      committee: committeeOf(request),
      outcome,
      inbox: inboxOf(request, 4),
    });
    evidence.session(name, request, rehearsal.blamed);
    if (rehearsal.kind === 'waiting') throw new ThresholdNotReachedError('rehearsal', rehearsal.have, rehearsal.need);
    return encodeNetworkKey(core.options, { sharing: rehearsal.networkKey.state, outcome: outcome.digest });
  };
  const recordOf = async (request: SessionRequest): Promise<Uint8Array> => {
    requireOpen();
    requireRounds(request, rounds.length);
    await agreement.requireFixed(protocol, request);
    return records.of(request, rounds.length, certifiedRecord);
  };
  /** This validator's shares of the certified key: those of an interrupted commit if there was one. */
  const sharesToKeep = (request: SessionRequest): ReadonlyMap<number, bigint> => {
    const kept = keystore.shares;
    if (kept === undefined) {
      return new Map(sharesOf(request).map(({ virtualId, share }) => [virtualId as number, share.expose()]));
    }
    // The ceremony seed is gone, so they cannot be derived again; they are shares of this key or of none.
    requireOwnShares(core.parameters, outcomeOf(request).unrehearsed, core.index, kept);
    return new Map([...kept].map(([id, share]) => [id, share.expose()]));
  };

  const protocol: CeremonyProtocol = {
    name,
    fixedSteps,
    async contribute(request) {
      requireOpen();
      const round = rounds.find((candidate) => candidate === request.step);
      if (round === undefined) throw new DecodeError('SessionRequest.step', 'is not a round of the network DKG');
      requireRounds(request, rounds.indexOf(round));
      await agreement.requireFixed(protocol, request);
      agreement.requireOwn(protocol, request);
      const inputs = [core.committee.digest, request.input, ...request.history.map((inbox) => encodeList(inbox))];
      const place = contributionPlace(request, request.history.length, round);
      // The generator is unused: ceremony rounds derive theirs from the ceremony seed and their own inputs.
      return core.contributeOnce(
        request.session,
        `${name}/${round}`,
        inputs,
        () => contributions[round](request),
        place,
      );
    },
    async judgeInbox(request) {
      requireOpen();
      const { access } = core.committee;
      switch (request.history.length) {
        case 1:
          committeeOf(request);
          return;
        case 2: {
          // From everybody: f of the dealers may be disqualified later, and W must remain.
          const dealt = access.weight(openInbox(core, request, 1, 'deal').keys());
          if (dealt < access.totalWeight) throw new ThresholdNotReachedError('deals', dealt, access.totalWeight);
          requireDealers('valid deals', dealsOf(request).deals.keys());
          return;
        }
        case 3:
          // With more silent ones than the reveal budget serves (CG 8.1.4) the inbox could lead nowhere: wait for them instead of fixing it.
          needsReveal(request);
          requireDealers('qualified dealers', judgementOf(request).qualified);
          return;
        default:
          requireDealers('revealing dealers', revealsOf(request)?.qualified ?? []);
      }
    },
    largestMessage: (request) => largestOf(request, rounds[request.history.length] as Round),
    async blameLeftOut(request) {
      const judges = [
        () => networkDkg.collectRegistrations({ ...inputOf(request), inbox: inboxOf(request, 0) }),
        () => networkDkg.verifyDeals({ ...judging(), inbox: inboxOf(request, 1) }),
        () => networkDkg.judgeAcknowledgements({ ...judging(), deals: dealsOf(request), inbox: inboxOf(request, 2) }),
        () => revealsOf(request) ?? { blamed: [] },
        () => networkDkg.confirmRehearsal({ ...judging(), outcome: outcomeOf(request), inbox: inboxOf(request, 4) }),
      ];
      const judging = () => ({ ...inputOf(request), committee: committeeOf(request) });
      evidence.session(name, request, judges[request.history.length - 1]?.().blamed ?? []);
    },
    isSkipped: async (request, round) => round === revealRound && !needsReveal(request),
    conclude: async (request) => networkKeyFact(core.options.networkId, await recordOf(request)),
    async commit(request, certificate) {
      const record = await recordOf(request);
      // Another leader's commit may have been first.
      requireOpen();
      const shares = sharesToKeep(request);
      const encoded = encodeCertificate(certificate);
      // Kept for validators that missed this message: each of them derives its own shares from it.
      const commit: SessionRequest = { ...request, step: 'commit', certificates: [...request.certificates, encoded] };
      core.store.put('network', 'dkg', encodeSessionRequest(commit));
      // Shares first: a key record without this validator's share would be a validator that thinks it can decrypt.
      keystore.finishCeremony(shares);
      state.installKey(record, encoded);
      const { kemSecret, dealSecrets, received } = progressOf(request);
      networkDkg.eraseSecrets({
        ...(kemSecret === undefined ? {} : { kemSecret }),
        ...(dealSecrets === undefined ? {} : { dealSecrets }),
        ...(received === undefined ? {} : { received }),
      });
      for (const judged of [sessions, registrations, deals, judgements, reveals, outcomes, records]) judged.clear();
    },
  };
  return protocol;
}

/**
 * Leads the DKG, or goes on where it stopped, whoever led it. All validators must take part (CG 8.1.7: theta = n), so nobody is left out for
 * being slow.
 */
export async function leadNetworkDkg(
  core: Core,
  protocol: CeremonyProtocol,
  agreement: InboxAgreement,
): Promise<QuorumCertificate> {
  const session = LeaderSession.ceremony(core, name, new Uint8Array(0));
  const all = core.committee.access.totalWeight;
  await agreement.lead(protocol, session, all);
  await agreement.lead(protocol, session, all);
  await agreement.lead(protocol, session, all - networkDkg.resolvePolicy(core.committee).maxRevealedWeight);
  await agreement.lead(protocol, session);
  await session.round('rehearse', bounded(protocol, session));
  return session.conclude(await protocol.conclude(session.request('vote')));
}
