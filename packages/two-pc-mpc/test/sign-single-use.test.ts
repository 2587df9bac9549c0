/**
 * MPC 4.6, 5.8: the life cycle of a presign; MPC:V2 to MPC:V8 and MPC:T13 at the client.
 */
import { orderTwo as orderTwoOf } from '../../class-groups/test/helpers/order-two.ts';
import { Secret, concat, encodeText, mod, secp256k1Curve, type PresignId, type Random } from '@dwallet/sigma';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOwnRecord } from '../src/client/check-dwallet.ts';
import { checkPresignElements } from '../src/client/check-presign.ts';
import { MemorySignMessageStore, type SignMessageStore } from '../src/client/sign-message-store.ts';
import { type SignOnceArguments, signOnce } from '../src/client/sign-once.ts';
import * as clientExports from '../src/client.ts';
import * as networkExports from '../src/network.ts';
import { createPresign } from '../src/ecdsa/presign/presign-record.ts';
import { targetPresign } from '../src/ecdsa/presign/target.ts';
import { commitNonce, sampleNonceSecrets } from '../src/ecdsa/sign/client-commit.ts';
import { evaluateDraft } from '../src/ecdsa/sign/client-evaluate.ts';
import { directEvaluator } from '../src/ecdsa/sign/evaluator.ts';
import { drawSecondStage, maskPoints } from '../src/ecdsa/sign/second-stage-randomness.ts';
import { createSignMessage } from '../src/ecdsa/sign/client-sign.ts';
import { decodeSignMessage, decodeSignMessageHeader } from '../src/ecdsa/sign/sign-message.ts';
import { hashMessage } from '../src/ecdsa/sign/message-hash.ts';
import {
  type Assignment,
  MemorySingleUseStore,
  type PresignEvent,
  type PresignState,
  advancePresign,
  availablePresign,
  checkPresignState,
} from '../src/ecdsa/single-use.ts';
import type { DWalletRecord, Presign } from '../src/types.ts';
import { createFixture, curve, digestOf, q, randomFor } from './helpers/sign-fixture.ts';

const fixture = createFixture({ seed: 'single use' });
const { setup, parameters } = fixture;
const { group } = parameters;
const twist = orderTwoOf(parameters);
const wallet = fixture.dwallet('w');
const other = fixture.dwallet('other');
const a1: Assignment = { publicKey: wallet.record.publicKey, request: digestOf('r1') };
const a2: Assignment = { publicKey: wallet.record.publicKey, request: digestOf('r2') };
const a3: Assignment = { publicKey: other.record.publicKey, request: digestOf('r1') };
const [D1, D2] = [digestOf('D1'), digestOf('D2')];

describe('life cycle (MPC 4.6): Available, Assigned, Bound, Spent', () => {
  const run = (...events: PresignEvent[]): PresignState => events.reduce(advancePresign, availablePresign);
  const assign = (assignment: Assignment): PresignEvent => ({ kind: 'assign', assignment });
  const bind = (assignment: Assignment, digest = D1): PresignEvent => ({ kind: 'bind', assignment, digest });
  const spend = (digest = D1): PresignEvent => ({ kind: 'spend', digest });
  const destroy: PresignEvent = { kind: 'destroy', reason: 'cancelled' };

  it('the way forward', () => {
    expect(run().kind).toBe('available');
    expect(run(assign(a1))).toEqual({ kind: 'assigned', assignment: a1 });
    expect(run(assign(a1), bind(a1))).toEqual({ kind: 'bound', assignment: a1, digest: D1 });
    expect(run(assign(a1), bind(a1), spend())).toEqual({ kind: 'spent', assignment: a1, digest: D1 });
  });

  it('repeating an event changes nothing: resend of identical bytes is idempotent', () => {
    expect(run(assign(a1), assign(a1))).toEqual(run(assign(a1)));
    expect(run(assign(a1), bind(a1), bind(a1), assign(a1))).toEqual(run(assign(a1), bind(a1)));
    const spent = run(assign(a1), bind(a1), spend());
    expect(run(assign(a1), bind(a1), spend(), spend(), bind(a1), assign(a1))).toEqual(spent);
    expect(run(destroy, destroy)).toEqual(run(destroy));
  });

  it.each<[string, string, PresignEvent[]]>([
    ['another request', 'MPC:S1', [assign(a1), assign(a2)]],
    ['another dWallet', 'MPC:S1', [assign(a1), assign(a3)]],
    ['binding without assignment', 'MPC:S1', [bind(a1)]],
    ['binding for another request', 'MPC:S1', [assign(a1), bind(a2)]],
    ['other bytes after binding', 'MPC:S2', [assign(a1), bind(a1), bind(a1, D2)]],
    ['other bytes after spending', 'MPC:S2', [assign(a1), bind(a1), spend(), bind(a1, D2)]],
    ['spending unbound', 'MPC:S1', [assign(a1), spend()]],
    ['spending other bytes', 'MPC:S2', [assign(a1), bind(a1), spend(D2)]],
    ['spending other bytes again', 'MPC:S2', [assign(a1), bind(a1), spend(), spend(D2)]],
    ['assigning a destroyed one', 'MPC:S1', [destroy, assign(a1)]],
    ['binding a destroyed one', 'MPC:S1', [assign(a1), destroy, bind(a1)]],
    ['spending a destroyed one', 'MPC:S1', [assign(a1), bind(a1), destroy, spend()]],
    ['destroying a spent one', 'MPC:S1', [assign(a1), bind(a1), spend(), destroy]],
  ])('refuses %s: %s', (_name, check, events) => {
    expect(() => run(...events)).toThrow(check);
  });

  it('no sequence of events ever lets two different D pass for one presign (lessons 1.7, 1.8)', () => {
    const event = fc.oneof(
      fc.constantFrom(a1, a2, a3).map(assign),
      fc.tuple(fc.constantFrom(a1, a2, a3), fc.constantFrom(D1, D2)).map(([a, d]) => bind(a, d)),
      fc.constantFrom(D1, D2).map(spend),
      fc.constant(destroy),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let state: PresignState = availablePresign;
        const passed = new Set<string>();
        const rank = { available: 0, assigned: 1, bound: 2, spent: 3, destroyed: 4 };
        for (const next of events) {
          let after = state;
          try {
            after = advancePresign(state, next);
          } catch {
            continue;
          }
          expect(rank[after.kind]).toBeGreaterThanOrEqual(rank[state.kind]);
          if (after.kind === 'bound' || after.kind === 'spent') passed.add(String(after.digest));
          for (const d of [D1, D2]) {
            const allowed = (() => {
              try {
                checkPresignState(after, a1, d);
                return true;
              } catch {
                return false;
              }
            })();
            if (allowed && after.kind !== 'assigned') expect(passed.has(String(d))).toBe(true);
          }
          state = after;
        }
        expect(passed.size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('markers in memory: the interface every store keeps', () => {
  it('compare-and-set, void, look-up', async () => {
    const store = new MemorySingleUseStore();
    const [p1, p2] = [digestOf('p1'), digestOf('p2')] as unknown as [PresignId, PresignId];
    expect(await store.lookup(p1)).toBeUndefined();
    expect(await store.mark(p1, D1)).toBe('marked');
    expect(await store.mark(p1, D1)).toBe('same');
    expect(await store.mark(p1, D2)).toBe('conflict');
    expect(await store.lookup(p1)).toEqual(D1);
    await store.markVoid(p1);
    expect(await store.lookup(p1)).toEqual(D1);
    await store.markVoid(p2);
    expect(await store.lookup(p2)).toBe('void');
    expect(await store.mark(p2, D1)).toBe('conflict');
    // A caller that changes its array afterwards changes nothing here.
    const mutable = digestOf('p3') as unknown as PresignId;
    const value = D1.slice() as typeof D1;
    await store.mark(mutable, value);
    value.fill(0);
    expect(await store.mark(mutable, D1)).toBe('same');
  });
});

const { presign } = fixture.presign('client');
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

/** Counts what is drawn, so that a test can say "no new randomness". */
function countingRandom(label: string): { random: Random; drawn: () => number } {
  const stream = randomFor(label);
  let total = 0;
  return {
    drawn: () => total,
    random: (length) => {
      total += length;
      return stream(length);
    },
  };
}

describe('MPC:V4 and MPC:T13: one message per presign, resent as the same bytes (lessons 1.7)', () => {
  it('returns exactly the stored bytes and draws nothing', async () => {
    const store = new MemorySignMessageStore();
    const first = await signOnce({ ...base, store });
    const counter = countingRandom('second');
    expect(await signOnce({ ...base, store, random: counter.random })).toEqual(first);
    expect(counter.drawn()).toBe(0);
    // The control: without a stored message it does draw.
    const fresh = countingRandom('third');
    expect(await signOnce({ ...base, store: new MemorySignMessageStore(), random: fresh.random })).not.toEqual(first);
    expect(fresh.drawn()).toBeGreaterThan(0);
  });

  it('refuses another message, scheme, order or wallet for a used presign (MPC:V4)', async () => {
    const store = new MemorySignMessageStore();
    await signOnce({ ...base, store });
    const counter = countingRandom('refused');
    for (const change of [
      { message: encodeText('pay more') },
      { hashScheme: 'sha256d' as const },
      { order: digestOf('the same message on another word') },
      { record: other.record, userShare: other.userShare },
    ]) {
      await expect(signOnce({ ...base, store, ...change, random: counter.random })).rejects.toThrow('MPC:V4');
    }
    expect(counter.drawn()).toBe(0);
  });

  it('crash after storing and before sending: the next call returns the stored bytes', async () => {
    const inner = new MemorySignMessageStore();
    let stored: Uint8Array | undefined;
    const crashing: SignMessageStore = {
      get: async (id) => inner.get(id),
      putIfAbsent: async (id, bytes) => {
        stored = await inner.putIfAbsent(id, bytes);
        throw new Error('killed here');
      },
    };
    await expect(signOnce({ ...base, store: crashing })).rejects.toThrow('killed here');
    const counter = countingRandom('after the crash');
    const sent = await signOnce({ ...base, store: inner, random: counter.random });
    expect(concat(sent, base.order)).toEqual(stored);
    expect(counter.drawn()).toBe(0);
  });

  it('crash before storing: nothing has left, a new message is allowed', async () => {
    const inner = new MemorySignMessageStore();
    const failing: SignMessageStore = {
      get: async (id) => inner.get(id),
      putIfAbsent: async () => {
        throw new Error('disk full');
      },
    };
    await expect(signOnce({ ...base, store: failing })).rejects.toThrow('disk full');
    expect(await inner.get(presign.presignId)).toBeUndefined();
    await expect(signOnce({ ...base, store: inner })).resolves.toBeInstanceOf(Uint8Array);
  });

  it('a store that cannot tell stops everything', async () => {
    const counter = countingRandom('unknown');
    const broken: SignMessageStore = {
      get: async () => {
        throw new Error('unreadable');
      },
      putIfAbsent: async (_id, bytes) => bytes,
    };
    await expect(signOnce({ ...base, store: broken, random: counter.random })).rejects.toThrow('unreadable');
    expect(counter.drawn()).toBe(0);
  });

  it('two calls at once give one message', async () => {
    const store = new MemorySignMessageStore();
    const [x, y] = await Promise.all([
      signOnce({ ...base, store, random: randomFor('x') }),
      signOnce({ ...base, store, random: randomFor('y') }),
    ]);
    expect(x).toEqual(y);
    const shared = new DelayedStore();
    const results = await Promise.allSettled([
      signOnce({ ...base, store: shared, random: randomFor('x') }),
      signOnce({ ...base, store: shared, message: encodeText('other'), random: randomFor('y') }),
    ]);
    // Both found the presign unused; only one message came out.
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(String((results.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason)).toContain(
      'MPC:V4',
    );
  });

  it('no exported function makes a message without the record', () => {
    for (const exported of [clientExports, networkExports]) {
      for (const name of ['createSignMessage', 'commitNonce', 'evaluateDraft', 'sampleNonceSecrets']) {
        expect(Object.keys(exported)).not.toContain(name);
      }
    }
    expect(Object.keys(clientExports)).toContain('signOnce');
  });
});

class DelayedStore extends MemorySignMessageStore {
  override async get(id: PresignId): Promise<Uint8Array | undefined> {
    const found = await super.get(id);
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    return found;
  }
}

describe('MPC:V2: the own record', () => {
  const point = curve.multiply(curve.G, 3n);
  const bad: readonly (readonly [string, Partial<DWalletRecord>])[] = [
    ['X', { publicKey: point }],
    ['X_A', { userPublicShare: point }],
    ['X_B', { networkPublicShare: point }],
    [
      'mu',
      {
        randomizers: [
          wallet.record.randomizers[0],
          mod(wallet.record.randomizers[1] + 1n, q),
          wallet.record.randomizers[2],
        ],
      },
    ],
    ['G_com', { setup: digestOf('other setup') }],
    ['curve', { curve: { ...secp256k1Curve, id: 1 } }],
  ];
  it('accepts it, and refuses each changed field', async () => {
    expect(() => checkOwnRecord(setup, wallet.record, wallet.userShare)).not.toThrow();
    for (const [, change] of bad) {
      expect(() => checkOwnRecord(setup, { ...wallet.record, ...change }, wallet.userShare)).toThrow('MPC:V2');
      const counter = countingRandom('V2');
      await expect(
        signOnce({
          ...base,
          store: new MemorySignMessageStore(),
          record: { ...wallet.record, ...change },
          random: counter.random,
        }),
      ).rejects.toThrow('MPC:V2');
      expect(counter.drawn()).toBe(0);
    }
  });
  it('refuses a share that is not that of X_A, zero or out of range', () => {
    for (const share of [1n, 0n, q, wallet.userShare.expose() + q, -1n]) {
      expect(() => checkOwnRecord(setup, wallet.record, new Secret(share))).toThrow('MPC:V2');
    }
  });
});

describe('MPC:V3: the presign certificate', () => {
  it('refuses a missing quorum, another batch, a changed field, another committee', async () => {
    const attempt = (change: Partial<SignOnceArguments>) =>
      signOnce({ ...base, store: new MemorySignMessageStore(), ...change });
    const { certificate } = base;
    const two = certificate.certificate.votes.slice(0, 2);
    const cases: Partial<SignOnceArguments>[] = [
      { certificate: { ...certificate, certificate: { ...certificate.certificate, votes: two } } },
      { certificate: fixture.certify(fixture.presign('another').presign) },
      { presign: { ...presign, publicNonces: [presign.publicNonces[1], presign.publicNonces[0]] } },
      { presign: { ...presign, index: 1 } },
      { committee: createFixture({ seed: 'impostors' }).committee },
    ];
    for (const change of cases) await expect(attempt(change)).rejects.toThrow('MPC:V3');
    await expect(attempt({})).resolves.toBeInstanceOf(Uint8Array);
  });
});

describe('MPC:V5: the exact message and scheme', () => {
  it('are what the digest in the message is made of', async () => {
    const bytes = await signOnce({ ...base, store: new MemorySignMessageStore(), hashScheme: 'keccak256' });
    const header = decodeSignMessageHeader(curve, bytes);
    expect(header.hashScheme).toBe('keccak256');
    expect(header.messageDigest).toEqual(hashMessage('keccak256', base.message));
  });
});

describe('MPC:V6: presign elements', () => {
  const notSquare = group.compose(presign.mask.c1, twist);
  const rows: readonly (readonly [string, Partial<Presign>])[] = [
    ['mask not a square', { mask: { ...presign.mask, c1: notSquare } }],
    ['mask c2 not a square', { mask: { ...presign.mask, c2: notSquare } }],
    ['masked share', { maskedShares: [presign.maskedShares[0], { ...presign.maskedShares[1], c2: notSquare }] }],
    ['masked nonce', { maskedNonces: [{ ...presign.maskedNonces[0], c1: notSquare }, presign.maskedNonces[1]] }],
    ['identity', { mask: { ...presign.mask, c1: group.identity } }],
    ['R_B,0 = O', { publicNonces: [curve.identity, presign.publicNonces[1]] }],
    ['R_B,1 = O', { publicNonces: [presign.publicNonces[0], curve.identity] }],
  ];
  it('signOnce makes the check, even for a certified presign', async () => {
    const { presignId: _id, ...fields } = presign;
    const certified = createPresign(setup, { ...fields, mask: { ...presign.mask, c1: notSquare } });
    const counter = countingRandom('V6');
    const attempt = signOnce({
      ...base,
      store: new MemorySignMessageStore(),
      presign: certified,
      certificate: fixture.certify(certified),
      random: counter.random,
    });
    await expect(attempt).rejects.toThrow('MPC:V6');
    expect(counter.drawn()).toBe(0);
  });
  it.each(rows)('refuses %s', (_name, change) => {
    expect(() => checkPresignElements(setup, presign)).not.toThrow();
    expect(() => checkPresignElements(setup, { ...presign, ...change })).toThrow('MPC:V6');
  });
});

describe('MPC:V7: hedged randomness', () => {
  const targeted = targetPresign(setup, presign, wallet.record);
  const args = {
    setup,
    record: wallet.record,
    presign: targeted,
    userShare: wallet.userShare,
    hashScheme: 'sha256',
    message: encodeText('m'),
  } as const;
  const commitments = (bytes: Uint8Array): string[] => {
    const m = decodeSignMessage(parameters, curve, bytes);
    return [m.commitmentK, m.commitmentAlpha, m.commitmentBeta, m.commitmentKx, m.publicNonce].map((p) => p.toHex());
  };
  const stuck: Random = (length) => new Uint8Array(length).fill(7);

  it('two messages have nothing in common', () => {
    const [x, y] = [
      createSignMessage({ ...args, random: randomFor('x') }),
      createSignMessage({ ...args, random: randomFor('y') }),
    ];
    const shared = commitments(x).filter((c) => commitments(y).includes(c));
    expect(shared).toEqual([]);
  });

  it('a generator that is stuck repeats whole messages only: another message or presign gives other secrets', () => {
    const once = createSignMessage({ ...args, random: stuck });
    expect(createSignMessage({ ...args, random: stuck })).toEqual(once);
    const otherPresign = targetPresign(setup, fixture.presign('second').presign, wallet.record);
    for (const change of [
      { message: encodeText('n') },
      { hashScheme: 'sha256d' as const },
      { presign: otherPresign },
    ]) {
      const another = createSignMessage({ ...args, ...change, random: stuck });
      expect(commitments(another).filter((c) => commitments(once).includes(c))).toEqual([]);
    }
  });

  it('two wallets with one stuck generator draw different secrets', () => {
    const otherTargeted = targetPresign(setup, presign, other.record);
    const mine = createSignMessage({ ...args, random: stuck });
    const theirs = createSignMessage({
      ...args,
      record: other.record,
      userShare: other.userShare,
      presign: otherTargeted,
      random: stuck,
    });
    expect(commitments(theirs).filter((c) => commitments(mine).includes(c))).toEqual([]);
  });

  it('the user share does not show in errors or objects (lessons 1.15)', async () => {
    const secret = wallet.userShare.expose().toString();
    const failure = await signOnce({ ...base, store: new MemorySignMessageStore(), record: other.record }).catch(
      (e: unknown) => e,
    );
    expect(`${String(failure)} ${JSON.stringify(failure)} ${(failure as Error).stack}`).not.toContain(secret);
    expect(JSON.stringify({ share: wallet.userShare })).not.toContain(secret);
  });
});

describe('a malformed presign leaks nothing testable (11.5, MPC 5.5)', () => {
  it('an element of order 2 in ct_gamma would show the parity of a coefficient: u q hides it', () => {
    // A malicious quorum that gets past MPC:V6: ct_gamma carries the class of order 2, so the genus of an evaluated c1 is the parity of
    // the integer coefficient on it. With plain coefficients it would be the same every time: one bit of beta and of a_1.
    const bad = { ...presign, mask: { c1: group.compose(presign.mask.c1, twist), c2: presign.mask.c2 } };
    const targeted = targetPresign(setup, bad, wallet.record);
    const userShare = wallet.userShare.expose();
    const secrets = sampleNonceSecrets(curve, randomFor('fixed secrets'));
    const stage = commitNonce(curve, targeted, userShare, secrets, randomFor('fixed stage'));
    const { userPublicShare } = wallet.record;
    const evaluate = (label: string) => {
      const randomness = drawSecondStage(setup, randomFor(label));
      return evaluateDraft(
        { setup, presign: targeted, userPublicShare, secrets, stage, randomness },
        { hashScheme: 'sha256', message: 5n },
        userShare,
        maskPoints(curve, userShare, randomness),
        directEvaluator(setup, targeted, [secrets.beta, secrets.alpha], randomness),
      );
    };
    const genera = { numerator: new Set<boolean>(), denominator: new Set<boolean>() };
    for (let i = 0; i < 8; i++) {
      const second = evaluate(`u ${i}`);
      if (second === undefined) throw new Error('unlucky nonce');
      for (const name of ['numerator', 'denominator'] as const) genera[name].add(group.isSquare(second[name].c1));
    }
    expect([...genera.numerator]).toHaveLength(2);
    expect([...genera.denominator]).toHaveLength(2);
  });
});
