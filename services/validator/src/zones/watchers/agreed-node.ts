/**
 * Several nodes of one operator as one: only what all of them say counts.
 *
 * @module
 */
import { constantTimeEqual } from '@dwallet/sigma';
import type { ChainNode, Tip } from './chain-node.ts';
import { DisagreementError } from './node-error.ts';
import type { BlockHead, ClusterObservation } from './watcher.ts';
import type { ObservedEvent } from '@dwallet/zones';

const canonical = (events: readonly (ObservedEvent | ClusterObservation)[]): string =>
  JSON.stringify(events, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (!(value instanceof Uint8Array)) return value;
    return Buffer.from(value).toString('hex');
  });

/** Lists per block that must be the same. */
function same<T extends ObservedEvent | ClusterObservation>(
  heads: readonly BlockHead[],
  answers: readonly (readonly (readonly T[])[])[],
): readonly (readonly T[])[] {
  const [first = [], ...others] = answers;
  for (const [i, head] of heads.entries()) {
    const expected = canonical(first[i] ?? []);
    if (others.some((other) => canonical(other[i] ?? []) !== expected)) {
      throw new DisagreementError(head.height, 'events differ');
    }
  }
  return first;
}

/** @param nodes - at least one; a single one is returned as it is. */
export function agreedNode(nodes: readonly ChainNode[]): ChainNode {
  const [only, second] = nodes;
  if (only !== undefined && second === undefined) return only;
  const all = <T>(ask: (node: ChainNode) => Promise<T>): Promise<T[]> => Promise.all(nodes.map(ask));
  return {
    name: nodes.map(({ name }) => name).join('+'),
    async tip(signal, finalisedTag): Promise<Tip> {
      const tips = await all((node) => node.tip(signal, finalisedTag));
      // One may lag behind: what it does not have yet, not all of them say.
      const head = tips.reduce((lowest, tip) => (tip.head.height < lowest.height ? tip.head : lowest), tips[0]!.head);
      const finalised = tips.map((tip) => tip.finalised);
      const known = finalised.filter((height) => height !== undefined);
      return {
        head,
        finalised: known.length < finalised.length ? undefined : Math.min(head.height, ...known),
      };
    },
    async head(height, signal) {
      const [first, ...others] = await all((node) => node.head(height, signal));
      if (first === undefined || others.some((other) => other.hash !== first.hash)) {
        throw new DisagreementError(height, 'block hashes differ');
      }
      return first;
    },
    async assetEvents(heads, targets, signal) {
      return same(heads, await all((node) => node.assetEvents(heads, targets, signal)));
    },
    async clusterEvents(heads, signal) {
      return same(heads, await all((node) => node.clusterEvents(heads, signal)));
    },
    async configuration(head, signal) {
      const [first, ...others] = await all((node) => node.configuration(head, signal));
      const agree = others.every((other) =>
        first === undefined || other === undefined ? first === other : constantTimeEqual(first.digest, other.digest),
      );
      if (!agree) throw new DisagreementError(head.height, 'what the chain runs differs');
      return first;
    },
  };
}
