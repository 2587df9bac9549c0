/**
 * Narration of a run: text for people (with the seconds of whatever takes longer than one), one JSON object a line for programs.
 *
 * @module
 */

/** A JSON event. `event` names it; everything else is plain data. */
export interface ReportEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

export interface Reporter {
  /** A numbered part of the run. */
  section(title: string): void;
  /** Runs one step, showing that it is under way and how long it took. */
  step<T>(title: string, work: (progress: (detail: string) => void) => Promise<T>): Promise<T>;
  /** A fact worth reading. In JSON, `event` is printed instead of the text. */
  say(text: string, event: ReportEvent): void;
  /** A failure sentence. */
  fail(text: string): void;
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;

function textReporter(): Reporter {
  const out = process.stdout;
  const line = (text: string): void => {
    out.write(`${text}\n`);
  };
  let sections = 0;
  return {
    section: (title) => line(`\n${++sections}. ${title}`),
    async step(title, work) {
      const begin = performance.now();
      let detail = '';
      const status = (): string =>
        `   · ${title}${detail === '' ? '' : `: ${detail}`} … ${seconds(begin).toFixed(0)} s`;
      const timer = setInterval(
        () => {
          if (out.isTTY) out.write(`\r\x1b[2K${status()}`);
          else line(status());
        },
        out.isTTY ? 500 : 5000,
      );
      const clear = (): void => {
        clearInterval(timer);
        if (out.isTTY) out.write('\r\x1b[2K');
      };
      try {
        const result = await work((text) => {
          detail = text;
        });
        clear();
        line(`   ✓ ${title} (${seconds(begin).toFixed(1)} s)`);
        return result;
      } catch (error) {
        clear();
        line(`   ✗ ${title} (${seconds(begin).toFixed(1)} s)`);
        throw error;
      }
    },
    say: (text) => line(`   ${text}`),
    fail: (text) => process.stderr.write(`\nFailed: ${text}\n`),
  };
}

function jsonReporter(): Reporter {
  const emit = (event: ReportEvent): void => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  return {
    section: (title) => emit({ event: 'section', title }),
    async step(title, work) {
      const begin = performance.now();
      emit({ event: 'step', title, state: 'started' });
      const timer = setInterval(() => emit({ event: 'step', title, state: 'running', seconds: seconds(begin) }), 2000);
      try {
        const result = await work((detail) =>
          emit({ event: 'step', title, state: 'running', detail, seconds: seconds(begin) }),
        );
        emit({ event: 'step', title, state: 'finished', seconds: seconds(begin) });
        return result;
      } catch (error) {
        emit({ event: 'step', title, state: 'failed', seconds: seconds(begin) });
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
    say: (_text, event) => emit(event),
    fail: (text) => emit({ event: 'error', message: text }),
  };
}

export const createReporter = (json: boolean): Reporter => (json ? jsonReporter() : textReporter());
