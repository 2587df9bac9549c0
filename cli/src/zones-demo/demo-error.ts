/** The demonstration could not go on. What does not hold is a failed check, not an error. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
