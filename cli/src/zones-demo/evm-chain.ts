/**
 * One EVM chain of the demonstration: a real node, its contracts, and the transactions of its users. Each validator reads it through a line of its own.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeDestination, type Destination } from '@dwallet/zones';
import {
  type Abi,
  type Address,
  type Hex,
  type PrivateKeyAccount,
  bytesToHex,
  concat,
  decodeFunctionResult,
  encodeFunctionData,
  getContractAddress,
  hexToBytes,
  numberToHex,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { type EvmNode, startEvmNode } from '../local-chains/evm-node.ts';
import { gatewayAbi, gatewayDeployment, tokenAbi, tokenDeployment } from './contracts/index.ts';
import { DemoError } from './demo-error.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';

const ether = 10n ** 18n;
const fees = { maxFeePerGas: 20n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n };
const receiptPauseMs = 50;

/** A mined transaction. */
export interface Mined {
  readonly hash: Hex;
  readonly status: 'success' | 'reverted';
  readonly height: number;
  /** Places of its logs in the transaction. */
  readonly logs: number;
}

export const newAccount = (): PrivateKeyAccount => privateKeyToAccount(bytesToHex(new Uint8Array(randomBytes(32))));

export interface EvmChainOptions {
  readonly name: string;
  readonly chainId: number;
  readonly validators: number;
  /** Pace of its blocks in ms; default: a block for each transaction. */
  readonly blockMs?: number;
  readonly signal?: AbortSignal;
}

export class EvmChain {
  readonly name: string;
  /** CAIP-2. */
  readonly id: string;
  readonly node: EvmNode;
  readonly blockMs: number | undefined;
  /** Validator 1 first. */
  readonly lines: readonly NodeProxy[];
  readonly #operator = newAccount();
  /** Sequence of transactions per account. */
  readonly #sending = new Map<Address, Promise<unknown>>();
  #pace: NodeJS.Timeout | undefined;
  #gateway: Address | undefined;

  static async start(options: EvmChainOptions): Promise<EvmChain> {
    const { chainId, validators, blockMs, signal } = options;
    const mining = blockMs === undefined;
    const node = await startEvmNode({ chainId, mining, ...(signal === undefined ? {} : { signal }) });
    const lines = await Promise.all(Array.from({ length: validators }, () => startNodeProxy(node.rpcUrl)));
    const chain = new EvmChain(options, node, lines);
    await node.fund(chain.#operator.address, 100n * ether);
    return chain;
  }

  private constructor({ name, chainId, blockMs }: EvmChainOptions, node: EvmNode, lines: readonly NodeProxy[]) {
    this.name = name;
    this.id = `eip155:${chainId}`;
    this.blockMs = blockMs;
    this.node = node;
    this.lines = lines;
  }

  /** The account that made the contracts. */
  get operator(): PrivateKeyAccount {
    return this.#operator;
  }
  get gateway(): Address {
    if (this.#gateway === undefined) throw new DemoError(`${this.name} has no gateway`);
    return this.#gateway;
  }

  // Blocks --------------------------------------------------------------------------------------------------------------------------

  async mine(blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i++) await this.node.request('evm_mine');
  }
  /** Blocks come at the chain's pace until {@link stopBlocks}. */
  startBlocks(): void {
    if (this.#pace !== undefined || this.blockMs === undefined) return;
    this.#pace = setInterval(() => void this.node.request('evm_mine').catch(() => {}), this.blockMs);
  }
  stopBlocks(): void {
    clearInterval(this.#pace);
    this.#pace = undefined;
  }
  async height(): Promise<number> {
    return Number(await this.node.request('eth_blockNumber'));
  }

  /** Time of the newest block, in seconds. */
  async time(): Promise<number> {
    const { timestamp } = (await this.node.request('eth_getBlockByNumber', ['latest', false])) as { timestamp: Hex };
    return Number(timestamp);
  }

  // Transactions --------------------------------------------------------------------------------------------------------------------

  /** Signs with an account of a user, hands in, and waits for the receipt. An account's transactions are handed in in the order of the calls. */
  async send(account: PrivateKeyAccount, to: Address | undefined, data: Hex, value = 0n): Promise<Mined> {
    const before = this.#sending.get(account.address) ?? Promise.resolve();
    const handedIn = before.catch(() => {}).then(() => this.#handIn(account, to, data, value));
    this.#sending.set(account.address, handedIn);
    return this.receipt(await handedIn);
  }

  async #handIn(account: PrivateKeyAccount, to: Address | undefined, data: Hex, value: bigint): Promise<Hex> {
    const nonce = Number(await this.node.request('eth_getTransactionCount', [account.address, 'pending']));
    const raw = await account.signTransaction({
      type: 'eip1559',
      chainId: this.node.chainId,
      nonce,
      gas: 3_000_000n,
      data,
      value,
      ...(to === undefined ? {} : { to }),
      ...fees,
    });
    return (await this.node.request('eth_sendRawTransaction', [raw])) as Hex;
  }

  /** Waits until a transaction is mined. */
  async receipt(hash: Hex): Promise<Mined> {
    const end = performance.now() + 10_000 + 4 * (this.blockMs ?? 0);
    while (performance.now() < end) {
      const found = (await this.node.request('eth_getTransactionReceipt', [hash])) as {
        status: Hex;
        blockNumber: Hex;
        logs: unknown[];
      } | null;
      if (found !== null) {
        const { status, blockNumber, logs } = found;
        return {
          hash,
          status: status === '0x1' ? 'success' : 'reverted',
          height: Number(blockNumber),
          logs: logs.length,
        };
      }
      await sleep(receiptPauseMs);
    }
    throw new DemoError(`${this.name} did not mine ${hash}`);
  }

  async #deploy(data: Hex): Promise<Address> {
    const nonce = BigInt(
      (await this.node.request('eth_getTransactionCount', [this.#operator.address, 'pending'])) as Hex,
    );
    const { status } = await this.send(this.#operator, undefined, data);
    if (status !== 'success') throw new DemoError(`a contract was not made on ${this.name}`);
    return getContractAddress({ from: this.#operator.address, nonce });
  }
  /** @param minter - who mints. */
  deployToken(minter: Address): Promise<Address> {
    return this.#deploy(tokenDeployment(minter));
  }
  async deployGateway(settler: Address): Promise<Address> {
    this.#gateway = await this.#deploy(gatewayDeployment({ relayer: this.#operator.address, settler }));
    return this.#gateway;
  }

  // Tokens --------------------------------------------------------------------------------------------------------------------------

  /** Calls a function of a token by the issuer or by a user. */
  onToken(account: PrivateKeyAccount, token: Address, call: TokenCall, destination?: Destination): Promise<Mined> {
    return this.send(account, token, tokenCalldata(call, destination));
  }
  async read(contract: Address, functionName: 'balanceOf' | 'totalSupply', args: readonly Address[] = []) {
    const abi: Abi = tokenAbi;
    const data = encodeFunctionData({ abi, functionName, args });
    const result = (await this.node.request('eth_call', [{ to: contract, data }, 'latest'])) as Hex;
    // A chain that took back the contract has nothing of it.
    return result === '0x' ? 0n : (decodeFunctionResult({ abi, functionName, data: result }) as bigint);
  }
  balanceOf(token: Address, account: Address): Promise<bigint> {
    return this.read(token, 'balanceOf', [account]);
  }
  supply(token: Address): Promise<bigint> {
    return this.read(token, 'totalSupply');
  }
  /** A transaction in the name of an account whose key nobody asks for: what somebody who owns the chain can do. */
  async forge(from: Address, to: Address, call: TokenCall, destination?: Destination): Promise<Mined> {
    await this.node.fund(from, ether);
    await this.node.request('anvil_impersonateAccount', [from]);
    const data = tokenCalldata(call, destination);
    const hash = (await this.node.request('eth_sendTransaction', [
      { from, to, data, gas: numberToHex(3_000_000) },
    ])) as Hex;
    await this.node.request('anvil_stopImpersonatingAccount', [from]);
    return this.receipt(hash);
  }

  // Gateway -------------------------------------------------------------------------------------------------------------------------

  onGateway(account: PrivateKeyAccount, call: GatewayCall): Promise<Mined> {
    const abi: Abi = gatewayAbi;
    return this.send(account, this.gateway, encodeFunctionData({ abi, ...call }));
  }

  async stop(): Promise<void> {
    this.stopBlocks();
    await Promise.all([this.node.stop(), ...this.lines.map((line) => line.close())]);
  }
}

export type TokenCall =
  | { readonly functionName: 'mint' | 'transfer'; readonly args: readonly [Address, bigint] }
  | { readonly functionName: 'burn'; readonly args: readonly [bigint] };

export interface GatewayCall {
  readonly functionName: 'send' | 'deliver';
  readonly args: readonly unknown[];
}

/** A call of a token; the destination of a departure stands after its arguments (docs/zones.md). */
export function tokenCalldata(call: TokenCall, destination?: Destination): Hex {
  const abi: Abi = tokenAbi;
  const data = encodeFunctionData({ abi, ...call });
  return destination === undefined ? data : concat([data, bytesToHex(encodeDestination(destination))]);
}

export const evmBytes = (data: Hex): Uint8Array => hexToBytes(data);
