/**
 * Heavy steps as jobs: they come to the same results as the functions that they stand for, however the work is shared out; and a pool that
 * lies about another input, garbles bytes or dies leads to an error, never to a verified message, a share, or another sum.
 */
import {
  BugError,
  CheckError,
  DecodeError,
  Secret,
  type ValidatorId,
  encodeText,
  encodeUint64,
  mod,
  sessionId,
} from '@dwallet/sigma';
import { describe, expect, test, vi } from 'vitest';
import { createDWallet } from '../../src/dwallet-dkg/client-create.ts';
import { decodeDkgMessage } from '../../src/dwallet-dkg/dkg-message.ts';
import { deriveRecord, encodeDWalletRecord } from '../../src/dwallet-dkg/record.ts';
import { createSignMessage, createSignMessageIn } from '../../src/ecdsa/sign/client-sign.ts';
import { type SignMessage, decodeSignMessage, encodeSignMessage } from '../../src/ecdsa/sign/sign-message.ts';
import { targetPresign } from '../../src/ecdsa/presign/target.ts';
import { decodePresignRound1 } from '../../src/ecdsa/presign/round-1-encrypt-mask.ts';
import { encodeMaskAggregate } from '../../src/ecdsa/presign/presign-session.ts';
import { encodePresign } from '../../src/ecdsa/presign/presign-record.ts';
import { clientJobs } from '../../src/client.ts';
import { withKeyTables } from '../../src/network-setup/setup-commitment.ts';
import { preparePresignIn } from '../../src/client/prepare-presign.ts';
import { type SignOnceArguments, signOnce } from '../../src/client/sign-once.ts';
import { MemorySignMessageStore } from '../../src/client/sign-message-store.ts';
import {
  ComputeError,
  type ComputePool,
  InlinePool,
  type Job,
  MemorySingleUseStore,
  type OpenSignMessageArguments,
  type PresignSession,
  type VerifiedSignMessage,
  agreeOnMasks,
  agreeOnMasksIn,
  aggregateSetup,
  aggregateSetupIn,
  assignPresignIn,
  combineSignature,
  createJobContext,
  createSigningDecryption,
  decryptOptimistic,
  decryptWithProof,
  deriveSessionId,
  encryptMask,
  encryptMaskIn,
  encryptNonces,
  encryptNoncesIn,
  encodeBlames,
  executeJob,
  finalizePresigns,
  finalizePresignsIn,
  frameResult,
  networkJobs,
  openResult,
  packParts,
  permitShares,
  requireVerified,
  publicJobs,
  registerUserKey,
  resolveAbort,
  resolveAbortIn,
  runJob,
  unpackParts,
  userKeyId,
  verifyDWalletIn,
  verifySignMessage,
  verifySignMessageIn,
} from '../../src/network.ts';
import { expectedValidators, generateKey } from '@dwallet/class-groups';
import { createNetworkFixture, sessionFor, v } from '../helpers/network-fixture.ts';
import { assigned, createFixture, curve, q, randomFor } from '../helpers/sign-fixture.ts';

const fixture = createFixture({ seed: 'compute' });
const { setup, parameters } = fixture;
const account = new Secret<Uint8Array>(randomFor('account')(32));
const opened = sessionFor('compute dwallet', signingKey(account), 'USER');
const pending = createDWallet({
  setup,
  sessionId: opened.sessionId,
  share: { mode: 'none' },
  accountKey: account,
  random: randomFor('dwallet'),
});
const record = deriveRecord(setup, decodeDkgMessage(setup, pending.message)) as NonNullable<
  ReturnType<typeof deriveRecord>
>;
const { presign } = fixture.presign('p');
const target = { setup, record, presign: targetPresign(setup, presign, record), userShare: pending.userShare };
const approved = fixture.approve('pay');
const request = { ...target, hashScheme: approved.hashScheme, message: approved.message };
const bytes = createSignMessage({ ...request, random: randomFor('client') });
const argsFor = (change: Partial<OpenSignMessageArguments> = {}): OpenSignMessageArguments => ({
  setup,
  record,
  presign,
  state: assigned(record, approved),
  approved,
  bytes,
  random: randomFor('verifier'),
  ...change,
});

function signingKey(key: Secret<Uint8Array>): Uint8Array {
  // The account of a session is the public key of who opens it.
  return registerUserKey(curve, parameters, { element: parameters.h }, key).slice(-96, -64);
}

const inline = (): InlinePool => new InlinePool(networkJobs, parameters, curve);
/** The same, said to be `parallelism` wide. Keeps what ran. */
class Wide implements ComputePool {
  readonly queued = 0;
  readonly active = 0;
  readonly parallelism: number;
  readonly jobs: Job[] = [];
  readonly #pool: ComputePool;
  constructor(parallelism = 1, pool: ComputePool = inline()) {
    this.parallelism = parallelism;
    this.#pool = pool;
  }
  run(job: Job): Promise<Uint8Array> {
    this.jobs.push(job);
    return this.#pool.run(job);
  }
  async close(): Promise<void> {}
}
/** Does something else with what an honest pool gives. */
class Liar extends Wide {
  readonly #lie: (framed: Uint8Array, job: Job) => Uint8Array | Promise<Uint8Array>;
  constructor(lie: (framed: Uint8Array, job: Job) => Uint8Array | Promise<Uint8Array>, pool?: ComputePool) {
    super(1, pool);
    this.#lie = lie;
  }
  override async run(job: Job): Promise<Uint8Array> {
    return this.#lie(await super.run(job), job);
  }
}
/** Answers every job with this, and computes nothing. */
class Says extends Wide {
  readonly #answer: () => Uint8Array;
  constructor(answer: () => Uint8Array) {
    super();
    this.#answer = answer;
  }
  override async run(job: Job): Promise<Uint8Array> {
    return frameResult(job, this.#answer);
  }
}
const outcome = <T>(promise: Promise<T>): Promise<unknown> =>
  promise.then(
    () => 'fulfilled',
    (error: { check?: unknown; code?: unknown }) => error.check ?? error.code ?? error,
  );

describe('verification of a client message in a worker', () => {
  test('the same facts, and a signature from them', async () => {
    const pool = new Wide();
    await assignPresignIn(pool, argsFor() as Required<OpenSignMessageArguments> & { presign: typeof presign });
    const verified = await verifySignMessageIn(pool, argsFor());
    const { bytes: ownBytes, ...facts } = requireVerified(verified);
    const { bytes: otherBytes, ...expected } = requireVerified(verifySignMessage(argsFor()));
    expect(facts).toEqual(expected);
    expect(ownBytes).toEqual(otherBytes);
    expect(pool.jobs.map(({ name, secret }) => [name, secret])).toEqual([
      ['sign/assign', false],
      ['sign/verify', false],
    ]);
    const decryption = createSigningDecryption(verified, fixture.place);
    const permit = await permitShares(new MemorySingleUseStore(), verified);
    const answers = fixture.access.validators.map((validator) =>
      decryptOptimistic(permit, decryption, fixture.keySharesOf(validator), randomFor(`share ${validator}`)),
    );
    expect(combineSignature(decryption, answers)).toBeDefined();
  });

  const decoded = decodeSignMessage(parameters, curve, bytes);
  const bump = (proof: SignMessage['proofK'], at = 0): SignMessage['proofK'] => ({
    ...proof,
    responses: proof.responses.map((z, i) => (i === at ? mod(z + 1n, q) : z)),
  });
  test.each([
    ['MPC:S4', { proofK: bump(decoded.proofK) }],
    ['MPC:S5', { proofAlpha: bump(decoded.proofAlpha) }],
    ['MPC:S7', { proofKx: bump(decoded.proofKx) }],
    ['MPC:S8', { proofNetworkNonce: bump(decoded.proofNetworkNonce) }],
    ['MPC:S9', { proofPublicNonce: bump(decoded.proofPublicNonce) }],
    ['MPC:S10', { proofDenominator: bump(decoded.proofDenominator, 2) }],
    ['MPC:S11', { proofNumerator: bump(decoded.proofNumerator, 2) }],
    ['MPC:S10', { denominator: decoded.numerator }],
    ['MPC:S11', { numerator: decoded.denominator }],
  ] as const)('%s is the same refusal as without a pool', async (check, change) => {
    // Changing pi_k or pi_alpha changes the nonce hash too; the first failed check is named all the same.
    const args = argsFor({ bytes: encodeSignMessage(parameters, curve, { ...decoded, ...change }) });
    const refusal = (() => {
      try {
        return verifySignMessage(args);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toMatchObject({ check });
    await expect(verifySignMessageIn(inline(), args)).rejects.toEqual(refusal);
  });

  test('MPC:S1 to MPC:S3 are decided here, before any worker is asked', async () => {
    const pool = new Wide();
    const other = fixture.presign('other').presign;
    expect(await outcome(verifySignMessageIn(pool, argsFor({ presign: undefined })))).toBe('MPC:S1');
    expect(await outcome(verifySignMessageIn(pool, argsFor({ presign: other })))).toBe('MPC:S1');
    expect(await outcome(verifySignMessageIn(pool, argsFor({ state: { kind: 'available' } })))).toBe('MPC:S1');
    expect(await outcome(verifySignMessageIn(pool, argsFor({ approved: fixture.approve('steal') })))).toBe('MPC:S1');
    expect(await outcome(verifySignMessageIn(pool, argsFor({ bytes: bytes.slice(0, -1) })))).toBe('MPC:S3');
    expect(pool.jobs).toEqual([]);
  });

  test('what the caller does to its bytes meanwhile changes nothing', async () => {
    const given = bytes.slice();
    const pool = new Liar((framed) => {
      given.fill(0);
      return framed;
    });
    const verified = await verifySignMessageIn(pool, argsFor({ bytes: given }));
    expect(requireVerified(verified).bytes).toEqual(bytes);
  });

  describe('a pool that lies', () => {
    const wrong = () =>
      argsFor({
        bytes: encodeSignMessage(parameters, curve, { ...decoded, proofNumerator: bump(decoded.proofNumerator, 2) }),
      });
    const refused = async (pool: ComputePool, args = wrong()): Promise<unknown> => {
      let verified: VerifiedSignMessage | undefined;
      try {
        verified = await verifySignMessageIn(pool, args);
      } catch (error) {
        expect(error).toBeInstanceOf(ComputeError);
        return (error as ComputeError).code;
      }
      return verified;
    };

    test('with the yes to another message, to another job, or to this one under another name', async () => {
      const yes = await new Promise<Uint8Array>((resolve, reject) => {
        verifySignMessageIn(
          new Liar((framed) => {
            resolve(framed.slice());
            return framed;
          }),
          argsFor(),
        ).catch(reject);
      });
      expect(await refused(new Liar(() => yes.slice()))).toBe('COMPUTE_GARBLED');
      // The same message with other weights is another job.
      expect(await refused(new Liar(() => yes.slice()), argsFor({ random: randomFor('other weights') }))).toBe(
        'COMPUTE_GARBLED',
      );
      const renamed = (job: Job) => frameResult({ ...job, name: 'sign/assign' }, () => Uint8Array.of(1));
      expect(await refused(new Liar((_, job) => renamed(job)))).toBe('COMPUTE_GARBLED');
    });

    test('with any byte changed, cut, or added', async () => {
      const damages: ((framed: Uint8Array) => Uint8Array)[] = [
        () => new Uint8Array(0),
        (framed) => framed.slice(0, 32),
        (framed) => framed.slice(0, -1),
        (framed) => Uint8Array.of(...framed, 0),
        ...[0, 31, 32, 33, 36, 37].map((at) => (framed: Uint8Array) => {
          const out = framed.slice();
          out[at] = (out[at] as number) ^ 1;
          return out;
        }),
      ];
      // The same two jobs again and again: their honest frames are made once.
      const honest = inline();
      const frames = new Map<string, Uint8Array>();
      const keeping: ComputePool = {
        parallelism: 1,
        queued: 0,
        active: 0,
        close: async () => {},
        async run(job) {
          const key = job.input.join();
          const framed = frames.get(key) ?? (await honest.run(job));
          frames.set(key, framed);
          return framed.slice();
        },
      };
      for (const damage of damages) {
        // A refusal is damaged as well: it must not turn into a yes.
        expect(await refused(new Liar(damage, keeping))).toBe('COMPUTE_GARBLED');
        expect(await refused(new Liar(damage, keeping), argsFor())).toBe('COMPUTE_GARBLED');
      }
      expect(frames.size).toBe(2);
    });

    test('with a frame of this job around anything but one exact byte', async () => {
      for (const verdict of [[], [0], [2], [1, 1], [1, 0]]) {
        const pool = new Says(() => Uint8Array.from(verdict));
        expect(await refused(pool)).toBe('COMPUTE_GARBLED');
      }
    });

    test('or that fails: whatever it is, it is not said to be the fault of the client', async () => {
      const failing = (error: Error): ComputePool =>
        new Says(() => {
          throw error;
        });
      expect(await refused(failing(new Error('out of memory: 0123')))).toBe('COMPUTE_FAILED');
      // Errors that this message could be told, and that only the checks of MPC:S4 to S11 may tell it.
      for (const error of [
        new RangeError(),
        new DecodeError('SignMsg', 'is malformed', 'MPC:S3'),
        new CheckError('MPC:V2', 'presign', 'is wrong'),
        new CheckError('CG:P5', 'element', 'is not reduced'),
        new BugError('never'),
      ])
        expect(await refused(failing(error), argsFor())).toBe('COMPUTE_FAILED');
      const said = failing(new CheckError('MPC:S10', 'SignMsg.pi_ctalphabeta', 'fails'));
      expect(await outcome(verifySignMessageIn(said, argsFor()))).toBe('MPC:S10');
      const dead: ComputePool = new Liar(() => Promise.reject(new ComputeError('COMPUTE_CRASHED', 'died')));
      expect(await refused(dead)).toBe('COMPUTE_CRASHED');
    });
  });

  test('errors keep class and fields on their way; unforeseen ones keep nothing', async () => {
    const context = createJobContext(parameters, curve);
    const table = {
      secretive: {
        secret: false,
        run: () => {
          throw new Error('x = 42');
        },
      },
    } as const;
    const framed = executeJob(context, table, { name: 'secretive', input: new Uint8Array(0) });
    expect(Buffer.from(framed).includes('42')).toBe(false);
    const unknown = inline().run({ name: 'toString', input: new Uint8Array(0), secret: false });
    await expect(
      unknown.then(() => runJob(inline(), { name: 'toString', input: new Uint8Array(0), secret: false })),
    ).rejects.toMatchObject({ code: 'DECODE', field: 'Job.name' });
  });
});

describe('the abort round in a worker', () => {
  const verified = verifySignMessage(argsFor());
  const expectedSet = expectedValidators(fixture.access, [v(1), v(2), v(3)]);
  const decryption = createSigningDecryption(verified, { ...fixture.place, expectedSet });
  const round = async () => {
    const permit = await permitShares(new MemorySingleUseStore(), verified);
    const published = [1, 2, 3].map((n) =>
      decryptOptimistic(permit, decryption, fixture.keySharesOf(v(n)), randomFor(`share ${n}`)),
    );
    const proved = [1, 2, 3, 4].map((n) =>
      decryptWithProof(permit, decryption, fixture.keySharesOf(v(n)), randomFor(`proof ${n}`)),
    );
    const wrong = published.map((answer, i) => ({
      ...answer,
      shares: new Map(
        [...answer.shares].map(([j, powers]) => [j, i === 1 ? powers.map((e) => parameters.group.square(e)) : powers]),
      ),
    }));
    return { published, wrong, proved };
  };

  test('names the same culprits and ends with the same signature', async () => {
    const { wrong, proved } = await round();
    for (const answers of [proved, proved.slice(0, 3), proved.slice(0, 2), proved.filter((_, i) => i !== 1)]) {
      const own = resolveAbort(decryption, wrong, answers, randomFor('w'));
      expect(await resolveAbortIn(inline(), decryption, wrong, answers, randomFor('w'))).toEqual(own);
    }
    const { kind, blamed } = await resolveAbortIn(inline(), decryption, wrong, proved, randomFor('w'));
    expect(kind).toBe('signature');
    expect(blamed).toMatchObject([{ party: 2, check: 'CG:3.10' }]);
  });

  test('a worker makes up neither a signature nor who answered', async () => {
    const { published, wrong, proved } = await round();
    await expect(resolveAbortIn(inline(), decryption, published, proved, randomFor('w'))).rejects.toThrow(BugError);
    const says = (parts: readonly Uint8Array[]): ComputePool => new Says(() => packParts(...parts));
    const resolve = (pool: ComputePool) => outcome(resolveAbortIn(pool, decryption, wrong, proved, randomFor('w')));
    const faults = (party: number) => encodeBlames([{ party, check: 'CG:3.10', reason: 'is wrong' }]);
    const nobody = new Uint8Array(0);
    const two = new Uint8Array(64).fill(1);
    // Plaintexts that give no signature, validators that did not answer, other shapes.
    expect(await resolve(says([faults(2), nobody, Uint8Array.of(2), two]))).toBe('BUG');
    expect(await resolve(says([faults(2), nobody, Uint8Array.of(1), nobody]))).toBe('BUG');
    for (const answer of [
      [faults(9), nobody, Uint8Array.of(2), two],
      [faults(2), Uint8Array.of(0, 4), Uint8Array.of(0), nobody],
      [faults(2), Uint8Array.of(0, 0), Uint8Array.of(0), nobody],
      [faults(2), Uint8Array.of(0), Uint8Array.of(0), nobody],
      [faults(2), nobody, Uint8Array.of(3), nobody],
      [faults(2), nobody, Uint8Array.of(2), two.slice(1)],
      [faults(2), nobody, Uint8Array.of(2), two.map(() => 255)],
      [faults(2), nobody],
    ])
      expect(await resolve(says(answer))).toBe('COMPUTE_GARBLED');
    expect(await resolve(new Liar((framed) => framed.slice(1)))).toBe('COMPUTE_GARBLED');
    const refuses = (error: Error): ComputePool =>
      new Says(() => {
        throw error;
      });
    expect(await resolve(refuses(new DecodeError('AbortJob.request', 'is another')))).toBe('COMPUTE_FAILED');
    expect(await resolve(refuses(new CheckError('CG:3.9', 'share', 'is wrong')))).toBe('COMPUTE_FAILED');
  });

  test('a worker judges no other request than that of the messages', async () => {
    const { wrong, proved } = await round();
    const pool = new Wide();
    await resolveAbortIn(pool, decryption, wrong, proved, randomFor('w'));
    const { name, input } = pool.jobs[0] as Job;
    const [encoded, ...rest] = unpackParts(input, 'test', 4) as [Uint8Array, ...Uint8Array[]];
    const fields = unpackParts(encoded, 'test', 9);
    // The names of the session, with another epoch.
    const names = unpackParts(fields[4] as Uint8Array, 'test', 4);
    const other = packParts(names[0] as Uint8Array, encodeUint64(77n), ...names.slice(2));
    const doctored = packParts(...fields.slice(0, 4), other, ...fields.slice(5));
    const run = runJob(inline(), { name, input: packParts(doctored, ...rest), secret: false });
    await expect(run).rejects.toMatchObject({ code: 'DECODE', field: 'AbortJob.request' });
  });
});

// Presign rounds -----------------------------------------------------------------------------------------------------------------------

const network = createNetworkFixture({ seed: 'compute' });
const { access } = network;
const batch = 3;
const session: PresignSession = { setup: network.setup, sessionId: sessionFor('presign').sessionId, batch };
/** One, a divisor that does not divide, more than there are presigns. */
const widths = [1, 2, 7];
const networkInline = (): InlinePool => new InlinePool(networkJobs, network.parameters, curve);

describe('presign rounds shared out', () => {
  const round1 = new Map(
    access.validators.map((validator) => [
      validator,
      encryptMask({ ...session, validator, random: randomFor(`mask/${validator}`) }),
    ]),
  );
  const weights = () => randomFor('weights');
  const direct = agreeOnMasks({ ...session, access, inbox: round1, random: weights() });
  const { aggregate, digest: agreed } = direct;
  const encoded = encodeMaskAggregate(network.setup, aggregate);
  const round3 = new Map(
    access.validators.map((validator) => [
      validator,
      encryptNonces({ ...session, validator, aggregate, agreed, random: randomFor(`nonce/${validator}`) }),
    ]),
  );
  const finalized = finalizePresigns({ ...session, access, aggregate, agreed, inbox: round3, random: weights() });
  const replace = (inbox: ReadonlyMap<ValidatorId, Uint8Array>, n: number, message: Uint8Array) =>
    new Map(inbox).set(v(n), message);
  const broken = (message: Uint8Array, fromEnd: number): Uint8Array => {
    const out = message.slice();
    out[out.length - fromEnd] = (out[out.length - fromEnd] as number) ^ 1;
    return out;
  };

  test.each(widths)('honest, for %d workers', async (width) => {
    const pool = new Wide(width, networkInline());
    const validator = v(1);
    const mask = await encryptMaskIn(pool, { ...session, validator, random: randomFor('m') });
    const inbox1 = replace(round1, 1, mask);
    const expected = agreeOnMasks({ ...session, access, inbox: inbox1, random: weights() });
    const agreement = await agreeOnMasksIn(pool, { ...session, access, inbox: inbox1, random: weights() });
    expect(agreement).toMatchObject({ accepted: expected.accepted, blamed: [], digest: expected.digest });
    expect(agreement.vote).toEqual(expected.vote);
    expect(agreement.aggregate).toEqual(encodeMaskAggregate(network.setup, expected.aggregate));

    const nonces = await encryptNoncesIn(pool, {
      ...session,
      validator,
      aggregate: encoded,
      agreed,
      random: randomFor('n'),
    });
    const inbox3 = replace(round3, 1, nonces);
    const last = finalizePresigns({ ...session, access, aggregate, agreed, inbox: inbox3, random: weights() });
    const result = await finalizePresignsIn(pool, {
      ...session,
      access,
      aggregate: encoded,
      agreed,
      inbox: inbox3,
      random: weights(),
    });
    expect(result.accepted).toEqual(last.accepted);
    expect(result.presigns.map(({ bytes: b }) => b)).toEqual(last.presigns.map((p) => encodePresign(network.setup, p)));
    expect(result.presigns.map(({ presignId }) => presignId)).toEqual(last.presigns.map(({ presignId }) => presignId));
  });

  test.each(widths)('cheaters are named and left out alike, for %d workers', async (width) => {
    const pool = new Wide(width, networkInline());
    // A proof that fails (its last response), and a message that is no message.
    const inbox1 = replace(round1, 3, broken(round1.get(v(3)) as Uint8Array, 1));
    const expected = agreeOnMasks({ ...session, access, inbox: inbox1, random: weights() });
    const agreement = await agreeOnMasksIn(pool, { ...session, access, inbox: inbox1, random: weights() });
    expect(expected.blamed).toMatchObject([{ party: 3, check: 'MPC:P2' }]);
    expect(agreement).toMatchObject({ accepted: expected.accepted, blamed: expected.blamed, digest: expected.digest });
    // The proof of the last presign of the batch only: the slices of the others see an honest validator.
    const inbox3 = replace(round3, 2, broken(round3.get(v(2)) as Uint8Array, 1));
    const last = finalizePresigns({ ...session, access, aggregate, agreed, inbox: inbox3, random: weights() });
    const result = await finalizePresignsIn(pool, {
      ...session,
      access,
      aggregate: encoded,
      agreed,
      inbox: inbox3,
      random: weights(),
    });
    expect(last.blamed).toMatchObject([{ party: 2, check: 'MPC:P5' }]);
    expect(result.accepted).toEqual([1, 3, 4]);
    expect(result.blamed).toEqual(last.blamed);
    expect(result.presigns.map(({ presignId }) => presignId)).toEqual(last.presigns.map(({ presignId }) => presignId));
    // Two of four: below the threshold.
    const two = replace(inbox3, 4, Uint8Array.of(1));
    const args = { ...session, access, aggregate: encoded, agreed, inbox: two, random: weights() };
    await expect(finalizePresignsIn(pool, args)).rejects.toMatchObject({ code: 'THRESHOLD_NOT_REACHED', have: 2 });
    const few = replace(inbox1, 4, Uint8Array.of(1));
    await expect(agreeOnMasksIn(pool, { ...session, access, inbox: few, random: weights() })).rejects.toMatchObject({
      code: 'THRESHOLD_NOT_REACHED',
      have: 2,
    });
  });

  test('a job that runs twice gives the same bytes: one mask, one challenge', async () => {
    const pool = new Wide(2, networkInline());
    await encryptMaskIn(pool, { ...session, validator: v(1), random: randomFor('twice') });
    await encryptNoncesIn(pool, {
      ...session,
      validator: v(1),
      aggregate: encoded,
      agreed,
      random: randomFor('twice'),
    });
    const secret = new Wide(2, networkInline());
    // The inputs are overwritten after use, so they are kept here on their way.
    const inputs: Job[] = [];
    const keep: ComputePool = {
      parallelism: 2,
      queued: 0,
      active: 0,
      run: (job) => {
        inputs.push({ ...job, input: job.input.slice() });
        return secret.run(job);
      },
      close: async () => {},
    };
    await encryptMaskIn(keep, { ...session, validator: v(1), random: randomFor('twice') });
    await encryptNoncesIn(keep, {
      ...session,
      validator: v(1),
      aggregate: encoded,
      agreed,
      random: randomFor('twice'),
    });
    expect(inputs).toHaveLength(5);
    for (const job of inputs) {
      expect(job.secret).toBe(true);
      const run = () => runJob(networkInline(), { ...job, input: job.input.slice() });
      expect(await run()).toEqual(await run());
    }
    for (const job of [...pool.jobs, ...secret.jobs]) expect(job.input.every((byte) => byte === 0)).toBe(true);
  });

  test('other contributions under the same seed get another mask of the proof (MPC 1.5)', async () => {
    let proving: Job | undefined;
    const pool: ComputePool = new Liar(() => new Uint8Array(0));
    const honest = networkInline();
    const spy: ComputePool = {
      parallelism: 1,
      queued: 0,
      active: 0,
      close: async () => {},
      run: (job) => {
        if (job.name === 'presign/prove-masks') proving = { ...job, input: job.input.slice() };
        return honest.run(job);
      },
    };
    const message = await encryptMaskIn(spy, { ...session, validator: v(1), random: randomFor('m') });
    const [head, validator, seed, contributions] = unpackParts((proving as Job).input, 'test', 4) as Uint8Array[];
    const width = (contributions as Uint8Array).length / batch;
    const swapped = new Uint8Array([
      ...(contributions as Uint8Array).slice(width, 2 * width),
      ...(contributions as Uint8Array).slice(0, width),
      ...(contributions as Uint8Array).slice(2 * width),
    ]);
    const input = packParts(head as Uint8Array, validator as Uint8Array, seed as Uint8Array, swapped);
    const other = await runJob(honest, { name: 'presign/prove-masks', input, secret: true });
    const masks = [message, other].map((b) =>
      decodePresignRound1(session, b).proof.mask.map((e) => network.parameters.group.encode(e as never).join()),
    );
    for (const [i, mask] of (masks[0] as string[]).entries()) expect(mask).not.toBe(masks[1]?.[i]);
    expect(pool.parallelism).toBe(1);
  });

  test('a pool that lies', async () => {
    const yes = finalized.presigns.map((p) => encodePresign(network.setup, p));
    const ids = (list: readonly number[]) => Uint8Array.from(list.flatMap((n) => [0, n]));
    const none = Uint8Array.of(0, 0, 0, 0);
    const answer = (accepted: readonly number[], ...rest: Uint8Array[]): ComputePool =>
      new Says(() => packParts(ids(accepted), none, ...rest));
    const agree = (pool: ComputePool) => agreeOnMasksIn(pool, { ...session, access, inbox: round1, random: weights() });
    const finalize = (pool: ComputePool) =>
      finalizePresignsIn(pool, { ...session, access, aggregate: encoded, agreed, inbox: round3, random: weights() });
    // Validators that nobody asked about, one twice, one forgotten.
    for (const accepted of [
      [1, 2, 3, 4, 5],
      [1, 2, 3, 3],
      [1, 2, 3],
      [5, 6, 7, 8],
    ]) {
      await expect(agree(answer(accepted, encoded))).rejects.toMatchObject({ code: 'COMPUTE_GARBLED' });
      await expect(finalize(answer(accepted, ...yes))).rejects.toMatchObject({ code: 'COMPUTE_GARBLED' });
    }
    await expect(agree(answer([1, 2, 3, 4], encoded.slice(1)))).rejects.toMatchObject({ code: 'COMPUTE_GARBLED' });
    const [a, b, c] = yes as [Uint8Array, Uint8Array, Uint8Array];
    for (const presigns of [
      [a, b],
      [a, c, b],
      [a, b, c.slice(1)],
      [a, b, c, c],
    ]) {
      await expect(finalize(answer([1, 2, 3, 4], ...presigns))).rejects.toMatchObject({ code: 'COMPUTE_GARBLED' });
    }
    const garbled = new Liar((framed) => framed.slice().fill(7, 40, 41));
    await expect(agree(garbled)).rejects.toMatchObject({ code: 'COMPUTE_GARBLED' });
    await expect(finalize(garbled)).rejects.toMatchObject({ code: 'COMPUTE_GARBLED' });
    // Another aggregate than the agreed one is never computed on.
    await expect(
      encryptNoncesIn(networkInline(), {
        ...session,
        validator: v(1),
        aggregate: broken(encoded, 1),
        agreed,
        random: randomFor('n'),
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  test('nobody outside of the committee and no other aggregate than the agreed one reaches a worker', async () => {
    const pool = new Wide(2, networkInline());
    const refused = (promise: Promise<unknown>, field: string) =>
      expect(promise).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS', field });
    const guest = (inbox: ReadonlyMap<ValidatorId, Uint8Array>) => replace(inbox, 5, inbox.get(v(1)) as Uint8Array);
    const random = weights();
    const last = { ...session, access, aggregate: encoded, agreed, inbox: round3, random };
    await refused(agreeOnMasksIn(pool, { ...session, access, inbox: guest(round1), random }), 'inbox');
    await refused(finalizePresignsIn(pool, { ...last, inbox: guest(round3) }), 'inbox');
    await refused(finalizePresignsIn(pool, { ...last, aggregate: broken(encoded, 1) }), 'aggregate');
    const { setupContext, setupInbox } = network;
    await refused(aggregateSetupIn(pool, { ...setupContext, access, inbox: guest(setupInbox), random }), 'inbox');
    expect(pool.jobs).toEqual([]);
  });

  test('what may leave the process is public', () => {
    expect([...publicJobs].sort()).toEqual([
      'dwallet/verify',
      'presign/add-masks',
      'presign/check-masks',
      'presign/finalize',
      'setup/aggregate',
      'sign/abort',
      'sign/assign',
      'sign/verify',
    ]);
  });
});

// dWallet and setup --------------------------------------------------------------------------------------------------------------------

describe('dWallet and network setup', () => {
  const userKey = generateKey(parameters, randomFor('usk')).encryptionKey;
  const registration = registerUserKey(curve, parameters, userKey, account);
  const userKeyOf = {
    key: userKey,
    id: userKeyId(curve, parameters, userKey, signingKey(account)),
    account: signingKey(account),
  };
  const encrypted = createDWallet({
    setup,
    sessionId: opened.sessionId,
    share: { mode: 'encrypted', userKey: userKeyOf },
    accountKey: account,
    random: randomFor('encrypted'),
  });
  const args = {
    setup,
    message: encrypted.message,
    opening: opened.opening,
    registrationOf: () => registration as Uint8Array | undefined,
    random: randomFor('v'),
  };

  test('the record that everybody derives', async () => {
    const own = deriveRecord(setup, decodeDkgMessage(setup, encrypted.message)) as typeof record;
    const verified = await verifyDWalletIn(inline(), args);
    expect(encodeDWalletRecord(setup, verified)).toEqual(encodeDWalletRecord(setup, own));
    expect(await outcome(verifyDWalletIn(inline(), { ...args, registrationOf: () => undefined }))).toBe('MPC:K5');
    const fresh = new Uint8Array(32);
    expect(deriveSessionId({ ...opened.opening, fresh })).not.toEqual(sessionId(opened.sessionId));
    expect(await outcome(verifyDWalletIn(inline(), { ...args, opening: { ...opened.opening, fresh } }))).toBe('MPC:K1');
  });

  test('a worker cannot make up another dWallet', async () => {
    const other = encodeDWalletRecord(setup, record);
    const pool = new Says(() => other);
    expect(await outcome(verifyDWalletIn(pool, args))).toBe('MPC:K7');
    for (const answer of [new Uint8Array(0), other.slice(1), other.map((byte, i) => (i === 0 ? byte ^ 1 : byte))]) {
      const garbling = new Says(() => answer);
      expect(await outcome(verifyDWalletIn(garbling, args))).toBe('COMPUTE_GARBLED');
    }
  });

  test('the setup that everybody sums up, and nothing of another key', async () => {
    const { setupContext, setupInbox: inbox } = network;
    const random = randomFor('w');
    const own = aggregateSetup({ ...setupContext, access, inbox, random });
    const found = await aggregateSetupIn(networkInline(), { ...setupContext, access, inbox, random });
    expect(found.setup.commitment).toEqual(own.setup.commitment);
    expect(found.accepted).toEqual(own.accepted);
    const cheating = new Map(inbox).set(v(2), inbox.get(v(3)) as Uint8Array);
    const without = await aggregateSetupIn(networkInline(), { ...setupContext, access, inbox: cheating, random });
    expect(without.blamed).toMatchObject([{ party: 2, check: 'MPC:N3' }]);
    const lying = new Liar(async (framed, job) => {
      const parts = unpackParts(await runJob(networkInline(), job), 'test', 3) as Uint8Array[];
      return (
        frameResult(job, () => packParts(Uint8Array.of(0, 9), parts[1] as Uint8Array, parts[2] as Uint8Array)) ?? framed
      );
    });
    await expect(aggregateSetupIn(lying, { ...setupContext, access, inbox, random })).rejects.toMatchObject({
      code: 'COMPUTE_GARBLED',
    });
    // The sum of the same validators, honestly computed, under another network key.
    const other = createNetworkFixture({ seed: 'another network' });
    const elsewhere = { ...other.setupContext, access: other.access, inbox: other.setupInbox, random };
    const foreign = new Wide();
    await aggregateSetupIn(foreign, elsewhere);
    const answer = await runJob(inline(), foreign.jobs[0] as Job);
    const swapping = new Says(() => answer);
    await expect(aggregateSetupIn(swapping, { ...setupContext, access, inbox, random })).rejects.toMatchObject({
      code: 'COMPUTE_GARBLED',
    });
  });
});

// Client -------------------------------------------------------------------------------------------------------------------------------

describe('a client message with its evaluations in a pool', () => {
  const clientPool = (): Wide => new Wide(2, new InlinePool(clientJobs, parameters, curve));
  const base: SignOnceArguments = {
    store: new MemorySignMessageStore(),
    setup,
    record,
    presign,
    certificate: fixture.certify(presign),
    committee: fixture.committee,
    userShare: pending.userShare,
    hashScheme: approved.hashScheme,
    message: approved.message,
    order: approved.order,
    random: randomFor('client'),
  };

  test('is the same message from the same randomness, and every secret byte that went out is overwritten', async () => {
    const pool = clientPool();
    expect(await createSignMessageIn(pool, { ...request, random: randomFor('client') })).toEqual(bytes);
    expect(pool.jobs.map(({ name, secret }) => [name, secret])).toEqual([
      ['client/evaluate', true],
      ['client/evaluate', true],
    ]);
    for (const { input } of pool.jobs) expect(input.every((byte) => byte === 0)).toBe(true);
  });

  test('prepared in a pool: one use, and a message that the network accepts', async () => {
    const pool = clientPool();
    const prepared = await preparePresignIn(pool, { ...base, random: randomFor('prepare') });
    for (const { input } of pool.jobs) expect(input.every((byte) => byte === 0)).toBe(true);
    const store = new MemorySignMessageStore();
    const sent = await signOnce({ ...base, store, prepared });
    await verifySignMessageIn(inline(), argsFor({ bytes: sent }));
    expect(prepared.used).toBe(true);
    await expect(signOnce({ ...base, store: new MemorySignMessageStore(), prepared })).rejects.toMatchObject({
      code: 'BUG',
    });
    expect(await signOnce({ ...base, store, message: approved.message })).toEqual(sent);
  });

  test('tables of pk are only built where pk is raised', async () => {
    const built: string[] = [];
    const spied = (): ComputePool => {
      const context = createJobContext(parameters, curve);
      const remember = vi.spyOn(context, 'remember');
      return new Liar(
        async (_, job) => {
          const framed = executeJob(context, clientJobs, { name: job.name, input: job.input.slice() });
          built.push(remember.mock.calls.some(([kind]) => kind === 'key-tables') ? 'tables' : 'none');
          remember.mockClear();
          return framed;
        },
        new InlinePool(clientJobs, parameters, curve),
      );
    };
    const tabled = { ...request, setup: withKeyTables(setup), random: randomFor('client') };
    expect(await createSignMessageIn(spied(), tabled)).toEqual(bytes);
    expect(built).toEqual(['none', 'tables']);
  });

  test('tables of a prepared side are tables, and of the right length', async () => {
    const { group } = parameters;
    const short = group.buildTable(parameters.h, 8);
    const table = [group.encode(parameters.h), group.encodeTable(short)];
    const garbled = table.map((part, i) => (i === 1 ? part.map((byte) => byte ^ 0xff) : part));
    const honest = new InlinePool(clientJobs, parameters, curve);
    const outputs: Uint8Array[][] = [];
    const keeping = new Liar((framed, job) => {
      outputs.push([...unpackParts(openResult(job, framed), 'test', 24)]);
      return framed;
    }, honest);
    await preparePresignIn(keeping, { ...base, random: randomFor('prepare') });
    for (const change of [
      (parts: Uint8Array[]) => parts.splice(0, 2, ...table),
      (parts: Uint8Array[]) => parts.splice(0, 2, ...garbled),
    ]) {
      const left = outputs.map((parts) => [...parts]);
      const pool: ComputePool = {
        parallelism: 1,
        queued: 0,
        active: 0,
        close: async () => {},
        run: async (job) => {
          const parts = left.shift() as Uint8Array[];
          change(parts);
          return frameResult(job, () => packParts(...parts));
        },
      };
      expect(await outcome(preparePresignIn(pool, { ...base, random: randomFor('prepare') }))).toBe('COMPUTE_GARBLED');
    }
  });

  test('nothing is stored and nothing leaves when the pool fails; two calls at once leave one message', async () => {
    const store = new MemorySignMessageStore();
    const dead = new Liar(() => Promise.reject(new ComputeError('COMPUTE_CRASHED', 'died')));
    expect(await outcome(signOnce({ ...base, store, pool: dead }))).toBe('COMPUTE_CRASHED');
    expect(await store.get(presign.presignId)).toBeUndefined();
    const [one, two] = await Promise.all([
      signOnce({ ...base, store, pool: clientPool(), random: randomFor('one') }),
      signOnce({ ...base, store, pool: clientPool(), random: randomFor('two') }),
    ]);
    expect(one).toEqual(two);
    const other = { ...base, store, pool: clientPool(), message: encodeText('another message') };
    expect(await outcome(signOnce(other))).toBe('MPC:V4');
  });

  test('a worker that computes something else makes a message that nobody accepts', async () => {
    const lying = new Liar(async (_, job) => {
      const honest = new InlinePool(clientJobs, parameters, curve);
      const out = await runJob(honest, { ...job, input: job.input.slice() });
      // ct_A's component in place of ct_alphabeta's.
      const width = parameters.group.elementBytes;
      const swapped = out.slice();
      swapped.set(out.slice(3 * width, 4 * width), width);
      return frameResult(job, () => swapped);
    });
    const sent = await createSignMessageIn(lying, { ...request, random: randomFor('client') });
    expect(await outcome(verifySignMessageIn(inline(), argsFor({ bytes: sent })))).toBe('MPC:S10');
  });
});
