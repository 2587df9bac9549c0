/**
 * What the page and its worker say to each other. The wallet lives in the worker: the page never has a share, a seed or anything to compute.
 *
 * @module
 */

/** Where everything is; `settings.json` of the server. */
export interface Settings {
  /** Of validators, for pages: `https://host:port`, or `http://127.0.0.1:port`. */
  readonly endpoints: readonly string[];
  readonly profile: '112' | '128';
  /** JSON-RPC of an Ethereum node. */
  readonly rpc: string;
  readonly chainId: number;
}

export interface Address {
  readonly chain: string;
  readonly address: string;
}

export interface WalletView {
  readonly id: string;
  readonly addresses: readonly Address[];
  /** What was approved and did not come to its end, in words. */
  readonly unfinished: readonly string[] | undefined;
}

export interface PaymentView {
  readonly hash: string;
  readonly status: 'success' | 'reverted';
  readonly block: string;
}

/** Of calls without arguments. */
type Nothing = Readonly<Record<string, never>>;

/** Every call of the page: its arguments and its result. */
export interface Calls {
  /** Is there a wallet in this browser? */
  exists: { readonly request: Nothing; readonly result: boolean };
  /** Unlocks the wallet, or makes an empty one, and connects. */
  open: {
    readonly request: { readonly passphrase: string; readonly settings: Settings };
    readonly result: WalletView | undefined;
  };
  create: { readonly request: Nothing; readonly result: WalletView };
  words: { readonly request: Nothing; readonly result: string };
  /** Wei, decimal. */
  balance: { readonly request: Nothing; readonly result: string };
  /** Coins out of nothing, on a local chain. */
  fund: { readonly request: Nothing; readonly result: string };
  send: { readonly request: { readonly to: string; readonly ether: string }; readonly result: PaymentView };
  /** Goes on with what is unfinished. */
  resume: { readonly request: Nothing; readonly result: PaymentView };
  /** Signs a message for people (EIP-191). Hex. */
  message: { readonly request: { readonly text: string }; readonly result: string };
}
export type CallName = keyof Calls;

export type ToWorker =
  | {
      readonly [Name in CallName]: {
        readonly id: number;
        readonly call: Name;
        readonly request: Calls[Name]['request'];
      };
    }[CallName]
  | { readonly answer: number; readonly approved: boolean };

export type FromWorker =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly code: string }
  | { readonly step: string }
  | { readonly ask: number; readonly lines: readonly string[] };
