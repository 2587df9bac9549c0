import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/command-line.ts';
import { linesOf, parseTargetOptions, targetFigures, targetRows } from '../src/targets.ts';

describe('options of bench:targets', () => {
  it('measure what the targets are set for by default', () => {
    expect(parseTargetOptions([])).toMatchObject({ profile: '128', rounds: 9, batch: 16, json: false });
    expect(parseTargetOptions(['--smoke'])).toMatchObject({ profile: '112', rounds: 2, batch: 2 });
    expect(parseTargetOptions(['--smoke', '--profile', '128', '--json'])).toMatchObject({ profile: '128', json: true });
    expect(parseTargetOptions(['--help'])).toBeUndefined();
  });

  it.each([
    [['--profile', '96']],
    [['--rounds', '0']],
    [['--batch', '65']],
    [['--kernel', 'fast']],
    [['--unknown']],
    [['word']],
  ])('refuse %s', (argv) => {
    expect(() => parseTargetOptions(argv)).toThrow(UsageError);
  });
});

describe('figures of bench:targets', () => {
  it('are those of issue 3', () => {
    const targets = Object.fromEntries(
      targetRows.flatMap(({ act, target }) =>
        target === undefined ? [] : [[act, `${target.relation} ${target.bound}`]],
      ),
    );
    expect(targets).toEqual({
      'sign-cold': '<= 16',
      'sign-prepared': '<= 6',
      verify: '<= 4',
      decrypt: '<= 2.8',
      'user-share': '<= 1',
      presign: '<= 6',
    });
  });

  it('are ratios to the P of the same round, not of the median round', () => {
    const figures = targetFigures([
      { power: 10, verify: 40 },
      { power: 20, verify: 60 },
      { power: 40, verify: 200 },
    ]);
    expect(figures).toHaveLength(1);
    const [verify] = figures;
    expect(verify).toMatchObject({ act: 'verify', milliseconds: 60, powers: { median: 4, count: 3 } });
    expect(linesOf(verify as NonNullable<typeof verify>)).toEqual([
      { figure: 'protocol/verify', value: 4, target: '<= 4', met: true, unit: 'P' },
      { figure: 'protocol/verify, stretch', value: 4, target: '<= 3', met: false, unit: 'P' },
    ]);
  });

  it('say when a target is missed, and have none where issue 3 sets none', () => {
    const [cold, prepare] = targetFigures([{ power: 1, 'sign-cold': 16.5, prepare: 30 }]).flatMap(linesOf);
    expect(cold).toMatchObject({ value: 16.5, target: '<= 16', met: false });
    expect(prepare).toMatchObject({ value: 30, target: null, met: null });
  });

  it('leave out rounds in which an act was not measured', () => {
    const [presign] = targetFigures([{ power: 2 }, { power: 2, presign: 8 }, { presign: 100 }]);
    expect(presign?.powers).toMatchObject({ median: 4, count: 1 });
  });
});
