/**
 * Bitcoin regtest in the demonstration: the node, users' departures with their OP_RETURN output, and the vault's coins.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { BITCOIN_NETWORKS, p2wpkhAddress, p2wpkhScript } from '@dwallet/chains';
import { type Destination, encodeDestination } from '@dwallet/zones';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { Transaction } from '@scure/btc-signer';
import { type BitcoinNode, type BitcoinUtxo, startBitcoinNode } from '../local-chains/bitcoin-node.ts';
import { DemoError } from './demo-error.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';

const feeSats = 1000n;

export class BitcoinChain {
  readonly name = 'Bitcoin regtest';
  readonly id = BITCOIN_NETWORKS.regtest.id;
  readonly node: BitcoinNode;
  readonly lines: readonly NodeProxy[];

  static async start(validators: number, signal: AbortSignal): Promise<BitcoinChain> {
    const node = await startBitcoinNode({ signal });
    return new BitcoinChain(
      node,
      await Promise.all(Array.from({ length: validators }, () => startNodeProxy(node.rpcUrl))),
    );
  }
  private constructor(node: BitcoinNode, lines: readonly NodeProxy[]) {
    this.node = node;
    this.lines = lines;
  }

  /** Mines; the height after it. */
  mine(blocks: number): Promise<number> {
    return this.node.mine(blocks);
  }

  /** An ordinary user with one coin pays a vault and says where the value goes. @returns reference of the event, and the vault's new coin. */
  async depart(
    vaultKey: Uint8Array,
    amountSats: bigint,
    destination: Destination,
  ): Promise<{ reference: string; coin: BitcoinUtxo }> {
    const secret = secp256k1.utils.randomSecretKey(new Uint8Array(randomBytes(48)));
    const own = p2wpkhScript(secp256k1.getPublicKey(secret, true));
    const coin = await this.node.fund(own, amountSats + feeSats);
    const note = encodeDestination(destination);
    const transaction = new Transaction({ allowUnknownOutputs: true });
    transaction.addInput({
      txid: coin.txid,
      index: coin.vout,
      witnessUtxo: { amount: coin.amountSats, script: coin.scriptPubKey },
    });
    const script = p2wpkhScript(vaultKey);
    transaction.addOutput({ script, amount: amountSats });
    transaction.addOutput({ script: returning(note), amount: 0n });
    transaction.sign(secret);
    transaction.finalize();
    const sent = await this.node.submit(transaction.extract());
    if (!sent.accepted) throw new DemoError(`Bitcoin refused a departure: ${sent.reason}`);
    await this.mine(1);
    const received = { txid: transaction.id, vout: 0, amountSats, scriptPubKey: script };
    return { reference: `${transaction.id}/0`, coin: received };
  }

  newAddress(): string {
    const secret = secp256k1.utils.randomSecretKey(new Uint8Array(randomBytes(48)));
    return p2wpkhAddress(secp256k1.getPublicKey(secret, true), 'regtest');
  }

  async stop(): Promise<void> {
    await Promise.all([this.node.stop(), ...this.lines.map((line) => line.close())]);
  }
}

/** `OP_RETURN` with one push. */
const returning = (data: Uint8Array): Uint8Array =>
  Uint8Array.of(0x6a, ...(data.length > 75 ? [0x4c] : []), data.length, ...data);
