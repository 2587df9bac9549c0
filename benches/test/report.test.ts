import { describe, expect, it } from 'vitest';
import { checkSizes, maxClientMessageBytes } from '../src/checks.ts';
import { sums } from '../src/figures.ts';
import { share } from '../src/measure.ts';
import { Recorder } from '../src/recorder.ts';
import { figureLines, formatProfile } from '../src/report.ts';

function recorder(profile: string, n: number, clientBytes: readonly number[]): Recorder {
  const made = new Recorder(profile, n);
  for (const bytes of clientBytes) made.size('sign.client', bytes);
  return made;
}

const failed = (recorders: readonly Recorder[]): string[] =>
  checkSizes(recorders).flatMap(({ text, holds }) => (holds ? [] : [text]));

describe('checks of the client message', () => {
  it('pass for one size within the limit', () => {
    expect(failed([recorder('CLG-128', 4, [maxClientMessageBytes]), recorder('CLG-128', 16, [8192])])).toEqual([]);
  });

  it('fail when the size depends on n, and when it varies at one n', () => {
    expect(failed([recorder('CLG-112', 4, [6000]), recorder('CLG-112', 7, [6032])])).toHaveLength(1);
    expect(failed([recorder('CLG-112', 4, [6000, 6001])])).toHaveLength(1);
  });

  it('fail over 8192 bytes at CLG-128 only', () => {
    expect(failed([recorder('CLG-128', 4, [8193])])).toEqual(['CLG-128: client sign message of at most 8192 bytes']);
    expect(failed([recorder('CLG-112', 4, [8193])])).toEqual([]);
  });

  it('fail when nothing was measured', () => {
    expect(failed([recorder('CLG-128', 4, [])])).toHaveLength(2);
  });
});

describe('recorder', () => {
  it('takes medians, and sums of medians', () => {
    const made = new Recorder('CLG-112', 4);
    const parts = sums['presign.total'] ?? [];
    expect(parts.length).toBe(4);
    parts.forEach((part, i) => {
      expect(made.cost('presign.total')).toBeUndefined();
      for (const cpu of [1, 10, 100]) made.addCost(part, { cpu: cpu * (i + 1), wall: 2 * cpu });
    });
    expect(made.cost('presign.round-3')?.cpu.median).toBe(30);
    expect(made.cost('presign.total')?.cpu.median).toBe(100);
    expect(made.cost('presign.total')?.wall.median).toBe(80);
  });

  it('divides the cost of a batch by its size', () => {
    expect(share({ cpu: 160, wall: 320 }, 16)).toEqual({ cpu: 10, wall: 20 });
  });

  it('measures what the work takes, and returns its result', async () => {
    const busy = (): number => {
      const end = performance.now() + 20;
      let turns = 0;
      while (performance.now() < end) turns++;
      return turns;
    };
    const made = new Recorder('CLG-112', 4);
    expect(made.time('sign.verify', busy)).toBeGreaterThan(0);
    expect(made.cost('sign.verify')?.wall.median).toBeGreaterThanOrEqual(20);
    expect(made.cost('sign.verify')?.cpu.median).toBeGreaterThan(1);
    expect(await made.timeAsync('sign.client', async () => busy())).toBeGreaterThan(0);
    expect(made.cost('sign.client')?.wall.median).toBeGreaterThanOrEqual(20);
  });
});

describe('report', () => {
  const made = recorder('CLG-128', 7, [6000]);
  made.addCost('power', { cpu: 100, wall: 110 });
  made.addCost('sign.verify', { cpu: 450, wall: 500 });
  made.count('presign.batch', 8);

  it('prints the five fields of the issue and nothing else', () => {
    const lines = figureLines(made);
    for (const line of lines) expect(Object.keys(line)).toEqual(['figure', 'profile', 'n', 'value', 'unit']);
    expect(lines).toContainEqual({ figure: 'sign.verify.cpu', profile: 'CLG-128', n: 7, value: 450, unit: 'ms' });
    expect(lines).toContainEqual({ figure: 'sign.verify.wall', profile: 'CLG-128', n: 7, value: 500, unit: 'ms' });
    expect(lines).toContainEqual({ figure: 'sign.verify.powers', profile: 'CLG-128', n: 7, value: 4.5, unit: 'P' });
    expect(lines).toContainEqual({ figure: 'sign.client.bytes', profile: 'CLG-128', n: 7, value: 6000, unit: 'bytes' });
    expect(lines).toContainEqual({ figure: 'presign.batch', profile: 'CLG-128', n: 7, value: 8, unit: 'presigns' });
    expect(lines).toHaveLength(7);
  });

  it('prints a table with a column group per n', () => {
    const text = formatProfile([made, recorder('CLG-128', 16, [6000])]);
    expect(text).toMatch(/n = 7 .*n = 16/);
    expect(text).toMatch(/validator: verify the message +450 ms +4\.50 P/);
    expect(text).toMatch(/sign: client message +6 000 B +6 000 B/);
    expect(text).not.toContain('round 1: encrypt the mask, prove');
  });
});
