/**
 * What must hold in every schedule, whatever fails: checked on everything that honest validators sign, believe, release and keep.
 *
 * @module
 */
import type { ValidatorId } from '@dwallet/sigma';
import type { Envelope, Fact } from '@dwallet/two-pc-mpc/network';
import { type Disk, markerKey } from './disk.ts';
import type { Listener } from './observed-network.ts';

export type ViolationKind =
  /** Shares of honest validators for two client messages of one presign: the private key is gone (MPC 8.3). */
  | 'second-decryption'
  /** A share left while its marker was not on disk (MPC 5.8 rule 3). */
  | 'unmarked-share'
  /** A marker is gone or names another message. */
  | 'marker-went-back'
  /** An honest validator voted for two digests for one (kind, id, version). */
  | 'two-votes'
  /** A vote left while it was not on disk. */
  | 'vote-not-durable'
  /** An honest validator sent two messages of one round. */
  | 'two-contributions'
  | 'conflicting-certificates'
  /** Two honest validators keep different certified records under one name. */
  | 'conflicting-records'
  /** One presign serves two requests. */
  | 'two-assignments'
  | 'lost-answer'
  | 'wrong-blame'
  /** A valid request did not complete although the faults had stopped. */
  | 'no-progress'
  /** A client got what it asked for although it must not. */
  | 'wrong-answer'
  /** Code of a validator threw what nobody foresaw. */
  | 'internal-error';

export interface Violation {
  readonly kind: ViolationKind;
  readonly what: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const short = (bytes: Uint8Array | string): string => (typeof bytes === 'string' ? bytes : hex(bytes)).slice(0, 8);

export const factKey = (fact: Fact): string => `${fact.kind}.${hex(fact.id)}.${fact.version}`;

/** Records that are the network's: the same at everybody who has them. */
const commonKinds = ['network/', 'dwallet/', 'presign/'];

export class Invariants implements Listener {
  readonly violations: Violation[] = [];
  /** Evidence against whoever is faulty. */
  convictions = 0;
  readonly #honest: ReadonlySet<ValidatorId>;
  readonly #diskOf: (validator: ValidatorId) => Disk;
  readonly #note: (violation: Violation) => void;
  /** presign -> D -> who released. */
  readonly #released = new Map<string, Map<string, Set<ValidatorId>>>();
  /** Facts by the signatures that validators made on them. */
  readonly #signatures = new Map<string, Fact>();
  readonly #votes = new Map<string, string>();
  readonly #restored = new Set<ValidatorId>();
  readonly #contributions = new Map<string, string>();
  readonly #certified = new Map<string, string>();
  readonly #markers = new Map<string, string>();

  constructor(
    honest: ReadonlySet<ValidatorId>,
    diskOf: (validator: ValidatorId) => Disk,
    note: (violation: Violation) => void,
  ) {
    this.#honest = honest;
    this.#diskOf = diskOf;
    this.#note = note;
  }

  violated(kind: ViolationKind, what: string): void {
    if (this.violations.some((known) => known.kind === kind && known.what === what)) return;
    const violation = { kind, what };
    this.violations.push(violation);
    this.#note(violation);
  }

  signed(validator: ValidatorId, fact: Fact, signature: Uint8Array): void {
    if (this.#honest.has(validator)) this.#signatures.set(`${validator}/${hex(signature)}`, fact);
  }

  /** A validator answers with these bytes, to another or to itself as a leader. If they are its signature on a fact, it has voted now. */
  answered(validator: ValidatorId, body: Uint8Array): void {
    const fact = body.length === 64 ? this.#signatures.get(`${validator}/${hex(body)}`) : undefined;
    if (fact === undefined) return;
    const key = factKey(fact);
    const digest = hex(fact.digest);
    const known = this.#votes.get(`${validator}/${key}`);
    if (known !== undefined && known !== digest)
      this.violated('two-votes', `${validator} on ${fact.kind} ${short(fact.id)}`);
    this.#votes.set(`${validator}/${key}`, digest);
    const stored = this.#diskOf(validator).get(`vote/${key}`);
    if (stored === undefined || hex(stored) !== digest)
      this.violated('vote-not-durable', `${validator} on ${fact.kind} ${short(fact.id)}`);
  }

  /** A validator's message of one round leaves. */
  contributed(validator: ValidatorId, { session, kind, body }: Envelope): void {
    const key = `${validator}/${hex(session)}/${kind}`;
    const known = this.#contributions.get(key);
    if (known !== undefined && known !== hex(body)) this.violated('two-contributions', `${validator} ${kind}`);
    this.#contributions.set(key, hex(body));
  }

  certified(fact: Fact): void {
    const key = factKey(fact);
    const digest = hex(fact.digest);
    const known = this.#certified.get(key);
    if (known !== undefined && known !== digest)
      this.violated(
        fact.kind === 'presign-assignment' ? 'two-assignments' : 'conflicting-certificates',
        `${fact.kind} ${short(fact.id)}`,
      );
    this.#certified.set(key, digest);
  }

  /** A share, optimistic or proved, of an honest validator leaves. */
  released(validator: ValidatorId, presign: string, digest: string): void {
    const marker = this.#diskOf(validator).get(markerKey(presign));
    if (marker === undefined || hex(marker) !== digest)
      this.violated('unmarked-share', `${validator} for presign ${short(presign)}`);
    // From now on it must be there, after every start.
    this.#markers.set(`${validator}/${presign}`, digest);
    const digests = this.#released.get(presign) ?? new Map<string, Set<ValidatorId>>();
    this.#released.set(presign, digests);
    const validators = digests.get(digest) ?? new Set();
    digests.set(digest, validators);
    validators.add(validator);
    if (digests.size > 1) {
      const who = [...digests].map(([d, by]) => `${short(d)} by ${[...by].join('+')}`).join(', ');
      this.violated('second-decryption', `presign ${short(presign)}: ${who}`);
    }
  }

  get secondDecryptions(): number {
    return [...this.#released.values()].filter((digests) => digests.size > 1).length;
  }

  /**
   * What a backup does not know cannot be asked of its disk any more. What it means still holds: whatever was voted, contributed or released
   * before stays what this validator has said.
   */
  restored(validator: ValidatorId): void {
    for (const key of this.#markers.keys()) if (key.startsWith(`${validator}/`)) this.#markers.delete(key);
    this.#restored.add(validator);
  }
  wasRestored(validator: ValidatorId): boolean {
    return this.#restored.has(validator);
  }

  /** Looks at a disk when its validator starts, and at the end. */
  inspect(validator: ValidatorId): void {
    const disk = this.#diskOf(validator);
    const prefix = markerKey('');
    const now = new Map<string, string>();
    for (const key of disk.keys())
      if (key.startsWith(prefix)) now.set(key.slice(prefix.length), hex(disk.get(key) as Uint8Array));
    for (const [key, value] of this.#markers) {
      const [owner, presign = ''] = key.split('/');
      // A presign that was voided after a restore is as good as marked for ever.
      if (owner === String(validator) && now.get(presign) !== value && now.get(presign) !== '')
        this.violated('marker-went-back', `${validator} presign ${short(presign)}`);
    }
    for (const [presign, value] of now) this.#markers.set(`${validator}/${presign}`, value);
  }

  /** Once, at the end, over all disks of honest validators. */
  compareDisks(isFaulty: (validator: number) => boolean): void {
    const common = new Map<string, string>();
    for (const validator of this.#honest) {
      this.inspect(validator);
      const disk = this.#diskOf(validator);
      for (const key of disk.keys()) {
        if (key.startsWith('evidence/')) {
          const party = Number(key.split('.')[2]);
          if (isFaulty(party)) this.convictions++;
          else this.violated('wrong-blame', `${validator} blames ${party}: ${key.slice(9, 40)}`);
        }
        if (!commonKinds.some((kind) => key.startsWith(kind))) continue;
        const record = recordOf(disk.get(key) as Uint8Array);
        const known = common.get(key);
        if (known !== undefined && known !== record) this.violated('conflicting-records', key.slice(0, 40));
        common.set(key, record);
      }
    }
  }
}

/** The first item of a stored list: what was certified. Certificates themselves differ in who signed. */
function recordOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length < 8 ? hex(bytes) : hex(bytes.subarray(8, 8 + view.getUint32(4)));
}
