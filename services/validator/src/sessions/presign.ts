/**
 * Presign sessions (MPC 4) between validators: masks, a vote on their aggregate, nonces, then a certificate over the identifiers of the whole
 * batch.
 *
 * @module
 */
import { DecodeError, InvalidArgumentsError, encodeList } from '@dwallet/sigma';
import {
  type FinalizedPresigns,
  type MaskAgreement,
  type PresignSession,
  type QuorumCertificate,
  agreeOnMasks,
  encodeCertificate,
  encodePresign,
  encryptMask,
  encryptNonces,
  finalizePresigns,
  maxBatch,
  presignBatchFact,
  tallyMaskVotes,
} from '@dwallet/two-pc-mpc/network';
import type { Core, SessionRequest } from '../core.ts';
import type { NetworkState } from '../network-state.ts';
import { historyKey } from './network-setup.ts';
import { Remembered } from '../remembered.ts';
import { LeaderSession, type SessionProtocol, encodeCount, openInbox, readCount, requireRounds } from './session.ts';

const name = 'ecdsa-presign';
const rounds = ['round-1', 'round-2', 'round-3'] as const;

export function presignSession(core: Core, state: NetworkState): SessionProtocol {
  const agreements = new Remembered<MaskAgreement>(8);
  const results = new Remembered<FinalizedPresigns>(8);
  const { access } = core.committee;

  const sessionOf = (request: SessionRequest): PresignSession => {
    const batch = readCount(request);
    if (batch < 1 || batch > maxBatch) throw new DecodeError('SessionRequest.input', `batch must be 1..${maxBatch}`);
    return { setup: state.tabledSetup(), sessionId: request.session, batch };
  };
  const prefix = (request: SessionRequest, length: number): SessionRequest => ({
    ...request,
    history: request.history.slice(0, length),
  });
  const agreementOf = (request: SessionRequest): MaskAgreement => {
    const key = historyKey(prefix(request, 1)).join();
    const known = agreements.get(key);
    if (known !== undefined) return known;
    core.options.log('verifying the masks of all validators');
    const inbox = openInbox(core, request, 0, 'round-1');
    const random = core.freshRandom([request.session]);
    return agreements.set(key, agreeOnMasks({ ...sessionOf(request), access, inbox, random }));
  };
  const agreedDigest = (request: SessionRequest) =>
    tallyMaskVotes({ sessionId: request.session, access, inbox: openInbox(core, request, 1, 'round-2') });
  const finalized = (request: SessionRequest): FinalizedPresigns => {
    requireRounds(request, rounds.length);
    const key = historyKey(request).join();
    const known = results.get(key);
    if (known !== undefined) return known;
    core.options.log('verifying the nonces of all validators');
    const { aggregate } = agreementOf(request);
    const result = finalizePresigns({
      ...sessionOf(request),
      access,
      aggregate,
      agreed: agreedDigest(request).digest,
      inbox: openInbox(core, request, 2, 'round-3'),
      random: core.freshRandom([request.session]),
    });
    return results.set(key, result);
  };

  return {
    name,
    contribute(request) {
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
      const once = (compute: Parameters<typeof core.contributeOnce>[3]): Uint8Array =>
        core.contributeOnce(request.session, `${name}/${request.step}`, inputs, compute);
      switch (request.step) {
        case 'round-1':
          return once((random) => {
            core.options.log(`encrypting ${session.batch} masks`);
            return encryptMask({ ...session, validator: core.index, random });
          });
        case 'round-2':
          return once(() => agreementOf(request).vote);
        default:
          return once((random) => {
            core.options.log(`encrypting ${2 * session.batch} nonces`);
            const { aggregate } = agreementOf(request);
            return encryptNonces({
              ...session,
              validator: core.index,
              aggregate,
              agreed: agreedDigest(request).digest,
              random,
            });
          });
      }
    },
    conclude: (request) =>
      presignBatchFact(
        request.session,
        finalized(request).presigns.map(({ presignId }) => presignId),
      ),
    commit(request, certificate) {
      const { presigns, blamed } = finalized(request);
      const { setup } = sessionOf(request);
      const batch = encodeList(presigns.map(({ presignId }) => presignId));
      for (const presign of presigns) {
        state.installPresign(presign, encodePresign(setup, presign), batch, encodeCertificate(certificate));
      }
      state.recordBlame(name, request, [...agreementOf(request).blamed, ...agreedDigest(request).blamed, ...blamed]);
      agreements.delete(historyKey(prefix(request, 1)).join());
      results.delete(historyKey(request).join());
    },
  };
}

/** Leads one session. @param batch - presigns to make, 1..64. */
export async function leadPresign(core: Core, protocol: SessionProtocol, batch: number): Promise<QuorumCertificate> {
  if (!Number.isInteger(batch) || batch < 1 || batch > maxBatch)
    throw new InvalidArgumentsError('batch', `must be 1..${maxBatch}`);
  const session = LeaderSession.open(core, name, 'INTERNAL_PRESIGN', encodeCount(batch));
  for (const step of rounds) await session.round(step, { graceMs: 'adaptive' });
  return session.conclude(protocol.conclude(session.request('vote')), { graceMs: 'adaptive' });
}
