import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import * as fc from 'fast-check';
import { utils } from 'tronweb';
import { describe, expect, it } from 'vitest';
import { encodeSignature, InvalidIntentError, InvalidSignatureError, TransactionDecodeError } from '../src/index.ts';
import {
  encodeTronAddress,
  type Trc20TransferIntent,
  trc20Transfers,
  TRON_NETWORKS,
  tronAddress,
  type TronNetwork,
  type TrxTransferIntent,
  trxTransfers,
} from '../src/tron/index.ts';
import { encodeFields, encodePresent, type ProtobufField } from '../src/tron/protobuf.ts';
import { expectAllSigned, expectStrict } from './adversary.ts';
import { standInSigner } from './stand-in-signer.ts';

const mainnet = TRON_NETWORKS[0] as TronNetwork;
const trx = trxTransfers(mainnet);
const trc20 = trc20Transfers(mainnet);
// trustwallet/wallet-core, tests/chains/Tron/SignerTests.cpp: key, addresses and block of its vectors.
const signer = standInSigner(hexToBytes('2d8f68944bdbfbc0769542fba8fc2d2a3de67393334471624364c7006da2aa54'));
const other = standInSigner(new Uint8Array(32).fill(9));
const owner = 'TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC';
const blockId = sha256(
  encodeFields([
    [1, 1_539_295_479_000n],
    [2, hexToBytes('64288c2db0641316762a99dbb02ef7c90f968b60f9f2e410835980614332f86d')],
    [3, hexToBytes('00000000002f7b3af4f5f8b9e23a30c530f719f165b742e7358536b280eead2d')],
    [7, 3_111_739n],
    [9, hexToBytes('415863f6091b8e71766da808b1dd3159790f61de7d')],
    [10, 3n],
  ]),
);
const frame = {
  owner,
  refBlockBytes: hexToBytes('7b3b'),
  refBlockHash: blockId.slice(8, 16),
  expirationMs: 1_539_295_479_000n + 36_000_000n,
  timestampMs: 1_539_295_479_000n,
  feeLimitSun: 0n,
  memo: new Uint8Array(0),
};
const payment: TrxTransferIntent = { ...frame, to: 'THTR75o8xXAgCTQqpiot2AFRAjvW1tSbVV', amountSun: 2_000_000n };
const tokens: Trc20TransferIntent = {
  ...frame,
  contract: 'THTR75o8xXAgCTQqpiot2AFRAjvW1tSbVV',
  to: 'TW1dU4L3eNm7Lw8WvieLKEHpXWAussRG9Z',
  amount: 1000n,
};

const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => encodeTronAddress(Uint8Array.of(0x41, ...bytes)));
const int64 = (least: bigint) => fc.oneof(fc.constantFrom(least, 127n, 128n), fc.bigInt(least, (1n << 63n) - 1n));
const frames = {
  owner: fc.constant(owner),
  refBlockBytes: fc.uint8Array({ minLength: 2, maxLength: 2 }),
  refBlockHash: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  expirationMs: int64(1n),
  timestampMs: int64(0n),
  feeLimitSun: int64(0n),
  memo: fc.uint8Array({ maxLength: 60 }),
};
const payments: fc.Arbitrary<TrxTransferIntent> = fc.record({ ...frames, to: address, amountSun: int64(1n) });
const tokenTransfers: fc.Arbitrary<Trc20TransferIntent> = fc.record({
  ...frames,
  contract: address,
  to: address,
  amount: fc.bigInt(1n, (1n << 256n) - 1n),
});

describe('vectors of wallet-core', () => {
  it('address, transfer id and signature', () => {
    expect(trx.address(signer.publicKey)).toBe(owner);
    const unsigned = trx.build(payment);
    const signed = trx.attach(unsigned, signer.publicKey, signer.sign(trx.payloads(unsigned)));
    expect(trx.txid(signed)).toBe('dc6f6d9325ee44ab3c00528472be16e1572ab076aa161ccd12515029869d0451');
    // Published with v = 0; nodes take 27 as well.
    const signature =
      'ede769f6df28aefe6a846be169958c155e23e7e5c9621d2e8dce1719b4d952b63e8a8bf9f00e41204ac1bf69b1a663dacdf764367e48e4a5afcd6b055a747fb2';
    expect(bytesToHex(trx.encode(signed)).endsWith(`1241${signature}1b`)).toBe(true);
  });

  it('TRC-20 transfer id and signature; its second spelling of the recipient is refused', () => {
    const ours = trc20.encodeUnsigned(trc20.build(tokens));
    // wallet-core leaves the 0x41 of the address in the call's first word; contracts ignore it, so it is a second encoding.
    const at = bytesToHex(ours).indexOf('a9059cbb') / 2 + 4 + 11;
    const theirs = ours.with(at, 0x41);
    expect(bytesToHex(sha256(theirs))).toBe('0d644290e3cf554f6219c7747f5287589b6e7e30e1b02793b48ba362da6a5058');
    expect(bytesToHex(encodeSignature(signer.signDigest(sha256(theirs))))).toBe(
      'bec790877b3a008640781e3948b070740b1f6023c29ecb3f7b5835433c13fc5835e5cad3bd44360ff2ddad5ed7dc9d7dee6878f90e86a40355b7697f5954b88c01',
    );
    expect(() => trc20.parse(theirs)).toThrow(expect.objectContaining({ field: 'data' }));
    expect(trc20.parse(ours)).toEqual(tokens);
  });

  it('addresses of the TRON developer documentation', () => {
    // developers.tron.network: 41 and 20 bytes <-> base58.
    expect(encodeTronAddress(hexToBytes('41a614f803b6fd780986a42c78ec9c7f77e6ded13c'))).toBe(
      'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t',
    );
  });
});

describe('both contract types', () => {
  /** What tronweb reads in our bytes, and the id that it computes. */
  const theirs = (rawData: Uint8Array, type: string) =>
    utils.deserializeTx.deserializeTransaction(type, bytesToHex(rawData)) as {
      contract: { parameter: { value: Record<string, unknown> }; type: string }[];
      ref_block_bytes: string;
      ref_block_hash: string;
      expiration: number;
      timestamp: number;
      fee_limit?: number;
      data?: string;
    };
  const lower = (value: Record<string, unknown> = {}): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, typeof item === 'string' ? item.toLowerCase() : item]),
    );
  const hexAddress = (text: string): string => utils.address.toHex(text).toLowerCase();

  it('parse(encode(build(i))) = i, tronweb reads the same and recovers the sender', () => {
    const safe = payments.filter(({ amountSun }) => amountSun <= BigInt(Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(safe, (any) => {
        const unsigned = trx.build(any);
        expect(unsigned.intent).toEqual(any);
        const bytes = trx.encodeUnsigned(unsigned);
        expect(trx.parse(bytes)).toEqual(any);
        const read = theirs(bytes, 'TransferContract');
        const { owner_address: sender, to_address: payee, amount } = lower(read.contract[0]?.parameter.value);
        expect([sender, payee, amount]).toEqual([hexAddress(any.owner), hexAddress(any.to), Number(any.amountSun)]);
        expect([read.ref_block_bytes.toLowerCase(), read.ref_block_hash.toLowerCase()]).toEqual([
          bytesToHex(any.refBlockBytes),
          bytesToHex(any.refBlockHash),
        ]);
        const signed = trx.attach(unsigned, signer.publicKey, signer.sign(trx.payloads(unsigned)));
        expect(trx.verify(signed, signer.publicKey)).toBe(true);
        expect(trx.verify(signed, other.publicKey)).toBe(false);
        const signature = bytesToHex(trx.encode(signed).slice(-65));
        expect(utils.crypto.ecRecover(trx.txid(signed), signature).toLowerCase()).toBe(hexAddress(owner));
      }),
      { numRuns: 30 },
    );
    fc.assert(
      fc.property(tokenTransfers, (any) => {
        const bytes = trc20.encodeUnsigned(trc20.build(any));
        expect(trc20.parse(bytes)).toEqual(any);
        const value = lower(theirs(bytes, 'TriggerSmartContract').contract[0]?.parameter.value);
        expect(value).toMatchObject({
          owner_address: hexAddress(any.owner),
          contract_address: hexAddress(any.contract),
          data: `a9059cbb${hexAddress(any.to).slice(2).padStart(64, '0')}${any.amount.toString(16).padStart(64, '0')}`,
        });
      }),
      { numRuns: 30 },
    );
  });

  it("tronweb's own encoder makes our bytes", () => {
    const json = {
      raw_data: {
        contract: [
          {
            parameter: {
              value: { owner_address: hexAddress(owner), to_address: hexAddress(payment.to), amount: 2_000_000 },
              type_url: 'type.googleapis.com/protocol.TransferContract',
            },
            type: 'TransferContract',
          },
        ],
        ref_block_bytes: bytesToHex(payment.refBlockBytes),
        ref_block_hash: bytesToHex(payment.refBlockHash),
        expiration: Number(payment.expirationMs),
        timestamp: Number(payment.timestampMs),
      },
    };
    const pb = utils.transaction.txJsonToPb(json);
    const bytes = trx.encodeUnsigned({ intent: payment });
    expect(utils.transaction.txPbToRawDataHex(pb).toLowerCase()).toBe(bytesToHex(bytes));
    expect(utils.transaction.txPbToTxID(pb).replace(/^0x/, '').toLowerCase()).toBe(bytesToHex(sha256(bytes)));
  });

  it('no changed bytes are read as the same', () => {
    const withMemo = { ...payment, memo: utf8ToBytes('hi'), feeLimitSun: 5n };
    expectStrict(trx.encodeUnsigned({ intent: withMemo }), (changed) =>
      trx.encodeUnsigned(trx.build(trx.parse(changed))),
    );
    expectStrict(trc20.encodeUnsigned({ intent: tokens }), (changed) =>
      trc20.encodeUnsigned(trc20.build(trc20.parse(changed))),
    );
    expect(() => trx.parse(trc20.encodeUnsigned({ intent: tokens }))).toThrow(
      expect.objectContaining({ field: 'contract.type' }),
    );
    expect(() => trc20.parse(trx.encodeUnsigned({ intent: payment }))).toThrow(TransactionDecodeError);
  });

  it('every field is signed', () => {
    expectAllSigned<TrxTransferIntent>(
      payment,
      [
        { owner: tokens.to },
        { to: tokens.to },
        { amountSun: 1n },
        { refBlockBytes: Uint8Array.of(1, 2) },
        { refBlockHash: new Uint8Array(8) },
        { expirationMs: 1n },
        { timestampMs: 0n },
        { feeLimitSun: 1n },
        { memo: Uint8Array.of(1) },
      ],
      (any) => trx.payloads(trx.build(any))[0]?.digest ?? new Uint8Array(),
    );
    expectAllSigned<Trc20TransferIntent>(
      tokens,
      [{ contract: owner }, { to: owner }, { amount: 1001n }, { feeLimitSun: 7n }],
      (any) => trc20.payloads(trc20.build(any))[0]?.digest ?? new Uint8Array(),
    );
  });
});

describe('what is refused', () => {
  /** raw_data with anything in it. */
  const raw = (
    parameter: readonly ProtobufField[],
    more: readonly ProtobufField[] = [],
    contractMore: readonly ProtobufField[] = [],
  ) =>
    encodeFields([
      [1, frame.refBlockBytes],
      [4, frame.refBlockHash],
      [8, frame.expirationMs],
      [
        11,
        encodeFields([
          [1, 31n],
          [
            2,
            encodeFields([
              [1, utf8ToBytes('type.googleapis.com/protocol.TriggerSmartContract')],
              [2, encodeFields(parameter)],
            ]),
          ],
          ...contractMore,
        ]),
      ],
      ...more,
    ]);
  const own = hexToBytes(utils.address.toHex(owner).toLowerCase());
  const token = hexToBytes(utils.address.toHex(tokens.contract).toLowerCase());
  const call = (data: string): readonly ProtobufField[] => [
    [1, own],
    [2, token],
    [4, hexToBytes(data)],
  ];
  const good = `a9059cbb${'00'.repeat(12)}${'11'.repeat(20)}${'00'.repeat(31)}05`;

  it('is read where it is a plain transfer', () => {
    expect(trc20.parse(raw(call(good))).amount).toBe(5n);
  });

  it.each<[string, Uint8Array, string]>([
    ['another function', raw(call(good.replace('a9059cbb', '095ea7b3'))), 'data'],
    [
      'dirty upper bytes of the address',
      raw(call(good.replace(`${'00'.repeat(12)}11`, `${'00'.repeat(11)}4111`))),
      'data',
    ],
    ['data behind the call', raw(call(`${good}00`)), 'data'],
    ['TRX sent along', raw([...call(good).slice(0, 2), [3, 1n], ...call(good).slice(2)]), 'contract.parameter.value'],
    ['tokens sent along', raw([...call(good), [5, 1n], [6, 1_000_001n]]), 'contract.parameter.value'],
    ['another permission', raw(call(good), [], [[5, 2n]]), 'contract'],
    ['a reference by number', Uint8Array.of(...raw(call(good)), 0x18, 1), 'rawData'],
    ['scripts', raw(call(good), [[12, Uint8Array.of(1)]]), 'rawData'],
    ['two contracts', Uint8Array.of(...raw(call(good)), ...encodePresent(11, Uint8Array.of(8, 1))), 'rawData'],
    ['a nothing amount', raw(call(good.replace(/05$/, '00'))), 'amount'],
  ])('%s', (_name, bytes, field) => {
    expect(() => trc20.parse(bytes)).toThrow(expect.objectContaining({ name: 'TransactionDecodeError', field }));
  });

  it('wrong intents, by field', () => {
    const wrong: readonly (readonly [Partial<TrxTransferIntent>, string])[] = [
      [{ to: owner }, 'to'],
      [{ to: payment.to.replace(/.$/, '1') }, 'to'],
      [{ owner: '' }, 'owner'],
      [{ amountSun: 0n }, 'amountSun'],
      [{ amountSun: 1n << 63n }, 'amountSun'],
      [{ refBlockBytes: new Uint8Array(3) }, 'refBlockBytes'],
      [{ refBlockHash: new Uint8Array(7) }, 'refBlockHash'],
      [{ expirationMs: 0n }, 'expirationMs'],
      [{ memo: new Uint8Array(2000) }, 'memo'],
    ];
    for (const [change, field] of wrong) {
      expect(() => trx.build({ ...payment, ...change }), field).toThrow(expect.objectContaining({ field }));
    }
    const signatures = other.sign(trx.payloads({ intent: payment }));
    expect(() => trx.attach({ intent: payment }, other.publicKey, signatures)).toThrow(InvalidIntentError);
    expect(() => trx.attach({ intent: payment }, signer.publicKey, signatures)).toThrow(InvalidSignatureError);
    expect(tronAddress(other.publicKey)).not.toBe(owner);
  });
});

it('a person reads units where they are known, the memo quoted', () => {
  const usdt = {
    ...tokens,
    contract: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t',
    amount: 12_340_000n,
    feeLimitSun: 30_000_000n,
  };
  expect(trc20.describe({ ...usdt, memo: utf8ToBytes('x\ny') })).toEqual([
    `Send 12.34 USDT (12340000 smallest units), token contract TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t, from ${owner} to ${usdt.to} on Tron (tron:0x2b6653dc).`,
    'Fee: at most 30 TRX (30000000 sun) for the contract call, and the bandwidth that the network charges.',
    'Memo: "x\\u{a}y".',
    'Valid until 2018-10-12T08:04:39Z.',
    expect.stringMatching(/^Refers to block 7b3b\/[0-9a-f]{16}, which decides the network\.$/),
  ]);
  expect(trc20.describe(tokens)[0]).toContain('1000 of the smallest units of a token without a name here');
  expect(trx.describe({ ...payment, memo: Uint8Array.of(0xff) }).join(' ')).toContain('Memo of 1 bytes: 0xff.');
});
