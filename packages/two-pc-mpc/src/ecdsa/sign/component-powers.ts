/**
 * Powers of one component (c1 or c2) of the ciphertexts that a client evaluates. Every base has two to six secret exponents of up to 1500 bits, of
 * the coefficients and of their masks, so a small table that lives as long as the message pays (kernel.md section 7).
 *
 * @module
 */
import {
  type Ciphertext,
  type EncryptionKey,
  type PublicParameters,
  powerOfBase,
  randomizedCoefficientBits,
} from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import { challengeBits } from '@dwallet/sigma';
import type { NetworkSetup } from '../../types.ts';
import type { EvaluationRandomness } from './second-stage-randomness.ts';

/** Larger tables cost more to build than they save. */
const tableBytes = 48 * 1024;

/** sigma + lambda: how much longer a mask is than the value that it hides. */
const maskSlack = ({ statisticalBits }: PublicParameters): number => statisticalBits + challengeBits;

/** base^exponent for secret exponents up to the length of a mask. */
export type PowerOf = (exponent: bigint) => Element;

/** The coordinates of an evaluation that enter the class group. All secret. */
export interface EvaluationExponents {
  /** On the first and on the second input. */
  readonly first: bigint;
  readonly second: bigint;
  readonly eta: bigint;
  /** Bound of eta in bits, public. */
  readonly etaBits: number;
}

/** (a1 + u1 q, a2 + u2 q, eta): the witness. */
export const witnessExponents = (
  { randomnessBits: etaBits }: PublicParameters,
  [a1, a2]: readonly [bigint, bigint],
  { shifts: [shift1, shift2], eta }: EvaluationRandomness,
): EvaluationExponents => ({ first: a1 + shift1, second: a2 + shift2, eta, etaBits });

/** t: the mask of the witness. */
export const maskExponents = (parameters: PublicParameters, { t }: EvaluationRandomness): EvaluationExponents => ({
  first: t[0] as bigint,
  second: t[1] as bigint,
  eta: t[4] as bigint,
  etaBits: parameters.randomnessBits + maskSlack(parameters),
});

/** Powers of one component. */
export interface ComponentPowers {
  /** This component of a ciphertext. */
  readonly of: (ciphertext: Ciphertext) => Element;
  /** Builds the table of this component of the ciphertext. Its look-ups are regular. */
  readonly powerOf: (ciphertext: Ciphertext) => PowerOf;
  /** This component of Enc(0; eta): h^eta or pk^eta. */
  readonly ofKey: (exponents: EvaluationExponents) => Element;
}

export function componentPowers(
  { parameters, encryptionKey }: NetworkSetup,
  component: keyof Ciphertext,
): ComponentPowers {
  const { group, randomnessBits } = parameters;
  const longest = randomizedCoefficientBits(parameters) + maskSlack(parameters);
  // Four powers of pk are worth a table too, where the wallet has none (`withKeyTables`).
  const withOwnTable = (): EncryptionKey => ({
    ...encryptionKey,
    table: group.buildTable(encryptionKey.element, randomnessBits + maskSlack(parameters), tableBytes),
  });
  let key: EncryptionKey | undefined;
  return {
    of: (ciphertext) => ciphertext[component],
    powerOf(ciphertext) {
      const table = group.buildTable(ciphertext[component], longest, tableBytes);
      return (exponent) => group.tablePower(table, exponent);
    },
    ofKey({ eta, etaBits }) {
      if (component === 'c1') return parameters.powerOfH(eta, etaBits);
      key ??= encryptionKey.table === undefined ? withOwnTable() : encryptionKey;
      return powerOfBase(parameters, key, eta, etaBits);
    },
  };
}

/** The same of both components. */
export const ofBoth = <T>(make: (component: keyof Ciphertext) => T): readonly [T, T] => [make('c1'), make('c2')];
