/**
 * The rehearsal (CG 8.1.5): the committee threshold-decrypts an encryption of a public constant, in general mode and with a proof for every
 * share. Only then is the key announced as usable.
 *
 * The ciphertext is computed by everybody from the session and the outcome, its randomness included, so it needs no validity proof and
 * leaks nothing. That a validator holds its share is shown by the proof, not by the share.
 *
 * @module
 */
import {
  AbortError,
  type Blame,
  type Digest,
  type Random,
  type ValidatorId,
  bytesToInteger,
  constantTimeEqual,
  digestTagged,
  hashTagged,
  hashToScalars,
  sessionId,
  verifyExact,
} from '@dwallet/sigma';
import { encryptWith } from '../encryption.ts';
import type { DecryptionKeyShare, SharingState } from '../sharing/sharing-state.ts';
import { combineShares, selectShares } from '../threshold-decryption/combine.ts';
import { declareDecryptable } from '../threshold-decryption/decryptable-ciphertext.ts';
import { partialDecrypt } from '../threshold-decryption/partial-decrypt.ts';
import { type ProvedDecryptionShares, proveShares, shareProofInstance } from '../threshold-decryption/prove-share.ts';
import { type DecryptionRequest, createDecryptionRequest } from '../threshold-decryption/request.ts';
import { createDecryptionSetup } from '../threshold-decryption/setup.ts';
import { encodeProvedShares, receiveProvedShares } from '../threshold-decryption/share-message.ts';
import type { UnrehearsedKey } from './finalize.ts';
import type { InboxEntry, NetworkDkgInput, RegisteredCommittee } from './session.ts';

const section = 'CG:8.1.5';

/** The usable network key. */
export interface NetworkKey {
  readonly state: SharingState;
  /** QUAL, ascending. */
  readonly qualified: readonly ValidatorId[];
  /** As in {@link UnrehearsedKey}. */
  readonly digest: Digest;
  /** Validators whose proven shares made the rehearsal succeed, ascending; of weight t at least. */
  readonly rehearsedBy: readonly ValidatorId[];
}

/** Outcome of the rehearsal so far. */
export type RehearsalOutcome =
  | { readonly kind: 'usable'; readonly networkKey: NetworkKey; readonly blamed: readonly Blame[] }
  /** Fewer than t shares are proven: wait for more. */
  | { readonly kind: 'waiting'; readonly have: number; readonly need: number; readonly blamed: readonly Blame[] };

/** What the rehearsal runs on. */
export type RehearsalInput = NetworkDkgInput & {
  readonly committee: RegisteredCommittee;
  readonly outcome: UnrehearsedKey;
};

/** The decryption request and the constant that must come out. Deterministic. */
export function rehearsalRequest(input: RehearsalInput): { request: DecryptionRequest; expected: bigint } {
  const { parameters, committee, outcome } = input;
  const items = [outcome.digest];
  const [expected] = hashToScalars('network-dkg/rehearsal/message', items, 1, parameters.q) as [bigint];
  const bits = parameters.randomnessBits;
  const stream = hashTagged('network-dkg/rehearsal/randomness', items, (bits + 7) >> 3);
  const randomness = bytesToInteger(stream) & ((1n << BigInt(bits)) - 1n);
  const ciphertext = encryptWith(parameters, outcome.unrehearsed.encryptionKey, expected, randomness);
  const request = createDecryptionRequest(createDecryptionSetup(parameters, outcome.unrehearsed), {
    session: {
      ...committee.session,
      protocol: 'network-dkg/rehearsal',
      session: sessionId(digestTagged('network-dkg/rehearsal/session', items)),
    },
    // The gate of CG 2.9: this very process encrypted it, one line above.
    ciphertexts: [declareDecryptable(parameters, ciphertext, 'verified-encryption')],
    binding: items,
  });
  return { request, expected };
}

/**
 * This validator's proven share of the rehearsal.
 * @param random - fresh: two proofs with one mask reveal d_j. Secrets touched: d_j.
 */
export function rehearse(
  input: RehearsalInput & { readonly shares: readonly DecryptionKeyShare[] },
  random: Random,
): { message: Uint8Array } {
  const { request } = rehearsalRequest(input);
  const published = partialDecrypt(request, input.shares, random);
  return { message: encodeProvedShares(request, proveShares(request, published, input.shares, random)) };
}

/**
 * Verifies every proof on its own, names the validators whose shares are wrong, and combines t proven ones.
 * @throws AbortError if t proven shares do not give the constant: never use this key; start anew.
 */
export function confirmRehearsal(input: RehearsalInput & { readonly inbox: readonly InboxEntry[] }): RehearsalOutcome {
  const { access, outcome } = input;
  const { request, expected } = rehearsalRequest(input);
  const blamed: Blame[] = [];
  const proven = new Map<ValidatorId, ProvedDecryptionShares>();
  const members = new Set(access.validators);
  const seen: InboxEntry[] = [];
  for (const entry of input.inbox) {
    const { from, message } = entry;
    if (seen.some((other) => other.from === from && constantTimeEqual(other.message, message))) continue;
    seen.push(entry);
    if (!members.has(from)) {
      blamed.push({ party: from, check: section, reason: 'is not in the committee' });
      continue;
    }
    if (proven.has(from)) continue;
    const received = receiveProvedShares(request, from, message);
    if (received.status === 'blamed') blamed.push(received.blame);
    if (received.status !== 'accepted') continue;
    const wrong = access
      .virtualIdsOf(from)
      .filter((share) => !verifyExact(shareProofInstance(request, received.message, share)));
    if (wrong.length === 0) proven.set(from, received.message);
    else {
      const reason = `rehearsal: the proof of decryption share ${wrong.join(', ')} fails`;
      blamed.push({ party: from, check: section, reason });
    }
  }
  const have = access.weight(proven.keys());
  const need = access.threshold;
  if (have < need) return { kind: 'waiting', have, need, blamed };
  const rehearsedBy = access.validators.filter((validator) => proven.has(validator));
  const answers = rehearsedBy.map((validator) => proven.get(validator) as ProvedDecryptionShares);
  const combination = combineShares(request, selectShares(request, answers));
  if (!combination.ok || combination.plaintexts[0] !== expected) {
    throw new AbortError(`${section}: the rehearsal does not decrypt to its constant`, blamed);
  }
  const { unrehearsed, qualified, digest } = outcome;
  return { kind: 'usable', networkKey: { state: unrehearsed, qualified, digest, rehearsedBy }, blamed };
}
