/** What a new dWallet's session id names: what each validator signs about its own store, whoever else answers what. */
import { equalWeights } from '@dwallet/class-groups';
import { type Digest, Secret, digestTagged } from '@dwallet/sigma';
import {
  type Peer,
  createCommittee,
  encodeEnvelope,
  encodeParts,
  encodeResult,
  generationKind,
  generationSession,
  sealEnvelope,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/client';
import { afterEach, expect, it, vi } from 'vitest';
import { askGenerations } from '../src/generations.ts';

afterEach(() => vi.useRealTimers());

const keyOf = (i: number): Secret<Uint8Array> => new Secret(new Uint8Array(32).fill(i));
const committee = createCommittee(
  [1, 2, 3, 4].map((i) => signingPublicKey(keyOf(i))),
  equalWeights(4),
);
const id = digestTagged('a test network', []);
const generation = (i: number): Uint8Array => new Uint8Array(32).fill(100 + i);

interface Said {
  readonly networkId?: Digest;
  readonly session?: Uint8Array;
  readonly kind?: string;
  readonly body?: Uint8Array;
}
const statement = (by: number, said: Said = {}): Uint8Array => {
  const fields = { networkId: id, session: generationSession, kind: generationKind, body: generation(by), ...said };
  return encodeEnvelope(sealEnvelope(keyOf(by), fields));
};
const reply = (last: Uint8Array): Uint8Array => encodeResult(encodeParts([...Array<Uint8Array>(7).fill(id), last]));
const answers = (last: Uint8Array): Peer => ({ call: async () => reply(last) });
const named = async (peers: readonly Peer[]) => [...(await askGenerations(peers, { id, committee }))];

it('names whoever states its own, and nobody by what another, a stranger or another network says', async () => {
  const peers = [
    answers(statement(1)),
    answers(statement(3)),
    // Of another network, of another kind, too short, of a stranger, not there, no reply, no line.
    answers(statement(2, { networkId: digestTagged('another network', []) })),
    answers(statement(2, { kind: 'vote' })),
    answers(statement(2, { session: id })),
    answers(statement(2, { body: new Uint8Array(31) })),
    answers(statement(9)),
    answers(new Uint8Array(0)),
    { call: async () => new Uint8Array(5) },
    { call: () => Promise.reject(new Error('no line')) },
  ];
  expect(await named(peers)).toEqual([
    [1, generation(1)],
    [3, generation(3)],
  ]);
  expect(await named([])).toEqual([]);
});

it('waits for nobody for ever: two seconds after the first answer it is enough', async () => {
  vi.useFakeTimers();
  let late: (answer: Uint8Array) => void = () => {};
  const slow: Peer = { call: () => new Promise((resolve) => (late = resolve)) };
  let found: unknown;
  void named([slow, answers(statement(1))]).then((all) => (found = all));
  await vi.advanceTimersByTimeAsync(1999);
  expect(found).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(found).toEqual([[1, generation(1)]]);
  late(reply(statement(2)));
  await vi.advanceTimersByTimeAsync(1);
  expect(found).toEqual([[1, generation(1)]]);
});
