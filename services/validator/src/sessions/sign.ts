/**
 * Signing at the validators (MPC 5): assignment of a presign, verification and binding, optimistic shares, identifiable abort.
 *
 * Order of durable writes at a member: assignment vote, binding vote (both before they are sent), single-use marker (before a share is
 * computed). None of them is ever undone.
 *
 * @module
 */
import { expectedValidators } from '@dwallet/class-groups';
import {
  type Blame,
  BugError,
  CheckError,
  DecodeError,
  type Digest,
  type PresignId,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  digestTagged,
  encodeText,
} from '@dwallet/sigma';
import {
  type AbortOutcome,
  type ApprovedRequest,
  type Assignment,
  type DWalletRecord,
  type Envelope,
  type Fact,
  type Presign,
  type PresignState,
  type SignRequest,
  type TakePresign,
  type SigningDecryption,
  type SingleUseStore,
  type VerifiedSignMessage,
  abortRequest,
  assignPresignIn,
  assignedRequestOf,
  assignmentFact,
  clientKind,
  combineSignature,
  createSigningDecryption,
  decodeParts,
  decodeSignRequest,
  decodeSignatureRecord,
  decodeTakePresign,
  decryptOptimistic,
  decryptWithProof,
  encodeBlame,
  encodeCertificate,
  encodeParts,
  encodeSignatureRecord,
  maxReservedPresigns,
  openEnvelope,
  permitShares,
  recoversTo,
  requireVerified,
  resolveAbortIn,
  signOrderDigest,
  verifySignMessageIn,
  verifySignature,
} from '@dwallet/two-pc-mpc/network';
import { encodeProvedShares, encodeShares, prepareBlinding } from '@dwallet/class-groups';
import { type Core, RefusedError, checkOf } from '../core.ts';
import type { EvidenceLog } from '../evidence-log.ts';
import { type EvidenceRecords, maxEvidenceBytes } from '../evidence.ts';
import {
  type NetworkState,
  type StoredAssignment,
  type StoredDWallet,
  bindingFact,
  sameAssignment,
} from '../network-state.ts';
import type { Records } from '../records.ts';
import { InFlight } from '../in-flight.ts';
import { Remembered } from '../remembered.ts';
import { type ReadContent, messageOf, readContent } from '../policy/read-content.ts';
import type { SigningPolicy } from '../policy/signing-policy.ts';
import { noteSession, toTheEnd } from '../request-context.ts';
import {
  type OpenedShares,
  type SignatureTranscript,
  decodeExpected,
  decodeTranscript,
  encodeExpected,
  openShares,
} from './sign-transcript.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** How long a leader waits for the remaining validators once weight t has answered. */
const graceMs = 1000;
/** Blinding pairs that each key share keeps ready; a signature takes two. */
const blindingPairs = 4;
/**
 * A request is verified once if it is remembered until its signature is recorded: so there is room for all that a network may have under way. Most
 * take some kilobytes; one may be as large as a PSBT with its previous transactions.
 */
const rememberedRequests = 2048;
const rememberedRequestBytes = 64 * 2 ** 20;
/** Of a verified request beside its bytes, which are kept as they came and as they were read: record, presign and points. */
const bytesPerRequest = 16 * 2 ** 10;
/** How many presigns of the pool one request may use up when leaders race for them. */
const maxPresignsPerRequest = 16;

/** A sign request that passed every check of this validator. */
interface CheckedRequest {
  readonly verified: VerifiedSignMessage;
  readonly request: SignRequest;
  readonly dwallet: StoredDWallet;
  /** What the request says, as this validator read it; `verified` is about the message in it. */
  readonly content: ReadContent;
}

export class SignSessions {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #records: Records;
  readonly #markers: SingleUseStore;
  readonly #policy: SigningPolicy;
  /** Requests that this process verified, by presign and exact bytes. */
  readonly #verified = new Remembered<Omit<CheckedRequest, 'dwallet'>>(rememberedRequests, rememberedRequestBytes);
  readonly #verifying = new InFlight<Omit<CheckedRequest, 'dwallet'>>();
  /** Presigns whose targeting a worker was asked for, by presign and dWallet. */
  readonly #assigned = new Remembered<true>();

  readonly #evidence: EvidenceLog;

  /** @param policy - asked before each binding vote and each share. */
  constructor(
    core: Core,
    state: NetworkState,
    records: Records,
    markers: SingleUseStore,
    evidence: EvidenceLog,
    policy: SigningPolicy,
  ) {
    this.#evidence = evidence;
    this.#policy = policy;
    this.#core = core;
    this.#state = state;
    this.#records = records;
    this.#markers = markers;
  }

  // Assignment ----------------------------------------------------------------------------------------------------------------

  #owned(envelope: Envelope, dwallet: StoredDWallet): StoredDWallet {
    if (hex(dwallet.record.owner) !== hex(envelope.sender))
      throw new RefusedError('NOT_OWNER', 'the request is not by the owner of the dWallet');
    if (this.#state.isDWalletLocked(dwallet.record.sessionId))
      throw new RefusedError('LOCKED', 'the dWallet is locked: a presign failed it, and operators must look (MPC 5.7)');
    if (dwallet.acceptance === undefined)
      throw new RefusedError('NOT_READY', 'the owner has not accepted this dWallet yet (MPC:A3)');
    return dwallet;
  }

  /** Presigns that this validator has assigned to one request: one, unless leaders raced. */
  #assignedTo(take: TakePresign): string[] {
    const stored = hex(this.#core.store.get('request', requestKey(take)) ?? new Uint8Array(0));
    return stored.match(/.{64}/g) ?? [];
  }

  #openTake(bytes: Uint8Array): { readonly envelope: Envelope; readonly take: TakePresign } {
    const envelope = this.#openClient(bytes, clientKind.takePresign);
    const take = decodeTakePresign(envelope.body);
    if (hex(envelope.session) !== hex(take.id)) throw new DecodeError('Envelope.session', 'is not the dWallet');
    return { envelope, take };
  }

  /** A member assigns a presign to (dWallet, request), irrevocably, and votes for it. */
  async voteAssignment(body: Uint8Array): Promise<Uint8Array> {
    const [requestBytes, idBytes] = decodeParts(body, 'AssignPresign', 2) as [Uint8Array, Uint8Array];
    if (idBytes.length !== 32) throw new DecodeError('AssignPresign.presignId', 'must be 32 bytes');
    const { envelope, take } = this.#openTake(requestBytes);
    const dwallet = this.#owned(envelope, await this.#records.acceptedDWallet(take.id));
    const presign = (await this.#records.presign(idBytes))?.presign;
    if (presign === undefined) throw new RefusedError('NOT_FOUND', 'this presign is unknown here');
    await this.#requirePart(presign.presignId);
    const id = hex(presign.presignId);
    const others = this.#assignedTo(take).filter((other) => other !== id);
    // No leader empties the pool with one request of a client.
    if (others.length >= maxPresignsPerRequest)
      throw new RefusedError('UNAVAILABLE', 'the request was given too many presigns');
    if (take.kind === 'reservation') await this.#requireRoom(take.id, id);
    // One durable write for all of it, and no turn of the event loop between the count and the assignment.
    const vote = this.#core.store.transaction(() => {
      // What was assigned already is counted, or is another's.
      if (take.kind === 'reservation' && this.#state.assignment(presign.presignId) === undefined)
        this.#countReservation(take.id, id);
      const assigned = this.#state.assign(presign.presignId, take.id, take.request);
      if (!sameAssignment(assigned, { dwallet: take.id, request: take.request })) {
        throw new CheckError('MPC:S1', 'presign', 'is assigned to another request');
      }
      const given = this.#assignedTo(take).filter((other) => other !== id);
      this.#core.store.put('request', requestKey(take), fromHex([id, ...given].join('')));
      return this.#core.voteOnce(assignmentFact(presign.presignId, take.id, take.request));
    });
    // While the client makes its message.
    this.#ahead('targeting of a presign', async () => {
      const key = assignedKey(presign, dwallet.record);
      if (this.#assigned.get(key) !== undefined) return;
      this.#assigned.set(key, true);
      const random = this.#core.freshRandom([presign.presignId, encodeText('assignment')]);
      const setup = this.#state.requireSetup();
      await assignPresignIn(this.#core.options.compute, { setup, presign, record: dwallet.record, random });
    });
    return vote;
  }

  /** When the reservations of a dWallet seem to be used up: some may have been used while this validator was away. */
  async #requireRoom(dwallet: Uint8Array, id: string): Promise<void> {
    const unused = this.#state.unusedReservations(dwallet).filter((other) => other !== id);
    if (unused.length < maxReservedPresigns) return;
    await Promise.all(unused.map((other) => this.#records.binding(fromHex(other))));
  }

  /** The restore rule for everything about one presign; what is abstained from is void in the own markers too. @throws RefusedError ABSTAINS. */
  async #requirePart(id: PresignId): Promise<void> {
    if (this.#state.takesPartIn(id)) return;
    await this.#markers.markVoid(id);
    this.#core.requirePart(this.#state.namedGeneration(id));
  }

  /** No client empties the pool with reservations that it does not use. */
  #countReservation(dwallet: Uint8Array, id: string): void {
    const unused = this.#state.unusedReservations(dwallet).filter((other) => other !== id);
    if (unused.length >= maxReservedPresigns) {
      throw new RefusedError(
        'TOO_MANY_RESERVATIONS',
        `the dWallet holds ${unused.length} presigns that it reserved and has not used`,
      );
    }
    this.#state.countReservation(dwallet, id);
  }

  /** Work that saves time later and that nobody waits for: it begins when the answer has left. A failure costs that time and nothing else. */
  #ahead(what: string, work: () => void | Promise<void>): void {
    this.#core.options.clock.soon(() => {
      const run = async (): Promise<void> => work();
      toTheEnd(run).catch((error: unknown) =>
        this.#core.options.log(`${what} ahead of time: ${error instanceof Error ? error.message : String(error)}`),
      );
    });
  }

  /**
   * Presigns to try for a request: first those that it has, so that a repeated request gets the presign that it was given; then free ones
   * in an order that depends on the request, so that leaders of different requests rarely race and those of the same one agree.
   */
  #candidates(take: TakePresign): string[] {
    const rank = (id: string): string => hex(digestTagged('presign-choice', [take.id, take.request, fromHex(id)]));
    const free = this.#state
      .availablePresigns()
      .map((id) => ({ id, rank: rank(id) }))
      .sort((x, y) => (x.rank < y.rank ? -1 : 1));
    return [...this.#assignedTo(take), ...free.map(({ id }) => id)].slice(0, maxPresignsPerRequest);
  }

  /** Leads an assignment. @returns presign, identifiers of its batch, batch certificate, assignment certificate. */
  async leadTakePresign(bytes: Uint8Array): Promise<Uint8Array> {
    const { envelope, take } = this.#openTake(bytes);
    this.#owned(envelope, this.#state.dwallet(take.id));
    let last: Error | undefined;
    for (const candidate of this.#candidates(take)) {
      const id = fromHex(candidate);
      const stored = this.#state.presign(id);
      if (stored === undefined) continue;
      const reply = (assignment: Uint8Array): Uint8Array =>
        encodeParts([stored.bytes, stored.batch, stored.certificate, assignment]);
      const known = this.#state.certifiedAssignment(id);
      // Those who voted need not be there any more.
      if (known !== undefined && sameAssignment(known, { dwallet: take.id, request: take.request }))
        return reply(known.certificate);
      const fact = assignmentFact(stored.presign.presignId, take.id, take.request);
      const { certificate, weight, answers } = await this.#core.gatherVotes(
        'sign/assign',
        encodeParts([bytes, id]),
        fact,
        { graceMs },
      );
      if (certificate !== undefined) {
        const encoded = encodeCertificate(certificate);
        // For whoever asks again, and for members that are asked for the signature by a client that does not show it.
        this.#state.keepCertifiedAssignment(id, take.id, take.request, encoded);
        return reply(encoded);
      }
      last = this.#core.refusal('presign assignment', answers, weight);
      // Another leader was faster with this one: its votes are gone, the next presign is free. So they are where one voted for the loser of a race and
      // knows better by now. One that was restored may vote on a younger presign. Anything else would meet the next one too.
      const onlyThisOne = (error: Error): boolean =>
        checkOf(error) === 'MPC:S1' || ('code' in error && lostVotes.has(String(error.code)));
      if (!answers.some((answer) => 'error' in answer && onlyThisOne(answer.error))) break;
    }
    throw last ?? new RefusedError('UNAVAILABLE', 'the presign pool is empty');
  }

  // Verification, binding, shares -------------------------------------------------------------------------------------------------

  #openClient(bytes: Uint8Array, kind: string): Envelope {
    const envelope = openEnvelope(bytes, this.#core.options.networkId);
    noteSession(envelope.session);
    if (envelope.kind !== kind) throw new DecodeError('Envelope.kind', `is ${envelope.kind}, must be ${kind}`);
    return envelope;
  }

  #openSign(bytes: Uint8Array): { readonly envelope: Envelope; readonly request: SignRequest; readonly key: string } {
    const envelope = this.#openClient(bytes, clientKind.sign);
    const request = decodeSignRequest(envelope.body);
    if (hex(envelope.session) !== hex(request.presignId))
      throw new DecodeError('Envelope.session', 'is not the presign');
    const key = hex(concat(request.presignId, digestTagged('sign-request-bytes', [envelope.body])));
    return { envelope, request, key };
  }

  /**
   * Reads what is to be signed (ZONE:1), then MPC:S1 to MPC:S11, by this validator itself.
   * @param missed - what to do about a dWallet that is not here: a member asks the others; a leader, whom anybody can call, lets the client
   * go to another one. Once the owner is known, whatever else is missing is fetched.
   * @throws RefusedError UNREADABLE_TRANSACTION, among others.
   */
  async #verify(bytes: Uint8Array, missed: 'fetch' | 'refuse'): Promise<CheckedRequest> {
    const { envelope, request, key } = this.#openSign(bytes);
    const dwallet =
      missed === 'fetch' ? await this.#records.acceptedDWallet(request.id) : this.#state.dwallet(request.id);
    this.#owned(envelope, dwallet);
    const checked =
      this.#verified.get(key) ??
      (await this.#verifying.share(key, () => this.#verifyNow(dwallet, request, key, envelope.body.length)));
    return { ...checked, dwallet };
  }

  async #verifyNow(
    dwallet: StoredDWallet,
    request: SignRequest,
    key: string,
    requestBytes: number,
  ): Promise<Omit<CheckedRequest, 'dwallet'>> {
    const { record } = dwallet;
    const content = readContent(request.content, record.curve.encodePoint(record.publicKey));
    const approved: ApprovedRequest = {
      ...messageOf(content),
      request: assignedRequestOf(request, messageOf(content)),
      order: signOrderDigest(request),
    };
    const presign = await this.#records.presign(request.presignId);
    const claimed = { dwallet: request.id, request: approved.request };
    const assigned =
      presign === undefined
        ? undefined
        : await this.#records.assignment(request.presignId, claimed, request.assignment);
    if (assigned !== undefined && hex(assigned.dwallet) !== hex(request.id)) {
      throw new CheckError('MPC:S1', 'presign', 'is assigned to another dWallet');
    }
    const state = await this.#presignState(request.presignId, dwallet, assigned);
    this.#core.options.log('verifying a client message');
    const verified = await verifySignMessageIn(this.#core.options.compute, {
      setup: this.#state.requireSetup(),
      record,
      presign: presign?.presign,
      state,
      approved,
      bytes: request.signMessage,
      random: this.#core.freshRandom([request.presignId]),
    });
    return this.#verified.set(key, { verified, request, content }, bytesPerRequest + 2 * requestBytes);
  }

  /**
   * Asks the policies, and votes if this is the binding vote, in one transaction: what a policy counts is durable exactly when the vote is.
   * @throws RefusedError RAW_DIGEST_NOT_ALLOWED, POLICY_REFUSED.
   */
  async #authorised<T>({ verified, request, dwallet, content }: CheckedRequest, work: (fact: Fact) => T): Promise<T> {
    const { presignId, authority } = request;
    const binding = requireVerified(verified).digest;
    const asked = { dwallet, presignId, binding, content, authority };
    await this.#policy.prepare?.(asked);
    return this.#core.store.transaction(() => {
      this.#policy.authorise(asked);
      return work(bindingFact(presignId, binding));
    });
  }

  async #presignState(
    id: PresignId,
    dwallet: StoredDWallet,
    assigned: StoredAssignment | undefined,
  ): Promise<PresignState> {
    if (this.#state.isPresignLocked(id)) return { kind: 'destroyed', reason: 'burnt' };
    const marked = await this.#markers.lookup(id);
    // What it abstains from it can still check and record for others; its own votes and shares are refused elsewhere.
    if (marked === 'void' && this.#state.takesPartIn(id)) return { kind: 'destroyed', reason: 'void' };
    if (assigned === undefined) return { kind: 'available' };
    const assignment: Assignment = { publicKey: dwallet.record.publicKey, request: assigned.request };
    return marked === undefined || marked === 'void'
      ? { kind: 'assigned', assignment }
      : { kind: 'bound', assignment, digest: marked };
  }

  /** A member verifies, asks its policies and votes to bind the presign to exactly this order and these client bytes (MPC 5.8 rule 2). */
  async voteBinding(requestBytes: Uint8Array): Promise<Uint8Array> {
    const checked = await this.#verify(requestBytes, 'fetch');
    await this.#requirePart(checked.request.presignId);
    return this.#authorised(checked, (fact) => this.#core.voteOnce(fact));
  }

  #decryption(verified: VerifiedSignMessage, expected: readonly ValidatorId[]): SigningDecryption {
    const { access } = this.#core.committee;
    return createSigningDecryption(verified, {
      decryption: this.#state.decryption,
      network: this.#core.options.networkName,
      epoch: 0n,
      committee: this.#core.committee.digest,
      expectedSet: expectedValidators(access, expected),
    });
  }

  /** The common start of both kinds of share: verified here, bound by certificate, marked durably. */
  async #permitted(body: Uint8Array) {
    const [requestBytes, certificate, expected] = decodeParts(body, 'ShareRequest', 3) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const checked = await this.#verify(requestBytes, 'fetch');
    const { verified, request } = checked;
    const fact = bindingFact(request.presignId, requireVerified(verified).digest);
    this.#core.requireCertificate(certificate, fact, 'MPC:S2');
    this.#keepBinding(request, fact.digest, certificate);
    await this.#requirePart(request.presignId);
    // A quorum has voted, but this is this validator's own share: its policies may have said no, or say no by now.
    await this.#authorised(checked, () => undefined);
    const decryption = this.#decryption(verified, decodeExpected(expected));
    // The marker is on disk before anything secret is touched (MPC 5.8 rule 3).
    const permit = await permitShares(this.#markers, verified);
    return { permit, decryption, request };
  }

  /** For the count of unused reservations, here and at validators that are away now. */
  #keepBinding({ assignedTo, presignId }: SignRequest, bound: Digest, certificate: Uint8Array): void {
    if (assignedTo === 'reservation') this.#records.keepBinding(presignId, bound, certificate);
  }

  /** Optimistic shares in an envelope of this validator. */
  async share(body: Uint8Array): Promise<Uint8Array> {
    const { permit, decryption, request } = await this.#permitted(body);
    const random = this.#core.freshRandom([request.presignId, encodeText('share')]);
    const shares = decryptOptimistic(permit, decryption, this.#state.keyShares(), random);
    this.#ahead('blinding of decryption shares', () => {
      const next = this.#core.freshRandom([encodeText('blinding')]);
      for (const share of this.#state.keyShares()) {
        prepareBlinding(this.#state.decryption, share, blindingPairs, next);
      }
    });
    return this.#core.seal(request.presignId, 'sign/share', encodeShares(decryption.request, shares));
  }

  /** Shares with proofs, for the abort round. */
  async prove(body: Uint8Array): Promise<Uint8Array> {
    const { permit, decryption, request } = await this.#permitted(body);
    const random = this.#core.freshRandom([request.presignId, encodeText('prove')]);
    const shares = decryptWithProof(permit, decryption, this.#state.keyShares(), random);
    return this.#core.seal(request.presignId, 'sign/proof', encodeProvedShares(abortRequest(decryption), shares));
  }

  /** Keeps a finished signature (MPC:S14: only one that verifies). */
  async record(body: Uint8Array): Promise<Uint8Array> {
    const [requestBytes, recordBytes] = decodeParts(body, 'SignatureRecord', 2) as [Uint8Array, Uint8Array];
    const { verified } = await this.#verify(requestBytes, 'fetch');
    const facts = requireVerified(verified);
    const record = decodeSignatureRecord(facts.setup.curve, recordBytes);
    if (hex(record.presignId) !== hex(facts.presign.presignId) || hex(record.digest) !== hex(facts.digest)) {
      throw new CheckError('MPC:S14', 'SignatureRecord', 'is of another client message');
    }
    if (!verifySignature({ ...facts, curve: facts.setup.curve }, record.signature)) {
      throw new CheckError('MPC:S14', 'SignatureRecord.signature', 'does not verify');
    }
    if (!recoversTo(record.signature, facts.messageDigest, facts.setup.curve.encodePoint(facts.publicKey)))
      throw new CheckError('MPC:S14', 'SignatureRecord.recoveryId', 'recovers another key');
    // A validator that gave no share marks the presign all the same: whatever it hears later, it answers no other bytes.
    if (this.#state.takesPartIn(facts.presign.presignId)) await permitShares(this.#markers, verified);
    else await this.#markers.markVoid(facts.presign.presignId);
    // All correct ones are the same bytes: nonce and key fix the signature.
    this.#core.store.putOnce('signature', hex(facts.presign.presignId), recordBytes);
    return new Uint8Array(0);
  }

  // Leading ---------------------------------------------------------------------------------------------------------------------

  #openShares(transcript: SignatureTranscript, decryption: SigningDecryption): OpenedShares {
    return openShares(this.#core.committee, this.#core.options.networkId, transcript, decryption);
  }

  /** Leads one signature. @returns SignatureRecord and the list of faults. */
  async leadSign(bytes: Uint8Array): Promise<Uint8Array> {
    const core = this.#core;
    const { access } = core.committee;
    const { verified, request } = await this.#verify(bytes, 'refuse');
    const facts = requireVerified(verified);
    const done = core.store.get('signature', hex(request.presignId));
    if (done !== undefined) {
      if (hex(decodeSignatureRecord(facts.setup.curve, done).digest) !== hex(facts.digest))
        throw new CheckError('MPC:S2', 'presign', 'has signed a different client message');
      return encodeParts([done, encodeBlame([])]);
    }

    const fact = bindingFact(request.presignId, facts.digest);
    const { certificate, answers } = await core.certify('sign/bind', bytes, fact, { graceMs: 0 });
    const bound = encodeCertificate(certificate);
    this.#keepBinding(request, facts.digest, bound);
    // E of MPC 5.7: the first weight t that answered. Their shares combine at almost no cost (CG 3.8); if one goes away, everybody is asked.
    const expected: ValidatorId[] = [];
    for (const answer of answers)
      if ('body' in answer && !access.isAuthorized(expected)) expected.push(answer.validator);
    expected.sort((a, b) => a - b);

    const blamed: Blame[] = [];
    const blame = (transcript: SignatureTranscript, faults: readonly Blame[]): void => {
      for (const fault of faults) {
        // What others sent in place of a share proves nothing about this one, and would make the file as large as they like.
        const about = this.#withoutFaults(transcript, attempt.decryption, new Set(), fault.party);
        this.#evidence.signature(request.presignId, about, fault, this.#evidenceRecords(request));
        if (!blamed.some((known) => sameFault(known, fault))) blamed.push(fault);
      }
    };
    let attempt = await this.#gather(verified, bytes, bound, expected);
    blame(attempt.transcript, attempt.opened.blamed);
    // Somebody of the expected set went away: ask everybody, in general mode (CG 3.7). The same ciphertexts, so nothing new is revealed.
    if (!attempt.enough && expected.length < access.validators.length) {
      attempt = await this.#gather(verified, bytes, bound, access.validators);
      blame(attempt.transcript, attempt.opened.blamed);
    }
    if (!attempt.enough) {
      const have = access.weight(attempt.opened.published.map(({ sender }) => sender));
      throw new ThresholdNotReachedError('decryption shares', have, access.threshold, blamed);
    }
    const combining = core.options.clock.now();
    let signature = combineSignature(attempt.decryption, attempt.opened.published);
    core.options.observer.step('sign/combine', 'leader', (core.options.clock.now() - combining) / 1000);
    if (signature === undefined) {
      core.options.log('the shares do not give a signature: asking for proofs');
      const proved: Uint8Array[] = [];
      const keep = this.#keep(proved, 'sign/proof', request.presignId);
      await core.collect('sign/prove', attempt.body, keep, { graceMs: 'adaptive' });
      const transcript: SignatureTranscript = { ...attempt.transcript, proved };
      const opened = this.#openShares(transcript, attempt.decryption);
      blame(transcript, opened.blamed);
      const outcome = await this.#resolve(attempt.decryption, opened, transcript);
      blame(transcript, outcome.blamed);
      if (outcome.kind === 'incomplete') {
        const have = access.weight(opened.proved.map(({ sender }) => sender));
        throw new ThresholdNotReachedError('proven decryption shares', have, access.threshold, blamed);
      }
      signature = outcome.signature;
    }

    const record = encodeSignatureRecord({
      presignId: request.presignId,
      digest: facts.digest,
      signature,
    });
    const kept = encodeParts([bytes, record]);
    const stored = await core.collect('sign/record', kept, () => {}, { graceMs });
    // What is answered is on this disk first: not so if the own part came too late or failed. Then this stores it, or throws.
    if (!stored.some((answer) => answer.validator === core.index && 'body' in answer)) await this.record(kept);
    return encodeParts([record, encodeBlame(blamed)]);
  }

  #keep(
    into: Uint8Array[],
    kind: string,
    session: Uint8Array,
  ): (answer: { validator: ValidatorId; body: Uint8Array }) => void {
    return ({ validator, body }) => {
      const { from } = this.#core.openMember(body, kind, session);
      if (from !== validator) throw new DecodeError('Envelope.sender', 'is not the one who was asked');
      into.push(body);
    };
  }

  /** Asks a set for optimistic shares until weight t of them are well-formed. */
  async #gather(
    verified: VerifiedSignMessage,
    request: Uint8Array,
    bound: Uint8Array,
    expected: readonly ValidatorId[],
  ) {
    const { access } = this.#core.committee;
    const decryption = this.#decryption(verified, expected);
    const body = encodeParts([request, bound, encodeExpected(expected)]);
    const published: Uint8Array[] = [];
    const session = requireVerified(verified).presign.presignId;
    const keep = this.#keep(published, 'sign/share', session);
    const accept = (answer: { validator: ValidatorId; body: Uint8Array }): void => {
      keep(answer);
      // Malformed shares stay in the transcript as evidence and do not count towards the threshold.
      const { blamed } = this.#openShares({ request, expected, published: [answer.body], proved: [] }, decryption);
      if (blamed[0] !== undefined) throw new CheckError(blamed[0].check, 'shares', blamed[0].reason);
    };
    const timeoutMs = this.#core.options.timeouts.sharesMs;
    await this.#core.collect('sign/share', body, accept, { from: expected, graceMs: 0, timeoutMs });
    const transcript: SignatureTranscript = { request, expected, published, proved: [] };
    const opened = this.#openShares(transcript, decryption);
    const enough = access.isAuthorized(opened.published.map(({ sender }) => sender));
    return { decryption, body, transcript, opened, enough };
  }

  /** @throws RefusedError PRESIGN_BURNT when every share is right and there is no signature: the presign is wrong. */
  async #resolve(
    decryption: SigningDecryption,
    { published, proved }: OpenedShares,
    transcript: SignatureTranscript,
  ): Promise<AbortOutcome> {
    try {
      const random = this.#core.freshRandom([encodeText('abort')]);
      return await resolveAbortIn(this.#core.options.compute, decryption, published, proved, random);
    } catch (error) {
      if (error instanceof BugError) await this.#alarm(transcript, decryption);
      throw error;
    }
  }

  // Evidence and alarm --------------------------------------------------------------------------------------------------------------

  /** The certified records that a signature is judged by. */
  #evidenceRecords({ id, presignId }: SignRequest): EvidenceRecords {
    const dwallet = this.#state.dwallet(id);
    const presign = this.#state.presign(presignId);
    return {
      ...this.#state.evidenceRecords(),
      dwallet: { record: dwallet.bytes, certificate: dwallet.certificate },
      ...(presign === undefined
        ? {}
        : { presign: { record: presign.bytes, certificate: presign.certificate, batch: presign.batch } }),
    };
  }

  /**
   * MPC 5.7: nobody is at fault and there is no signature. If the messages show that, everybody gets them, spends the presign and locks the dWallet
   * until its operators have looked; nothing is tried again. What carries faults, or is of any other length than a share, is left out: by it a single
   * validator would explain the failure away, or make a file that fits in no call.
   * @throws RefusedError PRESIGN_BURNT. Returns if the messages show nothing of the kind.
   */
  async #alarm(transcript: SignatureTranscript, decryption: SigningDecryption): Promise<void> {
    const core = this.#core;
    const { request } = this.#openSign(transcript.request);
    const fileOf = (faulty: ReadonlySet<number>): Uint8Array =>
      this.#evidence.unexplained(
        request.presignId,
        this.#withoutFaults(transcript, decryption, faulty),
        this.#evidenceRecords(request),
      );
    let file = fileOf(new Set());
    let judged = await this.#evidence.judge(file);
    if (!judged.valid && judged.faults.length > 0) {
      file = fileOf(new Set(judged.faults.map(({ party }) => party)));
      judged = await this.#evidence.judge(file);
    }
    if (!judged.valid) {
      core.options.log(`ALARM: a signature failed and its messages do not show why: ${judged.problem ?? ''}`);
      return;
    }
    await core.collect('sign/alarm', encodeParts([transcript.request, file]), () => {}, { graceMs });
    throw burnt();
  }

  /** The well-formed shares of a transcript, without those of some validators; with the malformed ones of `accused`. */
  #withoutFaults(
    transcript: SignatureTranscript,
    decryption: SigningDecryption,
    faulty: ReadonlySet<number>,
    accused?: number,
  ): SignatureTranscript {
    const keep = (kind: 'published' | 'proved') =>
      transcript[kind].filter((bytes) => {
        const alone = { ...transcript, published: [], proved: [], [kind]: [bytes] };
        const opened = this.#openShares(alone, decryption);
        const [share] = opened[kind];
        return share === undefined ? opened.blamed.some(({ party }) => party === accused) : !faulty.has(share.sender);
      });
    return { ...transcript, published: keep('published'), proved: keep('proved') };
  }

  /** What every member does about an alarm that it has judged itself. A leader's word locks nothing. */
  async alarm(body: Uint8Array): Promise<Uint8Array> {
    const [requestBytes, file] = decodeParts(body, 'Alarm', 2, maxEvidenceBytes) as [Uint8Array, Uint8Array];
    const { request, key } = this.#openSign(requestBytes);
    const { valid, evidence, problem } = await this.#evidence.judge(file);
    if (!valid || evidence?.kind !== 'unexplained' || hex(evidence.session) !== hex(request.presignId))
      throw new CheckError('MPC:S14', 'Alarm.evidence', problem ?? 'is about something else');
    if (hex(decodeTranscript(evidence.material).request) !== hex(requestBytes))
      throw new CheckError('MPC:S14', 'Alarm.request', 'is not the one in the evidence');
    const id = this.#evidence.keepAlarm(evidence);
    this.#state.lockPresign(request.presignId, id);
    this.#state.lockDWallet(request.id, id);
    this.#verified.delete(key);
    return new Uint8Array(0);
  }
}

/** Refusals to vote that are about one presign. */
const lostVotes: ReadonlySet<string> = new Set(['ABSTAINS', 'ALREADY_VOTED']);

/** For the client: this presign is spent, and another try would change nothing. */
const burnt = (): RefusedError =>
  new RefusedError(
    'PRESIGN_BURNT',
    'all shares are right and give no signature: the presign is wrong, it is spent, and the dWallet is locked until operators have looked',
  );

const requestKey = (take: TakePresign): string => hex(concat(take.id, take.request));
const assignedKey = ({ presignId }: Presign, { sessionId }: DWalletRecord): string => hex(concat(presignId, sessionId));
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const sameFault = (a: Blame, b: Blame): boolean => a.party === b.party && a.check === b.check && a.reason === b.reason;
