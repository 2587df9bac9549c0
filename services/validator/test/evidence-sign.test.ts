/**
 * Evidence about signatures, votes that contradict each other, and the alarm: a certified presign that is wrong. Everything a judge gets is a file.
 */
import type { Digest } from '@dwallet/sigma';
import {
  type Fact,
  assembleCertificate,
  createPresign,
  decodeParts,
  decodePresign,
  encodeCertificate,
  encodeParts,
  encodePresign,
  openEnvelope,
  sealEnvelope,
  presignBatchFact,
  encodeEnvelope,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import { encodeList } from '@dwallet/sigma';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeList } from '../src/core.ts';
import {
  type Evidence,
  type EvidenceVerdict,
  decodeEvidence,
  encodeEvidence,
  encodeMessagePair,
  encodeVotePair,
  exportEvidence,
  factName,
  listEvidence,
  verifyEvidence,
} from '../src/evidence.ts';
import { decodeTranscript, encodeTranscript } from '../src/sessions/sign-transcript.ts';
import { swollen, flipped, garbage, lyingWhen, truncated } from './helpers/lies.ts';
import { RawClient } from './helpers/raw-client.ts';
import {
  type Snapshot,
  ToyNetwork,
  ToyStore,
  curve,
  fixture,
  fromHex,
  hex,
  loadRecords,
  toyParameters,
  v,
} from './helpers/toy-network.ts';

const networks: ToyNetwork[] = [];
afterEach(() => networks.splice(0).forEach((network) => network.close()));
function opened(network: ToyNetwork): ToyNetwork {
  networks.push(network);
  return network;
}

const judge = ({ networkId }: Pick<ToyNetwork, 'networkId'>, file: Uint8Array): EvidenceVerdict =>
  verifyEvidence(file, { parameters: toyParameters(), curve, networkId });

const files = (network: ToyNetwork, index: number): Uint8Array[] =>
  listEvidence(network.store(index)).map(({ id }) => exportEvidence(network.store(index), id) as Uint8Array);

const named = ({ valid, faults }: EvidenceVerdict): string[] =>
  valid ? faults.map(({ party, check }) => `${party} ${check}`) : [];

async function started(label: string) {
  const network = opened(new ToyNetwork({ from: fixture() }));
  const alice = new RawClient(network);
  const taken = await alice.take(1, label);
  return { network, alice, taken, request: alice.signRequest(taken, await alice.signMessage(taken)) };
}

const bend = (bytes: Uint8Array, at: number): Uint8Array => {
  const bent = bytes.slice();
  bent[at] = (bent[at] as number) ^ 1;
  return bent;
};

describe('evidence about a signature', () => {
  it('a wrong share, told by the file alone; changed in any field it convinces nobody (CG:3.10)', async () => {
    const { network, alice, request } = await started('garbage');
    network.line = lyingWhen(network, [{ by: 3, method: 'sign/share', lie: garbage }]);
    await alice.sign(1, request);
    const [file] = files(network, 1) as [Uint8Array];
    expect(named(judge(network, file))).toEqual(['3 CG:3.10']);
    const evidence = decodeEvidence(file);
    expect(encodeEvidence(evidence)).toEqual(file);

    const transcript = decodeTranscript(evidence.material);
    const { records } = evidence;
    const change = (changed: Partial<Evidence>): Uint8Array => encodeEvidence({ ...evidence, ...changed });
    const said = (changed: Partial<typeof transcript>): Uint8Array =>
      change({ material: encodeTranscript({ ...transcript, ...changed }) });
    const without = (name: keyof typeof records): Uint8Array => {
      const { [name]: _, ...rest } = records;
      return change({ records: rest });
    };
    const other = (name: keyof typeof records, part: 'record' | 'certificate'): Uint8Array =>
      change({
        records: { ...records, [name]: { ...records[name], [part]: bend(records[name]?.[part] as Uint8Array, 50) } },
      });
    const liar = transcript.published.findIndex(
      (bytes) =>
        hex(openEnvelope(bytes, network.networkId).sender) === hex(network.committee.identityKeys[2] as Uint8Array),
    );
    const honest = transcript.published.filter((_, i) => i !== liar);
    // The message of the liar as another validator's: signed by the wrong one.
    const envelope = openEnvelope(transcript.published[liar] as Uint8Array, network.networkId);
    const stolen = encodeEnvelope({ ...envelope, sender: network.committee.identityKeys[1] as Uint8Array });
    const bent: [string, Uint8Array][] = [
      ['another accused', change({ accused: 2 })],
      ['nobody accused', change({ accused: 0 })],
      ['another check', change({ check: 'CG:3.9' })],
      ['unexplained', change({ kind: 'unexplained', accused: 0 })],
      ['another session', change({ session: bend(evidence.session, 0) })],
      ['the client message', said({ request: bend(transcript.request, 300) })],
      ['another expected set', said({ expected: network.access.validators })],
      ['a set without quorum', said({ expected: [v(1)] })],
      ['no expected set', said({ expected: [] })],
      ['no published shares', said({ published: [] })],
      ['without the liar', said({ published: honest })],
      ['one twice', said({ published: [...transcript.published, honest[0] as Uint8Array] })],
      ['a bent share', said({ published: transcript.published.map((bytes) => bend(bytes, 200)) })],
      ['a stolen share', said({ published: [...honest.slice(1), stolen] })],
      ['no proofs', said({ proved: [] })],
      ['one proof', said({ proved: transcript.proved.slice(0, 1) })],
      ['proofs as shares', said({ published: transcript.proved, proved: [] })],
      ...(['networkKey', 'networkSetup', 'dwallet', 'presign'] as const).flatMap((name): [string, Uint8Array][] => [
        [`without ${name}`, without(name)],
        [`another ${name}`, other(name, 'record')],
        [`another certificate of ${name}`, other(name, 'certificate')],
      ]),
      [
        'another batch',
        change({ records: { ...records, presign: { ...records.presign, batch: encodeList([]) } as never } }),
      ],
      ['cut', file.slice(0, -1)],
      ['trailing', new Uint8Array([...file, 0])],
      ['empty', new Uint8Array(0)],
    ];
    for (const [what, changed] of bent) {
      const verdict = judge(network, changed);
      expect(verdict.valid, what).toBe(false);
      // Whatever is left out or put in, nobody else is named.
      for (const { party } of verdict.faults) expect(party, what).toBe(3);
    }
    // A network that its maker invented is not this one.
    expect(judge({ networkId: new Uint8Array(32) as Digest }, file).problem).toContain('another network');

    // The honest ones cannot be accused with the same messages.
    for (const accused of [1, 4]) expect(judge(network, change({ accused })).valid).toBe(false);
  });

  it('a malformed share and a wrong proof (MPC:S13, CG:3.9)', async () => {
    const { network, alice, request } = await started('two lies');
    network.line = lyingWhen(network, [
      { by: 2, method: 'sign/share', lie: garbage },
      { by: 2, method: 'sign/prove', lie: flipped },
      { by: 3, method: 'sign/share', lie: truncated },
    ]);
    await expect(alice.sign(1, request)).resolves.toBeDefined();
    const proven = files(network, 1).map((file) => judge(network, file));
    for (const { valid, problem } of proven) expect(valid, problem).toBe(true);
    const summaries = listEvidence(network.store(1)).map(({ accused, check }) => `${accused} ${check}`);
    expect(summaries).toContain('3 MPC:S13');
    expect(summaries).toContain('2 CG:3.9');
    for (const { faults } of proven) for (const { party } of faults) expect([2, 3]).toContain(party);
    // The same faults in the next attempt with the same presign are not told again.
    const before = listEvidence(network.store(1)).length;
    await alice.sign(1, request);
    expect(listEvidence(network.store(1))).toHaveLength(before);
  });

  it('an honest signature is evidence of nothing, whoever leads and whatever the leader leaves out', async () => {
    const { network, alice, taken, request } = await started('honest');
    // The leader hears nobody's optimistic shares rightly, so that everybody proves, too.
    const heard: Record<string, Uint8Array[]> = { 'sign/share': [], 'sign/prove': [] };
    network.line = async ({ from, method, pass }) => {
      const reply = await pass();
      if (from === 1) heard[method]?.push(reply);
      return reply;
    };
    await alice.sign(1, request);
    expect(listEvidence(network.store(1))).toEqual([]);
    const shares = (heard['sign/share'] as Uint8Array[]).map((reply) => reply.subarray(5));
    expect(shares.length).toBeGreaterThan(1);
    const stored = network.store(1);
    const [key, keyCertificate] = decodeList(stored.get('network', 'key') as Uint8Array, 'key', 2) as [
      Uint8Array,
      Uint8Array,
    ];
    const [setup, setupCertificate] = decodeList(stored.get('network', 'setup') as Uint8Array, 'setup', 2) as [
      Uint8Array,
      Uint8Array,
    ];
    const [dwallet, dwalletCertificate] = decodeList(
      stored.get('dwallet', hex(alice.id)) as Uint8Array,
      'dwallet',
      2,
    ) as [Uint8Array, Uint8Array];
    const [presign, batch, presignCertificate] = decodeList(
      stored.get('presign', hex(taken.presign.presignId)) as Uint8Array,
      'presign',
      3,
    ) as [Uint8Array, Uint8Array, Uint8Array];
    const frame = {
      network: { name: 'toy', profile: network.parameters.profile.id, curveId: curve.id, committee: network.committee },
      session: taken.presign.presignId,
      reason: 'says the leader',
      records: {
        networkKey: { record: key, certificate: keyCertificate },
        networkSetup: { record: setup, certificate: setupCertificate },
        dwallet: { record: dwallet, certificate: dwalletCertificate },
        presign: { record: presign, certificate: presignCertificate, batch },
      },
    };
    const sets = [
      [1, 2, 3],
      [2, 3, 4],
      [1, 2, 3, 4],
    ].map((set) => set.map((i) => v(i)));
    for (const expected of sets)
      for (const published of [shares, shares.slice(1)])
        for (const kind of ['ecdsa-sign', 'unexplained'] as const) {
          const material = encodeTranscript({ request, expected, published, proved: [] });
          const accused = kind === 'ecdsa-sign' ? 2 : 0;
          const { valid, faults } = judge(
            network,
            encodeEvidence({ ...frame, kind, accused, check: 'CG:3.10', material }),
          );
          expect(valid).toBe(false);
          expect(faults).toEqual([]);
        }
    // A leader that raises an alarm about nothing locks nothing.
    const material = encodeTranscript({ request, expected: network.access.validators, published: shares, proved: [] });
    const alarm = encodeEvidence({ ...frame, kind: 'unexplained', accused: 0, check: 'MPC:S14', material });
    await expect(network.ask(1, 2, 'sign/alarm', encodeParts([request, alarm]))).rejects.toMatchObject({
      check: 'MPC:S14',
    });
    expect(network.validator(2).status()).toMatchObject({ lockedDWallets: [], evidence: [] });
    await expect(alice.take(2, 'next')).resolves.toBeDefined();
  });
});

describe('a validator that votes twice', () => {
  it('for two messages of one presign, after it rolled its store back: whoever sees both votes has evidence', async () => {
    const { network, alice, taken, request } = await started('two votes');
    const second = alice.signRequest(taken, await alice.signMessage(taken, 'second'));
    const liar = network.store(4) as ToyStore;
    const before = liar.dump();
    // Leader 2 gathers votes for the second message; validators 1 and 3 do not hear of it.
    network.line = ({ to, method, pass }) =>
      method === 'sign/bind' && (to === 1 || to === 3) ? Promise.reject(new Error('cut')) : pass();
    await expect(alice.sign(2, second)).rejects.toMatchObject({ code: 'THRESHOLD_NOT_REACHED' });
    // The liar forgets its vote, and leader 1 gets a certificate for the first one with it.
    const rolled = new (liar.constructor as new () => ToyStore)();
    loadRecords(rolled, before);
    network.stores[3] = rolled;
    network.restart(4);
    // Validator 3 answers no shares, so everybody is asked, validator 2 among them, with the certificate.
    network.line = ({ to, method, pass }) =>
      method === 'sign/share' && to === 3 ? Promise.reject(new Error('silent')) : pass();
    await expect(alice.sign(1, request)).resolves.toBeDefined();
    const [summary] = listEvidence(network.store(2));
    expect(summary).toMatchObject({ kind: 'equivocation-vote', accused: 4, check: 'MPC:1.1' });
    const [file] = files(network, 2) as [Uint8Array];
    expect(named(judge(network, file))).toEqual(['4 MPC:1.1']);

    const evidence = decodeEvidence(file);
    const change = (changed: Partial<Evidence>): boolean =>
      judge(network, encodeEvidence({ ...evidence, ...changed })).valid;
    expect(change({ accused: 2 })).toBe(false);
    expect(change({ check: 'MPC:C.3' })).toBe(false);
    expect(change({ kind: 'equivocation-message' })).toBe(false);
    expect(change({ session: bend(evidence.session, 3) })).toBe(false);
    for (let i = 0; i < 20; i++) {
      const at = Math.floor((evidence.material.length * i) / 20);
      expect(change({ material: bend(evidence.material, at) }), `byte ${at}`).toBe(false);
    }
    // Nobody else is blamed, least of all validator 2, which voted for the message that lost.
    for (const i of [1, 2, 3]) expect(listEvidence(network.store(i)).every(({ accused }) => accused === 4)).toBe(true);
  });

  it('votes that an honest validator gives are no evidence: one vote twice, two ids, two versions, two kinds', () => {
    const network = opened(new ToyNetwork({ from: fixture() }));
    const { committee } = network;
    const fact = (change: Partial<Fact>): Fact => ({
      kind: 'presign-binding',
      id: new Uint8Array(32),
      version: 0n,
      digest: new Uint8Array(32) as Digest,
      ...change,
    });
    const signed = (one: Fact) => ({ fact: one, ...signFact(committee, one, v(2), network.keystore(2).identity) });
    const verdict = (a: Fact, b: Fact): boolean =>
      judge(
        network,
        encodeEvidence({
          network: { name: 'toy', profile: network.parameters.profile.id, curveId: curve.id, committee },
          kind: 'equivocation-vote',
          session: factName(a),
          accused: 2,
          check: 'MPC:1.1',
          reason: '',
          records: {},
          material: encodeVotePair(committee, 2, signed(a), signed(b)),
        }),
      ).valid;
    const other = new Uint8Array(32).fill(1) as Digest;
    expect(verdict(fact({}), fact({}))).toBe(false);
    expect(verdict(fact({}), fact({ id: other, digest: other }))).toBe(false);
    expect(verdict(fact({}), fact({ version: 1n, digest: other }))).toBe(false);
    expect(verdict(fact({}), fact({ kind: 'dwallet', digest: other }))).toBe(false);
    expect(verdict(fact({}), fact({ digest: other }))).toBe(true);
  });

  it('shares for two expected sets and two requests are no equivocation; two contributions to one step are', () => {
    const network = opened(new ToyNetwork({ from: fixture() }));
    const { committee, networkId } = network;
    const session = new Uint8Array(32).fill(7);
    const message = (kind: string, byte: number, of = session): Uint8Array =>
      encodeEnvelope(
        sealEnvelope(network.keystore(2).identity, {
          networkId,
          session: of,
          kind,
          body: new Uint8Array(40).fill(byte),
        }),
      );
    const verdict = (a: Uint8Array, b: Uint8Array): boolean =>
      judge(
        network,
        encodeEvidence({
          network: { name: 'toy', profile: network.parameters.profile.id, curveId: curve.id, committee },
          kind: 'equivocation-message',
          session,
          accused: 2,
          check: 'MPC:C.3',
          reason: '',
          records: {},
          material: encodeMessagePair(a, b),
        }),
      ).valid;
    for (const kind of ['sign/share', 'sign/proof', 'request/sign/bind', 'client/sign'])
      expect(verdict(message(kind, 1), message(kind, 2)), kind).toBe(false);
    const [one, two] = [message('network-dkg/deal', 1), message('network-dkg/deal', 2)];
    expect(verdict(one, one)).toBe(false);
    expect(verdict(one, message('network-dkg/register', 2))).toBe(false);
    expect(verdict(one, message('network-dkg/deal', 2, new Uint8Array(32)))).toBe(false);
    expect(verdict(one, two)).toBe(true);
  });
});

describe('a quorum that certified a wrong presign', () => {
  /** The fixture with one presign only: certified by everybody, and its maskedShares are those of another one. */
  function withWrongPresign(): { network: ToyNetwork; id: string } {
    const whole = fixture();
    const [a, b] = Object.values(whole.common['presign'] ?? {}) as [string, string];
    const probe = opened(new ToyNetwork({ from: whole }));
    const { setup } = new RawClient(probe);
    const open = (stored: string) => decodePresign(setup, decodeParts(fromHex(stored), 'presign', 3)[0] as Uint8Array);
    const { presignId: _, ...fields } = open(a);
    const wrong = createPresign(setup, { ...fields, index: 0, maskedShares: open(b).maskedShares });
    const ids = [wrong.presignId];
    const fact = presignBatchFact(wrong.sessionId, ids);
    const votes = probe.access.validators.map((i) => signFact(probe.committee, fact, i, probe.keystore(i).identity));
    const certificate = encodeCertificate(assembleCertificate(probe.committee, fact, votes).certificate);
    const record = encodeList([encodePresign(setup, wrong), encodeList(ids), certificate]);
    const id = hex(wrong.presignId);
    const common: Snapshot['common'] = { ...whole.common, presign: { [id]: hex(record) } };
    const own = whole.own.map((records) => ({ ...records, presign: {} }));
    return { network: opened(new ToyNetwork({ from: { ...whole, common, own } })), id };
  }

  it('spends the presign, locks the dWallet until its operators have looked, names nobody, and is proven to anybody (MPC 5.7, lessons 1.4)', async () => {
    const { network, id } = withWrongPresign();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'pay');
    expect(hex(taken.presign.presignId)).toBe(id);
    const request = alice.signRequest(taken, await alice.signMessage(taken));
    await expect(alice.sign(1, request)).rejects.toMatchObject({ code: 'PRESIGN_BURNT' });

    for (const i of [1, 2, 3, 4]) {
      const [summary, ...rest] = listEvidence(network.store(i));
      expect(summary, `validator ${i}`).toMatchObject({ kind: 'unexplained', accused: 0, check: 'MPC:S14' });
      expect(rest).toEqual([]);
      expect(network.validator(i).status().lockedDWallets).toEqual([hex(alice.id)]);
      expect(network.store(i).list('signature')).toEqual([]);
    }
    // One that was away when the alarm came learns of it with the evidence, and locks, too.
    const { evidence: _, lock: __, ...rest } = (network.store(4) as ToyStore).dump();
    const away = new ToyStore();
    loadRecords(away, rest);
    network.stores[3] = away;
    expect(network.restart(4).status().lockedDWallets).toEqual([]);
    await network.validator(4).learnEvidence();
    expect(listEvidence(network.store(4))).toHaveLength(1);
    expect(network.validator(4).status().lockedDWallets).toEqual([hex(alice.id)]);

    const [file] = files(network, 3) as [Uint8Array];
    expect(judge(network, file)).toMatchObject({ valid: true, faults: [] });
    const evidence = decodeEvidence(file);
    const transcript = decodeTranscript(evidence.material);
    expect(judge(network, encodeEvidence({ ...evidence, accused: 1 })).valid).toBe(false);
    for (const accused of [1, 2, 3, 4])
      expect(judge(network, encodeEvidence({ ...evidence, kind: 'ecdsa-sign', accused, check: 'CG:3.10' })).valid).toBe(
        false,
      );
    const few = encodeTranscript({ ...transcript, proved: transcript.proved.slice(0, 2) });
    expect(judge(network, encodeEvidence({ ...evidence, material: few })).problem).toBe('the messages are explained');

    // Nothing is tried again, at no validator, with no bytes, also after a restart.
    network.restartAll();
    const forgetful = alice.signRequest(taken, await alice.signMessage(taken, 'again'));
    for (const leader of [1, 2, 3, 4]) {
      await expect(alice.sign(leader, request)).rejects.toMatchObject({ code: 'LOCKED' });
      await expect(alice.sign(leader, forgetful)).rejects.toMatchObject({ code: 'LOCKED' });
      await expect(alice.take(leader, 'another')).rejects.toMatchObject({ code: 'LOCKED' });
      await expect(network.ask(leader, 2, 'sign/bind', request)).rejects.toMatchObject({ code: 'LOCKED' });
    }
    // Operators release the dWallet; the presign stays spent, and an old alarm about it locks nothing again.
    for (const i of [1, 2, 3, 4]) expect(network.validator(i).releaseDWallet(alice.id)).toBe(true);
    expect(network.validator(1).releaseDWallet(alice.id)).toBe(false);
    await expect(alice.sign(2, request)).rejects.toMatchObject({ check: 'MPC:S1' });
    await network.ask(3, 2, 'sign/alarm', encodeParts([request, file]));
    expect(network.validator(2).status().lockedDWallets).toEqual([]);
    await network.validator(1).leadPresigns(1);
    const next = await alice.take(1, 'next');
    await expect(alice.sign(1, alice.signRequest(next, await alice.signMessage(next)))).resolves.toBeDefined();
    const digests = new Set([1, 2, 3, 4].map((i) => network.marked(i).get(id)));
    digests.delete(undefined);
    expect(digests.size).toBe(1);
  });

  it.each([
    ['is far too long', swollen],
    ['is wrong', flipped],
  ])('is shown to all of them, too, where a proven share of one of them %s', async (_how, lie) => {
    const { network } = withWrongPresign();
    const alice = new RawClient(network);
    const taken = await alice.take(1, 'pay');
    const lies = lyingWhen(network, [{ by: 4, method: 'sign/prove', lie }]);
    let lied = 0;
    network.line = (call) => {
      if (call.to === 4 && call.method === 'sign/prove') lied++;
      return lies(call);
    };
    const request = alice.signRequest(taken, await alice.signMessage(taken));
    await expect(alice.sign(1, request)).rejects.toMatchObject({ code: 'PRESIGN_BURNT' });
    expect(lied).toBe(1);
    for (const i of [1, 2, 3, 4]) {
      expect(network.validator(i).status().lockedDWallets, `validator ${i}`).toEqual([hex(alice.id)]);
      const alarm = listEvidence(network.store(i)).find(({ kind }) => kind === 'unexplained');
      expect(alarm?.bytes).toBeLessThan(100_000);
    }
    // The fault has a file of its own, at whoever led.
    if (lie === swollen)
      expect(listEvidence(network.store(1))).toContainEqual(expect.objectContaining({ accused: 4, check: 'MPC:S13' }));
  });
});
