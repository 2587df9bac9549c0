/**
 * One interface for all chains: how an intent becomes bytes to sign, and signatures become a transaction.
 *
 * Everything here is pure. Nonces, fees and unspent outputs are inputs of an intent and never fetched, so that wallet and
 * validators compute the same bytes. A dWallet never signs an opaque hash: it signs `hash(message)` of a message that
 * {@link NativeChain.parse} can lead back to an intent, which policy reads and {@link NativeChain.describe} puts in words.
 *
 * @module
 */
import type { EcdsaSignature, HashScheme } from './ecdsa.ts';

/** One thing that the dWallet has to sign. A transaction has one or more, in a fixed order. */
export interface SigningPayload {
  /** The preimage: what the 2PC-MPC protocol takes as message. */
  readonly message: Uint8Array;
  /** How the protocol must hash it. */
  readonly hashScheme: HashScheme;
  /** `hashMessage(hashScheme, message)`, 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * How one format of one chain turns an intent into bytes to sign and a signature into what the chain takes.
 *
 * Invariants: `parse(encodeUnsigned(build(i)))` equals `build(i).intent`, and `build` is the identity on an intent that it
 * has already normalised. `parse` accepts no second encoding of the same transaction.
 */
export interface SigningFormat<Intent, Unsigned extends { readonly intent: Intent }, Signed> {
  /** CAIP-2, such as `eip155:1` or `bip122:000000000019d6689c085ae165831e93`. */
  readonly id: string;
  readonly curve: 'secp256k1';
  readonly scheme: 'ecdsa';

  /** Address of a public key (33 bytes, compressed). @throws InvalidIntentError if it is not a point. */
  address(publicKey: Uint8Array): string;

  /** Checks and normalises an intent. @throws InvalidIntentError naming the field. */
  build(intent: Intent): Unsigned;

  /** The canonical unsigned encoding: what a wallet shows to the validators. */
  encodeUnsigned(unsigned: Unsigned): Uint8Array;

  /** Reads untrusted unsigned bytes back into an intent. @throws TransactionDecodeError on anything but the canonical form. */
  parse(bytes: Uint8Array): Intent;

  /** What has to be signed, in the order that `attach` expects. */
  payloads(unsigned: Unsigned): readonly SigningPayload[];

  /**
   * Puts the signatures in, one per payload, after checking each against `publicKey`.
   *
   * @throws InvalidSignatureError if one is not a low-s signature of this payload by this key, with the right recovery id.
   * @throws InvalidIntentError if the transaction does not belong to this key.
   */
  attach(unsigned: Unsigned, publicKey: Uint8Array, signatures: readonly EcdsaSignature[]): Signed;

  /** Whether the encoded form is what it claims and every signature is by `publicKey`. Reads the final bytes again. */
  verify(signed: Signed, publicKey: Uint8Array): boolean;

  /** The bytes that a node (or, for a message, its verifier) takes. */
  encode(signed: Signed): Uint8Array;

  /** What a person approves, one sentence per line, amounts exact. No line contains text of others that is not quoted. */
  describe(intent: Intent): readonly string[];
}

/** A format whose signed form is a transaction. Formats without a `txid` are messages. */
export interface NativeChain<Intent, Unsigned extends { readonly intent: Intent }, Signed>
  extends SigningFormat<Intent, Unsigned, Signed> {
  /** The id under which explorers list the transaction. */
  txid(signed: Signed): string;
}
