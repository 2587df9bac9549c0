/**
 * Our side of the jobs that the peer has too, as the client does them.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import {
  type EncryptionKey,
  type Profile,
  type PublicParameters,
  createPublicParameters,
  decryptSquared,
  deriveTestParameters,
  encodeCiphertext,
  encrypt,
  readCiphertext,
  withTable,
} from '@dwallet/class-groups';
import type { Kernel } from '@dwallet/kernel';
import {
  type Random,
  Reader,
  Secret,
  encodeContext,
  encodeProof,
  prove,
  readPoint,
  readProof,
  secp256k1Curve,
  uniformNonZero,
  verifyExact,
} from '@dwallet/sigma';
import { deriveUserKey, encryptedDiscreteLog, encryptionOfDiscreteLog } from '@dwallet/two-pc-mpc';

const curve = secp256k1Curve;
const random: Random = (length) => new Uint8Array(randomBytes(length));

export interface OwnKeyPair {
  readonly encryptionKey: EncryptionKey;
  readonly secretKey: Secret<bigint>;
}

/** What a client sends to have its share kept: X_A, ct_U, pi_U. */
export interface OwnEncryptedShare {
  readonly point: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly proof: Uint8Array;
}

const contextOf = (parameters: PublicParameters, key: EncryptionKey): Uint8Array =>
  encodeContext({
    role: 'client',
    party: 0,
    session: new Uint8Array(32),
    protocol: 'share-encryption',
    round: '1',
    proof: 'pi_U',
    extra: [parameters.group.encode(key.element)],
  });

/** The jobs of one profile. */
export class OwnClient {
  readonly parameters: PublicParameters;

  /** @param derived - the class group is derived from its seed instead of taken from the published constants. */
  constructor(kernel: Kernel, profile: Profile, derived = false) {
    this.parameters = derived
      ? deriveTestParameters(kernel, profile.fundamentalBits)
      : createPublicParameters(kernel, profile);
  }

  /** upk = h^usk from the user's seed of 32 bytes. Builds the table of h at the first call. */
  keyPair(seed: Uint8Array): OwnKeyPair {
    return deriveUserKey(curve, this.parameters, new Secret(seed));
  }

  /** The same key with its own table, for a user who makes several dWallets. */
  withKeyTable = ({ encryptionKey, secretKey }: OwnKeyPair): OwnKeyPair => ({
    encryptionKey: withTable(this.parameters, encryptionKey),
    secretKey,
  });

  /** x_A, X_A, ct_U = Enc(upk, x_A) and pi_U: x_A is the logarithm of X_A. */
  encryptShare({ encryptionKey: key }: OwnKeyPair): OwnEncryptedShare {
    const { parameters } = this;
    const x = uniformNonZero(random, curve.q);
    const point = curve.multiply(curve.G, x);
    const { ciphertext, randomness } = encrypt(parameters, key, x, random);
    const language = encryptionOfDiscreteLog(curve, parameters, key);
    const statement = encryptedDiscreteLog(ciphertext, point);
    const proof = prove(language, contextOf(parameters, key), [statement], [[x, randomness]], random);
    return {
      point: curve.encodePoint(point),
      ciphertext: encodeCiphertext(parameters, ciphertext),
      proof: encodeProof(language, 1, proof),
    };
  }

  /** The proof, from bytes, as a validator checks it. */
  verifyShare({ encryptionKey: key }: OwnKeyPair, share: OwnEncryptedShare): boolean {
    const { parameters } = this;
    const language = encryptionOfDiscreteLog(curve, parameters, key);
    const point = new Reader(share.point, 'point');
    const ciphertext = new Reader(share.ciphertext, 'ciphertext');
    const reader = new Reader(share.proof, 'proof');
    const statement = encryptedDiscreteLog(readCiphertext(ciphertext, parameters, 'ct'), readPoint(point, curve, 'X'));
    const proof = readProof(reader, language, 1, 'proof');
    for (const each of [point, ciphertext, reader]) each.end();
    return verifyExact({ language, context: contextOf(parameters, key), statements: [statement], proof });
  }

  /** The share, as the user gets it back. undefined for a ciphertext of something else. */
  decryptShare({ secretKey }: OwnKeyPair, share: OwnEncryptedShare): bigint | undefined {
    const ciphertext = readCiphertext(new Reader(share.ciphertext, 'ciphertext'), this.parameters, 'ct');
    return decryptSquared(this.parameters, secretKey, ciphertext);
  }

  /** The work witness: the decrypted share is the logarithm of X_A. */
  opensTo = (share: OwnEncryptedShare, x: bigint | undefined): boolean =>
    x !== undefined && x !== 0n && Buffer.from(curve.encodePoint(curve.multiply(curve.G, x))).equals(share.point);
}
