/**
 * The main job, `npm start`: validators make a network key without a dealer, a user makes a dWallet, and its signatures move money on two
 * sovereign chains; then faults, blame, and what each side cannot do alone.
 *
 * @module
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BITCOIN_NETWORKS,
  type EcdsaSignature as ChainSignature,
  type EncodedRequest,
  eip1559Chain,
  evmAddress,
  evmTransfer,
  hashMessage,
  p2wpkhAddress,
  p2wpkhScript,
  p2wpkhTransfer,
  recoverPublicKey,
} from '@dwallet/chains';
import { spendPsbt } from '@dwallet/chains/bitcoin';
import { attachRequest, parseRequest } from '@dwallet/chains/registry';
import { type Blame, Secret, bytesToInteger, secp256k1Curve } from '@dwallet/sigma';
import {
  decodeDWalletRecord,
  decodePresign,
  decodeSetupRecord,
  networkIdOf,
  verifySignature,
} from '@dwallet/two-pc-mpc/network';
import {
  Keystore,
  LmdbStore,
  decodeNetworkKey,
  decodeRecords,
  loadValidatorSet,
  openOrMakeKeyFile,
} from '@dwallet/validator';
import { FileWalletStore } from '@dwallet/client-sdk/node';
import { equalWeights } from '@dwallet/class-groups';
import { type BitcoinNode, startBitcoinNode } from '../local-chains/bitcoin-node.ts';
import { type EvmNode, startEvmNode } from '../local-chains/evm-node.ts';
import { networkAlone, userAlone } from './attacks.ts';
import type { Readiness } from '../network/processes.ts';
import { type Facts, LocalNetwork } from './local-network.ts';
import { type MainJobOptions, parseOptions } from './options.ts';
import { type Reporter, createReporter } from '../reporter.ts';
import { fromHex, networkName, parametersOf, systemRandom, toHex } from './system.ts';

interface Wallet {
  readonly created: boolean;
  readonly publicKey: Uint8Array;
  readonly id: string;
}

/** A run ends at the first thing that does not hold. */
class DidNotHoldError extends Error {
  override readonly name = 'DidNotHoldError';
}

function hold(condition: boolean, sentence: string): void {
  if (!condition) throw new DidNotHoldError(sentence);
}

/** Signatures that one run needs, with the one that the network's own attempt spends. */
const presignsPerRun = 5;
const ether = 10n ** 18n;
const recipient = '0x00000000000000000000000000000000000d0a11';

class MainJob {
  readonly #options: MainJobOptions;
  readonly #report: Reporter;
  readonly #network: LocalNetwork;
  #progress: (detail: string) => void = () => {};
  readonly #ending = new AbortController();
  #chains: { readonly evm: Promise<EvmNode>; readonly bitcoin: Promise<BitcoinNode> } | undefined;

  constructor(options: MainJobOptions, report: Reporter) {
    this.#options = options;
    this.#report = report;
    this.#network = new LocalNetwork(options.data);
    this.#network.onNote((from, text) =>
      this.#progress(`${from === 'wallet' ? 'wallet' : `validator ${from}`}: ${text}`),
    );
  }

  /** A step that shows what the processes say about it. */
  #step<T>(title: string, work: () => Promise<T>): Promise<T> {
    return this.#report.step(title, async (progress) => {
      this.#progress = progress;
      try {
        return await work();
      } finally {
        this.#progress = () => {};
      }
    });
  }

  #folder(index: number): string {
    return join(this.#options.data, `validator-${index}`);
  }

  /** Starts a validator again and waits until it takes part: it serves, and the leader of the next signature reaches it. */
  async #startAgain(index: number, program?: string): Promise<void> {
    this.#network.startValidator(index, program);
    await this.#network.until(index, ({ ready }) => ready);
    await this.#network.until(1, ({ facts }) => facts['reachable'] === this.#options.validators - 1);
  }

  async run(): Promise<void> {
    const begin = performance.now();
    const { data, fresh, profile, validators } = this.#options;
    if (fresh) rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true, mode: 0o700 });
    this.#report.say(`dWallet: ${validators} validators, class group CLG-${profile}, state in ${data}`, {
      event: 'start',
      validators,
      profile: `CLG-${profile}`,
      data,
    });
    await this.#startNetwork();
    const wallet = await this.#openWallet();
    const chains = this.#startChains();
    const ethereum = await this.#ethereum(wallet, await chains.evm);
    const bitcoin = await this.#bitcoinPayment(wallet, await chains.bitcoin);
    const blamed = await this.#faults(wallet, await chains.evm);
    await this.#alone(wallet, await chains.evm);
    const seconds = Math.round((performance.now() - begin) / 100) / 10;
    this.#report.say(`\n   All of it held. ${seconds} s in total.`, {
      event: 'done',
      ethereum,
      bitcoin,
      blamed,
      seconds,
    });
  }

  async stop(): Promise<void> {
    // Also ends chains that are still starting.
    this.#ending.abort();
    await Promise.allSettled([
      this.#network.stopAll(),
      this.#chains?.evm.then((node) => node.stop()),
      this.#chains?.bitcoin.then((node) => node.stop()),
    ]);
  }

  // 1 -------------------------------------------------------------------------------------------------------------------------------

  async #startNetwork(): Promise<void> {
    const { validators, presigns, profile } = this.#options;
    const network = this.#network;
    this.#report.section(`A network of ${validators} validators, no trusted dealer`);
    const all = Array.from({ length: validators }, (_, i) => i + 1);
    const everyone = (enough: (state: Readiness) => boolean): Promise<Readiness[]> =>
      Promise.all(all.map((i) => network.until(i, enough)));
    await this.#step('starting the validators, each a process with its own keys and folder', async () => {
      await network.prepare(validators, profile);
      for (const i of all) network.startValidator(i);
      await everyone(({ facts }) => facts['reachable'] === validators - 1);
    });
    const hasKey = ({ conditions }: Readiness): boolean => conditions['networkKey'] === true;
    // A validator that was killed in the middle of something fetches what the others have certified since.
    const reused = await this.#step('comparing notes', async () => {
      const states = await Promise.all(all.map((i) => network.readiness(i)));
      if (!states.some((state) => state !== undefined && hasKey(state))) return false;
      await everyone(({ ready }) => ready);
      return true;
    });
    if (reused) {
      this.#report.say('the network key of an earlier run is used again', { event: 'network', reused });
    } else {
      await this.#step('distributed key generation, rehearsal and network setup', async () => {
        await this.#genesis();
        await everyone(({ ready }) => ready);
      });
      this.#report.say('the network has a key that nobody holds', { event: 'network', reused });
    }
    const pool = async (): Promise<number> => (await network.command<{ facts: Facts }>(1, 'status')).facts.presigns;
    if ((await pool()) < presignsPerRun) {
      await this.#step(`filling the presign pool: ${presigns} presigns in one session`, () =>
        network.command(1, 'presigns', { batch: presigns }),
      );
    }
    const availablePresigns = await pool();
    this.#report.say(`${availablePresigns} presigns in the pool`, { event: 'pool', presigns: availablePresigns });
  }

  async #genesis(): Promise<void> {
    try {
      await this.#network.command(1, 'genesis');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DidNotHoldError(`the network key was not made (${reason}); run it again, or begin again with --fresh`);
    }
  }

  // 2 -------------------------------------------------------------------------------------------------------------------------------

  async #openWallet(): Promise<Wallet> {
    const { data, profile } = this.#options;
    this.#report.section('A dWallet: half of the key with the user, half with the network');
    const ca = readFileSync(join(data, 'authority', 'ca.crt'), 'utf8');
    this.#network.startWallet({ folder: join(data, 'wallet'), profile, ca });
    const opened = await this.#step('opening the wallet', () =>
      this.#network.wallet<{ created: boolean; publicKey: string; id: string }>({ name: 'open' }),
    );
    const wallet: Wallet = { ...opened, publicKey: fromHex(opened.publicKey) };
    const ethereum = evmAddress(wallet.publicKey);
    const bitcoin = p2wpkhAddress(wallet.publicKey, 'regtest');
    const verb = opened.created ? 'created' : 'opened again';
    this.#report.say(
      `dWallet ${verb}\n     public key  ${opened.publicKey}\n     Ethereum    ${ethereum}\n     Bitcoin     ${bitcoin}`,
      {
        event: 'dwallet',
        ...opened,
        ethereum,
        bitcoin,
      },
    );
    return wallet;
  }

  // 3 -------------------------------------------------------------------------------------------------------------------------------

  #startChains(): { evm: Promise<EvmNode>; bitcoin: Promise<BitcoinNode> } {
    const { signal } = this.#ending;
    const evm = startEvmNode({ signal });
    const bitcoin = startBitcoinNode({ signal });
    // Whoever awaits them reports; an early failure must not be an unhandled one.
    evm.catch(() => {});
    bitcoin.catch(() => {});
    this.#chains = { evm, bitcoin };
    return this.#chains;
  }

  /** Has the dWallet sign a raw transaction, which every validator reads by itself, and puts the signatures in. */
  async #signTransaction(
    { chainId, format, raw }: EncodedRequest,
    wallet: Wallet,
    title: string,
  ): Promise<{ raw: Uint8Array; id: string; blamed: readonly Blame[] }> {
    for (const line of parseRequest(chainId, format, raw, wallet.publicKey).lines)
      this.#report.say(`     ${line}`, { event: 'approve', text: line });
    const answer = await this.#step(title, () =>
      this.#network.wallet<{
        signatures: readonly { r: string; s: string; recoveryId: number }[];
        blamed: readonly Blame[];
      }>({ name: 'sign', chainId, format, raw: toHex(raw) }),
    );
    const signatures = answer.signatures.map(({ r, s, recoveryId }) =>
      chainSignature(BigInt(`0x${r}`), BigInt(`0x${s}`), recoveryId),
    );
    const signed = attachRequest(chainId, format, raw, wallet.publicKey, signatures);
    if (signed.txid === undefined) throw new DidNotHoldError('the transaction is not complete');
    return { raw: signed.encoded, id: signed.txid, blamed: answer.blamed };
  }

  async #pay(wallet: Wallet, node: EvmNode, valueWei: bigint, title: string) {
    const chain = eip1559Chain({ chainId: node.chainId });
    const from = evmAddress(wallet.publicKey);
    const nonce = Number(await node.request('eth_getTransactionCount', [from, 'latest']));
    const intent = evmTransfer({
      nonce,
      to: recipient,
      valueWei,
      maxFeePerGasWei: 20n * 10n ** 9n,
      maxPriorityFeePerGasWei: 10n ** 9n,
    });
    const before = await node.balance(recipient);
    const request = { chainId: chain.id, format: 'eip1559', raw: chain.encodeUnsigned(chain.build(intent)) };
    const { raw, id, blamed } = await this.#signTransaction(request, wallet, title);
    const result = await node.submit(raw);
    const moved = (await node.balance(recipient)) - before;
    const accepted = result.accepted && result.status === 'success' && moved === valueWei;
    return { accepted, hash: id, blamed, result };
  }

  async #ethereum(wallet: Wallet, node: EvmNode): Promise<{ accepted: boolean; hash: string }> {
    this.#report.section('A native Ethereum transaction');
    await node.fund(evmAddress(wallet.publicKey), 10n * ether);
    const { accepted, hash, result } = await this.#pay(
      wallet,
      node,
      ether,
      'signing it together: the user and 3 of 4 by weight'.replace('3 of 4', this.#quorum()),
    );
    hold(
      accepted,
      `the Ethereum node did not execute the transaction: ${result.accepted ? result.status : result.reason}`,
    );
    this.#report.say(`the node executed ${hash}; the recipient has 1 ETH more`, { event: 'ethereum', accepted, hash });
    return { accepted, hash };
  }

  #quorum(): string {
    const { threshold, totalWeight } = equalWeights(this.#options.validators);
    return `${threshold} of ${totalWeight}`;
  }

  async #bitcoinPayment(wallet: Wallet, node: BitcoinNode): Promise<{ accepted: boolean; txid: string }> {
    this.#report.section('A native Bitcoin transaction');
    const utxo = await this.#step('a payment of 1 BTC to the dWallet is mined', () =>
      node.fund(p2wpkhScript(wallet.publicKey), 100_000_000n),
    );
    const change = p2wpkhAddress(wallet.publicKey, 'regtest');
    const intent = p2wpkhTransfer(
      {
        utxos: [utxo],
        to: p2wpkhAddress(secp256k1Curve.G.toBytes(true), 'regtest'),
        amountSats: 40_000_000n,
        changeAddress: change,
        feeRateSatsPerVbyte: 2,
      },
      'regtest',
    );
    const psbt = spendPsbt({ ...intent, publicKey: wallet.publicKey }, 'regtest');
    const { raw, id } = await this.#signTransaction(
      { chainId: BITCOIN_NETWORKS.regtest.id, format: 'psbt', raw: psbt },
      wallet,
      `signing it together: the user and ${this.#quorum()}`,
    );
    const result = await node.submit(raw);
    hold(result.accepted, `the Bitcoin node refused the transaction: ${result.accepted ? '' : result.reason}`);
    await node.mine(1);
    hold(await node.isConfirmed(id), 'the Bitcoin transaction was not mined');
    this.#report.say(`the node accepted and mined ${id}`, { event: 'bitcoin', accepted: true, txid: id });
    return { accepted: true, txid: id };
  }

  // 4 -------------------------------------------------------------------------------------------------------------------------------

  async #faults(wallet: Wallet, node: EvmNode): Promise<readonly Blame[]> {
    const { validators } = this.#options;
    this.#report.section('Faulty validators');
    await this.#network.kill(validators);
    this.#report.say(`validator ${validators} is killed`, { event: 'killed', validator: validators });
    const without = await this.#pay(wallet, node, ether / 10n, `signing without validator ${validators}`);
    hold(without.accepted, 'the signature without one validator was not accepted');
    await this.#startAgain(validators);
    this.#report.say(`the signature is complete and executed; validator ${validators} is back`, {
      event: 'restarted',
      validator: validators,
    });

    const liar = 2;
    await this.#network.kill(liar);
    await this.#startAgain(liar, fileURLToPath(new URL('./byzantine-process.js', import.meta.url)));
    this.#report.say(`validator ${liar} now returns garbage shares`, { event: 'byzantine', validator: liar });
    const { accepted, blamed } = await this.#pay(wallet, node, ether / 10n, 'signing all the same');
    hold(accepted, 'the signature with garbage shares was not accepted');
    const named = [...new Set(blamed.map(({ party }) => party))];
    hold(
      named.length === 1 && named[0] === liar,
      `validator ${liar} should be named, and only it: named are ${named.join(', ') || 'none'}`,
    );
    await this.#evidence(liar);
    await this.#network.kill(liar);
    return blamed;
  }

  /** The evidence that the leader stored convinces another validator, from the messages alone. */
  async #evidence(liar: number): Promise<void> {
    const list = await this.#network.command<{ evidence: { id: string; kind: string; accused: number }[] }>(
      1,
      'evidence-list',
    );
    const id = list.evidence.filter(({ kind, accused }) => kind === 'ecdsa-sign' && accused === liar).at(-1)?.id;
    hold(id !== undefined, 'there is no evidence');
    const { evidence } = await this.#network.command<{ evidence: string }>(1, 'evidence-export', { id });
    const { blamed } = await this.#step('validator 3 judges the evidence again', async () => {
      const judged = await this.#network.command<{ valid: boolean; faults: readonly Blame[] }>(3, 'evidence-judge', {
        evidence,
      });
      return { blamed: judged.valid ? judged.faults : [] };
    });
    hold(
      blamed.length > 0 && blamed.every(({ party }) => party === liar),
      'the evidence does not convince validator 3',
    );
    const [fault] = blamed;
    this.#report.say(
      `the signature is complete and executed; validator ${liar} is named (${fault?.check}: ${fault?.reason})`,
      {
        event: 'blamed',
        validator: liar,
        check: fault?.check,
        reason: fault?.reason,
        evidence: id,
      },
    );
  }

  // 5 -------------------------------------------------------------------------------------------------------------------------------

  async #alone(wallet: Wallet, node: EvmNode): Promise<void> {
    const { data, validators, profile } = this.#options;
    this.#report.section('What neither side can do alone');
    const chain = eip1559Chain({ chainId: node.chainId });
    const nonce = Number(await node.request('eth_getTransactionCount', [evmAddress(wallet.publicKey), 'latest']));
    const intent = evmTransfer({
      nonce,
      to: recipient,
      valueWei: ether,
      maxFeePerGasWei: 20n * 10n ** 9n,
      maxPriorityFeePerGasWei: 10n ** 9n,
    });
    const unsigned = chain.build(intent);
    const [payload] = chain.payloads(unsigned);
    if (payload === undefined) throw new DidNotHoldError('there is nothing to sign');
    const messageDigest = hashMessage('keccak256', payload.message);
    const publicKey = secp256k1Curve.decodePoint(wallet.publicKey, 'publicKey');

    const refused = (who: string, signature: ChainSignature): void => {
      const numbers = {
        r: bytesToInteger(signature.r),
        s: bytesToInteger(signature.s),
        recoveryId: signature.recoveryId,
      };
      hold(
        !verifySignature({ curve: secp256k1Curve, publicKey, messageDigest: messageDigest as never }, numbers),
        `${who} alone signed`,
      );
      let attached = true;
      try {
        chain.attach(unsigned, wallet.publicKey, [signature]);
      } catch {
        attached = false;
      }
      hold(!attached, `${who} alone made a transaction of the wallet`);
      const recovered = recoverPublicKey(signature, messageDigest);
      const owner = recovered === undefined ? 'nobody' : evmAddress(recovered);
      this.#report.say(
        `${who} alone: fails. The best signature belongs to ${owner}, not to ${evmAddress(wallet.publicKey)}`,
        {
          event: 'alone',
          who,
          failed: true,
          signer: owner,
        },
      );
    };

    await this.#network.stopAll();
    const network = await this.#step('all validators pool their key shares and ignore every rule', async () => {
      const parameters = parametersOf(profile);
      const options = { parameters, curve: secp256k1Curve };
      const { committee } = loadValidatorSet(join(data, 'validators.yaml'));
      const networkId = networkIdOf(networkName, parameters.profile.id, committee.digest);
      const stores = committee.identityKeys.map((owner, i) =>
        LmdbStore.open({ folder: this.#folder(i + 1), owner, networkId, random: systemRandom }),
      );
      const [store] = stores as [LmdbStore, ...LmdbStore[]];
      const read = (kind: string, id: string): Uint8Array[] => decodeRecords(store.get(kind, id) ?? new Uint8Array(0));
      const setup = decodeSetupRecord(secp256k1Curve, parameters, read('network', 'setup')[0] as Uint8Array);
      const key = decodeNetworkKey(options, equalWeights(validators), read('network', 'key')[0] as Uint8Array);
      const record = decodeDWalletRecord(setup, read('dwallet', wallet.id)[0] as Uint8Array);
      // One validator may have missed an assignment that the others made.
      const assigned = new Set(stores.flatMap((each) => each.list('assignment')));
      const free = store.list('presign').find((id) => !assigned.has(id));
      if (free === undefined) throw new DidNotHoldError('the presign pool is empty');
      // Spent for ever, at every validator, before it is used: this is one use of it like any other.
      for (const each of stores) each.putOnce('assignment', free, new Uint8Array(64));
      const presign = decodePresign(setup, read('presign', free)[0] as Uint8Array);
      const shares = new Map<number, Secret<bigint>>();
      for (let i = 1; i <= validators; i++) {
        const unlock = openOrMakeKeyFile(join(this.#folder(i), 'keystore.key'), systemRandom);
        for (const [j, share] of Keystore.open(this.#folder(i), systemRandom, unlock).shares ?? [])
          shares.set(j, share);
      }
      await Promise.all(stores.map((each) => each.close()));
      return networkAlone({ setup, key, record, presign, shares }, payload.message);
    });
    if (network === undefined) throw new DidNotHoldError('the pooled shares do not decrypt');
    refused('the network', chainSignature(network.r, network.s, network.recoveryId));

    const walletData = new FileWalletStore(join(data, 'wallet', 'wallet.json')).load();
    const stored = walletData?.wallets.find(({ id }) => id === wallet.id);
    if (stored === undefined) throw new DidNotHoldError('the wallet file does not hold the wallet');
    const user = userAlone(new Secret(bytesToInteger(fromHex(stored.userShare))), payload.message);
    refused('the user', chainSignature(user.r, user.s, user.recoveryId));
  }
}

const bytes32 = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'));
const chainSignature = (r: bigint, s: bigint, recoveryId: number): ChainSignature => ({
  r: bytes32(r),
  s: bytes32(s),
  recoveryId,
});

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const report = createReporter(options.json);
  const job = new MainJob(options, report);
  let ended = false;
  const interrupted = (signal: NodeJS.Signals): void => {
    // What fails from now on fails because of this.
    ended = true;
    void job.stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await job.run();
    return 0;
  } catch (error) {
    if (!ended) report.fail(error instanceof Error ? error.message : String(error));
    if (process.env['DWALLET_DEBUG'] !== undefined) console.error(error);
    return 1;
  } finally {
    await job.stop();
  }
}

process.exitCode = await main();
