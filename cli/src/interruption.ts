/**
 * Ctrl-C.
 *
 * @module
 */
import { CommandError } from './network/layout.ts';

/** Ended by SIGINT or SIGTERM; the second one ends the process as it would without us. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(new CommandError(name)));
  return controller.signal;
}
