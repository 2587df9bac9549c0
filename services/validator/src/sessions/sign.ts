/**
 * Signing at the validators (MPC 5): assignment of a presign, verification and binding, optimistic shares, identifiable abort.
 *
 * Order of durable writes at a member: assignment vote, binding vote (both before they are sent), single-use marker (before a share is
 * computed). None of them is ever undone.
 *
 * @module
 */
import {
  type DecryptionShares,
  expectedValidators,
  type ProvedDecryptionShares,
  receiveProvedShares,
  receiveShares,
} from '@dwallet/class-groups';
import {
  type Blame,
  BugError,
  CheckError,
  DecodeError,
  type Digest,
  type PresignId,
  Reader,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  digestTagged,
  encodeList,
  encodeText,
  encodeUint16,
  validatorId,
} from '@dwallet/sigma';
import {
  type AbortOutcome,
  type AssignedPresign,
  type Assignment,
  type DWalletRecord,
  type Envelope,
  type Fact,
  type Presign,
  type PresignState,
  type SignRequest,
  type SigningDecryption,
  type SingleUseStore,
  type VerifiedSignMessage,
  abortRequest,
  assignPresign,
  assignmentFact,
  clientKind,
  combineSignature,
  createSigningDecryption,
  decodeCertificate,
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
  openEnvelope,
  permitShares,
  requireVerified,
  resolveAbort,
  signRequestDigest,
  verifyCertificate,
  verifySignMessage,
  verifySignature,
} from '@dwallet/two-pc-mpc/network';
import { encodeProvedShares, encodeShares, prepareBlinding } from '@dwallet/class-groups';
import { type Core, RefusedError, checkOf, decodeList } from '../core.ts';
import type { NetworkState, StoredAssignment, StoredDWallet } from '../network-state.ts';
import type { Records } from '../records.ts';
import { Remembered } from '../remembered.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** How long a leader waits for the remaining validators once weight t has answered. */
const graceMs = 1000;
/** Blinding pairs that each key share keeps ready; a signature takes two. */
const blindingPairs = 4;
/** How many presigns of the pool one request may use up when leaders race for them. */
const maxPresignsPerRequest = 16;

/** What validators certify before any share: the presign serves exactly these client bytes (D of MPC 5.8). */
export const bindingFact = (id: PresignId, bound: Digest): Fact => ({
  kind: 'presign-binding',
  id,
  version: 0n,
  digest: bound,
});

/** Messages of one signature, as a leader collects them and as evidence keeps them. */
export interface SignatureTranscript {
  /** The client's envelope. */
  readonly request: Uint8Array;
  /** E of MPC 5.7: the validators that were asked. */
  readonly expected: readonly ValidatorId[];
  /** Envelopes with optimistic shares. */
  readonly published: readonly Uint8Array[];
  /** Envelopes with proved shares. */
  readonly proved: readonly Uint8Array[];
}

export const encodeTranscript = (t: SignatureTranscript): Uint8Array =>
  encodeParts([t.request, encodeExpected(t.expected), encodeList(t.published), encodeList(t.proved)]);

export function decodeTranscript(bytes: Uint8Array): SignatureTranscript {
  const [request, expected, published, proved] = decodeParts(bytes, 'SignatureTranscript', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return {
    request,
    expected: decodeExpected(expected),
    published: decodeList(published, 'published', 128),
    proved: decodeList(proved, 'proved', 128),
  };
}

const encodeExpected = (validators: readonly ValidatorId[]): Uint8Array =>
  concat(...validators.map((v) => encodeUint16(v)));

function decodeExpected(bytes: Uint8Array): ValidatorId[] {
  const reader = new Reader(bytes, 'expected');
  const validators: ValidatorId[] = [];
  while (reader.remaining > 0) validators.push(validatorId(reader.uint16(`[${validators.length}]`)));
  return validators;
}

export class SignSessions {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #records: Records;
  readonly #markers: SingleUseStore;
  /** Messages that this process verified, by presign and exact bytes. */
  readonly #verified = new Remembered<VerifiedSignMessage>();
  /** What was computed at the assignment, by presign and dWallet. */
  readonly #assigned = new Remembered<AssignedPresign>();

  constructor(core: Core, state: NetworkState, records: Records, markers: SingleUseStore) {
    this.#core = core;
    this.#state = state;
    this.#records = records;
    this.#markers = markers;
  }

  // Assignment ----------------------------------------------------------------------------------------------------------------

  #owned(envelope: Envelope, dwallet: StoredDWallet): StoredDWallet {
    if (hex(dwallet.record.owner) !== hex(envelope.sender))
      throw new RefusedError('NOT_OWNER', 'the request is not by the owner of the dWallet');
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
    const id = hex(presign.presignId);
    const others = this.#assignedTo(take).filter((other) => other !== id);
    // No leader empties the pool with one request of a client.
    if (others.length >= maxPresignsPerRequest)
      throw new RefusedError('UNAVAILABLE', 'the request was given too many presigns');
    const assigned = this.#state.assign(presign.presignId, take.id, take.request);
    if (hex(assigned.dwallet) !== hex(take.id) || hex(assigned.request) !== hex(take.request)) {
      throw new CheckError('MPC:S1', 'presign', 'is assigned to another request');
    }
    this.#core.store.put('request', requestKey(take), fromHex([id, ...others].join('')));
    // While the client makes its message.
    this.#ahead('targeting of a presign', () => {
      const key = assignedKey(presign, dwallet.record);
      if (this.#assigned.get(key) !== undefined) return;
      const random = this.#core.freshRandom([presign.presignId, encodeText('assignment')]);
      this.#assigned.set(key, assignPresign(this.#state.requireSetup(), presign, dwallet.record, random));
    });
    return this.#core.voteOnce(assignmentFact(presign.presignId, take.id, take.request));
  }

  /** Work that saves time later and that nobody waits for: it begins when the answer has left. A failure costs that time and nothing else. */
  #ahead(what: string, work: () => void): void {
    setImmediate(() => {
      try {
        work();
      } catch (error) {
        this.#core.options.log(`${what} ahead of time: ${error instanceof Error ? error.message : String(error)}`);
      }
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
      const fact = assignmentFact(stored.presign.presignId, take.id, take.request);
      const { certificate, weight, answers } = await this.#core.gatherVotes(
        'sign/assign',
        encodeParts([bytes, id]),
        fact,
        { graceMs },
      );
      if (certificate !== undefined) {
        const encoded = encodeCertificate(certificate);
        // For members that were away now and are asked for the signature.
        this.#core.store.put('assignment-certificate', candidate, encoded);
        return encodeParts([stored.bytes, stored.batch, stored.certificate, encoded]);
      }
      last = this.#core.refusal('presign assignment', answers, weight);
      // Another leader was faster with this one: its votes are gone, the next presign is free. Anything else would meet the next one too.
      if (!answers.some((answer) => 'error' in answer && checkOf(answer.error) === 'MPC:S1')) break;
    }
    throw last ?? new RefusedError('UNAVAILABLE', 'the presign pool is empty');
  }

  // Verification, binding, shares -------------------------------------------------------------------------------------------------

  #openClient(bytes: Uint8Array, kind: string): Envelope {
    const envelope = openEnvelope(bytes, this.#core.options.networkId);
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
   * MPC:S1 to MPC:S11 by this validator itself.
   * @param missed - what to do about a dWallet that is not here: a member asks the others; a leader, whom anybody can call, lets the client
   * go to another one. Once the owner is known, whatever else is missing is fetched.
   */
  async #verify(
    bytes: Uint8Array,
    missed: 'fetch' | 'refuse',
  ): Promise<{ verified: VerifiedSignMessage; request: SignRequest }> {
    const { envelope, request, key } = this.#openSign(bytes);
    const dwallet =
      missed === 'fetch' ? await this.#records.acceptedDWallet(request.id) : this.#state.dwallet(request.id);
    this.#owned(envelope, dwallet);
    const known = this.#verified.get(key);
    if (known !== undefined) return { verified: known, request };
    const presign = await this.#records.presign(request.presignId);
    const assigned = presign === undefined ? undefined : await this.#records.assignment(request.presignId);
    if (assigned !== undefined && hex(assigned.dwallet) !== hex(request.id)) {
      throw new CheckError('MPC:S1', 'presign', 'is assigned to another dWallet');
    }
    const state = await this.#presignState(request.presignId, dwallet, assigned);
    this.#core.options.log('verifying a client message');
    const verified = this.#verifyMessage(dwallet, request, presign?.presign, state);
    this.#verified.set(key, verified);
    return { verified, request };
  }

  async #presignState(
    id: PresignId,
    dwallet: StoredDWallet,
    assigned: StoredAssignment | undefined,
  ): Promise<PresignState> {
    const marked = await this.#markers.lookup(id);
    if (marked === 'void') return { kind: 'destroyed', reason: 'void' };
    if (assigned === undefined) return { kind: 'available' };
    const assignment: Assignment = { publicKey: dwallet.record.publicKey, request: assigned.request };
    return marked === undefined ? { kind: 'assigned', assignment } : { kind: 'bound', assignment, digest: marked };
  }

  #verifyMessage(
    { record }: StoredDWallet,
    request: SignRequest,
    presign: Presign | undefined,
    state: PresignState,
  ): VerifiedSignMessage {
    const assigned = presign === undefined ? undefined : this.#assigned.get(assignedKey(presign, record));
    return verifySignMessage({
      setup: this.#state.requireSetup(),
      record,
      presign,
      state,
      approved: { request: requestDigestOf(request), hashScheme: request.hashScheme, message: request.message },
      bytes: request.signMessage,
      ...(assigned === undefined ? {} : { assigned }),
      random: this.#core.freshRandom([request.presignId]),
    });
  }

  /** A member verifies and votes to bind the presign to exactly these client bytes (MPC 5.8 rule 2). */
  async voteBinding(requestBytes: Uint8Array): Promise<Uint8Array> {
    const { verified, request } = await this.#verify(requestBytes, 'fetch');
    return this.#core.voteOnce(bindingFact(request.presignId, requireVerified(verified).digest));
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
    const { verified, request } = await this.#verify(requestBytes, 'fetch');
    const fact = bindingFact(request.presignId, requireVerified(verified).digest);
    verifyCertificate(this.#core.committee, decodeCertificate(certificate), fact, 'MPC:S2');
    const decryption = this.#decryption(verified, decodeExpected(expected));
    // The marker is on disk before anything secret is touched (MPC 5.8 rule 3).
    const permit = await permitShares(this.#markers, verified);
    return { permit, decryption, request };
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
    // A validator that gave no share marks the presign all the same: whatever it hears later, it answers no other bytes.
    await permitShares(this.#markers, verified);
    // The first one stays: a later one can only differ in whom its leader flags.
    this.#core.store.putOnce('signature', hex(facts.presign.presignId), recordBytes);
    this.#verified.delete(this.#openSign(requestBytes).key);
    return new Uint8Array(0);
  }

  // Leading ---------------------------------------------------------------------------------------------------------------------

  #openShares(
    transcript: SignatureTranscript,
    decryption: SigningDecryption,
  ): { published: DecryptionShares[]; proved: ProvedDecryptionShares[]; blamed: Blame[] } {
    const blamed: Blame[] = [];
    const { presignId: session } = requireVerified(decryption.verified).presign;
    const openOnce = (bytes: Uint8Array, kind: string, seen: Set<ValidatorId>) => {
      const opened = this.#core.openMember(bytes, kind, session);
      if (seen.has(opened.from))
        throw new DecodeError('SignatureTranscript', `validator ${opened.from} is in it twice`);
      seen.add(opened.from);
      return opened;
    };
    const publishers = new Set<ValidatorId>();
    const published = transcript.published.flatMap((bytes) => {
      const { from, envelope } = openOnce(bytes, 'sign/share', publishers);
      const received = receiveShares(decryption.request, from, envelope.body);
      if (received.status === 'blamed') blamed.push(received.blame);
      return received.status === 'accepted' ? [received.message] : [];
    });
    const provers = new Set<ValidatorId>();
    const proved = transcript.proved.flatMap((bytes) => {
      const { from, envelope } = openOnce(bytes, 'sign/proof', provers);
      const received = receiveProvedShares(abortRequest(decryption), from, envelope.body);
      if (received.status === 'blamed') blamed.push(received.blame);
      return received.status === 'accepted' ? [received.message] : [];
    });
    return { published, proved, blamed };
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
    // E of MPC 5.7: the first weight t that answered. Their shares combine at almost no cost (CG 3.8); if one goes away, everybody is asked.
    const expected: ValidatorId[] = [];
    for (const answer of answers)
      if ('body' in answer && !access.isAuthorized(expected)) expected.push(answer.validator);
    expected.sort((a, b) => a - b);

    const blamed: Blame[] = [];
    const blame = (transcript: SignatureTranscript, faults: readonly Blame[]): void => {
      this.#keepEvidence(request.presignId, transcript, faults);
      for (const fault of faults) if (!blamed.some((known) => sameFault(known, fault))) blamed.push(fault);
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
    let signature = combineSignature(attempt.decryption, attempt.opened.published);
    if (signature === undefined) {
      core.options.log('the shares do not give a signature: asking for proofs');
      const proved: Uint8Array[] = [];
      const keep = this.#keep(proved, 'sign/proof', request.presignId);
      await core.collect('sign/prove', attempt.body, keep, { graceMs: 'adaptive' });
      const transcript: SignatureTranscript = { ...attempt.transcript, proved };
      const opened = this.#openShares(transcript, attempt.decryption);
      const outcome = this.#resolve(attempt.decryption, opened);
      blame(transcript, [...opened.blamed, ...outcome.blamed]);
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
      flagged: [...new Set(blamed.map(({ party }) => party))].sort((a, b) => a - b).map((party) => validatorId(party)),
    });
    await core.collect('sign/record', encodeParts([bytes, record]), () => {}, { graceMs });
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

  #resolve(
    decryption: SigningDecryption,
    opened: { readonly published: readonly DecryptionShares[]; readonly proved: readonly ProvedDecryptionShares[] },
  ): AbortOutcome {
    return resolveAbort(decryption, opened.published, opened.proved, this.#core.freshRandom([encodeText('abort')]));
  }

  #keepEvidence(id: PresignId, transcript: SignatureTranscript, blamed: readonly Blame[]): void {
    for (const party of new Set(blamed.map((fault) => fault.party))) {
      const faults = blamed.filter((fault) => fault.party === party);
      this.#core.store.putOnce(
        'evidence',
        `sign.${hex(id).slice(0, 32)}.${party}`,
        encodeParts([encodeBlame(faults), encodeTranscript(transcript)]),
      );
      this.#core.options.log(`validator ${party} is at fault (${faults[0]?.check}): ${faults[0]?.reason}`);
    }
  }

  /**
   * Decides evidence again, from its messages alone: this validator need not have taken part in the signature.
   * @returns the faults that the messages prove now; equal to what the evidence says, or the evidence is worth nothing.
   */
  async checkEvidence(evidence: Uint8Array): Promise<readonly Blame[]> {
    const [, transcriptBytes] = decodeParts(evidence, 'Evidence', 2) as [Uint8Array, Uint8Array];
    const transcript = decodeTranscript(transcriptBytes);
    const { envelope, request } = this.#openSign(transcript.request);
    const dwallet = this.#owned(envelope, await this.#records.acceptedDWallet(request.id));
    const presign = await this.#records.presign(request.presignId);
    // Whether a share is right does not depend on what this validator has assigned. The result is used here only and never remembered.
    const assignment: Assignment = { publicKey: dwallet.record.publicKey, request: requestDigestOf(request) };
    const verified = this.#verifyMessage(dwallet, request, presign?.presign, { kind: 'assigned', assignment });
    const decryption = this.#decryption(verified, transcript.expected);
    const opened = this.#openShares(transcript, decryption);
    try {
      return [...opened.blamed, ...this.#resolve(decryption, opened).blamed];
    } catch (error) {
      // Shares that are all right are no bug when somebody only claims that they were wrong.
      if (error instanceof BugError) return opened.blamed;
      throw error;
    }
  }
}

type TakePresign = ReturnType<typeof decodeTakePresign>;

const requestKey = (take: TakePresign): string => hex(concat(take.id, take.request));
const assignedKey = ({ presignId }: Presign, { sessionId }: DWalletRecord): string => hex(concat(presignId, sessionId));
const requestDigestOf = ({ id, hashScheme, message, nonce }: SignRequest): Digest =>
  signRequestDigest(id, hashScheme, message, nonce);
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const sameFault = (a: Blame, b: Blame): boolean => a.party === b.party && a.check === b.check && a.reason === b.reason;
