/**
 * The rules of zones before a share leaves: what `authorise` of @dwallet/zones says about the transaction that this validator has read itself.
 *
 * What the log counts (legs of ledgers, releases) is the same at every validator. What ordinary dWallets move is counted by each validator on what it helped
 * to sign itself, in the transaction of its binding vote.
 *
 * @module
 */
import { DecodeError, type Digest, concat } from '@dwallet/sigma';
import {
  type Authority,
  type NativeEffects,
  type Refusal,
  type ReleaseRecord,
  type SignRequest,
  authorise,
  decodeAuthority,
  effectsOf,
  ledgerEntry,
  opaqueEffects,
  requestOutflows,
} from '@dwallet/zones';
import { RefusedError } from '../core.ts';
import type { PolicyRequest, SigningPolicy } from '../policy/signing-policy.ts';
import { refuseByPolicy } from '../policy/signing-policy.ts';
import type { RecordStore } from '../store/record-store.ts';
import { CountedRequests } from './counted-requests.ts';
import type { WorldState } from './log/world-state.ts';
import { isReleased } from './releases.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export interface ZonePolicyOptions {
  readonly state: WorldState;
  readonly store: RecordStore;
  /** Milliseconds since the Unix epoch. */
  readonly time: () => number;
  /** Whether this validator has nodes for every member of the cluster that a zone is in; else why not. */
  readonly unserved: (chain: string) => Refusal | undefined;
  /** Has the validators agree on a release, and waits for it. */
  readonly release: (release: ReleaseRecord) => Promise<void>;
  /** Hears how each judgement ended, and how long it took. */
  readonly judged: (rule: string | undefined, seconds: number) => void;
}

interface Judgement {
  readonly asked: SignRequest;
  readonly effects: NativeEffects | undefined;
  readonly authority: Authority | undefined;
  readonly publicKey: string;
  readonly purpose: string | undefined;
  /** The slots that a vault's payment uses. */
  readonly release: ReleaseRecord | undefined;
}

export class ZonePolicy implements SigningPolicy {
  readonly #options: ZonePolicyOptions;
  readonly #counted: CountedRequests;

  constructor(options: ZonePolicyOptions) {
    this.#options = options;
    this.#counted = new CountedRequests(options.store);
  }

  #read({ dwallet: { record }, content, authority: bytes }: PolicyRequest): Judgement {
    const { state, time } = this.#options;
    const publicKey = record.curve.encodePoint(record.publicKey);
    const authority = bytes.length === 0 ? undefined : readAuthority(bytes);
    let effects: NativeEffects | undefined;
    if (content.kind === 'request') {
      const { chainId, format, intent } = content.chainRequest;
      effects = effectsOf(chainId, format, intent, publicKey) ?? opaqueEffects(chainId, content.raw);
    }
    const entry = authority?.kind === 'entry' ? state.entries(authority.asset)[Number(authority.height)] : undefined;
    const digest: Digest | undefined = entry === undefined ? undefined : ledgerEntry.digest(entry);
    const settlement =
      authority?.kind === 'settlement' ? state.settlement(authority.cluster, authority.interval) : undefined;
    const purpose = state.world.dwallets.get(hex(publicKey))?.policy.purpose;
    return {
      asked: {
        publicKey,
        zone: authority?.zone,
        effects,
        time: time(),
        ...(digest === undefined ? {} : { entry: digest }),
        ...(settlement === undefined ? {} : { settlement }),
      },
      effects,
      authority,
      publicKey: hex(publicKey),
      purpose,
      release:
        purpose !== 'vault' || effects === undefined || digest === undefined
          ? undefined
          : { publicKey, chain: effects.chain, entry: digest, slots: effects.slots },
    };
  }

  /** @throws RefusedError POLICY_REFUSED naming the rule. */
  #judge(judgement: Judgement, key: string): void {
    const { state, unserved } = this.#options;
    const { asked, effects, authority, publicKey, purpose } = judgement;
    const closed =
      state.fault({ kind: 'dwallet', id: publicKey }) ??
      (effects === undefined ? undefined : state.fault({ kind: 'zone', id: effects.chain })) ??
      (authority?.kind === 'entry' ? state.fault({ kind: 'asset', id: authority.asset }) : undefined) ??
      (authority?.kind === 'settlement' ? state.fault({ kind: 'cluster', id: authority.cluster }) : undefined);
    if (closed !== undefined) throw refuseByPolicy('ZONE:2', `nothing is signed about this any more: ${closed}`);
    const abstains = effects === undefined ? undefined : unserved(effects.chain);
    if (abstains !== undefined) throw refuseByPolicy(abstains.rule, abstains.reason);
    const world =
      purpose === 'ordinary' && effects !== undefined
        ? this.#counted.in(state.world, { chain: effects.chain, dwallet: publicKey, but: key, time: asked.time })
        : state.world;
    const outcome = authorise(world, asked);
    if (!outcome.ok) throw refuseByPolicy(outcome.rule, outcome.reason);
  }

  /** A vault's payment waits here until the validators agree on what it uses. */
  async prepare(request: PolicyRequest): Promise<void> {
    const judgement = this.#read(request);
    const { release } = judgement;
    if (release === undefined || isReleased(this.#options.state.world, release)) return;
    this.#timed(() => this.#judge(judgement, keyOf(request)));
    await this.#options.release(release);
  }

  authorise(request: PolicyRequest): void {
    const key = keyOf(request);
    const judgement = this.#read(request);
    this.#timed(() => this.#judge(judgement, key));
    const { release, effects, purpose, publicKey, asked } = judgement;
    if (release !== undefined && !isReleased(this.#options.state.world, release))
      throw new RefusedError('NOT_READY', 'the validators have not agreed yet on what this payment uses', {
        check: 'ASSET:10',
      });
    if (purpose !== 'ordinary' || effects === undefined || this.#counted.has(key)) return;
    this.#counted.add(key, { dwallet: publicKey, chain: effects.chain, flows: requestOutflows(effects, asked.time) });
  }

  #timed(work: () => void): void {
    const begin = performance.now();
    let rule: string | undefined;
    try {
      work();
    } catch (error) {
      rule = error instanceof RefusedError ? error.check : 'error';
      throw error;
    } finally {
      this.#options.judged(rule, (performance.now() - begin) / 1000);
    }
  }
}

/** A transaction counts once, however many of its signatures are asked for. */
const keyOf = ({ dwallet, content, binding }: PolicyRequest): string =>
  content.kind === 'request' ? hex(concat(dwallet.record.sessionId, content.requestDigest)) : hex(binding);

function readAuthority(bytes: Uint8Array): Authority {
  try {
    return decodeAuthority(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new RefusedError('POLICY_REFUSED', `the authority cannot be read: ${error.message}`, {
      check: 'ZONE:2',
      field: 'authority',
    });
  }
}
