/**
 * P2PKH, P2SH-P2WPKH and mixed spends, decided by a full node (bcoin) and by a script interpreter (bitcore-lib), none of them ours.
 * An ordinary key stands in for the dWallet; `bitcoin-interpreter.test.ts` signs with a real one.
 */
import { createRequire } from 'node:module';
import {
  p2pkhAddress,
  p2pkhScript,
  p2shP2wpkhScript,
  p2wpkhAddress,
  p2wpkhScript,
  psbtChain,
  psbtFeeSats,
  type PsbtIntent,
  type SpendInput,
  spendPsbt,
} from '@dwallet/chains/bitcoin';
import { attachRequest, parseRequest } from '@dwallet/chains/registry';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BitcoinNode, startBitcoinNode } from '../../cli/src/local-chains/bitcoin-node.ts';
import { standInSigner } from '../../packages/chains/test/stand-in-signer.ts';

/** As far as it is used here; the package has no types. */
interface Bitcore {
  readonly Transaction: new (
    raw: Buffer,
  ) => {
    readonly inputs: readonly { readonly script: unknown; getWitnesses(): Buffer[] }[];
    readonly hash: string;
  };
  readonly Script: {
    fromBuffer(bytes: Buffer): unknown;
    readonly Interpreter: Readonly<Record<string, number>> &
      (() => {
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
      });
  };
}
const { Transaction, Script } = createRequire(import.meta.url)('bitcore-lib') as Bitcore;
// Without CLEANSTACK, which this interpreter reports for every spend here; the node enforces it in its mempool.
const flags = ['P2SH', 'WITNESS', 'STRICTENC', 'DERSIG', 'LOW_S', 'NULLDUMMY', 'SIGPUSHONLY', 'MINIMALDATA']
  .map((name) => Script.Interpreter[`SCRIPT_VERIFY_${name}`] ?? 0)
  .reduce((all, flag) => all | flag, 0);

const REGTEST = 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328';
const chain = psbtChain('regtest');
const signer = standInSigner(new Uint8Array(32).fill(0x5e));
const stranger = standInSigner(new Uint8Array(32).fill(0x5f));
const { publicKey } = signer;
const scripts = {
  P2PKH: p2pkhScript(publicKey),
  P2WPKH: p2wpkhScript(publicKey),
  'P2SH-P2WPKH': p2shP2wpkhScript(publicKey),
};
type Kind = keyof typeof scripts;

let node: BitcoinNode;
beforeAll(async () => {
  node = await startBitcoinNode();
});
afterAll(() => node?.stop());

/**
 * An output of ours on the chain. The node does not hand out the funding transaction, so a P2PKH output is made by a spend of our
 * own, whose bytes we have.
 */
async function coin(kind: Kind, amountSats: bigint): Promise<SpendInput> {
  if (kind !== 'P2PKH') return node.fund(scripts[kind], amountSats);
  const source = await node.fund(scripts.P2WPKH, amountSats + 1000n);
  const psbt = spendPsbt(
    { publicKey, inputs: [source], outputs: [{ address: p2pkhAddress(publicKey, 'regtest'), amountSats }] },
    'regtest',
  );
  const { encoded, txid } = sign(psbt);
  expect(await node.submit(encoded)).toEqual({ accepted: true, txid });
  await node.mine(1);
  // Previous transactions travel without or with witnesses; the outpoint names the former's hash.
  return { txid: txid ?? '', vout: 0, amountSats, scriptPubKey: scripts.P2PKH, previousTransaction: encoded };
}

/** As a wallet and a validator would: raw bytes in, transaction out. */
function sign(psbt: Uint8Array, key = signer): { readonly encoded: Uint8Array; readonly txid: string | undefined } {
  const { payloads } = parseRequest(REGTEST, 'psbt', psbt, key.publicKey);
  return attachRequest(REGTEST, 'psbt', psbt, key.publicKey, key.sign(payloads));
}

/** What the interpreter says about each input: undefined for a valid spend. */
function verdicts(raw: Uint8Array, intent: PsbtIntent): readonly (string | undefined)[] {
  const transaction = new Transaction(Buffer.from(raw));
  return intent.inputs.map(({ scriptPubKey, amountSats }, i) => {
    const interpreter = Script.Interpreter();
    const input = transaction.inputs[i];
    const valid = interpreter.verify(
      input?.script,
      Script.fromBuffer(Buffer.from(scriptPubKey)),
      transaction,
      i,
      flags,
      input?.getWitnesses() ?? [],
      Number(amountSats),
    );
    return valid ? undefined : interpreter.errstr;
  });
}

const recipient = p2wpkhAddress(stranger.publicKey, 'regtest');

describe.each<[string, readonly Kind[]]>([
  ['P2PKH', ['P2PKH']],
  ['P2SH-P2WPKH', ['P2SH-P2WPKH']],
  ['P2PKH with P2WPKH', ['P2PKH', 'P2WPKH']],
  ['all three types', ['P2SH-P2WPKH', 'P2PKH', 'P2WPKH']],
])('%s', (_name, kinds) => {
  let psbt: Uint8Array;
  let intent: PsbtIntent;
  beforeAll(async () => {
    const inputs: SpendInput[] = [];
    for (const kind of kinds) inputs.push(await coin(kind, 100_000n));
    const total = 100_000n * BigInt(kinds.length);
    psbt = spendPsbt(
      {
        publicKey,
        inputs,
        outputs: [
          { address: recipient, amountSats: 60_000n },
          { address: chain.address(publicKey), amountSats: total - 62_000n },
        ],
      },
      'regtest',
    );
    intent = chain.parse(psbt);
  });

  it('a bent signature is refused by the node and the interpreter, the good one accepted and mined', async () => {
    const { encoded, txid } = sign(psbt);
    expect(verdicts(encoded, intent)).toEqual(kinds.map(() => undefined));
    expect(new Transaction(Buffer.from(encoded)).hash).toBe(txid);

    // The last byte of s of every signature in turn; DER before SIGHASH_ALL and the push of our key.
    const marker = `0121${bytesToHex(publicKey)}`;
    const text = bytesToHex(encoded);
    let at = text.indexOf(marker);
    let bent = 0;
    while (at > 0) {
      const index = at / 2 - 1;
      const wrong = encoded.with(index, (encoded[index] ?? 0) ^ 1);
      expect(verdicts(wrong, intent).filter((verdict) => verdict !== undefined)).toHaveLength(1);
      expect(chain.verify(intent, wrong, publicKey)).toBe(false);
      expect(await node.submit(wrong)).toMatchObject({
        accepted: false,
        reason: expect.stringMatching(/script-verify-flag/),
      });
      bent += 1;
      at = text.indexOf(marker, at + 2);
    }
    expect(bent).toBe(kinds.length);

    expect(await node.submit(encoded)).toEqual({ accepted: true, txid });
    await node.mine(1);
    expect(await node.isConfirmed(txid ?? '')).toBe(true);
    expect((await node.utxo(txid ?? '', 0))?.amountSats).toBe(60_000n);
    expect(psbtFeeSats(intent)).toBe(2000n);
    for (const input of intent.inputs) expect(await node.utxo(input.txid, input.vout)).toBeUndefined();
  });
});

describe('two keys in one PSBT', () => {
  const ours = scripts.P2WPKH;
  const theirs = p2wpkhScript(stranger.publicKey);
  const little = (value: bigint, length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  const sized = (bytes: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(bytes.length), bytes);
  const entry = (type: number, value: Uint8Array, keyData: Uint8Array = new Uint8Array(0)): Uint8Array =>
    concatBytes(sized(concatBytes(Uint8Array.of(type), keyData)), sized(value));
  const outpoint = ({ txid, vout }: { readonly txid: string; readonly vout: number }): Uint8Array =>
    concatBytes(hexToBytes(txid).reverse(), little(BigInt(vout), 4));

  it('each signs its own input, and the last signature completes the transaction', async () => {
    const coins = [await node.fund(ours, 50_000n), await node.fund(theirs, 50_000n)];
    const tx = concatBytes(
      Uint8Array.of(2, 0, 0, 0, coins.length),
      ...coins.map((one) => concatBytes(outpoint(one), Uint8Array.of(0, 0xfe, 0xff, 0xff, 0xff))),
      concatBytes(Uint8Array.of(1), little(99_000n, 8), sized(theirs), new Uint8Array(4)),
    );
    const utxos = [ours, theirs].map((script) => entry(1, concatBytes(little(50_000n, 8), sized(script))));
    /** The PSBT, with more in the first input. */
    const psbtWith = (more: Uint8Array): Uint8Array =>
      concatBytes(
        hexToBytes('70736274ff'),
        entry(0, tx),
        Uint8Array.of(0),
        utxos[0] ?? more,
        more,
        Uint8Array.of(0),
        utxos[1] ?? more,
        Uint8Array.of(0, 0),
      );
    const psbt = psbtWith(new Uint8Array(0));
    const intent = chain.parse(psbt);
    expect(psbtFeeSats(intent)).toBe(1000n);
    expect(chain.ownInputs(intent, publicKey)).toEqual([0]);
    const half = sign(psbt);
    expect(half.txid).toBeUndefined();
    const partial = chain.parse(half.encoded).maps.inputs[0]?.find(({ type }) => type === 2);
    if (partial === undefined) throw new Error('no partial signature');
    expect(half.encoded).toEqual(psbtWith(entry(2, partial.value, partial.keyData)));

    // The other side turns it into a finished input (BIP-174 Input Finalizer), then signs.
    const witness = concatBytes(Uint8Array.of(2), sized(partial.value), sized(partial.keyData));
    const { encoded, txid } = sign(psbtWith(entry(8, witness)), stranger);
    expect(verdicts(encoded, intent)).toEqual([undefined, undefined]);
    expect(await node.submit(encoded)).toEqual({ accepted: true, txid });
    await node.mine(1);
    expect(await node.isConfirmed(txid ?? '')).toBe(true);
  });
});
