/**
 * A dWallet as EVM programs know a wallet: viem account, ethers signer, EIP-1193 provider (`@dwallet/client-sdk/evm-wallets`). None of those
 * libraries is loaded here. All of them sign what this package can read, and refuse fields that it does not know.
 *
 * @module
 */
import {
  type AccessListEntry,
  type Hex,
  type TypedDataInput,
  eip2930Chain,
  evmAddress,
  evmNetwork,
  legacyChain,
} from '@dwallet/chains/evm';
import { InvalidArgumentsError } from '@dwallet/sigma';
import type { DWallet } from './client.ts';
import {
  type EthereumIntent,
  ethereum,
  ethereumTransaction,
  personalMessage,
  requireGasCost,
  typedData,
} from './ethereum.ts';
import { type EvmRpc, providerOf } from './evm/json-rpc.ts';
import { SendError, type SendOptions, type SignedTransaction, type SigningTask } from './send.ts';

/** How the adapters sign. */
export interface EvmSignOptions extends Pick<SendOptions, 'approve' | 'onProgress' | 'signal'> {
  /** Most that the gas of a transaction may cost, in wei, whatever a node or a library says. Default: 0.05 ETH. */
  readonly maxGasCost?: bigint;
}

const toHex = (bytes: Uint8Array): Hex =>
  `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

function bytesOf(value: unknown, field: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value))
    throw new InvalidArgumentsError(field, 'must be bytes, or hex after 0x');
  return Uint8Array.from(value.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function integerOf(value: unknown, field: string): bigint {
  if (typeof value === 'bigint' && value >= 0n) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'string' && /^(0x[0-9a-fA-F]{1,64}|[0-9]{1,78})$/.test(value)) return BigInt(value);
  throw new InvalidArgumentsError(field, 'must be an integer that is not negative');
}

const isSame = (account: unknown, own: Hex): boolean =>
  typeof account === 'string' && account.toLowerCase() === own.toLowerCase();

const read = <T>(value: unknown, convert: (value: unknown) => T): T | undefined =>
  value === undefined || value === null ? undefined : convert(value);

/** What the libraries add for themselves. */
const ignored: ReadonlySet<string> = new Set(['account', 'chain', 'nonceManager', 'kzg', 'parameters']);
const types: Readonly<Record<string, number>> = {
  legacy: 0,
  eip2930: 1,
  eip1559: 2,
  '0x0': 0,
  '0x1': 1,
  '0x2': 2,
  '0': 0,
  '1': 1,
  '2': 2,
};

interface Fields {
  readonly chainId: number | undefined;
  readonly type: number | undefined;
  readonly nonce: number | undefined;
  readonly to: Hex | null;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gas: bigint | undefined;
  readonly gasPrice: bigint | undefined;
  readonly maxFeePerGas: bigint | undefined;
  readonly maxPriorityFeePerGas: bigint | undefined;
  readonly accessList: readonly AccessListEntry[];
}

/** Fields as viem, ethers and JSON-RPC write them. @throws InvalidArgumentsError for a field that is unknown, or another sender. */
function fieldsOf(transaction: object, from: Hex): Fields {
  const given = new Map(
    Object.entries(transaction).filter(([name, value]) => value !== undefined && !ignored.has(name)),
  );
  const take = (name: string): unknown => {
    const value: unknown = given.get(name);
    given.delete(name);
    return value;
  };
  const integer = (name: string): bigint | undefined => read(take(name), (value) => integerOf(value, name));
  const small = (name: string): number | undefined => read(integer(name), (value) => Number(value));
  const sender = take('from');
  if (sender !== undefined && !isSame(sender, from)) throw new InvalidArgumentsError('from', `is not ${from}`);
  const type = read(take('type'), (value) => types[String(value)] ?? -1);
  if (type === -1) throw new InvalidArgumentsError('type', 'is not supported');
  const [data, input] = [take('data'), take('input')];
  if (data !== undefined && input !== undefined && data !== input)
    throw new InvalidArgumentsError('input', 'is not the same as data');
  const [gas, gasLimit] = [integer('gas'), integer('gasLimit')];
  const fields: Fields = {
    chainId: small('chainId'),
    type,
    nonce: small('nonce'),
    to: (read(take('to'), String) ?? null) as Hex | null,
    value: integer('value') ?? 0n,
    data: read(data ?? input, (value) => bytesOf(value, 'data')) ?? new Uint8Array(0),
    gas: gas ?? gasLimit,
    gasPrice: integer('gasPrice'),
    maxFeePerGas: integer('maxFeePerGas'),
    maxPriorityFeePerGas: integer('maxPriorityFeePerGas'),
    accessList: (read(take('accessList'), (value) => value) ?? []) as readonly AccessListEntry[],
  };
  const [unknown] = given.keys();
  if (unknown !== undefined) throw new InvalidArgumentsError(unknown, 'is not known: it would not be signed');
  return fields;
}

function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new InvalidArgumentsError(field, 'is missing');
  return value;
}

/** A complete transaction as fields. @throws InvalidArgumentsError, InvalidIntentError */
function taskOfFields(fields: Fields, maxGasCost: bigint | undefined): SigningTask<SignedTransaction> {
  const chainId = required(fields.chainId, 'chainId');
  const { to, data, accessList, value: valueWei } = fields;
  const call = { nonce: required(fields.nonce, 'nonce'), to, valueWei, gasLimit: required(fields.gas, 'gas'), data };
  requireGasCost(call.gasLimit, fields.maxFeePerGas ?? fields.gasPrice ?? 0n, maxGasCost);
  const priced = fields.gasPrice !== undefined && fields.maxFeePerGas === undefined;
  const type = fields.type ?? (priced ? (accessList.length > 0 ? 1 : 0) : 2);
  if (type === 2) {
    const maxFeePerGasWei = required(fields.maxFeePerGas, 'maxFeePerGas');
    const maxPriorityFeePerGasWei = fields.maxPriorityFeePerGas ?? 0n;
    return ethereumTransaction(chainId, { ...call, accessList, maxFeePerGasWei, maxPriorityFeePerGasWei });
  }
  const gasPriceWei = required(fields.gasPrice, 'gasPrice');
  if (type === 1) {
    const chain = eip2930Chain(evmNetwork(chainId));
    return ethereumTransaction(chainId, chain.encodeUnsigned(chain.build({ ...call, gasPriceWei, accessList })));
  }
  if (accessList.length > 0) throw new InvalidArgumentsError('accessList', 'is not part of a legacy transaction');
  const chain = legacyChain(evmNetwork(chainId));
  return ethereumTransaction(chainId, chain.encodeUnsigned(chain.build({ ...call, gasPriceWei })));
}

// viem -------------------------------------------------------------------------------------------------------------------------------

/** A local account of viem. */
export interface DWalletViemAccount {
  readonly address: Hex;
  readonly publicKey: Hex;
  readonly type: 'local';
  readonly source: 'dwallet';
  signMessage(args: { readonly message: string | { readonly raw: Hex | Uint8Array } }): Promise<Hex>;
  signTransaction(transaction: object): Promise<Hex>;
  signTypedData(data: object): Promise<Hex>;
}

/** For `createWalletClient({ account, ... })` and everything else of viem that takes a local account. */
export function viemAccount(wallet: DWallet, options: EvmSignOptions = {}): DWalletViemAccount {
  const address = evmAddress(wallet.publicKey);
  return {
    address,
    publicKey: toHex(wallet.publicKey),
    type: 'local',
    source: 'dwallet',
    async signMessage({ message }) {
      const content = typeof message === 'string' ? message : bytesOf(message.raw, 'message.raw');
      return toHex(await wallet.signMessage(personalMessage(content), options));
    },
    async signTransaction(transaction) {
      const task = taskOfFields(fieldsOf(transaction, address), options.maxGasCost);
      return toHex((await wallet.sign(task, options)).encoded);
    },
    async signTypedData(data) {
      const { domain, types: structs, primaryType, message } = data as TypedDataInput;
      return toHex(await wallet.signMessage(typedData({ domain, types: structs, primaryType, message }), options));
    },
  };
}

// ethers -----------------------------------------------------------------------------------------------------------------------------

/** ethers' `AbstractSigner`. */
export type AbstractSignerClass<Signer, Provider> = abstract new (provider?: Provider | null) => Signer;

/**
 * A signer of ethers 6. The library is the caller's: `ethersSigner(wallet, AbstractSigner, provider)`.
 * @param AbstractSigner - ethers' own class, which brings everything but signing.
 */
export function ethersSigner<Signer extends object, Provider>(
  wallet: DWallet,
  AbstractSigner: AbstractSignerClass<Signer, Provider>,
  provider?: Provider | null,
  options: EvmSignOptions = {},
): Signer {
  const address = evmAddress(wallet.publicKey);
  const Base = AbstractSigner as unknown as new (provider?: Provider | null) => object;
  class DWalletSigner extends Base {
    async getAddress(): Promise<string> {
      return address;
    }
    connect(other: Provider | null): Signer {
      return ethersSigner(wallet, AbstractSigner, other, options);
    }
    async signTransaction(transaction: object): Promise<string> {
      // A `Transaction` of ethers has its canonical bytes; a request of a caller has fields.
      const { unsignedSerialized, chainId, from, gasLimit, maxFeePerGas, gasPrice } = transaction as {
        readonly unsignedSerialized?: string;
        readonly chainId?: bigint;
        readonly from?: string | null;
        readonly gasLimit?: bigint;
        readonly maxFeePerGas?: bigint | null;
        readonly gasPrice?: bigint | null;
      };
      if (typeof from === 'string' && from.toLowerCase() !== address.toLowerCase())
        throw new InvalidArgumentsError('from', `is not ${address}`);
      if (unsignedSerialized !== undefined)
        requireGasCost(gasLimit ?? 0n, maxFeePerGas ?? gasPrice ?? 0n, options.maxGasCost);
      const task =
        unsignedSerialized === undefined
          ? taskOfFields(fieldsOf(transaction, address), options.maxGasCost)
          : ethereumTransaction(Number(chainId), bytesOf(unsignedSerialized, 'transaction'));
      return toHex((await wallet.sign(task, options)).encoded);
    }
    async signMessage(message: string | Uint8Array): Promise<string> {
      return toHex(await wallet.signMessage(personalMessage(message), options));
    }
    async signTypedData(domain: object, structs: Record<string, unknown>, message: object): Promise<string> {
      const task = typedData({ domain, types: structs, primaryType: primaryTypeOf(structs), message });
      return toHex(await wallet.signMessage(task, options));
    }
  }
  return new DWalletSigner(provider) as unknown as Signer;
}

/** The struct that no other one refers to. @throws InvalidArgumentsError when there is none, or more than one. */
function primaryTypeOf(structs: Record<string, unknown>): string {
  const names = Object.keys(structs).filter((name) => name !== 'EIP712Domain');
  const used = new Set(
    names.flatMap((name) =>
      (structs[name] as readonly { readonly type: string }[]).map(({ type }) => type.replace(/(\[\d*\])+$/, '')),
    ),
  );
  const roots = names.filter((name) => !used.has(name));
  if (roots.length !== 1) throw new InvalidArgumentsError('types', 'do not have exactly one primary type');
  return roots[0] as string;
}

// EIP-1193 ---------------------------------------------------------------------------------------------------------------------------

/** An error as EIP-1193 numbers them: 4001 not approved, 4100 another account, 4200 not supported. */
export class ProviderRpcError extends Error {
  override readonly name = 'ProviderRpcError';
  readonly code: 4001 | 4100 | 4200;
  constructor(code: 4001 | 4100 | 4200, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Eip1193Options extends EvmSignOptions {
  /** Node of the one network that this provider is for. */
  readonly rpc: EvmRpc;
  /** Applications ask here by themselves, so that somebody must look at each request. */
  readonly approve: NonNullable<SendOptions['approve']>;
}

export interface DWalletProvider {
  request(call: { readonly method: string; readonly params?: unknown }): Promise<unknown>;
}

/** Reads that are passed on to the node. Nothing else is. */
const passedOn =
  /^(eth_(blockNumber|call|chainId|estimateGas|feeHistory|gasPrice|get[A-Z]\w*|maxPriorityFeePerGas|sendRawTransaction|syncing)|net_version|web3_clientVersion)$/;

/** A provider for applications: accounts, messages and transactions of the dWallet, reads of the node. `eth_sign` does not exist: it signs what nobody can read. */
export function eip1193Provider(wallet: DWallet, { rpc, ...options }: Eip1193Options): DWalletProvider {
  const address = evmAddress(wallet.publicKey);
  const { maxGasCost } = options;
  const node = providerOf(rpc);
  const requireOwn = (account: unknown): void => {
    if (!isSame(account, address)) throw new ProviderRpcError(4100, `the account is ${address}`);
  };
  const answer = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [address];
      case 'personal_sign':
        requireOwn(params[1]);
        return toHex(await wallet.signMessage(personalMessage(bytesOf(params[0], 'message')), options));
      case 'eth_signTypedData_v4': {
        requireOwn(params[0]);
        const data: unknown = typeof params[1] === 'string' ? JSON.parse(params[1]) : params[1];
        return toHex(await wallet.signMessage(typedData(data as TypedDataInput), options));
      }
      case 'eth_sendTransaction': {
        const fields = fieldsOf(params[0] ?? {}, address);
        const { to, value, data, nonce, chainId, gas, accessList } = fields;
        const maxFeePerGas = fields.maxFeePerGas ?? fields.gasPrice;
        const tip = fields.maxPriorityFeePerGas ?? fields.gasPrice ?? 0n;
        const intent: EthereumIntent = {
          to,
          value,
          data,
          accessList,
          ...(nonce === undefined ? {} : { nonce }),
          ...(chainId === undefined ? {} : { chainId }),
          ...(gas === undefined ? {} : { gasLimit: gas }),
          ...(maxFeePerGas === undefined ? {} : { fees: { maxFeePerGas, maxPriorityFeePerGas: tip } }),
          ...(maxGasCost === undefined ? {} : { maxGasCost }),
        };
        return (await wallet.send(ethereum(intent), { ...options, rpc, wait: false })).txid;
      }
      default:
        if (!passedOn.test(method)) throw new ProviderRpcError(4200, `${method} is not supported`);
        return node.request({ method, params });
    }
  };
  return {
    async request({ method, params }) {
      try {
        return await answer(method, Array.isArray(params) ? params : []);
      } catch (error) {
        if (error instanceof SendError && error.code === 'SEND_NOT_APPROVED')
          throw new ProviderRpcError(4001, 'it was not approved', { cause: error });
        throw error;
      }
    },
  };
}
