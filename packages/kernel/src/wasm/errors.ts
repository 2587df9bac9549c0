/**
 * @module
 */

/**
 * The module trapped: one of its own consistency checks failed (an exact division with a remainder, a result of another
 * discriminant). It is a fault of this software or of the machine, never of an input, and no result is returned.
 */
export class KernelFaultError extends Error {
  override readonly name = 'KernelFaultError';
  readonly code = 'KERNEL_FAULT';
}
