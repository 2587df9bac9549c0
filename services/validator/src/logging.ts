/**
 * Logs: one JSON object a line. A line carries texts, numbers and truth values only, never objects or bytes, so that no secret can get in by
 * accident; what is known of the current request (trace id, session) is added to every line.
 *
 * @module
 */
import { DWalletError } from '@dwallet/sigma';
import { type Level, pino } from 'pino';

export type LogLevel = Level | 'silent';

/** What a line may carry beside its text. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  fatal(text: string, fields?: LogFields): void;
  /** Once per key and hour: for what would otherwise be said in a loop. */
  once(key: string, text: string, fields?: LogFields): void;
  flush(): void;
}

/** Names that never carry anything worth reading in a log. */
const secretName = /pass(phrase|word)|secret|seed|share|private|^key$|token/i;
const maxTextLength = 2000;
const onceMs = 3_600_000;
const maxOnce = 1024;

function plain(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (secretName.test(name)) line[name] = '[redacted]';
    else if (typeof value === 'string') line[name] = value.slice(0, maxTextLength);
    else line[name] = typeof value === 'number' || typeof value === 'boolean' ? value : '[not logged]';
  }
  return line;
}

/** What of an error may be logged: ours say nothing secret; of others only name and place, as a message might quote anything. */
export function errorFields(error: unknown): LogFields {
  if (error instanceof DWalletError) {
    const check = 'check' in error && typeof error.check === 'string' ? error.check : undefined;
    return { error: error.name, code: error.code, check, reason: error.message };
  }
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : '';
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: error.name,
    ...(code === '' ? {} : { code }),
    at: at
      .slice(0, 6)
      .map((line) => line.trim())
      .join(' | '),
  };
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Appended to; default: standard output. */
  readonly file?: string;
  /** On every line. */
  readonly base?: LogFields;
  /** What is known of the current request. */
  readonly context?: () => LogFields;
  /** Milliseconds; for {@link Logger.once}. */
  readonly now?: () => number;
  /** For tests: where lines go instead. */
  readonly write?: (line: string) => void;
}

export function createLogger(options: LoggerOptions): Logger {
  const { level, file, base = {}, context = () => ({}), now = () => performance.now(), write } = options;
  // Synchronous: the last lines before a crash are the ones that somebody will look for.
  const destination =
    write === undefined ? pino.destination({ dest: file ?? 1, sync: true, append: true, mkdir: true }) : { write };
  const logger = pino(
    {
      level,
      base: plain(base),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => plain(context()),
    },
    destination,
  );
  const said = new Map<string, number>();
  const at =
    (name: Exclude<LogLevel, 'silent' | 'trace'>) =>
    (text: string, fields: LogFields = {}): void =>
      logger[name](plain(fields), text.slice(0, maxTextLength));
  const warn = at('warn');
  return {
    debug: at('debug'),
    info: at('info'),
    warn,
    error: at('error'),
    fatal: at('fatal'),
    once(key, text, fields) {
      const last = said.get(key);
      if (last !== undefined && now() - last < onceMs) return;
      if (said.size >= maxOnce) said.clear();
      said.set(key, now());
      warn(text, fields);
    },
    flush: () => logger.flush(),
  };
}
