import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Transaction } from 'ethers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuthorizationIntent,
  eip1559Chain,
  eip2930Chain,
  type Eip2930Intent,
  eip7702Authorizations,
  eip7702Chain,
  type Eip7702Intent,
  encodeEvmAddress,
  type Hex,
  legacyChain,
  type LegacyIntent,
  type ListedAuthorization,
  parseSignedEip2930,
  parseSignedEip7702,
  parseSignedLegacy,
} from '../src/evm/index.ts';
import { InvalidIntentError, InvalidSignatureError, TransactionDecodeError } from '../src/index.ts';
import { expectAllSigned, expectStrict } from './adversary.ts';
import { standInSigner } from './stand-in-signer.ts';

const signer = standInSigner(new Uint8Array(32).fill(0x46));
const other = standInSigner(new Uint8Array(32).fill(9));
const chainId = 31337;
const to = encodeEvmAddress(new Uint8Array(20).fill(0x35));

const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(encodeEvmAddress);
const nonce = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255, 256), fc.maxSafeNat());
const wei = fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n, 10n ** 18n), fc.bigInt(0n, (1n << 256n) - 1n));
const call = {
  nonce,
  valueWei: wei,
  gasLimit: fc.bigInt(0n, (1n << 64n) - 1n),
};
const dataAndTo = fc.oneof(
  fc.record({ to: address, data: fc.uint8Array({ maxLength: 80 }) }),
  fc.record({ to: fc.constant(null), data: fc.uint8Array({ minLength: 1, maxLength: 80 }) }),
);
const accessList = fc.array(
  fc.record({
    address,
    storageKeys: fc.array(
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes): Hex => `0x${bytesToHex(bytes)}`),
      { maxLength: 2 },
    ),
  }),
  { maxLength: 2 },
);
const legacyIntents: fc.Arbitrary<LegacyIntent> = fc
  .tuple(fc.record({ ...call, gasPriceWei: wei }), dataAndTo)
  .map(([a, b]) => ({ ...a, ...b }));
const eip2930Intents: fc.Arbitrary<Eip2930Intent> = fc
  .tuple(fc.record({ ...call, gasPriceWei: wei, accessList }), dataAndTo)
  .map(([a, b]) => ({ ...a, ...b }));

const legacy = legacyChain({ chainId });
const eip2930 = eip2930Chain({ chainId });
const authorizations = eip7702Authorizations({ chainId });
const eip7702 = eip7702Chain({ chainId });

const authorize = (intent: AuthorizationIntent, key = other): ListedAuthorization => {
  const { signature } = authorizations.attach({ intent }, key.publicKey, key.sign(authorizations.payloads({ intent })));
  return { chainId, ...intent, signature };
};
const eip7702Intents: fc.Arbitrary<Eip7702Intent> = fc.record({
  ...call,
  to: address,
  data: fc.uint8Array({ maxLength: 40 }),
  maxFeePerGasWei: fc.bigInt(10n ** 6n, 10n ** 20n),
  maxPriorityFeePerGasWei: fc.bigInt(0n, 10n ** 6n),
  accessList,
  authorizationList: fc.array(
    fc.record({ address, nonce }).map((intent) => authorize(intent)),
    { minLength: 1, maxLength: 2 },
  ),
});

describe('EIP-155 published example', () => {
  // https://eips.ethereum.org/EIPS/eip-155#example
  const mainnet = legacyChain({ chainId: 1 });
  const intent: LegacyIntent = {
    nonce: 9,
    gasPriceWei: 20n * 10n ** 9n,
    gasLimit: 21_000n,
    to,
    valueWei: 10n ** 18n,
    data: new Uint8Array(0),
  };
  const signingData = 'ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080';
  const signed =
    'f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83';

  it('signing data, hash and transaction are the published ones', () => {
    const unsigned = mainnet.build(intent);
    const [payload] = mainnet.payloads(unsigned);
    expect(bytesToHex(payload?.message ?? new Uint8Array())).toBe(signingData);
    expect(bytesToHex(payload?.digest ?? new Uint8Array())).toBe(
      'daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53',
    );
    const result = mainnet.attach(unsigned, signer.publicKey, signer.sign(mainnet.payloads(unsigned)));
    expect(bytesToHex(mainnet.encode(result))).toBe(signed);
    expect(parseSignedLegacy(1, hexToBytes(signed)).intent).toEqual(intent);
    expect(mainnet.verify(result, signer.publicKey)).toBe(true);
  });

  it('refuses the form before EIP-155, which names no chain, signed and unsigned', () => {
    const withoutChain = hexToBytes(
      'e9098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080',
    );
    expect(() => mainnet.parse(withoutChain)).toThrow(
      expect.objectContaining({ name: 'TransactionDecodeError', message: 'chainId: is missing' }),
    );
    // v = 27 instead of 37.
    const signedWithoutChain = hexToBytes(signed.replace('8025a0', '801ba0'));
    expect(() => parseSignedLegacy(1, signedWithoutChain)).toThrow(TransactionDecodeError);
  });

  it('refuses another chain id', () => {
    expect(() => legacyChain({ chainId: 5 }).parse(hexToBytes(signingData))).toThrow(/chainId: is 1, not 5/);
    expect(() => mainnet.parse(hexToBytes(signed))).toThrow(/is already signed/);
  });
});

describe('every type', () => {
  const cases = [
    ['legacy', legacy, legacyIntents, parseSignedLegacy],
    ['EIP-2930', eip2930, eip2930Intents, parseSignedEip2930],
    ['EIP-7702', eip7702, eip7702Intents, parseSignedEip7702],
  ] as const;

  for (const [name, chain, intents, parseSigned] of cases) {
    it(`${name}: parse(encode(build(i))) = i, signed and read again, and ethers reads the same`, () => {
      fc.assert(
        fc.property(intents as fc.Arbitrary<LegacyIntent>, (intent) => {
          const typed = chain as typeof legacy;
          const unsigned = typed.build(intent);
          expect(unsigned.intent).toEqual(intent);
          const bytes = typed.encodeUnsigned(unsigned);
          expect(typed.parse(bytes)).toEqual(intent);
          const payloads = typed.payloads(unsigned);
          expect(payloads[0]?.message).toEqual(bytes);
          expect(payloads[0]?.digest).toEqual(keccak_256(bytes));
          const signed = typed.attach(unsigned, signer.publicKey, signer.sign(payloads));
          expect(parseSigned(chainId, typed.encode(signed))).toEqual(signed);
          expect(typed.verify(signed, signer.publicKey)).toBe(true);
          expect(typed.verify(signed, other.publicKey)).toBe(false);

          const theirs = Transaction.from(`0x${bytesToHex(typed.encode(signed))}`);
          expect(theirs.from).toBe(typed.address(signer.publicKey));
          expect(theirs.unsignedHash).toBe(`0x${bytesToHex(payloads[0]?.digest ?? new Uint8Array())}`);
          expect(theirs.hash).toBe(typed.txid(signed));
          expect([theirs.to, theirs.value, theirs.gasLimit, theirs.nonce]).toEqual([
            intent.to,
            intent.valueWei,
            intent.gasLimit,
            intent.nonce,
          ]);
          expect(theirs.chainId).toBe(BigInt(chainId));
        }),
        { numRuns: name === 'EIP-7702' ? 10 : 25 },
      );
    });

    it(`${name}: no changed bytes are read as the same`, () => {
      fc.assert(
        fc.property(intents as fc.Arbitrary<LegacyIntent>, (intent) => {
          const typed = chain as typeof legacy;
          const bytes = typed.encodeUnsigned(typed.build(intent));
          const again = (changed: Uint8Array): Uint8Array => typed.encodeUnsigned(typed.build(typed.parse(changed)));
          // Reading type 4 recovers the accounts of its authorisations.
          expectStrict(bytes, again, undefined, name === 'EIP-7702' ? 50 : 200);
        }),
        { numRuns: name === 'EIP-7702' ? 1 : 2 },
      );
    });

    it(`${name}: a type is not read as another`, () => {
      const typed = chain as typeof legacy;
      const [intent] = fc.sample(intents as fc.Arbitrary<LegacyIntent>, 1);
      if (intent === undefined) throw new Error('no sample');
      const bytes = typed.encodeUnsigned(typed.build(intent));
      for (const [otherName, otherChain] of [...cases, ['EIP-1559', eip1559Chain({ chainId })] as const]) {
        if (otherName !== name) expect(() => otherChain.parse(bytes), otherName).toThrow(/is not of type/);
      }
      expect(() => typed.parse(new Uint8Array(0))).toThrow(TransactionDecodeError);
      expect(() => typed.parse(new Uint8Array(200_000).fill(0xf9))).toThrow(TransactionDecodeError);
    });
  }

  it('every field is signed', () => {
    const intent: Eip7702Intent = {
      nonce: 1,
      to,
      valueWei: 5n,
      gasLimit: 100_000n,
      data: Uint8Array.of(1),
      maxFeePerGasWei: 10n,
      maxPriorityFeePerGasWei: 2n,
      accessList: [],
      authorizationList: [authorize({ address: to, nonce: 3 })],
    };
    expectAllSigned<Eip7702Intent>(
      intent,
      [
        { nonce: 2 },
        { to: encodeEvmAddress(new Uint8Array(20).fill(1)) },
        { valueWei: 6n },
        { gasLimit: 100_001n },
        { data: Uint8Array.of(2) },
        { maxFeePerGasWei: 11n },
        { maxPriorityFeePerGasWei: 3n },
        { accessList: [{ address: to, storageKeys: [] }] },
        { authorizationList: [authorize({ address: to, nonce: 4 })] },
      ],
      (changed) => eip7702.payloads(eip7702.build(changed))[0]?.digest ?? new Uint8Array(),
    );
    const digests = [1, 2].map((id) => {
      const chain = legacyChain({ chainId: id });
      const { accessList: _list, authorizationList: _auth, ...rest } = intent;
      return bytesToHex(chain.payloads(chain.build({ ...rest, gasPriceWei: 1n }))[0]?.digest ?? new Uint8Array());
    });
    expect(new Set(digests).size).toBe(2);
  });

  it('attach refuses signatures of others, too many and high s', () => {
    const unsigned = legacy.build({
      nonce: 0,
      to,
      valueWei: 1n,
      gasLimit: 21_000n,
      gasPriceWei: 1n,
      data: new Uint8Array(0),
    });
    const payloads = legacy.payloads(unsigned);
    expect(() => legacy.attach(unsigned, signer.publicKey, other.sign(payloads))).toThrow(
      expect.objectContaining({ reason: 'mismatch' }),
    );
    expect(() => legacy.attach(unsigned, signer.publicKey, [])).toThrow(expect.objectContaining({ reason: 'count' }));
    expect(() =>
      legacy.attach(unsigned, signer.publicKey, [...signer.sign(payloads), ...signer.sign(payloads)]),
    ).toThrow(InvalidSignatureError);
  });
});

describe('EIP-7702 authorisations', () => {
  const intent: AuthorizationIntent = { address: to, nonce: 7 };

  it('the message is 0x05 || rlp([chain id, address, nonce]) and round trips', () => {
    const bytes = authorizations.encodeUnsigned({ intent });
    expect(bytesToHex(bytes)).toBe(`05d9827a6994${'35'.repeat(20)}07`);
    expect(authorizations.parse(bytes)).toEqual(intent);
    fc.assert(
      fc.property(fc.record({ address, nonce }), (any) => {
        expect(authorizations.parse(authorizations.encodeUnsigned(authorizations.build(any)))).toEqual(any);
      }),
      { numRuns: 50 },
    );
    expectStrict(bytes, (changed) => authorizations.encodeUnsigned({ intent: authorizations.parse(changed) }));
  });

  it('is verified under its key only', () => {
    const signed = authorizations.attach(
      { intent },
      signer.publicKey,
      signer.sign(authorizations.payloads({ intent })),
    );
    expect(authorizations.verify(signed, signer.publicKey)).toBe(true);
    expect(authorizations.verify(signed, other.publicKey)).toBe(false);
    expect(authorizations.verify({ ...signed, intent: { ...intent, nonce: 8 } }, signer.publicKey)).toBe(false);
  });

  it('refuses chain id 0 (every network) and others', () => {
    const everywhere = hexToBytes(`05d78094${'35'.repeat(20)}07`);
    expect(() => authorizations.parse(everywhere)).toThrow(/^chainId: is 0: it would be valid on every network$/);
    expect(() => eip7702Authorizations({ chainId: 1 }).parse(authorizations.encodeUnsigned({ intent }))).toThrow(
      /chainId: is 31337, not 1/,
    );
  });

  it('says that the whole account is handed over, or taken back', () => {
    expect(authorizations.describe(intent).join(' ')).toMatch(/Hand over the whole account .* to the code of .*0x3535/);
    const back = authorizations.describe({ ...intent, address: `0x${'00'.repeat(20)}` });
    expect(back[0]).toMatch(/^Take back the account's delegation/);
  });

  it('a transaction names the accounts that its list hands over, and refuses lists that the network would skip', () => {
    const base: Eip7702Intent = {
      nonce: 0,
      to,
      valueWei: 0n,
      gasLimit: 100_000n,
      data: new Uint8Array(0),
      maxFeePerGasWei: 2n,
      maxPriorityFeePerGasWei: 1n,
      accessList: [],
      authorizationList: [authorize(intent)],
    };
    expect(eip7702.describe(base).join(' ')).toContain(
      `hands over the account ${eip7702.address(other.publicKey)} to the code of the contract ${to}`,
    );
    const [listed] = base.authorizationList;
    if (listed === undefined) throw new Error('no authorisation');
    const { s } = listed.signature;
    const wrong: readonly (readonly [Partial<Eip7702Intent>, string])[] = [
      [{ authorizationList: [] }, 'authorizationList'],
      [{ authorizationList: Array.from({ length: 33 }, () => listed) }, 'authorizationList'],
      [{ to: undefined as unknown as Hex }, 'to'],
      [{ authorizationList: [{ ...listed, chainId: 2 }] }, 'authorizationList[0].chainId'],
      [
        { authorizationList: [{ ...listed, signature: { ...listed.signature, r: new Uint8Array(32) } }] },
        'authorizationList[0].signature',
      ],
      [
        { authorizationList: [{ ...listed, signature: { ...listed.signature, s: s.with(0, 0xf0) } }] },
        'authorizationList[0].signature',
      ],
    ];
    for (const [change, field] of wrong) {
      expect(() => eip7702.build({ ...base, ...change })).toThrow(expect.objectContaining({ field }));
    }
  });
});

describe('what a person reads', () => {
  const chain = eip2930Chain({ chainId: 1, name: 'Ethereum' });
  const base: Eip2930Intent = {
    nonce: 3,
    to,
    valueWei: 0n,
    gasLimit: 60_000n,
    gasPriceWei: 10n ** 9n,
    data: new Uint8Array(0),
    accessList: [],
  };
  const erc20 = (selector: string, ...words: readonly string[]): Uint8Array =>
    hexToBytes(selector + words.map((word) => word.padStart(64, '0')).join(''));

  it('spells out ERC-20 calls, with unlimited allowances in capitals', () => {
    const own = '35'.repeat(20);
    const lines = (data: Uint8Array): string => chain.describe({ ...base, data }).join('\n');
    expect(lines(erc20('a9059cbb', own, '64'))).toContain(`transfer 100 of the token's smallest units to ${to}`);
    expect(lines(erc20('095ea7b3', own, 'f'.repeat(64)))).toContain('to take an UNLIMITED number of units');
    expect(lines(erc20('23b872dd', own, '1', '5'))).toContain(
      `from ${to} to 0x0000000000000000000000000000000000000001`,
    );
    // Dirty upper bytes: some contracts ignore them, so this reading would be a guess.
    expect(lines(erc20('a9059cbb', `ff${'00'.repeat(11)}${own}`, '64'))).not.toContain('transfer');
    expect(lines(Uint8Array.of(...erc20('a9059cbb', own, '64'), 0))).not.toContain('transfer');
    expect(lines(Uint8Array.of(1, 2, 3))).toContain('Data: 0x010203.');
    expect(lines(new Uint8Array(300).fill(1))).toMatch(/Data: keccak256 0x[0-9a-f]{64}\./);
  });

  it('names chain, fee and nonce exactly', () => {
    expect(chain.describe({ ...base, valueWei: 1n })).toEqual([
      `Send 0.000000000000000001 ETH to ${to} on Ethereum (eip155:1).`,
      'Fee: at most 0.00006 ETH (60000 gas at 1 gwei).',
      'Nonce: 3.',
    ]);
  });

  it('names the field of a wrong intent', () => {
    expect(() => chain.build({ ...base, gasPriceWei: -1n })).toThrow(expect.objectContaining({ field: 'gasPriceWei' }));
    expect(() => legacy.build({ ...base, gasPriceWei: 1n << 256n })).toThrow(InvalidIntentError);
  });
});
