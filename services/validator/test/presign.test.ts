/**
 * Presign sessions between validators: with one of them away, with one that cheats, and under a leader that shows different sets.
 */
import {
  type RemoteError,
  decodeParts,
  decodeReply,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, describe, expect, it } from 'vitest';
import { openSessionWith } from '../src/sessions/opening.ts';
import { type SessionRequest, decodeSessionRequest, encodeSessionRequest } from '../src/core.ts';
import { verifyEvidence } from '../src/evidence.ts';
import { swollen, lyingIn } from './helpers/lies.ts';
import { ToyNetwork, curve, fixture, hex, randomFor } from './helpers/toy-network.ts';

const network = new ToyNetwork({ from: fixture() });
afterAll(() => network.close());
const idsOf = (index: number): string[] => network.store(index).list('presign');
const before = idsOf(1);
const newIds = (index: number): string[] => idsOf(index).filter((id) => !before.includes(id));

/** Changes one byte of a reply's body. */
function bend(reply: Uint8Array, at: number): Uint8Array {
  const body = decodeReply(reply, maxBodyBytes);
  const index = at < 0 ? body.length + at : at;
  body[index] = (body[index] as number) ^ 1;
  return encodeResult(body);
}

describe('presign sessions', () => {
  it('work with 3 of 4; who was away fetches the presigns, and believes certificates only (MPC:V3)', async () => {
    network.down.add(4);
    await network.validator(2).leadPresigns(2);
    for (const i of [1, 2, 3]) expect(newIds(i)).toHaveLength(2);
    expect(newIds(2)).toEqual(newIds(1));
    expect(newIds(4)).toEqual([]);
    network.down.clear();

    // What the others send is bent in the record, in the batch, in the certificate.
    let tampered = 0;
    const bendAll = (at: number): void => {
      network.line = async ({ from, method, pass }) => {
        const reply = await pass();
        if (from !== 4 || method !== 'records/fetch') return reply;
        tampered++;
        return bend(reply, at);
      };
    };
    const [record, batch] = decodeParts(
      network.store(1).get('presign', newIds(1)[0] as string) as Uint8Array,
      'p',
      3,
    ) as [Uint8Array, Uint8Array];
    for (const at of [60, 8 + record.length + 20, 12 + record.length + batch.length + 40, -1]) {
      bendAll(at);
      await network.validator(4).catchUp();
      expect(newIds(4), `byte ${at}`).toEqual([]);
    }
    expect(tampered).toBeGreaterThanOrEqual(4 * 2);

    // A true presign under the name of another one.
    network.line = async ({ from, method, bytes, pass }) => {
      if (from !== 4 || method !== 'records/fetch') return pass();
      const wanted = hex(network.bodyOf(bytes).subarray(-32));
      const other = newIds(1).find((id) => id !== wanted) as string;
      return encodeResult(network.store(1).get('presign', other) as Uint8Array);
    };
    await network.validator(4).catchUp();
    expect(newIds(4)).toEqual([]);

    // One honest validator is enough.
    network.line = async ({ from, to, method, pass }) => {
      const reply = await pass();
      return from === 4 && to !== 3 && method === 'records/fetch' ? bend(reply, 60) : reply;
    };
    await network.validator(4).catchUp();
    network.line = ({ pass }) => pass();
    expect(newIds(4)).toEqual(newIds(1));
    const restarted = network.restart(4);
    expect(restarted.status().availablePresigns).toBe(before.length + 2);
  });

  it('names who cheats: a copied contribution is left out and its copier blamed by everybody (MPC:P2)', async () => {
    let tell: (body: Uint8Array) => void = () => {};
    const copied = new Promise<Uint8Array>((resolve) => {
      tell = resolve;
    });
    const first = newIds(1);
    network.line = async ({ to, method, bytes, pass }) => {
      const reply = await pass();
      if (method !== 'session/contribute') return reply;
      if (decodeSessionRequest(network.bodyOf(bytes), 4).step !== 'round-1') return reply;
      const envelope = openEnvelope(decodeReply(reply, maxBodyBytes), network.networkId);
      if (to === 2) tell(envelope.body);
      if (to !== 3) return reply;
      const lie = sealEnvelope(network.keystore(3).identity, { ...envelope, body: await copied });
      return encodeResult(encodeEnvelope(lie));
    };
    await network.validator(1).leadPresigns(1);
    network.line = ({ pass }) => pass();
    expect(newIds(4)).toHaveLength(first.length + 1);
    for (const i of [1, 2, 4]) {
      const { evidence } = network.validator(i).status();
      expect(
        evidence.map((id) => id.split('.').slice(2)),
        `validator ${i}`,
      ).toEqual([['3', 'MPC-P2']]);
      const file = network.validator(i).evidence(evidence[0] as string) as Uint8Array;
      const { networkId, parameters } = network;
      expect(verifyEvidence(file, { networkId, parameters, curve })).toMatchObject({ valid: true });
    }
  });

  it('a contribution far longer than the others is left out, and does not stop them', async () => {
    const known = newIds(1).length;
    network.line = lyingIn(network, 4, 'ecdsa-presign', 'round-1', swollen);
    await network.validator(1).leadPresigns(1);
    network.line = ({ pass }) => pass();
    for (const i of [1, 2, 3]) expect(newIds(i)).toHaveLength(known + 1);
    expect(network.logs.some((text) => text.includes('round-1: validator 4 says'))).toBe(true);
  });

  it('a batch that is none is refused before anybody is asked', async () => {
    network.line = () => expect.fail('a validator was asked');
    for (const batch of [0, -1, 65, 1.5, Number.NaN]) {
      await expect(network.validator(1).leadPresigns(batch)).rejects.toThrow('batch');
    }
    network.line = ({ pass }) => pass();
  });
});

describe('a leader that shows two sets of masks to two halves', () => {
  const leader = 1;
  const openingOf = (leading: number, label: string, count: number) =>
    openSessionWith(network.committee.identityKeys[leading - 1] as Uint8Array, {
      nonce: randomFor(label)(32),
      count,
      generations: new Map(),
    });
  const { session, input: opened } = openingOf(leader, 'lying presign leader', 1);
  const request = (
    step: string,
    history: readonly (readonly Uint8Array[])[],
    change: Partial<SessionRequest> = {},
  ) => ({
    protocol: 'ecdsa-presign',
    session,
    step,
    input: opened,
    history,
    certificates: [],
    ...change,
  });
  const ask = (to: number, method: string, body: SessionRequest): Promise<Uint8Array> =>
    network.ask(leader, to, `session/${method}`, encodeSessionRequest(body));
  const refused = async (answer: Promise<Uint8Array>): Promise<string> => {
    const error = await answer.then(
      () => expect.fail('it was answered'),
      (reason: unknown) => reason as RemoteError,
    );
    return `${error.code}: ${error.message}`;
  };

  it('gets one vote of each and no aggregate of weight t: the session fails and reveals nothing (MPC 4.2)', async () => {
    const masks = await Promise.all([1, 2, 3, 4].map((i) => ask(i, 'contribute', request('round-1', []))));
    const sets = [masks, masks.slice(0, 3)] as const;
    const votes = await Promise.all(
      [1, 2, 3, 4].map((i) => ask(i, 'contribute', request('round-2', [sets[i < 3 ? 0 : 1]]))),
    );
    network.restart(4);
    // Nobody votes for the other set, nor with another batch size for the same session.
    expect(await refused(ask(1, 'contribute', request('round-2', [sets[1]])))).toContain('ALREADY_CONTRIBUTED');
    expect(await refused(ask(4, 'contribute', request('round-2', [sets[0]])))).toContain('ALREADY_CONTRIBUTED');
    const { input } = openingOf(leader, 'lying presign leader', 2);
    expect(await refused(ask(2, 'contribute', request('round-1', [], { input })))).toContain('ALREADY_CONTRIBUTED');
    expect(await ask(2, 'contribute', request('round-1', []))).toEqual(masks[1]);

    // A vote for one set is none for the other, so nobody can be made to look like a dissenter.
    for (const set of sets) {
      expect(await refused(ask(1, 'contribute', request('round-3', [set, votes])))).toContain(
        'answers another history',
      );
    }
    // Leaving out those who disagree does not help, nor does counting one of them twice.
    const half = votes.slice(0, 2);
    expect(await refused(ask(1, 'contribute', request('round-3', [sets[0], half])))).toContain('THRESHOLD_NOT_REACHED');
    const twice = [...half, votes[1] as Uint8Array];
    expect(await refused(ask(1, 'contribute', request('round-3', [sets[0], twice])))).toContain('twice');
    for (const i of [1, 2, 3, 4]) {
      expect(
        network
          .store(i)
          .list('contribution')
          .filter((id) => id === `${hex(session)}.ecdsa-presign_round-3`),
      ).toEqual([]);
    }
    // A certificate of another session does not commit this one.
    const known = decodeParts(network.store(1).get('presign', idsOf(1)[0] as string) as Uint8Array, 'p', 3);
    const commit = request('commit', [sets[0], half, []], { certificates: [known[2] as Uint8Array] });
    expect(await refused(ask(1, 'commit', commit))).toContain('THRESHOLD_NOT_REACHED');
    expect(await refused(ask(1, 'vote', request('vote', [sets[0], votes])))).toContain('SessionRequest.history');
  });

  it('cannot use an honest message in another session or step', async () => {
    const masks = await Promise.all([1, 2, 3, 4].map((i) => ask(i, 'contribute', request('round-1', []))));
    const elsewhere = openingOf(1, 'elsewhere', 1);
    expect(await refused(ask(2, 'contribute', request('round-2', [masks], elsewhere)))).toContain('another session');
    expect(await refused(ask(2, 'contribute', request('round-3', [masks, masks])))).toContain('Envelope.kind');
  });
});
