/**
 * MPC:K4. X = O or X_B = O cannot be hit on purpose (the randomizers are a hash of X_A), so the key formula is replaced here by one that
 * returns them.
 */
import { beforeEach, expect, test, vi } from 'vitest';
import type * as Randomizers from '../src/dwallet-dkg/randomizers.ts';
import { createDWallet } from '../src/dwallet-dkg/client-create.ts';
import { Registry, create, createUser } from './helpers/dwallet-fixture.ts';
import { createNetworkFixture, curve, randomFor } from './helpers/network-fixture.ts';
import { expectCheck, expectError } from './helpers/throws.ts';

const degenerate = vi.hoisted(() => ({ queue: [] as ('X' | 'X_B' | 'fine')[], calls: 0 }));

vi.mock('../src/dwallet-dkg/randomizers.ts', async (importOriginal) => {
  const original = await importOriginal<typeof Randomizers>();
  return {
    ...original,
    derivePublicKey: (...args: Parameters<typeof original.derivePublicKey>) => {
      degenerate.calls += 1;
      const keys = original.derivePublicKey(...args);
      const next = degenerate.queue.shift();
      if (next === 'X') return { ...keys, publicKey: curve.identity };
      if (next === 'X_B') return { networkPublicShare: curve.identity, publicKey: args[1] };
      return keys;
    },
  };
});

const { setup } = createNetworkFixture();
const registry = new Registry();
const alice = createUser(setup, 'alice');
const made = create(setup, registry, alice, 'none', 'degenerate');

beforeEach(() => {
  degenerate.queue = [];
  degenerate.calls = 0;
});

test.each(['X', 'X_B'] as const)('MPC:K4 the network refuses %s = O', (what) => {
  degenerate.queue = [what];
  expectCheck('MPC:K4', () => registry.verify(setup, made.pending.message));
  registry.verify(setup, made.pending.message);
});

test.each(['X', 'X_B'] as const)('MPC:K4 the client resamples on %s = O', (what) => {
  degenerate.queue = [what];
  const again = createDWallet({ ...made.args, random: randomFor('resample') });
  expect(degenerate.calls).toBe(3);
  registry.verify(setup, again.message);
  const first = createDWallet({ ...made.args, random: randomFor('resample') });
  expect(first.userShare.expose()).not.toBe(again.userShare.expose());
});

test('MPC:K4 the client gives up rather than loop for ever', () => {
  degenerate.queue = Array.from({ length: 100 }, () => 'X_B' as const);
  expectError('BugError', () => createDWallet({ ...made.args, random: randomFor('loop') }));
});
