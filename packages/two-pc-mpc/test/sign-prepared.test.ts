/**
 * Preparation of a presign before the message is known: the same message as without it (MPC 5.4), and single use (MPC:V4, MPC:V7, MPC:E7).
 */
import { inspect } from 'node:util';
import {
  BugError,
  InvalidArgumentsError,
  type Random,
  Secret,
  challengesOf,
  encodeText,
  invertMod,
  mod,
} from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import { orderTwo } from '../../class-groups/test/helpers/order-two.ts';
import { type PreparedPresign, preparePresign, preparePresignInSteps } from '../src/client/prepare-presign.ts';
import { MemorySignMessageStore, type SignMessageStore } from '../src/client/sign-message-store.ts';
import { type SignOnceArguments, signOnce } from '../src/client/sign-once.ts';
import * as clientExports from '../src/client.ts';
import { createPresign } from '../src/ecdsa/presign/presign-record.ts';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { completeMessage, draftMessage, prepareMessage } from '../src/ecdsa/sign/client-sign.ts';
import { directEvaluator } from '../src/ecdsa/sign/evaluator.ts';
import { hashMessage, messageScalar } from '../src/ecdsa/sign/message-hash.ts';
import {
  combineSignature,
  createSigningDecryption,
  decryptOptimistic,
  permitShares,
} from '../src/ecdsa/sign/network-decrypt.ts';
import { verifySignMessage } from '../src/ecdsa/sign/network-verify.ts';
import { deriveNonceRandomizers, randomizePublicNonce } from '../src/ecdsa/sign/nonce-randomizers.ts';
import { preparedEvaluator } from '../src/ecdsa/sign/prepared-evaluator.ts';
import { finish } from '../src/ecdsa/sign/steps.ts';
import { type SignMessage, decodeSignMessage } from '../src/ecdsa/sign/sign-message.ts';
import { numeratorClaim, curveClaims } from '../src/ecdsa/sign/sign-proofs.ts';
import { secondStageContext } from '../src/ecdsa/sign/contexts.ts';
import { nonceScalar } from '../src/ecdsa/sign/client-evaluate.ts';
import { MemorySingleUseStore } from '../src/ecdsa/single-use.ts';
import { assigned, createFixture, curve, digestOf, q, randomFor } from './helpers/sign-fixture.ts';

const fixture = createFixture({ seed: 'prepared' });
const { setup, parameters } = fixture;
const wallet = fixture.dwallet('w');
const other = fixture.dwallet('other');
const { presign } = fixture.presign('p');
const second = fixture.presign('second').presign;
const target = {
  setup,
  record: wallet.record,
  presign: targetPresign(setup, presign, wallet.record),
  userShare: wallet.userShare,
};
const base: SignOnceArguments = {
  store: new MemorySignMessageStore(),
  setup,
  record: wallet.record,
  presign,
  certificate: fixture.certify(presign),
  committee: fixture.committee,
  userShare: wallet.userShare,
  hashScheme: 'sha256',
  message: encodeText('pay'),
  order: digestOf('order'),
  random: randomFor('client'),
};
const fresh = (): MemorySignMessageStore => new MemorySignMessageStore();
const noRandom: Random = () => expect.fail('randomness was drawn');
const prepare = (label: string, change: Partial<SignOnceArguments> = {}): PreparedPresign =>
  preparePresign({ ...base, ...change, random: randomFor(label) });
const decode = (bytes: Uint8Array): SignMessage => decodeSignMessage(parameters, curve, bytes);

describe('the message is the same whether it was prepared or not', () => {
  it('with the same randomness, byte for byte', () => {
    for (const [i, hashScheme] of (['sha256', 'keccak256', 'sha256d'] as const).entries()) {
      const digest = hashMessage(hashScheme, encodeText(`message ${i}`));
      const messages = [directEvaluator, preparedEvaluator].map((evaluator) =>
        completeMessage(draftMessage(target, randomFor(`draw ${i}`), evaluator), wallet.userShare, hashScheme, digest),
      );
      expect(messages[0]).toBeInstanceOf(Uint8Array);
      expect(messages[1]).toEqual(messages[0]);
    }
  });

  it('a prepared message draws nothing when it is completed, passes the network and signs', async () => {
    const approved = { ...fixture.approve('prepared'), message: base.message };
    const prepared = prepare('signs');
    const bytes = await signOnce({ ...base, store: fresh(), prepared, random: noRandom });
    const verified = verifySignMessage({
      setup,
      record: wallet.record,
      presign,
      state: assigned(wallet.record, approved),
      approved,
      bytes,
      random: randomFor('verifier'),
    });
    const decryption = createSigningDecryption(verified, fixture.place);
    const permit = await permitShares(new MemorySingleUseStore(), verified);
    const answers = fixture.access.validators.map((validator) =>
      decryptOptimistic(permit, decryption, fixture.keySharesOf(validator), randomFor(`share ${validator}`)),
    );
    expect(combineSignature(decryption, answers)).toBeDefined();
  });

  it('the nonce hash covers the stage that was drawn at preparation', () => {
    const draft = draftMessage(target, randomFor('stage'), preparedEvaluator);
    const digest = hashMessage('sha256', base.message);
    const message = decode(completeMessage(draft, wallet.userShare, 'sha256', digest) as Uint8Array);
    for (const name of ['commitmentK', 'commitmentAlpha', 'commitmentBeta', 'commitmentKx'] as const) {
      expect(message[name].equals(draft.draft.stage[name]), name).toBe(true);
    }
    const input = {
      curve,
      presign: target.presign,
      userPublicShare: wallet.record.userPublicShare,
      hashScheme: 'sha256' as const,
      message: messageScalar(curve, digest),
    };
    expect(deriveNonceRandomizers(input, message)).toEqual(deriveNonceRandomizers(input, draft.draft.stage));
  });
});

describe('preparation in steps', () => {
  const args = { ...base, random: randomFor('steps') };

  it('gives what preparation at once gives, with a pause between any two steps', async () => {
    let pauses = 0;
    const prepared = await preparePresignInSteps(args, async () => void pauses++);
    expect(pauses).toBeGreaterThan(20);
    const stepped = await signOnce({ ...base, store: fresh(), prepared });
    const atOnce = preparePresign({ ...base, random: randomFor('steps') });
    expect(await signOnce({ ...base, store: fresh(), prepared: atOnce })).toEqual(stepped);
  });

  it('ends at the pause that rejects, and begins with the checks', async () => {
    for (const last of [0, 1, 7]) {
      let pauses = 0;
      const pause = async (): Promise<void> => {
        if (pauses++ === last) throw new Error('something else to do');
      };
      await expect(preparePresignInSteps(args, pause)).rejects.toThrow('something else to do');
      expect(pauses).toBe(last + 1);
    }
    const wrong = { ...base, userShare: other.userShare, random: noRandom };
    await expect(preparePresignInSteps(wrong, () => expect.fail('it went on'))).rejects.toThrow('MPC:V2');
  });
});

describe('single use of a prepared presign (MPC:V4)', () => {
  it('serves exactly one message: a second use throws and gives nothing', async () => {
    const prepared = prepare('once');
    expect(prepared.used).toBe(false);
    const store = fresh();
    const bytes = await signOnce({ ...base, store, prepared });
    expect(prepared.used).toBe(true);
    // Another message, another store: the store would not notice, the object does.
    await expect(signOnce({ ...base, store: fresh(), message: encodeText('pay more'), prepared })).rejects.toThrow(
      BugError,
    );
    // The same message without its store: the bytes are gone with it.
    await expect(signOnce({ ...base, store: fresh(), prepared })).rejects.toThrow(BugError);
    // With its store it is a retry, which needs no secrets.
    expect(await signOnce({ ...base, store, prepared })).toEqual(bytes);
  });

  it('two calls at once: one of them gets it', async () => {
    const prepared = prepare('race');
    const results = await Promise.allSettled(
      ['pay 1', 'pay 2'].map((text) => signOnce({ ...base, store: fresh(), message: encodeText(text), prepared })),
    );
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('is bound to its presign and its dWallet', async () => {
    await expect(
      signOnce({
        ...base,
        store: fresh(),
        presign: second,
        certificate: fixture.certify(second),
        prepared: prepare('a'),
      }),
    ).rejects.toThrow(InvalidArgumentsError);
    await expect(
      signOnce({ ...base, store: fresh(), record: other.record, userShare: other.userShare, prepared: prepare('b') }),
    ).rejects.toThrow(InvalidArgumentsError);
    await expect(
      signOnce({ ...base, store: fresh(), userShare: other.userShare, prepared: prepare('c') }),
    ).rejects.toThrow('MPC:V2');
  });

  it('is destroyed by every call, also by one that fails or finds a stored message', async () => {
    const wrong = prepare('wrong');
    await expect(signOnce({ ...base, store: fresh(), record: other.record, prepared: wrong })).rejects.toThrow();
    expect(wrong.used).toBe(true);
    const store = fresh();
    const stored = await signOnce({ ...base, store });
    const late = prepare('late');
    expect(await signOnce({ ...base, store, prepared: late })).toEqual(stored);
    expect(late.used).toBe(true);
    const conflicting = prepare('conflicting');
    await expect(signOnce({ ...base, store, message: encodeText('other'), prepared: conflicting })).rejects.toThrow(
      'MPC:V4',
    );
    expect(conflicting.used).toBe(true);
  });

  it('a destroyed one throws; the presign itself can be signed with', async () => {
    const prepared = prepare('destroyed');
    prepared.destroy();
    prepared.destroy();
    await expect(signOnce({ ...base, store: fresh(), prepared })).rejects.toThrow(BugError);
    await expect(signOnce({ ...base, store: fresh() })).resolves.toBeInstanceOf(Uint8Array);
  });

  it('a look-alike does not pass', async () => {
    const fake = { presignId: presign.presignId, used: false, destroy: () => {} } as unknown as PreparedPresign;
    await expect(signOnce({ ...base, store: fresh(), prepared: fake })).rejects.toThrow(BugError);
  });

  it('the store keeps what it has: a message that another device stored meanwhile wins', async () => {
    const inner = fresh();
    const theirs = await signOnce({ ...base, store: inner, random: randomFor('their device') });
    const kept = await inner.get(presign.presignId);
    // SignMsg, then the digest of the order that it is for.
    expect(kept?.subarray(0, -32)).toEqual(theirs);
    const blind: SignMessageStore = {
      get: async () => undefined,
      putIfAbsent: async (id, bytes) => inner.putIfAbsent(id, bytes),
    };
    expect(await signOnce({ ...base, store: blind, prepared: prepare('mine') })).toEqual(theirs);
    expect(await inner.get(presign.presignId)).toEqual(kept);
    await expect(
      signOnce({ ...base, store: blind, message: encodeText('pay more'), prepared: prepare('mine too') }),
    ).rejects.toThrow('MPC:V4');
    expect(await inner.get(presign.presignId)).toEqual(kept);
  });

  it('is used up before the store answers: a crash in between leaves nothing to use', async () => {
    const prepared = prepare('crash');
    let usedAtStore: boolean | undefined;
    const crashing: SignMessageStore = {
      get: async () => undefined,
      putIfAbsent: async () => {
        usedAtStore = prepared.used;
        throw new Error('killed here');
      },
    };
    await expect(signOnce({ ...base, store: crashing, prepared })).rejects.toThrow('killed here');
    expect(usedAtStore).toBe(true);
    await expect(signOnce({ ...base, store: fresh(), prepared })).rejects.toThrow(BugError);
  });

  it('no exported function reaches the inside', () => {
    for (const name of ['signPrepared', 'openPresign', 'prepareMessage', 'draftMessage', 'completeMessage']) {
      expect(Object.keys(clientExports)).not.toContain(name);
    }
  });
});

describe('preparation checks and draws as signing does', () => {
  it('refuses what signing refuses (MPC:V2, MPC:V3, MPC:V6), before it draws', () => {
    const refused = (change: Partial<SignOnceArguments>) => () =>
      preparePresign({ ...base, ...change, random: noRandom });
    expect(refused({ userShare: other.userShare })).toThrow('MPC:V2');
    expect(refused({ certificate: fixture.certify(second) })).toThrow('MPC:V3');
    // A certified presign with the class of order 2 in ct_gamma.
    const { group } = parameters;
    const twist = orderTwo(parameters);
    const mask = { c1: group.compose(presign.mask.c1, twist), c2: presign.mask.c2 };
    const twisted = createPresign(setup, { ...presign, mask });
    expect(refused({ presign: twisted, certificate: fixture.certify(twisted) })).toThrow('MPC:V6');
  });

  it('two preparations have nothing in common; a stuck generator separates presigns and wallets, not messages (MPC:V7)', () => {
    const stuck: Random = (length) => new Uint8Array(length).fill(7);
    const commitments = (of: typeof target, random: Random): string[] => {
      const { stage } = finish(prepareMessage(of, random)).draft;
      return [stage.commitmentK, stage.commitmentAlpha, stage.commitmentBeta, stage.commitmentKx].map((p) => p.toHex());
    };
    const shared = (x: readonly string[], y: readonly string[]): string[] => x.filter((c) => y.includes(c));
    const once = commitments(target, stuck);
    expect(shared(commitments(target, randomFor('x')), commitments(target, randomFor('y')))).toEqual([]);
    const elsewhere = { ...target, presign: targetPresign(setup, second, wallet.record) };
    expect(shared(once, commitments(elsewhere, stuck))).toEqual([]);
    const theirs = {
      setup,
      record: other.record,
      presign: targetPresign(setup, presign, other.record),
      userShare: other.userShare,
    };
    expect(shared(once, commitments(theirs, stuck))).toEqual([]);
    // The price of preparation, and why it needs fresh bytes every time: the message is not in the hedge.
    expect(commitments(target, stuck)).toEqual(once);
  });

  it('shows nothing of its secrets and cannot be cloned (lessons 1.15)', () => {
    const prepared = prepare('silent');
    const cloned = structuredClone(prepared) as unknown as Record<string, unknown>;
    expect(Object.keys(cloned)).toEqual(['presignId']);
    expect(Reflect.ownKeys(prepared)).toEqual(['presignId']);
    for (const text of [
      String(prepared),
      JSON.stringify({ prepared }),
      inspect(prepared, { showHidden: true, depth: 9 }),
    ]) {
      expect(text).toContain('[secret]');
    }
    expect(Object.isFrozen(prepared)).toBe(true);
  });
});

describe('MPC:E7: two messages from one prepared presign', () => {
  /** What anybody computes from a message: m, r, and the challenges of pi_kx and pi_ctA. */
  function publicPart(message: SignMessage) {
    const m = messageScalar(curve, message.messageDigest);
    const { hashScheme } = message;
    const { userPublicShare } = wallet.record;
    const input = { curve, presign: target.presign, userPublicShare, hashScheme, message: m };
    const { randomizers, seed } = deriveNonceRandomizers(input, message);
    const r = nonceScalar(q, curve.encodePoint(message.publicNonce));
    const randomizedNonce = randomizePublicNonce(curve, target.presign, randomizers);
    const known = { ...message, setup, presign: target.presign, userPublicShare, message: m, randomizedNonce, r };
    const challenge = (
      claim: ReturnType<typeof numeratorClaim>,
      name: 'pi_kx' | 'pi_ctA',
      proof: SignMessage['proofKx'],
    ) =>
      challengesOf({
        language: claim.language,
        context: secondStageContext(curve, target.presign, name, seed),
        statements: [claim.statement],
        proof,
      })[0] as bigint;
    return {
      m,
      r,
      kx: { e: challenge(curveClaims(known).kx, 'pi_kx', message.proofKx), z: message.proofKx.responses[0] as bigint },
      ctA: {
        e: challenge(numeratorClaim(known, message.numerator), 'pi_ctA', message.proofNumerator),
        z: message.proofNumerator.responses[0] as bigint,
      },
    };
  }

  /** x_A from two messages with the same masks: first k_A, then the one unknown that is left in the coefficient k_A (r x_A + m). */
  function extract(first: SignMessage, again: SignMessage): bigint {
    const [x, y] = [publicPart(first), publicPart(again)];
    const kA = mod((x.kx.z - y.kx.z) * invertMod(mod(x.kx.e - y.kx.e, q), q), q);
    // z - z' = e a_1 - e' a_1' mod q: the mask and u q cancel.
    const combined = mod((x.ctA.z - y.ctA.z) * invertMod(kA, q), q);
    return mod((combined - (x.ctA.e * x.m - y.ctA.e * y.m)) * invertMod(mod(x.ctA.e * x.r - y.ctA.e * y.r, q), q), q);
  }

  it('guard off: both messages are valid, and whoever sees them computes x_A', () => {
    const draft = finish(prepareMessage(target, randomFor('E7')));
    const messages = ['pay 1', 'pay 2'].map((text) => {
      const approved = { ...fixture.approve(text), message: encodeText(text) };
      const bytes = completeMessage(
        draft,
        wallet.userShare,
        'sha256',
        hashMessage('sha256', approved.message),
      ) as Uint8Array;
      verifySignMessage({
        setup,
        record: wallet.record,
        presign,
        state: assigned(wallet.record, approved),
        approved,
        bytes,
        random: randomFor('verifier'),
      });
      return decode(bytes);
    }) as [SignMessage, SignMessage];
    expect(extract(...messages)).toBe(wallet.userShare.expose());
  });

  it('two preparations do not leak: the same formula gives something else', () => {
    const messages = ['pay 1', 'pay 2'].map((text) =>
      decode(
        completeMessage(
          finish(prepareMessage(target, randomFor(`E7 ${text}`))),
          wallet.userShare,
          'sha256',
          hashMessage('sha256', encodeText(text)),
        ) as Uint8Array,
      ),
    ) as [SignMessage, SignMessage];
    expect(extract(...messages)).not.toBe(wallet.userShare.expose());
  });

  it('guard on: the second message does not come into being', async () => {
    const prepared = prepare('E7 guard');
    await signOnce({ ...base, store: fresh(), message: encodeText('pay 1'), prepared });
    await expect(
      signOnce({
        ...base,
        store: fresh(),
        message: encodeText('pay 2'),
        prepared,
        userShare: new Secret(wallet.userShare.expose()),
      }),
    ).rejects.toThrow(BugError);
  });
});
