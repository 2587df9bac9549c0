/**
 * What the session id of a new dWallet names: the generations of the validators' stores, as each states its own. One that was restored from a backup
 * votes on the dWallet only if it is named (docs/security.md, Backup and restore); the others do not depend on it.
 *
 * @module
 */
import type { Digest, ValidatorId } from '@dwallet/sigma';
import {
  type Committee,
  type Generations,
  type Peer,
  decodeNetworkReply,
  decodeReply,
  encodeCall,
  maxBodyBytes,
  openGeneration,
} from '@dwallet/two-pc-mpc/client';

/** How long the others are waited for when the first has answered. Whoever is slower votes if it was never restored. */
const graceMs = 2000;

/**
 * Asks all validators at once. Who does not answer, or states what is not signed by a validator of this network, is not named.
 * @returns when all have answered or failed, or two seconds after the first answer. Never rejects.
 */
export function askGenerations(
  peers: readonly Peer[],
  network: { readonly id: Digest; readonly committee: Committee },
): Promise<Generations> {
  const generations = new Map<ValidatorId, Uint8Array>();
  const call = encodeCall('network', new Uint8Array(0));
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(timer);
      resolve(new Map(generations));
    };
    const ask = async (peer: Peer): Promise<void> => {
      try {
        const [, , , , , , , statement] = decodeNetworkReply(decodeReply(await peer.call(call), maxBodyBytes));
        const { from, generation } = openGeneration(network.committee, network.id, statement);
        generations.set(from, generation);
        timer ??= setTimeout(end, graceMs);
      } catch {
        // It votes all the same, unless it was restored.
      }
    };
    void Promise.all(peers.map(ask)).then(end);
  });
}
