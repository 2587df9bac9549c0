/**
 * What every transition answers: the next state, or a refusal that names the rule.
 *
 * @module
 */
import type { RuleId } from './rule-ids.ts';

/** One leg of a transfer between two chains (CAIP-2). */
export interface Leg {
  readonly from: string;
  readonly to: string;
}

/** Nothing was changed, and why. */
export interface Refusal {
  readonly ok: false;
  readonly rule: RuleId;
  readonly reason: string;
  /** The two legs to use instead of a direct transfer (ASSET:3). */
  readonly legs?: readonly [Leg, Leg];
}

export interface Accepted<State> {
  readonly ok: true;
  readonly state: State;
}

export type Outcome<State> = Accepted<State> | Refusal;

export const accept = <State>(state: State): Accepted<State> => ({ ok: true, state });
export const refuse = (rule: RuleId, reason: string): Refusal => ({ ok: false, rule, reason });

/** A rule looks at what is proposed and refuses it, or has nothing against it. */
export type Rule<Context> = (context: Context) => Refusal | undefined;

/** The first refusal of `rules`, in order. */
export function firstRefusal<Context>(context: Context, rules: readonly Rule<Context>[]): Refusal | undefined {
  for (const rule of rules) {
    const refusal = rule(context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
