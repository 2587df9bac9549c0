/**
 * L_DComDL[G, H; P]: C = w G + rho H and Y = w P (MPC 6.4).
 *
 * @module
 */
import type { Curve, Point } from '../curve.ts';
import type { Language } from '../language.ts';

/** Statement (C, Y); witness (w, rho). */
export const committedDiscreteLog = (curve: Curve, base: Point): Language => ({
  name: 'L_DComDL',
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
        { base: { kind: 'curve', point: curve.G }, coordinate: 0 },
        { base: { kind: 'curve', point: curve.H }, coordinate: 1 },
      ],
    },
    { group: 'curve', terms: [{ base: { kind: 'curve', point: base }, coordinate: 0 }] },
  ],
  parameters: [...curve.parameters, curve.encodePoint(curve.H), curve.encodePoint(base)],
});
