/**
 * The payment that was approved and has not come to its end, in IndexedDB: what a page that was closed goes on with. Nothing in it is secret.
 *
 * @module
 */

export interface Payment {
  /** Of the dWallet. */
  readonly wallet: string;
  readonly chainId: number;
  /** What the owner approved, in words, and the unsigned transaction that the words describe. */
  readonly lines: readonly string[];
  readonly raw: Uint8Array;
  /** Once it is signed. */
  readonly signed?: { readonly encoded: Uint8Array; readonly hash: string };
}

const store = 'payments';
const key = 'current';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('dwallet-payments', 1);
    request.addEventListener('upgradeneeded', () => void request.result.createObjectStore(store));
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB cannot be opened')));
  });
}

/** One transaction; resolves when it is on disk. */
async function run<T>(mode: IDBTransactionMode, work: (payments: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: 'strict' });
      const request = work(transaction.objectStore(store));
      transaction.addEventListener('complete', () => resolve(request.result));
      transaction.addEventListener('abort', () =>
        reject(transaction.error ?? new Error('IndexedDB cannot be written')),
      );
    });
  } finally {
    database.close();
  }
}

export const currentPayment = (): Promise<Payment | undefined> =>
  run('readonly', (payments) => payments.get(key) as IDBRequest<Payment | undefined>);
export const keepPayment = (payment: Payment): Promise<unknown> =>
  run('readwrite', (payments) => payments.put(payment, key));
export const forgetPayment = (): Promise<unknown> => run('readwrite', (payments) => payments.delete(key));
