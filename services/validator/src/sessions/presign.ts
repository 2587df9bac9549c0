/**
 * Presign sessions (MPC 4) between validators: masks, a vote on their aggregate, nonces, then a certificate over the identifiers of the whole
 * batch.
 *
 * @module
 */
import { DecodeError, InvalidArgumentsError, encodeList } from '@dwallet/sigma';
import {
  type EncodedMaskAgreement,
  type FinalizedPresignBytes,
  type Inbox,
  type OwnMessage,
  type PresignSession,
  type QuorumCertificate,
  agreeOnMasksIn,
  encodeCertificate,
  encryptMaskIn,
  encryptNoncesIn,
  finalizePresignsIn,
  maxBatch,
  presignBatchFact,
  tallyMaskVotes,
} from '@dwallet/two-pc-mpc/network';
import type { Core, SessionRequest } from '../core.ts';
import type { EvidenceLog } from '../evidence-log.ts';
import type { NetworkState } from '../network-state.ts';
import { contributionPlace } from './contribution.ts';
import { historyKey } from './network-setup.ts';
import { InFlight } from '../in-flight.ts';
import { Remembered } from '../remembered.ts';
import { LeaderSession, type SessionProtocol, isOpenedBy, openInbox, readCount, requireRounds } from './session.ts';

const name = 'ecdsa-presign';
const rounds = ['round-1', 'round-2', 'round-3'] as const;

export function presignSession(core: Core, state: NetworkState, evidence: EvidenceLog): SessionProtocol {
  const agreements = new Remembered<EncodedMaskAgreement>(8);
  const results = new Remembered<FinalizedPresignBytes>(8);
  const agreeing = new InFlight<EncodedMaskAgreement>();
  const finalizing = new InFlight<FinalizedPresignBytes>();
  const { access } = core.committee;
  const { compute: pool } = core.options;

  const sessionOf = (request: SessionRequest): PresignSession => {
    const batch = readCount(request);
    if (batch < 1 || batch > maxBatch) throw new DecodeError('SessionRequest.input', `batch must be 1..${maxBatch}`);
    return { setup: state.requireSetup(), sessionId: request.session, batch };
  };
  const prefix = (request: SessionRequest, length: number): SessionRequest => ({
    ...request,
    history: request.history.slice(0, length),
  });
  /** What this validator sent in a round, if the fixed inbox has exactly that: its proofs were made here. */
  const ownOf = (request: SessionRequest, round: number, inbox: Inbox): OwnMessage | undefined => {
    const sent = core.contributed(request.session, `${name}/${rounds[round]}`);
    const bytes = inbox.get(core.index);
    const stands = sent !== undefined && request.history[round]?.some((each) => Buffer.compare(each, sent) === 0);
    return stands === true && bytes !== undefined ? { validator: core.index, bytes } : undefined;
  };
  const agreementOf = async (request: SessionRequest): Promise<EncodedMaskAgreement> => {
    const key = historyKey(prefix(request, 1)).join();
    const known = agreements.get(key);
    if (known !== undefined) return known;
    return agreeing.share(key, async () => {
      core.options.log('verifying the masks of all validators');
      const inbox = openInbox(core, request, 0, 'round-1');
      const random = core.freshRandom([request.session]);
      const input = { ...sessionOf(request), access, inbox, own: ownOf(request, 0, inbox), random };
      const agreement = await evidence.judged(name, prefix(request, 1), () => agreeOnMasksIn(pool, input));
      return agreements.set(key, agreement);
    });
  };
  const agreedDigest = (request: SessionRequest) =>
    tallyMaskVotes({ sessionId: request.session, access, inbox: openInbox(core, request, 1, 'round-2') });
  const finalized = async (request: SessionRequest): Promise<FinalizedPresignBytes> => {
    requireRounds(request, rounds.length);
    const key = historyKey(request).join();
    const known = results.get(key);
    if (known !== undefined) return known;
    return finalizing.share(key, async () => {
      core.options.log('verifying the nonces of all validators');
      const { aggregate } = await agreementOf(request);
      const inbox = openInbox(core, request, 2, 'round-3');
      const input = {
        ...sessionOf(request),
        access,
        aggregate,
        agreed: agreedDigest(request).digest,
        inbox,
        own: ownOf(request, 2, inbox),
        random: core.freshRandom([request.session]),
      };
      return results.set(key, await evidence.judged(name, request, () => finalizePresignsIn(pool, input)));
    });
  };

  return {
    name,
    async contribute(request) {
      const round = rounds.findIndex((step) => step === request.step);
      if (round < 0) throw new DecodeError('SessionRequest.step', 'is not a round of a presign session');
      requireRounds(request, round);
      const session = sessionOf(request);
      const inputs = [
        session.setup.commitment,
        core.committee.digest,
        request.input,
        ...request.history.map((inbox) => encodeList(inbox)),
      ];
      const once = (compute: Parameters<typeof core.contributeOnce>[3]): Promise<Uint8Array> =>
        core.contributeOnce(
          request.session,
          `${name}/${request.step}`,
          inputs,
          compute,
          contributionPlace(request, round, request.step),
        );
      switch (request.step) {
        case 'round-1':
          return once((random) => {
            core.options.log(`encrypting ${session.batch} masks`);
            return encryptMaskIn(pool, { ...session, validator: core.index, random });
          });
        case 'round-2':
          return once(async () => (await agreementOf(request)).vote);
        default:
          return once(async (random) => {
            core.options.log(`encrypting ${2 * session.batch} nonces`);
            const { aggregate } = await agreementOf(request);
            return encryptNoncesIn(pool, {
              ...session,
              validator: core.index,
              aggregate,
              agreed: agreedDigest(request).digest,
              random,
            });
          });
      }
    },
    conclude: async (request) =>
      presignBatchFact(
        request.session,
        (await finalized(request)).presigns.map(({ presignId }) => presignId),
      ),
    async commit(request, certificate) {
      const { presigns } = await finalized(request);
      const batch = encodeList(presigns.map(({ presignId }) => presignId));
      core.store.transaction(() => {
        for (const presign of presigns) {
          state.installPresign(presign, presign.bytes, batch, encodeCertificate(certificate), request.input);
        }
      });
      if (isOpenedBy(core, core.index, request)) state.addOwn(presigns);
      evidence.session(name, prefix(request, 2), agreedDigest(request).blamed);
      // What was computed stays for a second commit that came at the same time, until newer sessions push it out.
    },
  };
}

/** Leads one session. @param batch - presigns to make, 1..64. */
export async function leadPresign(core: Core, protocol: SessionProtocol, batch: number): Promise<QuorumCertificate> {
  if (!Number.isInteger(batch) || batch < 1 || batch > maxBatch)
    throw new InvalidArgumentsError('batch', `must be 1..${maxBatch}`);
  const session = LeaderSession.open(core, name, await core.generations.learn(), batch);
  for (const step of rounds) await session.round(step, { graceMs: 'adaptive', oneLength: true });
  return session.conclude(await protocol.conclude(session.request('vote')), { graceMs: 'adaptive' });
}
