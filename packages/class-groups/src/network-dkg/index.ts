/**
 * The network DKG (AF-DKG, CG 8.1), in the order in which a validator calls it:
 *
 * 1. `register` -> all registrations -> `verifyRegistrations`;
 * 2. `deal` -> all deals -> `verifyDeals`;
 * 3. `acknowledge` -> all acknowledgements -> `judgeAcknowledgements`;
 * 4. `decideReveal`; if it says so, each qualified dealer `reveal`s -> all reveals -> `verifyReveals`;
 * 5. `finalize`, `finalizeShares`;
 * 6. `rehearse` -> all proven shares -> `confirmRehearsal`: only its `networkKey` is usable;
 * 7. `eraseSecrets`.
 *
 * Every function is pure over its arguments. Between an arrow pair the caller delivers messages and fixes one inbox, the same at every
 * validator and written down before the next call.
 *
 * @module
 */
import type { KemSecret } from './registration.ts';
import type { DealSecrets } from './round-1-deal.ts';
import { type ReceivedShares, destroyReceivedShares } from './round-2-acknowledge.ts';

export { type UnrehearsedKey, finalize, finalizeShares } from './finalize.ts';
export {
  type KemPublicKey,
  type KemSecret,
  type RegisterMessage,
  collectRegistrations,
  decodeRegister,
  encodeRegister,
  register,
  verifyRegistrations,
} from './registration.ts';
export { largestMessageBytes, largestRehearsalBytes } from './message-sizes.ts';
export { type NetworkKey, type RehearsalOutcome, confirmRehearsal, rehearsalRequest, rehearse } from './rehearsal.ts';
export {
  type Deal,
  type DealMessage,
  DealSecrets,
  type DealSet,
  dealMessageBytes,
  deal,
  decodeDeal,
  encodeDeal,
  verifyDeals,
} from './round-1-deal.ts';
export {
  type AcknowledgeMessage,
  type Complaint,
  type Judgement,
  type ReceivedShares,
  acknowledge,
  decodeAcknowledge,
  encodeAcknowledge,
  judgeAcknowledgements,
} from './round-2-acknowledge.ts';
export {
  type RevealDecision,
  type RevealOutcome,
  type RevealedShares,
  decideReveal,
  decodeReveal,
  encodeReveal,
  reveal,
  verifyReveals,
} from './round-3-reveal.ts';
export {
  type InboxEntry,
  type NetworkDkgContext,
  type NetworkDkgInput,
  type NetworkDkgPolicy,
  type RegisteredCommittee,
  buildShareTable,
  messageTypes,
  messageVersion,
  resolvePolicy,
} from './session.ts';

/**
 * Forgets k_v, the polynomial and the received shares (CG 8.1.5; e_i never left its round). To be called when the rehearsal has succeeded
 * and the key shares are in the keystore, and when an attempt is given up.
 */
export function eraseSecrets(secrets: {
  readonly kemSecret?: KemSecret;
  readonly dealSecrets?: DealSecrets;
  readonly received?: ReceivedShares;
}): void {
  secrets.kemSecret?.scalar.destroy();
  secrets.dealSecrets?.destroy();
  if (secrets.received !== undefined) destroyReceivedShares(secrets.received);
}
