/**
 * What a wallet does from its start on, step by step: the same in Node and in a page.
 *
 * @module
 */
import { type DWallet, type DWalletClient, type Keystore, openKeystore } from '@dwallet/client-sdk';
import { personalMessage } from '@dwallet/client-sdk/ethereum';

export const stepTexts = {
  load: 'cold start: the code is loaded',
  keystore: 'a new keystore (scrypt, N = 2^17)',
  connect: 'connect: network parameters fetched and verified',
  create: 'create a dWallet',
  'sign.first': 'first signature',
  sign: 'signature',
  prepare: 'a presign prepared ahead',
  'sign.prepared': 'signature with it',
} as const;

export type StepName = keyof typeof stepTexts;
/** Those that a program does by itself once its code is there. */
export type WalletStep = Exclude<StepName, 'load'>;

/** The order of a run. @param rounds - signatures of each kind. */
export const stepsOf = (rounds: number): WalletStep[] => [
  'keystore',
  'connect',
  'create',
  'sign.first',
  ...Array.from({ length: rounds }, () => 'sign' as const),
  ...Array.from({ length: rounds }, () => ['prepare', 'sign.prepared'] as const).flat(),
];

/** Presigns that a run uses up. */
export const presignsOf = (rounds: number): number => 1 + 2 * rounds;

/** What differs between Node and a page. */
export interface StepHost {
  openKeystore(): Promise<Keystore>;
  connect(keystore: Keystore): Promise<DWalletClient>;
}

function required<T>(value: T | undefined, step: WalletStep): T {
  if (value === undefined) throw new Error(`${step}: an earlier step is missing`);
  return value;
}

export class WalletSteps {
  readonly #host: StepHost;
  #keystore: Keystore | undefined;
  #client: DWalletClient | undefined;
  #wallet: DWallet | undefined;
  #signed = 0;

  constructor(host: StepHost) {
    this.#host = host;
  }

  /** @throws Error when the step was not really done. */
  async run(step: WalletStep): Promise<void> {
    switch (step) {
      case 'keystore':
        this.#keystore = await this.#host.openKeystore();
        // The key of a passphrase is derived when something is sealed.
        await openKeystore(this.#keystore, (length) => crypto.getRandomValues(new Uint8Array(length)));
        return;
      case 'connect':
        this.#client = await this.#host.connect(required(this.#keystore, step));
        return;
      case 'create':
        this.#wallet = await required(this.#client, step).createDWallet({ curve: 'secp256k1' });
        return;
      case 'prepare':
        if ((await required(this.#wallet, step).prepare(1)) < 1) throw new Error('no presign was prepared');
        return;
      case 'sign.first':
      case 'sign':
      case 'sign.prepared': {
        const text = `measured signature ${++this.#signed}`;
        const signature = await required(this.#wallet, step).signMessage(personalMessage(text));
        if (signature.length !== 65) throw new Error('that is no signature');
      }
    }
  }

  close(): void {
    this.#client?.close();
  }
}
