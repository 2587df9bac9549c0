/**
 * Presign sessions (MPC 4) between validators: masks, a vote on their aggregate, nonces, then a certificate over the identifiers of the whole
 * batch.
 *
 * @module
 */
import { DecodeError, encodeList } from '@dwallet/sigma';
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
import { LeaderSession, type SessionProtocol, encodeCount, openInbox, readCount } from './session.ts';

const name = 'ecdsa-presign';

export function presignSession(core: Core, state: NetworkState): SessionProtocol {
  const agreements = new Map<string, MaskAgreement>();
  const results = new Map<string, FinalizedPresigns>();
  const { access } = core.committee;

  const sessionOf = (request: SessionRequest): PresignSession => {
    const batch = readCount(request);
    if (batch < 1 || batch > maxBatch) throw new DecodeError('SessionRequest.input', `batch must be 1..${maxBatch}`);
    return { setup: state.tabledSetup(), sessionId: request.session, batch };
  };
  const prefix = (request: SessionRequest, rounds: number): SessionRequest => ({
    ...request,
    history: request.history.slice(0, rounds),
  });
  const agreementOf = (request: SessionRequest): MaskAgreement => {
    const key = historyKey(prefix(request, 1)).join();
    let agreement = agreements.get(key);
    if (agreement === undefined) {
      core.options.log('verifying the masks of all validators');
      const inbox = openInbox(core, request, 0, 'round-1');
      agreement = agreeOnMasks({ ...sessionOf(request), access, inbox, random: core.freshRandom([request.session]) });
      agreements.set(key, agreement);
    }
    return agreement;
  };
  const agreedDigest = (request: SessionRequest) =>
    tallyMaskVotes({ sessionId: request.session, access, inbox: openInbox(core, request, 1, 'round-2') });
  const finalized = (request: SessionRequest): FinalizedPresigns => {
    const key = historyKey(prefix(request, 3)).join();
    let result = results.get(key);
    if (result === undefined) {
      core.options.log('verifying the nonces of all validators');
      const { aggregate } = agreementOf(request);
      result = finalizePresigns({
        ...sessionOf(request),
        access,
        aggregate,
        agreed: agreedDigest(request).digest,
        inbox: openInbox(core, request, 2, 'round-3'),
        random: core.freshRandom([request.session]),
      });
      results.set(key, result);
    }
    return result;
  };

  return {
    name,
    contribute(request) {
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
        case 'round-3':
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
        default:
          throw new DecodeError('SessionRequest.step', 'is not a round of a presign session');
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
      agreements.clear();
      results.clear();
    },
  };
}

/** Leads one session. @param batch - presigns to make, 1..64. */
export async function leadPresign(core: Core, protocol: SessionProtocol, batch: number): Promise<QuorumCertificate> {
  const session = new LeaderSession(core, name, 'INTERNAL_PRESIGN', encodeCount(batch));
  await session.round('round-1');
  await session.round('round-2');
  await session.round('round-3');
  return session.conclude(protocol.conclude(session.request('vote')));
}
