/**
 * Security profiles and the size parameters that follow from them (CG 0, 2.4, 2.5; MPC 0.2).
 *
 * @module
 */

/** A size of the fundamental discriminant. `production: false` profiles are refused by every service and wallet. */
export interface Profile {
  readonly id: string;
  /** D: target bit length of Delta_K. */
  readonly fundamentalBits: number;
  readonly production: boolean;
}

/** 128 bits of security, the default. */
export const clg128: Profile = { id: 'CLG-128', fundamentalBits: 1827, production: true };
/** 112 bits, for comparison with other systems; must be asked for. */
export const clg112: Profile = { id: 'CLG-112', fundamentalBits: 1348, production: true };

/** The profile of so many bits, as settings and command lines name it. */
export const profileOf = (bits: '112' | '128'): Profile => (bits === '112' ? clg112 : clg128);

/** lambda: Fiat-Shamir challenge bits. */
export const lambda = 128;
/** sigma: statistical hiding. The larger of CG (80) and MPC (96 for the client's secrets), used everywhere (docs/protocol-notes.md). */
export const sigma = 96;
/** kappa: power-of-two clearing (CG 4.5). */
export const kappa = 128;
/** N_max: largest total weight. */
export const maxTotalWeight = 128;

/**
 * ell_r (CG 2.4) and R (MPC 0.2): bits of encryption randomness, secret keys and DKG contributions. The larger of both formulas:
 * 1020 for D = 1827, 781 for D = 1348 at sigma = 96.
 */
export function randomnessBits(fundamentalBits: number, statisticalBits: number = sigma): number {
  const cg = Math.ceil(fundamentalBits / 2) + 10 + statisticalBits;
  const mpc = Math.floor(fundamentalBits / 2) + statisticalBits + Math.floor(Math.log2(fundamentalBits)) + 1;
  return Math.max(cg, mpc);
}
