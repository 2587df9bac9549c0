/**
 * Presigns reserved and prepared before the message is known: what a wallet gains, what a crash leaves, what two processes of one wallet may do, and
 * how validators keep a reservation to one message and a client to a few reservations (MPC 5.8, 8.1, 8.3).
 */
import type { DWallet, DWalletClient, WalletData } from '@dwallet/client-sdk';
import { type Digest, type PresignId, digest } from '@dwallet/sigma';
import {
  type ComputePool,
  InlinePool,
  MemorySignMessageStore,
  type SignMessageStore,
  clientJobs,
  maxReservedPresigns,
} from '@dwallet/two-pc-mpc/client';
import {
  type SignRequest,
  clientKind,
  decodeCall,
  decodeCertificate,
  decodeParts,
  decodePresign,
  decodeSignRequest,
  decodeTakePresign,
  encodeParts,
  encodeTakePresign,
  maxBodyBytes,
  openEnvelope,
  presignIdsOf,
  presignRequestDigest,
} from '@dwallet/two-pc-mpc/network';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterEach, describe, expect, it } from 'vitest';
import { RawClient, type Taken } from '../../services/validator/test/helpers/raw-client.ts';
import {
  MemoryWalletStore,
  ToyNetwork,
  curve,
  fixture,
  hex,
  randomFor,
} from '../../services/validator/test/helpers/toy-network.ts';

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((each) => each.close()));

const text = (message: string): Uint8Array => new TextEncoder().encode(message);

/** What clients asked of validators, in order. */
interface Asked {
  readonly method: string;
  readonly to: number;
  readonly body: Uint8Array;
}

function newNetwork(): { network: ToyNetwork; asked: Asked[] } {
  const network = new ToyNetwork({ from: fixture() });
  const asked: Asked[] = [];
  network.line = ({ from, to, method, bytes, pass }) => {
    if (from === undefined && method !== 'network')
      asked.push({ method, to, body: openEnvelope(decodeCall(bytes, maxBodyBytes).body, network.networkId).body });
    return pass();
  };
  open.push(network);
  return { network, asked };
}
const requests = (asked: readonly Asked[]): SignRequest[] =>
  asked.filter(({ method }) => method === clientKind.sign).map(({ body }) => decodeSignRequest(body));
const takes = (asked: readonly Asked[]) =>
  asked.filter(({ method }) => method === clientKind.takePresign).map(({ body }) => decodeTakePresign(body));

async function openClient(
  network: ToyNetwork,
  options: Parameters<ToyNetwork['client']>[0] = {},
): Promise<{ client: DWalletClient; wallet: DWallet }> {
  const client = await network.client(options);
  open.push(client);
  const [wallet] = client.wallets;
  if (wallet === undefined) throw new Error('no wallet');
  return { client, wallet };
}

async function signs(wallet: DWallet, message: string): Promise<void> {
  const { signature } = await wallet.signRaw('sha256', text(message));
  const bytes = [signature.r, signature.s].map((x) => x.toString(16).padStart(64, '0')).join('');
  const valid = secp256k1.verify(Buffer.from(bytes, 'hex'), sha256(text(message)), wallet.publicKey, {
    prehash: false,
    lowS: true,
  });
  expect(valid, message).toBe(true);
}

async function refused(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => expect.fail('it was answered'),
    (reason: unknown) => reason as { code?: string; check?: string; message: string },
  );
  return [error.code, error.check, error.message].join(' ');
}

/** The certificate of an assignment as a validator keeps it. */
const certificateAt = (network: ToyNetwork, index: number, id: PresignId): Uint8Array | undefined =>
  decodeParts(network.store(index).get('certified-assignment', hex(id)) as Uint8Array, 'assignment', 3)[2];

const newStore = (): MemoryWalletStore => new MemoryWalletStore(fixture().wallet);
const reservationsIn = (store: MemoryWalletStore) => (store.data as WalletData).wallets[0]?.reservations ?? [];

describe('a wallet that has nothing to sign', () => {
  it('reserves and prepares one presign; the next signature asks for none, and the one after it is prepared again', async () => {
    const { network, asked } = newNetwork();
    const store = newStore();
    const { wallet } = await openClient(network, { store, prepare: 1 });
    expect(await wallet.prepare()).toBe(1);
    expect(takes(asked).map(({ kind }) => kind)).toEqual(['reservation']);
    const [reservation] = reservationsIn(store);
    expect(Object.keys(reservation ?? {}).sort()).toEqual(['assignment', 'nonce', 'presignId']);

    asked.length = 0;
    await signs(wallet, 'prepared');
    expect(asked.map(({ method }) => method)[0]).toBe(clientKind.sign);
    const [request] = requests(asked);
    expect(request?.assignedTo).toBe('reservation');
    expect(hex(request?.presignId as Uint8Array)).toBe(reservation?.presignId);
    expect(network.logs.filter((line) => line.includes('completing the prepared'))).toHaveLength(1);
    // Gone from the file with its signature; another one follows by itself.
    expect(await wallet.prepare()).toBe(1);
    expect(reservationsIn(store)).toHaveLength(1);
    expect(reservationsIn(store)[0]?.presignId).not.toBe(reservation?.presignId);
    for (const i of network.access.validators) expect(network.validator(i).status().evidence).toEqual([]);
  });

  it('a new dWallet is made ready too; as many as the option says, and none when it says so', async () => {
    const { network, asked } = newNetwork();
    const client = await network.client({ name: 'bob', prepare: 2 });
    open.push(client);
    const wallet = await client.createDWallet({ rawDigests: true });
    expect(await wallet.prepare(2)).toBe(2);
    expect(takes(asked)).toHaveLength(2);
    const { network: other, asked: nothing } = newNetwork();
    const { wallet: lazy } = await openClient(other, { prepare: 0 });
    await signs(lazy, 'cold');
    expect(takes(nothing).map(({ kind }) => kind)).toEqual(['message']);
    await expect(other.client({ prepare: maxReservedPresigns + 1 })).rejects.toThrow('prepare');
    await expect(other.client({ prepare: -1 })).rejects.toThrow('prepare');
  });

  it('a signature does not wait for a preparation: it interrupts it and uses its presign without it', async () => {
    const { network, asked } = newNetwork();
    const { wallet } = await openClient(network, { prepare: 0 });
    const ready = wallet.prepare();
    while (!network.logs.some((line) => line.endsWith('preparing a presign')))
      await new Promise((resolve) => setTimeout(resolve, 0));
    await signs(wallet, 'now');
    expect(await ready).toBe(0);
    expect(takes(asked)).toHaveLength(1);
    expect(requests(asked).map(({ assignedTo }) => assignedTo)).toEqual(['reservation']);
    expect(network.logs.some((line) => line.includes('completing the prepared'))).toBe(false);
    // Interrupted is not failed.
    expect(network.logs.some((line) => line.includes('no presign is prepared'))).toBe(false);
  });

  it('with workers: they make a message that is not prepared, and are not needed for one that is', async () => {
    const { network } = newNetwork();
    const inline = new InlinePool(clientJobs, network.parameters, curve);
    let jobs = 0;
    const compute: ComputePool = {
      parallelism: 2,
      queued: 0,
      active: 0,
      run: (job, options) => {
        jobs++;
        return inline.run(job, options);
      },
      close: () => inline.close(),
    };
    const { wallet } = await openClient(network, { compute });
    await signs(wallet, 'cold');
    const cold = jobs;
    expect(cold).toBeGreaterThan(0);
    expect(await wallet.prepare(), network.logs.at(-1)).toBe(1);
    const prepared = jobs;
    await signs(wallet, 'prepared');
    expect(jobs).toBe(prepared);
  });

  it('what goes wrong in the background is logged and nothing else', async () => {
    const { network } = newNetwork();
    const { client, wallet } = await openClient(network, { prepare: 1 });
    for (const i of network.access.validators) network.down.add(i);
    await wallet.prepare();
    client.close();
    network.down.clear();
    for (const i of network.access.validators)
      for (const id of network.store(i).list('presign')) network.store(i).putOnce('assignment', id, new Uint8Array(64));
    const { wallet: poor } = await openClient(network, { prepare: 1 });
    expect(await poor.prepare()).toBe(0);
    expect(network.logs.some((line) => /no presign is prepared: .*pool is empty/.test(line))).toBe(true);
  });

  it('a closed client has nothing prepared and prepares nothing', async () => {
    const { network } = newNetwork();
    const { client, wallet } = await openClient(network, { prepare: 1 });
    expect(await wallet.prepare()).toBe(1);
    client.close();
    expect(await wallet.prepare()).toBe(0);
    await signs(wallet, 'still signs');
  });
});

describe('crashes', () => {
  it('nonce and presign are in the wallet file before anything is made with them, and the message in its store', async () => {
    const { network } = newNetwork();
    const store = newStore();
    const messages = new MemorySignMessageStore();
    const seen: string[] = [];
    network.line = async ({ from, method, bytes, pass }) => {
      if (from === undefined && method === clientKind.takePresign) {
        const { request, id } = decodeTakePresign(
          openEnvelope(decodeCall(bytes, maxBodyBytes).body, network.networkId).body,
        );
        const nonces = reservationsIn(store).map(({ nonce }) => new Uint8Array(Buffer.from(nonce, 'hex')));
        const digests = nonces.map((nonce) => hex(presignRequestDigest(id, { kind: 'reservation', nonce })));
        expect(digests).toContain(hex(request));
        seen.push('take');
      }
      if (from === undefined && method === clientKind.sign) {
        const { presignId, assignment: shown = new Uint8Array(0) } = decodeSignRequest(
          openEnvelope(decodeCall(bytes, maxBodyBytes).body, network.networkId).body,
        );
        expect(shown).toEqual(certificateAt(network, 1, presignId));
        expect(reservationsIn(store)).toMatchObject([{ presignId: hex(presignId), assignment: hex(shown) }]);
        expect(await messages.get(presignId)).toBeDefined();
        seen.push('sign');
      }
      return pass();
    };
    const { wallet } = await openClient(network, { store, messages });
    await wallet.prepare();
    await signs(wallet, 'in order');
    expect(seen).toEqual(['take', 'sign']);
    // The prepared presign has no place on disk: the file has a nonce and an identifier for it.
    expect(reservationsIn(store)).toEqual([]);
  });

  it('after a restart a reservation serves without preparation: the same presign, at another validator', async () => {
    const { network, asked } = newNetwork();
    const store = newStore();
    const messages = new MemorySignMessageStore();
    const first = await openClient(network, { store, messages });
    await first.wallet.prepare();
    const [reservation] = reservationsIn(store);
    first.client.close();
    network.restartAll();
    const { wallet } = await openClient(network, { store, messages, first: 3, name: 'alice-again' });
    await signs(wallet, 'after the restart');
    const [before, after] = takes(asked);
    expect(hex(after?.request as Digest)).toBe(hex(before?.request as Digest));
    expect(requests(asked).map(({ presignId }) => hex(presignId))).toEqual([reservation?.presignId]);
    expect(network.store(2).list('assignment')).toHaveLength(1);
  });

  it('another presign than the one in the file is not accepted for a reservation (MPC:V3)', async () => {
    const { network, asked } = newNetwork();
    const store = newStore();
    const messages = new MemorySignMessageStore();
    const first = await openClient(network, { store, messages });
    await first.wallet.prepare();
    first.client.close();
    const data = store.data as WalletData;
    const [reservation] = reservationsIn(store);
    const other = { nonce: reservation?.nonce as string, presignId: 'ab'.repeat(32) };
    store.data = { ...data, wallets: data.wallets.map((wallet) => ({ ...wallet, reservations: [other] })) };
    const { wallet } = await openClient(network, { store, messages, name: 'alice-again' });
    await signs(wallet, 'with a presign of its own');
    expect(requests(asked).map(({ assignedTo }) => assignedTo)).toEqual(['message']);
    expect(network.logs.some((line) => /not given: MPC:V3/.test(line))).toBe(true);
  });

  it('a crash before the answer: the same reservation is asked for again, and no second presign is used up', async () => {
    const { network, asked } = newNetwork();
    const store = newStore();
    const { line } = network;
    network.line = async (call) => {
      const reply = await line(call);
      if (call.from === undefined && call.method === clientKind.takePresign) throw new Error('crash');
      return reply;
    };
    const first = await openClient(network, { store });
    expect(await first.wallet.prepare()).toBe(0);
    first.client.close();
    expect(reservationsIn(store).map(({ presignId }) => presignId)).toEqual([undefined]);
    network.line = line;
    const { wallet } = await openClient(network, { store, first: 2, name: 'alice-again' });
    expect(await wallet.prepare()).toBe(1);
    expect(new Set(takes(asked).map(({ request }) => hex(request))).size).toBe(1);
    expect(network.store(1).list('assignment')).toHaveLength(1);
  });

  it('a crash after the message left: the same message sends the same bytes, another message takes another presign', async () => {
    const { network, asked } = newNetwork();
    const store = newStore();
    const messages = new MemorySignMessageStore();
    const { line } = network;
    network.line = async (call) => {
      const reply = await line(call);
      if (call.from === undefined && call.method === clientKind.sign) throw new Error('crash');
      return reply;
    };
    const first = await openClient(network, { store, messages });
    await first.wallet.prepare();
    await expect(first.wallet.signRaw('sha256', text('once'))).rejects.toThrow();
    first.client.close();
    network.line = line;
    const sent = requests(asked);
    const bytesOf = (): string[] =>
      asked.flatMap(({ method, body }) => (method === clientKind.sign ? [hex(body)] : []));
    const sentBytes = bytesOf();
    expect(new Set(sentBytes).size).toBe(1);
    asked.length = 0;

    // Another validator leads the assignment again, with other votes: the request still shows the certificate that the wallet file has.
    network.down.add(1);
    const { wallet } = await openClient(network, { store, messages, first: 2, name: 'alice-again' });
    await signs(wallet, 'something else');
    await signs(wallet, 'once');
    expect(certificateAt(network, 2, sent[0]?.presignId as PresignId)).not.toEqual(sent[0]?.assignment);
    expect(bytesOf()[1]).toBe(sentBytes[0]);
    const [other, again] = requests(asked);
    expect(hex(other?.presignId as Uint8Array)).not.toBe(hex(sent[0]?.presignId as Uint8Array));
    expect(hex(again?.signMessage as Uint8Array)).toBe(hex(sent[0]?.signMessage as Uint8Array));
    expect(reservationsIn(store)).toEqual([]);
    // Asked for once more, it is a new signature of the same message.
    await signs(wallet, 'once');
    expect(hex(requests(asked)[2]?.presignId as Uint8Array)).not.toBe(hex(sent[0]?.presignId as Uint8Array));
  });
});

describe('two processes of one wallet', () => {
  /** Both have prepared the same presign before either signs. */
  async function twoProcesses(stores: readonly [SignMessageStore, SignMessageStore]) {
    const { network, asked } = newNetwork();
    const store = newStore();
    const one = await openClient(network, { store, messages: stores[0], name: 'alice' });
    await one.wallet.prepare();
    const two = await openClient(network, { store, messages: stores[1], name: 'tab', first: 2 });
    await two.wallet.prepare();
    expect(new Set(takes(asked).map(({ request }) => hex(request))).size).toBe(1);
    const results = await Promise.allSettled([signs(one.wallet, 'pay 1'), signs(two.wallet, 'pay 2')]);
    /** Presign -> the different messages that left for it. */
    const left = new Map<string, Set<string>>();
    for (const { presignId, signMessage } of requests(asked)) {
      const known = left.get(hex(presignId)) ?? new Set();
      left.set(hex(presignId), known.add(hex(signMessage)));
    }
    return { network, results, left };
  }
  /** For each presign, how many different digests validators have answered. */
  const decrypted = (network: ToyNetwork): number[] => {
    const digests = new Map<string, Set<string>>();
    for (const i of network.access.validators)
      for (const [id, bound] of network.marked(i)) digests.set(id, (digests.get(id) ?? new Set()).add(bound));
    return [...digests.values()].map(({ size }) => size);
  };

  it('one message store: one message per presign leaves; the slower one takes another presign, and both sign (MPC:V4)', async () => {
    const messages = new MemorySignMessageStore();
    const { network, results, left } = await twoProcesses([messages, messages]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect([...left.values()].map(({ size }) => size)).toEqual([1, 1]);
    expect(decrypted(network)).toEqual([1, 1]);
  });

  it('without the guard two messages leave for one presign; validators still decrypt only one (MPC:S2)', async () => {
    const { network, results, left } = await twoProcesses([new MemorySignMessageStore(), new MemorySignMessageStore()]);
    expect([...left.values()].map(({ size }) => size)).toEqual([2]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    for (const count of decrypted(network)) expect(count).toBe(1);
  });
});

describe('reservations at the validators', () => {
  class Reserving extends RawClient {
    async reserve(to: number, label: string): Promise<Taken> {
      const nonce = randomFor(`reservation/${label}`)(32);
      const body = encodeTakePresign(this.id, { kind: 'reservation', nonce });
      const reply = await this.send(to, clientKind.takePresign, this.seal(clientKind.takePresign, this.id, body));
      const [bytes, batch, certificate] = decodeParts(reply, 'Presign', 4) as [Uint8Array, Uint8Array, Uint8Array];
      return {
        presign: decodePresign(this.setup, bytes),
        certificate: { ids: presignIdsOf(batch), certificate: decodeCertificate(certificate) },
        nonce,
        message: text(label),
      };
    }
    async signReserved(to: number, taken: Taken, change: Partial<SignRequest> = {}) {
      const signMessage = await this.signMessage(taken);
      return this.sign(to, this.signRequest(taken, signMessage, { assignedTo: 'reservation', ...change }));
    }
  }

  it('a reservation is no message request and a message request no reservation; its nonce counts (MPC:S1)', async () => {
    const { network } = newNetwork();
    const alice = new Reserving(network);
    const reserved = await alice.reserve(1, 'later');
    expect(await refused(alice.signReserved(2, reserved, { assignedTo: 'message' }))).toContain('MPC:S1');
    expect(await refused(alice.signReserved(2, reserved, { nonce: new Uint8Array(32).fill(1) }))).toContain('MPC:S1');
    const taken = await alice.take(1, 'for this message');
    expect(await refused(alice.signReserved(2, taken))).toContain('MPC:S1');
    for (const i of network.access.validators) expect(network.marked(i).size).toBe(0);
    expect((await alice.signReserved(2, reserved)).presignId).toEqual(reserved.presign.presignId);
  });

  it('a reservation serves exactly one message, whatever comes after or at the same time (MPC:S2)', async () => {
    const { network } = newNetwork();
    const alice = new Reserving(network);
    const reserved = await alice.reserve(1, 'pay 1');
    const second: Taken = { ...reserved, message: text('pay 2') };
    await alice.signReserved(1, reserved);
    for (const to of [1, 2, 3, 4]) expect(await refused(alice.signReserved(to, second))).toContain('MPC:S2');
    const racing = await alice.reserve(2, 'race');
    const outcomes = await Promise.allSettled([
      alice.signReserved(1, racing),
      alice.signReserved(2, { ...racing, message: text('other') }),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    const answered = new Set(
      network.access.validators.flatMap((i) => network.marked(i).get(hex(racing.presign.presignId)) ?? []),
    );
    expect(answered.size).toBeLessThanOrEqual(1);
  });

  it('a dWallet holds a few unused ones and no more, at every leader and after restarts; a used one makes room', async () => {
    const { network } = newNetwork();
    const alice = new Reserving(network);
    const held: Taken[] = [];
    for (let i = 0; i < maxReservedPresigns; i++) held.push(await alice.reserve(1 + (i % 4), `${i}`));
    for (const to of [1, 3]) expect(await refused(alice.reserve(to, 'one more'))).toContain('TOO_MANY_RESERVATIONS');
    network.restartAll();
    expect(await refused(alice.reserve(2, 'one more'))).toContain('TOO_MANY_RESERVATIONS');
    // The same one again is no further one. A message that is known is not held up.
    expect((await alice.reserve(4, '0')).presign.presignId).toEqual(held[0]?.presign.presignId);
    await alice.take(2, 'a message');
    expect(network.store(1).list('assignment')).toHaveLength(maxReservedPresigns + 1);

    // Validator 4 is away while two are used; when it matters it learns that from their certificates.
    network.down.add(4);
    for (const taken of held.slice(0, 2)) await alice.signReserved(1, taken);
    network.down.clear();
    expect(network.store(4).get('binding', hex(held[0]?.presign.presignId as PresignId))).toBeUndefined();
    network.down.add(1);
    await expect(alice.reserve(2, 'two more')).resolves.toBeDefined();
    expect(network.store(4).get('binding', hex(held[0]?.presign.presignId as PresignId))).toBeDefined();
  });

  it('who says that a presign is used must have the certificate (MPC:S2)', async () => {
    const { network } = newNetwork();
    const alice = new Reserving(network);
    const held: Taken[] = [];
    for (let i = 0; i < maxReservedPresigns; i++) held.push(await alice.reserve(1, `${i}`));
    const assigned = network.store(1).get('certified-assignment', hex(held[0]?.presign.presignId as PresignId));
    const assignment = decodeParts(assigned as Uint8Array, 'assignment', 3)[2] as Uint8Array;
    for (const { presign } of held)
      network.store(2).put('binding', hex(presign.presignId), encodeParts([digest(new Uint8Array(32)), assignment]));
    expect(await refused(alice.reserve(1, 'one more'))).toContain('TOO_MANY_RESERVATIONS');
    expect(network.store(1).list('binding')).toEqual([]);
  });
});
