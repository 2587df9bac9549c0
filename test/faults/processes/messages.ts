/**
 * What the harness and its processes tell each other, and what they write down. A process that is killed writes nothing more, so everything that
 * must be known afterwards is in a file before it happens.
 *
 * @module
 */

/** What goes wrong on the lines of one validator to the others; probabilities per message. */
export interface LineFaults {
  readonly drop: number;
  readonly duplicate: number;
  /** Delivered once more, later: after messages that were sent after it. */
  readonly late: number;
  readonly corrupt: number;
  /** Longest delay of a message, in milliseconds. */
  readonly delayMs: number;
  /** Validators to and from which nothing passes. */
  readonly cut: readonly number[];
}

export const noLineFaults: LineFaults = { drop: 0, duplicate: 0, late: 0, corrupt: 0, delayMs: 0, cut: [] };

export interface DiskFaults {
  /** A write blocks the process for so long. */
  readonly slowMs: number;
  readonly full: boolean;
}

export const lieNames = ['votes', 'shares', 'proofs', 'contributions', 'silent', 'silent-shares'] as const;
/** How a Byzantine validator lies. */
export type Lie = (typeof lieNames)[number];

/** Harness to validator. */
export type Order =
  /** Counts durable steps and messages from now on, and kills the process at number `at`, from 1. Without `at` it only counts. */
  | { readonly order: 'arm'; readonly at?: number }
  | { readonly order: 'disarm' }
  | { readonly order: 'count'; readonly id: number }
  | { readonly order: 'lines'; readonly faults: LineFaults }
  | { readonly order: 'disk'; readonly faults: DiskFaults }
  | { readonly order: 'clock'; readonly aheadMs: number };

/** Validator to harness. */
export type Note =
  | { readonly note: 'serving' }
  | { readonly note: 'count'; readonly id: number; readonly points: number; readonly names: readonly string[] };

/** What leaves a validator, in `events-N.jsonl` of its process before it leaves. Byte strings in hex. */
export type Event =
  | { readonly event: 'vote'; readonly method: string; readonly signature: string; readonly request: string }
  | { readonly event: 'share'; readonly presign: string; readonly digest: string }
  | { readonly event: 'contribution'; readonly envelope: string }
  | { readonly event: 'certificate'; readonly certificate: string }
  /** The store itself could not write, on a disk that is really full. */
  | { readonly event: 'refused-write'; readonly code: string }
  | { readonly event: 'killed'; readonly where: string }
  | { readonly event: 'internal'; readonly text: string };

export interface ValidatorSettings {
  readonly config: string;
  readonly events: string;
  readonly seed: number;
  /** `field=value` over the configuration. */
  readonly set: readonly string[];
  readonly lie?: Lie;
  /** The store keeps no promise: every vote and marker is as if it were the first. Shows that the harness sees what must not be. */
  readonly forgetful: boolean;
}

export const behaviours = [
  'patient',
  'two-leaders',
  'vanishes',
  'two-faces',
  'second-thoughts',
  'reservation-for-two',
  'bad-proof',
] as const;
/** How a client behaves. */
export type Behaviour = (typeof behaviours)[number];

export interface ClientSettings {
  readonly folder: string;
  /** Names the files of this client. */
  readonly label: string;
  readonly endpoints: readonly string[];
  readonly ca: string;
  readonly seed: number;
  readonly act: Behaviour | 'create' | 'complete' | 'again';
  /** Files of the clients whose signatures are asked for again. */
  readonly labels?: readonly string[];
  readonly deadlineMs: number;
  /** Validators in the order in which they are asked. */
  readonly leaders: readonly number[];
}

/** What a client knows, in `client-<label>.jsonl`. */
export type ClientLine =
  | { readonly line: 'taken'; readonly reply: string }
  | { readonly line: 'call'; readonly variant: number; readonly call: string }
  | {
      readonly line: 'signed';
      readonly leader: number;
      readonly presign: string;
      readonly call: string;
      readonly r: string;
      readonly s: string;
      readonly blamed: readonly number[];
    }
  | { readonly line: 'wrong'; readonly what: string }
  | { readonly line: 'lost'; readonly what: string }
  | { readonly line: 'kept'; readonly what: string }
  | { readonly line: 'note'; readonly text: string };
