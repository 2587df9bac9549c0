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
  CheckError,
  DecodeError,
  type Digest,
  type PresignId,
  Reader,
  ThresholdNotReachedError,
  type ValidatorId,
  concat,
  digest,
  digestTagged,
  encodeList,
  encodeText,
  encodeUint16,
  validatorId,
} from '@dwallet/sigma';
import {
  type EcdsaSignature,
  type Envelope,
  type Fact,
  type PresignState,
  type SignRequest,
  type SigningDecryption,
  type SingleUseStore,
  type VerifiedSignMessage,
  abortRequest,
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
import { encodeProvedShares, encodeShares } from '@dwallet/class-groups';
import { type Core, RefusedError, decodeList } from '../core.ts';
import type { NetworkState, StoredDWallet } from '../network-state.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** How long a leader waits for the remaining validators once weight t has answered. */
const graceMs = 1000;
/** How long a member of the expected set may take for its shares before everybody is asked. */
const shareTimeoutMs = 60_000;

/** What a presign was assigned to: the dWallet's id and the request digest, 32 bytes each. */
interface StoredAssignment {
  readonly dwallet: Uint8Array;
  readonly request: Digest;
}

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
  readonly #markers: SingleUseStore;
  /** Messages that this process verified, by presign and exact bytes. */
  readonly #verified = new Map<string, VerifiedSignMessage>();

  constructor(core: Core, state: NetworkState, markers: SingleUseStore) {
    this.#core = core;
    this.#state = state;
    this.#markers = markers;
  }

  // Assignment ----------------------------------------------------------------------------------------------------------------

  #owned(envelope: Envelope, id: Uint8Array): StoredDWallet {
    const dwallet = this.#state.dwallet(id);
    if (hex(dwallet.record.owner) !== hex(envelope.sender))
      throw new RefusedError('NOT_OWNER', 'the request is not by the owner of the dWallet');
    if (!dwallet.accepted) throw new RefusedError('NOT_READY', 'the owner has not accepted this dWallet yet (MPC:A3)');
    return dwallet;
  }

  #assignment(id: PresignId): StoredAssignment | undefined {
    const stored = this.#core.store.get('assignment', hex(id));
    return stored === undefined ? undefined : { dwallet: stored.slice(0, 32), request: digest(stored.slice(32)) };
  }

  /** A member assigns a presign to (dWallet, request), irrevocably, and votes for it. */
  voteAssignment(body: Uint8Array): Uint8Array {
    const [requestBytes, id] = decodeParts(body, 'AssignPresign', 2) as [Uint8Array, Uint8Array];
    const envelope = this.#openClient(requestBytes, clientKind.takePresign);
    const take = decodeTakePresign(envelope.body);
    this.#owned(envelope, take.id);
    const presign = this.#state.presign(id);
    if (presign === undefined) throw new RefusedError('NOT_FOUND', 'this presign is unknown here');
    const assignment = concat(take.id, take.request);
    const first = this.#core.store.putOnce('assignment', hex(presign.presign.presignId), assignment);
    if (first !== undefined && hex(first) !== hex(assignment)) {
      throw new CheckError('MPC:S1', 'presign', 'is assigned to another request');
    }
    return this.#core.voteOnce(assignmentFact(presign.presign.presignId, take.id, take.request));
  }

  /** Leads an assignment. @returns presign, identifiers of its batch, batch certificate, assignment certificate. */
  async leadTakePresign(envelope: Envelope, bytes: Uint8Array): Promise<Uint8Array> {
    const take = decodeTakePresign(envelope.body);
    this.#owned(envelope, take.id);
    const requestKey = hex(take.request);
    // A repeated request gets the presign that it was given.
    const remembered = this.#core.store.get('request', requestKey);
    const candidates = remembered === undefined ? this.#state.availablePresigns() : [hex(remembered)];
    let last: unknown;
    for (const candidate of candidates.slice(0, 8)) {
      const id = Uint8Array.from(Buffer.from(candidate, 'hex'));
      const stored = this.#state.presign(id);
      if (stored === undefined) continue;
      const fact = assignmentFact(stored.presign.presignId, take.id, take.request);
      try {
        const { certificate } = await this.#core.certify('sign/assign', encodeParts([bytes, id]), fact, { graceMs });
        this.#core.store.put('request', requestKey, id);
        return encodeParts([stored.bytes, stored.batch, stored.certificate, encodeCertificate(certificate)]);
      } catch (error) {
        // Another leader was faster with this one: its votes are gone, the next presign is free.
        last = error;
      }
    }
    throw last ?? new RefusedError('UNAVAILABLE', 'the presign pool is empty');
  }

  // Verification, binding, shares -------------------------------------------------------------------------------------------------

  #openClient(bytes: Uint8Array, kind: string): Envelope {
    const envelope = openEnvelope(bytes, this.#core.options.networkId);
    if (envelope.kind !== kind) throw new DecodeError('Envelope.kind', `is ${envelope.kind}, must be ${kind}`);
    return envelope;
  }

  /** MPC:S1 to MPC:S11 by this validator itself. */
  async #verify(
    requestBytes: Uint8Array,
  ): Promise<{ verified: VerifiedSignMessage; request: SignRequest; owner: StoredDWallet }> {
    const envelope = this.#openClient(requestBytes, clientKind.sign);
    const request = decodeSignRequest(envelope.body);
    const owner = this.#owned(envelope, request.id);
    const key = hex(concat(request.presignId, digestTagged('sign-request-bytes', [envelope.body])));
    const known = this.#verified.get(key);
    if (known !== undefined) return { verified: known, request, owner };
    const presign = this.#state.presign(request.presignId)?.presign;
    const assigned = this.#assignment(request.presignId);
    const requestDigest = signRequestDigest(request.id, request.hashScheme, request.message, request.nonce);
    if (assigned !== undefined && hex(assigned.dwallet) !== hex(request.id)) {
      throw new CheckError('MPC:S1', 'presign', 'is assigned to another dWallet');
    }
    const marked = await this.#markers.lookup(request.presignId);
    const state: PresignState =
      marked === 'void'
        ? { kind: 'destroyed', reason: 'void' }
        : assigned === undefined
          ? { kind: 'available' }
          : marked === undefined
            ? { kind: 'assigned', assignment: { publicKey: owner.record.publicKey, request: assigned.request } }
            : {
                kind: 'bound',
                assignment: { publicKey: owner.record.publicKey, request: assigned.request },
                digest: marked,
              };
    this.#core.options.log('verifying a client message');
    const verified = verifySignMessage({
      setup: this.#state.requireSetup(),
      record: owner.record,
      presign,
      state,
      approved: { request: requestDigest, hashScheme: request.hashScheme, message: request.message },
      bytes: request.signMessage,
      random: this.#core.freshRandom([request.presignId]),
    });
    this.#verified.set(key, verified);
    return { verified, request, owner };
  }

  /** A member verifies and votes to bind the presign to exactly these client bytes (MPC 5.8 rule 2). */
  async voteBinding(requestBytes: Uint8Array): Promise<Uint8Array> {
    const { verified, request } = await this.#verify(requestBytes);
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
    const { verified, request } = await this.#verify(requestBytes);
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
    const { verified } = await this.#verify(requestBytes);
    const facts = requireVerified(verified);
    const record = decodeSignatureRecord(facts.setup.curve, recordBytes);
    if (hex(record.presignId) !== hex(facts.presign.presignId) || hex(record.digest) !== hex(facts.digest)) {
      throw new CheckError('MPC:S14', 'SignatureRecord', 'is of another client message');
    }
    if (!verifySignature({ ...facts, curve: facts.setup.curve }, record.signature)) {
      throw new CheckError('MPC:S14', 'SignatureRecord.signature', 'does not verify');
    }
    this.#core.store.put('signature', hex(facts.presign.presignId), recordBytes);
    this.#verified.clear();
    return new Uint8Array(0);
  }

  // Leading ---------------------------------------------------------------------------------------------------------------------

  #openShares(
    transcript: SignatureTranscript,
    decryption: SigningDecryption,
  ): { published: DecryptionShares[]; proved: ProvedDecryptionShares[]; blamed: Blame[] } {
    const blamed: Blame[] = [];
    const { presignId: session } = requireVerified(decryption.verified).presign;
    const published = transcript.published.flatMap((bytes) => {
      const { from, envelope } = this.#core.openMember(bytes, 'sign/share', session);
      const received = receiveShares(decryption.request, from, envelope.body);
      if (received.status === 'blamed') blamed.push(received.blame);
      return received.status === 'accepted' ? [received.message] : [];
    });
    const proved = transcript.proved.flatMap((bytes) => {
      const { from, envelope } = this.#core.openMember(bytes, 'sign/proof', session);
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
    const { verified, request } = await this.#verify(bytes);
    const done = core.store.get('signature', hex(request.presignId));
    if (done !== undefined) return encodeParts([done, encodeList([])]);
    const facts = requireVerified(verified);

    const { certificate, answers } = await core.certify(
      'sign/bind',
      bytes,
      bindingFact(request.presignId, facts.digest),
      { graceMs: 0 },
    );
    const bound = encodeCertificate(certificate);
    // E of MPC 5.7: the first weight t that answered. Their shares combine at almost no cost (CG 3.8); if one goes away, everybody is asked.
    const expected: ValidatorId[] = [];
    for (const answer of answers)
      if ('body' in answer && !access.isAuthorized(expected)) expected.push(answer.validator);
    expected.sort((a, b) => a - b);

    let attempt = await this.#gather(verified, bytes, bound, expected);
    // Somebody of the expected set went away: ask everybody, in general mode (CG 3.7). The same ciphertexts, so nothing new is revealed.
    if (!attempt.enough && expected.length < access.validators.length) {
      attempt = await this.#gather(verified, bytes, bound, access.validators);
    }
    if (!attempt.enough) {
      const have = access.weight(attempt.opened.published.map(({ sender }) => sender));
      throw new ThresholdNotReachedError('decryption shares', have, access.threshold, attempt.opened.blamed);
    }
    let signature = combineSignature(attempt.decryption, attempt.opened.published);
    let { blamed } = attempt.opened;

    if (signature === undefined) {
      core.options.log('the shares do not give a signature: asking for proofs');
      const proved: Uint8Array[] = [];
      await core.collect('sign/prove', attempt.body, this.#keep(proved, 'sign/proof', request.presignId));
      attempt = { ...attempt, transcript: { ...attempt.transcript, proved } };
      const opened = this.#openShares(attempt.transcript, attempt.decryption);
      const outcome = this.#resolve(attempt.decryption, opened);
      signature = outcome.signature;
      blamed = [...opened.blamed, ...outcome.blamed];
    }
    if (blamed.length > 0) this.#keepEvidence(request.presignId, attempt.transcript, blamed);

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
    await this.#core.collect('sign/share', body, accept, { from: expected, graceMs: 0, timeoutMs: shareTimeoutMs });
    const transcript: SignatureTranscript = { request, expected, published, proved: [] };
    const opened = this.#openShares(transcript, decryption);
    const enough = access.isAuthorized(opened.published.map(({ sender }) => sender));
    return { decryption, body, transcript, opened, enough };
  }

  #resolve(
    decryption: SigningDecryption,
    opened: { readonly published: readonly DecryptionShares[]; readonly proved: readonly ProvedDecryptionShares[] },
  ): { readonly signature: EcdsaSignature; readonly blamed: readonly Blame[] } {
    const { access } = this.#core.committee;
    const outcome = resolveAbort(
      decryption,
      opened.published,
      opened.proved,
      this.#core.freshRandom([encodeText('abort')]),
    );
    if (outcome.kind === 'signature') return outcome;
    const have = access.weight(opened.proved.map(({ sender }) => sender));
    throw new ThresholdNotReachedError('proven decryption shares', have, access.threshold, outcome.blamed);
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
   * Decides evidence again, from its messages alone.
   * @returns the faults that the messages prove now; equal to what the evidence says, or the evidence is worth nothing.
   */
  async checkEvidence(evidence: Uint8Array): Promise<readonly Blame[]> {
    const [, transcriptBytes] = decodeParts(evidence, 'Evidence', 2) as [Uint8Array, Uint8Array];
    const transcript = decodeTranscript(transcriptBytes);
    const { verified } = await this.#verify(transcript.request);
    const decryption = this.#decryption(verified, transcript.expected);
    const opened = this.#openShares(transcript, decryption);
    return [...opened.blamed, ...this.#resolve(decryption, opened).blamed];
  }
}
