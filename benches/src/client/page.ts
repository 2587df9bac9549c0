/**
 * The measured wallet in a page. The bench calls `run` step by step; heavy steps go to Web Workers, as by default.
 *
 * @module
 */
import { DWalletClient, IndexedDbKeystore } from '@dwallet/client-sdk/browser';
import { type WalletStep, WalletSteps } from './steps.ts';

/** What the bench says before the first step. */
export interface PageSettings {
  readonly endpoints: readonly string[];
  readonly profile: '112' | '128';
}

/** What a page has for the bench. */
export interface MeasuredPage {
  /** Milliseconds from the navigation until the code had run. */
  readonly loadedMs: number;
  configure(settings: PageSettings): void;
  /** @returns milliseconds. */
  run(step: WalletStep): Promise<number>;
}

let settings: PageSettings = { endpoints: [], profile: '128' };
const steps = new WalletSteps({
  openKeystore: () => IndexedDbKeystore.open({ secret: 'a passphrase' }),
  connect: (keystore) => DWalletClient.connect({ ...settings, keystore, prepare: false }),
});

const measuredPage: MeasuredPage = {
  loadedMs: performance.now(),
  configure(given) {
    settings = given;
  },
  async run(step) {
    const begin = performance.now();
    await steps.run(step);
    return performance.now() - begin;
  },
};
Object.assign(globalThis, { measuredPage });
