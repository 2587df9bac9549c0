/**
 * From what somebody wants to do on a chain to a signed, or sent, transaction. Which chain is in the intent; nothing here knows one.
 *
 * @module
 */
import { DWalletError, encodeUint } from '@dwallet/sigma';
import type { EcdsaSignature, SigningPayload } from '@dwallet/chains';
import { CancelledError, type ProgressListener, type Step, orCancelled } from './progress.ts';
import type { DWallet } from './client.ts';

/** What a person reads before approving. */
export interface Approval {
  /** CAIP-2. */
  readonly chainId: string;
  readonly format: string;
  /** Address that signs. */
  readonly address: string;
  readonly lines: readonly string[];
}

export interface SendOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
  /** Asked before anything is signed; false, or an error, ends it. Default: whoever calls has approved. */
  readonly approve?: (approval: Approval) => boolean | Promise<boolean>;
  /** Whether to wait until the transaction is in the chain; default: yes. */
  readonly wait?: boolean;
  /** What entitles the owner to this signature, for validators whose policy asks for it (docs/zones.md). At most 4096 bytes. */
  readonly authority?: Uint8Array;
}

/** Something to sign, completely determined. Made by `SigningTask.open`. */
export interface OpenedTask<Signed> extends Approval {
  /** Raw unsigned bytes of the format: every validator reads them, and derives by itself what is signed. */
  readonly raw: Uint8Array;
  readonly payloads: readonly SigningPayload[];
  /** Checks each signature, puts them in, and reads the result again. @throws InvalidSignatureError */
  attach(signatures: readonly EcdsaSignature[]): Signed;
}

/** Something that a key can sign, before the key is known. */
export interface SigningTask<Signed> {
  /** @param publicKey - 33 bytes. @throws errors of `@dwallet/chains` that name the field. */
  open(publicKey: Uint8Array): OpenedTask<Signed>;
}

/** A transaction with its signatures in, and verified. */
export interface SignedTransaction {
  readonly encoded: Uint8Array;
  readonly txid: string;
}

/** A chain as an intent uses it. */
export interface Chain<Receipt> {
  /** Hands a transaction in; one that the chain already has is no error. @returns its id. */
  broadcast(transaction: SignedTransaction, signal: AbortSignal | undefined): Promise<string>;
  /** Waits until it is in the chain. */
  wait(txid: string, signal: AbortSignal | undefined): Promise<Receipt>;
}

/** What somebody wants to do; the rest is fetched from `rpc` when it is sent. */
export interface TransactionIntent<Rpc, Receipt> {
  /** @param publicKey - 33 bytes. @param rpc - where to ask and send. */
  prepare(
    publicKey: Uint8Array,
    rpc: Rpc,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly task: SigningTask<SignedTransaction>; readonly chain: Chain<Receipt> }>;
}

export interface SentTransaction<Receipt> extends SignedTransaction {
  /** What was approved. */
  readonly lines: readonly string[];
  /** Undefined when nobody waited. */
  readonly receipt: Receipt | undefined;
}

export type SendErrorCode =
  | 'SEND_NOT_APPROVED'
  | 'SEND_BUILD_FAILED'
  | 'SEND_BROADCAST_FAILED'
  | 'SEND_WAIT_FAILED'
  | 'SEND_WRONG_TRANSACTION';

/** A transaction did not come to its end. */
export class SendError extends DWalletError {
  override readonly name = 'SendError';
  readonly code: SendErrorCode;
  /** Set once it exists: these bytes may be, or may come to be, in the chain. Hand them in again rather than making others. */
  readonly transaction: SignedTransaction | undefined;
  constructor(code: SendErrorCode, message: string, transaction?: SignedTransaction, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.transaction = transaction;
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Signs a task with a dWallet. @throws SendError SEND_NOT_APPROVED; CancelledError; errors of signing and of `@dwallet/chains`. */
export async function runTask<Signed>(
  wallet: DWallet,
  task: SigningTask<Signed>,
  options: SendOptions,
): Promise<Signed> {
  return (await signTask(wallet, task, options)).signed;
}

async function signTask<Signed>(
  wallet: DWallet,
  task: SigningTask<Signed>,
  { signal, onProgress, approve, authority }: SendOptions,
): Promise<{ readonly signed: Signed; readonly lines: readonly string[] }> {
  const tell = (step: Step): void => onProgress?.({ step });
  const opened = task.open(wallet.publicKey);
  const { chainId, format, address, lines } = opened;
  if (approve !== undefined) {
    tell('approve');
    // Whatever else a program may return is no approval.
    const approved: unknown = await orCancelled(Promise.resolve(approve({ chainId, format, address, lines })), signal);
    if (approved !== true) throw new SendError('SEND_NOT_APPROVED', 'it was not approved');
  }
  const signatures: EcdsaSignature[] = [];
  for (const index of opened.payloads.keys()) {
    if (signal?.aborted === true) throw new CancelledError({ cause: signal.reason });
    const { signature } = await wallet.signPayload(opened, index, {
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(authority === undefined ? {} : { authority }),
    });
    const { r, s, recoveryId } = signature;
    signatures.push({ r: encodeUint(r, 32), s: encodeUint(s, 32), recoveryId });
  }
  tell('verify');
  return { signed: opened.attach(signatures), lines };
}

/** Builds, signs, hands in and waits. @throws SendError; CancelledError before anything was handed in; errors of signing. */
export async function runIntent<Rpc, Receipt>(
  wallet: DWallet,
  intent: TransactionIntent<Rpc, Receipt>,
  options: SendOptions & { readonly rpc: Rpc },
): Promise<SentTransaction<Receipt>> {
  const { rpc, signal, onProgress, wait = true } = options;
  onProgress?.({ step: 'build' });
  const { task, chain } = await against('SEND_BUILD_FAILED', signal, undefined, () =>
    intent.prepare(wallet.publicKey, rpc, signal),
  );
  const { signed, lines } = await signTask(wallet, task, options);
  onProgress?.({ step: 'broadcast' });
  const txid = await against('SEND_BROADCAST_FAILED', signal, signed, () => chain.broadcast(signed, signal));
  if (txid !== signed.txid)
    throw new SendError('SEND_WRONG_TRANSACTION', `the node names another transaction: ${txid}`, signed);
  if (!wait) return { ...signed, lines, receipt: undefined };
  onProgress?.({ step: 'wait' });
  const receipt = await against('SEND_WAIT_FAILED', signal, signed, () => chain.wait(txid, signal));
  return { ...signed, lines, receipt };
}

/** One step against a chain. Once there is a signed transaction every failure carries it, giving up included. */
async function against<T>(
  code: SendErrorCode,
  signal: AbortSignal | undefined,
  signed: SignedTransaction | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await orCancelled(work(), signal);
  } catch (error) {
    if (signed === undefined && (error instanceof CancelledError || error instanceof DWalletError)) throw error;
    throw new SendError(code, reasonOf(error), signed, { cause: error });
  }
}
