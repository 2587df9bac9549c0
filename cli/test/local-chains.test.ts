/**
 * The real chain runtimes: what our transactions are worth is decided by anvil and by bcoin, not by us.
 * An ordinary key of @noble/curves stands in for the dWallet.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  type EcdsaSignature,
  eip1559Chain,
  encodeEvmAddress,
  evmTransfer,
  p2wpkhChain,
  p2wpkhFeeSats,
  p2wpkhScript,
  p2wpkhTransfer,
  recoverPublicKey,
  type SigningPayload,
} from '@dwallet/chains';
import { RawTx } from '@scure/btc-signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BitcoinNode, startBitcoinNode } from '../src/local-chains/bitcoin-node.ts';
import { anvilBinary, type EvmNode, startEvmNode } from '../src/local-chains/evm-node.ts';
import { LocalChainError } from '../src/local-chains/local-chain-error.ts';

const SECRET_KEY = new Uint8Array(32).fill(0x5d);
const PUBLIC_KEY = secp256k1.getPublicKey(SECRET_KEY, true);

function sign(digest: Uint8Array): EcdsaSignature {
  const bytes = secp256k1.sign(digest, SECRET_KEY, { prehash: false, format: 'recovered' });
  return { recoveryId: bytes[0] ?? 0, r: bytes.slice(1, 33), s: bytes.slice(33) };
}
const signAll = (payloads: readonly SigningPayload[]): readonly EcdsaSignature[] => payloads.map((p) => sign(p.digest));

describe('EVM node (anvil)', () => {
  let node: EvmNode;
  beforeAll(async () => {
    node = await startEvmNode();
  });
  afterAll(() => node?.stop());

  const recipient = encodeEvmAddress(new Uint8Array(20).fill(0xa1));
  const transfer = (nonce: number) =>
    evmTransfer({
      nonce,
      to: recipient,
      valueWei: 10n ** 18n,
      maxFeePerGasWei: 3_000_000_000n,
      maxPriorityFeePerGasWei: 1_000_000_000n,
    });

  it('executes a good EIP-1559 transaction, once', async () => {
    expect(node.client).toMatch(/^anvil\/v1\.7\.1/);
    const chain = eip1559Chain({ chainId: node.chainId });
    const sender = chain.address(PUBLIC_KEY);
    await node.fund(sender, 2n * 10n ** 18n);
    const unsigned = chain.build(transfer(0));
    const signed = chain.attach(unsigned, PUBLIC_KEY, signAll(chain.payloads(unsigned)));
    const result = await node.submit(chain.encode(signed));
    expect(result).toEqual({
      accepted: true,
      hash: chain.txid(signed),
      status: 'success',
      blockNumber: 1n,
      gasUsed: 21_000n,
    });
    expect(await node.balance(recipient)).toBe(10n ** 18n);
    expect(await node.balance(sender)).toBeLessThan(10n ** 18n);
    const mined = (await node.request('eth_getTransactionByHash', [chain.txid(signed)])) as { from: string };
    expect(mined.from).toBe(sender.toLowerCase());
    expect(await node.submit(chain.encode(signed))).toMatchObject({ accepted: false, reason: /nonce|already/i });
  });

  it('refuses a signature over another hash: it belongs to another address', async () => {
    const chain = eip1559Chain({ chainId: node.chainId });
    const unsigned = chain.build(transfer(1));
    const [payload] = chain.payloads(unsigned);
    if (payload === undefined) throw new Error('no payload');
    const wrong = sign(new Uint8Array(32).fill(0x77));
    expect(() => chain.attach(unsigned, PUBLIC_KEY, [wrong])).toThrow(expect.objectContaining({ reason: 'mismatch' }));
    // Around our own check, to see what the node says: it recovers a sender without money.
    const recovered = recoverPublicKey(wrong, payload.digest);
    if (recovered === undefined) throw new Error('nothing recovered');
    const stranger = chain.address(recovered);
    expect(stranger).not.toBe(chain.address(PUBLIC_KEY));
    const before = await node.balance(recipient);
    const result = await node.submit(chain.encode({ intent: unsigned.intent, signature: wrong }));
    expect(result).toMatchObject({ accepted: false, reason: expect.stringMatching(/insufficient funds/i) });
    expect(await node.balance(recipient)).toBe(before);
    // The refusal is about the stranger's money, not ours: the sender is what the signature says.
    expect(await node.balance(stranger)).toBe(0n);
  });

  it('refuses what is for another chain, and what is not a transaction', async () => {
    const chain = eip1559Chain({ chainId: node.chainId + 1 });
    const unsigned = chain.build(transfer(1));
    const signed = chain.attach(unsigned, PUBLIC_KEY, signAll(chain.payloads(unsigned)));
    expect(await node.submit(chain.encode(signed))).toMatchObject({ accepted: false });
    expect(await node.submit(Uint8Array.of(2, 0xc0))).toMatchObject({ accepted: false });
  });

  it('says in one sentence what is missing or gone', async () => {
    expect(() => anvilBinary('sunos', 'sparc')).toThrow(/has no binary for sunos sparc/);
    // Not installed here, because npm installs the part of one platform only.
    const elsewhere = process.platform === 'win32' ? 'darwin' : 'win32';
    expect(() => anvilBinary(elsewhere, 'x64')).toThrow(/is not installed: @foundry-rs\/anvil-.* is missing/);
    const aborted = AbortSignal.abort(new Error('the user gave up'));
    await expect(startEvmNode({ signal: aborted })).rejects.toThrow('the user gave up');
    const controller = new AbortController();
    const starting = startEvmNode({ signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await expect(starting).rejects.toThrow('changed my mind');
  });

  it('runs beside another one, and stops', async () => {
    const second = await startEvmNode();
    expect(second.rpcUrl).not.toBe(node.rpcUrl);
    expect(await second.balance(recipient)).toBe(0n);
    await second.stop();
    await second.stop();
    const error = await second.request('eth_chainId').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LocalChainError);
    expect((error as LocalChainError).code).toBe('STOPPED');
  });
});

describe('Bitcoin node (bcoin, regtest)', () => {
  const progress: number[] = [];
  let node: BitcoinNode;
  beforeAll(async () => {
    node = await startBitcoinNode({ onProgress: (done, total) => progress.push(done / total) });
  });
  afterAll(() => node?.stop());

  const chain = p2wpkhChain('regtest');
  const ownScript = p2wpkhScript(PUBLIC_KEY);
  const recipient = chain.address(secp256k1.getPublicKey(new Uint8Array(32).fill(3), true));

  /** A funded and signed payment, and the same with a signature over another hash. */
  async function payment() {
    const utxos = [await node.fund(ownScript, 100_000n), await node.fund(ownScript, 250_000n)];
    const intent = p2wpkhTransfer(
      { utxos, to: recipient, amountSats: 300_000n, changeAddress: chain.address(PUBLIC_KEY), feeRateSatsPerVbyte: 2 },
      'regtest',
    );
    const unsigned = chain.build(intent);
    const signed = chain.attach(unsigned, PUBLIC_KEY, signAll(chain.payloads(unsigned)));
    const tx = RawTx.decode(chain.encode(signed));
    const wrong = secp256k1.sign(new Uint8Array(32).fill(0x77), SECRET_KEY, { prehash: false });
    const der = secp256k1.Signature.fromBytes(wrong).toBytes('der');
    const [first, ...rest] = tx.witnesses ?? [];
    const tampered = RawTx.encode({
      ...tx,
      witnesses: [[Uint8Array.of(...der, 1), first?.[1] ?? new Uint8Array()], ...rest],
    });
    return { intent, signed, tampered };
  }

  it('reports progress while it starts', () => {
    expect(node.client).toBe('bcoin v1.0.2');
    expect(progress.length).toBe(18);
    expect(progress.at(-1)).toBe(1);
  });

  it('refuses the tampered spend, in the mempool and in a block; then accepts and mines the good one', async () => {
    const { intent, signed, tampered } = await payment();
    const txid = chain.txid(signed);
    // First the tampered one: the txid ignores the witness, so afterwards the node would answer that it knows it already.
    expect(await node.submit(tampered)).toEqual({ accepted: false, txid, reason: 'non-mandatory-script-verify-flag' });
    expect(await node.mineDirectly(tampered)).toEqual({
      accepted: false,
      txid,
      reason: 'mandatory-script-verify-flag-failed',
    });
    expect(await node.isConfirmed(txid)).toBe(false);

    expect(await node.submit(chain.encode(signed))).toEqual({ accepted: true, txid });
    expect(await node.isConfirmed(txid)).toBe(false);
    await node.mine(1);
    expect(await node.isConfirmed(txid)).toBe(true);
    expect(await node.confirmations(txid)).toBe(1);
    expect((await node.utxo(txid, 0))?.amountSats).toBe(300_000n);
    expect((await node.utxo(txid, 1))?.amountSats).toBe(50_000n - p2wpkhFeeSats(intent));
    for (const input of intent.inputs) expect(await node.utxo(input.txid, input.vout)).toBeUndefined();
    // A second spend of the same outputs.
    expect(await node.submit(chain.encode(signed))).toMatchObject({ accepted: false, reason: 'txn-already-known' });
  });

  it('accepts a good spend straight in a block too', async () => {
    const { signed } = await payment();
    expect(await node.mineDirectly(chain.encode(signed))).toEqual({ accepted: true, txid: chain.txid(signed) });
    expect(await node.isConfirmed(chain.txid(signed))).toBe(true);
  });

  it('refuses a lie about the amount that an input holds', async () => {
    const utxo = await node.fund(ownScript, 100_000n);
    const lie = { ...utxo, amountSats: 90_000n };
    const intent = p2wpkhTransfer(
      {
        utxos: [lie],
        to: recipient,
        amountSats: 50_000n,
        changeAddress: chain.address(PUBLIC_KEY),
        feeRateSatsPerVbyte: 2,
      },
      'regtest',
    );
    const unsigned = chain.build(intent);
    const signed = chain.attach(unsigned, PUBLIC_KEY, signAll(chain.payloads(unsigned)));
    expect(await node.submit(chain.encode(signed))).toMatchObject({
      accepted: false,
      reason: 'non-mandatory-script-verify-flag',
    });
  });

  it('answers nonsense with a reason, and failures with an error', async () => {
    expect(await node.submit(Uint8Array.of(1, 2, 3))).toMatchObject({ accepted: false, reason: 'not a transaction' });
    await expect(node.fund(ownScript, 2_000_000_000_000_000n)).rejects.toThrow(LocalChainError);
    expect(await node.utxo('ab'.repeat(32), 0)).toBeUndefined();
    expect(await node.confirmations('ab'.repeat(32))).toBe(0);
  });

  it('runs beside another one, and stops', async () => {
    const controller = new AbortController();
    const starting = startBitcoinNode({
      onProgress: () => controller.abort(new Error('enough')),
      signal: controller.signal,
    });
    await expect(starting).rejects.toThrow('enough');
    const second = await startBitcoinNode();
    await second.stop();
    await second.stop();
    await expect(second.mine(1)).rejects.toMatchObject({ code: 'STOPPED' });
    expect(await node.mine(1)).toBeGreaterThan(450);
  });
});
