import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Transaction } from '@scure/btc-signer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bip143Preimages, p2wpkhScriptCode } from '../src/bitcoin/bip143.ts';
import { encodeDer } from '../src/ecdsa.ts';
import {
  addressToScript,
  type BitcoinNetworkName,
  hashMessage,
  InvalidIntentError,
  InvalidSignatureError,
  p2wpkhAddress,
  p2wpkhChain,
  p2wpkhFeeSats,
  type P2wpkhIntent,
  p2wpkhScript,
  p2wpkhTransfer,
  scriptToAddress,
  TransactionDecodeError,
} from '../src/index.ts';
import { standInSigner } from './stand-in-signer.ts';

const SECRET_KEY = hexToBytes('619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9');
const signer = standInSigner(SECRET_KEY);
const other = standInSigner(new Uint8Array(32).fill(9));
const ownScript = p2wpkhScript(signer.publicKey);
const chain = p2wpkhChain('regtest');

/** BIP-143, "Native P2WPKH": https://github.com/bitcoin/bips/blob/master/bip-0143.mediawiki */
const BIP143 = {
  publicKey: '025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357',
  scriptPubKey: '00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1',
  preimage:
    '0100000096b827c8483d4e9b96712b6713a7b68d6e8003a781feba36c31143470b4efd3752b0a642eea2fb7ae638c36f6252b6750293dbe574a806984b8e4d8548339a3bef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a010000001976a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac0046c32300000000ffffffff863ef3e1a92afbfdb97f31ad0fc7683ee943e9abcf2501590ff8f6551f47e5e51100000001000000',
  sigHash: 'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
  signature:
    '304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee',
  inputs: [
    { txid: '9f96ade4b41d5433f4eda31e1738ec2b36f6e7d1420d94a6af99801a88f7f7ff', vout: 0, sequence: 0xffffffee },
    { txid: '8ac60eb9575db5b2d987e29f301b5b819ea83a5c6579d282d189cc04b8e151ef', vout: 1, sequence: 0xffffffff },
  ],
  outputs: [
    { amountSats: 112_340_000n, scriptPubKey: hexToBytes('76a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac') },
    { amountSats: 223_450_000n, scriptPubKey: hexToBytes('76a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac') },
  ],
} as const;

const txid = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex);
const uint32 = fc.oneof(fc.constantFrom(0, 1, 0xffff_fffd, 0xffff_fffe, 0xffff_ffff), fc.nat(0xffff_ffff));
const script = fc.oneof(
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map((h) => Uint8Array.of(0x00, 0x14, ...h)),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((h) => Uint8Array.of(0x00, 0x20, ...h)),
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map((h) => Uint8Array.of(0x76, 0xa9, 0x14, ...h, 0x88, 0xac)),
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map((h) => Uint8Array.of(0xa9, 0x14, ...h, 0x87)),
  // P2TR: any valid x coordinate.
  fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .filter((key) => key.some((byte) => byte !== 0) && (key[0] ?? 0) < 255)
    .map((key) => Uint8Array.of(0x51, 0x20, ...standInSigner(key).publicKey.slice(1))),
);
const intentsOf = (network: BitcoinNetworkName, spent: fc.Arbitrary<Uint8Array>): fc.Arbitrary<P2wpkhIntent> =>
  fc.record({
    version: fc.constantFrom(1 as const, 2 as const),
    inputs: fc.uniqueArray(
      fc.record({
        txid,
        vout: uint32,
        amountSats: fc.bigInt(100_000_000n, 2_100_000_000_000_000n),
        scriptPubKey: spent,
        sequence: uint32,
      }),
      { minLength: 1, maxLength: 4, selector: (input) => `${input.txid}:${input.vout}` },
    ),
    outputs: fc.array(
      fc.record({
        address: script.map((bytes) => scriptToAddress(bytes, network)),
        amountSats: fc.bigInt(1n, 25_000_000n),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    lockTime: uint32,
  });
const anyP2wpkh = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((h) => Uint8Array.of(0x00, 0x14, ...h));

const payment = p2wpkhTransfer(
  {
    utxos: [
      { txid: 'ab'.repeat(32), vout: 1, amountSats: 60_000n, scriptPubKey: ownScript },
      { txid: 'cd'.repeat(32), vout: 0, amountSats: 50_000n, scriptPubKey: ownScript },
    ],
    to: p2wpkhAddress(other.publicKey, 'regtest'),
    amountSats: 70_000n,
    changeAddress: chain.address(signer.publicKey),
    feeRateSatsPerVbyte: 2,
  },
  'regtest',
);

describe('BIP-143 official P2WPKH example', () => {
  const [, preimage] = bip143Preimages({ version: 1, lockTime: 17, inputs: BIP143.inputs, outputs: BIP143.outputs }, [
    {
      scriptCode: hexToBytes('2103c9f4836b9a4f77fc0d81f7bcb01b7f1b35916864b9476c241ce9fc198bd25432ac'),
      amountSats: 625_000_000n,
    },
    { scriptCode: p2wpkhScriptCode(hexToBytes(BIP143.scriptPubKey).slice(2)), amountSats: 600_000_000n },
  ]);

  it('preimage, digest and signature are the published ones', () => {
    if (preimage === undefined) throw new Error('no preimage');
    expect(bytesToHex(preimage)).toBe(BIP143.preimage);
    const digest = hashMessage('sha256d', preimage);
    expect(bytesToHex(digest)).toBe(BIP143.sigHash);
    expect(bytesToHex(signer.publicKey)).toBe(BIP143.publicKey);
    expect(bytesToHex(ownScript)).toBe(BIP143.scriptPubKey);
    // RFC 6979 and low-s: the same signature as in the BIP.
    expect(bytesToHex(encodeDer(signer.signDigest(digest)))).toBe(BIP143.signature);
  });

  it('the chain finds the same messages if both inputs are P2WPKH', () => {
    const mainnet = p2wpkhChain('mainnet');
    const unsigned = mainnet.build({
      version: 1,
      lockTime: 17,
      inputs: BIP143.inputs.map((input, i) => ({
        ...input,
        scriptPubKey: ownScript,
        amountSats: i === 0 ? 625_000_000n : 600_000_000n,
      })),
      outputs: BIP143.outputs.map((output) => ({
        amountSats: output.amountSats,
        address: scriptToAddress(output.scriptPubKey, 'mainnet'),
      })),
    });
    // The message of input 1 does not depend on what input 0 spends.
    const payload = mainnet.payloads(unsigned)[1];
    expect(bytesToHex(payload?.message ?? new Uint8Array())).toBe(BIP143.preimage);
    expect(bytesToHex(payload?.digest ?? new Uint8Array())).toBe(BIP143.sigHash);
  });
});

describe('Bitcoin addresses', () => {
  it('P2WPKH of the BIP-173 example key on each network', () => {
    // Secret key 1, whose public key is the one of BIP-173's examples.
    const { publicKey } = standInSigner(hexToBytes('00'.repeat(31).concat('01')));
    expect(p2wpkhAddress(publicKey, 'mainnet')).toBe('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4');
    expect(p2wpkhAddress(publicKey, 'testnet')).toBe('tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx');
    expect(p2wpkhAddress(publicKey, 'regtest')).toMatch(/^bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7k/);
  });

  it('script -> address -> script for every standard type and network', () => {
    fc.assert(
      fc.property(
        script,
        fc.constantFrom('mainnet' as const, 'testnet' as const, 'regtest' as const),
        (bytes, network) => {
          expect(addressToScript(scriptToAddress(bytes, network), network)).toEqual(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses other networks, typing errors and scripts without an address', () => {
    const mainnet = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
    expect(() => addressToScript(mainnet, 'regtest')).toThrow(InvalidIntentError);
    expect(() => addressToScript(mainnet.replace('w508', 'w5o8'), 'mainnet')).toThrow(InvalidIntentError);
    expect(() => addressToScript('', 'mainnet')).toThrow(InvalidIntentError);
    // Valid bech32m, witness version 16: nobody can spend it as intended today.
    expect(() => addressToScript('bc1sw50qgdz25j', 'mainnet')).toThrow(InvalidIntentError);
    const opReturn = hexToBytes('6a0568656c6c6f');
    expect(() => scriptToAddress(opReturn, 'mainnet')).toThrow(InvalidIntentError);
  });
});

describe('P2WPKH transactions', () => {
  it('parse(encode(build(i))) = i', () => {
    fc.assert(
      fc.property(intentsOf('regtest', anyP2wpkh), (intent) => {
        const unsigned = chain.build(intent);
        expect(unsigned.intent).toEqual(intent);
        expect(chain.parse(chain.encodeUnsigned(unsigned))).toEqual(intent);
      }),
      { numRuns: 60 },
    );
  });

  it('sha256d(preimage) is the digest, one payload per input; signed bytes verify under this key only', () => {
    fc.assert(
      fc.property(intentsOf('regtest', fc.constant(ownScript)), (intent) => {
        const unsigned = chain.build(intent);
        const payloads = chain.payloads(unsigned);
        expect(payloads.length).toBe(intent.inputs.length);
        for (const { message, digest, hashScheme } of payloads) {
          expect(hashScheme).toBe('sha256d');
          expect(message.length).toBe(182);
          expect(hashMessage('sha256d', message)).toEqual(digest);
        }
        const signed = chain.attach(unsigned, signer.publicKey, signer.sign(payloads));
        expect(chain.verify(signed, signer.publicKey)).toBe(true);
        expect(chain.verify(signed, other.publicKey)).toBe(false);
        // The library's own signer makes the same bytes and the same id.
        const tx = Transaction.fromPSBT(chain.encodeUnsigned(unsigned));
        tx.sign(SECRET_KEY);
        tx.finalize();
        expect(bytesToHex(chain.encode(signed))).toBe(tx.hex);
        expect(chain.txid(signed)).toBe(tx.id);
      }),
      { numRuns: 12 },
    );
  });

  it('verify reads the final bytes: no other intent, no changed byte', () => {
    const unsigned = chain.build(payment);
    const signed = chain.attach(unsigned, signer.publicKey, signer.sign(chain.payloads(unsigned)));
    expect(chain.verify(signed, signer.publicKey)).toBe(true);
    const [first, ...rest] = payment.outputs;
    if (first === undefined) throw new Error('no output');
    const lessPaid = { ...payment, outputs: [{ ...first, amountSats: first.amountSats - 1n }, ...rest] };
    expect(chain.verify({ ...signed, intent: lessPaid }, signer.publicKey)).toBe(false);
    // A lie about an input's amount changes that input's message (BIP-143).
    const [input, ...inputs] = payment.inputs;
    if (input === undefined) throw new Error('no input');
    const moreSpent = { ...payment, inputs: [{ ...input, amountSats: input.amountSats + 1n }, ...inputs] };
    expect(chain.verify({ ...signed, intent: moreSpent }, signer.publicKey)).toBe(false);
    fc.assert(
      fc.property(fc.nat(signed.rawTransaction.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
        const rawTransaction = signed.rawTransaction.with(at, (signed.rawTransaction[at] ?? 0) ^ xor);
        return !chain.verify({ ...signed, rawTransaction }, signer.publicKey);
      }),
      { numRuns: 60 },
    );
    expect(chain.verify({ ...signed, rawTransaction: new Uint8Array(0) }, signer.publicKey)).toBe(false);
  });

  it('parse refuses changed, cut and extended bytes with a typed error, or reads another intent', () => {
    const bytes = chain.encodeUnsigned(chain.build(payment));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(3), (at, byte, how) => {
        const changed = [
          bytes.with(at, byte),
          bytes.slice(0, at),
          Uint8Array.of(...bytes.slice(0, at), byte, ...bytes.slice(at)),
          Uint8Array.of(...bytes, byte),
        ][how] as Uint8Array;
        try {
          expect(chain.encodeUnsigned(chain.build(chain.parse(changed)))).toEqual(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(TransactionDecodeError);
        }
      }),
      { numRuns: 500 },
    );
    for (const nonsense of [new Uint8Array(0), new Uint8Array(500_000), new TextEncoder().encode('psbt')]) {
      expect(() => chain.parse(nonsense)).toThrow(TransactionDecodeError);
    }
  });

  it('parse refuses a PSBT with anything more than it shows', () => {
    const bytes = chain.encodeUnsigned(chain.build(payment));
    const withSighash = Transaction.fromPSBT(bytes);
    withSighash.updateInput(0, { sighashType: 1 });
    expect(() => chain.parse(withSighash.toPSBT(0))).toThrow(/not canonically encoded/);
    const signed = Transaction.fromPSBT(bytes);
    signed.sign(SECRET_KEY);
    expect(() => chain.parse(signed.toPSBT(0))).toThrow(TransactionDecodeError);
    expect(() => chain.parse(signed.toPSBT(2))).toThrow(TransactionDecodeError);
    expect(() => p2wpkhChain('mainnet').parse(bytes)).not.toThrow(); // scripts are the same; the addresses shown differ
    expect(p2wpkhChain('mainnet').parse(bytes).outputs[0]?.address).toMatch(/^bc1q/);
    const opReturn = new Transaction({ allowUnknownOutputs: true });
    opReturn.addInput({ txid: 'ab'.repeat(32), index: 0, witnessUtxo: { amount: 9n, script: ownScript } });
    opReturn.addOutput({ script: hexToBytes('6a0568656c6c6f'), amount: 1n });
    expect(() => chain.parse(opReturn.toPSBT(0))).toThrow(TransactionDecodeError);
  });

  it('names the field of a wrong intent', () => {
    const [input] = payment.inputs;
    const [output] = payment.outputs;
    if (input === undefined || output === undefined) throw new Error('empty payment');
    const wrong: readonly (readonly [Partial<P2wpkhIntent>, string])[] = [
      [{ version: 3 as 2 }, 'version'],
      [{ lockTime: -1 }, 'lockTime'],
      [{ inputs: [] }, 'inputs'],
      [{ outputs: [] }, 'outputs'],
      [{ inputs: [input, { ...input, txid: input.txid.toUpperCase() }] }, 'inputs[1]'],
      [{ inputs: [{ ...input, txid: 'ab' }] }, 'inputs[0].txid'],
      [{ inputs: [{ ...input, vout: 2 ** 32 }] }, 'inputs[0].vout'],
      [{ inputs: [{ ...input, sequence: 0.5 }] }, 'inputs[0].sequence'],
      [{ inputs: [{ ...input, amountSats: 0n }] }, 'inputs[0].amountSats'],
      [{ inputs: [{ ...input, scriptPubKey: Uint8Array.of(0x51) }] }, 'inputs[0].scriptPubKey'],
      [{ outputs: [{ ...output, address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' }] }, 'outputs[0].address'],
      [{ outputs: [{ ...output, amountSats: 2_100_000_000_000_001n }] }, 'outputs[0].amountSats'],
      [{ outputs: [{ ...output, amountSats: 110_001n }] }, 'outputs'],
    ];
    for (const [change, field] of wrong) {
      expect(() => chain.build({ ...payment, ...change })).toThrow(
        expect.objectContaining({ field, code: 'INVALID_INTENT' }),
      );
    }
  });

  it('attaches only low-s signatures of these messages by this key, in order', () => {
    const unsigned = chain.build(payment);
    const [a, b] = signer.sign(chain.payloads(unsigned));
    if (a === undefined || b === undefined) throw new Error('two signatures expected');
    const attach = (...signatures: (typeof a)[]) => chain.attach(unsigned, signer.publicKey, signatures);
    expect(() => attach(a)).toThrow(expect.objectContaining({ reason: 'count' }));
    expect(() => attach(b, a)).toThrow(expect.objectContaining({ reason: 'mismatch', field: 'signatures[0]' }));
    expect(() => attach(a, { ...b, recoveryId: b.recoveryId ^ 1 })).toThrow(InvalidSignatureError);
    expect(() => chain.attach(unsigned, other.publicKey, other.sign(chain.payloads(unsigned)))).toThrow(
      expect.objectContaining({ field: 'inputs[0].scriptPubKey' }),
    );
  });

  it('a transfer pays amount, change and fee; the estimate covers the real size', () => {
    expect(payment.outputs.map((output) => output.amountSats)).toEqual([
      70_000n,
      110_000n - 70_000n - p2wpkhFeeSats(payment),
    ]);
    const unsigned = chain.build(payment);
    const signed = chain.attach(unsigned, signer.publicKey, signer.sign(chain.payloads(unsigned)));
    const tx = Transaction.fromRaw(chain.encode(signed));
    expect(Number(p2wpkhFeeSats(payment))).toBeGreaterThanOrEqual(2 * tx.vsize);
    expect(Number(p2wpkhFeeSats(payment))).toBeLessThanOrEqual(2 * (tx.vsize + 2));
    const args = { utxos: payment.inputs, to: chain.address(other.publicKey) };
    const rest = { changeAddress: chain.address(signer.publicKey), feeRateSatsPerVbyte: 1 };
    // What is left would be dust: one output, the rest is fee.
    expect(p2wpkhTransfer({ ...args, ...rest, amountSats: 109_600n }, 'regtest').outputs.length).toBe(1);
    expect(() => p2wpkhTransfer({ ...args, ...rest, amountSats: 109_999n }, 'regtest')).toThrow(/sats less than/);
    expect(() =>
      p2wpkhTransfer({ ...args, ...rest, amountSats: 1n, feeRateSatsPerVbyte: Number.NaN }, 'regtest'),
    ).toThrow(expect.objectContaining({ field: 'feeRateSatsPerVbyte' }));
  });

  it('says what a person approves', () => {
    const own = chain.address(signer.publicKey);
    const to = chain.address(other.publicKey);
    const fee = p2wpkhFeeSats(payment);
    expect(chain.describe(payment)).toEqual([
      `Send 0.0007 BTC (70000 sats) to ${to} on Bitcoin regtest.`,
      `Return 0.000${40_000n - fee} BTC (${40_000n - fee} sats) to ${own}, the address it comes from (change).`,
      `Spends 2 outputs of ${own} with 0.0011 BTC (110000 sats) in all.`,
      `Fee: 0.00000${fee} BTC (${fee} sats), about 2 sats per vbyte.`,
    ]);
    expect(chain.describe({ ...payment, lockTime: 700 }).at(-1)).toBe('Cannot be mined before block 700.');
    expect(chain.describe({ ...payment, lockTime: 1_800_000_000 }).at(-1)).toBe(
      'Cannot be mined before 2027-01-15T08:00:00Z.',
    );
  });
});
