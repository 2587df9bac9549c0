/**
 * A first use, in a process of its own: from loading the code to the result. Prints one JSON object.
 *
 * Arguments: `peer DIRECTORY SEED`, or `own|derived 112|128 SEED`; the seed in hex.
 *
 * @module
 */
import { type Cost, measure, measureAsync } from '../measure.ts';
import type { IkaWasm } from './ika.ts';
import type { OwnEncryptedShare } from './own.ts';

/** Bytes as hex. */
export interface ColdPeer {
  readonly keyPair: Cost;
  readonly publicKey: string;
  readonly secretKey: string;
}

export interface ColdOwn {
  readonly keyPair: Cost;
  readonly share: Cost;
  readonly publicKey: string;
  readonly encryptedShare: Readonly<Record<keyof OwnEncryptedShare, string>>;
}

const hex = (bytes: ArrayLike<number>): string => Buffer.from(Uint8Array.from(bytes)).toString('hex');

async function coldPeer(directory: string, seed: Uint8Array): Promise<ColdPeer> {
  const { result, cost } = await measureAsync(async () => {
    // Nothing of ours is loaded at its expense.
    const { loadPeer, peerCurve } = await import('./install.ts');
    const peer = loadPeer(directory) as IkaWasm;
    return peer.generate_secp_cg_keypair_from_seed(peerCurve, seed);
  });
  return { keyPair: cost, publicKey: hex(result[0]), secretKey: hex(result[1]) };
}

async function coldOwn(derived: boolean, bits: string, seed: Uint8Array): Promise<ColdOwn> {
  const { result, cost } = await measureAsync(async () => {
    const [{ wasmKernel }, { profileOf }, { OwnClient }] = await Promise.all([
      import('@dwallet/kernel/wasm'),
      import('@dwallet/class-groups'),
      import('./own.ts'),
    ]);
    const client = new OwnClient(wasmKernel, profileOf(bits === '112' ? '112' : '128'), derived);
    return { client, pair: client.keyPair(seed) };
  });
  const { client, pair } = result;
  const share = measure(() => client.encryptShare(pair));
  const { point, ciphertext, proof } = share.result;
  return {
    keyPair: cost,
    share: share.cost,
    publicKey: hex(client.parameters.group.encode(pair.encryptionKey.element)),
    encryptedShare: { point: hex(point), ciphertext: hex(ciphertext), proof: hex(proof) },
  };
}

const [kind = '', where = '', seed = ''] = process.argv.slice(2);
const bytes = Uint8Array.from(Buffer.from(seed, 'hex'));
const result = kind === 'peer' ? await coldPeer(where, bytes) : await coldOwn(kind === 'derived', where, bytes);
process.stdout.write(`${JSON.stringify(result)}\n`);
