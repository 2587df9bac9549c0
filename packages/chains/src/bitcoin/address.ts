/**
 * Bitcoin addresses and output scripts. A dWallet's own address is P2WPKH (BIP-141, bech32 of BIP-173); it can pay to every
 * standard type of address.
 *
 * @module
 */
import { Address, OutScript, p2wpkh } from '@scure/btc-signer';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.ts';
import { decodePublicKey } from '../ecdsa.ts';
import { InvalidIntentError } from '../errors.ts';

export type BitcoinNetworkName = 'mainnet' | 'testnet' | 'regtest';

/** What tells the networks apart in addresses and ids. */
export interface BitcoinNetwork {
  readonly name: BitcoinNetworkName;
  /** CAIP-2: `bip122:` and the first 16 bytes of the genesis block's hash. */
  readonly id: string;
  readonly bech32: string;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  /** Version byte of private keys in WIF. Unused here; the address library asks for it. */
  readonly wif: number;
}

/**
 * The networks. Old base58 addresses of testnet and regtest look the same; bech32 ones differ.
 * Note: bcoin writes regtest addresses with `rb` where Bitcoin Core writes `bcrt`; the scripts are equal.
 */
export const BITCOIN_NETWORKS: Readonly<Record<BitcoinNetworkName, BitcoinNetwork>> = {
  mainnet: {
    name: 'mainnet',
    id: 'bip122:000000000019d6689c085ae165831e93',
    bech32: 'bc',
    pubKeyHash: 0x00,
    scriptHash: 0x05,
    wif: 0x80,
  },
  testnet: {
    name: 'testnet',
    id: 'bip122:000000000933ea01ad0ee984209779ba',
    bech32: 'tb',
    pubKeyHash: 0x6f,
    scriptHash: 0xc4,
    wif: 0xef,
  },
  regtest: {
    name: 'regtest',
    id: 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328',
    bech32: 'bcrt',
    pubKeyHash: 0x6f,
    scriptHash: 0xc4,
    wif: 0xef,
  },
};

/** P2WPKH output script of a public key (33 bytes, compressed): `00 14 hash160(publicKey)`, 22 bytes. */
export function p2wpkhScript(publicKey: Uint8Array): Uint8Array {
  return Uint8Array.from(p2wpkh(decodePublicKey(publicKey).compressed).script);
}

/** P2WPKH address of a public key (33 bytes, compressed). @throws {@link InvalidIntentError} If it is not a point. */
export function p2wpkhAddress(publicKey: Uint8Array, network: BitcoinNetworkName): string {
  return scriptToAddress(p2wpkhScript(publicKey), network);
}

/** P2PKH output script of a public key (33 bytes, compressed): 25 bytes. */
export function p2pkhScript(publicKey: Uint8Array): Uint8Array {
  return p2pkhScriptOf(hash160(decodePublicKey(publicKey).compressed));
}

/** P2PKH address of a public key. @throws {@link InvalidIntentError} If it is not a point. */
export function p2pkhAddress(publicKey: Uint8Array, network: BitcoinNetworkName): string {
  return scriptToAddress(p2pkhScript(publicKey), network);
}

/** P2SH output script around the P2WPKH script of a public key (BIP-141): 23 bytes. The redeem script is {@link p2wpkhScript}. */
export function p2shP2wpkhScript(publicKey: Uint8Array): Uint8Array {
  return Uint8Array.of(0xa9, 0x14, ...hash160(p2wpkhScript(publicKey)), 0x87);
}

/** P2SH-P2WPKH address of a public key. @throws {@link InvalidIntentError} If it is not a point. */
export function p2shP2wpkhAddress(publicKey: Uint8Array, network: BitcoinNetworkName): string {
  return scriptToAddress(p2shP2wpkhScript(publicKey), network);
}

/** P2PKH script of a key hash (20 bytes). It is also the scriptCode of a P2WPKH input (BIP-143). */
export function p2pkhScriptOf(keyHash: Uint8Array): Uint8Array {
  return Uint8Array.of(0x76, 0xa9, 0x14, ...keyHash, 0x88, 0xac);
}

/** RIPEMD-160 of SHA-256. */
export const hash160 = (bytes: Uint8Array): Uint8Array => ripemd160(sha256(bytes));

/** The 20-byte key hash of a P2WPKH output script, or undefined if it is another kind of script. */
export function p2wpkhKeyHash(script: Uint8Array): Uint8Array | undefined {
  return script.length === 22 && script[0] === 0x00 && script[1] === 0x14 ? script.slice(2) : undefined;
}

/**
 * Output script of an address: P2PKH, P2SH, P2WPKH, P2WSH or P2TR.
 *
 * @param field - name of the field in errors.
 * @throws {@link InvalidIntentError} If it is no address of this network or its checksum is wrong.
 */
export function addressToScript(address: string, network: BitcoinNetworkName, field = 'address'): Uint8Array {
  try {
    return Uint8Array.from(OutScript.encode(Address(BITCOIN_NETWORKS[network]).decode(address)));
  } catch (cause) {
    throw new InvalidIntentError(field, `is not a Bitcoin ${network} address`, { cause });
  }
}

/**
 * Address of an output script, in its canonical spelling.
 *
 * @param field - name of the field in errors.
 * @throws {@link InvalidIntentError} If the script has no address: a person could not tell who is paid.
 */
export function scriptToAddress(script: Uint8Array, network: BitcoinNetworkName, field = 'scriptPubKey'): string {
  let address: string;
  try {
    address = Address(BITCOIN_NETWORKS[network]).encode(OutScript.decode(script));
  } catch (cause) {
    throw new InvalidIntentError(field, `has no address: ${bytesToHex(script)}`, { cause });
  }
  // A second spelling of a known script form would break `parse(build(i)) = i`.
  if (!equalBytes(addressToScript(address, network), script)) {
    throw new InvalidIntentError(field, `is not the canonical script of ${address}`);
  }
  return address;
}
