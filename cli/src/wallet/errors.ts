/**
 * How the wallet's commands end.
 *
 * @module
 */
import { CommandError } from '../network/layout.ts';

export const exitCodes = {
  /** Done. */
  ok: 0,
  /** It did not work, or does not hold. */
  failed: 1,
  /** Wrong arguments, or a file that is no such thing. */
  usage: 2,
  /** Somebody said no: the person, the keystore (wrong passphrase), validators, a node. */
  refused: 3,
  /** Nobody could be asked. The same command may work later. */
  unavailable: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** Arguments that commander cannot judge. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super(message, exitCodes.usage);
  }
}
