/**
 * Every call of a validator under fuzz: a whole life of a network (genesis, presigns, a dWallet, signatures with an abort round) in which each
 * call is followed by copies of it with random damage, sealed again by whoever sent it so that the damage gets past the signature. Each is
 * answered, with a result or with a typed refusal; nothing crashes or hangs, nothing is INTERNAL, and the network works on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { WalletData } from '@dwallet/client-sdk';
import {
  DWalletError,
  type Random,
  bytesToInteger,
  concat,
  seededRandom,
  sessionId,
  validatorId,
} from '@dwallet/sigma';
import {
  RemoteError,
  decodeCall,
  decodeParts,
  decodeReply,
  encodeCall,
  encodeEnvelope,
  encodeParts,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeSessionRequest, encodeSessionRequest } from '../src/core.ts';
import { decodeTranscript, encodeTranscript } from '../src/sessions/sign-transcript.ts';
import { MemoryWalletStore, ToyNetwork, accountKeyOf, randomFor } from './helpers/toy-network.ts';

const network = new ToyNetwork({ label: 'fuzz' });
afterAll(() => network.close());
const random: Random = seededRandom(randomFor('fuzz seed')(32));
const below = (bound: number): number => Number(bytesToInteger(random(4))) % bound;

/** One of: a bit, a byte, a length field, a cut, a piece taken out, put in twice or put at the end. */
function damage(bytes: Uint8Array): Uint8Array {
  const at = below(bytes.length + 1);
  const copy = bytes.slice();
  switch (below(8)) {
    case 0:
    case 1:
      if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << below(8));
      return copy;
    case 2:
      if (at < copy.length) copy[at] = [0, 1, 127, 128, 255][below(5)] as number;
      return copy;
    case 3:
      if (copy.length >= 4)
        copy.set(below(2) === 0 ? [0, 0, 0, below(256)] : [255, 255, 255, 255], at % (copy.length - 3));
      return copy;
    case 4:
      return bytes.slice(0, at);
    case 5:
      return concat(bytes.slice(0, at), bytes.slice(at + 1 + below(40)));
    case 6:
      return concat(bytes.slice(0, at), bytes.slice(Math.max(0, at - below(200))));
    default:
      return concat(bytes, random(1 + below(40)));
  }
}

/** Where a request between validators carries what a client signed. */
const carriesClient: Readonly<Record<string, 'whole' | 'first'>> = {
  'user-key': 'whole',
  'dwallet/vote': 'whole',
  'dwallet/accept': 'whole',
  'sign/bind': 'whole',
  'dwallet/commit': 'first',
  'sign/assign': 'first',
  'sign/share': 'first',
  'sign/prove': 'first',
  'sign/record': 'first',
};
/**
 * How many damaged copies follow a call. Proofs are verified for damage that the decoders let through, and histories are long, so those get
 * fewer; their messages are fuzzed in the packages that define them.
 */
function copiesOf(method: string): number {
  if (/^(client\/(create-dwallet|sign)|dwallet\/(vote|commit)|sign\/(bind|share|prove|record))$/.test(method)) return 3;
  if (method.startsWith('session/')) return 3;
  return method.startsWith('client/') ? 15 : 130;
}

const store = new MemoryWalletStore();
const seen = new Map<string, number>();
const codes = new Map<string, number>();

function damagedClient(envelope: Uint8Array): Uint8Array {
  const { networkId, session, kind, body } = openEnvelope(envelope, network.networkId);
  const account = accountKeyOf(store.data as WalletData);
  return encodeEnvelope(sealEnvelope(account, { networkId, session, kind, body: damage(body) }));
}

function damagedCall(from: number | undefined, method: string, bytes: Uint8Array): Uint8Array {
  if (below(8) === 0) return damage(bytes);
  const { body } = decodeCall(bytes, 2 * maxBodyBytes);
  if (from === undefined) {
    if (method === 'network') return encodeCall(method, damage(Uint8Array.of(1, 2, 3)));
    return encodeCall(method, damagedClient(body));
  }
  const inner = network.bodyOf(bytes);
  const carries = carriesClient[method];
  if (carries === undefined || below(2) === 0) return network.callAs(from, method, damage(inner));
  if (carries === 'whole') return network.callAs(from, method, damagedClient(inner));
  const parts = decodeParts(inner, 'parts', new DataView(inner.buffer, inner.byteOffset).getUint32(0));
  const which = below(parts.length);
  parts[which] = which === 0 ? damagedClient(parts[0] as Uint8Array) : damage(parts[which] as Uint8Array);
  return network.callAs(from, method, encodeParts(parts));
}

async function outcomeOf(to: number, call: Uint8Array): Promise<string> {
  const reply = await network.validator(to).call(call);
  try {
    decodeReply(reply, maxBodyBytes);
    return 'result';
  } catch (error) {
    if (error instanceof RemoteError) return error.code;
    throw error;
  }
}

/** What is called because of a damaged call is not damaged again. */
const fuzzing = new AsyncLocalStorage<boolean>();
/** Collected, because whoever made the call takes an exception for a broken line. */
const failures: string[] = [];

async function fuzz(from: number | undefined, to: number, method: string, bytes: Uint8Array): Promise<void> {
  for (let i = 0; i < copiesOf(method); i++) {
    const call = damagedCall(from, method, bytes);
    const outcome = await outcomeOf(to, call).catch((error: unknown) => `thrown: ${String(error)}`);
    seen.set(method, (seen.get(method) ?? 0) + 1);
    codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    if (/INTERNAL|BUG|thrown/.test(outcome))
      failures.push(`${method} ${outcome} ${Buffer.from(call).toString('hex').slice(0, 400)}`);
  }
}

network.line = async ({ from, to, method, bytes, pass }) => {
  const reply = await pass();
  if (fuzzing.getStore() !== true) await fuzzing.run(true, () => fuzz(from, to, method, bytes));
  return reply;
};
const expectNoFailures = (): void => {
  expect(failures).toEqual([]);
  expect(network.logs.filter((line) => line.startsWith('internal error'))).toEqual([]);
};

describe('a network under fuzz', () => {
  it('makes its key and its presigns', async () => {
    await network.validator(1).leadGenesis();
    await network.validator(2).leadPresigns(2);
    for (const i of network.access.validators) {
      expect(network.validator(i).status()).toMatchObject({
        hasKey: true,
        hasSetup: true,
        availablePresigns: 2,
        evidence: [],
      });
    }
    expectNoFailures();
  });

  it('makes a dWallet and signs, with an abort round and a validator that catches up', async () => {
    const client = await network.client({ name: 'bob', store });
    const wallet = await client.createDWallet({ rawDigests: true });
    const { line } = network;
    network.line = async (call) => {
      const reply = await line(call);
      if (call.to !== 3 || call.method !== 'sign/share' || fuzzing.getStore() === true) return reply;
      const envelope = openEnvelope(decodeReply(reply, maxBodyBytes), network.networkId);
      const body = envelope.body.slice();
      const { group } = network.parameters;
      body.set(group.encode(network.parameters.powerOfH(5n, 8)), body.length - group.elementBytes);
      return encodeResult(encodeEnvelope(sealEnvelope(network.keystore(3).identity, { ...envelope, body })));
    };
    const { blamed } = await wallet.signRaw('sha256', Uint8Array.of(1));
    expect(blamed.map(({ party }) => party)).toEqual([3]);
    network.line = line;
    // The damaged requests of the client may have used up presigns, as a careless client would.
    await network.validator(4).catchUp();
    const [evidence] = network.validator(1).status().evidence;
    const bytes = network.validator(1).evidence(evidence as string) as Uint8Array;
    for (let i = 0; i < 20; i++) {
      const { faults } = await network.validator(2).judgeEvidence(damage(bytes));
      for (const { party } of faults) expect(party).toBe(3);
    }
    expectNoFailures();
  });

  it('was really under fuzz: every method, thousands of calls, many different refusals', () => {
    const methods = [
      'network',
      'client/register-user-key',
      'client/create-dwallet',
      'client/accept-dwallet',
      'client/take-presign',
      'client/sign',
      'session/contribute',
      'session/status',
      'session/propose',
      'session/fix',
      'session/vote',
      'session/commit',
      'records/fetch',
      'records/list',
      ...Object.keys(carriesClient),
    ];
    expect([...seen.keys()].sort()).toEqual(methods.sort());
    expect([...seen.values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThan(2000);
    expect(codes.size).toBeGreaterThan(5);
    if (process.env['SHOW_FUZZ'] !== undefined) console.log(Object.fromEntries(seen), Object.fromEntries(codes));
  });

  it('refuses garbage of any length in place of a call', async () => {
    for (let length = 0; length < 400; length++) expect(await outcomeOf(1, random(length))).toBe('DECODE');
  });

  it('what it reads of histories and of evidence reads back as it was written, or not at all', () => {
    const some = (n: number): Uint8Array[] => Array.from({ length: n }, () => random(below(30)));
    const request = encodeSessionRequest({
      protocol: 'ecdsa-presign',
      session: sessionId(random(32)),
      step: 'round-1',
      input: random(34),
      history: [some(4), some(0), some(2)],
      certificates: some(2),
    });
    const transcript = encodeTranscript({
      request: random(50),
      expected: [validatorId(1), validatorId(3)],
      published: some(3),
      proved: some(2),
    });
    let accepted = 0;
    const check = (read: () => Uint8Array, bytes: Uint8Array): void => {
      let again: Uint8Array;
      try {
        again = read();
      } catch (error) {
        expect(error).toBeInstanceOf(DWalletError);
        return;
      }
      accepted++;
      expect(again).toEqual(bytes);
    };
    check(() => encodeSessionRequest(decodeSessionRequest(request, 4)), request);
    check(() => encodeTranscript(decodeTranscript(transcript)), transcript);
    expect(accepted).toBe(2);
    for (let i = 0; i < 2000; i++) {
      const [a, b] = [damage(request), damage(transcript)];
      // Text is read leniently, and then has to be a known name: its bytes are not compared.
      check(() => {
        const { protocol, step, ...rest } = decodeSessionRequest(a, 4);
        return protocol === 'ecdsa-presign' && step === 'round-1'
          ? encodeSessionRequest({ protocol, step, ...rest })
          : a;
      }, a);
      check(() => encodeTranscript(decodeTranscript(b)), b);
    }
    expect(accepted).toBeGreaterThan(500);
  });
});
