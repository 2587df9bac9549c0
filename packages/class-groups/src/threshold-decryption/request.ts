/**
 * One threshold decryption: K ciphertexts, one expected set, one session. Its digest is in every message and every proof, so that
 * answers to different requests never combine (CG 3.10, pitfall 27).
 *
 * @module
 */
import type { Element } from '@dwallet/kernel';
import {
  BugError,
  CheckError,
  type Digest,
  InvalidArgumentsError,
  type VirtualId,
  digestTagged,
  encodeList,
} from '@dwallet/sigma';
import { encodeCiphertext } from '../encryption.ts';
import { type ClgContext, type ClgSession, encodeClgSession } from '../proofs/context.ts';
import { partialDecryptionFactor } from '../sharing/lagrange.ts';
import { type DecryptableCiphertext, requireDecryptable } from './decryptable-ciphertext.ts';
import { type ExpectedSet, generalSet } from './expected-set.ts';
import type { DecryptionSetup } from './setup.ts';

/** Largest number of ciphertexts in one request. */
export const maxCiphertexts = 1024;

export interface DecryptionRequest {
  readonly setup: DecryptionSetup;
  readonly session: ClgSession;
  readonly expectedSet: ExpectedSet;
  /** At least one. */
  readonly ciphertexts: readonly DecryptableCiphertext[];
  /** What else the protocol binds, such as a presign id (MPC 5.7). */
  readonly binding: readonly Uint8Array[];
  /** 32 bytes over all of the above. */
  readonly digest: Digest;
  /** beta_j,l = c1_l^(n! u_j) for all l, computed once. */
  basesOf(share: VirtualId): readonly Element[];
}

/**
 * @param input.expectedSet - default: all (general mode).
 * @throws CheckError `CG:2.9` for a ciphertext that did not pass the gate, `CG:3.6` for c1 = 1; InvalidArgumentsError for an empty list or a
 *   session of another committee or profile.
 */
export function createDecryptionRequest(
  setup: DecryptionSetup,
  input: {
    readonly session: ClgSession;
    readonly ciphertexts: readonly DecryptableCiphertext[];
    readonly expectedSet?: ExpectedSet;
    readonly binding?: readonly Uint8Array[];
  },
): DecryptionRequest {
  const { parameters, state } = setup;
  const { access } = state;
  const { group } = parameters;
  const { session, ciphertexts, expectedSet = generalSet(access), binding = [] } = input;
  if (ciphertexts.length < 1 || ciphertexts.length > maxCiphertexts)
    throw new InvalidArgumentsError('ciphertexts', `must be 1 to ${maxCiphertexts}`);
  if (session.totalWeight !== access.totalWeight || session.threshold !== access.threshold)
    throw new InvalidArgumentsError('session', 'n and t are not those of the sharing state');
  if (session.profile !== parameters.profile.id)
    throw new InvalidArgumentsError('session.profile', 'is not that of the parameters');
  if (expectedSet.access !== access) throw new InvalidArgumentsError('expectedSet', 'belongs to another committee');
  for (const ciphertext of ciphertexts) {
    requireDecryptable(ciphertext);
    if (group.isIdentity(ciphertext.c1)) throw new CheckError('CG:3.6', 'ciphertext.c1', 'must not be the identity');
  }
  let gammas: readonly Element[] | undefined;
  const bases = new Map<VirtualId, readonly Element[]>();
  return {
    setup,
    session,
    expectedSet,
    ciphertexts,
    binding,
    digest: digestTagged('clg/decryption-request', [
      encodeClgSession(session),
      parameters.digest,
      group.encode(state.encryptionKey.element),
      access.encoded,
      expectedSet.encoded,
      encodeList(ciphertexts.map((ciphertext) => encodeCiphertext(parameters, ciphertext))),
      encodeList(binding),
    ]),
    basesOf(share) {
      const known = bases.get(share);
      if (known !== undefined) return known;
      // Public factors first, in variable time; the secret exponent comes after them (CG 1.10).
      gammas ??= ciphertexts.map(({ c1 }) => group.powerVartime(c1, setup.factorial));
      const factor = partialDecryptionFactor(access.totalWeight, expectedSet.members, share);
      const made = gammas.map((gamma) => group.powerVartime(gamma, factor));
      bases.set(share, made);
      return made;
    },
  };
}

/** The same request in general mode: the one to prove for when the expected set is not everybody (CG 3.10 step 4). */
export const generalRequest = (request: DecryptionRequest): DecryptionRequest =>
  request.expectedSet.general
    ? request
    : createDecryptionRequest(request.setup, {
        session: request.session,
        ciphertexts: request.ciphertexts,
        binding: request.binding,
      });

/** Context of the EDL proof of one virtual number. */
export const shareProofContext = (request: DecryptionRequest, share: VirtualId): ClgContext => ({
  ...request.session,
  round: 'partial-decryption',
  prover: request.setup.state.access.holderOf(share),
  virtualId: share,
  proof: 'equality-of-exponents',
  extra: [request.digest],
});

/** V_j. */
export function verificationKeyOf({ setup }: DecryptionRequest, share: VirtualId): Element {
  const key = setup.state.verificationKeys.get(share);
  if (key === undefined) throw new BugError(`no verification key for ${share}`);
  return key;
}
