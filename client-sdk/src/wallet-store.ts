/**
 * What a wallet keeps: its recovery seed, the network it trusts, its dWallets. The interfaces are for adapters: `Keystore` (keystore.ts)
 * for wallets of people, `WalletStore` for tools and tests.
 *
 * @module
 */
import { DecodeError, type Random, Secret, hashTagged } from '@dwallet/sigma';
import { fromHex, hex } from './hex.ts';

/** A presign reserved for a dWallet. In the file before the network hears of it, and until its signature is there. Hex. */
export interface StoredReservation {
  readonly nonce: string;
  /** Set when the network has answered, before anything is made with the presign. */
  readonly presignId?: string;
  /** Certificate of the assignment, verified, set together with the presign: every sign request for it carries these bytes. */
  readonly assignment?: string;
}

/** One dWallet. Hex throughout. */
export interface StoredWallet {
  readonly id: string;
  /** DkgMsg, stored before it was sent. Not there in a dWallet that was recovered. */
  readonly message?: string;
  /** x_A. */
  readonly userShare: string;
  /** Set when the owner has accepted the network's output (MPC:A1 to MPC:A3). */
  readonly record?: string;
  /** Set when the owner has allowed raw digests with his acceptance. */
  readonly rawDigests?: true;
  /** The oldest first. */
  readonly reservations?: readonly StoredReservation[];
}

export interface WalletData {
  readonly version: 1;
  /** 32 bytes in hex: account key and user encryption key are derived from it. */
  readonly seed: string;
  /** Pinned on first use (MPC:V1). */
  readonly network?: { readonly id: string; readonly setup: string };
  readonly wallets: readonly StoredWallet[];
}

/** A synchronous store: plain, and without protection against another process that writes at the same moment. */
export interface WalletStore {
  load(): WalletData | undefined;
  /** Durable when it returns. */
  save(data: WalletData): void;
}

/** What the store has; a new wallet with a new recovery seed, stored, if it has nothing. */
export function openWallet(store: WalletStore, random: Random): WalletData {
  const known = store.load();
  if (known !== undefined) return known;
  const made: WalletData = { version: 1, seed: hex(random(32)), wallets: [] };
  store.save(made);
  return made;
}

/**
 * Key that authenticates a wallet's cached tables (`tableCache`), from its recovery seed: whoever can write to the cache but not read the wallet
 * cannot make a table that is believed.
 */
export function walletTableSealKey(store: WalletStore, random: Random): Secret<Uint8Array> {
  const seed = fromHex(openWallet(store, random).seed);
  try {
    return new Secret(hashTagged('wallet-table-seal', [seed], 32));
  } finally {
    seed.fill(0);
  }
}

const hexText = /^([0-9a-f]{2})*$/;
const isHex = (value: unknown, bytes?: number): boolean =>
  typeof value === 'string' && hexText.test(value) && (bytes === undefined || value.length === 2 * bytes);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const optional = (value: unknown, check: (value: unknown) => boolean): boolean => value === undefined || check(value);

const isReservation = (value: unknown): boolean =>
  isObject(value) &&
  isHex(value['nonce']) &&
  (['presignId', 'assignment'] as const).every((name) => optional(value[name], (text) => isHex(text)));
const isWallet = (value: unknown): boolean =>
  isObject(value) &&
  isHex(value['id']) &&
  isHex(value['userShare']) &&
  (['message', 'record'] as const).every((name) => optional(value[name], (text) => isHex(text))) &&
  optional(value['rawDigests'], (allowed) => allowed === true) &&
  optional(value['reservations'], (list) => Array.isArray(list) && list.every(isReservation));

/** A wallet as stored. The text never appears in an error: it holds secrets. @throws DecodeError */
export function parseWalletData(text: string): WalletData {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message may quote the file.
    throw new DecodeError('WalletData', 'is not JSON');
  }
  const known =
    isObject(value) &&
    value['version'] === 1 &&
    isHex(value['seed'], 32) &&
    optional(value['network'], (network) => isObject(network) && isHex(network['id']) && isHex(network['setup'])) &&
    Array.isArray(value['wallets']) &&
    value['wallets'].every(isWallet);
  if (!known) throw new DecodeError('WalletData', 'is not a wallet file of this version');
  return value as WalletData;
}
