/** Which job goes where and when, what happens when workers die, and what operators see: with workers that the test plays itself. */
import { describe, expect, test } from 'vitest';
import { type Job, type RunOptions, WorkerPool, type WorkerEvents, type WorkerRequest } from '../../src/network.ts';

interface FakeWorker {
  readonly requests: WorkerRequest[];
  readonly events: WorkerEvents;
  ended: boolean;
}

const job = (name: string, secret = false): Job => ({ name, input: Uint8Array.of(1, 2, 3), secret });
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(
  options: {
    size?: number;
    maxQueued?: number;
    maxAttempts?: number;
    failSpawn?: () => boolean;
    patience?: Record<string, number>;
  } = {},
) {
  const workers: FakeWorker[] = [];
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  const { patience } = options;
  const pool = new WorkerPool({
    size: options.size ?? 1,
    now: () => now,
    ...(options.maxQueued === undefined ? {} : { maxQueued: options.maxQueued }),
    ...(options.maxAttempts === undefined ? {} : { maxAttempts: options.maxAttempts }),
    ...(patience === undefined
      ? {}
      : {
          patience: {
            msFor: ({ name }: Job) => patience[name] ?? 1000,
            after: (ms: number, fn: () => void) => {
              const timer = { at: now + ms, fn };
              timers.add(timer);
              return () => void timers.delete(timer);
            },
          },
        }),
    spawn: (events) => {
      if (options.failSpawn?.() === true) throw new Error('no memory');
      const worker: FakeWorker = { requests: [], events, ended: false };
      workers.push(worker);
      return {
        post: (request) => void worker.requests.push(request),
        async terminate() {
          worker.ended = true;
        },
      };
    },
  });
  const worker = (n: number): FakeWorker => workers[n] as FakeWorker;
  const last = (n: number): WorkerRequest => worker(n).requests.at(-1) as WorkerRequest;
  const answer = (n: number): void => {
    const { id, name } = last(n);
    worker(n).events.message({ id, framed: new TextEncoder().encode(name) });
  };
  const names = (n: number): string[] => worker(n).requests.map(({ name }) => name);
  const run = (name: string, runOptions?: RunOptions) =>
    pool.run(job(name), runOptions).then((bytes) => new TextDecoder().decode(bytes));
  const tick = (ms: number): void => {
    now += ms;
    for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.fn();
  };
  return { pool, workers, worker, last, answer, names, run, tick, timers };
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'fulfilled',
    (error: { code?: unknown }) => error.code,
  );

describe('order', () => {
  test('urgent before normal before background, each in order of arrival', async () => {
    const { run, names, answer } = setUp();
    const all = [
      run('first', { priority: 'background' }),
      run('refill', { priority: 'background' }),
      run('dwallet'),
      run('sign 1', { priority: 'urgent' }),
      run('sign 2', { priority: 'urgent' }),
    ];
    for (const _ of all) {
      answer(0);
      await settle();
    }
    expect(names(0)).toEqual(['first', 'sign 1', 'sign 2', 'dwallet', 'refill']);
    expect(await Promise.all(all)).toEqual(['first', 'refill', 'dwallet', 'sign 1', 'sign 2']);
  });

  test('a job goes to the worker that has done its sort before, and to another one rather than waiting', async () => {
    const { run, names, answer } = setUp({ size: 2 });
    void run('assign a', { affinity: 'a' });
    void run('assign b', { affinity: 'b' });
    answer(0);
    answer(1);
    await settle();
    // Both are free: whoever has b gets it, although the other one comes first.
    void run('verify b', { affinity: 'b' });
    expect(names(1)).toEqual(['assign b', 'verify b']);
    // b's worker is busy and a's is free.
    void run('verify b again', { affinity: 'b' });
    expect(names(0)).toEqual(['assign a', 'verify b again']);
  });

  test('of what waits, a free worker takes what it has prepared first', async () => {
    const { run, names, answer } = setUp({ size: 2 });
    void run('assign a', { affinity: 'a' });
    void run('assign b', { affinity: 'b' });
    void run('verify b', { affinity: 'b' });
    void run('other');
    void run('verify a', { affinity: 'a' });
    answer(0);
    expect(names(0)).toEqual(['assign a', 'verify a']);
    answer(1);
    expect(names(1)).toEqual(['assign b', 'verify b']);
    answer(0);
    expect(names(0)).toEqual(['assign a', 'verify a', 'other']);
  });
});

describe('bounds', () => {
  test('what is too much is refused by name, and counted', async () => {
    const { run, pool } = setUp({ maxQueued: 2 });
    void run('runs');
    void run('waits 1');
    void run('waits 2');
    expect(await code(run('too much'))).toBe('COMPUTE_QUEUE_FULL');
    expect(pool.statistics()).toMatchObject({ queued: 2, active: 1, refused: 1, failed: 0 });
  });

  test('the age of the job that waits longest', () => {
    const { run, pool, tick } = setUp();
    void run('runs');
    tick(5);
    void run('waits');
    tick(30);
    void run('waits too', { priority: 'urgent' });
    tick(7);
    expect(pool.statistics().oldestMs).toBe(37);
  });
});

describe('affinities', () => {
  // The second worker has done 'a'; then the first one does others.
  test.each([
    [4095, ['a', 'a again']],
    [4096, ['a']],
  ])('after %d others, jobs at the second worker: %j', async (others, expected) => {
    const { run, names, answer } = setUp({ size: 2 });
    void run('busy');
    void run('a', { affinity: 'a' });
    for (const n of [0, 1]) answer(n);
    for (let i = 0; i < others; i++) {
      void run('other', { affinity: `other ${i}` });
      answer(0);
    }
    void run('a again', { affinity: 'a' });
    expect(names(1)).toEqual(expected);
  });
});

describe('workers that die', () => {
  test('the job runs again on a new worker with the same bytes', async () => {
    const { run, worker, last, answer, pool, workers } = setUp();
    const result = run('job');
    worker(0).events.gone(new Error('out of memory'));
    expect(workers).toHaveLength(2);
    expect(last(1).input).toEqual(last(0).input);
    answer(1);
    expect(await result).toBe('job');
    expect(worker(0).ended).toBe(true);
    expect(pool.statistics()).toMatchObject({ restarts: 1, retries: 1, completed: 1, failed: 0, workers: 1 });
  });

  test('a bounded number of times; the next job has its own', async () => {
    const { run, worker, answer, workers } = setUp({ maxAttempts: 3 });
    const result = code(run('deadly'));
    for (let i = 0; i < 3; i++) worker(i).events.gone();
    expect(await result).toBe('COMPUTE_CRASHED');
    expect(workers).toHaveLength(3);
    const next = run('harmless');
    answer(3);
    expect(await next).toBe('harmless');
  });

  test('late words of a dead worker count for nothing', async () => {
    const { run, worker, last, answer } = setUp();
    const result = run('job');
    const { id } = last(0);
    worker(0).events.gone();
    worker(0).events.message({ id, framed: Uint8Array.of(66) });
    worker(0).events.gone();
    answer(1);
    expect(await result).toBe('job');
  });

  test('answers to other jobs and things that are no answers are not looked at', async () => {
    const { run, worker, last, answer } = setUp();
    const result = run('job');
    for (const reply of [undefined, null, 7, {}, { id: last(0).id }, { id: last(0).id + 1, framed: Uint8Array.of(1) }])
      worker(0).events.message(reply);
    answer(0);
    // A second answer to the same job.
    answer(0);
    expect(await result).toBe('job');
  });

  test('workers that cannot be started: the jobs fail by name, and later ones may succeed', async () => {
    let broken = true;
    const { run, answer } = setUp({ maxAttempts: 100, failSpawn: () => broken });
    expect(await code(run('job'))).toBe('COMPUTE_UNAVAILABLE');
    broken = false;
    const next = run('next');
    answer(0);
    expect(await next).toBe('next');
  });
});

describe('workers that hang', () => {
  test('are ended after the time of their kind of job; the job runs again, and late words count for nothing', async () => {
    const { run, worker, workers, last, answer, pool, tick, timers } = setUp({ patience: { quick: 100, long: 5000 } });
    const result = run('quick');
    tick(99);
    expect(workers).toHaveLength(1);
    tick(1);
    expect([workers.length, worker(0).ended]).toEqual([2, true]);
    worker(0).events.message({ id: last(0).id, framed: Uint8Array.of(66) });
    answer(1);
    expect(await result).toBe('quick');
    expect(pool.statistics()).toMatchObject({ hung: 1, restarts: 1, retries: 1, completed: 1 });
    // In time: nobody is ended, and no timer is left.
    const long = run('long');
    tick(4999);
    answer(1);
    expect(await long).toBe('long');
    expect([workers.length, timers.size]).toEqual([2, 0]);
  });

  test('a bounded number of times; a hung worker of a job that nobody wants any more is replaced, too', async () => {
    const { run, worker, workers, answer, pool, tick } = setUp({ patience: {}, maxAttempts: 2 });
    const deadly = code(run('deadly'));
    for (let i = 0; i < 2; i++) tick(1000);
    expect(await deadly).toBe('COMPUTE_CRASHED');
    const given = new AbortController();
    const left = code(run('left', { signal: given.signal }));
    given.abort();
    expect(await left).toBe('COMPUTE_CANCELLED');
    const next = run('next');
    expect(workers).toHaveLength(3);
    tick(1000);
    expect(worker(2).ended).toBe(true);
    answer(3);
    expect(await next).toBe('next');
    expect(pool.statistics().hung).toBe(3);
  });

  test('closing does not wait for them longer than that', async () => {
    const { run, pool, tick } = setUp({ patience: {}, maxAttempts: 1 });
    const result = code(run('hangs'));
    const closed = pool.close();
    tick(1000);
    await closed;
    expect(await result).toBe('COMPUTE_CRASHED');
  });
});

describe('giving up', () => {
  test('a job that waits is taken out; one that runs is finished for nobody, and never runs again', async () => {
    const { run, names, answer, worker, pool } = setUp();
    const running = new AbortController();
    const waiting = new AbortController();
    const first = code(run('runs', { signal: running.signal }));
    const second = code(run('waits', { signal: waiting.signal }));
    const third = run('last');
    waiting.abort();
    expect(await second).toBe('COMPUTE_CANCELLED');
    running.abort();
    expect(await first).toBe('COMPUTE_CANCELLED');
    expect(pool.active).toBe(1);
    worker(0).events.gone();
    expect(names(1)).toEqual(['last']);
    answer(1);
    expect(await third).toBe('last');
    const early = new AbortController();
    early.abort();
    expect(await code(run('never', { signal: early.signal }))).toBe('COMPUTE_CANCELLED');
  });

  test('closing: what waits fails, what runs ends, nothing new begins', async () => {
    const { run, pool, answer, worker } = setUp();
    const running = run('runs');
    const waiting = code(run('waits'));
    const closed = pool.close();
    expect(await waiting).toBe('COMPUTE_CLOSED');
    expect(await code(run('late'))).toBe('COMPUTE_CLOSED');
    let done = false;
    void closed.then(() => (done = true));
    await settle();
    expect(done).toBe(false);
    answer(0);
    expect(await running).toBe('runs');
    await closed;
    expect(worker(0).ended).toBe(true);
  });
});

describe('secrets', () => {
  test('a result that nobody waits for any more is overwritten, if its job was secret', async () => {
    const { pool, worker, last } = setUp();
    for (const [secret, left] of [
      [true, Uint8Array.of(0, 0)],
      [false, Uint8Array.of(7, 7)],
    ] as const) {
      const given = new AbortController();
      const result = code(pool.run(job('job', secret), { signal: given.signal }));
      given.abort();
      expect(await result).toBe('COMPUTE_CANCELLED');
      const framed = Uint8Array.of(7, 7);
      worker(0).events.message({ id: last(0).id, framed });
      expect(framed).toEqual(left);
    }
  });

  test("the pool's copy of a secret input is overwritten when the job is over; a public one is left alone", async () => {
    const { pool, worker, last, answer } = setUp();
    const held: Uint8Array[] = [];
    const input = Uint8Array.of(9, 9, 9);
    // The pool's own copy is made by `slice`.
    input.slice = () => {
      const copy = Uint8Array.from(input);
      held.push(copy);
      return copy;
    };
    const result = pool.run({ name: 'secret', input, secret: true });
    expect(held).toHaveLength(1);
    worker(0).events.gone();
    expect(last(1).input).toEqual(Uint8Array.of(9, 9, 9));
    expect(held[0]).toEqual(Uint8Array.of(9, 9, 9));
    answer(1);
    await result;
    expect(held[0]).toEqual(new Uint8Array(3));
    const open = pool.run({ name: 'public', input, secret: false });
    answer(1);
    await open;
    expect(held[1]).toEqual(Uint8Array.of(9, 9, 9));
  });
});
