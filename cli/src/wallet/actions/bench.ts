/**
 * `dwallet bench`: what the wallet's own work costs on this machine, in a few seconds and without a network.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { clg112, clg128, createPublicParameters, encrypt, withTable } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Random, Secret, secp256k1Curve, uniformNonZero } from '@dwallet/sigma';
import {
  createDWallet,
  createNetworkSetup,
  deriveUserKey,
  openSession,
  signingPublicKey,
  userKeyId,
} from '@dwallet/two-pc-mpc/client';
import type { Output } from '../output.ts';

interface BenchOptions {
  readonly profile: '112' | '128';
  readonly rounds: number;
}

interface Sample {
  readonly cpuMs: number;
  readonly wallMs: number;
}

const random: Random = (length) => new Uint8Array(randomBytes(length));

function timed<T>(work: () => T): { readonly result: T; readonly sample: Sample } {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const result = work();
  const wallMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  return { result, sample: { cpuMs: (user + system) / 1000, wallMs } };
}

const median = (values: readonly number[]): number => [...values].sort((x, y) => x - y)[values.length >> 1] ?? 0;

/** A setup as a network would have it, of a key whose secret nobody keeps: the wallet's work does not depend on who made it. */
function madeUpSetup(parameters: ReturnType<typeof createPublicParameters>) {
  const curve = secp256k1Curve;
  const { encryptionKey } = deriveUserKey(curve, parameters, new Secret(random(32)));
  const shares = [uniformNonZero(random, curve.q), uniformNonZero(random, curve.q)] as const;
  const [first, second] = shares.map((share) => encrypt(parameters, encryptionKey, share, random).ciphertext);
  if (first === undefined || second === undefined) throw new Error('two shares were encrypted');
  return createNetworkSetup({
    curve,
    parameters,
    encryptionKey,
    publicShares: [curve.multiply(curve.G, shares[0]), curve.multiply(curve.G, shares[1])],
    shareCiphertexts: [first, second],
  });
}

export async function bench(output: Output, { profile, rounds }: BenchOptions): Promise<void> {
  const progress = output.progress();
  const figures: { readonly figure: string; readonly text: string; readonly samples: Sample[] }[] = [];
  const measure = <T>(figure: string, text: string, work: () => T): T => {
    progress.step(text);
    const { result, sample } = timed(work);
    const known = figures.find((one) => one.figure === figure);
    if (known === undefined) figures.push({ figure, text, samples: [sample] });
    else known.samples.push(sample);
    return result;
  };
  try {
    const curve = secp256k1Curve;
    const group = profile === '112' ? clg112 : clg128;
    const parameters = createPublicParameters(wasmKernel, group);
    const seed = random(32);
    measure('start', 'first key of a process, with the table of h', () =>
      deriveUserKey(curve, parameters, new Secret(seed)),
    );
    const setup = madeUpSetup(parameters);
    const account = new Secret(random(32));
    const address = signingPublicKey(account);
    for (let round = 0; round < rounds; round++) {
      // The compilers have seen everything once before the first round that counts.
      const { encryptionKey } = measure('key', 'user encryption key from the seed', () =>
        deriveUserKey(curve, parameters, new Secret(seed)),
      );
      const key = measure('key-table', 'table of that key', () => withTable(parameters, encryptionKey));
      const { sessionId } = openSession('USER', address, random);
      const userKey = { key, id: userKeyId(curve, parameters, encryptionKey, address), account: address };
      measure('create', 'user share, its encryption and proofs', () =>
        createDWallet({ setup, sessionId, share: { mode: 'encrypted', userKey }, accountKey: account, random }),
      );
    }
  } finally {
    progress.done();
  }
  const results = figures.map(({ figure, samples }) => ({
    figure: `wallet.${figure}`,
    value: Number(median(samples.map(({ cpuMs }) => cpuMs)).toPrecision(4)),
    unit: 'ms',
    wallMs: Number(median(samples.map(({ wallMs }) => wallMs)).toPrecision(4)),
    samples: samples.length,
  }));
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  const environment = {
    profile: `CLG-${profile}`,
    node: process.version,
    cores: availableParallelism(),
    peakMemoryMiB: peak,
  };
  output.result({ ...environment, figures: results }, [
    `CLG-${profile}, Node ${process.version}, ${environment.cores} cores; CPU time, medians of ${rounds}`,
    ...results.map(({ value }, i) => `  ${(figures[i]?.text ?? '').padEnd(46)} ${value.toFixed(1).padStart(9)} ms`),
    `  ${'peak memory'.padEnd(46)} ${String(peak).padStart(9)} MiB`,
  ]);
}
