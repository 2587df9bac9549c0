/**
 * Two independent kernels under one protocol: same randomness, same bytes.
 */
import { referenceKernel } from '@dwallet/kernel';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { seededRandom } from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import { decrypt, deriveTestParameters, encodeCiphertext, encrypt, generateKey } from '../src/index.ts';
import { runNetworkDkg } from './helpers/run-network-dkg.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('CG:T27: BigInt reference and WebAssembly', () => {
  const [reference, wasm] = [referenceKernel, wasmKernel].map((kernel) => deriveTestParameters(kernel, 520)) as [
    ReturnType<typeof deriveTestParameters>,
    ReturnType<typeof deriveTestParameters>,
  ];

  it('the same parameters, key, ciphertext and plaintext', () => {
    const run = (parameters: typeof reference): string[] => {
      const random = seededRandom(new Uint8Array(32).fill(5));
      const { secretKey, encryptionKey } = generateKey(parameters, random);
      const { ciphertext } = encrypt(parameters, encryptionKey, 123456789n, random);
      expect(decrypt(parameters, secretKey, ciphertext)).toBe(123456789n);
      return [
        parameters.digest,
        parameters.group.encode(parameters.h),
        parameters.group.encode(encryptionKey.element),
        encodeCiphertext(parameters, ciphertext),
      ].map(hex);
    };
    expect(run(wasm)).toEqual(run(reference));
  });

  it('the same network DKG: every message, transcript, challenge and share', () => {
    const run = (parameters: typeof reference): unknown => {
      const { messages, state, shares } = runNetworkDkg(parameters, [1, 1, 1, 1], { seed: 'two-kernels' });
      const flat = (value: unknown): unknown =>
        value instanceof Uint8Array
          ? hex(value)
          : value instanceof Map
            ? [...value].map(([k, v]) => [k, flat(v)])
            : Array.isArray(value)
              ? value.map(flat)
              : typeof value === 'object' && value !== null
                ? Object.entries(value).map(([k, v]) => [k, flat(v)])
                : value;
      return [
        flat(messages),
        hex(parameters.group.encode(state.encryptionKey.element)),
        [...state.verificationKeys].map(([j, v]) => [j, hex(parameters.group.encode(v))]),
        [...shares].map(([v, held]) => [v, held.map(({ share }) => share.expose().toString(16))]),
      ];
    };
    const bytes = JSON.stringify(run(wasm));
    expect(bytes.length).toBeGreaterThan(10_000);
    expect(bytes).toBe(JSON.stringify(run(reference)));
  });
});
