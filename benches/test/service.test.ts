import { RemoteError } from '@dwallet/two-pc-mpc';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/command-line.ts';
import { closedLoop, flood } from '../src/service/load.ts';
import { loadFigures, parseServiceOptions, refusalOf } from '../src/service.ts';

describe('options of bench:service', () => {
  it('are for a whole measurement, and for a quick one', () => {
    expect(parseServiceOptions([])).toMatchObject({
      profile: '128',
      validators: [4],
      clients: [1, 8, 64],
      json: false,
    });
    expect(parseServiceOptions(['--smoke'])).toMatchObject({ profile: '112', clients: [1, 2], overloadSeconds: 0 });
    expect(parseServiceOptions(['--validators', '4,7,16'])?.validators).toEqual([4, 7, 16]);
    expect(parseServiceOptions(['--clients', 'none'])?.clients).toEqual([]);
    expect(parseServiceOptions(['--help'])).toBeUndefined();
    for (const bad of [
      ['--validators', '3'],
      ['--clients', '1,1'],
      ['--clients', '257'],
      ['--rounds', '0'],
      ['--load', '3'],
    ])
      expect(() => parseServiceOptions(bad)).toThrow(UsageError);
  });
});

describe('a closed loop', () => {
  it('does every job once, with as many at a time as there are clients', async () => {
    let now = 0;
    let most = 0;
    const done: number[] = [];
    const {
      done: count,
      latencies,
      results,
    } = await closedLoop(3, [1, 2, 3, 4, 5, 6, 7], async (job) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      done.push(job);
      now--;
      return 10 * job;
    });
    expect(done.toSorted((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect([count, latencies.length, results.length, most]).toEqual([7, 7, 7, 3]);
  });

  it('ends with the first failure: nothing is counted that was not done', async () => {
    await expect(
      closedLoop(2, [1, 2, 3], (job) => (job === 2 ? Promise.reject(new Error('no')) : Promise.resolve())),
    ).rejects.toThrow('no');
  });

  it('gives rate and percentiles', () => {
    const latencies = Array.from({ length: 101 }, (_, i) => i);
    const figures = loadFigures('sign', { clients: 8, done: 101, seconds: 10.1, latencies });
    expect(figures.map(({ value }) => Math.round(value))).toEqual([10, 50, 95, 99]);
    expect(figures[2]?.figure).toBe('service/sign/8-clients.p95');
  });
});

describe('a flood', () => {
  const exhausted = new RemoteError('TOO_MANY_IN_FLIGHT', undefined, 'busy', { retryAfterMs: 200 });

  it('offers at its rate, offers refused jobs again, and counts each of them as what it was', async () => {
    const times = new Map<number, number>();
    const result = await flood(
      2000,
      0.2,
      Array.from({ length: 1000 }, (_, i) => i),
      (job) => {
        times.set(job, (times.get(job) ?? 0) + 1);
        if (job % 2 === 0) return Promise.reject(exhausted);
        return job === 7 ? Promise.reject(new Error('broken')) : Promise.resolve();
      },
      refusalOf,
    );
    expect(result.offered).toBeGreaterThan(0);
    expect(result.done + result.refused + result.failed).toBe(result.offered);
    expect(result.failed).toBeLessThanOrEqual(1);
    expect(result.refusedWithHint).toBe(result.refused);
    expect([...times].filter(([job, count]) => job % 2 === 1 && count > 1)).toEqual([]);
  });

  it('says when it had nothing left to offer', async () => {
    const result = await flood(1000, 0.05, [1], () => Promise.resolve(), refusalOf);
    expect([result.done, result.jobsLasted]).toEqual([1, false]);
  });

  it('takes only a lack of resources for a refusal', () => {
    expect(refusalOf(exhausted)).toEqual({ exhausted: true, retryAfterMs: 200 });
    expect(refusalOf(new RemoteError('CHECK_FAILED', 'MPC:S2', 'no')).exhausted).toBe(false);
    expect(refusalOf(new Error('x'))).toEqual({ exhausted: false, retryAfterMs: undefined });
  });
});
