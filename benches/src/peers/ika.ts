/**
 * The peer's public API as far as this bench calls it, and what its public keys say about it. Everything here comes from the published
 * type declarations, the published documentation and the bytes that the functions return.
 *
 * @module
 */
import type { Element, Kernel } from '@dwallet/kernel';
import { concat, encodeInt, encodeUint, invertMod, mod } from '@dwallet/sigma';
import { peerCurve } from './install.ts';

/** Of the peer's exports, those that are called here. All bytes are arrays of numbers. */
export interface IkaWasm {
  /** @returns the encryption key and the decryption key. */
  generate_secp_cg_keypair_from_seed(curve: number, seed: Uint8Array): readonly [number[], number[]];
  encrypt_secret_share(curve: number, share: Uint8Array, encryptionKey: Uint8Array, parameters: Uint8Array): unknown;
  create_dkg_centralized_output_v2(curve: number, parameters: Uint8Array, session: Uint8Array): unknown;
}

/** What each other export needs that only the peer's network, or a session with it, can give. */
export const needsNetwork: Readonly<Record<string, readonly string[]>> = {
  "the network's protocol parameters": [
    'encrypt_secret_share',
    'decrypt_user_share',
    'create_dkg_centralized_output_v1',
    'create_dkg_centralized_output_v2',
    'create_sign_centralized_party_message',
    'create_sign_centralized_party_message_with_centralized_party_dkg_output',
  ],
  "the network's DKG output": [
    'network_dkg_public_output_to_protocol_pp',
    'reconfiguration_public_output_to_protocol_pp',
    'network_key_version',
    'sample_dwallet_keypair',
    'create_imported_dwallet_centralized_step',
    'verify_user_share',
    'verify_secp_signature',
  ],
  'the output of a session with the network': [
    'dwallet_version',
    'public_key_from_dwallet_output',
    'public_key_from_centralized_dkg_output',
    'centralized_and_decentralized_parties_dkg_output_match',
    'parse_signature_from_sign_output',
  ],
};

/** The peer returned something else than the version that this bench was written for. */
export class PeerFormatError extends Error {
  override readonly name = 'PeerFormatError';
}

/** The form (a, b, .) of a public key. */
export interface Form {
  readonly a: bigint;
  readonly b: bigint;
}

const littleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex').padStart(2, '0')}`);

/** Cuts a prefix of bytes that never changes. @throws PeerFormatError */
function afterPrefix(bytes: ArrayLike<number>, prefix: readonly number[], length: number, what: string): Uint8Array {
  const all = Uint8Array.from(bytes);
  if (all.length !== prefix.length + length || prefix.some((byte, i) => all[i] !== byte)) {
    throw new PeerFormatError(`the peer's ${what} of ${all.length} bytes is not laid out as in the pinned version`);
  }
  return all.subarray(prefix.length);
}

/** A variant byte, two lengths, then a and b with 128 bytes each, little endian, b in two's complement. @throws PeerFormatError */
export function readPublicKey(bytes: ArrayLike<number>): Form {
  const body = afterPrefix(bytes, [0, 0x82, 2, 0x80, 2], 256, 'encryption key');
  return { a: littleEndian(body.subarray(0, 128)), b: BigInt.asIntN(1024, littleEndian(body.subarray(128))) };
}

/** A length, then 192 bytes, little endian. @throws PeerFormatError */
export const readSecretKey = (bytes: ArrayLike<number>): bigint =>
  littleEndian(afterPrefix(bytes, [0xc0, 1], 192, 'decryption key'));

const bitsOf = (value: bigint): number => (value < 0n ? -value : value).toString(2).length;

function gcd(x: bigint, y: bigint): bigint {
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/**
 * The common discriminant of some forms: it is b^2 mod 4a for each, so the Chinese remainder theorem gives it once the product of the a's
 * is longer than it is.
 * @returns undefined if the forms have none in common or are too few to say (by 64 bits).
 */
export function commonDiscriminant(forms: readonly Form[]): bigint | undefined {
  let residue = 0n;
  let modulus = 1n;
  for (const { a, b } of forms) {
    if (a <= 0n) return undefined;
    const own = 4n * a;
    const shared = gcd(modulus, own);
    const difference = b * b - residue;
    if (difference % shared !== 0n) return undefined;
    const rest = own / shared;
    const lift = rest === 1n ? 0n : mod((difference / shared) * invertMod(mod(modulus / shared, rest), rest), rest);
    residue += modulus * lift;
    modulus *= rest;
    residue = mod(residue, modulus);
  }
  const discriminant = residue - modulus;
  return bitsOf(modulus) - bitsOf(discriminant) >= 64 ? discriminant : undefined;
}

export interface PeerKeyPair {
  readonly publicKey: ArrayLike<number>;
  readonly secretKey: ArrayLike<number>;
}

/** What the key pairs prove about the group that they are in. */
export interface PeerGroup {
  readonly discriminantBits: number;
  /** Of Delta_K = Delta_q / q^2: the number that the security level depends on. */
  readonly fundamentalBits: number;
}

/**
 * The work witness of the peer's key pairs, since the package has no check of its own that runs without its network. The public keys are
 * reduced squares of one discriminant -p q^3, and pk_i^(sk_j) = pk_j^(sk_i): they are powers of one base by their secret keys.
 * @returns undefined if that does not hold.
 * @throws PeerFormatError
 */
export function inspectKeyPairs(kernel: Kernel, q: bigint, pairs: readonly PeerKeyPair[]): PeerGroup | undefined {
  const forms = pairs.map(({ publicKey }) => readPublicKey(publicKey));
  const secrets = pairs.map(({ secretKey }) => readSecretKey(secretKey));
  const discriminant = commonDiscriminant(forms);
  if (discriminant === undefined || discriminant % (q * q * q) !== 0n || mod(discriminant, 4n) !== 1n) return undefined;
  const group = kernel.createGroup({ discriminant, conductor: q });
  const width = group.elementBytes / 2;
  const elements = forms.map(({ a, b }) => group.decode(concat(encodeUint(a, width), encodeInt(b, width))));
  for (let i = 1; i < elements.length; i++) {
    const [x, y] = [elements[i - 1] as Element, elements[i] as Element];
    const left = group.powerVartime(x, secrets[i] as bigint);
    const right = group.powerVartime(y, secrets[i - 1] as bigint);
    if (group.equals(x, y) || group.isIdentity(left) || !group.equals(left, right)) return undefined;
  }
  return { discriminantBits: bitsOf(discriminant), fundamentalBits: bitsOf(discriminant / (q * q)) };
}

/**
 * Calls what the bench would like to measure, with good arguments of its own and no bytes for what the network would give.
 * @returns what the peer answers; undefined where it does not refuse, and then the bench is out of date.
 */
export function refusals(peer: IkaWasm, pair: PeerKeyPair): Readonly<Record<string, string | undefined>> {
  const answer = (call: () => unknown): string | undefined => {
    try {
      call();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const none = new Uint8Array(0);
  // A share as the peer wants it: variant, length, scalar. Another layout is refused with another message.
  const share = new Uint8Array(34).fill(1);
  share.set([0, 32]);
  const key = Uint8Array.from(pair.publicKey);
  return {
    encrypt_secret_share: answer(() => peer.encrypt_secret_share(peerCurve, share, key, none)),
    create_dkg_centralized_output_v2: answer(() =>
      peer.create_dkg_centralized_output_v2(peerCurve, none, new Uint8Array(32).fill(1)),
    ),
  };
}
