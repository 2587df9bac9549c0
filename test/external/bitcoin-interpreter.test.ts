/**
 * What a dWallet signs for Bitcoin, decided by a script interpreter that is not ours: bitcore-lib's, with its own parser, its own BIP-143 hash and its
 * own elliptic curve.
 */
import { createRequire } from 'node:module';
import { type EcdsaSignature, p2wpkhChain, p2wpkhScript, p2wpkhTransfer } from '@dwallet/chains';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ToyNetwork, fixture, fromHex } from '../../services/validator/test/helpers/toy-network.ts';

/** As far as it is used here; the package has no types. */
interface Bitcore {
  readonly Transaction: new (
    raw: Buffer,
  ) => {
    readonly inputs: readonly { getWitnesses(): Buffer[]; setWitnesses(witnesses: Buffer[]): void }[];
    readonly outputs: readonly { readonly satoshis: number }[];
    readonly hash: string;
  };
  readonly Script: { (): unknown; fromBuffer(bytes: Buffer): unknown; readonly Interpreter: InterpreterClass };
}
interface InterpreterClass {
  (): {
    errstr: string;
    verify(
      scriptSig: unknown,
      scriptPubKey: unknown,
      tx: unknown,
      nin: number,
      flags: number,
      witness: Buffer[],
      satoshis: number,
    ): boolean;
  };
  readonly SCRIPT_VERIFY_P2SH: number;
  readonly SCRIPT_VERIFY_WITNESS: number;
  readonly SCRIPT_VERIFY_STRICTENC: number;
  readonly SCRIPT_VERIFY_DERSIG: number;
  readonly SCRIPT_VERIFY_LOW_S: number;
  readonly SCRIPT_VERIFY_NULLDUMMY: number;
}
const { Transaction, Script } = createRequire(import.meta.url)('bitcore-lib') as Bitcore;
const { Interpreter } = Script;
const flags =
  Interpreter.SCRIPT_VERIFY_P2SH |
  Interpreter.SCRIPT_VERIFY_WITNESS |
  Interpreter.SCRIPT_VERIFY_STRICTENC |
  Interpreter.SCRIPT_VERIFY_DERSIG |
  Interpreter.SCRIPT_VERIFY_LOW_S |
  Interpreter.SCRIPT_VERIFY_NULLDUMMY;

const amounts = [70_000_000n, 30_000_001n] as const;
const chain = p2wpkhChain('regtest');
const network = new ToyNetwork({ from: fixture() });
afterAll(() => network.close());

let publicKey: Uint8Array;
let raw: Uint8Array;
let txid: string;

/** The interpreter's verdict on one input: undefined for a valid spend, else its reason. */
function verdict(transaction: InstanceType<Bitcore['Transaction']>, input: number, satoshis: bigint, key = publicKey) {
  const interpreter = Interpreter();
  const witness = transaction.inputs[input]?.getWitnesses() ?? [];
  const script = Script.fromBuffer(Buffer.from(p2wpkhScript(key)));
  const valid = interpreter.verify(Script(), script, transaction, input, flags, witness, Number(satoshis));
  return valid ? undefined : interpreter.errstr;
}
const parsed = (): InstanceType<Bitcore['Transaction']> => new Transaction(Buffer.from(raw));
const bytes32 = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'));

beforeAll(async () => {
  const client = await network.client();
  const [wallet] = client.wallets;
  if (wallet === undefined) throw new Error('the fixture has no wallet');
  publicKey = wallet.publicKey;
  const scriptPubKey = p2wpkhScript(publicKey);
  const utxos = amounts.map((amountSats, i) => ({ txid: `${i + 1}`.repeat(64), vout: i, amountSats, scriptPubKey }));
  const intent = p2wpkhTransfer(
    {
      utxos,
      to: chain.address(publicKey),
      amountSats: 90_000_000n,
      changeAddress: chain.address(publicKey),
      feeRateSatsPerVbyte: 3,
    },
    'regtest',
  );
  const unsigned = chain.build(intent);
  const signatures: EcdsaSignature[] = [];
  for (const { message, hashScheme } of chain.payloads(unsigned)) {
    const { signature } = await wallet.signRaw(hashScheme, message);
    signatures.push({ r: bytes32(signature.r), s: bytes32(signature.s), recoveryId: signature.recoveryId });
  }
  const signed = chain.attach(unsigned, publicKey, signatures);
  raw = chain.encode(signed);
  txid = chain.txid(signed);
});

describe('a P2WPKH spend of a dWallet in bitcore-lib', () => {
  it('is parsed to the same transaction, and both inputs are valid', () => {
    const transaction = parsed();
    expect(transaction.hash).toBe(txid);
    expect(transaction.inputs).toHaveLength(2);
    amounts.forEach((amount, i) => expect(verdict(transaction, i, amount), `input ${i}`).toBeUndefined());
  });

  it('is refused for another amount, another key and another input', () => {
    expect(verdict(parsed(), 0, amounts[0] - 1n)).toBeDefined();
    expect(verdict(parsed(), 0, amounts[1])).toBeDefined();
    const other = publicKey.slice();
    other[0] = 5 - (other[0] as number);
    expect(verdict(parsed(), 0, amounts[0], other)).toBeDefined();
    const crossed = parsed();
    crossed.inputs[0]?.setWitnesses(parsed().inputs[1]?.getWitnesses() ?? []);
    expect(verdict(crossed, 0, amounts[0])).toBeDefined();
  });

  it('is refused with any byte of the transaction changed that the signature covers', () => {
    // version (4), marker and flag (2), count (1), then inputs: the txid, the index, the sequence; an output's amount and script; lock time.
    const covered = [0, 7, 40, 46, 48 + 41 - 1, raw.length - 1];
    for (const at of [...covered, 7 + 2 * 41 + 1, 7 + 2 * 41 + 12]) {
      const bent = raw.slice();
      bent[at] = (bent[at] as number) ^ 1;
      const transaction = new Transaction(Buffer.from(bent));
      expect(verdict(transaction, 0, amounts[0]), `byte ${at}`).toBeDefined();
    }
  });

  it('is refused with a bent or a high-s signature', () => {
    const transaction = parsed();
    const [input] = transaction.inputs;
    if (input === undefined) throw new Error('no input');
    const [der, key] = input.getWitnesses() as [Buffer, Buffer];
    for (const at of [5, der.length - 5]) {
      const bent = Buffer.from(der);
      bent[at] = (bent[at] as number) ^ 1;
      transaction.inputs[0]?.setWitnesses([bent, key]);
      expect(verdict(transaction, 0, amounts[0]), `byte ${at}`).toBeDefined();
    }
    // The same signature with q - s, which the curve accepts and nodes do not relay.
    const low = secp256k1.Signature.fromBytes(der.subarray(0, -1), 'der');
    const mirrored = new secp256k1.Signature(low.r, secp256k1.Point.Fn.ORDER - low.s).toBytes('der');
    const high = Buffer.concat([mirrored, der.subarray(-1)]);
    transaction.inputs[0]?.setWitnesses([high, key]);
    expect(verdict(transaction, 0, amounts[0])).toContain('HIGH_S');
    transaction.inputs[0]?.setWitnesses([der, key]);
    expect(verdict(transaction, 0, amounts[0])).toBeUndefined();
  });
});
