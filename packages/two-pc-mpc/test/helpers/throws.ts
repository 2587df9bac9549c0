/** Expectations on typed errors: which class, which check id. */
import { CheckError, DecodeError } from '@dwallet/sigma';
import { expect } from 'vitest';

/** Runs `action`; it must throw an error of our own. Returns it. */
export function thrown(action: () => unknown): Error & { readonly check?: string | undefined; readonly code?: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

/** A refusal (CheckError or DecodeError) that names exactly this check. */
export function expectCheck(check: string, action: () => unknown): void {
  const error = thrown(action);
  if (!(error instanceof CheckError || error instanceof DecodeError)) throw error;
  expect(error.check, error.message).toBe(check);
}

/** An error of the given name, such as InvalidArgumentsError. */
export function expectError(name: string, action: () => unknown): void {
  const error = thrown(action);
  expect(error.name, error.message).toBe(name);
}
