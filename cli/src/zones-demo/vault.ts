/**
 * An asset of the demonstration: its deployments, its vault dWallet, departures of users, and the vault's native payments.
 *
 * @module
 */
import { p2wpkhAddress, p2wpkhFeeSats, p2wpkhTransfer } from '@dwallet/chains';
import { spendPsbt } from '@dwallet/chains/bitcoin';
import { attachRequest, parseRequest } from '@dwallet/chains/registry';
import { type DWallet, requestTask } from '@dwallet/client-sdk';
import { ethereumTransaction } from '@dwallet/client-sdk/ethereum';
import { type Deployment, type Destination, encodeAuthority, nativeAsset } from '@dwallet/zones';
import type { Address, Hex, PrivateKeyAccount } from 'viem';
import type { BitcoinUtxo } from '../local-chains/bitcoin-node.ts';
import type { BitcoinChain } from './bitcoin-chain.ts';
import { DemoError } from './demo-error.ts';
import { type EvmChain, type TokenCall, evmBytes, tokenCalldata } from './evm-chain.ts';

const maxFee = 10n ** 16n;
const gasLimit = 120_000n;
const feePerGas = { maxFeePerGasWei: 20n * 10n ** 9n, maxPriorityFeePerGasWei: 10n ** 9n };

/** A token on one EVM chain. */
interface EvmDeployment {
  readonly chain: EvmChain;
  readonly token: Address;
}

/** How a payment went. */
export interface Payment {
  readonly id: string;
  readonly status: 'success' | 'reverted' | 'refused';
}

export interface PaymentOrder {
  /** CAIP-2 of the chain to pay on. */
  readonly chain: string;
  readonly recipient: string;
  readonly amount: bigint;
  /** Height of the entry that is paid. */
  readonly height: number;
}

export class VaultedAsset {
  /** X, Y, R. */
  readonly name: string;
  readonly owner: EvmChain;
  readonly wallet: DWallet;
  /** CAIP-2 -> deployment; the OwnerChain first. */
  readonly #evm = new Map<string, EvmDeployment>();
  #bitcoin: BitcoinChain | undefined;
  readonly #coins: BitcoinUtxo[] = [];
  #address: Address | undefined;

  constructor(name: string, owner: EvmChain, wallet: DWallet) {
    this.name = name;
    this.owner = owner;
    this.wallet = wallet;
  }

  /** CAIP-19. */
  get id(): string {
    return `${this.owner.id}/erc20:${this.token(this.owner)}`;
  }
  /** The vault's address, the same on all EVM chains. */
  get vault(): Address {
    if (this.#address === undefined) throw new DemoError(`${this.name} is not deployed`);
    return this.#address;
  }
  token({ id, name }: Pick<EvmChain, 'id' | 'name'>): Address {
    const found = this.#evm.get(id);
    if (found === undefined) throw new DemoError(`${this.name} is not deployed on ${name}`);
    return found.token;
  }
  get evmChains(): readonly EvmChain[] {
    return [...this.#evm.values()].map(({ chain }) => chain);
  }

  /** On the OwnerChain the issuer mints; elsewhere the vault is the minter. */
  async deploy(chains: readonly EvmChain[], vault: Address): Promise<void> {
    this.#address = vault;
    for (const chain of [this.owner, ...chains]) {
      const token = await chain.deployToken(chain === this.owner ? chain.operator.address : vault);
      this.#evm.set(chain.id, { chain, token });
      await chain.node.fund(vault, 10n ** 19n);
    }
  }
  /** The asset as the chain's own coin, paid from a reserve. */
  connect(bitcoin: BitcoinChain): void {
    this.#bitcoin = bitcoin;
  }
  addCoin(coin: BitcoinUtxo): void {
    this.#coins.push(coin);
  }
  get reserve(): bigint {
    return this.#coins.reduce((sum, { amountSats }) => sum + amountSats, 0n);
  }

  deployments(): readonly Deployment[] {
    const vaultKey = this.wallet.publicKey;
    const list: Deployment[] = [...this.#evm.values()].map(({ chain, token }) => ({
      chain: chain.id,
      token: `${chain.id}/erc20:${token}`,
      vault: this.vault,
      vaultKey,
      release: chain === this.owner ? 'transfer' : 'mint',
      maxFee,
    }));
    if (this.#bitcoin !== undefined)
      list.push({
        chain: this.#bitcoin.id,
        token: nativeAsset(this.#bitcoin.id) ?? '',
        vault: p2wpkhAddress(vaultKey, 'regtest'),
        vaultKey,
        release: 'transfer',
        maxFee: 100_000n,
      });
    return list.toSorted((a, b) => (a.chain < b.chain ? -1 : 1));
  }

  // Departures ----------------------------------------------------------------------------------------------------------------------

  /** The issuer makes new units. */
  async mint(to: Address, amount: bigint): Promise<string> {
    const { owner } = this;
    const mined = await owner.onToken(owner.operator, this.token(owner), { functionName: 'mint', args: [to, amount] });
    return reference(mined.hash);
  }
  /** The call by which units leave a chain: to the vault on the OwnerChain, burnt elsewhere. */
  departureCall(chain: EvmChain, amount: bigint): TokenCall {
    return chain === this.owner
      ? { functionName: 'transfer', args: [this.vault, amount] }
      : { functionName: 'burn', args: [amount] };
  }
  /** A user sends units to another chain. @returns reference of the event. */
  async depart(chain: EvmChain, user: PrivateKeyAccount, amount: bigint, to: Destination): Promise<string> {
    const mined = await chain.onToken(user, this.token(chain), this.departureCall(chain, amount), to);
    if (mined.status !== 'success') throw new DemoError(`a departure of ${this.name} from ${chain.name} failed`);
    return reference(mined.hash);
  }

  // Payments ------------------------------------------------------------------------------------------------------------------------

  /** Has the vault sign and hands the transaction in. @throws RemoteError with the rule that refuses. */
  pay(order: PaymentOrder): Promise<Payment> {
    return order.chain === this.#bitcoin?.id ? this.#payCoins(this.#bitcoin, order) : this.#payTokens(order);
  }

  #authority({ chain, height }: PaymentOrder): Uint8Array {
    return encodeAuthority({ kind: 'entry', zone: chain, asset: this.id, height: BigInt(height) });
  }

  async #payTokens(order: PaymentOrder): Promise<Payment> {
    const deployment = this.#evm.get(order.chain);
    if (deployment === undefined) throw new DemoError(`${this.name} is not on ${order.chain}`);
    const { chain, token } = deployment;
    const nonce = Number(await chain.node.request('eth_getTransactionCount', [this.vault, 'pending']));
    const call: TokenCall = {
      functionName: chain === this.owner ? 'transfer' : 'mint',
      args: [order.recipient as Address, order.amount],
    };
    const task = ethereumTransaction(chain.node.chainId, {
      nonce,
      to: token,
      valueWei: 0n,
      gasLimit,
      data: evmBytes(tokenCalldata(call)),
      accessList: [],
      ...feePerGas,
    });
    const { encoded, txid } = await this.wallet.sign(task, { authority: this.#authority(order) });
    const result = await chain.node.submit(encoded);
    return { id: txid, status: result.accepted ? result.status : 'refused' };
  }

  /** The recipient bears the fee: outputs and fee are the entry's amount. */
  async #payCoins(bitcoin: BitcoinChain, order: PaymentOrder): Promise<Payment> {
    const { publicKey } = this.wallet;
    const coin = this.#coins.find(({ amountSats }) => amountSats > order.amount);
    if (coin === undefined) throw new DemoError(`the reserve of ${this.name} on Bitcoin is too small`);
    const terms = { utxos: [coin], to: order.recipient, changeAddress: p2wpkhAddress(publicKey, 'regtest') };
    const feeRateSatsPerVbyte = 2;
    const fee = p2wpkhFeeSats(
      p2wpkhTransfer({ ...terms, amountSats: order.amount - 10_000n, feeRateSatsPerVbyte }, 'regtest'),
    );
    const intent = p2wpkhTransfer({ ...terms, amountSats: order.amount - fee, feeRateSatsPerVbyte }, 'regtest');
    const raw = spendPsbt({ ...intent, publicKey }, 'regtest');
    const task = requestTask({ parseRequest, attachRequest }, bitcoin.id, 'psbt', raw);
    const { encoded, txid } = await this.wallet.sign(task, { authority: this.#authority(order) });
    const result = await bitcoin.node.submit(encoded);
    if (!result.accepted || txid === undefined) return { id: txid ?? '', status: 'refused' };
    await bitcoin.mine(1);
    this.#coins.splice(this.#coins.indexOf(coin), 1);
    const change = await bitcoin.node.utxo(txid, 1);
    if (change !== undefined) this.#coins.push(change);
    return { id: txid, status: 'success' };
  }
}

/** The only log of a departure's or mint's transaction. */
export const reference = (hash: Hex): string => `${hash}/0`;
