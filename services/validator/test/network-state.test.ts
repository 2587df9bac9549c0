/** What a validator counts without reading its store again is what its store says. */
import { digest, presignId, sessionId } from '@dwallet/sigma';
import { expect, it } from 'vitest';
import type { CoreOptions } from '../src/core.ts';
import { NetworkState } from '../src/network-state.ts';
import { ToyNetwork, curve, fixture, fromHex, v } from './helpers/toy-network.ts';

it('free presigns are counted right after every change, also after one that was taken back', () => {
  const network = new ToyNetwork({ from: fixture(), label: 'free presigns' });
  try {
    const { committee, parameters } = network;
    const store = network.store(1);

    const state = new NetworkState({ index: v(1), committee, parameters, curve, store } as unknown as CoreOptions);
    const free = state.availablePresigns();
    const dwallet = new Uint8Array(32).fill(1);
    const request = digest(new Uint8Array(32).fill(2));
    const is = (expected: number): void => {
      expect(state.availableCount()).toBe(expected);
      expect(state.availablePresigns()).toHaveLength(expected);
    };
    expect(free.length).toBeGreaterThanOrEqual(3);
    const [first, second, third] = free.map((id) => presignId(fromHex(id))) as [never, never, never];
    is(free.length);
    state.assign(first, dwallet, request);
    is(free.length - 1);
    state.assign(first, dwallet, request);
    is(free.length - 1);
    expect(() =>
      store.transaction(() => {
        state.assign(second, dwallet, request);
        throw new Error('no');
      }),
    ).toThrow('no');
    is(free.length - 1);
    state.keepCertifiedAssignment(second, dwallet, request, new Uint8Array(3));
    is(free.length - 2);
    const made = { presignId: presignId(new Uint8Array(32).fill(9)), sessionId: sessionId(new Uint8Array(32).fill(8)) };
    const install = (): void =>
      state.installPresign(made, new Uint8Array(1), new Uint8Array(2), new Uint8Array(3), undefined);
    expect(() =>
      store.transaction(() => {
        install();
        throw new Error('no');
      }),
    ).toThrow('no');
    is(free.length - 2);
    for (let times = 0; times < 2; times++) {
      install();
      is(free.length - 1);
    }
    state.assign(made.presignId, dwallet, request);
    // It comes again, from a validator that was away.
    install();
    is(free.length - 2);
    state.assign(third, dwallet, request);
    is(free.length - 3);
  } finally {
    network.close();
  }
});
