/**
 * The validators of the demonstration: real processes, each with its own lines to the nodes of all chains; and the wallet whose dWallets are the vaults.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DWalletClient,
  FileMessageStore,
  FileWalletStore,
  GrpcPeer,
  walletTableSealKey,
  FileTableCache,
} from '@dwallet/client-sdk/node';
import type { DWallet } from '@dwallet/client-sdk';
import { secp256k1Curve } from '@dwallet/sigma';
import { LocalNetwork, type Facts } from '../main-job/local-network.ts';
import { parametersOf, systemRandom } from '../main-job/system.ts';
import { type ProfileBits, readNetwork, validatorPaths } from '../network/layout.ts';
import { DemoError } from './demo-error.ts';
import { type Signer, accountSigner } from './governance.ts';
import { ValidatorView } from './ledger-view.ts';
import { type Misdeeds, readMisdeeds } from './misdeeds.ts';
import type { NodeProxy } from './node-proxy.ts';

const byzantineProgram = fileURLToPath(new URL('./byzantine-process.js', import.meta.url));

/** How one chain is watched. */
export interface WatchedChain {
  /** CAIP-2. */
  readonly id: string;
  readonly kind: 'evm' | 'bitcoin';
  /** One per validator. */
  readonly lines: readonly NodeProxy[];
  readonly confirmations: number;
  readonly pollMs: number;
  readonly from: number;
  readonly gateway?: string;
}

export interface DemoNetworkOptions {
  readonly data: string;
  readonly profile: ProfileBits;
  readonly validators: number;
  readonly presigns: number;
  /** Whether the last validator is Byzantine, from the network's first moment on. */
  readonly byzantine: boolean;
}

export class DemoNetwork {
  readonly #options: DemoNetworkOptions;
  readonly local: LocalNetwork;
  #views: readonly ValidatorView[] = [];
  #client: DWalletClient | undefined;

  constructor(options: DemoNetworkOptions) {
    this.#options = options;
    this.local = new LocalNetwork(options.data);
  }

  get all(): readonly number[] {
    return Array.from({ length: this.#options.validators }, (_, i) => i + 1);
  }
  get views(): readonly ValidatorView[] {
    return this.#views;
  }
  /** The validator that is Byzantine, if one is. */
  get liar(): number | undefined {
    return this.#options.byzantine ? this.#options.validators : undefined;
  }
  /** What validators say that are not Byzantine. */
  get honest(): readonly ValidatorView[] {
    return this.#views.filter(({ index }) => index !== this.liar);
  }
  get misdeeds(): Misdeeds {
    return readMisdeeds(validatorPaths(this.#options.data, this.liar ?? 0).folder);
  }
  view(validator = 1): ValidatorView {
    const view = this.#views[validator - 1];
    if (view === undefined) throw new DemoError('the network has not started');
    return view;
  }
  /** What clients need to trust the network's development certificates. */
  get ca(): string {
    return readFileSync(join(this.#options.data, 'authority', 'ca.crt'), 'utf8');
  }

  /** Keys, certificates and configurations, with the chains to watch. */
  async prepare(chains: readonly WatchedChain[]): Promise<void> {
    const { data, profile, validators } = this.#options;
    await this.local.prepare(validators, profile);
    for (const i of this.all) {
      const { config } = validatorPaths(data, i);
      const text = readFileSync(config, 'utf8');
      const zones = JSON.stringify(chains.map((chain) => zoneConfig(chain, i)));
      const placed = text.replace(/^zones: \[\]$/m, () => `zones: ${zones}`);
      if (placed === text) throw new DemoError(`${config} has no empty list of zones`);
      writeFileSync(config, placed, { mode: 0o600 });
    }
    const ports = readNetwork(data)?.ports ?? [];
    this.#views = ports.map(({ clients }, i) => new ValidatorView(i + 1, `127.0.0.1:${clients}`, this.ca));
  }

  /** Starts a validator, honest or not, as it is. */
  startValidator(index: number): void {
    if (index === this.liar) this.local.startValidator(index, byzantineProgram);
    else this.local.startValidator(index);
  }

  /** Until the network has its key, a pool of presigns, and everybody is ready. */
  async start(progress: (detail: string) => void): Promise<void> {
    const { validators, presigns } = this.#options;
    this.local.onNote((from, text) => progress(`validator ${from}: ${text}`));
    for (const i of this.all) this.startValidator(i);
    await Promise.all(this.all.map((i) => this.local.until(i, ({ facts }) => facts['reachable'] === validators - 1)));
    await this.local.command(1, 'genesis');
    await Promise.all(this.all.map((i) => this.local.until(i, ({ conditions }) => conditions['networkKey'] === true)));
    await this.fill(presigns);
    this.local.onNote(() => {});
  }
  async fill(presigns: number): Promise<void> {
    const { facts } = await this.local.command<{ facts: Facts }>(1, 'status');
    if (facts.presigns < presigns) await this.local.command(1, 'presigns', { batch: presigns - facts.presigns });
  }

  // Wallet --------------------------------------------------------------------------------------------------------------------------

  #store(): FileWalletStore {
    return new FileWalletStore(join(this.#options.data, 'wallet', 'wallet.json'));
  }
  async #wallets(): Promise<DWalletClient> {
    const { data, profile } = this.#options;
    const store = this.#store();
    const tables = new FileTableCache(join(data, 'wallet', 'tables'), {
      sealKey: walletTableSealKey(store, systemRandom),
      onProblem: () => {},
    });
    const ports = readNetwork(data)?.ports ?? [];
    this.#client ??= await DWalletClient.connect({
      // The certificates of a development network are for names; an address in the handshake is against RFC 6066.
      peers: ports.map(
        ({ clients }, i) =>
          new GrpcPeer({
            endpoint: `127.0.0.1:${clients}`,
            ca: this.ca,
            tlsName: `validator-${i + 1}`,
            deadlineMs: 600_000,
          }),
      ),
      parameters: parametersOf(profile, { tableCache: tables, shortTables: true }),
      curve: secp256k1Curve,
      store,
      messages: new FileMessageStore(join(data, 'wallet', 'messages')),
      random: systemRandom,
      prepare: false,
    });
    return this.#client;
  }
  async createDWallet(): Promise<DWallet> {
    return (await this.#wallets()).createDWallet();
  }
  /** The account that owns the dWallets. */
  owner(): Signer {
    const data = this.#store().load();
    if (data === undefined) throw new DemoError('there is no wallet yet');
    return accountSigner(data);
  }

  /** Sum of a metric's series over all honest validators. @param name - with a suffix such as `_sum`. @param label - text that the labels must have. */
  async metric(name: string, label = ''): Promise<number> {
    const ports = (readNetwork(this.#options.data)?.ports ?? []).filter((_, i) => i + 1 !== this.liar);
    const texts = await Promise.all(
      ports.map(async ({ http }) => (await fetch(`http://127.0.0.1:${http}/metrics`)).text()),
    );
    return texts
      .flatMap((text) => text.split('\n'))
      .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Whom the evidence of a validator accuses. */
  async accused(validator: number): Promise<readonly number[]> {
    const { evidence } = await this.local.command<{ evidence: readonly { accused: number }[] }>(
      validator,
      'evidence-list',
    );
    return evidence.map(({ accused }) => accused);
  }

  /** Hands a record in at one validator and waits until all have it. */
  async submit(submission: Uint8Array, validator = 1): Promise<void> {
    await this.view(validator).client.submit(submission);
  }

  async stop(): Promise<void> {
    for (const { client } of this.#views) client.close();
    await this.local.stopAll();
  }
}

const zoneConfig = ({ id, kind, lines, confirmations, pollMs, from, gateway }: WatchedChain, validator: number) => ({
  chain: id,
  nodes: [{ name: 'own', kind, url: lines[validator - 1]?.url ?? '', timeoutMs: 5000, retries: 1 }],
  finality: { kind: 'confirmations', confirmations },
  from,
  pollMs,
  maxPauseMs: 1000,
  clusterConfirmations: 1,
  ...(gateway === undefined ? {} : { gateway }),
});
