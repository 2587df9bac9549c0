import { referenceKernel } from '@dwallet/kernel';
import { deriveTestParameters } from '@dwallet/class-groups';
import { describe, expect, it } from 'vitest';
import { runNetworkDkg } from './helpers/run-network-dkg.ts';

describe('x', () => {
  it('runs', () => {
    let t = performance.now();
    const lap = (s: string) => {
      console.log(s, Math.round(performance.now() - t));
      t = performance.now();
    };
    const p = deriveTestParameters(referenceKernel, 520);
    lap('params');
    p.hTable;
    lap('table');
    const run = runNetworkDkg(p, [1, 1, 1, 1]);
    lap('run4');
    expect(run.blamed).toEqual([]);
    runNetworkDkg(p, [1, 1, 1, 1], { seed: 'b' });
    lap('run4b');
    runNetworkDkg(p, [1, 1, 1, 1, 1, 1, 1], { seed: 'b', shareTable: true });
    lap('run7');
  });
});
