/**
 * What the Bitcoin node's process and its parent say to each other: JSON over the channel of `fork`.
 *
 * Amounts are numbers: all bitcoin that can exist are 2.1e15 sats, below 2^53.
 *
 * @module
 */

/** An output in the node's chain. */
export interface WireUtxo {
  readonly txid: string;
  readonly vout: number;
  readonly amountSats: number;
  /** Hex. */
  readonly scriptPubKey: string;
}

export type WireSubmission =
  | { readonly accepted: true; readonly txid: string }
  | { readonly accepted: false; readonly txid: string; readonly reason: string };

/** What the parent can ask for. */
export interface WireCalls {
  start(params: { readonly blocks: number }): {
    readonly height: number;
    readonly client: string;
    readonly rpcPort: number;
  };
  fund(params: { readonly scriptPubKey: string; readonly amountSats: number }): WireUtxo;
  submit(params: { readonly rawTransaction: string }): WireSubmission;
  mineDirectly(params: { readonly rawTransaction: string }): WireSubmission;
  mine(params: { readonly blocks: number }): { readonly height: number };
  confirmations(params: { readonly txid: string }): { readonly confirmations: number };
  utxo(params: { readonly txid: string; readonly vout: number }): { readonly utxo: WireUtxo | null };
}

export type WireMethod = keyof WireCalls;
export type WireParams<M extends WireMethod> = Parameters<WireCalls[M]>[0];
export type WireResult<M extends WireMethod> = ReturnType<WireCalls[M]>;

/** Parent to child. */
export type WireRequest = {
  [M in WireMethod]: { readonly id: number; readonly method: M; readonly params: WireParams<M> };
}[WireMethod];

/** Child to parent: an answer, or progress of the request with that id. */
export type WireMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly id: number; readonly done: number; readonly total: number };
