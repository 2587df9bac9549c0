import { describe, expect, it } from 'vitest';
import { Remembered } from '../src/remembered.ts';

describe('what is remembered', () => {
  it('is so many values, the youngest', () => {
    const remembered = new Remembered<number>(3);
    for (const i of [0, 1, 2, 3]) remembered.set(`${i}`, i);
    remembered.set('1', 11);
    remembered.set('4', 4);
    expect([0, 1, 2, 3, 4].map((i) => remembered.get(`${i}`))).toEqual([undefined, 11, undefined, 3, 4]);
  });

  it('is so many bytes, counted anew when a value is replaced, deleted or cleared', () => {
    const remembered = new Remembered<string>(100, 10);
    remembered.set('a', 'a', 4);
    remembered.set('b', 'b', 4);
    remembered.set('a', 'A', 6);
    expect([remembered.get('a'), remembered.get('b')]).toEqual(['A', 'b']);
    remembered.set('c', 'c', 1);
    expect([remembered.get('a'), remembered.get('b'), remembered.get('c')]).toEqual(['A', undefined, 'c']);
    remembered.delete('a');
    remembered.delete('a');
    remembered.set('d', 'd', 9);
    expect([remembered.get('c'), remembered.get('d')]).toEqual(['c', 'd']);
    remembered.clear();
    remembered.set('e', 'e', 10);
    expect(remembered.get('e')).toBe('e');
  });

  it('a value that is too large alone is not kept, and pushes nothing out for long', () => {
    const remembered = new Remembered<string>(100, 10);
    expect(remembered.set('large', 'large', 11)).toBe('large');
    expect(remembered.get('large')).toBeUndefined();
    remembered.set('small', 'small', 10);
    expect(remembered.get('small')).toBe('small');
  });
});
