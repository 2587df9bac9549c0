/** What a test does in a page by hand: `globalThis.lab`. */
import { clg112, clg128 } from '@dwallet/class-groups';
import { ConnectPeer, IndexedDbKeystore, newWallet } from '@dwallet/client-sdk/browser';
import { loadWasmKernel } from '@dwallet/kernel/wasm';
import type { PresignId } from '@dwallet/sigma';
import { kernelProbe } from './kernel-probe.ts';

interface Request<T> {
  result: T;
  addEventListener(type: 'success' | 'error', listener: () => void): void;
}
interface Database {
  readonly objectStoreNames: Iterable<string>;
  transaction(stores: string[]): {
    objectStore(name: string): { getAll(): Request<unknown[]>; getAllKeys(): Request<unknown[]> };
  };
  close(): void;
}
declare const indexedDB: {
  databases(): Promise<{ readonly name: string }[]>;
  open(name: string): Request<Database>;
};
declare const localStorage: object;
declare const sessionStorage: object;

const done = <T>(request: Request<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(new Error('IndexedDB')));
  });

const text = new TextEncoder();
/** Every byte of a value, names included. */
function* bytesOf(value: unknown): Generator<Uint8Array> {
  if (value instanceof Uint8Array) yield value;
  else if (value instanceof ArrayBuffer) yield new Uint8Array(value);
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      yield text.encode(name);
      yield* bytesOf(inner);
    }
  else yield text.encode(String(value));
}

const base64 = (parts: Iterable<Uint8Array>): string => {
  let binary = '';
  for (const part of parts) for (const byte of part) binary += String.fromCharCode(byte);
  return btoa(binary);
};

const keystores = new Map<string, Promise<IndexedDbKeystore>>();
const keystore = (name: string): Promise<IndexedDbKeystore> => {
  const known = keystores.get(name) ?? IndexedDbKeystore.open({ name, secret: 'of the lab', log2N: 10 });
  keystores.set(name, known);
  return known;
};

const lab = {
  /** See `kernelProbe`. */
  probe: async (bits: '112' | '128'): Promise<string> =>
    kernelProbe(await loadWasmKernel(), bits === '112' ? clg112 : clg128),

  /** Everything that this origin keeps, in base64. */
  async dump(): Promise<string> {
    const parts: Uint8Array[] = [...bytesOf({ ...localStorage }), ...bytesOf({ ...sessionStorage })];
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const at = database.transaction([store]).objectStore(store);
        parts.push(...bytesOf(await done(at.getAllKeys())), ...bytesOf(await done(at.getAll())));
      }
      database.close();
    }
    return base64(parts);
  },

  /** Network id at a validator, hex. */
  async networkId(endpoint: string): Promise<string> {
    const peer = new ConnectPeer({ endpoint });
    const { networkId } = await peer.network();
    peer.close();
    return Array.from(networkId, (byte) => byte.toString(16).padStart(2, '0')).join('');
  },

  open: async (name: string): Promise<void> => void (await keystore(name)),
  /** Stores one byte as the message of a presign. @returns the byte that is stored. */
  putMessage: async (name: string, presign: number, byte: number): Promise<number | undefined> => {
    const id = new Uint8Array(32).fill(presign) as PresignId;
    return (await (await keystore(name)).messages.putIfAbsent(id, Uint8Array.of(byte)))[0];
  },
  /** Changes the wallet of a keystore from a revision on. @returns whether this tab was the one that did. */
  change: async (name: string, revision: number, byte: number): Promise<boolean> =>
    (await keystore(name)).compareAndSet(revision, newWallet(new Uint8Array(32).fill(byte))),
  seed: async (name: string): Promise<string | undefined> => (await (await keystore(name)).load())?.data.seed,
};

export type Lab = typeof lab;
Object.assign(globalThis, { lab });
