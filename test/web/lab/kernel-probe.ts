/** The same computations wherever they run: their digest must not depend on the kernel, nor on who runs it. */
import { type Profile, createPublicParameters } from '@dwallet/class-groups';
import type { Kernel } from '@dwallet/kernel';
import { Secret, encodeText, hashTagged, secp256k1Curve, seededRandom, uniformBits } from '@dwallet/sigma';
import { deriveUserKey, registerUserKey } from '@dwallet/two-pc-mpc/client';
import { sha256 } from '@noble/hashes/sha2.js';

/** Hex. Covers decoding, composition, squaring, inversion, fixed-base and constant-time powers, and what a wallet says first. */
export function kernelProbe(kernel: Kernel, profile: Profile): string {
  const parameters = createPublicParameters(kernel, profile);
  const { group, randomnessBits } = parameters;
  const random = seededRandom(hashTagged('test-random', [encodeText('kernel-probe')], 32));
  const digest = sha256.create().update(parameters.digest);
  let element = parameters.powerOfH(uniformBits(random, randomnessBits), randomnessBits);
  for (let round = 0; round < 3; round++) {
    const exponent = uniformBits(random, 256);
    const other = group.decode(group.encode(group.powerVartime(element, exponent)));
    const power = group.power(element, exponent, 256);
    element = group.compose(group.square(other), group.invert(power));
    element = group.compose(element, group.power(other, uniformBits(random, 256), 256));
    for (const each of [other, power, element]) digest.update(group.encode(each));
  }
  const { encryptionKey, secretKey } = deriveUserKey(secp256k1Curve, parameters, new Secret(random(32)));
  digest.update(registerUserKey(secp256k1Curve, parameters, encryptionKey, new Secret(random(32))));
  secretKey.destroy();
  return Array.from(digest.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
