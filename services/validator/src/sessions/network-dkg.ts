/**
 * The network DKG (AF-DKG, CG 8.1) between validators. Every inbox is fixed by a certificate before the next round runs on it, so all honest
 * validators judge the same deals and the same silent ones, whoever leads.
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
  concat,
  digestTagged,
  encodeList,
  encodeUint8,
  roundRandom,
} from '@dwallet/sigma';
import {
  type Fact,
  type QuorumCertificate,
  decodeCertificate,
  encodeCertificate,
  verifyCertificate,
} from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError, type SessionRequest, encodeSessionRequest } from '../core.ts';
import { type NetworkState, encodeNetworkKey, networkKeyFact, requireOwnShares } from '../network-state.ts';
import { Remembered } from '../remembered.ts';
import { LeaderSession, type SessionProtocol, openInbox, requireRounds } from './session.ts';

const name = 'network-dkg';
const rounds = ['register', 'deal', 'acknowledge', 'reveal', 'rehearse'] as const;
type Round = (typeof rounds)[number];

/** The certified fact that an inbox is the one of its round. */
export const inboxFact = (request: SessionRequest, round: number): Fact => ({
  kind: 'message-set',
  id: concat(request.session, encodeUint8(round)),
  version: 0n,
  digest: digestTagged('message-set', [request.session, encodeUint8(round), encodeList(request.history[round] ?? [])]),
});

/** What this process has computed in one session; all of it can be computed again from the history and the ceremony seed. */
interface Progress {
  committee?: networkDkg.RegisteredCommittee;
  kemSecret?: networkDkg.KemSecret;
  dealSecrets?: networkDkg.DealSecrets;
  deals?: networkDkg.DealSet;
  received?: networkDkg.ReceivedShares;
  judgement?: networkDkg.Judgement;
  reveals?: networkDkg.RevealOutcome;
  outcome?: networkDkg.UnrehearsedKey;
  shares?: DecryptionKeyShare[];
  /** The key as certified, once the rehearsal has succeeded. */
  record?: Uint8Array;
  blamed: Blame[];
}

export interface NetworkDkgSession extends SessionProtocol {
  /** Vote on the inbox of the last round in the history. */
  fix(request: SessionRequest): Fact;
  /** Whether the certified acknowledgements ask for a reveal round. */
  needsReveal(request: SessionRequest): boolean;
}

export function networkDkgSession(core: Core, state: NetworkState): NetworkDkgSession {
  const sessions = new Remembered<Progress>(8);
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
  const progressOf = (request: SessionRequest): Progress => {
    if (state.sharing !== undefined) throw new RefusedError('NOT_READY', 'the network key exists');
    const key = request.session.join();
    return sessions.get(key) ?? sessions.set(key, { blamed: [] });
  };
  const seedFor = (request: SessionRequest, round: Round, inputs: readonly Uint8Array[]): Random => {
    const seed = keystore.ceremony(core.options.random);
    try {
      return roundRandom(seed.expose(), request.session, `${name}/${round}`, 0, [core.committee.digest, ...inputs]);
    } finally {
      seed.destroy();
    }
  };
  /** Inboxes count only once they are fixed: nobody can show two sets of deals to two validators. */
  const fixedInbox = (request: SessionRequest, round: number): networkDkg.InboxEntry[] => {
    const certificate = request.certificates[round];
    if (certificate === undefined) throw new DecodeError('SessionRequest.certificates', `round ${round} is not fixed`);
    verifyCertificate(core.committee, decodeCertificate(certificate), inboxFact(request, round), 'MPC:N5');
    return [...openInbox(core, request, round, rounds[round] as Round)].map(([from, message]) => ({ from, message }));
  };

  const committeeOf = (request: SessionRequest): networkDkg.RegisteredCommittee => {
    const progress = progressOf(request);
    if (progress.committee === undefined) {
      const { committee, blamed } = networkDkg.verifyRegistrations({
        ...inputOf(request),
        inbox: fixedInbox(request, 0),
      });
      progress.committee = committee;
      progress.blamed.push(...blamed);
    }
    return progress.committee;
  };
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
  const dealsOf = (request: SessionRequest): networkDkg.DealSet => {
    const progress = progressOf(request);
    if (progress.deals === undefined) {
      const result = networkDkg.verifyDeals({
        ...inputOf(request),
        committee: committeeOf(request),
        inbox: fixedInbox(request, 1),
      });
      progress.deals = result;
      progress.blamed.push(...result.blamed);
    }
    return progress.deals;
  };
  const makeAcknowledge = (request: SessionRequest): { message: Uint8Array; received: networkDkg.ReceivedShares } => {
    const deals = dealsOf(request);
    const random = seedFor(request, 'acknowledge', [deals.digest]);
    return networkDkg.acknowledge(
      { ...inputOf(request), committee: committeeOf(request), deals, kemSecret: kemSecretOf(request) },
      random,
    );
  };
  const judgementOf = (request: SessionRequest): networkDkg.Judgement => {
    const progress = progressOf(request);
    if (progress.judgement === undefined) {
      progress.judgement = networkDkg.judgeAcknowledgements({
        ...inputOf(request),
        committee: committeeOf(request),
        deals: dealsOf(request),
        inbox: fixedInbox(request, 2),
      });
      progress.blamed.push(...progress.judgement.blamed);
    }
    return progress.judgement;
  };
  const revealsOf = (request: SessionRequest): networkDkg.RevealOutcome | undefined => {
    const progress = progressOf(request);
    const input = {
      ...inputOf(request),
      committee: committeeOf(request),
      deals: dealsOf(request),
      judgement: judgementOf(request),
    };
    if (networkDkg.decideReveal(input).kind === 'none') return undefined;
    if (progress.reveals === undefined) {
      progress.reveals = networkDkg.verifyReveals({ ...input, inbox: fixedInbox(request, 3) });
      progress.blamed.push(...progress.reveals.blamed);
    }
    return progress.reveals;
  };
  const outcomeOf = (request: SessionRequest): networkDkg.UnrehearsedKey => {
    const progress = progressOf(request);
    if (progress.outcome === undefined) {
      const reveals = revealsOf(request);
      progress.outcome = networkDkg.finalize({
        ...inputOf(request),
        committee: committeeOf(request),
        deals: dealsOf(request),
        judgement: judgementOf(request),
        ...(reveals === undefined ? {} : { reveals }),
      });
    }
    return progress.outcome;
  };
  const sharesOf = (request: SessionRequest): DecryptionKeyShare[] => {
    const progress = progressOf(request);
    if (progress.shares === undefined) {
      const reveals = revealsOf(request);
      // A validator that was silent in round 2 has its shares from the reveal; everybody else opened them there.
      if (!judgementOf(request).silent.includes(core.index)) progress.received ??= makeAcknowledge(request).received;
      progress.shares = networkDkg.finalizeShares({
        ...inputOf(request),
        outcome: outcomeOf(request),
        validator: core.index,
        ...(progress.received === undefined ? {} : { received: progress.received }),
        ...(reveals === undefined ? {} : { reveals }),
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

  const certifiedRecord = (request: SessionRequest): Uint8Array => {
    const outcome = outcomeOf(request);
    const inbox = [...openInbox(core, request, 4, 'rehearse')].map(([from, message]) => ({ from, message }));
    const rehearsal = networkDkg.confirmRehearsal({
      ...inputOf(request),
      committee: committeeOf(request),
      outcome,
      inbox,
    });
    progressOf(request).blamed.push(...rehearsal.blamed);
    if (rehearsal.kind === 'waiting') throw new ThresholdNotReachedError('rehearsal', rehearsal.have, rehearsal.need);
    return encodeNetworkKey(core.options, { sharing: rehearsal.networkKey.state, outcome: outcome.digest });
  };
  const recordOf = (request: SessionRequest): Uint8Array => {
    requireRounds(request, rounds.length);
    const progress = progressOf(request);
    progress.record ??= certifiedRecord(request);
    return progress.record;
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

  return {
    name,
    contribute(request) {
      progressOf(request);
      const round = rounds.find((candidate) => candidate === request.step);
      if (round === undefined) throw new DecodeError('SessionRequest.step', 'is not a round of the network DKG');
      requireRounds(request, rounds.indexOf(round));
      const inputs = [core.committee.digest, request.input, ...request.history.map((inbox) => encodeList(inbox))];
      // The generator is unused: ceremony rounds derive theirs from the ceremony seed and their own inputs.
      return core.contributeOnce(request.session, `${name}/${round}`, inputs, () => contributions[round](request));
    },
    fix(request) {
      const round = request.history.length - 1;
      const step = rounds[round];
      if (step === undefined) throw new DecodeError('SessionRequest.history', 'has no round to fix');
      openInbox(core, request, round, step);
      return inboxFact(request, round);
    },
    needsReveal: (request) =>
      networkDkg.decideReveal({ ...inputOf(request), judgement: judgementOf(request) }).kind === 'reveal',
    conclude: (request) => networkKeyFact(core.options.networkId, recordOf(request)),
    commit(request, certificate) {
      const record = recordOf(request);
      const shares = sharesToKeep(request);
      const progress = progressOf(request);
      state.recordBlame(name, request, progress.blamed);
      const encoded = encodeCertificate(certificate);
      // Kept for validators that missed this message: each of them derives its own shares from it.
      const commit: SessionRequest = { ...request, step: 'commit', certificates: [...request.certificates, encoded] };
      core.store.put('network', 'dkg', encodeSessionRequest(commit));
      // Shares first: a key record without this validator's share would be a validator that thinks it can decrypt.
      keystore.finishCeremony(shares);
      state.installKey(record, encoded);
      const { kemSecret, dealSecrets, received } = progress;
      networkDkg.eraseSecrets({
        ...(kemSecret === undefined ? {} : { kemSecret }),
        ...(dealSecrets === undefined ? {} : { dealSecrets }),
        ...(received === undefined ? {} : { received }),
      });
      sessions.clear();
    },
  };
}

/**
 * Leads the DKG, or goes on with the one that was interrupted. All validators must take part (CG 8.1.7: theta = n), so nobody is left out for
 * being slow.
 */
export async function leadNetworkDkg(core: Core, protocol: NetworkDkgSession): Promise<QuorumCertificate> {
  const session = LeaderSession.resume(core, name, 'SYSTEM');
  const all = core.committee.access.totalWeight;
  const fix = async (): Promise<void> => {
    const request = session.request('fix');
    await session.fixInbox(inboxFact(request, request.history.length - 1));
  };
  const round = async (step: Round, need?: number): Promise<void> => {
    await session.round(step, need === undefined ? {} : { need });
    await fix();
  };
  await round('register', all);
  await round('deal');
  // With more silent ones than the reveal budget serves (CG 8.1.4) the inbox could lead nowhere: wait for them instead of fixing it.
  await round('acknowledge', all - networkDkg.resolvePolicy(core.committee).maxRevealedWeight);
  if (session.derive(() => protocol.needsReveal(session.request('reveal')))) await round('reveal');
  else {
    session.skip();
    await fix();
  }
  await session.round('rehearse');
  return session.conclude(session.derive(() => protocol.conclude(session.request('vote'))));
}
