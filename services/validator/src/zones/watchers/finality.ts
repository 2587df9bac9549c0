/**
 * When a block is final for a watcher: by its operator's configuration, and by the zone's certified record as soon as there is one. Both must say so, so
 * the stricter one counts.
 *
 * @module
 */
import type { Finality } from '@dwallet/zones';
import type { Tip } from './chain-node.ts';
import { InconsistentNodeError } from './node-error.ts';
import type { BlockHead } from './watcher.ts';

/** How a configuration relates to the record of its zone. */
export type FinalityRelation = 'same' | 'configuration-stricter' | 'record-stricter' | 'different-kinds';

/** Depths can be compared with each other; a depth and the chain's own finalised tag cannot. */
export function compareFinality(configured: Finality, recorded: Finality): FinalityRelation {
  if (configured.kind !== recorded.kind) return 'different-kinds';
  if (configured.confirmations === recorded.confirmations) return 'same';
  return configured.confirmations > recorded.confirmations ? 'configuration-stricter' : 'record-stricter';
}

export class FinalityRule {
  readonly #configured: Finality;
  #recorded: Finality | undefined;
  /** Newest finalised tag that the node told. */
  #tag = -1;

  constructor(configured: Finality) {
    this.#configured = configured;
  }

  get #all(): readonly Finality[] {
    return this.#recorded === undefined ? [this.#configured] : [this.#configured, this.#recorded];
  }

  /** What the certified record says counts too from now on. */
  require(recorded: Finality): void {
    this.#recorded = recorded;
  }
  /** Forgets what the node told. */
  reset(): void {
    this.#tag = -1;
  }
  /** Whether the chain's finalised tag is needed. */
  get usesTag(): boolean {
    return this.#all.some(({ kind }) => kind === 'finalised');
  }

  /** Height of the newest block that is final; negative where none is. */
  height({ head, finalised = -1 }: Tip): number {
    const heights = this.#all.map(({ kind, confirmations }) =>
      kind === 'finalised' ? finalised : head.height - confirmations + 1,
    );
    return Math.min(...heights);
  }

  /**
   * What the chain's tag covered stays covered.
   * @param base - newest block that was reported as final.
   * @throws InconsistentNodeError
   */
  check(node: string, { finalised = -1 }: Tip, base: BlockHead | undefined): void {
    if (!this.usesTag) return;
    // By the tag alone where the configuration names it: then everything reported was covered, before this start too.
    const covered = Math.max(this.#tag, this.#configured.kind === 'finalised' ? (base?.height ?? -1) : -1);
    if (covered >= 0 && finalised < covered)
      throw new InconsistentNodeError(node, 'finalised-back', `block ${covered} is not final any more`);
    this.#tag = finalised;
  }
}
