/** A clock that can jump ahead: everything that is due by then fires at once. */
import { performance } from 'node:perf_hooks';

interface Timer {
  due: number;
  readonly run: () => void;
  handle: NodeJS.Timeout;
}

export class JumpingClock {
  #ahead = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return performance.now() + this.#ahead;
  }
  after(ms: number, fn: () => void): () => void {
    const timer: Timer = { due: this.now() + Math.max(0, ms), run: fn, handle: setTimeout(() => {}, 0) };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      clearTimeout(timer.handle);
      this.#timers.delete(timer);
    };
  }
  soon(fn: () => void): void {
    setImmediate(fn);
  }
  jump(ms: number): void {
    this.#ahead += ms;
    for (const timer of this.#timers) this.#arm(timer);
  }
  #arm(timer: Timer): void {
    clearTimeout(timer.handle);
    timer.handle = setTimeout(
      () => {
        this.#timers.delete(timer);
        timer.run();
      },
      Math.max(0, timer.due - this.now()),
    );
  }
}
