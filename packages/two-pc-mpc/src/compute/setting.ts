/**
 * What a worker is told when it starts, so that it computes in the same class group as whoever asks it.
 *
 * @module
 */
import {
  type ParameterOptions,
  type PublicParameters,
  clg112,
  clg128,
  createPublicParameters,
  deriveTestParameters,
} from '@dwallet/class-groups';
import type { Kernel } from '@dwallet/kernel';
import { type Curve, InvalidArgumentsError, secp256k1Curve } from '@dwallet/sigma';
import { type JobContext, createJobContext } from './job-context.ts';

/** Plain data: it is cloned into threads and written into files. */
export interface ComputeSetting {
  /** Name of the kernel. */
  readonly kernel: string;
  readonly profile: string;
  readonly fundamentalBits: number;
  /** Digest of the parameters, hex: a worker with others does not start. */
  readonly parameters: string;
  readonly curve: string;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export const settingOf = (parameters: PublicParameters, curve: Curve): ComputeSetting => ({
  kernel: parameters.group.kernel,
  profile: parameters.profile.id,
  fundamentalBits: parameters.profile.fundamentalBits,
  parameters: hex(parameters.digest),
  curve: curve.name,
});

/**
 * The context that a setting describes.
 * @param kernels - those that the platform has.
 * @throws InvalidArgumentsError unless it leads to exactly the parameters that the setting names.
 */
export function contextOf(
  setting: ComputeSetting,
  kernels: readonly Kernel[],
  options: ParameterOptions = {},
): JobContext {
  const kernel = kernels.find(({ name }) => name === setting.kernel);
  if (kernel === undefined) throw new InvalidArgumentsError('setting.kernel', 'is unknown');
  if (setting.curve !== secp256k1Curve.name) throw new InvalidArgumentsError('setting.curve', 'is unknown');
  const profile = [clg128, clg112].find(({ id }) => id === setting.profile);
  const parameters =
    profile === undefined
      ? deriveTestParameters(kernel, setting.fundamentalBits, options)
      : createPublicParameters(kernel, profile, options);
  if (hex(parameters.digest) !== setting.parameters) {
    throw new InvalidArgumentsError('setting.parameters', 'are not those of this profile');
  }
  return createJobContext(parameters, secp256k1Curve);
}
