import type { Element } from '@dwallet/kernel';
import { testKernel } from '../../kernel/test/test-kernel.ts';
import {
  type VirtualId,
  Secret,
  concat,
  digest,
  encodeInt,
  encodeUint,
  mod,
  validatorId,
  virtualId,
} from '@dwallet/sigma';
import { describe, expect, test } from 'vitest';
import {
  type DecryptionRequest,
  type PublicParameters,
  combinationFactor,
  combineShares,
  commonFactor,
  createDecryptionRequest,
  createDecryptionSetup,
  createExpectedSet,
  declareDecryptable,
  encryptWith,
  equalWeights,
  factorial,
  generalSet,
  partialDecrypt,
  partialDecryptionFactor,
  sharingScale,
} from '../src/index.ts';
import { bytes32, testRandom, testSession } from './helpers/toy.ts';

// CG A.1 and A.2, on the group itself: q = 1009 is far below what PublicParameters accepts from a derivation.
const q = 1009n;
const p = 4079n;
const group = testKernel.createGroup({ discriminant: -p * q * q * q, conductor: q });
const width = group.elementBytes / 2;
const form = (a: bigint, b: bigint): Element => group.decode(concat(encodeUint(a, width), encodeInt(b, width)));
const show = (element: Element): [bigint, bigint] => {
  const bytes = Buffer.from(group.encode(element)).toString('hex');
  return [BigInt(`0x${bytes.slice(0, 2 * width)}`), BigInt.asIntN(8 * width, BigInt(`0x${bytes.slice(2 * width)}`))];
};
const f = form(1018081n, 1009n);
const h = form(508540n, 296847n);
const logarithms = new Map(
  Array.from({ length: Number(q) }, (_, m) => [show(group.powerVartime(f, BigInt(m))).join(), BigInt(m)]),
);
const table = group.buildTable(h, 512);
const parameters: PublicParameters = {
  profile: { id: 'TOY-A1', fundamentalBits: 22, production: false },
  group,
  q,
  p,
  fundamentalDiscriminant: -p * q,
  h,
  randomnessBits: 32,
  statisticalBits: 96,
  tableBits: 512,
  hTable: table,
  hBase: { kind: 'class', element: h, table },
  digest: digest(bytes32('toy')),
  powerOfF: (m) => group.powerVartime(f, mod(m, q)),
  logF: (element) => logarithms.get(show(element).join()),
  powerOfH: (exponent, bits) => group.power(h, exponent, bits),
};

const access = equalWeights(4);
const F = (j: number): bigint => 24n * 2n ** 128n * 5n + 1000003n * BigInt(j) + 7777777n * BigInt(j) ** 2n;
const verificationKeys = new Map(access.virtualIds.map((j) => [j, group.powerVartime(h, F(j))]));
const state = { access, encryptionKey: { element: group.powerVartime(h, 5n) }, verificationKeys };
const setup = createDecryptionSetup(parameters, state);
const ciphertext = encryptWith(parameters, state.encryptionKey, 777n, 54321n);
const decryptable = declareDecryptable(parameters, ciphertext, 'verified-encryption');
const ids = (...numbers: number[]): VirtualId[] => numbers.map(virtualId);

const requestFor = (members: readonly VirtualId[]): DecryptionRequest =>
  createDecryptionRequest(setup, {
    session: testSession(parameters, access),
    ciphertexts: [decryptable],
    expectedSet: members.length === 4 ? generalSet(access) : createExpectedSet(access, members),
  });
const shareOf = (request: DecryptionRequest, j: number): Element =>
  partialDecrypt(request, [{ virtualId: virtualId(j), share: new Secret(F(j)) }], testRandom(`share ${j}`)).shares.get(
    virtualId(j),
  )?.[0] as Element;

describe('CG:T12 the toy example of CG A.2, exactly', () => {
  test('keys and ciphertext', () => {
    expect(show(state.encryptionKey.element)).toEqual([678190n, 455743n]);
    expect(show(group.powerVartime(h, 1000003n))).toEqual([177010n, 135287n]);
    expect(show(group.powerVartime(h, 7777777n))).toEqual([441122n, 405767n]);
    expect([1, 2, 3, 4].map((j) => show(verificationKeys.get(virtualId(j)) as Element))).toEqual([
      [864938n, -515197n],
      [447921n, 203647n],
      [779707n, 176689n],
      [193826n, -103655n],
    ]);
    expect(show(ciphertext.c1)).toEqual([135884n, 71809n]);
    expect(show(ciphertext.c2)).toEqual([273330n, 95963n]);
    expect(sharingScale(4)).toBe(2n ** 128n * 24n ** 2n);
    expect(setup.scale).toBe(2n ** 128n * 24n ** 3n);
    expect(mod(setup.scale, q)).toBe(503n);
  });

  test.each([
    {
      mode: 'general',
      expected: ids(1, 2, 3, 4),
      set: ids(1, 3, 4),
      u: [4n, 4n, 1n],
      shares: [
        [95256n, -78305n],
        [220602n, -70393n],
        [834401n, -790439n],
      ],
      inner: [1n, -1n, 2n],
      common: 12n,
    },
    {
      mode: 'expected',
      expected: ids(1, 2, 4),
      set: ids(1, 2, 4),
      u: [8n, 6n, 1n],
      shares: [
        [84980n, -10847n],
        [969480n, 819823n],
        [834401n, -790439n],
      ],
      inner: [1n, -1n, 1n],
      common: 8n,
    },
  ])('$mode mode', ({ expected, set, u, shares, inner, common }) => {
    const request = requestFor(expected);
    expect(set.map((j) => partialDecryptionFactor(4, expected, j))).toEqual(u);
    const powers = set.map((j) => shareOf(request, j));
    expect(powers.map(show)).toEqual(shares);
    expect(set.map((j) => combinationFactor(expected, set, j))).toEqual(inner);
    expect(commonFactor(set)).toBe(common);
    const W = group.powerVartime(
      group.multiPowerVartime(powers.map((base, i) => ({ base, exponent: inner[i] as bigint }))),
      common,
    );
    expect(show(W)).toEqual([578150n, 490547n]);
    const M = group.compose(group.powerVartime(ciphertext.c2, setup.scale), group.invert(W));
    expect(show(M)).toEqual([1018081n, 523671n]);
    expect(parameters.logF(M)).toBe(348n);
    const combination = combineShares(request, new Map(set.map((j, i) => [j, [powers[i] as Element]])));
    expect(combination).toEqual({ ok: true, plaintexts: [777n] });
  });

  test('the holder of every number computes the same share in either role', () => {
    expect(access.holderOf(virtualId(3))).toBe(validatorId(3));
    expect(factorial(4)).toBe(24n);
  });
});
