/**
 * L_DCom[P, H]: Y = w P + rho H. Knowledge of the opening of a Pedersen commitment with message base P (MPC 6.3).
 *
 * With P = C = w G + rho H and Y = G it proves w != 0: the witness is (w^-1, -w^-1 rho).
 *
 * @module
 */
import { type Curve, type Point, invertMod } from '../curve.ts';
import { mod } from '../encoding.ts';
import type { Language } from '../language.ts';

/** Statement (Y); witness (w, rho). */
export const decommitment = (curve: Curve, messageBase: Point): Language => ({
  name: 'L_DCom',
  version: 1,
  statisticalBits: 0,
  curve,
  coordinates: [
    { name: 'w', kind: 'scalar' },
    { name: 'rho', kind: 'scalar' },
  ],
  rows: [
    {
      group: 'curve',
      terms: [
        { base: { kind: 'curve', point: messageBase }, coordinate: 0 },
        { base: { kind: 'curve', point: curve.H }, coordinate: 1 },
      ],
    },
  ],
  parameters: [...curve.parameters, curve.encodePoint(curve.H), curve.encodePoint(messageBase)],
});

/** The witness of the non-zero trick for C = w G + rho H. @throws InvalidArgumentsError for w = 0. */
export function nonZeroWitness(curve: Curve, w: bigint, rho: bigint): readonly [bigint, bigint] {
  const inverse = invertMod(w, curve.q);
  return [inverse, mod(-inverse * rho, curve.q)];
}
