/**
 * Round 1 of the network DKG: deal (CG 8.1.2). A dealer commits to a sharing polynomial of its contribution b_i and seals each
 * validator's shares to its registered key; everybody checks what is public about the message.
 *
 * @module
 */
import {
  type Blame,
  BugError,
  CheckError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type Language,
  type Proof,
  type Random,
  Reader,
  type Secret,
  type ValidatorId,
  concat,
  constantTimeEqual,
  digestTagged,
  encodeBytes,
  encodeList,
  encodeUint16,
  encodeUint32,
  readElement,
  verifyExact,
} from '@dwallet/sigma';
import { type ClgContext, encodeClgContext } from '../proofs/context.ts';
import {
  encodeKnowledgeOfExponent,
  knowledgeOfExponent,
  knowledgeOfExponentBytes,
  knowledgeOfExponentInstance,
  proveKnowledgeOfExponent,
  readKnowledgeOfExponent,
} from '../proofs/knowledge-of-exponent.ts';
import { type PolynomialCommitments, commitPolynomial } from '../sharing/commitments.ts';
import {
  type SharingPolynomial,
  destroyPolynomial,
  evaluatePolynomial,
  samplePolynomial,
} from '../sharing/polynomial.ts';
import { sealBytes, sealShares } from './kem.ts';
import { kemKeyOf } from './registration.ts';
import {
  type RistrettoPoint,
  type SchnorrProof,
  encodeRistretto,
  encodeSchnorr,
  multiplyRistretto,
  proveSchnorr,
  readRistretto,
  readSchnorr,
  ristrettoBase,
  ristrettoBytes,
  sampleRistrettoScalar,
  schnorrProofBytes,
  verifySchnorr,
} from './ristretto-proofs.ts';
import {
  type InboxEntry,
  type NetworkDkgInput,
  type RegisteredCommittee,
  contextBytes,
  messageTypes,
  messageVersion,
  proofContext,
  readHeader,
  shapeOf,
  shareBytes,
  sortInbox,
} from './session.ts';

const section = 'CG:8.1.2';

/** The message of a dealer. */
export interface DealMessage {
  /** B_i, C_(i,1) .. C_(i,t-1). */
  readonly commitments: PolynomialCommitments;
  /** pi_i: KDL of B_i. */
  readonly constantProof: Proof;
  /** R_i. */
  readonly ephemeral: RistrettoPoint;
  /** Knowledge of e_i: without it a dealer could copy the R of another one and read its shares out of complaints (pitfall 36). */
  readonly ephemeralProof: SchnorrProof;
  /** body_(i,v), in committee order. */
  readonly bodies: readonly Uint8Array[];
}

/** What both proofs of a deal bind. */
export type DealContent = Omit<DealMessage, 'constantProof' | 'ephemeralProof'>;

/** A deal that passed all public checks. Made by {@link verifyDeals} only. */
export interface Deal {
  readonly dealer: ValidatorId;
  readonly commitments: PolynomialCommitments;
  readonly ephemeral: RistrettoPoint;
  readonly bodies: ReadonlyMap<ValidatorId, Uint8Array>;
  /** Digest of the complete message. */
  readonly digest: Digest;
}

/** The valid deals of the session: the same at every honest validator, since the inbox was the same. */
export interface DealSet {
  /** By dealer, in committee order. */
  readonly deals: ReadonlyMap<ValidatorId, Deal>;
  /** Names the set in all later messages. */
  readonly digest: Digest;
}

/** What a dealer keeps until the DKG is over: its polynomial, from which it may have to reveal shares (CG 8.1.4). */
export class DealSecrets {
  readonly dealer: ValidatorId;
  readonly polynomial: SharingPolynomial;
  #revealedFor: Digest | undefined;
  constructor(dealer: ValidatorId, polynomial: SharingPolynomial) {
    this.dealer = dealer;
    this.polynomial = polynomial;
  }
  /**
   * Ties these secrets to one list of silent validators. The list is fixed by the caller's certified record; this is the second lock.
   * @throws InvalidArgumentsError for another list: two lists could open more shares than the budget (pitfall 38).
   */
  bindReveal(judgement: Digest): void {
    this.#revealedFor ??= judgement;
    if (!constantTimeEqual(this.#revealedFor, judgement)) {
      throw new InvalidArgumentsError(
        'judgement',
        'shares were already revealed for another list of silent validators',
      );
    }
  }
  /** Forgets the polynomial. */
  destroy(): void {
    destroyPolynomial(this.polynomial);
  }
}

/** Bytes of body_(i,v). */
const bodyBytes = (input: NetworkDkgInput, receiver: ValidatorId): number =>
  input.access.weightOf(receiver) * shareBytes(input) + sealBytes;

/** Exact size of a deal. */
export function dealMessageBytes(input: NetworkDkgInput, language: Language): number {
  const { access, parameters } = input;
  const bodies = access.validators.reduce((sum, validator) => sum + 4 + bodyBytes(input, validator), 0);
  const elements = access.threshold * parameters.group.elementBytes;
  return 2 + 32 + 4 + elements + knowledgeOfExponentBytes(language) + ristrettoBytes + schnorrProofBytes + 4 + bodies;
}

/**
 * version || type || session (32) || B || u32 count || C_1 .. C_(t-1) || KDL proof || R (32) || Schnorr proof (64) || u32 count ||
 * each body as u32 length || bytes.
 */
export function encodeDeal(
  input: NetworkDkgInput,
  language: Language,
  { commitments, constantProof, ephemeral, ephemeralProof, bodies }: DealMessage,
): Uint8Array {
  const { group } = input.parameters;
  const { constant, coefficients } = commitments;
  return concat(
    Uint8Array.of(messageVersion, messageTypes.deal),
    input.context.session,
    group.encode(constant),
    encodeUint32(coefficients.length),
    ...coefficients.map((c) => group.encode(c)),
    encodeKnowledgeOfExponent(language, constantProof),
    encodeRistretto(ephemeral),
    encodeSchnorr(ephemeralProof),
    encodeUint32(bodies.length),
    ...bodies.map(encodeBytes),
  );
}

/** Strict: exact sizes and counts, CG:P1 to CG:P7 on every element. @throws DecodeError; CheckError for another session. */
export function decodeDeal(input: NetworkDkgInput, language: Language, bytes: Uint8Array): DealMessage {
  const { access, parameters } = input;
  const expected = dealMessageBytes(input, language);
  if (bytes.length !== expected) {
    throw new DecodeError('DealMessage.length', `is ${bytes.length} bytes, must be ${expected}`, section);
  }
  const reader = new Reader(bytes, 'DealMessage');
  readHeader(reader, input, messageTypes.deal, section);
  const constant = readElement(reader, parameters.group, 'constant');
  // Lessons row 12: neither a longer nor a shorter vector, which would change the threshold.
  const degree = access.threshold - 1;
  reader.count('coefficients', degree, degree);
  const coefficients = Array.from({ length: degree }, (_, k) =>
    readElement(reader, parameters.group, `coefficients[${k + 1}]`),
  );
  const constantProof = readKnowledgeOfExponent(reader, language, 'constantProof');
  const ephemeral = readRistretto(reader, 'ephemeral');
  const ephemeralProof = readSchnorr(reader, 'ephemeralProof');
  reader.count('bodies', access.validators.length, access.validators.length);
  const bodies = access.validators.map((validator) => {
    const width = bodyBytes(input, validator);
    reader.count(`bodies[${validator}].length`, width, width);
    return reader.fixed(`bodies[${validator}]`, width);
  });
  reader.end();
  return { commitments: { constant, coefficients }, constantProof, ephemeral, ephemeralProof, bodies };
}

/** Contexts of both proofs: the complete commitment vector, R_i and all bodies are in them. */
function dealContexts(
  input: NetworkDkgInput,
  committee: RegisteredCommittee,
  dealer: ValidatorId,
  { commitments, ephemeral, bodies }: DealContent,
): { constant: ClgContext; ephemeral: Uint8Array } {
  const { group } = input.parameters;
  const content = digestTagged('network-dkg/deal', [
    encodeList([commitments.constant, ...commitments.coefficients].map((c) => group.encode(c))),
    encodeRistretto(ephemeral),
    encodeList(bodies),
  ]);
  const context = (proof: string): ClgContext =>
    proofContext(input, committee.session, 'deal', dealer, proof, [content]);
  return { constant: context('constant-term'), ephemeral: encodeClgContext(context('kem-ephemeral')) };
}

/** What only the dealer knows while it makes its message. */
interface DealingInput extends NetworkDkgInput {
  readonly committee: RegisteredCommittee;
  readonly dealer: ValidatorId;
}

/** Seals every receiver's shares, in ascending order of its numbers, under e_i. */
export function sealBodies(
  input: DealingInput,
  exponent: Secret<bigint>,
  ephemeral: RistrettoPoint,
  sharesFor: (receiver: ValidatorId) => readonly bigint[],
): Uint8Array[] {
  const { committee, dealer, access } = input;
  const context = contextBytes(input, committee.session);
  const ephemeralBytes = encodeRistretto(ephemeral);
  return access.validators.map((receiver) => {
    const key = kemKeyOf(committee, receiver);
    const shared = encodeRistretto(multiplyRistretto(key.point, exponent.expose()));
    const scope = { context, dealer, receiver, ephemeral: ephemeralBytes, key: key.bytes };
    const body = sealShares(scope, shared, sharesFor(receiver), shareBytes(input));
    shared.fill(0);
    return body;
  });
}

/** Adds both proofs and encodes. @param proveConstant - proves B_i = h^(b_i) in the given context. */
export function proveDeal(
  input: DealingInput,
  content: DealContent,
  exponent: Secret<bigint>,
  proveConstant: (language: Language, context: ClgContext) => Proof,
  random: Random,
): Uint8Array {
  const language = knowledgeOfExponent(input.parameters);
  const contexts = dealContexts(input, input.committee, input.dealer, content);
  const constantProof = proveConstant(language, contexts.constant);
  const ephemeralProof = proveSchnorr(contexts.ephemeral, content.ephemeral, exponent, random);
  return encodeDeal(input, language, { ...content, constantProof, ephemeralProof });
}

/**
 * Deals this validator's contribution.
 * @param random - fresh, or derived from every input of the round: two different messages from one polynomial or one e_i reveal secrets.
 * @returns a message of about (t + 1) elements and n shares (2 kB at n = 4), and the polynomial.
 */
export function deal(input: DealingInput, random: Random): { message: Uint8Array; secrets: DealSecrets } {
  const { access, parameters, dealer } = input;
  const polynomial = samplePolynomial(shapeOf(input), random);
  const commitments = commitPolynomial(parameters, polynomial, input.shareTable);
  const exponent = sampleRistrettoScalar(random);
  const ephemeral = multiplyRistretto(ristrettoBase, exponent.expose());
  const bodies = sealBodies(input, exponent, ephemeral, (receiver) =>
    access.virtualIdsOf(receiver).map((share) => evaluatePolynomial(polynomial, share)),
  );
  const message = proveDeal(
    input,
    { commitments, ephemeral, bodies },
    exponent,
    (language, context) => proveKnowledgeOfExponent(language, context, commitments.constant, polynomial.secret, random),
    random,
  );
  // e_i opens every body: it does not outlive the message.
  exponent.destroy();
  return { message, secrets: new DealSecrets(dealer, polynomial) };
}

/**
 * The public checks of all deals (CG 8.1.2): sizes and counts, CG:P1 to CG:P7, both proofs, first deal of its dealer.
 * Deterministic; a deal that fails is ignored and its dealer blamed, never thrown. Time: variable in public values.
 */
export function verifyDeals(
  input: NetworkDkgInput & { readonly committee: RegisteredCommittee; readonly inbox: readonly InboxEntry[] },
): DealSet & { readonly blamed: readonly Blame[] } {
  const { committee, access } = input;
  const language = knowledgeOfExponent(input.parameters);
  const { messages: deals, blamed } = sortInbox(input, input.inbox, section, 'first', (dealer, bytes): Deal => {
    const message = decodeDeal(input, language, bytes);
    const { commitments, constantProof, ephemeral, ephemeralProof, bodies } = message;
    const contexts = dealContexts(input, committee, dealer, message);
    if (!verifySchnorr(contexts.ephemeral, ephemeral, ephemeralProof)) {
      throw new CheckError(section, 'DealMessage.ephemeralProof', 'does not verify');
    }
    const instance = knowledgeOfExponentInstance(language, contexts.constant, commitments.constant, constantProof);
    if (!verifyExact(instance)) throw new CheckError(section, 'DealMessage.constantProof', 'does not verify');
    return {
      dealer,
      commitments,
      ephemeral,
      bodies: new Map(access.validators.map((validator, i) => [validator, bodies[i] as Uint8Array])),
      digest: digestTagged('network-dkg/deal-message', [bytes]),
    };
  });
  const digest = digestTagged('network-dkg/deals', [
    contextBytes(input, committee.session),
    ...[...deals.values()].map((entry) => encodeList([encodeUint16(entry.dealer), entry.digest])),
  ]);
  return { deals, digest, blamed };
}

/** The deal of a dealer that is known to be in the set. */
export function dealOf({ deals }: DealSet, dealer: ValidatorId): Deal {
  const found = deals.get(dealer);
  if (found === undefined) throw new BugError(`no valid deal of validator ${dealer}`);
  return found;
}
