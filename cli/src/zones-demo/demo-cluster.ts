/**
 * The cluster of the demonstration: its founding, messages of users, and a relayer that takes certified messages to their destination.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '@dwallet/sigma';
import type { DWallet } from '@dwallet/client-sdk';
import { ethereumTransaction } from '@dwallet/client-sdk/ethereum';
import { evmAddress } from '@dwallet/chains';
import { clusterRecord, encodeAuthority, settlementCalldata } from '@dwallet/zones';
import { type Address, type Hex, bytesToHex, keccak256, stringToHex, toBytes } from 'viem';
import type { Latency } from './charts.ts';
import type { ClusterChains } from './cluster-chains.ts';
import { DemoError } from './demo-error.ts';
import type { Environment } from './environment.ts';
import { type EvmChain, newAccount } from './evm-chain.ts';
import { amendmentSubmission, clusterSubmission, policySubmission, zoneSubmission } from './governance.ts';
import { until } from './ledger-view.ts';
import { configurationOf } from './running.ts';
import { ruleOf } from './transfers.ts';

export const clusterName = 'demo';
/** How far back the words of members start. Nothing was sent to the cluster before. */
const foundingMs = 2000;
const fees = { maxFeePerGasWei: 20n * 10n ** 9n, maxPriorityFeePerGasWei: 10n ** 9n };
const certificatePauseMs = 300;
const nameHash = (name: string): Hex => keccak256(toBytes(name));

export interface Sent {
  readonly from: EvmChain;
  readonly to: EvmChain;
  readonly nonce: number;
  /** When its block was seen, on this machine's clock, ms. */
  readonly at: number;
  certifiedAt: number | undefined;
  deliveredAt: number | undefined;
}

export interface ClusterView {
  readonly name: string;
  readonly status: string;
  readonly since: number;
  readonly by: readonly string[];
  readonly interval: number;
  readonly members: readonly { readonly chain: string; readonly word: number; readonly fastPath: boolean }[];
  /** `from>to>nonce`. */
  readonly inDoubt: readonly string[];
  readonly deltaMs: number;
}

const keyOf = (from: string, to: string, nonce: number): string => `${from}>${to}>${nonce}`;

export class DemoCluster {
  readonly #env: Environment;
  readonly chains: ClusterChains;
  readonly deltaMs: number;
  readonly #wallet: DWallet;
  /** An ordinary one, which may sign on any zone. */
  readonly #ordinary: DWallet;
  readonly #contract: Address;
  readonly user = newAccount();
  readonly #sent = new Map<string, Sent>();
  readonly #nonces = new Map<string, number>();
  /** Until the last message of a channel may be handed in. */
  readonly #ready = new Map<string, Promise<void>>();
  #relaying = true;

  private constructor(
    env: Environment,
    chains: ClusterChains,
    parts: { wallet: DWallet; ordinary: DWallet; contract: Address; deltaMs: number },
  ) {
    this.#env = env;
    this.chains = chains;
    this.#wallet = parts.wallet;
    this.#ordinary = parts.ordinary;
    this.#contract = parts.contract;
    this.deltaMs = parts.deltaMs;
  }

  /** Zones, the cluster's own dWallet, its contract on the parent chain, and the record that all members approve. */
  static async found(env: Environment): Promise<DemoCluster> {
    const { cluster: chains, network, governments, owner, options } = env;
    if (chains === undefined) throw new DemoError('the chains of the cluster were not started');
    const deltaMs = 20_000 * options.pace;
    const settlementMs = 60_000 * options.pace;
    for (const { id: chain } of chains.all)
      await network.submit(
        zoneSubmission(governments, {
          chain,
          role: 'dapp',
          finality: { kind: 'confirmations', confirmations: 4 },
          settlementMs,
        }),
      );
    const wallet = await network.createDWallet();
    const settler = evmAddress(wallet.publicKey);
    const contract = await owner.deployGateway(settler);
    await owner.node.fund(settler, 10n ** 19n);
    await network.submit(
      policySubmission(network.owner(), { publicKey: wallet.publicKey, purpose: 'cluster', subject: clusterName }),
    );
    const ordinary = await network.createDWallet();
    await network.submit(
      policySubmission(network.owner(), { publicKey: ordinary.publicKey, purpose: 'ordinary', subject: '' }),
    );
    const made = new DemoCluster(env, chains, { wallet, ordinary, contract, deltaMs });
    for (const chain of chains.all) {
      await chain.node.fund(made.user.address, 10n ** 20n);
      chain.startBlocks();
    }
    await network.submit(
      clusterSubmission(
        governments,
        {
          cluster: clusterName,
          members: await Promise.all(
            chains.all.map(async (chain) => ({
              chain: chain.id,
              governance: { keys: [governments.of(chain.id).key], threshold: 1 },
              configuration: await configurationOf(chain),
              settlementMs,
            })),
          ),
          deltaMs,
          threshold: 3,
          parent: owner.id,
          settlementContract: contract,
          settlementKey: wallet.publicKey,
          maxFee: 10n ** 16n,
        },
        // Blocks count in seconds: a message that follows the founding at once must not be earlier than its first words.
        Date.now() - foundingMs,
      ),
    );
    void made.#relay();
    return made;
  }

  // Messages ------------------------------------------------------------------------------------------------------------------------

  async send(from: EvmChain, to: EvmChain, text: string): Promise<Sent> {
    const channel = `${from.id}>${to.id}`;
    const nonce = this.#nonces.get(channel) ?? 0;
    this.#nonces.set(channel, nonce + 1);
    const args = [nameHash(clusterName), nameHash(to.id), stringToHex(text)];
    const { status } = await from.onGateway(this.user, { functionName: 'send', args });
    if (status !== 'success') throw new DemoError(`a message from ${from.name} failed`);
    const sent: Sent = { from, to, nonce, at: Date.now(), certifiedAt: undefined, deliveredAt: undefined };
    const key = keyOf(from.id, to.id, nonce);
    const early = this.#sent.get(key);
    this.#sent.set(key, Object.assign(sent, { certifiedAt: early?.certifiedAt, deliveredAt: early?.deliveredAt }));
    return sent;
  }

  /** Takes certified messages to their destination. */
  async #relay(): Promise<void> {
    while (this.#relaying) {
      try {
        for await (const { message } of this.#env.network
          .view()
          .client.watch('WatchMessages', { cluster: clusterName, newOnly: false })) {
          const { from, to, nonce, payload } = message as {
            from: string;
            to: string;
            nonce: unknown;
            payload: Uint8Array;
          };
          const key = keyOf(from, to, Number(nonce));
          const known = this.#sent.get(key);
          if (known?.certifiedAt !== undefined) continue;
          const certifiedAt = Date.now();
          const target = this.chains.all.find(({ id }) => id === to);
          const source = this.chains.all.find(({ id }) => id === from);
          if (target === undefined || source === undefined) continue;
          const sent = known ?? {
            from: source,
            to: target,
            nonce: Number(nonce),
            at: certifiedAt,
            certifiedAt,
            deliveredAt: undefined,
          };
          sent.certifiedAt = certifiedAt;
          this.#sent.set(key, sent);
          // In the order of their certificates: the chain takes them as they are handed in.
          this.#deliver(target, from, key, payload).catch(() => {});
          if (!this.#relaying) break;
        }
      } catch {
        // The stream ends now and then; the next one begins with what is remembered.
      }
    }
  }

  /** A message with its certificate, which validators withhold while it waits for settlement. @returns undefined, or the rule that refuses it. */
  async certificateOf(from: string, to: string, nonce: bigint): Promise<string | undefined> {
    const request = { cluster: clusterName, from, to, nonce: Number(nonce) };
    return this.#env.network
      .view()
      .client.call('GetMessage', request)
      .then(() => undefined, ruleOf);
  }

  async #certified(from: string, to: string, nonce: bigint): Promise<void> {
    while ((await this.certificateOf(from, to, nonce)) !== undefined) {
      if (!this.#relaying) throw new DemoError('the relayer has stopped');
      await sleep(certificatePauseMs);
    }
  }

  async #deliver(target: EvmChain, from: string, key: string, payload: Uint8Array): Promise<void> {
    const nonce = BigInt(key.slice(key.lastIndexOf('>') + 1));
    // One after the other per sender and destination: a gateway takes no message that an earlier one was left out for.
    const channel = `${from}>${target.id}`;
    const ready = (this.#ready.get(channel) ?? Promise.resolve()).then(() => this.#certified(from, target.id, nonce));
    this.#ready.set(channel, ready);
    await ready;
    const args = [nameHash(clusterName), nameHash(from), nonce, bytesToHex(payload)];
    const { status } = await target.onGateway(target.operator, { functionName: 'deliver', args });
    const sent = this.#sent.get(key);
    if (status === 'success' && sent !== undefined) sent.deliveredAt = Date.now();
  }

  /** Until a message is certified, or delivered. */
  async reaches(sent: Sent, what: 'certifiedAt' | 'deliveredAt', ms = 4 * this.deltaMs): Promise<boolean> {
    const key = keyOf(sent.from.id, sent.to.id, sent.nonce);
    return until(key, ms, async () => (this.#sent.get(key)?.[what] === undefined ? undefined : true)).catch(
      () => false,
    );
  }

  latencies(): readonly Latency[] {
    return [...this.#sent.values()].flatMap(({ from, to, at, certifiedAt, deliveredAt }) =>
      certifiedAt === undefined
        ? []
        : [
            {
              from: from.name,
              to: to.name,
              certifiedMs: Math.max(0, certifiedAt - at),
              deliveredMs: deliveredAt === undefined ? undefined : Math.max(0, deliveredAt - at),
            },
          ],
    );
  }

  // Status --------------------------------------------------------------------------------------------------------------------------

  async view(validator = 1): Promise<ClusterView> {
    const { cluster } = (await this.#env.network
      .view(validator)
      .client.call('GetCluster', { cluster: clusterName })) as {
      cluster: Record<string, unknown>;
    };
    const members = cluster['members'] as readonly { chain: string; word: unknown; fastPath: boolean }[];
    const doubts = cluster['inDoubt'] as readonly { from: string; to: string; nonce: unknown }[];
    return {
      name: clusterName,
      status: String(cluster['status']),
      since: Number(cluster['since']),
      by: cluster['by'] as readonly string[],
      interval: Number(cluster['interval']),
      members: members.map(({ chain, word, fastPath }) => ({ chain, word: Number(word), fastPath })),
      inDoubt: doubts.map(({ from, to, nonce }) => keyOf(from, to, Number(nonce))),
      deltaMs: Number(cluster['deltaMs']),
    };
  }
  /** All members approve that one of them runs something else. */
  async approve(chain: EvmChain, configuration: Digest): Promise<void> {
    const { network, governments } = this.#env;
    const { cluster } = (await network.view().client.call('GetCluster', { cluster: clusterName })) as {
      cluster: { record: Uint8Array };
    };
    const before = clusterRecord.decode(new Uint8Array(cluster.record));
    const members = before.members.map((member) => (member.chain === chain.id ? { ...member, configuration } : member));
    await network.submit(amendmentSubmission(governments, before, { members }, Date.now()));
  }
  key({ from, to, nonce }: Sent): string {
    return keyOf(from.id, to.id, nonce);
  }

  /** Asks an ordinary dWallet for a transaction on a member. @returns `signed`, or the rule that refuses. */
  signOn(chain: EvmChain): Promise<string> {
    const task = ethereumTransaction(chain.node.chainId, {
      nonce: 0,
      to: this.user.address,
      valueWei: 1n,
      gasLimit: 21_000n,
      data: new Uint8Array(0),
      accessList: [],
      ...fees,
    });
    return this.#ordinary
      .sign(task, { authority: encodeAuthority({ kind: 'zone', zone: chain.id }) })
      .then(() => 'signed', ruleOf);
  }

  /** The cluster's dWallet signs the last settlement, and it is posted to the parent chain. */
  async postSettlement(interval: number): Promise<string> {
    const { owner, network } = this.#env;
    const { digest } = (await network.view().client.call('GetSettlement', { cluster: clusterName, interval })) as {
      digest: Uint8Array;
    };
    const task = ethereumTransaction(owner.node.chainId, {
      nonce: Number(
        await owner.node.request('eth_getTransactionCount', [evmAddress(this.#wallet.publicKey), 'pending']),
      ),
      to: this.#contract,
      valueWei: 0n,
      gasLimit: 100_000n,
      data: settlementCalldata(new Uint8Array(digest) as Parameters<typeof settlementCalldata>[0]),
      accessList: [],
      ...fees,
    });
    const authority = encodeAuthority({
      kind: 'settlement',
      zone: owner.id,
      cluster: clusterName,
      interval: BigInt(interval),
    });
    const { encoded } = await this.#wallet.sign(task, { authority });
    const result = await owner.node.submit(encoded);
    return result.accepted ? result.status : result.reason;
  }

  stop(): void {
    this.#relaying = false;
  }
}
