/**
 * Who no longer waits: verification ends, and nothing else. A validator that gives a share, stores a certified record or makes its own message goes on to
 * the end, whoever hung up.
 */
import {
  type ComputePool,
  InlinePool,
  type Job,
  type RunOptions,
  assembleCertificate,
  decodeCall,
  encodeCertificate,
  encodeParts,
  maxBodyBytes,
  networkJobs,
} from '@dwallet/two-pc-mpc/network';
import { digest, encodeText } from '@dwallet/sigma';
import { afterEach, describe, expect, test } from 'vitest';
import { requestPool } from '../src/compute/request-pool.ts';
import { InFlight } from '../src/in-flight.ts';
import { bindingFact } from '../src/network-state.ts';
import { requestContext, withRequestContext } from '../src/request-context.ts';
import { encodeExpected } from '../src/sessions/sign-transcript.ts';
import { GrpcNetwork } from './helpers/grpc-network.ts';
import { deferred } from './helpers/grpc-call.ts';
import { RawClient } from './helpers/raw-client.ts';
import { ToyNetwork, curve, fixture, hex, toyParameters, v } from './helpers/toy-network.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const gone = (signal: AbortSignal) => ({ traceId: '0'.repeat(32), gone: signal });
const aborted = (signal: { readonly aborted: boolean } | undefined): Promise<never> =>
  new Promise((_, reject) =>
    (signal as AbortSignal | undefined)?.addEventListener('abort', () => reject(new Error('stopped'))),
  );

describe('work that several wait for', () => {
  test('ends when the last of them has gone; who comes after that begins anew', async () => {
    const shared = new InFlight<string>();
    const [a, b] = [new AbortController(), new AbortController()];
    let runs = 0;
    const work = async (): Promise<string> => (runs++, aborted(requestContext()?.gone));
    const ask = (signal: AbortSignal): Promise<string> =>
      withRequestContext(gone(signal), () => shared.share('key', work));
    const [first, second] = [ask(a.signal), ask(b.signal)];
    a.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(1);
    b.abort();
    const third = ask(new AbortController().signal);
    third.catch(() => {});
    await expect(first).rejects.toThrow('stopped');
    await expect(second).rejects.toThrow('stopped');
    expect(runs).toBe(2);
    // What the first run left does not take the second one away.
    void ask(new AbortController().signal).catch(() => {});
    expect(runs).toBe(2);
  });

  test('goes on while somebody waits who does not say when to stop', async () => {
    const shared = new InFlight<string>();
    const [a, done] = [new AbortController(), deferred()];
    let told: boolean | undefined;
    const work = async (): Promise<string> => {
      const signal = requestContext()?.gone;
      await done.promise;
      told = signal?.aborted;
      return 'result';
    };
    const first = withRequestContext(gone(a.signal), () => shared.share('key', work));
    const second = withRequestContext({ traceId: '0'.repeat(32) }, () => shared.share('key', work));
    a.abort();
    done.resolve();
    expect(await Promise.all([first, second])).toEqual(['result', 'result']);
    expect(told).toBe(false);
  });
});

describe('jobs', () => {
  test('public ones end with the request, those with secrets do not', async () => {
    const seen: (RunOptions['signal'] | 'none')[] = [];
    const pool = requestPool({
      parallelism: 1,
      queued: 0,
      active: 0,
      run: async (_, { signal } = {}) => (seen.push(signal ?? 'none'), new Uint8Array(0)),
      close: async () => {},
    });
    const job = (secret: boolean): Job => ({ name: 'job', input: new Uint8Array(0), secret });
    const [request, own] = [new AbortController(), new AbortController()];
    await withRequestContext(gone(request.signal), async () => {
      await pool.run(job(false));
      await pool.run(job(true));
      await pool.run(job(true), { signal: own.signal });
    });
    expect(seen).toEqual([request.signal, 'none', own.signal]);
  });
});

/** Inline, except that verifications of signatures wait until they are let go or cancelled. */
class Holding implements ComputePool {
  readonly parallelism = 1;
  readonly queued = 0;
  readonly active = 0;
  readonly #inline = new InlinePool(networkJobs, toyParameters(), curve);
  readonly reached = deferred();
  readonly go = deferred();
  async run(job: Job, options: RunOptions = {}): Promise<Uint8Array> {
    if (job.name === 'sign/verify') {
      this.reached.resolve();
      await Promise.race([this.go.promise, aborted(options.signal).catch(() => {})]);
    }
    return this.#inline.run(job, options);
  }
  close(): Promise<void> {
    return this.#inline.close();
  }
}

async function started() {
  const pool = new Holding();
  const network = new ToyNetwork({
    from: fixture(),
    label: 'cancellation',
    computeOf: (index) => (index === 3 ? pool : undefined),
  });
  closing.push(() => network.close());
  const alice = new RawClient(network);
  const taken = await alice.take(1, 'cancellation');
  const request = alice.signRequest(taken, await alice.signMessage(taken));
  const { presignId } = taken.presign;
  await network.ask(2, 1, 'sign/bind', request);
  const bound = network.store(1).get('vote', `presign-binding.${hex(presignId)}.0`) as Uint8Array;
  const ask = (method: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> =>
    withRequestContext(gone(signal), () => network.ask(1, 3, method, body));
  return { network, pool, request, presignId, fact: bindingFact(presignId, digest(bound)), ask };
}

describe('a member whose leader hangs up', () => {
  test('stops verifying before it has voted, and votes when it is asked again', async () => {
    const { network, pool, request, fact, ask } = await started();
    const leader = new AbortController();
    const vote = ask('sign/bind', request, leader.signal);
    await pool.reached.promise;
    leader.abort();
    await expect(vote).rejects.toMatchObject({ code: 'COMPUTE_CANCELLED' });
    const key = `${fact.kind}.${hex(fact.id)}.0`;
    expect(network.store(3).get('vote', key)).toBeUndefined();
    pool.go.resolve();
    await ask('sign/bind', request, new AbortController().signal);
    expect(network.store(3).get('vote', key)).toEqual(fact.digest);
  });

  test('goes on when it was asked for a share: marker and share, both or none', async () => {
    const { network, pool, request, presignId, fact, ask } = await started();
    const votes = await Promise.all(
      [1, 2, 4].map(async (validator) => ({
        validator: v(validator),
        signature: await network.ask(1, validator, 'sign/bind', request),
      })),
    );
    const { certificate } = assembleCertificate(network.committee, fact, votes);
    const body = encodeParts([request, encodeCertificate(certificate), encodeExpected([v(1), v(2), v(3)])]);
    const leader = new AbortController();
    const share = ask('sign/share', body, leader.signal);
    await pool.reached.promise;
    leader.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(network.marked(3).size).toBe(0);
    pool.go.resolve();
    expect((await share).length).toBeGreaterThan(0);
    expect(network.marked(3).get(hex(presignId))).toBe(hex(fact.digest));
  });

  test('is told by the line: a call that is cancelled, a deadline that is over', async () => {
    const [seen, hold] = [[] as AbortSignal[], deferred()];
    const arrived = [deferred(), deferred()];
    const network = await GrpcNetwork.start({
      from: fixture(),
      label: 'cancelled-lines',
      serve: (index, validator) => ({
        async call(bytes) {
          if (index !== 1) return validator.call(bytes);
          seen.push(requestContext()?.gone as AbortSignal);
          arrived[seen.length - 1]?.resolve();
          await hold.promise;
          return validator.call(bytes);
        },
      }),
    });
    closing.push(() => network.close());
    const peer = network.peer(1, network.authority.issue('validator-2'));
    const call = decodeCall(network.toy.callAs(2, 'records/list', encodeText('presign')), maxBodyBytes);
    const request = { envelope: call.body, kind: 'presign' };
    const leader = new AbortController();
    const cancelled = peer.call('ListRecords', request, { signal: leader.signal });
    await arrived[0]?.promise;
    expect(seen[0]?.aborted).toBe(false);
    leader.abort();
    expect((await cancelled).code).toBe('CANCELLED');
    const late = peer.call('ListRecords', request, { deadlineMs: 500 });
    await arrived[1]?.promise;
    expect((await late).code).toBe('DEADLINE_EXCEEDED');
    for (const signal of seen) if (!signal.aborted) await aborted(signal).catch(() => {});
    hold.resolve();
  });
});
