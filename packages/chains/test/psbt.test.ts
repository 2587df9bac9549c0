import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { Transaction } from '@scure/btc-signer';
import * as bitcoinjs from 'bitcoinjs-lib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uint32, uint64, withLength } from '../src/bitcoin/encoding.ts';
import {
  p2pkhAddress,
  p2pkhScript,
  p2shP2wpkhAddress,
  p2shP2wpkhScript,
  p2wpkhAddress,
  p2wpkhScript,
  psbtChain,
  psbtFeeSats,
  psbtRequests,
  type PsbtIntent,
  scriptToAddress,
  type SpendInput,
  spendPsbt,
} from '../src/bitcoin/index.ts';
import { serialise } from '../src/bitcoin/legacy-sighash.ts';
import { decodeMaps, encodeMaps, type PsbtEntry, type PsbtMaps, withEntry } from '../src/bitcoin/psbt-map.ts';
import { hashMessage, InvalidIntentError, InvalidSignatureError, TransactionDecodeError } from '../src/index.ts';
import { expectStrict } from './adversary.ts';
import { standInSigner } from './stand-in-signer.ts';

const signer = standInSigner(new Uint8Array(32).fill(0x11));
const other = standInSigner(new Uint8Array(32).fill(9));
const chain = psbtChain('regtest');
const scripts = {
  P2PKH: p2pkhScript(signer.publicKey),
  P2WPKH: p2wpkhScript(signer.publicKey),
  'P2SH-P2WPKH': p2shP2wpkhScript(signer.publicKey),
};
type Kind = keyof typeof scripts;

/** A transaction that pays `amountSats` to `script` in output `vout`, with a scriptSig so that it is not empty anywhere. */
function funding(script: Uint8Array, amountSats: bigint, vout = 0): { raw: Uint8Array; txid: string } {
  const outputs = Array.from({ length: vout + 1 }, (_, i) => ({
    amountSats: i === vout ? amountSats : 777n,
    scriptPubKey: i === vout ? script : scripts.P2WPKH,
  }));
  const inputs = [{ txid: bytesToHex(hashMessage('sha256', script)), vout: 3, sequence: 5 }];
  const raw = serialise({ version: 2, lockTime: 0, inputs, outputs }, [Uint8Array.of(1, 0x51)]);
  return { raw, txid: bytesToHex(hashMessage('sha256d', raw).reverse()) };
}

function coin(kind: Kind, amountSats: bigint, vout = 0, proven = true): SpendInput {
  const { raw, txid } = funding(scripts[kind], amountSats, vout);
  return {
    txid,
    vout,
    amountSats,
    scriptPubKey: scripts[kind],
    ...(proven ? { previousTransaction: raw } : {}),
  };
}

const recipient = p2wpkhAddress(other.publicKey, 'regtest');
const mixed = spendPsbt(
  {
    publicKey: signer.publicKey,
    inputs: [coin('P2PKH', 50_000n, 1), coin('P2WPKH', 60_000n), coin('P2SH-P2WPKH', 70_000n, 2)],
    outputs: [
      { address: recipient, amountSats: 100_000n },
      { address: p2pkhAddress(signer.publicKey, 'regtest'), amountSats: 70_000n },
    ],
  },
  'regtest',
);
const mapsOf = (psbt: Uint8Array): PsbtMaps => chain.parse(psbt).maps;
const entry = (type: number, value: Uint8Array, keyData: Uint8Array = new Uint8Array(0)): PsbtEntry => ({
  type,
  keyData,
  value,
});
/** The PSBT with one input's map changed. */
const editInput = (psbt: Uint8Array, index: number, edit: (map: readonly PsbtEntry[]) => readonly PsbtEntry[]) => {
  const maps = mapsOf(psbt);
  return encodeMaps({ ...maps, inputs: maps.inputs.map((map, i) => (i === index ? edit(map) : map)) });
};
const signAll = (intent: PsbtIntent) =>
  chain.attach(intent, signer.publicKey, signer.sign(chain.payloads(intent, signer.publicKey)));

describe('BIP-143 official P2SH-P2WPKH example', () => {
  const key = standInSigner(hexToBytes('eb696a065ef48a2192da5b28b694f87544b30fae8327c4510137a922f32c6dcf'));
  const mainnet = psbtChain('mainnet');
  const unsigned =
    '0100000001db6b1b20aa0fd7b23880be2ecbd4a98130974cf4748fb66092ac4d3ceb1a54770100000000feffffff02b8b4eb0b000000001976a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac0008af2f000000001976a914fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c88ac92040000';

  it('sighash and signed transaction are the published ones', () => {
    const output = (script: string) => scriptToAddress(hexToBytes(script), 'mainnet');
    const psbt = spendPsbt(
      {
        publicKey: key.publicKey,
        version: 1,
        lockTime: 1170,
        inputs: [
          {
            txid: '77541aeb3c4dac9260b68f74f44c973081a9d4cb2ebe8038b2d70faa201b6bdb',
            vout: 1,
            amountSats: 1_000_000_000n,
            scriptPubKey: hexToBytes('a9144733f37cf4db86fbc2efed2500b4f4e49f31202387'),
          },
        ],
        outputs: [
          { address: output('76a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac'), amountSats: 199_996_600n },
          { address: output('76a914fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c88ac'), amountSats: 800_000_000n },
        ],
      },
      'mainnet',
    );
    const intent = mainnet.parse(psbt);
    expect(bytesToHex(intent.maps.global[0]?.value ?? new Uint8Array())).toBe(unsigned);
    const payloads = mainnet.payloads(intent, key.publicKey);
    expect(payloads.map(({ digest }) => bytesToHex(digest))).toEqual([
      '64f3b0f4dd2bb3aa1ce8566d220cc74dda9df97d8490cc81d89d735c92e59fb6',
    ]);
    const signed = mainnet.attach(intent, key.publicKey, key.sign(payloads));
    expect(bytesToHex(signed.rawTransaction ?? new Uint8Array())).toBe(
      '01000000000101db6b1b20aa0fd7b23880be2ecbd4a98130974cf4748fb66092ac4d3ceb1a5477010000001716001479091972186c449eb1ded22b78e40d009bdf0089feffffff02b8b4eb0b000000001976a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac0008af2f000000001976a914fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c88ac02473044022047ac8e878352d3ebbde1c94ce3a10d057c24175747116f8288e5d794d12d482f0220217f36a485cae903c713331d877c1f64677e3622ad4010726870540656fe9dcb012103ad1d8e89212f0b92c74d23bb710c00662ad1470198ac48c43f7d6f93a2a2687392040000',
    );
    expect(signed.txid).toBe('ef48d9d0f595052e0f8cdcf825f7a5e50b6a388a81f206f3f4846e5ecd7a0c23');
  });
});

describe('BIP-174 vectors', () => {
  const unsignedTx =
    '0100750200000001268171371edff285e937adeea4b37b78000c0566cbb3ad64641713ca42171bf60000000000feffffff02d3dff505000000001976a914d0c59903c5bac2868760e90fd521a4665aa7652088ac00e1f5050000000017a9143545e6e33b832c47050f24d3eeb93c9c03948bc787b32e1300';
  const utxo =
    '0100fda5010100000000010289a3c71eab4d20e0371bbba4cc698fa295c9463afa2e397f8533ccb62f9567e50100000017160014be18d152a9b012039daf3da7de4f53349eecb985ffffffff86f8aa43a71dff1448893a530a7237ef6b4608bbb2dd2d0171e63aec6a4890b40100000017160014fe3e9ef1a745e974d902c4355943abcb34bd5353ffffffff0200c2eb0b000000001976a91485cff1097fd9e008bb34af709c62197b38978a4888ac72fef84e2c00000017a914339725ba21efd62ac753a9bcd067d6c7a6a39d05870247304402202712be22e0270f394f568311dc7ca9a68970b8025fdd3b240229f07f8a5f3a240220018b38d7dcd314e734c9276bd6fb40f673325bc4baa144c800d2f2f02db2765c012103d2e15674941bad4a996372cb87e1856d3652606d98562fe39c5e9e7e413f210502483045022100d12b852d85dcd961d2f5f4ab660654df6eedcc794c0c33ce5cc309ffb5fce58d022067338a8e0e1725c197fb1a88af59f51e44e4255b20167c8684031c05d1f2592a01210223b72beef0965d10be0778efecd61fcac6f79a4ea169393380734464f84f2ab300000000';
  const magic = '70736274ff';

  it('reads "PSBT with one P2PKH input. Outputs are empty" and finds what it spends', () => {
    const psbt = hexToBytes(`${magic}${unsignedTx}00${utxo}000000`);
    const intent = chain.parse(psbt);
    expect(intent.inputs).toEqual([
      {
        txid: 'f61b1742ca13176464adb3cb66050c00787bb3a4eead37e985f2df1e37718126',
        vout: 0,
        sequence: 0xffff_fffe,
        amountSats: 200_000_000n,
        scriptPubKey: hexToBytes('76a91485cff1097fd9e008bb34af709c62197b38978a4888ac'),
        proven: true,
      },
    ]);
    expect(psbtFeeSats(intent)).toBe(200_000_000n - 99_999_699n - 100_000_000n);
    expect(chain.encode(intent)).toEqual(psbt);
    expect(() => chain.ownInputs(intent, signer.publicKey)).toThrow(/none of them belongs to this key/);
  });

  it.each([
    [
      'Network transaction, not PSBT format',
      '0200000001268171371edff285e937adeea4b37b78000c0566cbb3ad64641713ca42171bf6000000006a473044022070b2245123e6bf474d60c5b50c043d4c691a5d2435f09a34a7662a9dc251790a022001329ca9dacf280bdf30740ec0390422422c81cb45839457aeb76fc12edd95b3012102657d118d3357b8e0f4c2cd46db7b39f6d9c38d9a70abcb9b2de5dc8dbfe4ce31feffffff02d3dff505000000001976a914d0c59903c5bac2868760e90fd521a4665aa7652088ac00e1f5050000000017a9143545e6e33b832c47050f24d3eeb93c9c03948bc787b32e1300',
      'psbt',
    ],
    ['PSBT missing outputs', `${magic}${unsignedTx}00${utxo}00`, 'psbt.outputs[0]'],
    [
      'PSBT where one input has a filled scriptSig in the unsigned tx',
      `${magic}0100fd0a010200000002ab0949a08c5af7c49b8212f417e2f15ab3f5c33dcf153821a8139f877a5b7be4000000006a47304402204759661797c01b036b25928948686218347d89864b719e1f7fcf57d1e511658702205309eabf56aa4d8891ffd111fdf1336f3a29da866d7f8486d75546ceedaf93190121035cdc61fc7ba971c0b501a646a2a83b102cb43881217ca682dc86e2d73fa88292feffffffab0949a08c5af7c49b8212f417e2f15ab3f5c33dcf153821a8139f877a5b7be40100000000feffffff02603bea0b000000001976a914768a40bbd740cbe81d988e71de2a4d5c71396b1d88ac8e240000000000001976a9146f4620b553fa095e721b9ee0efe9fa039cca459788ac00000000000001012000e1f5050000000017a9143545e6e33b832c47050f24d3eeb93c9c03948bc787010416001485d13537f2e265405a34dbafa9e3dda01fb82308000000`,
      'psbt.global.unsignedTx',
    ],
    ['PSBT without an unsigned tx', `${magic}00${utxo}00`, 'psbt.global.inputCount'],
    ['PSBT with duplicate keys in an input', `${magic}${unsignedTx}00${utxo}${utxo}000000`, 'psbt.inputs[0]'],
    [
      'PSBT with invalid global transaction typed key',
      `${magic}02${unsignedTx.slice(2, 4)}01${unsignedTx.slice(4)}00${utxo}000000`,
      'psbt.global.unsignedTx',
    ],
  ])('refuses "%s"', (_name, hex, field) => {
    expect(() => chain.parse(hexToBytes(hex))).toThrow(
      expect.objectContaining({ name: 'TransactionDecodeError', field }),
    );
  });
});

describe('BIP-370 vectors', () => {
  const version = '0102040200000001040101010501020';
  const required =
    '70736274ff01020402000000010401010105010201fb040200000000010e200b0ad921419c1c8719735d72dc739f9ea9e0638d1fe4c1eef0f9944084815fc8010f0400000000000103080008af2f000000000104160014c430f64c4756da310dbd1a085572ef299926272c000103088bbdeb0b0000000001041600144dd193ac964a56ac1b9e1cca8454fe2f474f851300';
  const updated =
    '70736274ff01020402000000010401010105010201fb0402000000000100520200000001c1aa256e214b96a1822f93de42bff3b5f3ff8d0519306e3515d7515a5e805b120000000000ffffffff0118c69a3b00000000160014b0a3af144208412693ca7d166852b52db0aef06e0000000001011f18c69a3b00000000160014b0a3af144208412693ca7d166852b52db0aef06e010e200b0ad921419c1c8719735d72dc739f9ea9e0638d1fe4c1eef0f9944084815fc8010f040000000000220202d601f84846a6755f776be00e3d9de8fb10acc935fb83c45fb0162d4cad5ab79218f69d873e540000800100008000000080000000002a0000000103080008af2f000000000104160014c430f64c4756da310dbd1a085572ef299926272c00220202e36fbff53dd534070cf8fd396614680f357a9b85db7340bf1cfa745d2ad7b34018f69d873e54000080010000800000008001000000640000000103088bbdeb0b0000000001041600144dd193ac964a56ac1b9e1cca8454fe2f474f851300';
  const allLocks = updated
    .replace('0104010101050102', '010304000000000104010101050102')
    .replace('010f040000000000', '010f0400000000011004feffffff0111048c8dc4620112041027000000');

  it('reads "1 input, 2 output updated PSBTv2", as the library does', () => {
    expect(updated.slice(10)).toContain(version.slice(0, 14));
    const intent = chain.parse(hexToBytes(updated));
    expect(intent).toMatchObject({ psbtVersion: 2, version: 2, lockTime: 0 });
    expect(intent.inputs[0]).toMatchObject({ sequence: 0xffff_ffff, amountSats: 999_999_000n, vout: 0, proven: true });
    expect(intent.outputs.map(({ amountSats }) => amountSats)).toEqual([800_000_000n, 199_998_859n]);
    const library = Transaction.fromPSBT(hexToBytes(updated), { allowUnknownOutputs: true });
    expect(library.inputsLength).toBe(1);
    expect(intent.inputs[0]?.txid).toBe(bytesToHex(library.getInput(0).txid ?? new Uint8Array()));
    expect(chain.encode(intent)).toEqual(hexToBytes(updated));
  });

  it('determines the lock time', () => {
    expect(chain.parse(hexToBytes(allLocks)).lockTime).toBe(10_000);
    const timeOnly = allLocks.replace('01120410270000', '');
    expect(chain.parse(hexToBytes(timeOnly)).lockTime).toBe(1_657_048_460);
    const fallback = timeOnly.replace('0111048c8dc462', '').replace('01030400000000', '01030420000000');
    expect(chain.parse(hexToBytes(fallback)).lockTime).toBe(32);
  });

  it('needs to know what is spent: "required fields only" is refused, the fee being unknown', () => {
    expect(() => chain.parse(hexToBytes(required))).toThrow(expect.objectContaining({ field: 'inputs[0].utxo' }));
  });

  const v0 = {
    tx: '01007102000000010b0ad921419c1c8719735d72dc739f9ea9e0638d1fe4c1eef0f9944084815fc80000000000feffffff020008af2f00000000160014c430f64c4756da310dbd1a085572ef299926272c8bbdeb0b00000000160014a07dac8ab6ca942d379ed795f835ba71c9cc688500000000',
    input:
      '0100520200000001c1aa256e214b96a1822f93de42bff3b5f3ff8d0519306e3515d7515a5e805b120000000000ffffffff0118c69a3b00000000160014b0a3af144208412693ca7d166852b52db0aef06e0000000001011f18c69a3b00000000160014b0a3af144208412693ca7d166852b52db0aef06e01086b02473044022005275a485734e0ae1f3b971237586f0e72dc85833d278c0e474cd23112c0fa5e02206b048c83cebc3c41d0b93cc7da76185cedbd030d005b08018be2b98bbacbdf7b012103760dcca05f3997dc65b293060f7f29f1514c8c527048e12802b041d4fc340a27',
    outputs:
      '00220202d601f84846a6755f776be00e3d9de8fb10acc935fb83c45fb0162d4cad5ab79218f69d873e540000800100008000000080000000002a000000002202036efe2c255621986553ba9d65c3ddc64165ca1436e05aa35a4c6eb02451cf796d18f69d873e540000800100008000000080010000006200000000',
  };
  it.each([
    ['PSBT_GLOBAL_VERSION 2', '01fb0402000000', '', 'psbt.global.unsignedTx'],
    ['PSBT_GLOBAL_TX_VERSION', '01020402000000', '', 'psbt.global'],
    ['PSBT_GLOBAL_FALLBACK_LOCKTIME', '01030402000000', '', 'psbt.global'],
    ['PSBT_GLOBAL_INPUT_COUNT', '01040102', '', 'psbt.global'],
    ['PSBT_GLOBAL_OUTPUT_COUNT', '01050102', '', 'psbt.global'],
    ['PSBT_GLOBAL_TX_MODIFIABLE', '01060100', '', 'psbt.global'],
    [
      'PSBT_IN_PREVIOUS_TXID',
      '',
      '010e200b0ad921419c1c8719735d72dc739f9ea9e0638d1fe4c1eef0f9944084815fc8',
      'psbt.inputs[0]',
    ],
    ['PSBT_IN_OUTPUT_INDEX', '', '010f0400000000', 'psbt.inputs[0]'],
    ['PSBT_IN_SEQUENCE', '', '011004ffffffff', 'psbt.inputs[0]'],
    ['PSBT_IN_REQUIRED_TIME_LOCKTIME', '', '0111048c8dc462', 'psbt.inputs[0]'],
  ])('refuses "PSBTv0 but with %s"', (_name, global, input, field) => {
    const build = (g: string, i: string) => hexToBytes(`70736274ff${v0.tx}${g}00${v0.input}${i}${v0.outputs}`);
    expect(() => chain.parse(build('', ''))).not.toThrow();
    expect(() => chain.parse(build(global, input))).toThrow(expect.objectContaining({ field }));
  });

  it('clears the flags of what may still change when it signs', () => {
    const key = standInSigner(new Uint8Array(32).fill(0x33));
    const script = p2wpkhScript(key.publicKey);
    const global = [
      entry(2, uint32(2)),
      entry(4, Uint8Array.of(1)),
      entry(5, Uint8Array.of(1)),
      entry(6, Uint8Array.of(7)),
      entry(0xfb, uint32(2)),
    ];
    const psbt = encodeMaps({
      global,
      inputs: [
        [
          entry(1, concatBytes(uint64(5000n), withLength(script))),
          entry(0x0e, new Uint8Array(32).fill(4)),
          entry(0x0f, uint32(1)),
        ],
      ],
      outputs: [[entry(3, uint64(4000n)), entry(4, p2wpkhScript(other.publicKey))]],
    });
    const intent = chain.parse(psbt);
    const signed = chain.attach(intent, key.publicKey, key.sign(chain.payloads(intent, key.publicKey)));
    const maps = decodeMaps(signed.psbt, () => ({ inputs: 1, outputs: 1 }));
    expect(maps.global.find(({ type }) => type === 6)?.value).toEqual(Uint8Array.of(4));
    const library = Transaction.fromPSBT(signed.psbt);
    library.finalize();
    expect(library.hex).toBe(bytesToHex(signed.rawTransaction ?? new Uint8Array()));
  });
});

describe('our own spends', () => {
  it('parse(spendPsbt(i)) = i for every mixture of types, and two libraries make the same transaction', () => {
    const kind = fc.constantFrom<Kind>('P2PKH', 'P2WPKH', 'P2SH-P2WPKH');
    const uint = fc.oneof(fc.constantFrom(0, 1, 0xffff_fffd, 0xffff_fffe, 0xffff_ffff), fc.nat(0xffff_ffff));
    const address = fc
      .tuple(fc.constantFrom(p2pkhAddress, p2wpkhAddress, p2shP2wpkhAddress), fc.integer({ min: 1, max: 254 }))
      .map(([make, seed]) => make(standInSigner(new Uint8Array(32).fill(seed)).publicKey, 'regtest'));
    fc.assert(
      fc.property(
        fc.record({
          coins: fc.uniqueArray(
            fc.record({ kind, amountSats: fc.bigInt(50_000n, 10n ** 12n), vout: fc.nat(3), sequence: uint }),
            { minLength: 1, maxLength: 4, selector: (coins) => `${coins.kind}${coins.vout}${coins.amountSats}` },
          ),
          outputs: fc.array(fc.record({ address, amountSats: fc.bigInt(1n, 10_000n) }), { minLength: 1, maxLength: 3 }),
          version: fc.constantFrom(1 as const, 2 as const),
          lockTime: uint,
        }),
        ({ coins, outputs, version, lockTime }) => {
          const inputs = coins.map((one) => ({ ...coin(one.kind, one.amountSats, one.vout), sequence: one.sequence }));
          const psbt = spendPsbt({ publicKey: signer.publicKey, inputs, outputs, version, lockTime }, 'regtest');
          const intent = chain.parse(psbt);
          expect(intent).toMatchObject({ psbtVersion: 0, version, lockTime, outputs });
          expect(intent.inputs).toEqual(
            inputs.map(({ previousTransaction: _raw, ...rest }) => ({ ...rest, proven: true })),
          );
          const payloads = chain.payloads(intent, signer.publicKey);
          const signed = signAll(intent);
          const raw = signed.rawTransaction ?? new Uint8Array();
          expect(chain.verify(intent, raw, signer.publicKey)).toBe(true);

          const scure = Transaction.fromPSBT(psbt, { allowLegacyWitnessUtxo: true });
          scure.sign(new Uint8Array(32).fill(0x11));
          scure.finalize();
          expect(scure.hex).toBe(bytesToHex(raw));
          expect(scure.id).toBe(signed.txid);

          // bitcoinjs-lib checks every partial signature of ours with its own hash, and finalises.
          const theirs = bitcoinjs.Psbt.fromBuffer(signed.psbt, { network: bitcoinjs.networks.regtest });
          const valid = theirs.validateSignaturesOfAllInputs((pubkey, hash, signature) =>
            secp256k1.verify(signature, hash, pubkey, { prehash: false }),
          );
          expect(valid).toBe(true);
          theirs.finalizeAllInputs();
          expect(theirs.extractTransaction(true).toHex()).toBe(bytesToHex(raw));
          expect(payloads.length).toBe(inputs.length);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('verify reads the final bytes: no changed byte, no other intent', () => {
    const intent = chain.parse(mixed);
    const raw = signAll(intent).rawTransaction ?? new Uint8Array();
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
        return !chain.verify(intent, raw.with(at, (raw[at] ?? 0) ^ xor), signer.publicKey);
      }),
      { numRuns: 60 },
    );
    const [first, ...rest] = intent.outputs;
    if (first === undefined) throw new Error('no output');
    const less = { ...intent, outputs: [{ ...first, amountSats: first.amountSats - 1n }, ...rest] };
    expect(chain.verify(less, raw, signer.publicKey)).toBe(false);
    expect(chain.verify(intent, raw.slice(0, -1), signer.publicKey)).toBe(false);
  });

  it('no changed request is read as the same', () => {
    const allowed = [TransactionDecodeError, InvalidIntentError];
    const read = psbtRequests('regtest');
    expectStrict(
      mixed,
      (changed) => {
        const { intent } = read.read(changed, signer.publicKey);
        return chain.encode(intent);
      },
      allowed,
    );
  });

  it('attach refuses a signature that is missing, of another key, or of another input', () => {
    const intent = chain.parse(mixed);
    const payloads = chain.payloads(intent, signer.publicKey);
    const good = signer.sign(payloads);
    expect(() => chain.attach(intent, signer.publicKey, good.slice(1))).toThrow(
      expect.objectContaining({ reason: 'count' }),
    );
    expect(() => chain.attach(intent, signer.publicKey, other.sign(payloads))).toThrow(
      expect.objectContaining({ reason: 'mismatch', field: 'signatures[0]' }),
    );
    expect(() => chain.attach(intent, signer.publicKey, [...good.slice(0, 1), ...good.slice(1).toReversed()])).toThrow(
      expect.objectContaining({ field: 'signatures[1]' }),
    );
    expect(() => chain.attach(intent, other.publicKey, good)).toThrow(InvalidIntentError);
    expect(() => chain.attach(intent, signer.publicKey, [])).toThrow(InvalidSignatureError);
  });
});

describe('the fee attack', () => {
  it('a P2PKH input needs the transaction it spends from, and that must be the one the outpoint names', () => {
    const without = spendPsbt.bind(undefined, {
      publicKey: signer.publicKey,
      inputs: [coin('P2PKH', 50_000n, 0, false)],
      outputs: [{ address: recipient, amountSats: 1000n }],
    });
    expect(() => without('regtest')).toThrow(expect.objectContaining({ field: 'inputs[0].utxo' }));
    // The amount claimed as if it were a witness output: nothing would prove it.
    const claimed = editInput(mixed, 0, (map) => [
      ...map.filter(({ type }) => type !== 0),
      entry(1, concatBytes(uint64(50_000n), withLength(scripts.P2PKH))),
    ]);
    expect(() => chain.ownInputs(chain.parse(claimed), signer.publicKey)).toThrow(
      expect.objectContaining({ field: 'inputs[0].nonWitnessUtxo' }),
    );
    // Another transaction that claims another amount.
    const forged = editInput(mixed, 0, (map) =>
      map.map((e) => (e.type === 0 ? entry(0, funding(scripts.P2PKH, 40_000n, 1).raw) : e)),
    );
    expect(() => chain.parse(forged)).toThrow(
      expect.objectContaining({
        field: 'inputs[0].nonWitnessUtxo',
        message: expect.stringContaining('not the transaction'),
      }),
    );
  });

  it('a claimed amount must agree with the transaction, where both are there', () => {
    const lie = editInput(mixed, 1, (map) =>
      map.map((e) => (e.type === 1 ? entry(1, concatBytes(uint64(59_999n), withLength(scripts.P2WPKH))) : e)),
    );
    expect(() => chain.parse(lie)).toThrow(expect.objectContaining({ field: 'inputs[1].witnessUtxo' }));
  });

  it('a person is told when the fee rests on claims', () => {
    const intent = chain.parse(mixed);
    expect(chain.describe(intent, signer.publicKey).join(' ')).not.toContain('only claims');
    const claimed = editInput(mixed, 1, (map) => map.filter(({ type }) => type !== 0));
    expect(chain.describe(chain.parse(claimed), signer.publicKey)).toContain(
      'The fee rests on amounts that the request only claims, for 1 of 3 inputs.',
    );
  });

  it('outputs above the inputs, no inputs known, zero amounts and scripts without an address are refused', () => {
    const args = { publicKey: signer.publicKey, inputs: [coin('P2WPKH', 1000n)] };
    expect(() => spendPsbt({ ...args, outputs: [{ address: recipient, amountSats: 1001n }] }, 'regtest')).toThrow(
      /pay 1 sats more than the inputs hold/,
    );
    expect(() => spendPsbt({ ...args, outputs: [{ address: recipient, amountSats: 0n }] }, 'regtest')).toThrow(
      expect.objectContaining({ field: 'outputs[0].amountSats' }),
    );
    expect(() => spendPsbt({ ...args, outputs: [] }, 'regtest')).toThrow(expect.objectContaining({ field: 'outputs' }));
    const doubled = {
      ...args,
      inputs: [...args.inputs, ...args.inputs],
      outputs: [{ address: recipient, amountSats: 9n }],
    };
    expect(() => spendPsbt(doubled, 'regtest')).toThrow(/spends the same output/);
    const maps = mapsOf(mixed);
    const tx = serialise({
      version: 2,
      lockTime: 0,
      inputs: chain.parse(mixed).inputs,
      outputs: [{ amountSats: 0n, scriptPubKey: hexToBytes('6a0568656c6c6f') }],
    });
    const opReturn = encodeMaps({ ...maps, global: [entry(0, tx)], outputs: [[]] });
    expect(() => chain.parse(opReturn)).toThrow(expect.objectContaining({ field: 'outputs[0].amountSats' }));
  });
});

describe('a PSBT of somebody else', () => {
  const theirs = p2wpkhScript(other.publicKey);
  const previous = funding(theirs, 40_000n);
  /** One input of ours, one of another key, unknown entries everywhere. */
  const joint = (() => {
    const inputs = [coin('P2WPKH', 60_000n), { txid: previous.txid, vout: 0, sequence: 0xffff_ffff }].map((input) => ({
      sequence: 0xffff_ffff,
      ...input,
    }));
    const outputs = [
      { amountSats: 90_000n, scriptPubKey: p2wpkhScript(standInSigner(new Uint8Array(32).fill(5)).publicKey) },
      { amountSats: 9000n, scriptPubKey: scripts.P2WPKH },
    ];
    const unknown = entry(0xf0, Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5));
    return encodeMaps({
      global: [entry(0, serialise({ version: 2, lockTime: 0, inputs, outputs })), unknown],
      inputs: [
        [unknown, entry(1, concatBytes(uint64(60_000n), withLength(scripts.P2WPKH)))],
        [entry(0, previous.raw), unknown],
      ],
      outputs: [[unknown], [entry(2, new Uint8Array(8), signer.publicKey)]],
    });
  })();

  it('has payloads for our inputs only, keeps everything else, and is finished once the others signed', () => {
    const intent = chain.parse(joint);
    expect(chain.ownInputs(intent, signer.publicKey)).toEqual([0]);
    const ours = signAll(intent);
    expect(ours.rawTransaction).toBeUndefined();
    expect(ours.txid).toBeUndefined();
    // Exactly one entry more.
    const added = decodeMaps(ours.psbt, () => ({ inputs: 2, outputs: 2 }));
    expect(added.inputs[0]?.filter(({ type }) => type !== 2)).toEqual(intent.maps.inputs[0]);
    expect({ ...added, inputs: [intent.maps.inputs[0], added.inputs[1]] }).toEqual(intent.maps);

    // The other key signs the same PSBT; the library combines both and finishes.
    const second = chain.attach(intent, other.publicKey, other.sign(chain.payloads(intent, other.publicKey)));
    const both = Transaction.fromPSBT(ours.psbt, { allowUnknown: true });
    both.combine(Transaction.fromPSBT(second.psbt, { allowUnknown: true }));
    both.finalize();
    expect(chain.verify(intent, hexToBytes(both.hex), signer.publicKey)).toBe(true);
    expect(chain.verify(intent, hexToBytes(both.hex), other.publicKey)).toBe(true);

    // The other's input finished first: then our signature completes the transaction.
    const final = entry(8, concatBytes(Uint8Array.of(2), ...witnessOf(second.psbt, 1).map((item) => withLength(item))));
    const last = signAll(chain.parse(editInput(joint, 1, (map) => withEntry(map, final))));
    expect(bytesToHex(last.rawTransaction ?? new Uint8Array())).toBe(both.hex);
    expect(last.txid).toBe(both.id);
  });

  const witnessOf = (psbt: Uint8Array, input: number): readonly Uint8Array[] => {
    const found = decodeMaps(psbt, () => ({ inputs: 2, outputs: 2 })).inputs[input]?.find(({ type }) => type === 2);
    return found === undefined ? [] : [found.value, found.keyData];
  };

  it('says who pays what', () => {
    expect(chain.describe(chain.parse(joint), signer.publicKey)).toEqual([
      expect.stringMatching(/^Send 0.0009 BTC \(90000 sats\) to bcrt1\S+ on Bitcoin regtest\.$/),
      expect.stringMatching(/^Return 0.00009 BTC \(9000 sats\) to \S+, an address of this same key \(change\)\.$/),
      expect.stringMatching(/^Spends 1 output of bcrt1\S+ with 0.0006 BTC \(60000 sats\) in all\.$/),
      'Others add 1 output with 0.0004 BTC (40000 sats), and sign for them.',
      'This key pays 0.00051 BTC (51000 sats) in all, fee included.',
      'Fee: 0.00001 BTC (1000 sats), about 4.784 sats per vbyte.',
      'The fee rests on amounts that the request only claims, for 1 of 2 inputs.',
    ]);
  });

  it.each([
    ['sighashType', entry(3, uint32(0x81)), 'inputs[0].sighashType'],
    ['sighashType NONE', entry(3, uint32(2)), 'inputs[0].sighashType'],
    ['sighashType too long', entry(3, new Uint8Array(5)), 'inputs[0].sighashType'],
    ['redeemScript', entry(4, theirs), 'inputs[0].redeemScript'],
    ['witnessScript', entry(5, theirs), 'inputs[0].witnessScript'],
    ['partialSig', entry(2, new Uint8Array(71), signer.publicKey), 'inputs[0].partialSig'],
    ['finalScriptSig', entry(7, new Uint8Array(1)), 'inputs[0].finalScriptSig'],
    ['finalWitness', entry(8, new Uint8Array(1)), 'inputs[0].finalWitness'],
  ])('refuses an own input with %s', (_name, extra, field) => {
    const intent = chain.parse(editInput(joint, 0, (map) => withEntry(map, extra)));
    expect(() => chain.payloads(intent, signer.publicKey)).toThrow(expect.objectContaining({ field }));
  });

  it('accepts SIGHASH_ALL spelled out, and any sighash type of the other input', () => {
    const all = editInput(joint, 0, (map) => withEntry(map, entry(3, uint32(1))));
    expect(chain.payloads(chain.parse(all), signer.publicKey)).toHaveLength(1);
    const foreign = editInput(joint, 1, (map) => withEntry(map, entry(3, uint32(0x81))));
    expect(chain.payloads(chain.parse(foreign), signer.publicKey)).toHaveLength(1);
  });

  it('P2SH-P2WPKH needs its redeem script, and no other', () => {
    const missing = editInput(mixed, 2, (map) => map.filter(({ type }) => type !== 4));
    expect(() => chain.payloads(chain.parse(missing), signer.publicKey)).toThrow(
      expect.objectContaining({ field: 'inputs[2].redeemScript' }),
    );
    const wrong = editInput(mixed, 2, (map) => map.map((e) => (e.type === 4 ? entry(4, theirs) : e)));
    expect(() => chain.payloads(chain.parse(wrong), signer.publicKey)).toThrow(InvalidIntentError);
  });

  it('cut and inflated maps are refused quickly', () => {
    const count = hexToBytes('70736274ff01020402000000010403fdffff0105010101fb040200000000');
    expect(() => chain.parse(count)).toThrow(TransactionDecodeError);
    expect(() => chain.parse(new Uint8Array(1_000_001))).toThrow(/longer than/);
    // A length of 1 in three bytes.
    const long = Uint8Array.of(...hexToBytes('70736274ff'), 0xfd, 1, 0, 0);
    expect(() => chain.parse(long)).toThrow(/shortest form/);
  });
});
