/**
 * Evidence of misbehaviour as one file that anybody can judge offline: the accused's own signed messages, the certified records that they are
 * about, and the check that they fail. Nothing in it is believed: {@link verifyEvidence} verifies the signatures of the accused and of the
 * quorum and runs the protocol's own checks again. The file names its network; whoever judges says which network it trusts (`networkId`).
 *
 * Honest messages prove nothing here, in whatever order or company they are shown: a contribution is signed together with the history that it
 * answers (sessions/contribution.ts), a decryption share with its request, a vote with its fact.
 *
 * Layout: version, type, network, profile, u8 curve, weights, identity keys, kind, session (32), u16 accused, check, reason, records, material.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import {
  type AccessStructure,
  type DecryptionSetup,
  type PublicParameters,
  createAccessStructure,
  createDecryptionSetup,
  expectedValidators,
  networkDkg,
  resolveDispute,
} from '@dwallet/class-groups';
import {
  type Blame,
  CheckError,
  type Curve,
  DWalletError,
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  type Random,
  Reader,
  type SessionId,
  ThresholdNotReachedError,
  concat,
  digestTagged,
  encodeBytes,
  encodeList,
  encodeText,
  encodeUint16,
  encodeUint64,
  encodeUint8,
  sessionId,
  validatorId,
} from '@dwallet/sigma';
import {
  type Assignment,
  type Committee,
  type Fact,
  type NetworkSetup,
  type QuorumCertificate,
  type SigningDecryption,
  abortRequest,
  agreeOnMasks,
  aggregateSetup,
  assignedRequestOf,
  clientKind,
  completeSignature,
  createCommittee,
  createSigningDecryption,
  decodeCertificate,
  decodeDWalletRecord,
  decodeMaskVote,
  decodePresign,
  decodeSetupRecord,
  decodeSignRequest,
  dwalletFact,
  encodeCertificate,
  finalizePresigns,
  maxBodyBytes,
  networkIdOf,
  openEnvelope,
  presignIdsOf,
  setupFact,
  signOrderDigest,
  verifyCertificate,
  verifyFactVote,
  verifyPresignCertificate,
  verifySignMessage,
} from '@dwallet/two-pc-mpc/network';
import {
  type SessionRequest,
  decodeList,
  decodeSessionRequest,
  encodeSessionRequest,
  openMemberEnvelope,
} from './core.ts';
import { type NetworkKeyRecord, decodeNetworkKey, networkKeyFact } from './network-state.ts';
import { messageOf, readContent } from './policy/read-content.ts';
import { contributionKind, openContributions } from './sessions/contribution.ts';
import { readCount } from './sessions/session.ts';
import {
  type SignatureTranscript,
  decodeTranscript,
  encodeTranscript,
  openShares,
} from './sessions/sign-transcript.ts';
import type { RecordStore } from './store/record-store.ts';
import { decodeForkProof, forkCheck, forkSession, judgeForkProof } from './zones/log/fork-proof.ts';

export const evidenceKinds = [
  'network-dkg',
  'network-setup',
  'ecdsa-presign',
  'ecdsa-sign',
  'equivocation-message',
  'equivocation-vote',
  'unexplained',
  'zone-fork',
] as const;

/**
 * What is proven: a fault in one protocol; two signed messages where an honest validator signs one; `unexplained`: correct shares of weight
 * t on a verified client message give no signature, so the quorum that certified the presign is at fault; or `zone-fork`: two batches were decided for one
 * slot of the zone log. The last two are faults of more than f validators, and no single one is accused.
 */
export type EvidenceKind = (typeof evidenceKinds)[number];

/** Protocols whose sessions are judged from their messages. */
export const sessionProtocols = ['network-dkg', 'network-setup', 'ecdsa-presign'] as const;
export type SessionProtocolName = (typeof sessionProtocols)[number];

/** A certified record and its certificate. */
export interface CertifiedRecord {
  readonly record: Uint8Array;
  readonly certificate: Uint8Array;
}

/** The certified records that the judgement needs. */
export interface EvidenceRecords {
  readonly networkKey?: CertifiedRecord;
  readonly networkSetup?: CertifiedRecord;
  readonly dwallet?: CertifiedRecord;
  /** `batch`: identifiers of the presigns that were certified together. */
  readonly presign?: CertifiedRecord & { readonly batch: Uint8Array };
}

/** The network that evidence is about, as the file itself says. */
export interface EvidenceNetwork {
  readonly name: string;
  /** Id of the class-group profile. */
  readonly profile: string;
  readonly curveId: number;
  readonly committee: Committee;
}

export interface Evidence {
  readonly network: EvidenceNetwork;
  readonly kind: EvidenceKind;
  /** Session, presign or fact that it is about, 32 bytes. */
  readonly session: Uint8Array;
  /** Validator number; 0 where no single one is accused. */
  readonly accused: number;
  /** Failed check, such as `CG:3.9`. */
  readonly check: string;
  /** For people. Not part of what is proven. */
  readonly reason: string;
  readonly records: EvidenceRecords;
  /** The signed messages; layout by kind. */
  readonly material: Uint8Array;
}

const evidenceHeader = Uint8Array.of(1, 0x46);
const maxTextBytes = 4096;
const maxMembers = 128;

// Codec ---------------------------------------------------------------------------------------------------------------------------

const certified = (r: CertifiedRecord | undefined): Uint8Array =>
  encodeBytes(encodeList(r === undefined ? [] : [r.record, r.certificate]));

const encodeRecords = ({ networkKey, networkSetup, dwallet, presign }: EvidenceRecords): Uint8Array =>
  concat(
    certified(networkKey),
    certified(networkSetup),
    certified(dwallet),
    encodeBytes(encodeList(presign === undefined ? [] : [presign.record, presign.certificate, presign.batch])),
  );

export function encodeEvidence(evidence: Evidence): Uint8Array {
  const { network, kind, session, accused, check, reason, records, material } = evidence;
  const { access, identityKeys } = network.committee;
  return concat(
    evidenceHeader,
    encodeBytes(encodeText(network.name)),
    encodeBytes(encodeText(network.profile)),
    encodeUint8(network.curveId),
    encodeBytes(access.encoded),
    encodeBytes(encodeList(identityKeys)),
    encodeUint8(evidenceKinds.indexOf(kind)),
    sessionId(session),
    encodeUint16(accused),
    encodeBytes(encodeText(check)),
    encodeBytes(encodeText(reason)),
    encodeRecords(records),
    encodeBytes(material),
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
function readText(reader: Reader, field: string): string {
  try {
    return utf8.decode(reader.bytes(field, maxTextBytes));
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    throw new DecodeError(reader.path(field), 'is not UTF-8', undefined, { cause });
  }
}

function readAccess(bytes: Uint8Array): AccessStructure {
  const weights = decodeList(bytes, 'Evidence.weights', maxMembers).map((weight, i) => {
    const reader = new Reader(weight, `Evidence.weights[${i}]`);
    const value = reader.uint16('weight');
    reader.end();
    return value;
  });
  return createAccessStructure(weights);
}

function readRecords(reader: Reader): EvidenceRecords {
  const parts = (field: string, count: number): Uint8Array[] => {
    const items = decodeList(reader.bytes(field, maxBodyBytes), reader.path(field), count);
    if (items.length !== 0 && items.length !== count)
      throw new DecodeError(reader.path(field), `must have ${count} parts or none`);
    return items;
  };
  const pair = (field: string): CertifiedRecord | undefined => {
    const [record, certificate] = parts(field, 2);
    return record === undefined || certificate === undefined ? undefined : { record, certificate };
  };
  const networkKey = pair('networkKey');
  const networkSetup = pair('networkSetup');
  const dwallet = pair('dwallet');
  const [record, certificate, batch] = parts('presign', 3);
  const presign =
    record === undefined || certificate === undefined || batch === undefined
      ? undefined
      : { record, certificate, batch };
  return {
    ...(networkKey === undefined ? {} : { networkKey }),
    ...(networkSetup === undefined ? {} : { networkSetup }),
    ...(dwallet === undefined ? {} : { dwallet }),
    ...(presign === undefined ? {} : { presign }),
  };
}

/** Largest evidence file in bytes: messages and records of one session. */
export const maxEvidenceBytes = 3 * maxBodyBytes;

/** Strict: what it returns is encoded by exactly these bytes. Proves nothing. @throws DecodeError */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > maxEvidenceBytes) throw new DecodeError('Evidence', `exceeds ${maxEvidenceBytes} bytes`);
  const reader = new Reader(bytes, 'Evidence');
  reader.constant('version', evidenceHeader[0] as number);
  reader.constant('type', evidenceHeader[1] as number);
  const name = readText(reader, 'network');
  const profile = readText(reader, 'profile');
  const curveId = reader.uint8('curve');
  const weights = reader.bytes('weights', maxTextBytes);
  const keys = decodeList(reader.bytes('identityKeys', maxTextBytes * 2), 'Evidence.identityKeys', maxMembers);
  let committee: Committee;
  try {
    committee = createCommittee(keys, readAccess(weights));
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentsError)) throw cause;
    throw new DecodeError('Evidence.committee', cause.message, undefined, { cause });
  }
  const kind = evidenceKinds[reader.uint8('kind')];
  if (kind === undefined) throw new DecodeError(reader.path('kind'), 'is unknown');
  const session = reader.fixed('session', 32);
  const accused = reader.uint16('accused');
  const check = readText(reader, 'check');
  const reason = readText(reader, 'reason');
  const records = readRecords(reader);
  const material = reader.bytes('material', maxEvidenceBytes);
  reader.end();
  return { network: { name, profile, curveId, committee }, kind, session, accused, check, reason, records, material };
}

/** 32 bytes that name a file. */
export const evidenceDigest = (bytes: Uint8Array): Digest => digestTagged('evidence', [bytes]);

// Material of equivocation ------------------------------------------------------------------------------------------------------------

/** One validator's vote on one fact. */
export interface SignedFact {
  readonly fact: Fact;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Two envelopes of one validator for one session and step. */
export const encodeMessagePair = (first: Uint8Array, second: Uint8Array): Uint8Array => encodeList([first, second]);

/** Two votes of one validator on one (kind, id, version). */
export function encodeVotePair(
  committee: Committee,
  accused: number,
  first: SignedFact,
  second: SignedFact,
): Uint8Array {
  const one = ({ fact, signature }: SignedFact): Uint8Array =>
    encodeCertificate({ committee: committee.digest, fact, votes: [{ validator: validatorId(accused), signature }] });
  return encodeList([one(first), one(second)]);
}

/** What two votes are about, as 32 bytes. */
export const factName = ({ kind, id, version }: Fact): Digest =>
  digestTagged('fact-name', [encodeText(kind), id, encodeUint64(version)]);

/** Check ids of equivocation: MPC Appendix C rule 3 for messages, MPC 5.8 and "vote once" for votes. */
export const equivocationCheck = { message: 'MPC:C.3', vote: 'MPC:1.1' } as const;

/** Kinds of envelopes of which an honest validator signs one per session: contributions. */
export const isSingleMessage = (kind: string): boolean =>
  sessionProtocols.some((protocol) => kind.startsWith(contributionKind(protocol, '')));

function pairOf(material: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const [first, second] = decodeList(material, 'Evidence.material', 2);
  if (first === undefined || second === undefined) throw new DecodeError('Evidence.material', 'must be two messages');
  return [first, second];
}

const same = (x: Uint8Array, y: Uint8Array): boolean => x.length === y.length && x.every((byte, i) => byte === y[i]);

// Judgement -----------------------------------------------------------------------------------------------------------------------

export interface VerifyEvidenceOptions {
  /** Class group of the profile that the file names. */
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  /** The network that the reader trusts. Without it the file may be about a network that its maker invented. */
  readonly networkId?: Digest;
  /** For the weights of batch verification. Default: the platform's generator. */
  readonly random?: Random;
}

export interface EvidenceVerdict {
  /** The file proves what it says: its accused fails its check (`unexplained`: no signature, and no share is wrong; `zone-fork`: both batches are decided). */
  readonly valid: boolean;
  /** Every fault that the messages prove. */
  readonly faults: readonly Blame[];
  /** Why it proves nothing. */
  readonly problem?: string;
  /** Id of the network that the file names, where it can be read. */
  readonly networkId?: Digest;
  readonly evidence?: Evidence;
}

interface Judging {
  readonly evidence: Evidence;
  readonly parameters: PublicParameters;
  readonly curve: Curve;
  readonly networkId: Digest;
  readonly random: Random;
}

interface Judgement {
  readonly faults: readonly Blame[];
  /** Correct shares that give no signature. */
  readonly unexplained?: boolean;
  /** Two decided batches of one slot. */
  readonly forked?: boolean;
}

/** What the messages are about is what the file says. */
function requireAbout({ evidence }: Judging, session: Uint8Array): void {
  if (!same(session, evidence.session)) throw new DecodeError('Evidence.session', 'is not that of the messages');
}

function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new DecodeError(`Evidence.records.${field}`, 'is missing');
  return value;
}

function openNetworkKey({ evidence, parameters, networkId }: Judging): NetworkKeyRecord {
  const { committee } = evidence.network;
  const { record, certificate } = required(evidence.records.networkKey, 'networkKey');
  verifyCertificate(committee, decodeCertificate(certificate), networkKeyFact(networkId, record), 'MPC:N5');
  return decodeNetworkKey({ parameters }, committee.access, record);
}

/** Setup and key as the quorum certified them, and belonging together. */
function openSetup(judging: Judging): { readonly setup: NetworkSetup; readonly decryption: DecryptionSetup } {
  const { evidence, parameters, curve } = judging;
  const { sharing } = openNetworkKey(judging);
  const { record, certificate } = required(evidence.records.networkSetup, 'networkSetup');
  const setup = decodeSetupRecord(curve, parameters, record);
  verifyCertificate(evidence.network.committee, decodeCertificate(certificate), setupFact(setup), 'MPC:V1');
  if (!parameters.group.equals(setup.encryptionKey.element, sharing.encryptionKey.element))
    throw new CheckError('MPC:N5', 'NetworkSetup.pk', 'is not the network key');
  return { setup, decryption: createDecryptionSetup(parameters, sharing) };
}

/** The verified client message as a decryption, from certified records alone. */
function openDecryption(judging: Judging, transcript: SignatureTranscript): SigningDecryption {
  const { evidence, networkId, random } = judging;
  const { committee, name } = evidence.network;
  const { setup, decryption } = openSetup(judging);
  const envelope = openEnvelope(transcript.request, networkId);
  if (envelope.kind !== clientKind.sign) throw new DecodeError('Envelope.kind', `must be ${clientKind.sign}`);
  const request = decodeSignRequest(envelope.body);
  const { dwallet, presign } = evidence.records;
  const stored = required(dwallet, 'dwallet');
  const record = decodeDWalletRecord(setup, stored.record);
  verifyCertificate(committee, decodeCertificate(stored.certificate), dwalletFact(record), 'MPC:A1');
  if (!same(record.sessionId, request.id) || !same(record.owner, envelope.sender))
    throw new CheckError('MPC:S1', 'SignRequest', 'is not by the owner of the dWallet');
  const { record: presignBytes, certificate, batch } = required(presign, 'presign');
  const universal = decodePresign(setup, presignBytes);
  verifyPresignCertificate(setup, committee, universal, {
    ids: presignIdsOf(batch),
    certificate: decodeCertificate(certificate),
  });
  // Whether a share is right does not depend on what the presign was assigned to.
  const signed = messageOf(readContent(request.content, judging.curve.encodePoint(record.publicKey)));
  const assignment: Assignment = { publicKey: record.publicKey, request: assignedRequestOf(request, signed) };
  const verified = verifySignMessage({
    setup,
    record,
    presign: universal,
    state: { kind: 'assigned', assignment },
    approved: { ...signed, request: assignment.request, order: signOrderDigest(request) },
    bytes: request.signMessage,
    random,
  });
  return createSigningDecryption(verified, {
    decryption,
    network: name,
    epoch: 0n,
    committee: committee.digest,
    expectedSet: expectedValidators(committee.access, transcript.expected),
  });
}

function judgeSign(judging: Judging): Judgement {
  const { evidence, networkId, random } = judging;
  const transcript = decodeTranscript(evidence.material);
  const decryption = openDecryption(judging, transcript);
  const opened = openShares(evidence.network.committee, networkId, transcript, decryption);
  const { facts, request } = decryption;
  requireAbout(judging, facts.presign.presignId);
  const input = { request, proofRequest: abortRequest(decryption), published: opened.published, proved: opened.proved };
  const { blamed, combination } = resolveDispute(input, random);
  const [numerator, denominator] = combination?.ok === true ? combination.plaintexts : [];
  const signature =
    numerator === undefined || denominator === undefined
      ? undefined
      : completeSignature({ ...facts, curve: facts.setup.curve }, numerator, denominator);
  return {
    faults: [...opened.blamed, ...blamed],
    unexplained: combination !== undefined && signature === undefined,
  };
}

/** Too few right messages end a session, but the faults among them are proven all the same. */
function faultsOf(faults: Blame[], step: () => { readonly blamed: readonly Blame[] }): boolean {
  try {
    faults.push(...step().blamed);
    return true;
  } catch (error) {
    if (!(error instanceof ThresholdNotReachedError)) throw error;
    faults.push(...error.blamed);
    return false;
  }
}

type Inboxes = (round: number, step: string) => ReturnType<typeof openContributions>;

function judgePresign(judging: Judging, request: SessionRequest, inboxes: Inboxes): Blame[] {
  const { access } = judging.evidence.network.committee;
  const { setup } = openSetup(judging);
  const { random } = judging;
  const session = { setup, sessionId: request.session, batch: readCount(request) };
  const faults: Blame[] = [];
  let agreement: ReturnType<typeof agreeOnMasks> | undefined;
  faultsOf(faults, () => (agreement = agreeOnMasks({ ...session, access, inbox: inboxes(0, 'round-1'), random })));
  if (agreement === undefined || request.history.length < 2) return faults;
  const { aggregate, digest } = agreement;
  for (const [party, message] of inboxes(1, 'round-2')) {
    try {
      if (!same(decodeMaskVote(request.session, message), digest))
        faults.push({ party, check: 'MPC:4.2', reason: 'voted for another aggregate of the same contributions' });
    } catch (error) {
      if (!(error instanceof DecodeError) && !(error instanceof CheckError)) throw error;
      faults.push({ party, check: 'MPC:P1', reason: error.message });
    }
  }
  if (request.history.length < 3) return faults;
  const inbox = inboxes(2, 'round-3');
  faultsOf(faults, () => finalizePresigns({ ...session, access, aggregate, agreed: digest, inbox, random }));
  return faults;
}

function judgeSetup(judging: Judging, request: SessionRequest, inboxes: Inboxes): Blame[] {
  const { evidence, parameters, curve, random } = judging;
  const { encryptionKey } = openNetworkKey(judging).sharing;
  const { access } = evidence.network.committee;
  const faults: Blame[] = [];
  const inbox = inboxes(0, 'round-1');
  faultsOf(faults, () =>
    aggregateSetup({ curve, parameters, encryptionKey, sessionId: request.session, access, inbox, random }),
  );
  return faults;
}

function judgeDkg(judging: Judging, request: SessionRequest, inboxes: Inboxes): Blame[] {
  const { evidence, parameters } = judging;
  const { name, committee } = evidence.network;
  const { access, identityKeys: identities } = committee;
  const input = { parameters, access, context: { network: name, epoch: 0n, session: request.session, identities } };
  const rounds = request.history.length;
  const inboxOf = (round: number, step: string) =>
    [...inboxes(round, step)].map(([from, message]) => ({ from, message }));
  const faults: Blame[] = [];
  const registrations = inboxOf(0, 'register');
  faults.push(...networkDkg.collectRegistrations({ ...input, inbox: registrations }).blamed);
  if (rounds < 2) return faults;
  const { committee: registered } = networkDkg.verifyRegistrations({ ...input, inbox: registrations });
  const base = { ...input, committee: registered };
  const deals = networkDkg.verifyDeals({ ...base, inbox: inboxOf(1, 'deal') });
  faults.push(...deals.blamed);
  if (rounds < 3) return faults;
  const judgement = networkDkg.judgeAcknowledgements({ ...base, deals, inbox: inboxOf(2, 'acknowledge') });
  faults.push(...judgement.blamed);
  if (rounds < 4) return faults;
  const decided = { ...base, deals, judgement };
  const reveals =
    networkDkg.decideReveal(decided).kind === 'none'
      ? undefined
      : networkDkg.verifyReveals({ ...decided, inbox: inboxOf(3, 'reveal') });
  faults.push(...(reveals?.blamed ?? []));
  if (rounds < 5) return faults;
  const outcome = networkDkg.finalize({ ...decided, ...(reveals === undefined ? {} : { reveals }) });
  faults.push(...networkDkg.confirmRehearsal({ ...base, outcome, inbox: inboxOf(4, 'rehearse') }).blamed);
  return faults;
}

const mostRounds: Readonly<Record<SessionProtocolName, number>> = {
  'network-dkg': 5,
  'network-setup': 1,
  'ecdsa-presign': 3,
};

function judgeSession(judging: Judging, protocol: SessionProtocolName): Judgement {
  const { evidence, networkId } = judging;
  const { committee } = evidence.network;
  const request = decodeSessionRequest(evidence.material, committee.access.validators.length);
  const { history } = request;
  if (request.protocol !== protocol) throw new DecodeError('Evidence.material', 'is of another protocol');
  // What sessionMaterial makes, and nothing beside it.
  if (request.step !== '' || request.certificates.length > 0)
    throw new DecodeError('Evidence.material', 'has more than the messages');
  if (history.length < 1 || history.length > mostRounds[protocol])
    throw new DecodeError('Evidence.material', `has ${history.length} rounds`);
  requireAbout(judging, request.session);
  const inboxes: Inboxes = (round, step) => openContributions(committee, networkId, request, round, step);
  const judges = { 'network-dkg': judgeDkg, 'network-setup': judgeSetup, 'ecdsa-presign': judgePresign };
  return { faults: judges[protocol](judging, request, inboxes) };
}

function judgeMessagePair(judging: Judging): Judgement {
  const { evidence, networkId } = judging;
  const { committee } = evidence.network;
  const [first, second] = pairOf(evidence.material);
  const { kind, session } = openEnvelope(first, networkId);
  requireAbout(judging, session);
  if (!isSingleMessage(kind)) throw new DecodeError('Envelope.kind', 'may be sent more than once');
  const [a, b] = [first, second].map((bytes) => openMemberEnvelope(committee, networkId, bytes, kind, session));
  if (a === undefined || b === undefined || a.from !== b.from)
    throw new DecodeError('Evidence.material', 'has two senders');
  const reason = `signed two different messages ${kind}`;
  const differ = !same(a.envelope.body, b.envelope.body);
  return { faults: differ ? [{ party: a.from, check: equivocationCheck.message, reason }] : [] };
}

function judgeVotePair(judging: Judging): Judgement {
  const { evidence } = judging;
  const { committee } = evidence.network;
  const [a, b] = pairOf(evidence.material).map((bytes): QuorumCertificate => decodeCertificate(bytes)) as [
    QuorumCertificate,
    QuorumCertificate,
  ];
  const [vote, other] = [a.votes[0], b.votes[0]];
  const name = factName(a.fact);
  requireAbout(judging, name);
  if (a.votes.length !== 1 || b.votes.length !== 1 || vote === undefined || other === undefined)
    throw new DecodeError('Evidence.material', 'must hold one vote each');
  for (const [{ fact, committee: signedBy }, one] of [[a, vote] as const, [b, other] as const]) {
    if (!same(signedBy, committee.digest)) throw new DecodeError('Evidence.material', 'is of another committee');
    if (!verifyFactVote(committee, fact, one)) throw new DecodeError('Evidence.material', 'a vote is not signed');
  }
  if (vote.validator !== other.validator) throw new DecodeError('Evidence.material', 'has two voters');
  if (!same(name, factName(b.fact))) throw new DecodeError('Evidence.material', 'is about two facts');
  const reason = `voted for two digests of one ${a.fact.kind}`;
  const differ = !same(a.fact.digest, b.fact.digest);
  return { faults: differ ? [{ party: vote.validator, check: equivocationCheck.vote, reason }] : [] };
}

function judgeZoneFork(judging: Judging): Judgement {
  const { evidence, networkId } = judging;
  const proof = decodeForkProof(evidence.material);
  requireAbout(judging, forkSession(networkId, proof));
  return { faults: judgeForkProof(evidence.network.committee, networkId, proof), forked: true };
}

function judge(judging: Judging): Judgement {
  const { kind } = judging.evidence;
  switch (kind) {
    case 'zone-fork':
      return judgeZoneFork(judging);
    case 'ecdsa-sign':
    case 'unexplained':
      return judgeSign(judging);
    case 'equivocation-message':
      return judgeMessagePair(judging);
    case 'equivocation-vote':
      return judgeVotePair(judging);
    default:
      return judgeSession(judging, kind);
  }
}

function verdictOf(bytes: Uint8Array, options: VerifyEvidenceOptions): EvidenceVerdict {
  const evidence = decodeEvidence(bytes);
  const { network, kind, accused, check } = evidence;
  const { parameters, curve } = options;
  const networkId = networkIdOf(network.name, network.profile, network.committee.digest);
  const verdict = (problem: string, faults: readonly Blame[] = []): EvidenceVerdict => ({
    valid: false,
    faults,
    problem,
    networkId,
    evidence,
  });
  if (options.networkId !== undefined && !same(options.networkId, networkId))
    return verdict('is about another network');
  if (network.profile !== parameters.profile.id) return verdict(`needs the parameters of profile ${network.profile}`);
  if (network.curveId !== curve.id) return verdict('is about another curve');
  const random = options.random ?? ((count: number) => new Uint8Array(randomBytes(count)));
  const judgement = judge({ evidence, parameters, curve, networkId, random });
  const { faults } = judgement;
  if (kind === 'unexplained') {
    const explained = judgement.unexplained !== true || faults.length > 0 || accused !== 0;
    return explained ? verdict('the messages are explained', faults) : { valid: true, faults, networkId, evidence };
  }
  if (kind === 'zone-fork')
    return judgement.forked === true && accused === 0 && check === forkCheck
      ? { valid: true, faults, networkId, evidence }
      : verdict(`a fork accuses nobody and fails ${forkCheck}`, faults);
  if (!faults.some((fault) => fault.party === accused && fault.check === check))
    return verdict(`validator ${accused} is not shown to fail ${check}`, faults);
  return { valid: true, faults, networkId, evidence };
}

/**
 * Judges evidence from the file alone: no store, no network.
 * @param options.parameters - of the profile that the file names ({@link decodeEvidence} tells which).
 * @returns never throws for bad bytes: they are not valid, and `problem` says why. A fault is proven only if `valid`, and only if the reader
 * trusts the network of that `networkId`. Time: that of verifying the session's proofs once.
 */
export function verifyEvidence(bytes: Uint8Array, options: VerifyEvidenceOptions): EvidenceVerdict {
  try {
    return verdictOf(bytes, options);
  } catch (error) {
    if (!(error instanceof DWalletError)) throw error;
    return { valid: false, faults: [], problem: error.message };
  }
}

// Store ---------------------------------------------------------------------------------------------------------------------------

const evidenceKind = 'evidence';

/** Name of evidence in a store: one per kind, session, accused and check. */
export const evidenceId = ({
  kind,
  session,
  accused,
  check,
}: Omit<Evidence, 'network' | 'records' | 'material' | 'reason'>): string =>
  `${kind}.${Buffer.from(session).toString('hex')}.${accused}.${check.replaceAll(/[^0-9A-Za-z.]/g, '-').slice(0, 40)}`;

const idPattern = /^([a-z-]+)\.[0-9a-f]{64}\.([0-9]{1,5})\.([0-9A-Za-z.-]{1,40})$/;

/** Kind, accused and check of an id: bounds are counted by them. Undefined for what names no evidence. */
export function evidenceGroup(id: string): string | undefined {
  const [, kind, accused, check] = idPattern.exec(id) ?? [];
  return evidenceKinds.some((known) => known === kind) ? `${kind}.${Number(accused)}.${check}` : undefined;
}

/** One line of a list of evidence. */
export interface EvidenceSummary {
  readonly id: string;
  readonly kind: EvidenceKind;
  readonly session: SessionId;
  readonly accused: number;
  readonly check: string;
  readonly reason: string;
  /** 32 bytes, of the file. */
  readonly digest: Digest;
  readonly bytes: number;
}

/** Stores evidence unless the same fault is stored. @returns its id, and whether it is new. */
export function storeEvidence(
  store: RecordStore,
  evidence: Evidence,
): { readonly id: string; readonly isNew: boolean } {
  const id = evidenceId(evidence);
  return { id, isNew: store.putOnce(evidenceKind, id, encodeEvidence(evidence)) === undefined };
}

/** What is stored, by id. @throws DecodeError when a record is damaged. */
export const listEvidence = (store: Pick<RecordStore, 'get' | 'list'>): EvidenceSummary[] =>
  store.list(evidenceKind).map((id) => {
    const bytes = exportEvidence(store, id) as Uint8Array;
    const { kind, session, accused, check, reason } = decodeEvidence(bytes);
    return {
      id,
      kind,
      session: sessionId(session),
      accused,
      check,
      reason,
      digest: evidenceDigest(bytes),
      bytes: bytes.length,
    };
  });

/** The file to hand to anybody; undefined if there is none of this id. */
export const exportEvidence = (store: Pick<RecordStore, 'get'>, id: string): Uint8Array | undefined =>
  store.get(evidenceKind, id);

// Making ------------------------------------------------------------------------------------------------------------------------------

/** The messages of a session up to `rounds` rounds, as material. */
export const sessionMaterial = (request: SessionRequest, rounds = request.history.length): Uint8Array =>
  encodeSessionRequest({ ...request, step: '', history: request.history.slice(0, rounds), certificates: [] });

export { encodeTranscript as transcriptMaterial };
