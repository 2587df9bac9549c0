/**
 * Catch-up: certified records that this validator missed, fetched from others. Whoever sends one is not believed: every record is
 * verified against its certificate, as if it came from a stranger, before it is stored. What a validator decides by itself (votes, assignments,
 * markers) and its decryption-key shares are never fetched; the shares are derived again from the certified messages of the DKG.
 *
 * @module
 */
import {
  CheckError,
  DWalletError,
  DecodeError,
  type Digest,
  type PresignId,
  Reader,
  type SessionId,
  type ValidatorId,
  concat,
  digest,
  encodeBytes,
  encodeText,
  presignId,
  sessionId,
} from '@dwallet/sigma';
import {
  assignmentFact,
  decodeCertificate,
  decodeDWalletRecord,
  decodeParts,
  decodePresign,
  decodeSetupRecord,
  dwalletFact,
  encodeParts,
  generationKind,
  maxCertificateBytes,
  presignIdsOf,
  setupFact,
  verifyAcceptance,
  verifyPresignCertificate,
} from '@dwallet/two-pc-mpc/network';
import { type Core, RefusedError } from './core.ts';
import { type EvidenceExchange, evidenceRecord } from './evidence-exchange.ts';
import { sessionOf } from './sessions/opening.ts';
import {
  type NetworkState,
  type StoredAssignment,
  type StoredDWallet,
  type StoredPresign,
  bindingFact,
  sameAssignment,
} from './network-state.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

const methodFetch = 'records/fetch';
const methodList = 'records/list';

type RecordKind = 'network-dkg' | 'network-setup' | 'dwallet' | 'presign' | 'assignment' | 'binding';
type ListKind = 'dwallet' | 'presign';

/** Identifiers of a page of a list. A shorter page is the last one. */
export const pageIds = 1024;
/** Records that a validator may list and then not show to be certified, until the rest of its list is left aside. */
const mostUnproven = 64;

const listKinds: readonly string[] = ['dwallet', 'presign'] satisfies readonly ListKind[];

/** A page of a list: its kind, for a later page than the first followed by a zero byte and the last identifier of the page before (32 bytes). */
const encodeListRequest = (kind: ListKind, after?: Uint8Array): Uint8Array =>
  after === undefined ? encodeText(kind) : concat(encodeText(kind), Uint8Array.of(0), after);

/** @throws DecodeError */
function decodeListRequest(body: Uint8Array): { readonly kind: ListKind; readonly after: string } {
  const end = body.indexOf(0);
  const kind = new TextDecoder().decode(end < 0 ? body.subarray(0, 32) : body.subarray(0, Math.min(end, 32)));
  if (!listKinds.includes(kind)) throw new DecodeError('ListRecords.kind', 'is unknown');
  if (end < 0 && body.length === kind.length) return { kind: kind as ListKind, after: '' };
  if (body.length !== kind.length + 1 + 32) throw new DecodeError('ListRecords.after', 'must be 32 bytes');
  return { kind: kind as ListKind, after: hex(body.subarray(end + 1)) };
}

const encodeFetch = (kind: RecordKind, id: Uint8Array): Uint8Array =>
  concat(encodeBytes(encodeText(kind)), encodeBytes(id));

export class Records {
  readonly #core: Core;
  readonly #state: NetworkState;
  readonly #replayDkg: (commit: Uint8Array) => Promise<void>;
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #evidence: Pick<EvidenceExchange, 'list' | 'fetch'>;

  /** @param replayDkg - concludes a DKG from its certified messages: verifies them, derives this validator's shares, stores both. */
  constructor(
    core: Core,
    state: NetworkState,
    evidence: Pick<EvidenceExchange, 'list' | 'fetch'>,
    replayDkg: (commit: Uint8Array) => Promise<void>,
  ) {
    this.#core = core;
    this.#evidence = evidence;
    this.#state = state;
    this.#replayDkg = replayDkg;
  }

  // Serving -------------------------------------------------------------------------------------------------------------------------

  /** A record with what shows that it is the network's. From this validator's own store only. */
  fetch(body: Uint8Array): Uint8Array {
    const reader = new Reader(body, 'FetchRecord');
    const kind = new TextDecoder().decode(reader.bytes('kind', 32));
    const id = reader.bytes('id', 256);
    const from = kind === evidenceRecord ? reader.uint32('from') : 0;
    reader.end();
    const lacking = (): RefusedError => new RefusedError('NOT_FOUND', 'this validator does not have the record either');
    switch (kind) {
      case evidenceRecord:
        return this.#evidence.fetch(id, from);
      case 'network-dkg': {
        const commit = this.#core.store.get('network', 'dkg');
        if (commit === undefined || this.#state.sharing === undefined) throw lacking();
        return commit;
      }
      case 'network-setup': {
        const setup = this.#state.setupBytes;
        if (setup === undefined) throw lacking();
        return encodeParts([setup.bytes, setup.certificate]);
      }
      case 'dwallet': {
        const dwallet = id.length === 32 ? this.#state.findDWallet(id) : undefined;
        if (dwallet === undefined) throw lacking();
        return encodeParts([dwallet.bytes, dwallet.certificate, dwallet.acceptance ?? new Uint8Array(0)]);
      }
      case 'presign': {
        const presign = id.length === 32 ? this.#state.presign(id) : undefined;
        if (presign === undefined) throw lacking();
        const opening = this.#state.opening(presign.presign.sessionId);
        return encodeParts([presign.bytes, presign.batch, presign.certificate, opening ?? new Uint8Array(0)]);
      }
      case 'assignment': {
        const assigned = id.length === 32 ? this.#state.certifiedAssignment(id) : undefined;
        if (assigned === undefined) throw lacking();
        return encodeParts([assigned.dwallet, assigned.request, assigned.certificate]);
      }
      case 'binding': {
        const bound = id.length === 32 ? this.#core.store.get('binding', hex(id)) : undefined;
        if (bound === undefined) throw lacking();
        return bound;
      }
      default:
        throw new DecodeError('FetchRecord.kind', 'is unknown');
    }
  }

  /**
   * A page of identifiers, 32 bytes each, ascending: of the dWallets here, or of the presigns that this validator has not assigned; whoever needs
   * an assigned one asks for it by name. Or the generation of this validator's store, signed; or the evidence that it passes on.
   */
  list(body: Uint8Array): Uint8Array {
    const kind = new TextDecoder().decode(body.subarray(0, 32));
    if (kind === generationKind) return this.#core.sayGeneration();
    if (kind === evidenceRecord) return this.#evidence.list();
    const page = decodeListRequest(body);
    const ids = page.kind === 'dwallet' ? this.#state.dwalletIds() : this.#state.unassignedPresigns();
    return concat(
      ...ids
        .filter((id) => id > page.after)
        .slice(0, pageIds)
        .map(fromHex),
    );
  }

  // Catching up ---------------------------------------------------------------------------------------------------------------------

  /** The network key with this validator's shares, and the setup, if others have them and this validator does not. */
  async ensureNetwork(): Promise<void> {
    await this.ensureKey();
    if (this.#state.sharing === undefined || this.#state.setup !== undefined) return;
    await this.#once('network-setup', () =>
      this.#get('network-setup', new Uint8Array(0), (body) => this.#takeSetup(body)),
    );
  }

  async ensureKey(): Promise<void> {
    if (this.#state.sharing !== undefined) return;
    await this.#once('network-dkg', () => this.#get('network-dkg', new Uint8Array(0), (body) => this.#takeKey(body)));
  }

  /** A dWallet, from others if this validator missed it. @throws RefusedError NOT_FOUND. */
  async dwallet(id: Uint8Array): Promise<StoredDWallet> {
    if (this.#state.findDWallet(id) === undefined) {
      await this.#once(`dwallet/${hex(id)}`, () => this.#get('dwallet', id, (body) => this.#takeDWallet(id, body)));
    }
    return this.#state.dwallet(id);
  }

  /** As {@link dwallet}, with its acceptance if this validator missed that. */
  async acceptedDWallet(id: Uint8Array): Promise<StoredDWallet> {
    if (this.#state.findDWallet(id)?.acceptance === undefined) {
      await this.#once(`accepted/${hex(id)}`, () => this.#get('dwallet', id, (body) => this.#takeAccepted(id, body)));
    }
    return this.#state.dwallet(id);
  }

  /** A presign, from others if this validator missed it. */
  async presign(id: Uint8Array): Promise<StoredPresign | undefined> {
    if (this.#state.presign(id) === undefined) {
      await this.#once(`presign/${hex(id)}`, () => this.#get('presign', id, (body) => this.#takePresign(id, body)));
    }
    return this.#state.presign(id);
  }

  /**
   * What a quorum assigned a presign to. This validator's own vote is not enough: it may have gone to the loser of a race, and whoever binds a presign
   * for a loser helps to take it from the winner.
   * @param claimed - what a request says that it is assigned to.
   * @param shown - the certificate of that in the request; without one, the others are asked for theirs.
   * @returns undefined if nobody shows a certificate.
   * @throws DecodeError, CheckError MPC:S1 unless `shown` certifies exactly what is claimed.
   */
  async assignment(
    id: PresignId,
    claimed: StoredAssignment,
    shown: Uint8Array | undefined,
  ): Promise<StoredAssignment | undefined> {
    if (shown !== undefined) this.#requireAssigned(id, claimed, shown);
    const known = this.#state.certifiedAssignment(id);
    if (known !== undefined) return known;
    if (shown === undefined) {
      const take = (body: Uint8Array): void => this.#takeAssignment(id, body);
      await this.#once(`assignment/${hex(id)}`, () => this.#get('assignment', id, take));
      return this.#state.certifiedAssignment(id);
    }
    // Where the own vote says the same, the store does already: the certificate comes again with whatever rests on it.
    const own = this.#state.assignment(id);
    if (own === undefined || !sameAssignment(own, claimed))
      this.#state.keepCertifiedAssignment(id, claimed.dwallet, claimed.request, shown);
    return claimed;
  }

  /**
   * Keeps the proof that a reserved presign serves a message: D and the certificate of the binding, which was verified. Only the count of unused
   * reservations rests on it.
   */
  keepBinding(id: PresignId, bound: Digest, certificate: Uint8Array): void {
    this.#core.store.putOnce('binding', hex(id), encodeParts([bound, certificate]));
  }

  /** Fetches the proof that a presign is bound, if others have one. */
  async binding(id: Uint8Array): Promise<void> {
    if (this.#core.store.get('binding', hex(id)) !== undefined) return;
    await this.#once(`binding/${hex(id)}`, () => this.#get('binding', id, (body) => this.#takeBinding(id, body)));
  }

  /**
   * Everything that others have and this validator does not: after a start, when it may have been away, or when one of them comes back.
   * @param from - whose records are looked at; default: those of all others.
   */
  async catchUp(from: readonly ValidatorId[] = [...this.#core.options.peers.keys()]): Promise<void> {
    await this.ensureNetwork();
    if (this.#state.setup === undefined) return;
    for (const kind of ['dwallet', 'presign'] as const)
      for (const validator of from) await this.#catchUpFrom(validator, kind);
  }

  /**
   * Once after a restore: every dWallet that there is by now. Whatever this validator helped to sign before is among them, because a signature takes shares
   * of weight t, and of the others any of weight t include an honest one that gave one and has the dWallet. Nothing if too few of them answer.
   */
  async boundAfterRestore(): Promise<void> {
    const { store, committee } = this.#core;
    if (!this.#state.lacksRestoreBound() || this.#state.setup === undefined) return;
    const others = committee.access.validators.filter((validator) => validator !== this.#core.index);
    const listed = new Set<string>();
    const answered: ValidatorId[] = [];
    for (const validator of others) {
      const ids = await this.#catchUpFrom(validator, 'dwallet');
      if (ids === undefined) continue;
      for (const id of ids) listed.add(id);
      answered.push(validator);
    }
    if (committee.access.weight(answered) < committee.access.threshold) return;
    this.#state.keepRestoreBound([...new Set([...listed, ...store.list('dwallet')])]);
  }

  /**
   * A list is a hint and proves nothing: what is new in it counts when it comes with its certificate.
   * @returns what it names and this validator did not have, proven or not; undefined unless it was read to its end.
   */
  async #catchUpFrom(validator: ValidatorId, kind: ListKind): Promise<string[] | undefined> {
    const own = new Set(kind === 'dwallet' ? this.#state.acceptedDWalletIds() : this.#state.presignIds());
    const added: string[] = [];
    let after: Uint8Array | undefined;
    let unproven = 0;
    // Ascending over all pages and every page full: a list ends, and a made-up one soon.
    do {
      const request = encodeListRequest(kind, after);
      const read = (body: Uint8Array): Uint8Array[] => readIds(body, after);
      const listed = await this.#core.askAny(methodList, request, read, [validator]).catch(() => undefined);
      if (listed === undefined) return undefined;
      for (const id of listed) {
        if (own.has(hex(id))) continue;
        added.push(hex(id));
        const take = (body: Uint8Array): void =>
          kind === 'dwallet' ? this.#takeDWallet(id, body) : this.#takePresign(id, body);
        if (!(await this.#get(kind, id, take, [validator]))) unproven++;
        if (unproven >= mostUnproven) return undefined;
      }
      after = listed.length < pageIds ? undefined : listed.at(-1);
    } while (after !== undefined);
    return added;
  }

  async #once(key: string, work: () => Promise<unknown>): Promise<void> {
    const running = this.#running.get(key) ?? work().finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    await running;
  }

  /**
   * Asks for one record. That nobody has it is an answer; what is missing then is said by whoever needs it.
   * @returns whether one was taken.
   */
  async #get(
    kind: RecordKind,
    id: Uint8Array,
    take: (body: Uint8Array) => void | Promise<void>,
    from?: ValidatorId[],
  ): Promise<boolean> {
    let taken = false;
    const takeOnce = async (body: Uint8Array): Promise<void> => {
      if (taken) return;
      try {
        await take(body);
      } catch (error) {
        const why = error instanceof DWalletError ? `: ${error.message}` : '';
        this.#core.options.log(`a fetched record is not believed, ${kind}${why}`);
        throw error;
      }
      taken = true;
      this.#core.options.log(`fetched a missed record: ${kind}`);
    };
    // One answer after the other: the second is looked at when the first was not believed.
    let last: Promise<unknown> = Promise.resolve();
    const read = (body: Uint8Array): Promise<void> => {
      const next = last.then(() => takeOnce(body));
      last = next.catch(() => {});
      return next;
    };
    await this.#core.askAny(methodFetch, encodeFetch(kind, id), read, from).catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
    });
    return taken;
  }

  // What is verified before a record is stored ----------------------------------------------------------------------------------------

  async #takeKey(body: Uint8Array): Promise<void> {
    if (this.#state.sharing === undefined) await this.#replayDkg(body);
  }

  #takeSetup(body: Uint8Array): void {
    const { parameters, options } = this.#core;
    const [bytes, certificate] = decodeParts(body, 'NetworkSetup', 2) as [Uint8Array, Uint8Array];
    const setup = decodeSetupRecord(options.curve, parameters, bytes);
    this.#core.requireCertificate(certificate, setupFact(setup), 'MPC:N5');
    const key = this.#state.sharing?.encryptionKey.element;
    if (key === undefined || !parameters.group.equals(key, setup.encryptionKey.element))
      throw new CheckError('MPC:N5', 'NetworkSetup.pk', 'is not the network key');
    if (this.#state.setup === undefined) this.#state.installSetup(bytes, certificate, setup);
  }

  #takeDWallet(id: Uint8Array, body: Uint8Array): void {
    const [bytes, certificate, acceptance] = decodeParts(body, 'DWallet', 3) as [Uint8Array, Uint8Array, Uint8Array];
    const record = decodeDWalletRecord(this.#state.requireSetup(), bytes);
    requireId(id, record.sessionId, 'DWallet');
    this.#core.requireCertificate(certificate, dwalletFact(record), 'MPC:A1');
    if (acceptance.length > 0) verifyAcceptance(record, acceptance);
    this.#state.installDWallet(record, bytes, certificate);
    if (acceptance.length > 0) this.#state.acceptDWallet(id, acceptance);
  }

  /** A peer that has no acceptance is not the one to stop at. */
  #takeAccepted(id: Uint8Array, body: Uint8Array): void {
    this.#takeDWallet(id, body);
    if (this.#state.dwallet(id).acceptance === undefined) throw new RefusedError('NOT_READY', 'there is no acceptance');
  }

  /** The input is that of the session, whoever of the committee opened it. */
  #requireOpening(session: SessionId, opening: Uint8Array): void {
    const opened = this.#core.committee.identityKeys.some((leader) => hex(sessionOf(leader, opening)) === hex(session));
    if (!opened) throw new DecodeError('Presign.opening', 'is not that of its session');
  }

  #takePresign(id: Uint8Array, body: Uint8Array): void {
    const setup = this.#state.requireSetup();
    const [bytes, batch, certificate, opening] = decodeParts(body, 'Presign', 4) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const presign = decodePresign(setup, bytes);
    requireId(id, presign.presignId, 'Presign');
    const certified = { ids: presignIdsOf(batch), certificate: decodeCertificate(certificate) };
    verifyPresignCertificate(setup, this.#core.committee, presign, certified);
    if (opening.length > 0) this.#requireOpening(presign.sessionId, opening);
    this.#state.installPresign(presign, bytes, batch, certificate, opening.length > 0 ? opening : undefined);
  }

  #takeAssignment(id: PresignId, body: Uint8Array): void {
    const [dwallet, request, certificate] = decodeParts(body, 'Assignment', 3, maxCertificateBytes) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    if (dwallet.length !== 32 || request.length !== 32)
      throw new DecodeError('Assignment', 'must name a dWallet and a request');
    this.#requireAssigned(id, { dwallet, request: digest(request) }, certificate);
    this.#state.keepCertifiedAssignment(id, dwallet, request, certificate);
  }

  /** A certificate of exactly this assignment, by a quorum. @throws DecodeError, CheckError MPC:S1. */
  #requireAssigned(id: PresignId, { dwallet, request }: StoredAssignment, certificate: Uint8Array): void {
    this.#core.requireCertificate(certificate, assignmentFact(id, sessionId(dwallet), request), 'MPC:S1');
  }

  #takeBinding(id: Uint8Array, body: Uint8Array): void {
    const [bound, certificate] = decodeParts(body, 'Binding', 2, maxCertificateBytes) as [Uint8Array, Uint8Array];
    const presign = presignId(id);
    const fact = bindingFact(presign, digest(bound));
    this.#core.requireCertificate(certificate, fact, 'MPC:S2');
    this.keepBinding(presign, fact.digest, certificate);
  }
}

function requireId(asked: Uint8Array, found: Uint8Array | Digest, name: string): void {
  if (hex(asked) !== hex(found)) throw new DecodeError(`${name}.id`, 'is not what was asked for');
}

function readIds(body: Uint8Array, after: Uint8Array | undefined): Uint8Array[] {
  const reader = new Reader(body, 'RecordList');
  const ids: Uint8Array[] = [];
  let last = after === undefined ? '' : hex(after);
  while (reader.remaining > 0) {
    const id = reader.fixed(`[${ids.length}]`, 32);
    if (ids.length === pageIds) throw new DecodeError('RecordList', `has more than ${pageIds} identifiers`);
    if (hex(id) <= last) throw new DecodeError(`RecordList[${ids.length}]`, 'is not in ascending order');
    last = hex(id);
    ids.push(id);
  }
  return ids;
}
