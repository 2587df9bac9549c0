/** Wire messages of the network DKG under mutation: always a typed error or the identical bytes, never a crash, never a wrong accept. */
import { CheckError, DecodeError, type VirtualId, digest, encodeUint, validatorId, virtualId } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { knowledgeOfExponent, networkDkg, shareBits } from '../src/index.ts';
import { complain } from '../src/network-dkg/round-2-acknowledge.ts';
import { rehearsalRequest } from '../src/network-dkg/rehearsal.ts';
import { shapeOf, shareBytes } from '../src/network-dkg/session.ts';
import { decodeProvedShares, encodeProvedShares } from '../src/threshold-decryption/share-message.ts';
import { dkgInput, dkgRandom, registerAll, runNetworkDkg } from './helpers/run-network-dkg.ts';
import { toyParameters as parameters } from './helpers/toy.ts';

const v = validatorId;
const policy = { maxRevealedWeight: 1 };
const run = runNetworkDkg(parameters, [1, 1, 1, 1], { seed: 'codec', policy, silent: [4] });
const stage = registerAll(dkgInput(parameters, [1, 1, 1, 1], { seed: 'codec', policy }), 'codec');
const { input, committee, deals, judgement, outcome } = run;
const language = knowledgeOfExponent(parameters);

const dealMessage = run.messages.deal[1]?.message as Uint8Array;
const complaint = complain(
  { ...input, committee, kemSecret: stage.kemSecrets.get(v(3)) as networkDkg.KemSecret },
  deals.deals.get(v(1)) as networkDkg.Deal,
  dkgRandom('codec complaint'),
);
const acknowledgeMessage = networkDkg.encodeAcknowledge(input, deals, {
  deals: deals.digest,
  rejected: [v(1), v(2)],
  complaints: [complaint],
});
const revealMessage = run.messages.reveal[0]?.message as Uint8Array;
const rehearseMessage = run.messages.rehearse[0]?.message as Uint8Array;
const { request } = rehearsalRequest({ ...input, committee, outcome });

const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return out;
};

/** Bit flips, truncations, extensions, overwritten and moved ranges. */
const mutations = (message: Uint8Array): fc.Arbitrary<Uint8Array> => {
  const offset = fc.integer({ min: 0, max: message.length - 1 });
  return fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 8 * message.length - 1 }).map((bit) => flip(message, bit)) },
    offset.map((length) => message.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 64 }).map((tail) => Uint8Array.from([...message, ...tail])),
    fc.tuple(offset, fc.uint8Array({ minLength: 1, maxLength: 80 })).map(([at, patch]) => {
      const out = Uint8Array.from(message);
      out.set(patch.subarray(0, message.length - at), at);
      return out;
    }),
    fc.tuple(offset, offset, fc.integer({ min: 1, max: 200 })).map(([from, to, length]) => {
      const out = Uint8Array.from(message);
      out.set(message.subarray(from, Math.min(from + length, from + message.length - to)), to);
      return out;
    }),
    fc.uint8Array({ minLength: 0, maxLength: 200 }),
  );
};

const messages: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => Uint8Array])[] = [
  [
    'DealMessage',
    dealMessage,
    (bytes) => networkDkg.encodeDeal(input, language, networkDkg.decodeDeal(input, language, bytes)),
  ],
  [
    'AcknowledgeMessage',
    acknowledgeMessage,
    (bytes) => networkDkg.encodeAcknowledge(input, deals, networkDkg.decodeAcknowledge(input, deals, bytes)),
  ],
  [
    'RevealMessage',
    revealMessage,
    (bytes) =>
      networkDkg.encodeReveal({ ...input, judgement }, networkDkg.decodeReveal({ ...input, judgement }, bytes)),
  ],
  [
    'RehearsalShareMessage',
    rehearseMessage,
    (bytes) => encodeProvedShares(request, decodeProvedShares(request, v(1), bytes)),
  ],
];

describe.each(messages)('%s', (_, message, recode) => {
  test('decodes and encodes to the same bytes', () => {
    expect(recode(message)).toEqual(message);
  });

  test('1500 mutations: a typed error or the identical bytes', () => {
    let refused = 0;
    fc.assert(
      fc.property(mutations(message), (bytes) => {
        let again: Uint8Array;
        try {
          again = recode(bytes);
        } catch (error) {
          if (!(error instanceof DecodeError) && !(error instanceof CheckError)) throw error;
          refused++;
          return;
        }
        expect(again).toEqual(bytes);
      }),
      { numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(300);
  });

  test('every proper prefix and any trailing byte is refused', () => {
    for (let length = 0; length < message.length; length++) {
      expect(() => recode(message.subarray(0, length))).toThrow(DecodeError);
    }
    expect(() => recode(Uint8Array.from([...message, 0]))).toThrow(DecodeError);
  });

  test('version, type and session or request are checked', () => {
    for (const bit of [7, 15, 16, 16 + 255]) {
      let thrown: unknown;
      try {
        recode(flip(message, bit));
      } catch (error) {
        thrown = error;
      }
      expect(thrown instanceof DecodeError || thrown instanceof CheckError).toBe(true);
    }
  });
});

describe('no mutation is accepted', () => {
  test('deals: flips in every region', () => {
    const honest = [...networkDkg.verifyDeals({ ...input, committee, inbox: run.messages.deal.slice(1, 2) }).deals];
    expect(honest).toHaveLength(1);
    fc.assert(
      fc.property(mutations(dealMessage), (message) => {
        if (message.join() === dealMessage.join()) return;
        const { deals: found, blamed } = networkDkg.verifyDeals({
          ...input,
          committee,
          inbox: [{ from: v(2), message }],
        });
        expect(found.size).toBe(0);
        expect(blamed).toMatchObject([{ party: 2 }]);
      }),
      { numRuns: 150 },
    );
  });

  test('reveals: any change drops and blames the dealer', () => {
    fc.assert(
      fc.property(mutations(revealMessage), (message) => {
        if (message.join() === revealMessage.join()) return;
        const found = networkDkg.verifyReveals({
          ...input,
          committee,
          deals,
          judgement,
          inbox: [{ from: v(1), message }],
        });
        expect(found.qualified).toEqual([]);
        expect(found.blamed).toMatchObject([{ party: 1, check: 'CG:8.1.4' }]);
      }),
      { numRuns: 100 },
    );
  });

  test('complaints about a good deal: no mutation makes one valid', () => {
    const at = acknowledgeMessage.length - complaint.evidence.length;
    fc.assert(
      fc.property(fc.integer({ min: 8 * at, max: 8 * acknowledgeMessage.length - 1 }), (bit) => {
        const inbox = [{ from: v(3), message: flip(acknowledgeMessage, bit) }];
        const judged = networkDkg.judgeAcknowledgements({ ...input, committee, deals, inbox });
        expect(judged.qualified).toEqual([...deals.deals.keys()]);
        expect(judged.silent).toEqual([1, 2, 4]);
        expect(judged.blamed.map(({ party }) => party)).toEqual([3, 3]);
      }),
      { numRuns: 150 },
    );
  });

  test('rehearsal shares: any flip is blamed or ignored, never counted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * rehearseMessage.length - 1 }), (bit) => {
        const inbox = [{ from: v(1), message: flip(rehearseMessage, bit) }];
        const found = networkDkg.confirmRehearsal({ ...input, committee, outcome, inbox });
        expect(found).toMatchObject({ kind: 'waiting', have: 0 });
        // Bytes 2 to 33 name the request: another request is nobody's fault.
        const named = bit >= 16 && bit < 16 + 256;
        expect(found.blamed.map(({ party }) => party)).toEqual(named ? [] : [1]);
      }),
      { numRuns: 25 },
    );
  });
});

test('the largest honest messages are as long as whoever collects them allows', () => {
  const dealers = [...deals.deals.keys()];
  // Every deal is rejected, with a complaint each.
  const everything = networkDkg.encodeAcknowledge(input, deals, {
    deals: deals.digest,
    rejected: dealers,
    complaints: dealers.map((dealer) => ({ dealer, evidence: complaint.evidence })),
  });
  const rehearsal = networkDkg.largestRehearsalBytes({ ...input, committee, outcome });
  expect(dealers).toHaveLength(input.access.validators.length);
  expect(networkDkg.largestMessageBytes(input, 'register')).toBe(run.messages.register[0]?.message.length);
  expect(networkDkg.largestMessageBytes(input, 'deal')).toBe(dealMessage.length);
  expect(networkDkg.largestMessageBytes(input, 'acknowledge')).toBe(everything.length);
  expect(networkDkg.largestMessageBytes(input, 'reveal')).toBe(revealMessage.length);
  expect(rehearsal).toBe(rehearseMessage.length);
});

describe('reveal format', () => {
  const bits = shareBits(shapeOf(input));
  const withShare = (share: bigint): Uint8Array =>
    networkDkg.encodeReveal({ ...input, judgement }, new Map<VirtualId, bigint>([[virtualId(4), share]]));

  test('range 0 <= x < 2^ell_sh, exact count, right judgement', () => {
    const decode = (bytes: Uint8Array): unknown => networkDkg.decodeReveal({ ...input, judgement }, bytes);
    expect(decode(withShare((1n << BigInt(bits)) - 1n))).toEqual(new Map([[4, (1n << BigInt(bits)) - 1n]]));
    // Where the bound is a whole number of bytes, nothing above it can be written.
    if (8 * shareBytes(input) > bits) expect(() => decode(withShare(1n << BigInt(bits)))).toThrow(DecodeError);
    const two = networkDkg.encodeReveal(
      { ...input, judgement },
      new Map([
        [virtualId(3), 1n],
        [virtualId(4), 1n],
      ]),
    );
    expect(() => decode(two)).toThrow(DecodeError);
    expect(() => decode(networkDkg.encodeReveal({ ...input, judgement }, new Map()))).toThrow(DecodeError);
    const other = { ...input, judgement: { ...judgement, digest: digest(new Uint8Array(32)) } };
    expect(() => decode(networkDkg.encodeReveal(other, new Map([[virtualId(4), 1n]])))).toThrow(CheckError);
    expect(revealMessage.length).toBe(2 + 32 + 32 + 4 + shareBytes(input));
    expect(revealMessage.slice(-shareBytes(input))).toEqual(
      encodeUint(run.reveals?.revealed.get(v(1))?.get(virtualId(4)) as bigint, shareBytes(input)),
    );
  });
});
