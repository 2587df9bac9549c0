import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/command-line.ts';
import { parseOptions } from '../src/options.ts';
import { parseKernelOptions } from '../src/kernel/run.ts';

describe('options of bench', () => {
  it('measures both profiles at 4, 7 and 16 validators by default', () => {
    const options = parseOptions([]);
    expect(options?.profiles.map(({ id }) => id)).toEqual(['CLG-112', 'CLG-128']);
    expect(options?.validators).toEqual([4, 7, 16]);
    expect(options?.validators.map((n) => options.batch(n))).toEqual([16, 8, 4]);
    expect(options).toMatchObject({ repetitions: 3, smoke: false, json: false });
  });

  it('makes the smoke run small, unless told otherwise', () => {
    const smoke = parseOptions(['--smoke']);
    expect(smoke?.profiles.map(({ id }) => id)).toEqual(['CLG-112']);
    expect(smoke).toMatchObject({ validators: [4], repetitions: 1, smoke: true });
    expect(smoke?.batch(4)).toBe(1);
    expect(parseOptions(['--smoke', '--profile', '128'])?.profiles.map(({ id }) => id)).toEqual(['CLG-128']);
  });

  it('never makes fewer presigns than signatures', () => {
    const options = parseOptions(['--repetitions', '9', '--batch', '2', '--n', '4,16']);
    expect(options?.batch(4)).toBe(9);
    expect(options?.batch(16)).toBe(9);
  });

  it.each([
    [['--profile', '96']],
    [['--n', '3']],
    [['--n', '4,4']],
    [['--n', '4;7']],
    [['--repetitions', '0']],
    [['--batch', '65']],
    [['--kernel', 'gmp']],
    [['--fast']],
    [['extra']],
  ])('refuses %j', (argv) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
  });

  it('asks for help', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
  });
});

describe('options of bench:kernel', () => {
  it('has all kernels and both profiles by default', () => {
    expect(parseKernelOptions([])).toEqual({
      profile: 'all',
      kernels: ['reference', 'wasm'],
      rounds: 11,
      json: false,
    });
    expect(parseKernelOptions(['--kernel', 'wasm', '--json'])).toMatchObject({ kernels: ['wasm'], json: true });
  });

  it('refuses what it does not know', () => {
    expect(() => parseKernelOptions(['--smoke'])).toThrow(UsageError);
    expect(() => parseKernelOptions(['--rounds', 'many'])).toThrow(UsageError);
  });
});
