/**
 * What a native transaction does, in one form for all chains: policy reads this and nothing else. One small adapter per format; a chain that
 * has none cannot be signed for by a vault.
 *
 * @module
 */
import {
  BITCOIN_NETWORKS,
  type Eip1559Intent,
  type P2wpkhIntent,
  encodeEvmAddress,
  evmAddress,
  p2wpkhFeeSats,
  p2wpkhAddress,
  p2wpkhScript,
} from '@dwallet/chains';
import { bytesToInteger } from '@dwallet/sigma';
import { nativeAsset } from '../record/caip.ts';
import { hex, sameBytes } from '../record/codec.ts';

/** Value that leaves the signer's account, or comes into being by its order. */
export interface Movement {
  readonly kind: 'transfer' | 'mint';
  /** CAIP-19. */
  readonly asset: string;
  /** Address in the chain's canonical spelling. */
  readonly to: string;
  readonly amount: bigint;
}

/** A call that nobody here can interpret. */
export interface OpaqueCall {
  /** Contract, or undefined where one is created. */
  readonly to: string | undefined;
  readonly data: Uint8Array;
}

/** What at most one confirmed transaction uses up: the nonce of an account, an outpoint. */
export interface Slot {
  readonly id: string;
  /**
   * What the request claims about it without proof: an outpoint's amount. Somebody who may claim another amount at every request gets
   * signatures that together pay a fee which no request showed.
   */
  readonly claim: string;
}

/** Everything that the transaction can do. What is not in here, it does not do. */
export interface NativeEffects {
  /** CAIP-2. */
  readonly chain: string;
  readonly movements: readonly Movement[];
  readonly calls: readonly OpaqueCall[];
  /** CAIP-19 of the coin of the fee, and the most that it can cost. */
  readonly feeAsset: string;
  readonly maxFee: bigint;
  /** Empty only for what is no transaction. */
  readonly slots: readonly Slot[];
}

const selector = (data: Uint8Array): string => hex(data.slice(0, 4));
/** transfer(address,uint256) and mint(address,uint256), as ERC-20 tokens have them. */
const tokenCalls: Readonly<Record<string, Movement['kind'] | undefined>> = { a9059cbb: 'transfer', '40c10f19': 'mint' };

/** The token call in `data`, or undefined if it is not exactly one. */
function tokenCall(chain: string, contract: string, data: Uint8Array): Movement | undefined {
  const kind = tokenCalls[selector(data)];
  // Longer data, or address bytes that contracts ignore, would be a second spelling.
  if (kind === undefined || data.length !== 68 || data.slice(4, 16).some((byte) => byte !== 0)) return undefined;
  return {
    kind,
    asset: `${chain}/erc20:${contract}`,
    to: encodeEvmAddress(data.slice(16, 36)),
    amount: bytesToInteger(data.slice(36)),
  };
}

/** Effects of an EIP-1559 transaction. @param chain - CAIP-2 of the chain whose format parsed it. */
export function eip1559Effects(chain: string, intent: Eip1559Intent): NativeEffects {
  const coin = nativeAsset(chain) ?? chain;
  const { to, valueWei, data } = intent;
  const token = to === null ? undefined : tokenCall(chain, to, data);
  const movements: Movement[] = [];
  if (valueWei > 0n && to !== null) movements.push({ kind: 'transfer', asset: coin, to, amount: valueWei });
  if (token !== undefined) movements.push(token);
  const opaque = to === null || (data.length > 0 && token === undefined);
  return {
    chain,
    movements,
    calls: opaque ? [{ to: to ?? undefined, data }] : [],
    feeAsset: coin,
    // Value that goes into a new contract is spent, whoever gets it.
    maxFee: intent.gasLimit * intent.maxFeePerGasWei + (to === null ? valueWei : 0n),
    slots: [{ id: `nonce:${intent.nonce}`, claim: '' }],
  };
}

/**
 * Effects of a P2WPKH spend. Only what returns to the signer is change, and only the signer's coins may go in: with coins of others,
 * "change" could be anybody's.
 *
 * @param chain - CAIP-2.
 * @param publicKey - of the dWallet that signs: 33 bytes, compressed.
 * @returns undefined for another chain, or if an input is not the signer's.
 */
export function p2wpkhEffects(chain: string, intent: P2wpkhIntent, publicKey: Uint8Array): NativeEffects | undefined {
  const network = Object.values(BITCOIN_NETWORKS).find(({ id }) => id === chain);
  const coin = nativeAsset(chain);
  if (network === undefined || coin === undefined) return undefined;
  const script = p2wpkhScript(publicKey);
  if (!intent.inputs.every(({ scriptPubKey }) => sameBytes(scriptPubKey, script))) return undefined;
  const own = p2wpkhAddress(publicKey, network.name);
  return {
    chain,
    movements: intent.outputs
      .filter(({ address }) => address !== own)
      .map(({ address, amountSats }) => ({ kind: 'transfer', asset: coin, to: address, amount: amountSats })),
    calls: [],
    feeAsset: coin,
    maxFee: p2wpkhFeeSats(intent),
    slots: intent.inputs.map(({ txid, vout, amountSats }) => ({
      id: `outpoint:${txid}:${vout}`,
      claim: amountSats.toString(),
    })),
  };
}

const noMovement = (chain: string, calls: readonly OpaqueCall[]): NativeEffects => ({
  chain,
  movements: [],
  calls,
  feeAsset: nativeAsset(chain) ?? chain,
  maxFee: 0n,
  slots: [],
});

/**
 * Effects of what a format parsed and a person can read, but policy cannot judge (typed data, other transactions): the dWallet's owner must have
 * opted in to such calls, and a vault never signs them.
 *
 * @param raw - the request's bytes.
 */
export const opaqueEffects = (chain: string, raw: Uint8Array): NativeEffects =>
  noMovement(chain, [{ to: undefined, data: raw }]);

/**
 * Effects of what a format of @dwallet/chains parsed. A personal message (EIP-191) is no transaction on any chain: it moves nothing.
 *
 * @returns undefined for a format that policy cannot judge; see {@link opaqueEffects}.
 */
export function effectsOf(
  chain: string,
  format: string,
  intent: unknown,
  publicKey: Uint8Array,
): NativeEffects | undefined {
  const evm = chain.startsWith('eip155:');
  if (evm && format === 'eip1559') return eip1559Effects(chain, intent as Eip1559Intent);
  if (evm && format === 'eip191') return noMovement(chain, []);
  // A PSBT that says as much as a P2WPKH spend: every input is the signer's, or it has no effects here. Its signatures cover all of it (SIGHASH_ALL).
  if ((format === 'p2wpkh' || format === 'psbt') && chain.startsWith('bip122:'))
    return p2wpkhEffects(chain, intent as P2wpkhIntent, publicKey);
  return undefined;
}

/** The address of a dWallet on `chain`, or undefined for a chain without an adapter. */
export function addressOfKey(chain: string, publicKey: Uint8Array): string | undefined {
  if (chain.startsWith('eip155:')) return evmAddress(publicKey);
  const network = Object.values(BITCOIN_NETWORKS).find(({ id }) => id === chain);
  return network === undefined ? undefined : p2wpkhAddress(publicKey, network.name);
}
