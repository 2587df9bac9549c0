/**
 * A person reads what is about to be signed, and says yes or no.
 *
 * @module
 */
import type { Approval } from '@dwallet/client-sdk/node';
import { CommandError } from '../network/layout.ts';
import { exitCodes } from './errors.ts';
import type { Output } from './output.ts';
import { confirm } from './secrets.ts';

/** Shows every line; with `--yes` nobody is asked. @throws CommandError with exit code 3 when there is nobody to ask. */
export const approving =
  (output: Output, yes: boolean) =>
  async ({ chainId, format, lines }: Approval): Promise<boolean> => {
    if (!output.json || !yes) {
      output.note(`To be signed (${chainId}, ${format}):`);
      for (const line of lines) output.note(`  ${line}`);
    }
    if (yes) return true;
    if (!process.stdin.isTTY || !process.stderr.isTTY)
      throw new CommandError('nobody was asked: there is no terminal; --yes signs without asking', exitCodes.refused);
    return confirm('Sign this?');
  };
