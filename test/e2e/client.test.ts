/**
 * What a wallet refuses to believe (MPC 3.5, 8.4): every answer of the network with one thing wrong in it. Told by one validator it is passed
 * over; told by more than f it is refused under the name of the check, and nothing secret has left.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DWalletClient, FileMessageStore, FileWalletStore, type WalletData } from '@dwallet/client-sdk/node';
import { Secret, bytesToInteger } from '@dwallet/sigma';
import {
  MemorySignMessageStore,
  decodeDWalletRecord,
  deriveUserKey,
  recoverUserShare,
} from '@dwallet/two-pc-mpc/client';
import {
  type Fact,
  type Peer,
  assembleCertificate,
  assignmentFact,
  clientKind,
  decodeCall,
  decodeParts,
  decodePresign,
  decodeReply,
  decodeSetupRecord,
  decodeSignRequest,
  decodeTakePresign,
  encodeCertificate,
  encodeParts,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  signFact,
  signOrderDigest,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  MemoryWalletStore,
  ToyNetwork,
  curve,
  fixture,
  fromHex,
  hex,
  randomFor,
} from '../../services/validator/test/helpers/toy-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'dwallet-client-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const open: ToyNetwork[] = [];
function newNetwork(): ToyNetwork {
  const network = new ToyNetwork({ from: fixture() });
  open.push(network);
  return network;
}
afterEach(() => open.splice(0).forEach((network) => network.close()));

/** Changes the parts of an answer to clients, told by these validators. */
function bendAnswers(
  network: ToyNetwork,
  method: string,
  count: number,
  change: (parts: Uint8Array[], call: Uint8Array) => void,
  by: readonly number[] = [1, 2, 3, 4],
): { readonly asked: number[] } {
  const asked: number[] = [];
  network.line = async ({ from, to, method: called, bytes, pass }) => {
    const reply = await pass();
    if (from !== undefined || called !== method) return reply;
    asked.push(to);
    if (!by.includes(to)) return reply;
    const parts = decodeParts(decodeReply(reply, maxBodyBytes), 'answer', count);
    change(parts, bytes);
    return encodeResult(encodeParts(parts));
  };
  return { asked };
}
const flip = (bytes: Uint8Array | undefined, at: number): void => {
  const index = at < 0 ? (bytes as Uint8Array).length + at : at;
  (bytes as Uint8Array)[index] = ((bytes as Uint8Array)[index] as number) ^ 1;
};

/** What all validators together could sign. */
function certify(network: ToyNetwork, fact: Fact, signers: readonly number[] = [1, 2, 3]): Uint8Array {
  const votes = network.access.validators
    .filter((i) => signers.includes(i))
    .map((i) => signFact(network.committee, fact, i, network.keystore(i).identity));
  return encodeCertificate(assembleCertificate(network.committee, fact, votes).certificate);
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => expect.fail('it was believed'),
    (reason: unknown) => reason as { code?: string; check?: string; message: string },
  );
  return [error.check ?? error.code, error.message].join(' ');
}

describe('the network that a wallet connects to', () => {
  const methods = 'network';

  it.each([
    ['a bent setup record', (parts: Uint8Array[]) => flip(parts[5], -1), /MPC:V1|SetupRecord/],
    ['another public share in the setup', (parts: Uint8Array[]) => flip(parts[5], 200), /MPC:V1|SetupRecord/],
    ['a bent signature in its certificate', (parts: Uint8Array[]) => flip(parts[6], -1), /^MPC:V1 .*signature/],
    [
      'a certificate of something else',
      (parts: Uint8Array[]) => parts.splice(6, 1, parts[4] as Uint8Array),
      /^MPC:V1 /,
    ],
    [
      'a certificate of too few',
      (parts: Uint8Array[]) => {
        const certificate = parts[6] as Uint8Array;
        const votes = 2 + 64 + 2;
        // Two votes fewer: the count, and the last bytes.
        const count = new DataView(certificate.buffer, certificate.byteOffset);
        const total = [...certificate.keys()].find(
          (at) => at > 60 && count.getUint16(at) === (certificate.length - at - 2) / 66,
        );
        count.setUint16(total as number, count.getUint16(total as number) - 2);
        parts[6] = certificate.slice(0, certificate.length - 2 * (votes - 2));
      },
      /^MPC:V1 .*below the threshold/,
    ],
    ['another committee', (parts: Uint8Array[]) => parts.splice(2, 1, swapKeys(parts[2] as Uint8Array)), /^MPC:V1 /],
    ['another name, for a wallet that knows the network', (parts: Uint8Array[]) => flip(parts[0], 0), /^MPC:V1 /],
  ])('%s is refused (MPC:V1)', async (_what, change, expected) => {
    const network = newNetwork();
    const { asked } = bendAnswers(network, methods, 8, change);
    const store = new MemoryWalletStore(fixture().wallet);
    expect(await failure(network.client({ store }))).toMatch(expected);
    // f = 1: two of them suffice to know that it is not just one liar.
    expect(asked).toEqual([1, 2]);
    expect(store.data).toBe(fixture().wallet);
    // One liar is passed over.
    const one = newNetwork();
    const tale = bendAnswers(one, methods, 8, change, [1]);
    await one.client();
    expect(tale.asked).toEqual([1, 2]);
  });

  it('another network than the one that the user names, or than the one that was pinned (MPC:V1)', async () => {
    const network = newNetwork();
    const options = {
      peers: network.peers(),
      parameters: network.parameters,
      curve,
      store: new MemoryWalletStore(),
      messages: new MemorySignMessageStore(),
      random: randomFor('x'),
      prepare: false,
      allowTestProfile: true,
    };
    expect(await failure(DWalletClient.connect({ ...options, networkId: 'ab'.repeat(32) }))).toMatch(/^MPC:V1 /);
    expect(options.store.data).toBeUndefined();
    const client = await DWalletClient.connect({ ...options, networkId: hex(network.networkId) });
    expect(client.networkId).toBe(hex(network.networkId));
    const pinned = options.store.data as WalletData;
    const setup = pinned.network?.setup ?? '';
    const id = pinned.network?.id ?? '';
    for (const other of [
      { id: 'ab'.repeat(32), setup },
      { id, setup: 'ab'.repeat(32) },
    ]) {
      const store = new MemoryWalletStore({ ...pinned, network: other });
      expect(await failure(DWalletClient.connect({ ...options, store }))).toMatch(/^MPC:V1 /);
    }
  });

  it('test profiles are refused, as is a wallet without validators', async () => {
    const network = newNetwork();
    const options = {
      peers: network.peers(),
      parameters: network.parameters,
      curve,
      store: new MemoryWalletStore(),
      messages: new MemorySignMessageStore(),
      random: randomFor('x'),
    };
    await expect(DWalletClient.connect(options)).rejects.toThrow('for tests only');
    await expect(DWalletClient.connect({ ...options, peers: [], allowTestProfile: true })).rejects.toThrow('peers');
  });

  it('nobody there is said to be nobody there; babble is passed over', async () => {
    const network = newNetwork();
    for (const i of [1, 2, 3, 4]) network.down.add(i);
    expect(await failure(network.client())).toMatch(/^UNAVAILABLE/);
    network.down.clear();
    const babble: Peer = { call: async () => Uint8Array.of(7, 7, 7) };
    await network.client({ peers: [babble, ...network.peers()] });
    expect(await failure(network.client({ peers: [babble, babble, babble, babble] }))).toMatch(/^DECODE/);
  });
});

describe('a new dWallet', () => {
  it('an output that is not the own one is refused, whoever certified it (MPC:A1)', async () => {
    for (const [at, by] of [
      [-1, [1, 2, 3, 4]],
      [40, [1, 2, 3, 4]],
    ] as const) {
      const network = newNetwork();
      const store = new MemoryWalletStore();
      bendAnswers(network, clientKind.createDWallet, 2, (parts) => flip(parts[0], at), by);
      const client = await network.client({ name: 'bob', store });
      expect(await failure(client.createDWallet())).toMatch(/^MPC:A1 /);
      expect(client.wallets).toEqual([]);
      // Nobody was told that the owner accepts it.
      expect(network.store(1).list('dwallet-acceptance')).toHaveLength(1);
    }
  });

  it('a bent certificate is refused (MPC:A1); from one validator only it is passed over', async () => {
    const network = newNetwork();
    const { asked } = bendAnswers(network, clientKind.createDWallet, 2, (parts) => flip(parts[1], -1), [1]);
    const client = await network.client({ name: 'bob' });
    await client.createDWallet({ rawDigests: true });
    expect(asked).toEqual([1, 2]);
    bendAnswers(network, clientKind.createDWallet, 2, (parts) => flip(parts[1], -1));
    expect(await failure(client.createDWallet())).toMatch(/^MPC:A1 /);
    expect(client.wallets).toHaveLength(1);
  });

  it('share and message are on disk before the network hears of them; a crash after that costs nothing', async () => {
    const network = newNetwork();
    const path = join(folder, 'wallet.json');
    const store = new FileWalletStore(path);
    let seen: WalletData | undefined;
    network.line = async ({ from, method, bytes, pass }) => {
      if (from !== undefined || method !== clientKind.createDWallet) return pass();
      seen = JSON.parse(readFileSync(path, 'utf8')) as WalletData;
      const envelope = openEnvelope(decodeCall(bytes, maxBodyBytes).body, network.networkId);
      expect(hex(envelope.body)).toContain(seen.wallets[0]?.message);
      // The power goes out here: the network may or may not have heard it.
      await pass();
      throw new Error('crash');
    };
    const client = await network.client({ name: 'bob', store });
    await expect(client.createDWallet()).rejects.toThrow();
    expect(seen?.wallets).toHaveLength(1);
    expect(seen?.wallets[0]?.userShare).toMatch(/^[0-9a-f]{64}$/);
    network.line = ({ pass }) => pass();

    // The next run ignores what has no accepted output, keeps it, and makes a wallet that signs.
    const next = await network.client({ name: 'bob-again', store: new FileWalletStore(path) });
    expect(next.wallets).toEqual([]);
    const wallet = await next.createDWallet({ rawDigests: true });
    await wallet.signRaw('sha256', Uint8Array.of(1));
    const kept = JSON.parse(readFileSync(path, 'utf8')) as WalletData;
    expect(kept.wallets.map(({ record }) => record !== undefined)).toEqual([false, true]);
    expect(kept.wallets[0]).toEqual(seen?.wallets[0]);
    expect(kept.seed).toBe(seen?.seed);
  });

  it('the user share comes back from the certified record and the recovery seed alone (MPC:A2)', () => {
    const { wallet } = fixture();
    const network = newNetwork();
    const [bytes] = decodeParts(network.store(1).get('network', 'setup') as Uint8Array, 'setup', 2) as [Uint8Array];
    const setup = decodeSetupRecord(curve, network.parameters, bytes);
    // What the network keeps, not what the wallet kept.
    const id = wallet.wallets[0]?.id ?? '';
    const [stored] = decodeParts(network.store(3).get('dwallet', id) as Uint8Array, 'dwallet', 2) as [Uint8Array];
    const record = decodeDWalletRecord(setup, stored);
    const { secretKey } = deriveUserKey(curve, network.parameters, new Secret(fromHex(wallet.seed)));
    const share = bytesToInteger(fromHex(wallet.wallets[0]?.userShare ?? ''));
    expect(recoverUserShare(setup, record, secretKey).expose()).toBe(share);
    const other = deriveUserKey(curve, network.parameters, new Secret(new Uint8Array(32).fill(1)));
    expect(() => recoverUserShare(setup, record, other.secretKey)).toThrow('MPC:A2');
  });
});

describe('presigns and signatures', () => {
  /** Signs with Alice's wallet while answers are bent; what she would have sent to sign with. */
  async function attempt(network: ToyNetwork, messages = new MemorySignMessageStore()): Promise<string> {
    const { line } = network;
    let sent = 0;
    network.line = (call) => {
      if (call.from === undefined && call.method === clientKind.sign) sent++;
      return line(call);
    };
    const client = await DWalletClient.connect({
      peers: network.peers(),
      parameters: network.parameters,
      curve,
      store: new MemoryWalletStore(fixture().wallet),
      messages,
      random: randomFor('attempt'),
      prepare: false,
      allowTestProfile: true,
    });
    const [wallet] = client.wallets;
    const outcome = await failure((wallet as NonNullable<typeof wallet>).signRaw('sha256', Uint8Array.of(1, 2)));
    return `${sent} sent: ${outcome}`;
  }

  it.each<readonly [string, (parts: Uint8Array[], network: ToyNetwork, call: Uint8Array) => void, RegExp]>([
    ['a bent presign', (parts) => flip(parts[0], -1), /^0 sent: (MPC:V3|MPC:V6|DECODE|CG)/],
    ['a presign that is not in its batch', (parts) => flip(parts[1], -1), /^0 sent: MPC:V3/],
    ['a bent batch certificate', (parts) => flip(parts[2], -1), /^0 sent: MPC:V3/],
    [
      'the certificate of the assignment for the batch',
      (parts) => parts.splice(2, 1, parts[3] as Uint8Array),
      /^0 sent: MPC:V3/,
    ],
    ['a bent assignment certificate', (parts) => flip(parts[3], -1), /^0 sent: MPC:V3/],
    [
      'an assignment for another request',
      (parts, network, call) => {
        const { id } = decodeTakePresign(openEnvelope(decodeCall(call, maxBodyBytes).body, network.networkId).body);
        const setup = decodeSetupRecord(
          curve,
          network.parameters,
          decodeParts(network.store(1).get('network', 'setup') as Uint8Array, 'setup', 2)[0] as Uint8Array,
        );
        const presign = decodePresign(setup, parts[0] as Uint8Array);
        parts[3] = certify(network, assignmentFact(presign.presignId, id, new Uint8Array(32) as never));
      },
      /^0 sent: MPC:V3/,
    ],
  ])('%s is refused before anything is sent (MPC:V3)', async (_what, change, expected) => {
    const network = newNetwork();
    bendAnswers(network, clientKind.takePresign, 4, (parts, call) => change(parts, network, call));
    expect(await attempt(network)).toMatch(expected);
  });

  it('a presign that has served another message is refused, even if everybody certifies it again (MPC:V4)', async () => {
    const network = newNetwork();
    const messages = new MemorySignMessageStore();
    const client = await DWalletClient.connect({
      peers: network.peers(),
      parameters: network.parameters,
      curve,
      store: new MemoryWalletStore(fixture().wallet),
      messages,
      random: randomFor('first'),
      prepare: false,
      allowTestProfile: true,
    });
    let used: Uint8Array[] = [];
    bendAnswers(network, clientKind.takePresign, 4, (parts) => {
      used = parts.map((part) => part.slice());
    });
    const [wallet] = client.wallets;
    await (wallet as NonNullable<typeof wallet>).signRaw('sha256', Uint8Array.of(9));
    bendAnswers(network, clientKind.takePresign, 4, (parts, call) => {
      const take = decodeTakePresign(openEnvelope(decodeCall(call, maxBodyBytes).body, network.networkId).body);
      const setup = decodeSetupRecord(
        curve,
        network.parameters,
        decodeParts(network.store(1).get('network', 'setup') as Uint8Array, 'setup', 2)[0] as Uint8Array,
      );
      const presign = decodePresign(setup, used[0] as Uint8Array);
      parts.splice(0, 4, ...used);
      parts[3] = certify(network, assignmentFact(presign.presignId, take.id, take.request));
    });
    expect(await attempt(network, messages)).toMatch(/^0 sent: MPC:V4/);
  });

  it('a signature that is wrong in any part is refused (MPC:V8); another validator gives the right one', async () => {
    // version, type, presign id and D before v || r || s.
    const [v, r, s] = [2 + 64, 2 + 64 + 32, 2 + 64 + 64];
    const bent = newNetwork();
    const at = [v, r];
    bendAnswers(bent, clientKind.sign, 2, (parts) => flip(parts[0], at.shift() as number));
    expect(await attempt(bent)).toMatch(/^2 sent: MPC:V8 .*recoveryId/);
    expect(at).toEqual([]);
    const network = newNetwork();
    const { asked } = bendAnswers(network, clientKind.sign, 2, (parts) => flip(parts[0], s), [1]);
    const client = await network.client();
    const [wallet] = client.wallets;
    await (wallet as NonNullable<typeof wallet>).signRaw('sha256', Uint8Array.of(1));
    expect(asked).toEqual([1, 2]);
  });

  it('the message is on disk before it is sent, byte for byte, and a retry sends it again (MPC:V4)', async () => {
    const network = newNetwork();
    const messages = new FileMessageStore(join(folder, 'messages'));
    const client = await DWalletClient.connect({
      peers: network.peers(),
      parameters: network.parameters,
      curve,
      store: new MemoryWalletStore(fixture().wallet),
      messages,
      random: randomFor('durable'),
      prepare: false,
      allowTestProfile: true,
    });
    const sent: string[] = [];
    network.line = async ({ from, method, bytes, pass }) => {
      if (from !== undefined || method !== clientKind.sign) return pass();
      const request = decodeSignRequest(openEnvelope(decodeCall(bytes, maxBodyBytes).body, network.networkId).body);
      const stored = await new FileMessageStore(join(folder, 'messages')).get(request.presignId);
      // The message, and the digest of what it was made for.
      expect(hex(stored as Uint8Array)).toBe(hex(request.signMessage) + hex(signOrderDigest(request)));
      sent.push(hex(bytes));
      if (sent.length === 1) throw new Error('the line breaks');
      return pass();
    };
    const [wallet] = client.wallets;
    await (wallet as NonNullable<typeof wallet>).signRaw('sha256', Uint8Array.of(5));
    expect(sent).toHaveLength(2);
    expect(sent[1]).toBe(sent[0]);
  });
});

describe('the wallet file', () => {
  it('is made once, for its owner only, and a file that cannot be read is no reason for a new seed', () => {
    const path = join(folder, 'made', 'wallet.json');
    const store = new FileWalletStore(path);
    expect(store.load()).toBeUndefined();
    store.save({ version: 1, seed: '11'.repeat(32), wallets: [] });
    expect(store.load()?.seed).toBe('11'.repeat(32));
    for (const text of ['', '{', '[]', 'null', '{"version":2}', '{"version":1,"seed":7,"wallets":[]}']) {
      writeFileSync(path, text);
      expect(() => store.load(), text).toThrow('WalletData');
    }
    expect(() => new FileWalletStore(join(folder, 'made')).load()).toThrow('EISDIR');
  });
});

/** The first two keys of a committee exchanged: other numbers, another committee. */
function swapKeys(keys: Uint8Array): Uint8Array {
  const [a, b, ...rest] = decodeParts(keys, 'keys', 4) as [Uint8Array, Uint8Array, ...Uint8Array[]];
  return encodeParts([b, a, ...rest]);
}
