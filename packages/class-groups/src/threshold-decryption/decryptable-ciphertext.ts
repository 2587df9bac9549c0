/**
 * The rule of CG 2.9 as a type. The network partially decrypts (c1, c2) only if it is (i) an encryption with a verified validity proof,
 * (ii) a public combination of such, or (iii) the output of a proven evaluation on such. For any other c1 a partial decryption can leak:
 * for c1 = f it reveals the key share mod q.
 *
 * Only this module makes a {@link DecryptableCiphertext}; a cast or an object literal does not pass {@link requireDecryptable}.
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import { CheckError, InvalidArgumentsError, type Language, type Proof, type Random, verifyBatch } from '@dwallet/sigma';
import { type Ciphertext, linearCombinationVartime } from '../encryption.ts';
import type { PublicParameters } from '../parameters.ts';
import type { ClgContext } from '../proofs/context.ts';
import { validEncryptionInstance } from '../proofs/valid-encryption.ts';

/** Why the rule of CG 2.9 holds: (i), (iii), (ii). */
export type DecryptableReason = 'verified-encryption' | 'proven-evaluation' | 'public-combination';

class Decryptable implements Ciphertext {
  readonly c1: Element;
  readonly c2: Element;
  readonly #reason: DecryptableReason;
  constructor(ciphertext: Ciphertext, reason: DecryptableReason) {
    this.c1 = ciphertext.c1;
    this.c2 = ciphertext.c2;
    this.#reason = reason;
    Object.freeze(this);
  }
  get reason(): DecryptableReason {
    return this.#reason;
  }
  static isOne(value: object): value is Decryptable {
    return #reason in value;
  }
}

/** A ciphertext for which CG 2.9 has been established. */
export type DecryptableCiphertext = Decryptable;

/**
 * THE GATE of CG 2.9. Call it only after this process has verified, for exactly these two elements and in the context of the current
 * session, the proof that `reason` names; the result of a peer's verification is not enough. Nothing here can check that proof again.
 * @throws CheckError `CG:3.6` for c1 = 1, `CG:2.9` for any other c1 in F: no honest ciphertext has either, and the second would leak a
 *   key share at once.
 */
export function declareDecryptable(
  parameters: PublicParameters,
  ciphertext: Ciphertext,
  reason: DecryptableReason,
): DecryptableCiphertext {
  if (parameters.group.isIdentity(ciphertext.c1))
    throw new CheckError('CG:3.6', 'ciphertext.c1', 'must not be the identity');
  if (parameters.logF(ciphertext.c1) !== undefined)
    throw new CheckError('CG:2.9', 'ciphertext.c1', 'must not be in the subgroup of f');
  return new Decryptable(ciphertext, reason);
}

/** The run-time side of the type. @throws CheckError `CG:2.9` for a ciphertext that did not pass the gate. */
export function requireDecryptable(ciphertext: Ciphertext): asserts ciphertext is DecryptableCiphertext {
  if (!Decryptable.isOne(ciphertext))
    throw new CheckError('CG:2.9', 'ciphertext', 'has not been declared decryptable: verify its proof first');
}

/**
 * (i) Verifies proofs of valid encryption under the key of `language` and declares the ciphertexts of the valid ones.
 * @param language - `validEncryption` of the network's key.
 * @returns for each item the decryptable ciphertext, or undefined where the proof fails.
 */
export function verifyEncryptions(
  parameters: PublicParameters,
  language: Language,
  items: readonly { readonly ciphertext: Ciphertext; readonly context: ClgContext; readonly proof: Proof }[],
  random: Random,
): (DecryptableCiphertext | undefined)[] {
  if (language.name !== 'Enc' || language.setting !== parameters)
    throw new InvalidArgumentsError('language', 'must be validEncryption of these parameters');
  const instances = items.map(({ ciphertext, context, proof }) =>
    validEncryptionInstance(language, context, ciphertext, proof),
  );
  const invalid = new Set(verifyBatch(instances, random));
  return items.map(({ ciphertext }, i) =>
    invalid.has(i) ? undefined : declareDecryptable(parameters, ciphertext, 'verified-encryption'),
  );
}

/** (ii) Public linear combination of decryptable ciphertexts. @throws CheckError `CG:3.6` if c1 cancels out. */
export function combineDecryptable(
  parameters: PublicParameters,
  terms: readonly { readonly ciphertext: DecryptableCiphertext; readonly coefficient: bigint }[],
): DecryptableCiphertext {
  for (const { ciphertext } of terms) requireDecryptable(ciphertext);
  return declareDecryptable(parameters, linearCombinationVartime(parameters, terms), 'public-combination');
}
