/**
 * A safety fault: what two conflicting heads put in doubt (CLUSTER:5, CLUSTER:12).
 *
 * @module
 */
import { hex, sameBytes } from '../record/codec.ts';
import { type ClusterHead, headRecord } from './record.ts';
import { type ClusterState, type MessageState, settledSent } from './state.ts';

/** Whether two certified heads show that a member's chain has two histories. */
export const headsConflict = (a: ClusterHead, b: ClusterHead): boolean =>
  a.cluster === b.cluster &&
  a.member === b.member &&
  a.version === b.version &&
  a.height === b.height &&
  !sameBytes(headRecord.digest(a), headRecord.digest(b));

/**
 * The causal closure of the messages that `member` sent from `at` on: those, and everything that any member sent after it consumed one
 * of the closure. What its sender's settled head covers stands: the record on the parent chain is final. Hex digests.
 */
export function causalClosure(cluster: ClusterState, member: string, at: number): ReadonlySet<string> {
  const messages = [...cluster.channels.values()].flatMap(({ from, to, base, messages: list }) => {
    const settled = settledSent(cluster.members.get(from), to);
    return list
      .filter((message, i) => !message.void && base + BigInt(i) >= settled)
      .map((message) => ({ from, to, message }));
  });
  const inDoubt = new Set<string>();
  /** Member -> place in its order after which all that it sends is in doubt. */
  const taintedFrom = new Map<string, number>();
  const add = ({ to, message }: { readonly to: string; readonly message: MessageState }): boolean => {
    const key = hex(message.digest);
    if (inDoubt.has(key)) return false;
    inDoubt.add(key);
    if (message.consumedSeq !== undefined) {
      taintedFrom.set(to, Math.min(taintedFrom.get(to) ?? Number.POSITIVE_INFINITY, message.consumedSeq));
    }
    return true;
  };
  for (const item of messages) if (item.from === member && item.message.sentAt >= at) add(item);
  for (let grown = true; grown; ) {
    grown = false;
    for (const item of messages) {
      const tainted = taintedFrom.get(item.from);
      if (tainted !== undefined && item.message.sentSeq > tainted && add(item)) grown = true;
    }
  }
  return inDoubt;
}
