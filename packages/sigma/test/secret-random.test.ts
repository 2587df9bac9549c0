import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BugError,
  InvalidArgumentsError,
  Secret,
  constantTimeEqual,
  hashLambda,
  hashToScalars,
  hedgedRandom,
  roundRandom,
  secp256k1Curve,
  seededRandom,
  uniformBelow,
  uniformBits,
  uniformNonZero,
  validatorId,
} from '../src/index.ts';

const seed = new Uint8Array(32).fill(7);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('Secret', () => {
  it('lessons 1.15: prints nowhere', () => {
    const canary = 0xc0ffee_dec0de_5ec2e7n;
    const secret = new Secret(canary);
    const shown = [
      String(secret),
      // oxlint-disable-next-line typescript/no-unnecessary-template-expression -- the template is what is tested
      `${secret as unknown as string}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: { secret } }, { depth: 9, showHidden: true }),
    ].join(' ');
    expect(shown).not.toContain(canary.toString());
    expect(shown.toLowerCase()).not.toContain(canary.toString(16));
    expect(secret.expose()).toBe(canary);
  });

  it('wipes bytes and refuses use after destroy', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const secret = new Secret(bytes);
    secret.destroy();
    expect([...bytes]).toEqual([0, 0, 0]);
    expect(secret.destroyed).toBe(true);
    expect(() => secret.expose()).toThrow(BugError);
  });

  it('constantTimeEqual equals equality', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (x, y) => {
        expect(constantTimeEqual(x, y)).toBe(hex(x) === hex(y));
        expect(constantTimeEqual(x, x.slice())).toBe(true);
      }),
    );
  });
});

describe('randomness', () => {
  it('is uniform in the exact range', () => {
    const random = seededRandom(seed);
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 5000; i++) counts[Number(uniformBelow(random, 5n))]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    for (let i = 0; i < 200; i++) {
      expect(uniformBits(random, 3) < 8n).toBe(true);
      expect(uniformNonZero(random, 3n)).toBeGreaterThan(0n);
    }
    expect(() => uniformBelow(random, 0n)).toThrow(InvalidArgumentsError);
    expect(() => seededRandom(new Uint8Array(31))).toThrow(InvalidArgumentsError);
  });

  it('MPC 1.5: a round with any other input draws other randomness', () => {
    const draw = (root: number, session: number, round: string, attempt: number, input: number): string =>
      hex(
        roundRandom(new Uint8Array(32).fill(root), new Uint8Array(32).fill(session), round, attempt, [
          Uint8Array.of(input),
        ])(32),
      );
    const all = [
      draw(1, 1, 'a', 0, 0),
      draw(2, 1, 'a', 0, 0),
      draw(1, 2, 'a', 0, 0),
      draw(1, 1, 'b', 0, 0),
      draw(1, 1, 'a', 1, 0),
      draw(1, 1, 'a', 0, 1),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(draw(1, 1, 'a', 0, 0)).toBe(all[0]);
  });

  it('hedged randomness needs neither a good generator nor a fresh secret alone', () => {
    const broken = () => new Uint8Array(64);
    const context = [Uint8Array.of(1)];
    const one = hex(hedgedRandom(broken, seed, context)(32));
    expect(hex(hedgedRandom(broken, new Uint8Array(32).fill(8), context)(32))).not.toBe(one);
    expect(hex(hedgedRandom(broken, seed, [Uint8Array.of(2)])(32))).not.toBe(one);
    expect(hex(hedgedRandom(seededRandom(seed), seed, context)(32))).not.toBe(one);
  });

  it('lessons 1.11: identifiers start at 1', () => {
    for (const bad of [0, -1, 1.5, 65536, Number.NaN]) expect(() => validatorId(bad)).toThrow(InvalidArgumentsError);
  });
});

describe('random oracles', () => {
  it('stay as they are: a change breaks every stored proof', () => {
    const items = [Uint8Array.of(1, 2), new Uint8Array(0)];
    expect(hashLambda('KDL', items).map((e) => e.toString(16))).toMatchInlineSnapshot(`
      [
        "dcdd84570a44891b9631d3aa7149ee5a",
      ]
    `);
    expect(hashToScalars('test', items, 2, secp256k1Curve.q).map((e) => e.toString(16))).toMatchInlineSnapshot(`
      [
        "2dd6f447625dfa970869c7a8633c349592fbb269bc09ac7246499daf92d812ad",
        "96fcb287d98f969e4f325bee047ab74e0afb6a21d98539b62a5c9b4e12892e58",
      ]
    `);
    expect(hex(secp256k1Curve.encodePoint(secp256k1Curve.H))).toMatchInlineSnapshot(
      `"03522f4d8641f4a2d7438e0e23ca2f021807222540914b682c1b67ee5c26435843"`,
    );
    expect(hex(seededRandom(seed)(16))).toMatchInlineSnapshot(`"76cecfc07e9c3adaeb3eb72f03e01e8c"`);
  });

  it('lessons 1.2: challenges have 128 bits and cover their range', () => {
    let or = 0n;
    for (let i = 0; i < 64; i++) {
      const [e] = hashLambda('x', [Uint8Array.of(i)]) as [bigint];
      expect(e < 1n << 128n).toBe(true);
      or |= e;
    }
    expect(or).toBe((1n << 128n) - 1n);
  });
});
