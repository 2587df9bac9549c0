/**
 * L_DComEq[(P_1, H), (P_2, H)]: Y_i = w P_i + rho_i H for i = 1, 2 (MPC 6.4).
 *
 * @module
 */
import type { Curve, Point } from '../curve.ts';
import type { Language } from '../language.ts';

/** Statement (Y_1, Y_2); witness (w, rho_1, rho_2). */
export const equalityOfCommittedValues = (curve: Curve, base1: Point, base2: Point): Language => {
  const H = { kind: 'curve', point: curve.H } as const;
  return {
    name: 'L_DComEq',
    version: 1,
    statisticalBits: 0,
    curve,
    coordinates: [
      { name: 'w', kind: 'scalar' },
      { name: 'rho1', kind: 'scalar' },
      { name: 'rho2', kind: 'scalar' },
    ],
    rows: [base1, base2].map((point, i) => ({
      group: 'curve',
      terms: [
        { base: { kind: 'curve', point }, coordinate: 0 },
        { base: H, coordinate: i + 1 },
      ],
    })),
    parameters: [...curve.parameters, curve.encodePoint(curve.H), curve.encodePoint(base1), curve.encodePoint(base2)],
  };
};
