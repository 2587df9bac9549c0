/**
 * Round 2 of the network DKG: acknowledge or complain (CG 8.1.3), and the judgement of all complaints.
 *
 * Each validator opens its body of every valid deal and checks its shares deal by deal. It answers with one bit per deal, and for each
 * rejected deal with S = k_v R_i and a proof that this is S, so that everybody can open the body and see.
 *
 * @module
 */
import {
  type Blame,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type Random,
  Reader,
  Secret,
  ThresholdNotReachedError,
  type ValidatorId,
  type VirtualId,
  concat,
  constantTimeEqual,
  digestTagged,
  encodeList,
  encodeUint16,
  encodeUint32,
  CheckError,
} from '@dwallet/sigma';
import { encodeClgContext } from '../proofs/context.ts';
import { checkBody } from './check-shares.ts';
import { type KemSecret, checkKemSecret, kemKeyOf } from './registration.ts';
import {
  chaumPedersenProofBytes,
  decodeRistretto,
  encodeChaumPedersen,
  encodeRistretto,
  multiplyRistretto,
  proveChaumPedersen,
  readChaumPedersen,
  ristrettoBytes,
  verifyChaumPedersen,
} from './ristretto-proofs.ts';
import { type Deal, type DealSet, dealOf } from './round-1-deal.ts';
import {
  type InboxEntry,
  type NetworkDkgInput,
  type RegisteredCommittee,
  messageTypes,
  messageVersion,
  proofContext,
  readHeader,
  resolvePolicy,
  sortInbox,
} from './session.ts';

const section = 'CG:8.1.3';

/**
 * S and the Chaum-Pedersen proof, undecoded: whether they are well-formed belongs to the judgement, so that a garbled complaint counts as
 * an acknowledgement and cannot stall the setup (pitfall 38).
 */
export interface Complaint {
  readonly dealer: ValidatorId;
  /** S (32) || proof (96). */
  readonly evidence: Uint8Array;
}

const evidenceBytes = ristrettoBytes + chaumPedersenProofBytes;

/** One validator's answer to all valid deals. */
export interface AcknowledgeMessage {
  /** Digest of the set of deals that it answers. */
  readonly deals: Digest;
  /** Dealers whose deal is rejected, ascending. */
  readonly rejected: readonly ValidatorId[];
  /** At most one per rejected deal, ascending. A rejection without one is no complaint. */
  readonly complaints: readonly Complaint[];
}

/** The shares of one validator from all deals that it accepted. */
export interface ReceivedShares {
  readonly validator: ValidatorId;
  /** x_(i,j) by dealer and number. */
  readonly shares: ReadonlyMap<ValidatorId, ReadonlyMap<VirtualId, Secret<bigint>>>;
}

/** What follows from all acknowledgements: the same at every honest validator. */
export interface Judgement {
  /** Digest of the judged set of deals. */
  readonly deals: Digest;
  /** Dealers without a valid complaint, ascending. */
  readonly qualified: readonly ValidatorId[];
  /** Z: validators without a readable message, ascending. */
  readonly silent: readonly ValidatorId[];
  /** Names this outcome in the reveal messages. */
  readonly digest: Digest;
  readonly blamed: readonly Blame[];
}

/** Size of an acknowledgement that rejects every deal. */
export const largestAcknowledgeBytes = ({ access: { validators } }: Pick<NetworkDkgInput, 'access'>): number =>
  2 + 32 + 32 + 4 + ((validators.length + 7) >> 3) + 4 + validators.length * (2 + evidenceBytes);

/**
 * version || type || session (32) || deals digest (32) || u32 count of deals || bit vector, 1 = rejected, first deal in the top bit ||
 * u32 count of complaints || each: u16 dealer || S (32) || proof (96).
 */
export function encodeAcknowledge(
  input: NetworkDkgInput,
  deals: DealSet,
  { deals: digest, rejected, complaints }: AcknowledgeMessage,
): Uint8Array {
  const bits = new Uint8Array((deals.deals.size + 7) >> 3);
  [...deals.deals.keys()].forEach((dealer, i) => {
    if (rejected.includes(dealer)) bits[i >> 3] = (bits[i >> 3] as number) | (0x80 >> (i & 7));
  });
  return concat(
    Uint8Array.of(messageVersion, messageTypes.acknowledge),
    input.context.session,
    digest,
    encodeUint32(deals.deals.size),
    bits,
    encodeUint32(complaints.length),
    ...complaints.flatMap(({ dealer, evidence }) => [encodeUint16(dealer), evidence]),
  );
}

/** Strict. @throws DecodeError; CheckError for another session or another set of deals. */
export function decodeAcknowledge(input: NetworkDkgInput, deals: DealSet, bytes: Uint8Array): AcknowledgeMessage {
  const reader = new Reader(bytes, 'AcknowledgeMessage');
  readHeader(reader, input, messageTypes.acknowledge, section);
  if (!constantTimeEqual(reader.fixed('deals', 32), deals.digest)) {
    throw new CheckError(section, reader.path('deals'), 'is not the set of valid deals');
  }
  const dealers = [...deals.deals.keys()];
  reader.count('verdicts', dealers.length, dealers.length);
  const bits = reader.fixed('verdicts', (dealers.length + 7) >> 3);
  const bit = (i: number): boolean => ((bits[i >> 3] as number) & (0x80 >> (i & 7))) !== 0;
  for (let i = dealers.length; i < 8 * bits.length; i++) {
    if (bit(i)) throw new DecodeError(reader.path('verdicts'), 'padding bits must be zero');
  }
  const rejected = dealers.filter((_, i) => bit(i));
  const count = reader.count('complaints', 0, rejected.length);
  const complaints: Complaint[] = [];
  let last = 0;
  for (let i = 0; i < count; i++) {
    const number = reader.uint16(`complaints[${i}].dealer`);
    const dealer = rejected.find((candidate) => candidate === number);
    // Ascending excludes a second complaint about one deal (lessons row 11).
    if (dealer === undefined || dealer <= last) {
      throw new DecodeError(reader.path(`complaints[${i}].dealer`), 'must be a rejected dealer, in ascending order');
    }
    last = dealer;
    complaints.push({ dealer, evidence: reader.fixed(`complaints[${i}].evidence`, evidenceBytes) });
  }
  reader.end();
  return { deals: deals.digest, rejected, complaints };
}

/** Bound to session, deal (by its digest) and complainer. */
const complaintContext = (
  input: NetworkDkgInput,
  committee: RegisteredCommittee,
  deal: Deal,
  complainer: ValidatorId,
): Uint8Array =>
  encodeClgContext(
    proofContext(input, committee.session, 'acknowledge', complainer, 'kem-shared', [
      encodeUint16(deal.dealer),
      deal.digest,
    ]),
  );

/**
 * Reveals S for one body, provably. It opens all shares of that body to everybody: only for a body that is wrong.
 * @param random - fresh.
 */
export function complain(
  input: NetworkDkgInput & { readonly committee: RegisteredCommittee; readonly kemSecret: KemSecret },
  deal: Deal,
  random: Random,
): Complaint {
  const { committee, kemSecret } = input;
  const statement = {
    key: kemKeyOf(committee, kemSecret.validator).point,
    base: deal.ephemeral,
    shared: multiplyRistretto(deal.ephemeral, kemSecret.scalar.expose()),
  };
  const context = complaintContext(input, committee, deal, kemSecret.validator);
  const proof = proveChaumPedersen(context, statement, kemSecret.scalar, random);
  return { dealer: deal.dealer, evidence: concat(encodeRistretto(statement.shared), encodeChaumPedersen(proof)) };
}

/**
 * Opens and checks this validator's shares of every valid deal, one deal at a time (pitfall 37).
 *
 * @param random - fresh, for the proofs of complaints.
 * @returns the message and the accepted shares.
 * @throws ThresholdNotReachedError while the dealers of valid deals weigh less than W: nothing could come of this set.
 * Time: variable in public values. Secrets touched: k_v, the shares.
 */
export function acknowledge(
  input: NetworkDkgInput & {
    readonly committee: RegisteredCommittee;
    readonly deals: DealSet;
    readonly kemSecret: KemSecret;
  },
  random: Random,
): { message: Uint8Array; received: ReceivedShares } {
  const { committee, deals, kemSecret, access } = input;
  const { validator, scalar } = kemSecret;
  checkKemSecret(committee, kemSecret);
  const { dealerWeight } = resolvePolicy(input);
  const weight = access.weight(deals.deals.keys());
  if (weight < dealerWeight) throw new ThresholdNotReachedError('valid deals', weight, dealerWeight);
  const rejected: ValidatorId[] = [];
  const complaints: Complaint[] = [];
  const shares = new Map<ValidatorId, ReadonlyMap<VirtualId, Secret<bigint>>>();
  for (const [dealer, deal] of deals.deals) {
    const result = checkBody(input, deal, validator, multiplyRistretto(deal.ephemeral, scalar.expose()));
    if (result.ok) {
      shares.set(dealer, new Map([...result.shares].map(([j, share]) => [j, new Secret(share)])));
      continue;
    }
    rejected.push(dealer);
    complaints.push(complain(input, deal, random));
  }
  const message = encodeAcknowledge(input, deals, { deals: deals.digest, rejected, complaints });
  return { message, received: { validator, shares } };
}

/** Why the complaint is upheld, or why it is false. */
function judgeComplaint(
  input: NetworkDkgInput & { readonly committee: RegisteredCommittee },
  deal: Deal,
  complainer: ValidatorId,
  evidence: Uint8Array,
): { valid: boolean; reason: string } {
  const { committee } = input;
  try {
    const reader = new Reader(evidence, 'Complaint');
    const shared = decodeRistretto(reader.fixed('shared', ristrettoBytes), reader.path('shared'));
    const proof = readChaumPedersen(reader, 'proof');
    reader.end();
    const statement = { key: kemKeyOf(committee, complainer).point, base: deal.ephemeral, shared };
    if (!verifyChaumPedersen(complaintContext(input, committee, deal, complainer), statement, proof)) {
      return { valid: false, reason: 'its proof does not verify' };
    }
    const result = checkBody(input, deal, complainer, shared);
    return result.ok ? { valid: false, reason: 'the shares are right' } : { valid: true, reason: result.reason };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { valid: false, reason: error.message };
  }
}

/**
 * Judges all acknowledgements. A valid complaint disqualifies and blames the dealer; a rejection without one counts as acknowledgement
 * and blames the complainer; a validator without a readable message for this set of deals is silent.
 *
 * Everything here is public: an opened share is that of a cheating dealer or of a lying complainer.
 */
export function judgeAcknowledgements(
  input: NetworkDkgInput & {
    readonly committee: RegisteredCommittee;
    readonly deals: DealSet;
    readonly inbox: readonly InboxEntry[];
  },
): Judgement {
  const { deals, access } = input;
  const sorted = sortInbox(input, input.inbox, section, 'first-valid', (_, bytes) =>
    decodeAcknowledge(input, deals, bytes),
  );
  const blamed: Blame[] = [...sorted.blamed];
  const disqualified = new Set<ValidatorId>();
  for (const [complainer, { rejected, complaints }] of sorted.messages) {
    for (const dealer of rejected) {
      const complaint = complaints.find((entry) => entry.dealer === dealer);
      const verdict =
        complaint === undefined
          ? { valid: false, reason: 'it comes without evidence' }
          : judgeComplaint(input, dealOf(deals, dealer), complainer, complaint.evidence);
      if (verdict.valid) {
        disqualified.add(dealer);
        blamed.push({
          party: dealer,
          check: section,
          reason: `valid complaint of validator ${complainer}: ${verdict.reason}`,
        });
      } else {
        const reason = `false complaint about validator ${dealer}: ${verdict.reason}`;
        blamed.push({ party: complainer, check: section, reason });
      }
    }
  }
  const qualified = [...deals.deals.keys()].filter((dealer) => !disqualified.has(dealer));
  const silent = access.validators.filter((validator) => !sorted.messages.has(validator));
  const numbers = (list: readonly ValidatorId[]): Uint8Array => encodeList(list.map((v) => encodeUint16(v)));
  return {
    deals: deals.digest,
    qualified,
    silent,
    digest: digestTagged('network-dkg/judgement', [deals.digest, numbers(qualified), numbers(silent)]),
    blamed,
  };
}

/** Refuses a judgement of another set of deals: the caller mixed two attempts. */
export function checkJudgement(deals: DealSet, judgement: Judgement): void {
  if (!constantTimeEqual(deals.digest, judgement.deals)) {
    throw new InvalidArgumentsError('judgement', 'is about another set of deals');
  }
}

/** Forgets the shares. */
export function destroyReceivedShares({ shares }: ReceivedShares): void {
  for (const ofDealer of shares.values()) for (const share of ofDealer.values()) share.destroy();
}
