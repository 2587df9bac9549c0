import { referenceKernel } from '@dwallet/kernel';
import { describe, expect, it } from 'vitest';
import { type Samples, figureLines, figuresOf, ratios } from '../src/kernel/figures.ts';
import { meets } from '../src/target.ts';
import { discriminantOneMod8, jobNames } from '../src/kernel/subjects.ts';

const samplesOf = (scale: number): Samples =>
  Object.fromEntries(jobNames.map((job, i) => [job, [scale * (i + 1), 10 * scale * (i + 1)]])) as unknown as Samples;

const discriminant = { name: 'D', discriminant: -23n, conductor: undefined, seedForm: new Uint8Array(0) };

describe('figures of the kernel bench', () => {
  it('takes ratios round by round, so that a slow round does not count', () => {
    expect(ratios([2, 20, 3], [1, 10, 1])).toEqual([2, 2, 3]);
  });

  it('knows at least from at most', () => {
    expect(meets(4, { relation: '>=', bound: 4 })).toBe(true);
    expect(meets(3.99, { relation: '>=', bound: 4 })).toBe(false);
    expect(meets(1.3, { relation: '<=', bound: 1.3 })).toBe(true);
    expect(meets(1.31, { relation: '<=', bound: 1.3 })).toBe(false);
  });

  it('compares a kernel with the reference: its time over ours', () => {
    const figures = figuresOf({ kernel: 'wasm', discriminant, tableBytes: 600_000 }, samplesOf(1), samplesOf(5));
    const lines = new Map(figures.flatMap(figureLines).map((line) => [line.figure, line]));
    expect(lines.get('wasm/D/squaring: times faster than the reference')).toEqual({
      figure: 'wasm/D/squaring: times faster than the reference',
      value: 5,
      target: '>= 4',
      met: true,
      unit: 'x',
    });
    expect(lines.get('wasm/D/squaring: times faster than the reference, stretch')).toMatchObject({
      value: 5,
      target: '>= 5',
      met: true,
    });
    expect([...lines.keys()].filter((figure) => figure.endsWith(', stretch'))).toHaveLength(1);
    // Jobs are numbered: composition 2, squaring 1.
    expect(lines.get('wasm/D/composition / squaring')).toMatchObject({ value: 2, target: '<= 1.30', met: false });
    expect(lines.get('wasm/D/table size')).toMatchObject({ value: 600_000, target: '<= 524288', met: false });
    expect(lines.get('wasm/D/squaring')).toMatchObject({ value: 5.5, target: null, met: null, unit: 'ms' });
  });

  it('does not compare the reference with itself', () => {
    const figures = figuresOf({ kernel: 'reference', discriminant, tableBytes: 1 }, samplesOf(1), undefined);
    expect(figures.some(({ figure }) => figure.includes('faster'))).toBe(false);
  });

  it('makes a discriminant of the asked size that is 1 mod 8, with a form of it', () => {
    const { discriminant: value, seedForm } = discriminantOneMod8('test', 301);
    expect((-value).toString(2)).toHaveLength(301);
    expect(((value % 8n) + 8n) % 8n).toBe(1n);
    const group = referenceKernel.createGroup({ discriminant: value });
    const form = group.decode(seedForm);
    expect(group.isIdentity(group.powerVartime(form, 5n))).toBe(false);
  });
});
