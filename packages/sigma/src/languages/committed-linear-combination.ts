/**
 * L_VecDComDL[G, H; P_1, P_2]: C_i = w_i G + rho_i H and Y = w_1 P_1 + w_2 P_2 (MPC 6.4).
 *
 * @module
 */
import type { Curve, Point } from '../curve.ts';
import type { Language } from '../language.ts';

/** Statement (C_1, C_2, Y); witness (w_1, w_2, rho_1, rho_2). */
export const committedLinearCombination = (curve: Curve, base1: Point, base2: Point): Language => {
  const point = (p: Point) => ({ kind: 'curve', point: p }) as const;
  return {
    name: 'L_VecDComDL',
    version: 1,
    statisticalBits: 0,
    curve,
    coordinates: ['w1', 'w2', 'rho1', 'rho2'].map((name) => ({ name, kind: 'scalar' })),
    rows: [
      ...[0, 1].map((i) => ({
        group: 'curve' as const,
        terms: [
          { base: point(curve.G), coordinate: i },
          { base: point(curve.H), coordinate: i + 2 },
        ],
      })),
      {
        group: 'curve',
        terms: [
          { base: point(base1), coordinate: 0 },
          { base: point(base2), coordinate: 1 },
        ],
      },
    ],
    parameters: [...curve.parameters, curve.encodePoint(curve.H), curve.encodePoint(base1), curve.encodePoint(base2)],
  };
};
