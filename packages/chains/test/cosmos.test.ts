import { makeSignDoc as makeAminoDoc, serializeSignDoc } from '@cosmjs/amino';
import { Secp256k1, Secp256k1Signature, sha256 } from '@cosmjs/crypto';
import { DirectSecp256k1Wallet, makeSignBytes, makeSignDoc } from '@cosmjs/proto-signing';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { AuthInfo, SignDoc, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COSMOS_NETWORKS,
  cosmosAddress,
  cosmosAminoChain,
  cosmosDirectChain,
  type CosmosDirectIntent,
  type CosmosNetwork,
  type CosmosTransfer,
} from '../src/cosmos/index.ts';
import { InvalidIntentError, TransactionDecodeError } from '../src/index.ts';
import { verifiesLowS } from '../src/ecdsa.ts';
import { expectAllSigned, expectStrict } from './adversary.ts';
import { standInSigner } from './stand-in-signer.ts';

const hub = COSMOS_NETWORKS[0] as CosmosNetwork;
const secret = new Uint8Array(32).fill(0x21);
const signer = standInSigner(secret);
const other = standInSigner(new Uint8Array(32).fill(9));
const from = cosmosAddress(signer.publicKey, 'cosmos');
const to = cosmosAddress(other.publicKey, 'cosmos');
const transfer: CosmosTransfer = {
  accountNumber: 12n,
  sequence: 3n,
  sends: [{ from, to, amount: [{ denom: 'uatom', amount: 1_500_000n }] }],
  fee: { amount: [{ denom: 'uatom', amount: 5000n }], gasLimit: 200_000n },
  memo: 'rent & <food>',
  timeoutHeight: 77n,
};
const intent: CosmosDirectIntent = { ...transfer, publicKey: signer.publicKey };
const direct = cosmosDirectChain(hub);
const amino = cosmosAminoChain(hub);

const uint64 = fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n), fc.bigInt(0n, (1n << 64n) - 1n));
const coins = (least: number) =>
  fc
    .uniqueArray(
      fc.record({
        denom: fc.constantFrom('uatom', 'ibc/27394FB0', 'factory/x/y', 'stake', 'a.b-c_d:e'),
        amount: fc.bigInt(1n, (1n << 256n) - 1n),
      }),
      { minLength: least, maxLength: 3, selector: ({ denom }) => denom },
    )
    .map((list) => list.toSorted((a, b) => (a.denom < b.denom ? -1 : 1)));
const transfers: fc.Arbitrary<CosmosTransfer> = fc.record({
  accountNumber: uint64,
  sequence: uint64,
  sends: fc.array(
    fc.record({
      from: fc.constant(from),
      to: fc
        .integer({ min: 1, max: 200 })
        .map((n) => cosmosAddress(standInSigner(new Uint8Array(32).fill(n)).publicKey, 'cosmos')),
      amount: coins(1),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  fee: fc.record({ amount: coins(0), gasLimit: fc.bigInt(1n, (1n << 64n) - 1n) }),
  // oxlint-disable-next-line no-control-regex -- memos have none
  memo: fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text)),
  timeoutHeight: uint64,
});

describe('vectors of cosmjs (SIGN_MODE_DIRECT, made with the SDK)', () => {
  // cosmos/cosmjs, packages/proto-signing/src/testutils.spec.ts: the faucet account on simd-testing.
  const network: CosmosNetwork = { chainId: 'simd-testing', name: 'simd', prefix: 'cosmos', coins: {} };
  const chain = cosmosDirectChain(network);
  const publicKey = hexToBytes('034f04181eeba35391b858633a765c4a0c189697b40d216354d50890d350c70290');
  const vector = (sequence: bigint): CosmosDirectIntent => ({
    accountNumber: 1n,
    sequence,
    sends: [
      {
        from: 'cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6',
        to: 'cosmos1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu',
        amount: [{ denom: 'ucosm', amount: 1_234_567n }],
      },
    ],
    fee: { amount: [{ denom: 'ucosm', amount: 2000n }], gasLimit: 200_000n },
    memo: '',
    timeoutHeight: 0n,
    publicKey,
  });
  const body =
    '0a90010a1c2f636f736d6f732e62616e6b2e763162657461312e4d736753656e6412700a2d636f736d6f7331706b707472653766646b6c366766727a6c65736a6a766878686c63337234676d6d6b38727336122d636f736d6f7331717970717870713971637273737a673270767871367273307a716733797963356c7a763778751a100a0575636f736d120731323334353637';

  it.each([
    [
      0n,
      'c9dd20e07464d3a688ff4b710b1fbc027e495e797cfa0b4804da2ed117959227772de059808f765aa29b8f92edf30f4c2c5a438e30d3fe6897daa7141e3ce6f9',
    ],
    [
      1n,
      '525adc7e61565a509c60497b798c549fbf217bb5cd31b24cc9b419d098cc95330c99ecc4bc72448f85c365a4e3f91299a3d40412fb3751bab82f1940a83a0a4c',
    ],
    [
      2n,
      'f3f2ca73806f2abbf6e0fe85f9b8af66f0e9f7f79051fdb8abe5bb8633b17da132e82d577b9d5f7a6dae57a144efc9ccc6eef15167b44b3b22a57240109762af',
    ],
  ])('the published signature of sequence %s is over our message', (sequence, signature) => {
    const unsigned = chain.build(vector(sequence));
    const [payload] = chain.payloads(unsigned);
    const { bodyBytes, authInfoBytes } = SignDoc.decode(payload?.message ?? new Uint8Array());
    expect(bytesToHex(bodyBytes)).toBe(body);
    const rs = hexToBytes(signature);
    expect(verifiesLowS(rs.slice(0, 32), rs.slice(32), payload?.digest ?? new Uint8Array(), publicKey)).toBe(true);
    expect(chain.address(publicKey)).toBe('cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6');
    const transaction = TxRaw.encode(TxRaw.fromPartial({ bodyBytes, authInfoBytes, signatures: [rs] })).finish();
    expect(chain.verify({ intent: unsigned.intent, transaction }, publicKey)).toBe(true);
    expect(chain.verify({ intent: vector(9n), transaction }, publicKey)).toBe(false);
  });

  it('refuses the older encoding of the same document, with defaults written out', () => {
    const older = `0a97010a90010a1c2f636f736d6f732e62616e6b2e763162657461312e4d736753656e6412700a2d636f736d6f7331706b707472653766646b6c366766727a6c65736a6a766878686c63337234676d6d6b38727336122d636f736d6f7331717970717870713971637273737a673270767871367273307a716733797963356c7a763778751a100a0575636f736d12073132333435363712001800126b0a500a460a1f2f636f736d6f732e63727970746f2e736563703235366b312e5075624b657912230a21034f04181eeba35391b858633a765c4a0c189697b40d216354d50890d350c7029012040a020801180012170a0d0a0575636f736d12043230303010c09a0c1a0022001a0c73696d642d74657374696e672001`;
    expect(() => chain.parse(hexToBytes(older))).toThrow(
      expect.objectContaining({ name: 'TransactionDecodeError', field: 'body' }),
    );
  });
});

describe('both sign modes', () => {
  it('parse(encode(build(i))) = i, and cosmjs makes and verifies the same', () => {
    fc.assert(
      fc.property(transfers, (any) => {
        const unsigned = direct.build({ ...any, publicKey: signer.publicKey });
        const bytes = direct.encodeUnsigned(unsigned);
        expect(direct.parse(bytes)).toEqual({ ...any, publicKey: signer.publicKey });
        if (any.accountNumber <= Number.MAX_SAFE_INTEGER) {
          const { bodyBytes, authInfoBytes } = SignDoc.decode(bytes);
          const doc = makeSignDoc(bodyBytes, authInfoBytes, 'cosmoshub-4', Number(any.accountNumber));
          expect(makeSignBytes(doc)).toEqual(bytes);
        }

        const json = amino.encodeUnsigned(amino.build(any));
        expect(amino.parse(json)).toEqual(any);
        const theirs = makeAminoDoc(
          any.sends.map((send) => ({
            type: 'cosmos-sdk/MsgSend',
            value: {
              from_address: send.from,
              to_address: send.to,
              amount: send.amount.map(({ denom, amount }) => ({ denom, amount: amount.toString() })),
            },
          })),
          {
            amount: any.fee.amount.map(({ denom, amount }) => ({ denom, amount: amount.toString() })),
            gas: any.fee.gasLimit.toString(),
          },
          'cosmoshub-4',
          any.memo,
          '0',
          '0',
          any.timeoutHeight === 0n ? undefined : any.timeoutHeight,
        );
        const full = { ...theirs, account_number: any.accountNumber.toString(), sequence: any.sequence.toString() };
        expect(new TextDecoder().decode(json)).toBe(new TextDecoder().decode(serializeSignDoc(full)));
      }),
      { numRuns: 40 },
    );
  });

  it("cosmjs's own signer makes our transaction, and its verifier accepts it", async () => {
    const wallet = await DirectSecp256k1Wallet.fromKey(secret, 'cosmos');
    const unsigned = direct.build(intent);
    const payloads = direct.payloads(unsigned);
    const signed = direct.attach(unsigned, signer.publicKey, signer.sign(payloads));
    const { signatures } = TxRaw.decode(signed.transaction);
    const doc = SignDoc.decode(payloads[0]?.message ?? new Uint8Array());
    const { signature } = await wallet.signDirect(from, doc);
    expect(Buffer.from(signatures[0] ?? new Uint8Array()).toString('base64')).toBe(signature.signature);
    for (const [chain, own] of [
      [direct, direct.build(intent)],
      [amino, amino.build(transfer)],
    ] as const) {
      const typed = chain as typeof amino;
      const messages = typed.payloads(own);
      const done = typed.attach(own, signer.publicKey, signer.sign(messages));
      const raw = TxRaw.decode(done.transaction).signatures[0] ?? new Uint8Array();
      const valid = Secp256k1.verifySignature(
        Secp256k1Signature.fromFixedLength(raw),
        sha256(messages[0]?.message ?? new Uint8Array()),
        signer.publicKey,
      );
      expect(valid).toBe(true);
      expect(typed.verify(done, signer.publicKey)).toBe(true);
      expect(typed.verify(done, other.publicKey)).toBe(false);
      expect(typed.verify({ ...done, intent: { ...own.intent, memo: 'other' } }, signer.publicKey)).toBe(false);
      expect(typed.txid(done)).toMatch(/^[0-9A-F]{64}$/);
      fc.assert(
        fc.property(fc.nat(done.transaction.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
          const transaction = done.transaction.with(at, (done.transaction[at] ?? 0) ^ xor);
          return !typed.verify({ ...done, transaction }, signer.publicKey);
        }),
        { numRuns: 60 },
      );
    }
  });

  it('no changed bytes are read as the same', () => {
    expectStrict(direct.encodeUnsigned({ intent }), (changed) =>
      direct.encodeUnsigned(direct.build(direct.parse(changed))),
    );
    expectStrict(amino.encodeUnsigned({ intent: transfer }), (changed) =>
      amino.encodeUnsigned(amino.build(amino.parse(changed))),
    );
  });

  it('every field is signed, the chain id included', () => {
    const changes: readonly Partial<CosmosTransfer>[] = [
      { accountNumber: 13n },
      { sequence: 4n },
      { sends: [{ from, to: from, amount: [{ denom: 'uatom', amount: 1_500_000n }] }] },
      { sends: [{ from, to, amount: [{ denom: 'uatom', amount: 1_500_001n }] }] },
      { sends: [{ from, to, amount: [{ denom: 'uosmo', amount: 1_500_000n }] }] },
      { sends: [...transfer.sends, ...transfer.sends] },
      { fee: { amount: [], gasLimit: 200_000n } },
      { fee: { ...transfer.fee, gasLimit: 200_001n } },
      { memo: '' },
      { timeoutHeight: 0n },
    ];
    expectAllSigned<CosmosTransfer>(
      transfer,
      changes,
      (any) => amino.payloads(amino.build(any))[0]?.digest ?? new Uint8Array(),
    );
    expectAllSigned<CosmosDirectIntent>(
      intent,
      changes,
      (any) => direct.payloads(direct.build(any))[0]?.digest ?? new Uint8Array(),
    );
    const copy = { ...hub, chainId: 'cosmoshub-5' };
    expect(cosmosDirectChain(copy).payloads({ intent })[0]?.digest).not.toEqual(direct.payloads({ intent })[0]?.digest);
    expect(cosmosAminoChain(copy).payloads({ intent: transfer })[0]?.digest).not.toEqual(
      amino.payloads({ intent: transfer })[0]?.digest,
    );
    expect(() => cosmosDirectChain(copy).parse(direct.encodeUnsigned({ intent }))).toThrow(
      expect.objectContaining({ field: 'chainId' }),
    );
    expect(() => cosmosAminoChain(copy).parse(amino.encodeUnsigned({ intent: transfer }))).toThrow(
      expect.objectContaining({ field: 'chain_id' }),
    );
  });
});

describe('what is refused', () => {
  const doc = SignDoc.decode(direct.encodeUnsigned({ intent }));
  const withBody = (edit: (body: TxBody) => void): Uint8Array => {
    const body = TxBody.decode(doc.bodyBytes);
    edit(body);
    return SignDoc.encode({ ...doc, bodyBytes: TxBody.encode(body).finish() }).finish();
  };
  const withAuth = (edit: (auth: AuthInfo) => void): Uint8Array => {
    const auth = AuthInfo.decode(doc.authInfoBytes);
    edit(auth);
    return SignDoc.encode({ ...doc, authInfoBytes: AuthInfo.encode(auth).finish() }).finish();
  };
  const any = { typeUrl: '/cosmos.authz.v1beta1.MsgGrant', value: new Uint8Array(3) };

  it.each<[string, Uint8Array, string]>([
    ['an unknown message', withBody((b) => b.messages.push(any)), 'messages[1]'],
    ['no message', withBody((b) => b.messages.splice(0)), 'sends'],
    ['extension options', withBody((b) => b.extensionOptions.push(any)), 'body'],
    ['non-critical extension options', withBody((b) => b.nonCriticalExtensionOptions.push(any)), 'body'],
    ['two signers', withAuth((a) => a.signerInfos.push(...a.signerInfos)), 'authInfo.signerInfos'],
    ['no signer', withAuth((a) => a.signerInfos.splice(0)), 'authInfo.signerInfos'],
    [
      'another kind of key',
      withAuth((a) => Object.assign(a.signerInfos[0] ?? {}, { publicKey: any })),
      'authInfo.publicKey',
    ],
    [
      'another sign mode',
      withAuth((a) => Object.assign(a.signerInfos[0]?.modeInfo?.single ?? {}, { mode: 127 })),
      'authInfo.modeInfo',
    ],
    ['a payer', withAuth((a) => Object.assign(a.fee ?? {}, { payer: to })), 'authInfo.fee'],
    ['a granter', withAuth((a) => Object.assign(a.fee ?? {}, { granter: to })), 'authInfo.fee'],
    ['no fee', withAuth((a) => Object.assign(a, { fee: undefined })), 'authInfo.fee'],
    ['a tip', withAuth((a) => Object.assign(a, { tip: { amount: [], tipper: to } })), 'authInfo'],
    ['control characters', withBody((b) => (b.memo = 'a\nb')), 'memo'],
    [
      'an unknown field',
      SignDoc.encode({ ...doc, bodyBytes: Uint8Array.of(...doc.bodyBytes, 0x78, 1) }).finish(),
      'body',
    ],
  ])('%s', (_name, bytes, field) => {
    expect(() => direct.parse(bytes)).toThrow(expect.objectContaining({ name: 'TransactionDecodeError', field }));
  });

  it('other JSON than the canonical one', () => {
    const text = new TextDecoder().decode(amino.encodeUnsigned({ intent: transfer }));
    expect(text).toContain('\\u0026 \\u003cfood\\u003e');
    const cases: readonly (readonly [string, string])[] = [
      [text.replace('cosmos-sdk/MsgSend', 'cosmos-sdk/MsgGrant'), 'msgs[0]'],
      [text.replace('\\u0026', '&'), 'signDoc'],
      [text.replace('"memo"', '"extra":1,"memo"'), 'signDoc'],
      [text.replace('"sequence":"3"', '"sequence":3'), 'sequence'],
      [text.replace('"sequence":"3"', '"sequence":"03"'), 'sequence'],
      [text.replace('"amount":"5000"', '"amount":"-5"'), 'fee.amount[0].amount'],
      [`${text} `, 'signDoc'],
    ];
    for (const [changed, field] of cases) {
      expect(() => amino.parse(utf8ToBytes(changed)), changed).toThrow(
        expect.objectContaining({ name: 'TransactionDecodeError', field }),
      );
    }
  });

  it('wrong intents, by field', () => {
    const [send] = transfer.sends;
    if (send === undefined) throw new Error('no send');
    const osmo = cosmosAddress(other.publicKey, 'osmo');
    const wrong: readonly (readonly [Partial<CosmosTransfer>, string])[] = [
      [{ sends: [] }, 'sends'],
      [{ sends: [{ ...send, to: osmo }] }, 'sends[0].to'],
      [{ sends: [{ ...send, to: to.toUpperCase() }] }, 'sends[0].to'],
      [{ sends: [{ ...send, to: to.replace(/.$/, 'q') }] }, 'sends[0].to'],
      [{ sends: [send, { ...send, from: to }] }, 'sends[1].from'],
      [{ sends: [{ ...send, amount: [] }] }, 'sends[0].amount'],
      [{ sends: [{ ...send, amount: [{ denom: 'uatom', amount: 0n }] }] }, 'sends[0].amount[0].amount'],
      [{ sends: [{ ...send, amount: [{ denom: 'u\u202eatom', amount: 1n }] }] }, 'sends[0].amount[0].denom'],
      [
        { sends: [{ ...send, amount: [send.amount[0], send.amount[0]] as typeof send.amount }] },
        'sends[0].amount[1].denom',
      ],
      [{ fee: { amount: [], gasLimit: 0n } }, 'fee.gasLimit'],
      [{ memo: 'x'.repeat(600) }, 'memo'],
      [{ accountNumber: -1n }, 'accountNumber'],
      [{ sequence: 1n << 64n }, 'sequence'],
    ];
    for (const [change, field] of wrong) {
      expect(() => amino.build({ ...transfer, ...change }), field).toThrow(expect.objectContaining({ field }));
    }
    expect(() => direct.build({ ...intent, publicKey: other.publicKey })).toThrow(
      expect.objectContaining({ field: 'publicKey' }),
    );
    const signatures = other.sign(amino.payloads({ intent: transfer }));
    expect(() => amino.attach({ intent: transfer }, other.publicKey, signatures)).toThrow(InvalidIntentError);
    expect(() => direct.parse(new Uint8Array(70_000))).toThrow(TransactionDecodeError);
  });
});

it('a person reads amounts with units, the memo quoted', () => {
  expect(direct.describe({ ...intent, memo: 'a" \u202eb' })).toEqual([
    `Send 1.5 ATOM (1500000 uatom) from ${from} to ${to} on Cosmos Hub (cosmos:cosmoshub-4).`,
    'Fee: 0.005 ATOM (5000 uatom), for up to 200000 gas.',
    'Account number 12, sequence 3.',
    'Memo: "a\\" \\u{202e}b" (not only ASCII: letters may look like others).',
    'Valid until block 77.',
  ]);
  const foreign = { ...transfer, sends: [{ from, to, amount: [{ denom: 'ibc/ABC', amount: 5n }] }] };
  expect(amino.describe(foreign)[0]).toContain('Send 5 of the smallest units of ibc/ABC');
});
