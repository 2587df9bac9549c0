/**
 * No secret leaves the object that keeps it (lessons 1.15): a whole life of a network, with everything that anybody can see of it: every byte on
 * every line, every log line, every refusal, every object printed as deep as a careless log call would.
 */
import { inspect } from 'node:util';
import {
  decodeReply,
  encodeCall,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, expect, it } from 'vitest';
import { MemoryWalletStore, ToyNetwork, hex } from '../../services/validator/test/helpers/toy-network.ts';

const network = new ToyNetwork({ label: 'canaries' });
afterAll(() => network.close());

/** A secret in the ways in which it could show: hex of either case, decimal, bytes as a list. */
function spellings(bytes: string, number = BigInt(`0x${bytes}`)): string[] {
  const raw = [...Buffer.from(bytes, 'hex')];
  const value = number < 0n ? -number : number;
  return [bytes, bytes.toUpperCase(), value.toString(16), value.toString(), raw.join(), raw.join(', ')].filter(
    (text) => text.length >= 16,
  );
}

/** JSON as a logger makes it: circles are cut, integers become text. */
function json(thing: unknown): string | undefined {
  const above = new Set<unknown>();
  return JSON.stringify(thing, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    if (above.has(value)) return '[seen]';
    above.add(value);
    return value;
  });
}

it('secrets of validators and of the wallet show nowhere', async () => {
  const wire: string[] = [];
  const shown: string[] = [];
  const errors: unknown[] = [];
  let garbage = false;
  network.line = async ({ to, method, bytes, pass }) => {
    const reply = await pass();
    wire.push(hex(bytes), hex(reply));
    if (!garbage || to !== 3 || method !== 'sign/share') return reply;
    const envelope = openEnvelope(decodeReply(reply, maxBodyBytes), network.networkId);
    const body = envelope.body.slice();
    const { group } = network.parameters;
    body.set(group.encode(network.parameters.powerOfH(5n, 8)), body.length - group.elementBytes);
    return encodeResult(encodeEnvelope(sealEnvelope(network.keystore(3).identity, { ...envelope, body })));
  };
  const show = (...things: readonly unknown[]): void => {
    for (const thing of things) {
      shown.push(inspect(thing, { depth: 10, maxArrayLength: null, maxStringLength: null }));
      shown.push(inspect(thing, { depth: 10, showHidden: true }));
      shown.push(String(json(thing)));
      shown.push(String(thing));
    }
  };

  // Seeds of the ceremony exist only while it runs: they are read just before they are erased.
  const ceremonies: string[] = [];
  const { line } = network;
  network.line = async (call) => {
    if (call.method === 'session/commit' && ceremonies.length < 3) {
      ceremonies.push(
        hex(
          network
            .keystore(call.to)
            .ceremony(() => expect.fail('the seed exists'))
            .expose(),
        ),
      );
    }
    return line(call);
  };
  await network.validator(1).leadGenesis();
  expect(ceremonies).toHaveLength(3);
  await network.validator(1).leadPresigns(2);
  const store = new MemoryWalletStore();
  const client = await network.client({ name: 'bob', store });
  const wallet = await client.createDWallet({ rawDigests: true });
  garbage = true;
  const { blamed } = await wallet.signRaw('sha256', Uint8Array.of(1));
  expect(blamed.map(({ party }) => party)).toEqual([3]);

  // Refusals of all kinds, and errors of a wallet whose network lies.
  errors.push(
    await wallet.signRaw('sha256', Uint8Array.of(2)).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  network.down.add(2);
  network.down.add(3);
  errors.push(
    await wallet.signRaw('sha256', Uint8Array.of(3)).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  errors.push(
    await network
      .validator(1)
      .leadPresigns(1)
      .then(
        () => undefined,
        (error: unknown) => error,
      ),
  );
  network.down.clear();
  for (const method of ['network', 'client/sign', 'sign/share', 'session/commit', 'x']) {
    wire.push(hex(await network.validator(1).call(encodeCall(method, new Uint8Array(3)))));
  }
  expect(errors.filter((error) => error instanceof Error).length).toBeGreaterThanOrEqual(2);
  const evidence = network
    .validator(1)
    .status()
    .evidence.map((id) => network.validator(1).evidence(id));
  show(
    network.validators,
    network.validator(1),
    network.keystores,
    network.keystore(1).identity,
    network.keystore(1).shares,
  );
  show(client, wallet, wallet.record, ...errors, network.validator(1).status(), evidence, blamed);
  // What a validator keeps outside of its keystore is public.
  const records = network.stores.map((record) => JSON.stringify((record as unknown as { dump(): unknown }).dump()));

  const data = store.data;
  if (data === undefined) throw new Error('no wallet');
  const secrets: (readonly [string, string[]])[] = [
    ['recovery seed', spellings(data.seed)],
    ['user share', spellings(data.wallets[0]?.userShare ?? '')],
    ...ceremonies.map((seed, i) => [`ceremony seed ${i + 2}`, spellings(seed)] as const),
  ];
  for (const i of network.access.validators) {
    const keystore = network.keystore(i);
    secrets.push([`identity ${i}`, spellings(hex(keystore.identity.expose()))]);
    secrets.push([`root ${i}`, spellings(hex(keystore.root.expose()))]);
    for (const share of keystore.shares?.values() ?? []) {
      const value = share.expose();
      const magnitude = (value < 0n ? -value : value).toString(16);
      secrets.push([
        `key share ${i}`,
        spellings(magnitude.padStart(magnitude.length + (magnitude.length % 2), '0'), value),
      ]);
    }
  }
  expect(secrets.length).toBe(2 + 3 + 3 * 4);
  const places = { logs: network.logs, wire, shown, records };
  // The haystacks are what they should be.
  expect(wire.length).toBeGreaterThan(150);
  expect(shown.join('')).toContain('Validator');
  expect(network.logs.length).toBeGreaterThan(20);
  for (const [place, texts] of Object.entries(places)) {
    const haystack = texts.join('\n');
    for (const [name, ways] of secrets) {
      expect(ways.length, name).toBeGreaterThan(0);
      for (const way of ways) expect(haystack.includes(way), `${name} is in ${place}`).toBe(false);
    }
  }
  // The search itself finds a secret that is there.
  const [[, [needle]]] = secrets as [[string, [string]]];
  expect(JSON.stringify(data).includes(needle)).toBe(true);
});
