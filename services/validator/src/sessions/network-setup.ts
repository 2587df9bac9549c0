/**
 * Network setup (MPC 2) between validators: one round of contributions, then a certificate on G_com.
 *
 * @module
 */
import { DecodeError, type Digest, digestTagged, encodeList } from '@dwallet/sigma';
import {
  type AggregatedSetup,
  type QuorumCertificate,
  aggregateSetup,
  contributeToSetup,
  encodeCertificate,
  encodeSetupRecord,
  setupFact,
} from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError, type SessionRequest } from '../core.ts';
import type { NetworkState } from '../network-state.ts';
import { Remembered } from '../remembered.ts';
import { LeaderSession, type SessionProtocol, openInbox, requireRounds } from './session.ts';

const name = 'network-setup';
const step = 'round-1';

/** Digest of a history, as a key of results computed in this process. */
export const historyKey = (request: SessionRequest): Digest =>
  digestTagged('session-history', [
    request.session,
    request.input,
    ...request.history.map((inbox) => encodeList(inbox)),
  ]);

export function networkSetupSession(core: Core, state: NetworkState): SessionProtocol {
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
  const aggregate = (request: SessionRequest): AggregatedSetup => {
    requireRounds(request, 1);
    const key = historyKey(request).join();
    const known = results.get(key);
    if (known !== undefined) return known;
    core.options.log('verifying the contributions of all validators');
    const inbox = openInbox(core, request, 0, step);
    const random = core.freshRandom([request.session]);
    return results.set(key, aggregateSetup({ ...context(request), access: core.committee.access, inbox, random }));
  };
  return {
    name,
    contribute(request) {
      if (request.step !== step) throw new DecodeError('SessionRequest.step', 'is not a round of the network setup');
      requireRounds(request, 0);
      const { parameters, encryptionKey } = context(request);
      const inputs = [request.input, parameters.digest, parameters.group.encode(encryptionKey.element)];
      return core.contributeOnce(request.session, `${name}/${step}`, inputs, (random) => {
        core.options.log('contributing to the network key shares');
        return contributeToSetup({ ...context(request), validator: core.index, random });
      });
    },
    conclude: (request) => setupFact(aggregate(request).setup),
    commit(request, certificate) {
      const { setup, blamed } = aggregate(request);
      state.installSetup(encodeSetupRecord(setup), encodeCertificate(certificate), setup);
      state.recordBlame(name, request, blamed);
      results.clear();
    },
  };
}

/** Leads the setup, or goes on with the one that was interrupted. @returns the setup with its certificate. */
export async function leadNetworkSetup(core: Core, protocol: SessionProtocol): Promise<QuorumCertificate> {
  const session = LeaderSession.resume(core, name, 'SYSTEM');
  await session.round(step, { graceMs: 'adaptive' });
  const fact = session.derive(() => protocol.conclude(session.request('vote')));
  return session.conclude(fact, { graceMs: 'adaptive' });
}
