/**
 * What must hold of the measured sizes.
 *
 * @module
 */
import { clg128 } from '@dwallet/class-groups';
import type { Recorder } from './recorder.ts';

/** The largest client message at CLG-128, in bytes. */
export const maxClientMessageBytes = 8192;

export interface Check {
  readonly text: string;
  readonly holds: boolean;
}

/** One check per profile for the independence of n, one for the size at CLG-128. */
export function checkSizes(recorders: readonly Recorder[]): Check[] {
  const checks: Check[] = [];
  for (const profile of new Set(recorders.map((recorder) => recorder.profile))) {
    const own = recorders.filter((recorder) => recorder.profile === profile);
    const sizes = own.flatMap((recorder) => recorder.sizes('sign.client') ?? []);
    const distinct = [...new Set(sizes)];
    const numbers = own.map(({ n }) => n);
    const compared = numbers.length > 1 ? 'independent of n' : 'one n, so nothing to compare';
    checks.push({
      text: `${profile}: client sign message of ${distinct.join(', ')} bytes at n = ${numbers.join(', ')}: ${compared}`,
      holds: distinct.length === 1,
    });
    if (profile === clg128.id) {
      checks.push({
        text: `${profile}: client sign message of at most ${maxClientMessageBytes} bytes`,
        holds: sizes.length > 0 && sizes.every((size) => size <= maxClientMessageBytes),
      });
    }
  }
  return checks;
}
