/**
 * Cosmos SDK networks (`@dwallet/client-sdk/cosmos`): transfers through a node, and a dWallet as cosmjs knows a wallet, an OfflineSigner for SIGN_MODE_DIRECT
 * and amino. Both sign transfers that this package can read, and refuse the rest. cosmjs is not loaded here.
 *
 * @module
 */
import { type CosmosNetwork, cosmosAddress, cosmosFamilyOf } from '@dwallet/chains/cosmos';
import type { EcdsaSignature } from '@dwallet/chains';
import { InvalidArgumentsError, concat, encodeText } from '@dwallet/sigma';
import { base64 } from './base64.ts';
import type { DWallet } from './client.ts';
import { taskOf } from './chain-task.ts';
import { cosmosNetworkOf } from './cosmos/network.ts';
import type { SendOptions, SigningTask } from './send.ts';

export { ChainServerError, type ChainServerErrorCode } from './chain-server.ts';
export {
  type CosmosAccount,
  type CosmosIntent,
  type CosmosPayment,
  type CosmosProvider,
  type CosmosReceipt,
  cosmos,
} from './cosmos/payment.ts';
export { cosmosRest } from './cosmos/rest.ts';

/** cosmjs' `SignDoc`. */
export interface DirectSignDoc {
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly chainId: string;
  readonly accountNumber: bigint;
}
/** cosmjs' `StdSignDoc`, as far as it is looked at here. */
export interface AminoSignDoc {
  readonly chain_id: string;
}

export interface CosmosSignature {
  readonly pub_key: { readonly type: 'tendermint/PubKeySecp256k1'; readonly value: string };
  /** r || s in base64. */
  readonly signature: string;
}

/** cosmjs' `OfflineDirectSigner` and `OfflineAminoSigner`. */
export interface CosmosSigner {
  getAccounts(): Promise<
    readonly { readonly address: string; readonly algo: 'secp256k1'; readonly pubkey: Uint8Array }[]
  >;
  signDirect<Doc extends DirectSignDoc>(
    address: string,
    doc: Doc,
  ): Promise<{ readonly signed: Doc; readonly signature: CosmosSignature }>;
  signAmino<Doc extends AminoSignDoc>(
    address: string,
    doc: Doc,
  ): Promise<{ readonly signed: Doc; readonly signature: CosmosSignature }>;
}

export interface CosmosSignerOptions extends Pick<SendOptions, 'approve' | 'onProgress' | 'signal'> {
  /** Chain id of a network that `@dwallet/chains` knows, or the network as data. */
  readonly network: string | CosmosNetwork;
}

/** @throws InvalidArgumentsError for an unknown network. */
export function cosmosSigner(wallet: DWallet, { network: named, ...options }: CosmosSignerOptions): CosmosSigner {
  const network = cosmosNetworkOf(named);
  const { publicKey } = wallet;
  const own = cosmosAddress(publicKey, network.prefix);
  const family = cosmosFamilyOf([network]);
  const sign = async (address: string, chainId: string, format: string, raw: Uint8Array): Promise<CosmosSignature> => {
    if (address !== own) throw new InvalidArgumentsError('signerAddress', `is not ${own}`);
    if (chainId !== network.chainId) throw new InvalidArgumentsError('chainId', `is not ${network.chainId}`);
    const task = signaturesOf(taskOf(family, `cosmos:${chainId}`, format, raw));
    const [signature] = await wallet.sign(task, options);
    const { r, s } = signature as EcdsaSignature;
    return {
      pub_key: { type: 'tendermint/PubKeySecp256k1', value: base64(publicKey) },
      signature: base64(concat(r, s)),
    };
  };
  return {
    getAccounts: async () => [{ address: own, algo: 'secp256k1', pubkey: publicKey }],
    async signDirect(address, doc) {
      return { signed: doc, signature: await sign(address, doc.chainId, 'sign-direct', encodeSignDoc(doc)) };
    },
    async signAmino(address, doc) {
      return { signed: doc, signature: await sign(address, doc.chain_id, 'sign-amino', encodeText(sortedJson(doc))) };
    },
  };
}

/** The signatures themselves, after the transaction has taken them. */
const signaturesOf = (task: SigningTask<unknown>): SigningTask<readonly EcdsaSignature[]> => ({
  open(publicKey) {
    const opened = task.open(publicKey);
    return {
      ...opened,
      attach(signatures) {
        opened.attach(signatures);
        return signatures;
      },
    };
  },
});

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...bytes, Number(rest));
}
/** One protobuf field of bytes; none when it is empty. */
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  bytes.length === 0 ? bytes : concat(Uint8Array.of((number << 3) | 2), varint(BigInt(bytes.length)), bytes);

/** `SignDoc` after ADR-027. What reads it again accepts no other encoding. */
const encodeSignDoc = ({ bodyBytes, authInfoBytes, chainId, accountNumber }: DirectSignDoc): Uint8Array =>
  concat(
    field(1, bodyBytes),
    field(2, authInfoBytes),
    field(3, encodeText(chainId)),
    accountNumber === 0n ? new Uint8Array(0) : concat(Uint8Array.of(4 << 3), varint(accountNumber)),
  );

const escapes: Readonly<Record<string, string>> = { '&': '\\u0026', '<': '\\u003c', '>': '\\u003e' };

/** The JSON that amino signs: keys in order, and three characters escaped. */
function sortedJson(value: unknown): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted);
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.sort(([x], [y]) => (x < y ? -1 : 1)).map(([name, item]) => [name, sorted(item)]));
  };
  return JSON.stringify(sorted(value)).replace(/[&<>]/g, (character) => escapes[character] ?? character);
}
