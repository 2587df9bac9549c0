/**
 * Three chains of one cluster: blocks of 250 ms, 2 s and 12 s, each with a gateway.
 *
 * @module
 */
import { EvmChain } from './evm-chain.ts';
import type { WatchedChain } from './demo-network.ts';

/** Shown to the members' gateways as the account that settles: settlements go to the parent chain only. */
const nobody = '0x000000000000000000000000000000000000dEaD';

export interface ClusterChainsOptions {
  readonly validators: number;
  readonly signal: AbortSignal;
  /** See `DemoOptions.pace`. */
  readonly pace: number;
}

export interface ClusterChains {
  readonly fast: EvmChain;
  readonly medium: EvmChain;
  readonly slow: EvmChain;
  readonly all: readonly EvmChain[];
  readonly watched: readonly WatchedChain[];
  stop(): Promise<void>;
}

export async function startClusterChains({ validators, signal, pace }: ClusterChainsOptions): Promise<ClusterChains> {
  const started: EvmChain[] = [];
  const start = async (name: string, chainId: number, blockMs: number): Promise<EvmChain> => {
    const chain = await EvmChain.start({ name, chainId, validators, blockMs: blockMs * pace, signal });
    started.push(chain);
    const deploying = chain.deployGateway(nobody);
    // Its first blocks come at once, so that nobody waits for a slow chain's pace.
    const ahead = setInterval(() => void chain.mine(1).catch(() => {}), 100);
    try {
      await deploying;
    } finally {
      clearInterval(ahead);
    }
    return chain;
  };
  const stop = async (): Promise<void> => void (await Promise.all(started.map((chain) => chain.stop())));
  try {
    const [fast, medium, slow] = await Promise.all([
      start('FastChain', 72_001, 250),
      start('MediumChain', 72_002, 2000),
      start('SlowChain', 72_003, 12_000),
    ]);
    const all = [fast, medium, slow];
    const watched = all.map(
      ({ id, lines, gateway, blockMs = 1000 }): WatchedChain => ({
        id,
        kind: 'evm',
        lines,
        gateway,
        confirmations: 4,
        pollMs: Math.max(50, Math.min(500, Math.round(blockMs / 4))),
        from: 0,
      }),
    );
    return { fast, medium, slow, all, watched, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
