import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import * as fc from 'fast-check';
import { recoverTransactionAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import {
  decodeEvmAddress,
  eip1559Chain,
  type Eip1559Intent,
  encodeEvmAddress,
  evmAddress,
  evmTransfer,
  type Hex,
  InvalidIntentError,
  InvalidSignatureError,
  parseSignedEip1559,
  TransactionDecodeError,
} from '../src/index.ts';
import { standInSigner } from './stand-in-signer.ts';

/**
 * Published vectors: ethereumjs-monorepo packages/tx/test/json/eip1559.json (source: Besu), chain id 7822. There the
 * transaction is wrapped in one more RLP string (`b8 len`), which is left out here.
 */
const VECTOR_KEY = hexToBytes('8f2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63');
const VECTORS: readonly (readonly [
  nonce: number,
  value: bigint,
  gas: bigint,
  tip: bigint,
  maxFee: bigint,
  raw: string,
])[] = [
  [
    819,
    43203529n,
    35552n,
    75853n,
    121212n,
    '02f870821e8e8203338301284d8301d97c828ae094000000000000000000000000000000000000aaaa8402933bc980c080a0d067f2167008c59219652f91cbf8788dbca5f771f6e91e2b7657e85b78b472e0a01d305af9fe81fdba43f0dfcd400ed24dcace0a7e30d4e85701dcaaf484cd079e',
  ],
  [
    353,
    61901619n,
    32593n,
    38850n,
    136295n,
    '02f86f821e8e8201618297c283021467827f5194000000000000000000000000000000000000aaaa8403b08b3380c001a004205678f13fc1d7b10feea6513dfa76e24418b6e08097d95c6f93a3b64e536da01d45ad61bfece43862de2cce7d2575a8c1d08c26c87f3cb5f26d7b0be54a91b2',
  ],
  [
    709,
    6478043n,
    28335n,
    86252n,
    94636n,
    '02f86f821e8e8202c5830150ec830171ac826eaf94000000000000000000000000000000000000aaaa8362d8db80c001a09880d133cd636f8c8dce32e2c43494b9f2dc000eee8dc61931e09f866ed04b46a00e44d5c503c7f08b36c8b062c32a963f3dd20a71e95e3d903bfbe7f4da47cd47',
  ],
  [
    119,
    65456115n,
    62341n,
    24721n,
    107729n,
    '02f86d821e8e778260918301a4d182f38594000000000000000000000000000000000000aaaa8403e6c7f380c001a0e38e239770801eb995498c821e55ac9c19ae09184bb27b34be105e02fe3b7615a067c64ca6bd6d9107e85fd581ab2e70a14b637eb36505bb40861ef9d6e800cab6',
  ],
];

const signer = standInSigner(VECTOR_KEY);
const chain = eip1559Chain({ chainId: 7822 });
const RECIPIENT: Hex = '0x000000000000000000000000000000000000aaaa';

const hexOf = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(encodeEvmAddress);
const intents: fc.Arbitrary<Eip1559Intent> = fc
  .record({
    nonce: fc.oneof(fc.nat(300), fc.nat(Number.MAX_SAFE_INTEGER)),
    to: fc.option(address, { nil: null, freq: 8 }),
    valueWei: fc.bigInt(0n, 2n ** 256n - 1n),
    gasLimit: fc.bigInt(0n, 2n ** 64n - 1n),
    fees: fc.tuple(fc.bigInt(0n, 2n ** 256n - 1n), fc.bigInt(0n, 2n ** 64n)),
    data: fc.uint8Array({ maxLength: 200 }),
    accessList: fc.array(
      fc.record({
        address,
        storageKeys: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hexOf), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ fees: [a, b], ...rest }) => ({
    ...rest,
    data: rest.to === null && rest.data.length === 0 ? Uint8Array.of(0) : rest.data,
    maxFeePerGasWei: a > b ? a : b,
    maxPriorityFeePerGasWei: a > b ? b : a,
  }));

describe('EVM addresses', () => {
  it('follow EIP-55 (its own examples)', () => {
    for (const text of [
      '0x52908400098527886E0F7030069857D2E4169EE7',
      '0xde709f2102306220921060314715629080e2fb77',
      '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
      '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
      '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
    ]) {
      expect(encodeEvmAddress(decodeEvmAddress(text.toLowerCase()))).toBe(text);
      expect(encodeEvmAddress(decodeEvmAddress(text))).toBe(text);
    }
    for (const text of [
      '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD', // one letter in the wrong case
      '0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED',
      '5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe',
      '',
    ]) {
      expect(() => decodeEvmAddress(text)).toThrow(InvalidIntentError);
    }
  });

  it('come from the public key: the best known key pair', () => {
    // Secret key 1.
    const one = standInSigner(hexToBytes('00'.repeat(31).concat('01')));
    expect(evmAddress(one.publicKey)).toBe('0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf');
    // The key of the vectors below is the first account of Besu's `dev` network.
    expect(evmAddress(signer.publicKey).toLowerCase()).toBe('0xfe3b557e8fb62b89f4916b721be55ceb828dbd73');
  });
});

describe('EIP-1559 transactions', () => {
  it.each(VECTORS)('published vector, nonce %d', async (nonce, valueWei, gasLimit, tip, maxFee, raw) => {
    const unsigned = chain.build({
      ...evmTransfer({ nonce, to: RECIPIENT, valueWei, maxFeePerGasWei: maxFee, maxPriorityFeePerGasWei: tip }),
      gasLimit,
    });
    const signed = chain.attach(unsigned, signer.publicKey, signer.sign(chain.payloads(unsigned)));
    expect(bytesToHex(chain.encode(signed))).toBe(raw);
    expect(chain.verify(signed, signer.publicKey)).toBe(true);
    expect(parseSignedEip1559(7822, hexToBytes(raw))).toEqual(signed);
    const sender = await recoverTransactionAddress({ serializedTransaction: `0x02${raw.slice(2)}` });
    expect(sender).toBe(chain.address(signer.publicKey));
  });

  it('hash of the first vector (ethereumjs eip1559.spec)', () => {
    const signed = parseSignedEip1559(7822, hexToBytes(VECTORS[0]?.[5] ?? ''));
    expect(chain.txid(signed)).toBe('0xa3bf78ff247cad934aa5fb13e05f11e59c93511523ff8a622e59c3a34700e5c8');
  });

  it('parse(encode(build(i))) = i, and the message is what is parsed', () => {
    fc.assert(
      fc.property(intents, (intent) => {
        const unsigned = chain.build(intent);
        expect(unsigned.intent).toEqual(intent);
        const bytes = chain.encodeUnsigned(unsigned);
        expect(chain.parse(bytes)).toEqual(intent);
        const [payload] = chain.payloads(unsigned);
        expect(payload?.message).toEqual(bytes);
        expect(payload?.hashScheme).toBe('keccak256');
      }),
      { numRuns: 150 },
    );
  });

  it('any signed intent is encoded, parsed and verified; no other key verifies it', () => {
    const other = standInSigner(new Uint8Array(32).fill(9));
    fc.assert(
      fc.property(intents, (intent) => {
        const unsigned = chain.build(intent);
        const signed = chain.attach(unsigned, signer.publicKey, signer.sign(chain.payloads(unsigned)));
        expect(parseSignedEip1559(7822, chain.encode(signed))).toEqual(signed);
        expect(chain.verify(signed, signer.publicKey)).toBe(true);
        expect(chain.verify(signed, other.publicKey)).toBe(false);
        expect(
          chain.verify({ ...signed, intent: { ...intent, valueWei: intent.valueWei ^ 1n } }, signer.publicKey),
        ).toBe(false);
      }),
      { numRuns: 15 },
    );
  });

  it('refuses changed, cut and extended bytes with a typed error, or reads another intent', () => {
    fc.assert(
      fc.property(
        intents,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom(...MUTATIONS),
        (i, at, byte, how) => {
          const original = chain.encodeUnsigned(chain.build(i));
          const bytes = mutate(original, at, byte, how);
          try {
            const parsed = chain.parse(bytes);
            // Whatever is accepted has this one encoding.
            expect(chain.encodeUnsigned(chain.build(parsed))).toEqual(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(TransactionDecodeError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses other types, other chains, signed bytes, padded integers and nonsense', () => {
    const unsigned = chain.build(
      evmTransfer({ nonce: 1, to: RECIPIENT, valueWei: 5n, maxFeePerGasWei: 9n, maxPriorityFeePerGasWei: 1n }),
    );
    const bytes = chain.encodeUnsigned(unsigned);
    expect(() => eip1559Chain({ chainId: 1 }).parse(bytes)).toThrow(/chainId: is 7822, not 1/);
    const signed = chain.attach(unsigned, signer.publicKey, signer.sign(chain.payloads(unsigned)));
    expect(() => chain.parse(chain.encode(signed))).toThrow(TransactionDecodeError);
    expect(() => parseSignedEip1559(7822, bytes)).toThrow(TransactionDecodeError);
    expect(() => chain.parse(new Uint8Array(0))).toThrow(TransactionDecodeError);
    expect(() => chain.parse(Uint8Array.of(1, ...bytes.slice(1)))).toThrow(TransactionDecodeError);
    expect(() => chain.parse(new Uint8Array(200_000).fill(2))).toThrow(TransactionDecodeError);
    // Deep nesting must not exhaust the stack outside a typed error.
    expect(() => chain.parse(new Uint8Array(100_000).fill(0xc1).fill(2, 0, 1))).toThrow(TransactionDecodeError);
    // nonce 01 as 81 01: the same number in one byte more, and a list one byte longer. Not canonical.
    expect(bytesToHex(bytes.slice(2, 6))).toBe('821e8e01');
    const padded = Uint8Array.of(2, (bytes[1] ?? 0) + 1, 0x82, 0x1e, 0x8e, 0x81, ...bytes.slice(5));
    expect(() => chain.parse(padded)).toThrow(TransactionDecodeError);
  });

  it('names the field of a wrong intent', () => {
    const good = evmTransfer({
      nonce: 0,
      to: RECIPIENT,
      valueWei: 1n,
      maxFeePerGasWei: 2n,
      maxPriorityFeePerGasWei: 1n,
    });
    const wrong: readonly (readonly [Partial<Eip1559Intent>, string])[] = [
      [{ nonce: -1 }, 'nonce'],
      [{ nonce: 2 ** 53 }, 'nonce'],
      [{ to: '0x12' }, 'to'],
      [{ to: null }, 'to'],
      [{ valueWei: -1n }, 'valueWei'],
      [{ valueWei: 2n ** 256n }, 'valueWei'],
      [{ gasLimit: 2n ** 64n }, 'gasLimit'],
      [{ maxPriorityFeePerGasWei: 3n }, 'maxPriorityFeePerGasWei'],
      [{ accessList: [{ address: RECIPIENT, storageKeys: ['0x00'] }] }, 'accessList[0].storageKeys[0]'],
    ];
    for (const [change, field] of wrong) {
      expect(() => chain.build({ ...good, ...change })).toThrow(
        expect.objectContaining({ field, code: 'INVALID_INTENT' }),
      );
    }
    expect(() => eip1559Chain({ chainId: 0 })).toThrow(InvalidIntentError);
  });

  it('attaches only a low-s signature of this message by this key', () => {
    const unsigned = chain.build(
      evmTransfer({ nonce: 1, to: RECIPIENT, valueWei: 5n, maxFeePerGasWei: 9n, maxPriorityFeePerGasWei: 1n }),
    );
    const [good] = signer.sign(chain.payloads(unsigned));
    if (good === undefined) throw new Error('no signature');
    const attach = (...signatures: (typeof good)[]) => chain.attach(unsigned, signer.publicKey, signatures);
    expect(() => attach()).toThrow(expect.objectContaining({ reason: 'count' }));
    expect(() => attach(good, good)).toThrow(expect.objectContaining({ reason: 'count' }));
    expect(() => attach({ ...good, recoveryId: good.recoveryId ^ 1 })).toThrow(InvalidSignatureError);
    expect(() => attach(signer.signDigest(new Uint8Array(32).fill(1)))).toThrow(
      expect.objectContaining({ reason: 'mismatch', field: 'signatures[0]' }),
    );
  });

  it('says what a person approves', () => {
    const mainnet = eip1559Chain({ chainId: 1, name: 'Ethereum' });
    const to: Hex = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
    const payment = evmTransfer({
      nonce: 5,
      to,
      valueWei: 1_500_000_000_000_000_000n,
      maxFeePerGasWei: 21_000_000_000n,
      maxPriorityFeePerGasWei: 1_000_000_000n,
    });
    expect(mainnet.describe(payment)).toEqual([
      'Send 1.5 ETH to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed on Ethereum (eip155:1).',
      'Fee: at most 0.000441 ETH (21000 gas at up to 21 gwei, of which up to 1 gwei is the tip).',
      'Nonce: 5.',
    ]);
    const call = mainnet.describe({ ...payment, data: hexToBytes('a9059cbb0000') });
    expect(call[0]).toMatch(
      /^Call the contract 0x5aAe.* with 6 bytes of data, function 0xa9059cbb, and send it 1\.5 ETH/,
    );
    expect(mainnet.describe({ ...payment, to: null, data: Uint8Array.of(0) })[0]).toMatch(/^Create a contract/);
  });
});

const MUTATIONS = ['set', 'cut', 'insert', 'append'] as const;

function mutate(bytes: Uint8Array, at: number, byte: number, how: (typeof MUTATIONS)[number]): Uint8Array {
  const index = at % bytes.length;
  switch (how) {
    case 'set':
      return bytes.with(index, byte);
    case 'cut':
      return bytes.slice(0, index);
    case 'insert':
      return Uint8Array.of(...bytes.slice(0, index), byte, ...bytes.slice(index));
    case 'append':
      return Uint8Array.of(...bytes, byte);
  }
}
