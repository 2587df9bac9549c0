/**
 * How long an honest message of a round can be, from committee and parameters alone: whoever collects messages need not carry longer ones.
 *
 * @module
 */
import { knowledgeOfExponent } from '../proofs/knowledge-of-exponent.ts';
import { provedShareMessageBytes } from '../threshold-decryption/share-message.ts';
import { registerMessageBytes } from './registration.ts';
import { type RehearsalInput, rehearsalRequest } from './rehearsal.ts';
import { dealMessageBytes } from './round-1-deal.ts';
import { largestAcknowledgeBytes } from './round-2-acknowledge.ts';
import { largestRevealBytes } from './round-3-reveal.ts';
import type { NetworkDkgInput } from './session.ts';

/**
 * Largest honest message of a round that depends on no earlier one, in bytes.
 * @throws InvalidArgumentsError for a policy out of range.
 */
export function largestMessageBytes(
  input: NetworkDkgInput,
  round: 'register' | 'deal' | 'acknowledge' | 'reveal',
): number {
  switch (round) {
    case 'register':
      return registerMessageBytes;
    case 'deal':
      return dealMessageBytes(input, knowledgeOfExponent(input.parameters));
    case 'acknowledge':
      return largestAcknowledgeBytes(input);
    case 'reveal':
      return largestRevealBytes(input);
  }
}

/** Largest honest message of the rehearsal of this key, in bytes. */
export function largestRehearsalBytes(input: RehearsalInput): number {
  const { access } = input;
  const weights = access.validators.map((validator) => access.weightOf(validator));
  return provedShareMessageBytes(rehearsalRequest(input).request, Math.max(...weights));
}
