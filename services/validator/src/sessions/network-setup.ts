/**
 * Network setup (MPC 2) between validators: one round of contributions, then a certificate on G_com.
 *
 * @module
 */
import { type Digest, digestTagged, encodeList } from '@dwallet/sigma';
import {
  type AggregatedSetup,
  type NetworkSetup,
  type QuorumCertificate,
  aggregateSetup,
  contributeToSetup,
  encodeCertificate,
  encodeSetupRecord,
  setupFact,
} from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError, type SessionRequest } from '../core.ts';
import type { NetworkState } from '../network-state.ts';
import { LeaderSession, type SessionProtocol, openInbox } from './session.ts';

const name = 'network-setup';

/** Digest of a history, as a key of results computed in this process. */
export const historyKey = (request: SessionRequest): Digest =>
  digestTagged('session-history', [
    request.session,
    request.input,
    ...request.history.map((inbox) => encodeList(inbox)),
  ]);

export function networkSetupSession(core: Core, state: NetworkState): SessionProtocol {
  const results = new Map<string, AggregatedSetup>();
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
    const key = historyKey(request).join();
    let result = results.get(key);
    if (result === undefined) {
      const inbox = openInbox(core, request, 0, 'round-1');
      const random = core.freshRandom([request.session]);
      result = aggregateSetup({ ...context(request), access: core.committee.access, inbox, random });
      results.set(key, result);
    }
    return result;
  };
  return {
    name,
    contribute: (request) =>
      core.contributeOnce(
        request.session,
        `${name}/round-1`,
        [request.input, context(request).parameters.digest],
        (random) => {
          core.options.log('contributing to the network key shares');
          return contributeToSetup({ ...context(request), validator: core.index, random });
        },
      ),
    conclude(request) {
      core.options.log('verifying the contributions of all validators');
      return setupFact(aggregate(request).setup);
    },
    commit(request, certificate) {
      const { setup, blamed } = aggregate(request);
      state.installSetup(encodeSetupRecord(setup), encodeCertificate(certificate), setup);
      state.recordBlame(name, request, blamed);
      results.clear();
    },
  };
}

/** Leads the setup. @returns the setup with its certificate. */
export async function leadNetworkSetup(core: Core, protocol: SessionProtocol): Promise<QuorumCertificate> {
  const session = new LeaderSession(core, name, 'SYSTEM');
  await session.round('round-1');
  return session.conclude(protocol.conclude(session.request('vote')));
}

export type { NetworkSetup };
