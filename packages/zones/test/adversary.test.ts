/**
 * The "what must hold" lines of docs/zones.md as properties over generated histories, and for every rule the mutation that breaks one.
 * DWALLET_ZONES_RUNS multiplies the number of histories.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleTexts, type RuleId } from '../src/index.ts';
import type { Rules } from '../src/rules.ts';
import { historyRules } from './helpers/build.ts';
import { history, runs } from './helpers/entropy.ts';
import { mutations } from './helpers/mutations.ts';
import { assetDamage, witness } from './properties/asset-damage.ts';
import { attestationQuorum, quorumWitness } from './properties/attestation-quorum.ts';
import { clusterFaults, clusterWitness } from './properties/cluster-faults.ts';
import { governanceTakeover, takeoverWitness } from './properties/governance-takeover.ts';
import { gateWitness, signGate } from './properties/sign-gate.ts';

const properties = {
  'asset-damage': { run: assetDamage, length: 40, histories: 4000, witness },
  'cluster-faults': { run: clusterFaults, length: 60, histories: 1500, witness: clusterWitness },
  'governance-takeover': { run: governanceTakeover, length: 20, histories: 800, witness: takeoverWitness },
  'sign-gate': { run: signGate, length: 24, histories: 6000, witness: gateWitness },
  'attestation-quorum': { run: attestationQuorum, length: 30, histories: 8000, witness: quorumWitness },
} as const;
export type PropertyName = keyof typeof properties;

const check = (name: PropertyName, rules: Rules, count: number): fc.RunDetails<unknown> => {
  const { run, length } = properties[name];
  return fc.check(
    fc.property(history(length), (operations) => run(rules, operations)),
    { numRuns: count, endOnFailure: true },
  ) as fc.RunDetails<unknown>;
};
const reasonOf = (details: { readonly errorInstance?: unknown }): string =>
  details.errorInstance instanceof Error ? details.errorInstance.message : '';

describe('what must hold, with one chain or member under full control', () => {
  for (const [name, { run, length, histories, witness: seen }] of Object.entries(properties)) {
    it(`${name}: ${runs(histories)} histories`, () => {
      fc.assert(
        fc.property(history(length), (operations) => run(historyRules, operations)),
        { numRuns: runs(histories) },
      );
      for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(runs(histories) / 100);
    });
  }
});

describe('without a rule, a property fails', () => {
  it('every rule has a mutation', () => {
    const mutated = new Set(mutations.map(({ rule }) => rule));
    expect((Object.keys(ruleTexts) as RuleId[]).filter((rule) => !mutated.has(rule))).toEqual([]);
  });
  for (const { rule, what, property, says, change } of mutations) {
    it(`${rule} ${what}`, () => {
      const rules = { ...historyRules, ...change(historyRules) };
      // A history breaks whatever it comes to first, which need not be the line that the rule is there for: others are asked.
      const reasons: string[] = [];
      do {
        const details = check(property, rules, runs(3000));
        expect(details.failed).toBe(true);
        reasons.push(reasonOf(details));
        expect(reasons.at(-1)).toContain('does not hold');
      } while (!says.test(reasons.at(-1) ?? '') && reasons.length < 30);
      expect(reasons.at(-1)).toMatch(says);
    });
  }
});
