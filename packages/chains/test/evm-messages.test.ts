import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { TypedDataEncoder, verifyMessage } from 'ethers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMessageSignature,
  eip191Messages,
  eip712Messages,
  encodeMessageSignature,
  MAX_PERSONAL_MESSAGE_BYTES,
  parseTypedData,
  personalText,
  type TypedDataInput,
  type TypedDataIntent,
} from '../src/evm/index.ts';
import { InvalidIntentError, InvalidSignatureError, TransactionDecodeError } from '../src/index.ts';
import { expectStrict } from './adversary.ts';
import { standInSigner } from './stand-in-signer.ts';

const other = standInSigner(new Uint8Array(32).fill(9));

describe('EIP-191 personal messages', () => {
  const format = eip191Messages({ chainId: 1 });
  // The example of web3.eth.accounts.sign.
  const signer = standInSigner(hexToBytes('4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'));
  const example = personalText('Some data');

  it('hash and signature are the published ones', () => {
    const payloads = format.payloads({ intent: example });
    expect(bytesToHex(payloads[0]?.digest ?? new Uint8Array())).toBe(
      '1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655',
    );
    const signed = format.attach({ intent: example }, signer.publicKey, signer.sign(payloads));
    expect(bytesToHex(format.encode(signed))).toBe(
      'b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c',
    );
    expect(format.verify(signed, signer.publicKey)).toBe(true);
    expect(format.verify(signed, other.publicKey)).toBe(false);
    expect(format.verify({ ...signed, intent: personalText('Some date') }, signer.publicKey)).toBe(false);
    expect(verifyMessage('Some data', `0x${bytesToHex(format.encode(signed))}`)).toBe(format.address(signer.publicKey));
  });

  it('round trips for every length and content, digits in front too', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 120 }),
          fc.stringMatching(/^[0-9]{0,120}$/).map((digits) => utf8ToBytes(digits)),
        ),
        (message) => {
          const bytes = format.encodeUnsigned(format.build({ message }));
          expect(format.parse(bytes)).toEqual({ message });
        },
      ),
      { numRuns: 300 },
    );
    for (const length of [0, 9, 10, 11, 99, 100, 999, 1000, 9999, 10_000, MAX_PERSONAL_MESSAGE_BYTES]) {
      const message = new Uint8Array(length).fill(0x31);
      expect(format.parse(format.encodeUnsigned({ intent: { message } }))).toEqual({ message });
    }
  });

  it('refuses other prefixes, wrong lengths and what is too long', () => {
    expectStrict(format.encodeUnsigned({ intent: example }), (changed) =>
      format.encodeUnsigned(format.build(format.parse(changed))),
    );
    expect(() => format.parse(utf8ToBytes('\u0019Ethereum Signed Message:\n10Some data'))).toThrow(
      TransactionDecodeError,
    );
    expect(() => format.parse(utf8ToBytes('\u0019Ethereum Signed Message:\n09Some data'))).toThrow(
      TransactionDecodeError,
    );
    expect(() => format.parse(utf8ToBytes('\u0019Ethereum Signed Message:\n'))).toThrow(TransactionDecodeError);
    expect(() => format.build({ message: new Uint8Array(MAX_PERSONAL_MESSAGE_BYTES + 1) })).toThrow(InvalidIntentError);
  });

  it('shows text line by line with nothing hidden, and says so where it is not text', () => {
    const lines = format.describe(personalText('Sign in\nPay 1\u202e00 \u200bETH'));
    expect(lines.slice(1, 3)).toEqual([
      '"Sign in"',
      '"Pay 1\\u{202e}00 \\u{200b}ETH" (not only ASCII: letters may look like others)',
    ]);
    expect(format.describe({ message: new Uint8Array(32).fill(0xab) })[0]).toMatch(
      /32 bytes that is not text.*may be the hash/,
    );
    expect(format.describe({ message: Uint8Array.of(0x41, 0) })[0]).toContain('not text: 0x4100');
  });

  it('signatures travel with v = 27 or 28 only', () => {
    const [signature] = signer.sign(format.payloads({ intent: example }));
    if (signature === undefined) throw new Error('no signature');
    expect(decodeMessageSignature(encodeMessageSignature(signature))).toEqual(signature);
    for (const v of [0, 1, 26, 29, 30]) {
      expect(() => decodeMessageSignature(encodeMessageSignature(signature).with(64, v))).toThrow(
        InvalidSignatureError,
      );
    }
    expect(() => encodeMessageSignature({ ...signature, recoveryId: 2 })).toThrow(InvalidSignatureError);
  });
});

/** https://eips.ethereum.org/EIPS/eip-712 and its Example.js. */
const MAIL = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};

describe('EIP-712 typed data', () => {
  const format = eip712Messages({ chainId: 1, name: 'Ethereum' });
  const signer = standInSigner(keccak_256(utf8ToBytes('cow')));
  const mail = parseTypedData(MAIL);
  const change = (edit: (input: typeof MAIL) => void): TypedDataInput => {
    const copy = structuredClone(MAIL);
    edit(copy);
    return copy;
  };

  it('domain separator, struct hash, digest and signature of the Mail example are the published ones', () => {
    const unsigned = format.build(mail);
    const payloads = format.payloads(unsigned);
    expect(bytesToHex(payloads[0]?.message ?? new Uint8Array())).toBe(
      '1901' +
        'f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f' +
        'c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e',
    );
    expect(bytesToHex(payloads[0]?.digest ?? new Uint8Array())).toBe(
      'be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2',
    );
    const signed = format.attach(unsigned, signer.publicKey, signer.sign(payloads));
    expect(bytesToHex(format.encode(signed))).toBe(
      '4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c',
    );
    expect(format.address(signer.publicKey)).toBe(MAIL.message.from.wallet);
    expect(format.verify(signed, signer.publicKey)).toBe(true);
    expect(format.verify(signed, other.publicKey)).toBe(false);
    const changed: TypedDataIntent = { ...mail, message: { ...mail.message, contents: 'Hello, Bob?' } };
    expect(format.verify({ ...signed, intent: changed }, signer.publicKey)).toBe(false);
  });

  it('the request is canonical JSON, and only that is read', () => {
    const bytes = format.encodeUnsigned(format.build(mail));
    expect(new TextDecoder().decode(bytes)).toBe(
      '{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],"Mail":[{"name":"from","type":"Person"},{"name":"to","type":"Person"},{"name":"contents","type":"string"}],"Person":[{"name":"name","type":"string"},{"name":"wallet","type":"address"}]},"primaryType":"Mail","domain":{"name":"Ether Mail","version":"1","chainId":"1","verifyingContract":"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},"message":{"from":{"name":"Cow","wallet":"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},"to":{"name":"Bob","wallet":"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},"contents":"Hello, Bob!"}}',
    );
    expect(format.parse(bytes)).toEqual(mail);
    expectStrict(bytes, (changed) => format.encodeUnsigned(format.build(format.parse(changed))));
    const text = new TextDecoder().decode(bytes);
    // The same JSON with spaces, a repeated key, a key that only looks like one of ours.
    for (const second of [
      ` ${text}`,
      text.replace('"primaryType"', ' "primaryType"'),
      text.replace('"contents":"Hello, Bob!"', '"contents":"Hello, Bob!","contents":"Hello, Bob!"'),
      text.replace('"chainId":"1"', '"chainId":1'),
      text.replace('Hello', '\\u0048ello'),
      text.replace('"message":{', '"message":{"__proto__":{"x":1},'),
    ]) {
      expect(() => format.parse(utf8ToBytes(second)), second).toThrow(TransactionDecodeError);
    }
  });

  it('the domain must name this chain', () => {
    expect(() => eip712Messages({ chainId: 10 }).build(mail)).toThrow(
      expect.objectContaining({ name: 'InvalidIntentError', field: 'domain.chainId' }),
    );
    const without = structuredClone(MAIL) as { types: object; primaryType: string; message: object; domain: object };
    without.domain = { name: 'Ether Mail' };
    expect(() => parseTypedData({ ...without, types: { ...MAIL.types, EIP712Domain: [] } })).toThrow(
      expect.objectContaining({ field: 'domain.chainId' }),
    );
    const bytes = format.encodeUnsigned(format.build(mail));
    expect(() => eip712Messages({ chainId: 2 }).parse(bytes)).toThrow(
      expect.objectContaining({ name: 'TransactionDecodeError', field: 'domain.chainId' }),
    );
  });

  it('ethers hashes every type alike', () => {
    const types = {
      All: [
        { name: 'small', type: 'int8' },
        { name: 'large', type: 'int256' },
        { name: 'count', type: 'uint64' },
        { name: 'flag', type: 'bool' },
        { name: 'who', type: 'address' },
        { name: 'word', type: 'bytes32' },
        { name: 'short', type: 'bytes3' },
        { name: 'blob', type: 'bytes' },
        { name: 'text', type: 'string' },
        { name: 'list', type: 'uint16[]' },
        { name: 'grid', type: 'bool[2][]' },
        { name: 'items', type: 'Item[]' },
        { name: 'pair', type: 'Item[2]' },
      ],
      Item: [
        { name: 'a', type: 'string' },
        { name: 'next', type: 'Leaf[]' },
      ],
      // ethers refuses types that contain themselves; those are compared with viem, at every signature.
      Leaf: [{ name: 'a', type: 'string' }],
    };
    const bytes = (length: number) =>
      fc.uint8Array({ minLength: length, maxLength: length }).map((value) => `0x${bytesToHex(value)}`);
    const leaf = fc.record({ a: fc.string({ unit: 'binary' }) });
    const item = fc.record({ a: fc.string(), next: fc.array(leaf, { maxLength: 2 }) });
    fc.assert(
      fc.property(
        fc.record({
          small: fc.bigInt(-128n, 127n),
          large: fc.bigInt(-(1n << 255n), (1n << 255n) - 1n),
          count: fc.bigInt(0n, (1n << 64n) - 1n),
          flag: fc.boolean(),
          who: bytes(20),
          word: bytes(32),
          short: bytes(3),
          blob: fc.uint8Array({ maxLength: 40 }).map((value) => `0x${bytesToHex(value)}`),
          text: fc.string({ unit: 'grapheme' }),
          list: fc.array(fc.nat(65535), { maxLength: 3 }),
          grid: fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 2 }),
          items: fc.array(item, { maxLength: 2 }),
          pair: fc.tuple(item, item),
        }),
        fc.record({ name: fc.string(), salt: bytes(32) }, { requiredKeys: [] }),
        (message, named) => {
          const domain = { ...named, chainId: 1 };
          const intent = parseTypedData({ types, primaryType: 'All', domain, message });
          const digest = format.payloads(format.build(intent))[0]?.digest ?? new Uint8Array();
          expect(`0x${bytesToHex(digest)}`).toBe(TypedDataEncoder.hash(domain, types, message));
          expect(format.parse(format.encodeUnsigned({ intent }))).toEqual(intent);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('names the field of wrong typed data', () => {
    const wrong: readonly (readonly [(input: typeof MAIL) => void, string])[] = [
      [(x) => (x.primaryType = 'EIP712Domain'), 'primaryType'],
      [(x) => (x.primaryType = 'toString'), 'primaryType'],
      [(x) => (x.message.to.wallet = '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbb'), 'message.to.wallet'],
      [(x) => (x.message.contents = '\ud800'), 'message.contents'],
      [(x) => Object.assign(x.message, { extra: 1 }), 'message'],
      [(x) => delete (x.message as Partial<typeof x.message>).contents, 'message.contents'],
      [(x) => Object.assign(x.message, { to: null }), 'message.to'],
      [(x) => Object.assign(x.message, { to: [] }), 'message.to'],
      [(x) => Object.assign(x.domain, { other: 1 }), 'domain'],
      [(x) => x.types.EIP712Domain.reverse(), 'types.EIP712Domain'],
      [(x) => x.types.EIP712Domain.pop(), 'types.EIP712Domain'],
      [(x) => x.types.Mail.push({ name: 'from', type: 'Person' }), 'types.Mail[3].name'],
      [(x) => x.types.Mail.push({ name: 'n', type: 'uint' }), 'types.Mail[3].type'],
      [(x) => x.types.Mail.push({ name: 'n', type: 'uint7' }), 'types.Mail[3].type'],
      [(x) => x.types.Mail.push({ name: 'n', type: 'bytes33' }), 'types.Mail[3].type'],
      [(x) => x.types.Mail.push({ name: 'n', type: 'Person[0]' }), 'types.Mail[3].type'],
      [(x) => x.types.Mail.push({ name: 'n', type: 'EIP712Domain' }), 'types.Mail[3].type'],
      [(x) => x.types.Mail.push({ name: 'n\u202e', type: 'string' }), 'types.Mail[3].name'],
      [(x) => Object.assign(x.types, { address: [] }), 'types.address'],
      [(x) => Object.assign(x.types, { 'Person)': [] }), 'types'],
    ];
    for (const [edit, field] of wrong) {
      expect(() => parseTypedData(change(edit)), edit.toString()).toThrow(
        expect.objectContaining({ field, code: 'INVALID_INTENT' }),
      );
    }
    const value = (type: string, given: unknown): TypedDataInput => ({
      types: { Box: [{ name: 'v', type }] },
      primaryType: 'Box',
      domain: { chainId: 1 },
      message: { v: given },
    });
    for (const [type, given] of [
      ['uint8', 256],
      ['uint8', -1],
      ['uint256', 2 ** 53],
      ['uint256', '1e3'],
      ['int8', 128],
      ['int8', '-129'],
      ['bool', 1],
      ['bool', 'true'],
      ['bytes2', '0x0102ff'],
      ['bytes', '0x1'],
      ['string', 5],
      ['address', '0x12'],
      ['uint8[2]', [1]],
      ['uint8[]', '0x'],
    ] as const) {
      expect(() => parseTypedData(value(type, given)), `${type} ${String(given)}`).toThrow(
        expect.objectContaining({ field: 'message.v' }),
      );
    }
    // A type that is not used is not signed either: it is dropped, and refused in canonical bytes.
    expect(parseTypedData(change((x) => Object.assign(x.types, { Unused: [{ name: 'a', type: 'bool' }] })))).toEqual(
      mail,
    );
    let deep: object = { a: [] };
    for (let i = 0; i < 40; i++) deep = { a: [deep] };
    expect(() =>
      parseTypedData({
        types: { N: [{ name: 'a', type: 'N[]' }] },
        primaryType: 'N',
        domain: { chainId: 1 },
        message: deep,
      }),
    ).toThrow(/nested deeper/);
    const many = Array.from({ length: 600 }, () => 1);
    expect(() => parseTypedData(value('uint8[]', many))).toThrow(/more than 500 values/);
    const structs = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`T${i}`, []]));
    expect(() => parseTypedData({ types: structs, primaryType: 'T0', domain: { chainId: 1 }, message: {} })).toThrow(
      expect.objectContaining({ field: 'types' }),
    );
  });

  it('shows every value under its path, texts quoted', () => {
    const intent = parseTypedData(change((x) => (x.message.contents = 'one"\nto: "Eve')));
    expect(format.describe(intent)).toEqual([
      'Sign Mail for "Ether Mail" version "1" on Ethereum (eip155:1), checked by the contract 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC.',
      'from.name: "Cow"',
      'from.wallet: 0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826',
      'to.name: "Bob"',
      'to.wallet: 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB',
      'contents: "one\\"\\u{a}to: \\"Eve"',
      'Such a signature can act like a transaction: for example, let somebody take tokens of this account.',
    ]);
  });
});
