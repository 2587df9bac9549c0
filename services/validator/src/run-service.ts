/**
 * A validator's service as a process: signals, and what happens when an error was handled by nobody. Also the entry point of programs that start
 * a validator of their own, such as the demonstration of one that misbehaves.
 *
 * @module
 */
import { exitCodes } from './exit-codes.ts';
import { errorFields } from './logging.ts';
import type { ValidatorService } from './service.ts';

export { loadConfig } from './config.ts';
export { exitCodes } from './exit-codes.ts';
export { type ServeHookParts, type ServiceOptions, type ServiceSeams, ValidatorService } from './service.ts';
// What a demonstration's validator needs to lie in the zone log.
export {
  type SlotMessage,
  decidedSlotFact,
  decodeBatch,
  decodeProposalAnswer,
  decodeSlotMessage,
  decodeSlotStatus,
  encodeBatch,
  encodeProposalAnswer,
  encodeSlotMessage,
  encodeSlotStatus,
  preparedSlotFact,
  slotDigest,
} from './zones/log/slots.ts';

/**
 * Runs a service until a signal ends it; the second one ends the process at once.
 * @param lifeline - standard input is a line to whoever started this process: its end is a signal too.
 * @returns the exit code.
 * @throws when the service cannot start.
 */
export async function runService(service: ValidatorService, lifeline: boolean): Promise<number> {
  const over = new Promise<number>((resolve_) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) {
        service.log.warn('a second signal: ending at once');
        service.log.flush();
        process.exit(exitCodes.interrupted);
      }
      stopping = true;
      void service.stop().then(resolve_);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    if (lifeline) {
      // Whoever started this process holds the other end, and is gone when it closes.
      process.stdin.resume();
      process.stdin.once('close', () => (stopping ? undefined : stop()));
      process.stdin.once('end', () => (stopping ? undefined : stop()));
    }
  });
  process.on('SIGHUP', () => {
    try {
      service.reload();
    } catch (error) {
      service.log.error('the certificates stay as they are', errorFields(error));
    }
  });
  for (const kind of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(kind, (error: unknown) => {
      service.unforeseen(kind, error);
      process.exit(exitCodes.bug);
    });
  }
  await service.start();
  return over;
}
