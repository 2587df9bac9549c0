/** The pool keeper in virtual time: it fills its own part, one session at a time, lets others go first, pauses and backs off. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../src/clock.ts';
import { PoolKeeper, type PoolKeeperOptions, type PoolMarks } from '../src/pool-keeper.ts';

/** Time that only passes when a test says so. */
class TestClock implements Clock {
  #time = 0;
  #timers: { at: number; fn: () => void }[] = [];
  now(): number {
    return this.#time;
  }
  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#time + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  soon(fn: () => void): void {
    this.after(0, fn);
  }
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#time = Math.max(this.#time, next.at);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.fn();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
    this.#time = end;
  }
}

interface Session {
  readonly leader: number;
  readonly batch: number;
  readonly at: number;
}

/** n keepers over one pool. A session takes `sessionMs`. */
class Pool {
  readonly clock = new TestClock();
  readonly sessions: Session[] = [];
  readonly own: number[];
  readonly keepers: PoolKeeper[];
  running = 0;
  /** Made before the keepers started. */
  base = 0;
  most = 0;
  busy: string | undefined;
  failing = false;
  readonly logs: string[] = [];
  readonly #down = new Set<number>();

  constructor(n: number, marks: Partial<PoolMarks> = {}, sessionMs = 2000) {
    this.own = Array.from({ length: n }, () => 0);
    const all = { low: 32, high: 64, batch: 16, floor: 1, ...marks };
    this.keepers = this.own.map((_, i) => {
      const options: PoolKeeperOptions = {
        clock: this.clock,
        marks: all,
        index: i + 1,
        validators: n,
        depth: () => ({ available: this.available, own: this.own[i] as number }),
        lead: (batch) => this.#lead(i, batch, sessionMs),
        busy: () => this.busy,
        log: (text) => this.logs.push(`${i + 1} ${text}`),
      };
      return new PoolKeeper(options);
    });
  }

  get available(): number {
    return this.own.reduce((sum, part) => sum + part, this.base);
  }
  async #lead(i: number, batch: number, ms: number): Promise<void> {
    this.sessions.push({ leader: i + 1, batch, at: this.clock.now() });
    this.most = Math.max(this.most, ++this.running);
    // Everybody contributes to its rounds.
    for (const [j, keeper] of this.keepers.entries()) if (j !== i && !this.#down.has(j)) keeper.sawForeignSession();
    await new Promise<void>((resolve) => this.clock.after(ms, resolve));
    this.running--;
    if (this.failing) throw new Error('no quorum');
    this.own[i] = (this.own[i] as number) + batch;
  }
  start(...without: readonly number[]): void {
    for (const i of without) this.#down.add(i - 1);
    for (const [i, keeper] of this.keepers.entries()) if (!this.#down.has(i)) keeper.start();
  }
  take(count: number): void {
    for (let i = 0; i < count; i++) {
      const at = this.own.indexOf(Math.max(...this.own));
      this.own[at] = (this.own[at] as number) - 1;
    }
  }
}

describe('the presign pool', () => {
  it('is filled to the high mark, each validator its own part, never two sessions at once', async () => {
    const pool = new Pool(4);
    pool.start();
    await pool.clock.pass(120_000);
    expect(pool.own).toEqual([16, 16, 16, 16]);
    expect(pool.sessions.map(({ batch }) => batch)).toEqual([16, 16, 16, 16]);
    expect(new Set(pool.sessions.map(({ leader }) => leader))).toEqual(new Set([1, 2, 3, 4]));
    expect(pool.most).toBe(1);
    const filled = pool.sessions.length;
    await pool.clock.pass(120_000);
    expect(pool.sessions).toHaveLength(filled);
  });

  it('nothing is made between the marks; below its part a validator makes up for its own only', async () => {
    const pool = new Pool(4);
    pool.start();
    await pool.clock.pass(120_000);
    const filled = pool.sessions.length;
    pool.take(28);
    await pool.clock.pass(60_000);
    expect(pool.sessions).toHaveLength(filled);
    pool.own[2] = 7;
    await pool.clock.pass(60_000);
    expect(pool.sessions.slice(filled).map(({ leader, batch }) => [leader, batch])).toEqual([[3, 9]]);
  });

  it('batches are never larger than configured, and the high mark is not passed', async () => {
    const pool = new Pool(4, { low: 40, high: 200, batch: 16 });
    pool.start();
    await pool.clock.pass(300_000);
    expect(pool.available).toBe(200);
    for (const { batch } of pool.sessions) expect(batch).toBeLessThanOrEqual(16);
  });

  it('after a restart nobody knows its own part: the pool is filled, not passed', async () => {
    const pool = new Pool(4);
    pool.base = 60;
    pool.start();
    await pool.clock.pass(60_000);
    expect(pool.available).toBe(64);
    expect(pool.sessions.map(({ batch }) => batch)).toEqual([4]);
  });

  it('the others stand in for validators that are away, after a while', async () => {
    const pool = new Pool(4);
    pool.start(3, 4);
    await pool.clock.pass(20_000);
    expect(pool.own).toEqual([16, 16, 0, 0]);
    pool.take(4);
    await pool.clock.pass(300_000);
    expect(pool.available).toBeGreaterThanOrEqual(32);
    expect(pool.available).toBeLessThanOrEqual(64);
    expect(pool.most).toBe(1);
  });

  it('pauses under load, but not below the floor', async () => {
    const pool = new Pool(4, { floor: 4 });
    pool.own.fill(2);
    pool.busy = '9 signatures are under way';
    pool.start();
    await pool.clock.pass(30_000);
    expect(pool.sessions).toEqual([]);
    expect(pool.keepers[0]?.state).toBe('paused');
    pool.take(5);
    await pool.clock.pass(10_000);
    expect(pool.sessions.length).toBeGreaterThan(0);
  });

  it('backs off when sessions fail, and says each change once', async () => {
    const pool = new Pool(4);
    pool.failing = true;
    pool.start(2, 3, 4);
    await pool.clock.pass(300_000);
    const gaps = pool.sessions.slice(1).map(({ at }, i) => at - (pool.sessions[i] as Session).at);
    expect(gaps.length).toBeGreaterThan(4);
    expect(gaps.toSorted((a, b) => a - b)).toEqual(gaps);
    expect(gaps[0]).toBeLessThan(5000);
    expect(Math.max(...gaps)).toBe(62_000);
    pool.failing = false;
    await pool.clock.pass(120_000);
    // It also stands in for the three that are away.
    expect(pool.own).toEqual([32, 0, 0, 0]);
    for (const [i, line] of pool.logs.entries()) expect(line).not.toBe(pool.logs[i + 1]);
  });

  it('a leader that is always at work does not hold the others off', async () => {
    const pool = new Pool(4);
    pool.start();
    for (let i = 0; i < 60; i++) {
      for (const keeper of pool.keepers) keeper.sawForeignSession();
      await pool.clock.pass(1000);
    }
    expect(pool.own.every((part) => part > 0)).toBe(true);
  });

  it('stops: no new session, and waits for the one that runs', async () => {
    const pool = new Pool(4);
    pool.start(2, 3, 4);
    await pool.clock.pass(1500);
    expect(pool.running).toBe(1);
    let stopped = false;
    const stop = pool.keepers[0]?.stop().then(() => (stopped = true));
    await pool.clock.pass(100);
    expect(stopped).toBe(false);
    await pool.clock.pass(5000);
    await stop;
    await pool.clock.pass(60_000);
    expect(pool.sessions).toHaveLength(1);
  });

  it('a low mark of 0 turns it off', async () => {
    const pool = new Pool(4, { low: 0 });
    pool.start();
    await pool.clock.pass(60_000);
    expect(pool.sessions).toEqual([]);
  });
});
