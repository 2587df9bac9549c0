/**
 * The acts that issue 3 sets targets for, each as a function of one sample. Every sample is a whole run of the act on its own fresh
 * inputs, and a round ends with a signature that another library verifies.
 *
 * @module
 */
import {
  type DecryptionShares,
  type EncryptionKey,
  encodeCiphertext,
  encodeShares,
  encrypt,
  expectedValidators,
  prepareBlinding,
  withTables,
} from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import {
  type Digest,
  Secret,
  encodeContext,
  encodeProof,
  encodeText,
  prove,
  uniformBits,
  uniformNonZero,
} from '@dwallet/sigma';
import {
  type ApprovedRequest,
  type AssignedPresign,
  MemorySignMessageStore,
  MemorySingleUseStore,
  type PreparedPresign,
  type Presign,
  type SharePermit,
  type SigningDecryption,
  type VerifiedSignMessage,
  agreeOnMasks,
  assignPresign,
  combineSignature,
  createSigningDecryption,
  decryptOptimistic,
  deriveUserKey,
  encodePresign,
  decodePresign,
  encryptMask,
  encryptNonces,
  encryptedDiscreteLog,
  encryptionOfDiscreteLog,
  finalizePresigns,
  permitShares,
  preparePresign,
  signOnce,
  presignRequestDigest,
  rawMessageRequest,
  rawOrder,
  signOrderDigest,
  verifySignMessage,
  withKeyTables,
} from '@dwallet/two-pc-mpc';
import { type Cost, measure, measureAsync, share } from '../measure.ts';
import { curve, defined, networkName, random, requireWitness } from '../scenario/context.ts';
import { verifiesUnderNoble } from '../scenario/sign.ts';
import type { TargetNetwork } from './network.ts';

/** Acts in the order in which they run. */
export type ActName =
  | 'power'
  | 'sign-cold'
  | 'prepare'
  | 'sign-prepared'
  | 'assign'
  | 'verify'
  | 'blinding'
  | 'decrypt'
  | 'user-share'
  | 'presign';

/** Milliseconds of one round. */
export type Round = Partial<Record<ActName, number>>;

const hashScheme = 'sha256' as const;
const orderOf = (message: Uint8Array): Digest => signOrderDigest(rawOrder(hashScheme, message));
/** One per ciphertext of a signature. */
const blindingPairs = 2;

export class TargetJobs {
  readonly #network: TargetNetwork;
  readonly #setup;
  readonly #userKey: { readonly seed: Secret<Uint8Array>; readonly tabled: EncryptionKey };
  #base: Element;

  constructor(network: TargetNetwork) {
    this.#network = network;
    const { parameters } = network.context;
    // Tables of h and pk are network-wide: cached by whoever signs more than once.
    const { client } = network.setups;
    this.#setup = withKeyTables(client);
    const seed = new Secret(random(32));
    this.#userKey = { seed, tabled: withTables(parameters, deriveUserKey(curve, parameters, seed).encryptionKey) };
    this.#base = parameters.powerOfH(uniformBits(random, parameters.randomnessBits), parameters.randomnessBits);
  }

  /** One round of everything; the presign session, which takes longest, only if asked for. */
  async round(index: number, withPresign: boolean, step: (detail: string) => void): Promise<Round> {
    const { pool, user, setups } = this.#network;
    const presign = defined(pool.presigns[index % pool.presigns.length], 'a presign');
    const message = encodeText(`bench:targets ${index}`);
    const request = presignRequestDigest(user.record.sessionId, rawMessageRequest(hashScheme, message, random(32)));
    const approved: ApprovedRequest = { request, order: orderOf(message), hashScheme, message };
    const round: Round = {};
    const timed = <T>(act: ActName, { result, cost }: { result: T; cost: Cost }): T => {
      round[act] = cost.cpu;
      return result;
    };

    step('P');
    const before = this.#power();
    step('client message');
    const cold = timed('sign-cold', await measureAsync(() => this.#sign(presign, message)));
    requireWitness(cold.length > 0, 'a client message');
    step('preparation');
    const prepared = timed(
      'prepare',
      measure(() => preparePresign(this.#clientArguments(presign))),
    );
    step('client message after preparation');
    const bytes = timed('sign-prepared', await measureAsync(() => this.#sign(presign, message, prepared)));
    step('assignment');
    const assigned = timed(
      'assign',
      measure(() => assignPresign(setups.tabled, presign, user.record, random)),
    );
    step('verification');
    // Both messages are verified; the one that is signed with is measured.
    this.#verify(presign, approved, cold, assigned);
    const verified = timed(
      'verify',
      measure(() => this.#verify(presign, approved, bytes, assigned)),
    );
    step('partial decryption');
    const { decryption, keyShares } = this.#network;
    timed(
      'blinding',
      measure(() => {
        for (const keyShare of keyShares) prepareBlinding(decryption, keyShare, blindingPairs, random);
      }),
    );
    const permit = await permitShares(new MemorySingleUseStore(), verified);
    const answer = timed(
      'decrypt',
      measure(() => this.#decrypt(verified, permit)),
    );
    await this.#complete(verified, answer.shares, message);
    step('user key pair and share encryption');
    timed(
      'user-share',
      measure(() => this.#userShare()),
    );
    round.power = (before + this.#power()) / 2;
    if (withPresign) {
      step('presign session');
      round.presign = this.#presign().cpu;
    }
    return round;
  }

  /** P: one 1000-bit power, variable base and time, public exponent. */
  #power(): number {
    const { group } = this.#network.context.parameters;
    const exponent = (1n << 999n) | uniformBits(random, 999);
    const { result, cost } = measure(() => group.powerVartime(this.#base, exponent));
    requireWitness(!group.isIdentity(result), 'a power');
    this.#base = result;
    return cost.cpu;
  }

  #clientArguments(presign: Presign) {
    const { context, user, certificate } = this.#network;
    const { committee } = context;
    const { record, userShare } = user;
    return { setup: this.#setup, record, presign, certificate, committee, userShare, random };
  }

  /**
   * From the bytes of the presign to those of the message: MPC:V2, V3, V4 and V6 included. Without `prepared` nothing of this presign was
   * done before.
   */
  #sign(presign: Presign, message: Uint8Array, prepared?: PreparedPresign): Promise<Uint8Array> {
    return signOnce({
      ...this.#clientArguments(decodePresign(this.#setup, encodePresign(this.#setup, presign))),
      store: new MemorySignMessageStore(),
      hashScheme,
      message,
      order: orderOf(message),
      ...(prepared === undefined ? {} : { prepared }),
    });
  }

  #verify(
    presign: Presign,
    approved: ApprovedRequest,
    bytes: Uint8Array,
    assigned: AssignedPresign,
  ): VerifiedSignMessage {
    const { setups, user } = this.#network;
    const { record } = user;
    return verifySignMessage({
      setup: setups.tabled,
      record,
      presign,
      state: { kind: 'assigned', assignment: { publicKey: record.publicKey, request: approved.request } },
      approved,
      bytes,
      assigned,
      random,
    });
  }

  #open(verified: VerifiedSignMessage): SigningDecryption {
    const { context, decryption } = this.#network;
    return createSigningDecryption(verified, {
      decryption,
      network: networkName,
      epoch: 0n,
      committee: context.committee.digest,
      expectedSet: expectedValidators(context.access, context.quorum),
    });
  }

  #decrypt(verified: VerifiedSignMessage, permit: SharePermit) {
    const decryption = this.#open(verified);
    const shares = decryptOptimistic(permit, decryption, this.#network.keyShares, random);
    return { shares, bytes: encodeShares(decryption.request, shares) };
  }

  /** The others answer too; the signature must verify. */
  async #complete(verified: VerifiedSignMessage, shares: DecryptionShares, message: Uint8Array): Promise<void> {
    const decryption = this.#open(verified);
    const permit = await permitShares(new MemorySingleUseStore(), verified);
    const others = this.#network.otherShares.map((own) => decryptOptimistic(permit, decryption, own, random));
    const signature = defined(combineSignature(decryption, [shares, ...others]), 'a signature');
    const publicKey = curve.encodePoint(this.#network.user.record.publicKey);
    requireWitness(verifiesUnderNoble(publicKey, message, signature), 'a signature that verifies under @noble/curves');
  }

  /** usk, upk; X_A, ct_U, pi_U and their bytes. The tables of h and of the user's own key are cached. */
  #userShare(): Uint8Array[] {
    const { parameters } = this.#network.context;
    const { encryptionKey } = deriveUserKey(curve, parameters, this.#userKey.seed);
    const key = this.#userKey.tabled;
    requireWitness(parameters.group.equals(encryptionKey.element, key.element), 'the key of the table');
    const x = uniformNonZero(random, curve.q);
    const point = curve.multiply(curve.G, x);
    const { ciphertext, randomness } = encrypt(parameters, key, x, random);
    const language = encryptionOfDiscreteLog(curve, parameters, key);
    const statement = encryptedDiscreteLog(ciphertext, point);
    const context = encodeContext({
      role: 'client',
      party: 0,
      session: new Uint8Array(32),
      protocol: 'share-encryption',
      round: '1',
      proof: 'pi_U',
      extra: [parameters.group.encode(key.element)],
    });
    const proof = prove(language, context, [statement], [[x, randomness]], random);
    return [curve.encodePoint(point), encodeCiphertext(parameters, ciphertext), encodeProof(language, 1, proof)];
  }

  /** One validator's part of a session, per presign: both contributions, both verifications of all contributions. */
  #presign(): Cost {
    const { context, setups, pool } = this.#network;
    const { access, first } = context;
    const batch = pool.presigns.length;
    const session = { setup: setups.tabled, sessionId: context.systemSession(), batch };
    const inboxOf = (own: Uint8Array, make: (validator: (typeof access.validators)[number]) => Uint8Array) =>
      new Map(access.validators.map((v) => [v, v === first ? own : make(v)]));
    const ownOf = (bytes: Uint8Array) => ({ validator: first, bytes });
    const maskOf = (validator: typeof first): Uint8Array => encryptMask({ ...session, validator, random });
    const mask = measure(() => maskOf(first));
    const masks = inboxOf(mask.result, maskOf);
    const agreement = measure(() =>
      agreeOnMasks({ ...session, access, inbox: masks, own: ownOf(mask.result), random }),
    );
    const { aggregate, digest: agreed, accepted } = agreement.result;
    requireWitness(accepted.length === access.validators.length, 'masks of every validator');
    const nonceOf = (validator: typeof first): Uint8Array =>
      encryptNonces({ ...session, validator, aggregate, agreed, random });
    const nonce = measure(() => nonceOf(first));
    const nonces = inboxOf(nonce.result, nonceOf);
    const last = measure(() =>
      finalizePresigns({ ...session, access, aggregate, agreed, inbox: nonces, own: ownOf(nonce.result), random }),
    );
    requireWitness(last.result.presigns.length === batch, `${batch} presigns`);
    const parts = [mask, agreement, nonce, last].map(({ cost }) => cost);
    return share(
      {
        cpu: parts.reduce((sum, { cpu }) => sum + cpu, 0),
        wall: parts.reduce((sum, { wall }) => sum + wall, 0),
      },
      batch,
    );
  }
}
