import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import * as fc from 'fast-check';
import { decode, encode, encodeForSigning } from 'ripple-binary-codec';
import { describe, expect, it } from 'vitest';
import { verifySignature, Wallet } from 'xrpl';
import { decodeDer, verifiesLowS } from '../src/ecdsa.ts';
import { hashMessage, InvalidIntentError, TransactionDecodeError } from '../src/index.ts';
import {
  FULLY_CANONICAL,
  xrplAddress,
  type XrplAmount,
  type XrplNetwork,
  XRPL_NETWORKS,
  type XrplPaymentIntent,
  xrplPayments,
} from '../src/xrpl/index.ts';
import { expectAllSigned, expectStrict } from './adversary.ts';
import { standInSigner } from './stand-in-signer.ts';

const secret = new Uint8Array(32).fill(0x31);
const signer = standInSigner(secret);
const other = standInSigner(new Uint8Array(32).fill(9));
const mainnet = XRPL_NETWORKS[0] as XrplNetwork;
const chain = xrplPayments(mainnet);
const account = xrplAddress(signer.publicKey);
const destination = xrplAddress(other.publicKey);
const issuer = 'rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B';
const intent: XrplPaymentIntent = {
  account,
  destination,
  destinationTag: 7,
  amount: 20_000_000n,
  feeDrops: 12n,
  sequence: 5,
  lastLedgerSequence: 1000,
  flags: FULLY_CANONICAL,
  publicKey: signer.publicKey,
};
const upper = (bytes: Uint8Array): string => bytesToHex(bytes).toUpperCase();
const digest = (any: XrplPaymentIntent): Uint8Array => chain.payloads(chain.build(any))[0]?.digest ?? new Uint8Array();

const uint32 = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff), fc.nat(0xffff_ffff));
const decimal = fc.tuple(fc.bigInt(1n, 10n ** 15n - 1n), fc.integer({ min: 0, max: 12 })).map(([digits, places]) => {
  const text = digits.toString().padStart(places + 1, '0');
  const whole = text.slice(0, text.length - places);
  const fraction = text.slice(text.length - places).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
});
const amounts: fc.Arbitrary<XrplAmount> = fc.oneof(
  fc.bigInt(1n, 10n ** 17n),
  fc.record({
    currency: fc.constantFrom('USD', 'eur', 'A$1', '0158415500000000C1F76FF6ECB0BAC600000000'),
    issuer: fc.constant(issuer),
    value: decimal,
  }),
);
const intents: fc.Arbitrary<XrplPaymentIntent> = fc
  .record(
    {
      destinationTag: uint32,
      sourceTag: uint32,
      sendMax: amounts,
      invoiceId: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(upper),
      lastLedgerSequence: uint32,
      flags: fc.constantFrom(0, FULLY_CANONICAL),
      ticketSequence: fc.integer({ min: 1, max: 1000 }),
      amount: amounts,
      feeDrops: fc.bigInt(1n, 10n ** 9n),
    },
    { requiredKeys: ['amount', 'feeDrops'] },
  )
  .map((some) => ({
    ...some,
    account,
    destination,
    sequence: some.ticketSequence === undefined ? 9 : 0,
    publicKey: signer.publicKey,
  }));

describe('vector of xrpl.js ("sign succeeds when given a transaction with no flags")', () => {
  // XRPLF/xrpl.js, packages/xrpl/test/wallet: a regular key signs there, so the account is not the key's.
  const blob =
    '1200002400000001614000000001312D0068400000000000000C732102A8A44DB3D4C73EEEE11DFE54D2029103B776AA8A8D293A91D645977C9DF5F5447446304402201C0A74EE8ECF5ED83734D7171FB65C01D90D67040DEDCC66414BD546CE302B5802205356843841BFFF60D15F5F5F9FB0AB9D66591778140AB2D137FF576D9DEC44BC8114EE3046A5DDF8422C40DDB93F1D522BB4FE6419158314FDB08D07AAA0EB711793A3027304D688E10C3648';

  it('prefix, digest, signature form and id', () => {
    const { TxnSignature, ...unsigned } = decode(blob) as Record<string, unknown>;
    const message = hexToBytes(encodeForSigning(unsigned).toLowerCase());
    expect(bytesToHex(message.slice(0, 4))).toBe('53545800');
    const { r, s } = decodeDer(hexToBytes(String(TxnSignature).toLowerCase()));
    const publicKey = hexToBytes('02a8a44db3d4c73eeee11dfe54d2029103b776aa8a8d293a91d645977c9df5f544');
    expect(verifiesLowS(r, s, hashMessage('sha512-half', message), publicKey)).toBe(true);
    const id = hashMessage('sha512-half', concatBytes(hexToBytes('54584e00'), hexToBytes(blob.toLowerCase())));
    expect(upper(id)).toBe('E22186AE9FE477821BF361358174C2B0AC2D3289AA6F7E8C1102B3D270C41204');
    // We sign for the account's own key only.
    expect(() => chain.parse(message)).toThrow(expect.objectContaining({ field: 'account' }));
  });

  it('account of the documented master key', () => {
    // The genesis account: secret "masterpassphrase".
    const key = hexToBytes('0330e7fc9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd020');
    expect(xrplAddress(key)).toBe('rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh');
  });
});

describe('payments', () => {
  it('parse(encode(build(i))) = i, and xrpl.js signs and verifies the same', () => {
    const wallet = new Wallet(upper(signer.publicKey), `00${upper(secret)}`);
    expect(wallet.classicAddress).toBe(account);
    fc.assert(
      fc.property(intents, (any) => {
        const unsigned = chain.build(any);
        const bytes = chain.encodeUnsigned(unsigned);
        expect(chain.parse(bytes)).toEqual(any);
        const signed = chain.attach(unsigned, signer.publicKey, signer.sign(chain.payloads(unsigned)));
        expect(chain.verify(signed, signer.publicKey)).toBe(true);
        expect(chain.verify(signed, other.publicKey)).toBe(false);
        const blob = upper(signed.transaction);
        expect(verifySignature(blob)).toBe(true);
        const { TxnSignature: _signature, SigningPubKey: _key, ...json } = decode(blob) as Record<string, unknown>;
        const theirs = wallet.sign(json as never);
        expect(theirs).toEqual({ tx_blob: blob, hash: chain.txid(signed) });
      }),
      // All drops that there are, in every place for an amount.
      { numRuns: 30, examples: [[{ ...intent, amount: 10n ** 17n, sendMax: 10n ** 17n }]] },
    );
  });

  it('no changed bytes are read as the same; verify reads the final bytes', () => {
    expectStrict(chain.encodeUnsigned({ intent }), (changed) =>
      chain.encodeUnsigned(chain.build(chain.parse(changed))),
    );
    const token = { ...intent, amount: { currency: 'USD', issuer, value: '10.5' }, sendMax: 5n };
    expectStrict(chain.encodeUnsigned({ intent: token }), (changed) =>
      chain.encodeUnsigned(chain.build(chain.parse(changed))),
    );
    const signed = chain.attach({ intent }, signer.publicKey, signer.sign(chain.payloads({ intent })));
    for (let at = 0; at < signed.transaction.length; at++) {
      const transaction = signed.transaction.with(at, (signed.transaction[at] ?? 0) ^ 1);
      expect(chain.verify({ ...signed, transaction }, signer.publicKey), `byte ${at}`).toBe(false);
    }
    expect(chain.verify({ ...signed, intent: { ...intent, amount: 1n } }, signer.publicKey)).toBe(false);
  });

  it('every field is signed, and large network ids are', () => {
    expectAllSigned<XrplPaymentIntent>(
      intent,
      [
        { destination: issuer },
        { destinationTag: 8 },
        { sourceTag: 1 },
        { amount: 20_000_001n },
        { amount: { currency: 'USD', issuer, value: '20' } },
        { sendMax: 1n },
        { invoiceId: 'AB'.repeat(32) },
        { feeDrops: 13n },
        { sequence: 6 },
        { sequence: 0, ticketSequence: 5 },
        { lastLedgerSequence: 1001 },
        { flags: 0 },
      ],
      digest,
    );
    const side = xrplPayments({ name: 'side', networkId: 21_337, id: 'xrpl:21337' });
    const bytes = side.encodeUnsigned({ intent });
    expect(side.parse(bytes)).toEqual(intent);
    expect(() => chain.parse(bytes)).toThrow(expect.objectContaining({ field: 'NetworkID' }));
    expect(() => side.parse(chain.encodeUnsigned({ intent }))).toThrow(expect.objectContaining({ field: 'NetworkID' }));
    expect(chain.describe(intent).join(' ')).toContain('does not name its network');
    expect(side.describe(intent).join(' ')).not.toContain('does not name its network');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['partial payments', { Flags: 0x0002_0000 }, 'flags'],
    ['memos', { Memos: [{ Memo: { MemoData: '72656E74' } }] }, 'Memos'],
    ['paths', { Paths: [[{ account: issuer }]], SendMax: '5' }, 'Paths'],
    ['DeliverMin', { DeliverMin: '1' }, 'DeliverMin'],
    ['other transactions', { TransactionType: 'AccountDelete' }, 'TransactionType'],
    ['account transaction ids', { AccountTxnID: 'AB'.repeat(32) }, 'AccountTxnID'],
    ['other keys', { SigningPubKey: upper(other.publicKey) }, 'account'],
    ['multi-signing', { SigningPubKey: '' }, 'publicKey'],
    ['Ed25519 keys', { SigningPubKey: `ED${'12'.repeat(32)}` }, 'publicKey'],
    ['sending to oneself', { Destination: account }, 'destination'],
    ['no fee', { Fee: '0' }, 'feeDrops'],
    ['tickets beside a sequence', { TicketSequence: 4 }, 'sequence'],
  ])('refuses %s', (_name, change, field) => {
    const json = decode(upper(chain.encodeUnsigned({ intent }).slice(4))) as Record<string, unknown>;
    const bytes = hexToBytes(`53545800${encode({ ...json, ...change })}`.toLowerCase());
    expect(() => chain.parse(bytes)).toThrow(expect.objectContaining({ name: 'TransactionDecodeError', field }));
  });

  it('refuses other prefixes and wrong intents, by field', () => {
    const bytes = chain.encodeUnsigned({ intent });
    // SMT: multi-signing. TXN: ids.
    for (const prefix of ['534d5400', '54584e00']) {
      expect(() => chain.parse(concatBytes(hexToBytes(prefix), bytes.slice(4)))).toThrow(TransactionDecodeError);
    }
    const usd = (change: object): XrplPaymentIntent => ({
      ...intent,
      amount: { currency: 'USD', issuer, value: '1', ...change },
    });
    const wrong: readonly (readonly [XrplPaymentIntent, string])[] = [
      [usd({ currency: 'XRP' }), 'amount.currency'],
      [usd({ currency: 'US' }), 'amount.currency'],
      [usd({ issuer: 'r123' }), 'amount.issuer'],
      [usd({ value: '0' }), 'amount.value'],
      [usd({ value: '1.50' }), 'amount.value'],
      [usd({ value: '-1' }), 'amount.value'],
      [usd({ value: '1e5' }), 'amount.value'],
      [usd({ value: '1234567890123456' }), 'amount.value'],
      [{ ...intent, amount: 0n }, 'amount'],
      [{ ...intent, feeDrops: 0n }, 'feeDrops'],
      [{ ...intent, destinationTag: 2 ** 32 }, 'destinationTag'],
      [{ ...intent, destination: 'rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTH' }, 'destination'],
      [{ ...intent, invoiceId: 'ab' }, 'invoiceId'],
      [{ ...intent, publicKey: other.publicKey }, 'account'],
    ];
    for (const [any, field] of wrong) expect(() => chain.build(any), field).toThrow(expect.objectContaining({ field }));
    expect(() => chain.attach({ intent }, other.publicKey, other.sign(chain.payloads({ intent })))).toThrow(
      InvalidIntentError,
    );
  });

  it('a person reads amounts with units, the tag and the end', () => {
    expect(chain.describe(intent)).toEqual([
      `Send 20 XRP (20000000 drops) from ${account} to ${destination}, with destination tag 7, on XRP Ledger (xrpl:0).`,
      'Fee: 0.000012 XRP (12 drops).',
      'Sequence: 5.',
      'Valid until ledger 1000.',
      'The transaction does not name its network: it is also valid on others where this account has this sequence.',
    ]);
    const token = chain.describe({ ...intent, amount: { currency: 'A$1', issuer, value: '0.5' }, sendMax: 3n });
    expect(token[0]).toContain(`Send 0.5 of the token "A$1" issued by ${issuer} from`);
    expect(token[1]).toBe('Spend at most 0.000003 XRP (3 drops) for it.');
  });
});
