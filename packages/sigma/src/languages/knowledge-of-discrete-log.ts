/**
 * L_DL: X = x G. Knowledge of a discrete logarithm (MPC 6.3).
 *
 * @module
 */
import type { Curve } from '../curve.ts';
import type { Language } from '../language.ts';

/** Statement (X); witness (x). */
export const discreteLog = (curve: Curve): Language => ({
  name: 'L_DL',
  version: 1,
  statisticalBits: 0,
  curve,
  coordinates: [{ name: 'x', kind: 'scalar' }],
  rows: [{ group: 'curve', terms: [{ base: { kind: 'curve', point: curve.G }, coordinate: 0 }] }],
  parameters: curve.parameters,
});
