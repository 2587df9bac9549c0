/**
 * Network setup (MPC 2) between validators: one round of contributions, then a certificate on G_com.
 *
 * @module
 */
import { DecodeError, type Digest, ThresholdNotReachedError, digestTagged, encodeList } from '@dwallet/sigma';
import {
  type AggregatedSetup,
  type QuorumCertificate,
  aggregateSetupIn,
  contributeToSetup,
  encodeCertificate,
  encodeSetupRecord,
  setupContributionBytes,
  setupFact,
} from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError, type SessionRequest } from '../core.ts';
import type { EvidenceLog } from '../evidence-log.ts';
import type { NetworkState } from '../network-state.ts';
import { InFlight } from '../in-flight.ts';
import { Remembered } from '../remembered.ts';
import { contributionPlace } from './contribution.ts';
import type { CeremonyProtocol, InboxAgreement } from './fixed-inbox.ts';
import { LeaderSession, openInbox, requireRounds } from './session.ts';

const name = 'network-setup';
const step = 'round-1';

/** Digest of a history, as a key of results computed in this process. */
export const historyKey = (request: SessionRequest): Digest =>
  digestTagged('session-history', [
    request.session,
    request.input,
    ...request.history.map((inbox) => encodeList(inbox)),
  ]);

export function networkSetupSession(
  core: Core,
  state: NetworkState,
  agreement: InboxAgreement,
  evidence: EvidenceLog,
): CeremonyProtocol {
  const results = new Remembered<AggregatedSetup>(8);
  const context = (request: SessionRequest) => {
    const sharing = state.sharing;
    if (sharing === undefined) throw new RefusedError('NOT_READY', 'there is no network key yet');
    if (state.setup !== undefined) throw new RefusedError('NOT_READY', 'the network setup exists');
    return {
      curve: core.options.curve,
      parameters: core.parameters,
      encryptionKey: sharing.encryptionKey,
      sessionId: request.session,
    };
  };
  const aggregating = new InFlight<AggregatedSetup>();
  const aggregate = async (request: SessionRequest): Promise<AggregatedSetup> => {
    requireRounds(request, 1);
    const key = historyKey(request).join();
    const known = results.get(key);
    if (known !== undefined) return known;
    return aggregating.share(key, async () => {
      core.options.log('verifying the contributions of all validators');
      const inbox = openInbox(core, request, 0, step);
      const random = core.freshRandom([request.session]);
      const { access } = core.committee;
      const input = { ...context(request), access, inbox, random };
      const result = await evidence.judged(name, request, () => aggregateSetupIn(core.options.compute, input));
      return results.set(key, result);
    });
  };
  const protocol: CeremonyProtocol = {
    name,
    fixedSteps: [step],
    async contribute(request) {
      if (request.step !== step) throw new DecodeError('SessionRequest.step', 'is not a round of the network setup');
      requireRounds(request, 0);
      const { parameters, encryptionKey } = context(request);
      const inputs = [request.input, parameters.digest, parameters.group.encode(encryptionKey.element)];
      return core.contributeOnce(
        request.session,
        `${name}/${step}`,
        inputs,
        (random) => {
          core.options.log('contributing to the network key shares');
          return contributeToSetup({ ...context(request), validator: core.index, random });
        },
        contributionPlace(request, 0, step),
      );
    },
    judgeInbox: async (request) => void (await aggregate(request)),
    largestMessage: (request) => setupContributionBytes(context(request)),
    async blameLeftOut(request) {
      try {
        await aggregate(request);
      } catch (error) {
        // One message alone is never enough; whom it blames is known by now.
        if (!(error instanceof ThresholdNotReachedError)) throw error;
      }
    },
    isSkipped: () => Promise.resolve(false),
    async conclude(request) {
      context(request);
      requireRounds(request, 1);
      await agreement.requireFixed(protocol, request);
      return setupFact((await aggregate(request)).setup);
    },
    async commit(request, certificate) {
      const { setup } = await aggregate(request);
      state.installSetup(encodeSetupRecord(setup), encodeCertificate(certificate), setup);
      // The result stays for a second commit that came at the same time.
    },
  };
  return protocol;
}

/** Leads the setup, or goes on where it stopped, whoever led it. @returns the setup with its certificate. */
export async function leadNetworkSetup(
  core: Core,
  protocol: CeremonyProtocol,
  agreement: InboxAgreement,
  basis: Uint8Array,
): Promise<QuorumCertificate> {
  const session = LeaderSession.ceremony(core, name, basis);
  await agreement.lead(protocol, session);
  return session.conclude(await protocol.conclude(session.request('vote')), { graceMs: 'adaptive' });
}
