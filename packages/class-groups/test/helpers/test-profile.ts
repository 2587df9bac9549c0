/**
 * The class group that tests run on: a toy discriminant of about 1033 bits, or with `DWALLET_TEST_PROFILE=112` (or 128) a full-size profile.
 * The same adversaries run on both (vitest.config.ts).
 */
import {
  type PublicParameters,
  clg112,
  clg128,
  createPublicParameters,
  deriveTestParameters,
} from '../../src/index.ts';
import { testKernel } from '../../../kernel/test/test-kernel.ts';

export const fullSize = process.env['DWALLET_TEST_PROFILE'];

export function testParameters(): PublicParameters {
  if (fullSize === '112') return createPublicParameters(testKernel, clg112);
  if (fullSize === '128') return createPublicParameters(testKernel, clg128);
  return deriveTestParameters(testKernel, 520);
}
