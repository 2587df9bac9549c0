/**
 * What makes threshold decryption fast: the tight bound of genesis shares (CG 3.2, 3.6, 8.1.3) and blinding pairs made ahead (CG 1.10). Neither may
 * change a result or let anything pass.
 */
import { type Element, type PowerTerm } from '@dwallet/kernel';
import {
  CheckError,
  InvalidArgumentsError,
  Secret,
  type ValidatorId,
  validatorId,
  verifyExact,
  virtualId,
} from '@dwallet/sigma';
import { describe, expect, test, vi } from 'vitest';
import {
  type PreparedKeyShare,
  type SharingState,
  combineOptimistic,
  createDecryptionRequest,
  createDecryptionSetup,
  dealtShareBits,
  decodeProvedShares,
  encodeProvedShares,
  equalWeights,
  finalShareBits,
  genesisShareBits,
  keyShareBytes,
  maxBlindingPairs,
  networkDkg,
  partialDecrypt,
  prepareBlinding,
  prepareKeyShare,
  proveShares,
  shareProofInstance,
  withTable,
  withTables,
} from '../src/index.ts';
import { createTestCommittee } from './helpers/committee.ts';
import { dkgRandom, runNetworkDkg } from './helpers/run-network-dkg.ts';
import { testRandom, testSession, toyParameters as parameters } from './helpers/toy.ts';

const { group, randomnessBits } = parameters;
const committee = createTestCommittee(parameters, equalWeights(4), 'speed');
const { dealing, access } = committee;
const tight: SharingState = { ...dealing.state, shareBits: genesisShareBits(4, 3, randomnessBits) };
const setup = createDecryptionSetup(parameters, tight);
const messages = [7n, 8n];
const requestFor = (of = setup) =>
  createDecryptionRequest(of, {
    session: testSession(parameters, access),
    ciphertexts: committee.encryptAll(messages),
  });

describe('the bound of genesis shares', () => {
  test('is that of a sum of n dealt shares, and below ell_d for every committee', () => {
    expect(genesisShareBits(4, 3, 1020)).toBe(dealtShareBits(4, 3, 1020) + 2);
    expect(genesisShareBits(4, 3, 1020)).toBe(1257);
    for (let n = 4; n <= 128; n++) {
      const t = n - Math.floor((n - 1) / 3);
      expect(genesisShareBits(n, t, 1020)).toBeLessThan(finalShareBits(n, t, 1020));
      // n shares of at most 2^ell_sh - 1 each.
      const sum = BigInt(n) * ((1n << BigInt(dealtShareBits(n, t, 1020))) - 1n);
      expect(sum >> BigInt(genesisShareBits(n, t, 1020))).toBe(0n);
    }
  });

  test('ell_d is the default; a longer or senseless bound is refused', () => {
    const ellD = finalShareBits(4, 3, randomnessBits);
    expect(committee.setup.exponentBits).toBe(ellD);
    expect(setup.exponentBits).toBe(genesisShareBits(4, 3, randomnessBits));
    expect(keyShareBytes(setup)).toBeLessThan(keyShareBytes(committee.setup));
    for (const shareBits of [ellD + 1, 0, -1, 1.5, Number.NaN]) {
      expect(() => createDecryptionSetup(parameters, { ...tight, shareBits }), String(shareBits)).toThrow(
        InvalidArgumentsError,
      );
    }
    expect(() => createDecryptionSetup(parameters, { ...tight, shareBits: ellD })).not.toThrow();
  });

  test('decrypts and proves as before; the message with the proof is shorter', () => {
    const request = requestFor();
    const answers = access.validators.map((v) => partialDecrypt(request, dealing.sharesOf(v), testRandom(`d ${v}`)));
    expect(combineOptimistic(request, answers)).toEqual({ ok: true, plaintexts: messages });
    const wide = requestFor(committee.setup);
    const [mine] = access.validators as [ValidatorId];
    const proofOf = (of: typeof request) => {
      const published = partialDecrypt(of, dealing.sharesOf(mine), testRandom('publish'));
      return proveShares(of, published, dealing.sharesOf(mine), testRandom('prove'));
    };
    const proved = proofOf(request);
    expect(verifyExact(shareProofInstance(request, proved, virtualId(1)))).toBe(true);
    const bytes = encodeProvedShares(request, proved);
    expect(bytes.length).toBeLessThan(encodeProvedShares(wide, proofOf(wide)).length);
    expect(() => decodeProvedShares(request, mine, bytes)).not.toThrow();
  });

  test('a share over it is an error, never truncated (pitfall 8)', () => {
    const over = { virtualId: virtualId(1), share: new Secret(1n << BigInt(setup.exponentBits)) };
    expect(() => partialDecrypt(requestFor(), [over], testRandom('over'))).toThrow(/bits/);
    // Under ell_d the same share is in range.
    expect(() => partialDecrypt(requestFor(committee.setup), [over], testRandom('over'))).not.toThrow();
  });

  test('a proof made for another bound does not verify: the bound is in the transcript', () => {
    const request = requestFor();
    const [mine] = access.validators as [ValidatorId];
    const published = partialDecrypt(request, dealing.sharesOf(mine), testRandom('publish'));
    const proved = proveShares(request, published, dealing.sharesOf(mine), testRandom('prove'));
    const { ciphertexts, session } = request;
    const loose = createDecryptionSetup(parameters, { ...tight, shareBits: setup.exponentBits + 1 });
    const other = createDecryptionRequest(loose, { session, ciphertexts });
    expect(verifyExact(shareProofInstance(other, proved, virtualId(1)))).toBe(false);
  });
});

describe('the network DKG enforces it (CG:8.1.5)', () => {
  const run = runNetworkDkg(parameters, [1, 1, 1, 1]);

  test('its state carries it, and every share keeps to it', () => {
    const bits = genesisShareBits(4, 3, randomnessBits);
    expect(run.state.shareBits).toBe(bits);
    for (const { share } of [...run.shares.values()].flat()) {
      expect(share.expose() >= 0n && share.expose() >> BigInt(bits) === 0n).toBe(true);
    }
  });

  test('finalizeShares refuses a sum over the bound or below zero, whatever its verification key', () => {
    const validator = validatorId(1);
    const bits = BigInt(genesisShareBits(4, 3, randomnessBits));
    for (const sum of [1n << bits, -1n]) {
      const [first, ...rest] = run.outcome.qualified as [ValidatorId, ...ValidatorId[]];
      const shares = new Map([
        [first, new Map([[virtualId(1), new Secret(sum)]])],
        ...rest.map((dealer) => [dealer, new Map([[virtualId(1), new Secret(0n)]])] as const),
      ]);
      // The matching verification key, so that only the bound stands in the way.
      const verificationKeys = new Map(run.outcome.unrehearsed.verificationKeys);
      verificationKeys.set(virtualId(1), group.powerVartime(parameters.h, sum));
      const outcome = { ...run.outcome, unrehearsed: { ...run.outcome.unrehearsed, verificationKeys } };
      const finish = () =>
        networkDkg.finalizeShares({ ...run.input, outcome, validator, received: { validator, shares } });
      expect(finish).toThrow(CheckError);
      expect(finish).toThrow(/exceeds its bound/);
    }
  });

  test('the rehearsal runs under it', () => {
    const inbox = [1, 2, 3].map((i) => {
      const from = validatorId(i);
      const shares = run.shares.get(from) as PreparedKeyShare[];
      const { committee: registered, outcome, input } = run;
      return {
        from,
        message: networkDkg.rehearse({ ...input, committee: registered, outcome, shares }, dkgRandom('again', i))
          .message,
      };
    });
    const { input, committee: registered, outcome } = run;
    expect(networkDkg.confirmRehearsal({ ...input, committee: registered, outcome, inbox }).kind).toBe('usable');
  });
});

describe('blinding pairs made ahead (CG 1.10)', () => {
  const mine = validatorId(2);
  const prepare = (): PreparedKeyShare => prepareKeyShare(setup, dealing.sharesOf(mine)[0] as PreparedKeyShare);

  test('give the same shares, are used once each, and are not missed when they run out', () => {
    const share = prepare();
    const request = requestFor();
    const plain = partialDecrypt(request, dealing.sharesOf(mine), testRandom('plain'));
    prepareBlinding(setup, share, 3, testRandom('ahead'));
    expect(share.blinding?.size).toBe(3);
    let drawn = 0;
    const counting = (label: string) => {
      const stream = testRandom(label);
      return (length: number) => {
        drawn += length;
        return stream(length);
      };
    };
    for (const [left, draws] of [
      [1, false],
      // One pair is left for two ciphertexts: the other is made now.
      [0, true],
      [0, true],
    ] as const) {
      drawn = 0;
      const answer = partialDecrypt(request, [share], counting(`${left}`));
      expect(share.blinding?.size).toBe(left);
      expect(drawn > 0).toBe(draws);
      for (const [j, powers] of plain.shares) {
        powers.forEach((power, l) => expect(group.equals(power, answer.shares.get(j)?.[l] as Element)).toBe(true));
      }
    }
  });

  test('every power gets its own: no base is blinded alike twice', () => {
    const share = prepare();
    prepareBlinding(setup, share, 4, testRandom('distinct'));
    const hex = (element: Element): string => Buffer.from(group.encode(element)).toString('hex');
    const request = requestFor();
    const unblinded = request.basesOf(virtualId(2)).map(hex);
    const spy = vi.spyOn(group, 'power');
    for (let i = 0; i < 2; i++) partialDecrypt(request, [share], testRandom('unused'));
    const bases = spy.mock.calls.map(([base]) => hex(base));
    spy.mockRestore();
    expect(bases).toHaveLength(4);
    expect(new Set(bases).size).toBe(4);
    expect(bases.some((base) => unblinded.includes(base))).toBe(false);
  });

  test('filling tops up, and refuses unprepared or foreign shares and senseless counts', () => {
    const share = prepare();
    prepareBlinding(setup, share, 2, testRandom('a'));
    prepareBlinding(setup, share, 2, testRandom('b'));
    expect(share.blinding?.size).toBe(2);
    share.blinding?.take();
    share.blinding?.take();
    expect(share.blinding?.size).toBe(0);
    expect(share.blinding?.take()).toBeUndefined();
    for (const count of [-1, 0.5, maxBlindingPairs + 1]) {
      expect(() => prepareBlinding(setup, share, count, testRandom('c'))).toThrow(InvalidArgumentsError);
    }
    const [raw] = dealing.sharesOf(mine) as [PreparedKeyShare];
    expect(() => prepareBlinding(setup, raw, 1, testRandom('d'))).toThrow(InvalidArgumentsError);
    const foreign = { ...share, virtualId: virtualId(9) };
    expect(() => prepareBlinding(setup, foreign, 1, testRandom('e'))).toThrow(InvalidArgumentsError);
    expect(() => prepareKeyShare(setup, { ...raw, virtualId: virtualId(9) })).toThrow(InvalidArgumentsError);
    expect(JSON.stringify(share.blinding)).toBe('{}');
  });
});

describe('tables of two lengths', () => {
  test('are built once, keep the first, and change no ciphertext', () => {
    const key = withTable(parameters, { element: dealing.state.encryptionKey.element });
    const both = withTables(parameters, key);
    expect(both.table).toBe(key.table);
    expect(both.shortTable?.exponentBits).toBe(randomnessBits);
    expect(withTables(parameters, both)).toBe(both);
    const terms: PowerTerm[] = [{ base: key.element, exponent: 5n }];
    expect(group.equals(group.multiPowerVartime(terms), group.tablePower(both.shortTable as never, 5n))).toBe(true);
  });
});
