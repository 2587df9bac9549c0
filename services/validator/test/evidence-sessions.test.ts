/**
 * Evidence from sessions between validators: a real run with one faulty validator convinces whoever has the file and nothing else; a changed file
 * does not; and from what honest validators sign nobody can make any, however it is cut and put together.
 */
import { equalWeights, networkDkg } from '@dwallet/class-groups';
import { Secret, concat, sessionId } from '@dwallet/sigma';
import {
  createCommittee,
  encodeEnvelope,
  networkIdOf,
  openEnvelope,
  sealEnvelope,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/network';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type SessionRequest, encodeSessionRequest } from '../src/core.ts';
import {
  type Evidence,
  type EvidenceVerdict,
  decodeEvidence,
  encodeEvidence,
  encodeMessagePair,
  exportEvidence,
  listEvidence,
  sessionMaterial,
  verifyEvidence,
} from '../src/evidence.ts';
import { contributionPlace } from '../src/sessions/contribution.ts';
import { openSessionWith } from '../src/sessions/opening.ts';
import { ceremonySession } from '../src/sessions/session.ts';
import { type Lie, swollen, flipped, lyingIn, truncated } from './helpers/lies.ts';
import { ToyNetwork, curve, fixture, networkName, randomFor, toyParameters, v } from './helpers/toy-network.ts';

const networks: ToyNetwork[] = [];
afterAll(() => networks.forEach((network) => network.close()));
function opened(network: ToyNetwork): ToyNetwork {
  networks.push(network);
  return network;
}

const judge = (network: Pick<ToyNetwork, 'networkId'>, file: Uint8Array): EvidenceVerdict =>
  verifyEvidence(file, { parameters: toyParameters(), curve, networkId: network.networkId });

/** One line per piece of evidence of a validator; every one of them must convince, and of the guilty only. */
function proven(
  network: ToyNetwork,
  index: number,
  guilty: readonly number[] = [3],
  old: readonly string[] = [],
): string[] {
  const news = listEvidence(network.store(index)).filter(({ id }) => !old.includes(id));
  return news.map(({ id, kind, accused, check }) => {
    const verdict = judge(network, exportEvidence(network.store(index), id) as Uint8Array);
    expect(verdict.problem, id).toBeUndefined();
    expect(verdict.valid, id).toBe(true);
    for (const { party } of verdict.faults) expect(guilty).toContain(party);
    return `${kind} ${accused} ${check}`;
  });
}

const copy = (of: number): Lie => {
  let other: Uint8Array | undefined;
  return (network, own, request) => {
    const contributed = network.store(of).get('contribution', idOf(request));
    other = contributed?.subarray(32);
    return other === undefined ? own : openEnvelope(other, network.networkId).body.slice(32);
  };
};
const idOf = ({ session, protocol, step }: SessionRequest): string =>
  `${Buffer.from(session).toString('hex')}.${protocol}_${step}`;

/** Files with one thing changed in each field. */
function tampered(file: Uint8Array): [string, Uint8Array][] {
  const evidence = decodeEvidence(file);
  const { network, records } = evidence;
  const bend = (bytes: Uint8Array, at: number): Uint8Array => {
    const bent = bytes.slice();
    bent[at] = (bent[at] as number) ^ 1;
    return bent;
  };
  const change = (field: string, changed: Partial<Evidence>): [string, Uint8Array] => [
    field,
    encodeEvidence({ ...evidence, ...changed }),
  ];
  const { committee } = network;
  const swapped = createCommittee([...committee.identityKeys].reverse(), committee.access);
  const all: [string, Uint8Array][] = [
    change('network.name', { network: { ...network, name: 'another' } }),
    change('network.profile', { network: { ...network, profile: 'CLG-128' } }),
    change('network.curve', { network: { ...network, curveId: network.curveId + 1 } }),
    change('network.committee', { network: { ...network, committee: swapped } }),
    change('network.weights', {
      network: { ...network, committee: createCommittee(committee.identityKeys.slice(0, 3), equalWeights(3)) },
    }),
    change('session', { session: bend(evidence.session, 5) }),
    change('accused', { accused: (evidence.accused % 4) + 1 }),
    change('check', { check: `${evidence.check}x` }),
    ...(['network-dkg', 'network-setup', 'ecdsa-presign', 'ecdsa-sign', 'equivocation-message', 'unexplained'] as const)
      .filter((kind) => kind !== evidence.kind)
      .map((kind) => change(`kind ${kind}`, { kind })),
  ];
  for (const [name, record] of Object.entries(records) as [string, { record: Uint8Array; certificate: Uint8Array }][]) {
    // The network key is not needed to judge the making of it.
    if (evidence.kind === 'network-dkg') continue;
    for (const part of ['record', 'certificate'] as const) {
      for (const at of [1, 40, record[part].length - 1]) {
        if (evidence.kind === 'network-setup' && name === 'networkSetup') continue;
        all.push(
          change(`${name}.${part}[${at}]`, {
            records: { ...records, [name]: { ...record, [part]: bend(record[part], at) } },
          }),
        );
      }
    }
    const { [name as 'networkKey']: _, ...rest } = records;
    if (!(evidence.kind === 'network-setup' && name === 'networkSetup'))
      all.push(change(`no ${name}`, { records: rest }));
  }
  const { length } = evidence.material;
  for (let i = 0; i < 12; i++) {
    const at = Math.floor((length * i) / 12);
    all.push(change(`material[${at}]`, { material: bend(evidence.material, at) }));
  }
  all.push(change('material cut', { material: evidence.material.slice(0, -1) }), [
    'trailing',
    concat(file, Uint8Array.of(0)),
  ]);
  for (const at of [0, 1, 2]) all.push([`header[${at}]`, bend(file, at)]);
  return all;
}

function expectUnconvincing(network: ToyNetwork, file: Uint8Array): void {
  for (const [field, changed] of tampered(file)) {
    const { valid, problem } = judge(network, changed);
    expect(valid, field).toBe(false);
    expect(problem, field).toMatch(/./);
  }
  // The same file, to somebody who trusts another network; and what is only said for people.
  expect(judge({ networkId: new Uint8Array(32) as never }, file)).toMatchObject({ valid: false });
  const evidence = decodeEvidence(file);
  expect(judge(network, encodeEvidence({ ...evidence, reason: 'else' }))).toMatchObject({ valid: true });
}

const fileOf = (network: ToyNetwork, index: number, check: string): Uint8Array => {
  const id = listEvidence(network.store(index)).find((entry) => entry.check === check)?.id;
  return exportEvidence(network.store(index), id ?? '') as Uint8Array;
};

describe('a validator that cheats in a presign session', () => {
  const network = opened(new ToyNetwork({ from: fixture() }));
  const wrongVote: Lie = (_network, vote) => {
    const lie = vote.slice();
    lie[40] = (lie[40] as number) ^ 1;
    return lie;
  };
  for (const [step, name, lie, check] of [
    ['round-1', 'malformed', truncated, 'MPC:P1'],
    ['round-1', 'copied from another validator', copy(2), 'MPC:P2'],
    ['round-1', 'with a wrong proof', flipped, 'MPC:P2'],
    ['round-2', 'malformed', truncated, 'MPC:P1'],
    ['round-2', 'a vote for another aggregate', wrongVote, 'MPC:4.2'],
    ['round-3', 'malformed', truncated, 'MPC:P4'],
    ['round-3', 'with a wrong proof', flipped, 'MPC:P5'],
  ] as const) {
    it(`${step} ${name}: everybody else has evidence of ${check}`, async () => {
      network.line = lyingIn(network, 3, 'ecdsa-presign', step, lie);
      const before = network.store(1).list('presign').length;
      const known = [1, 2, 4].map((i) => network.store(i).list('evidence'));
      await network.validator(1).leadPresigns(1);
      expect(network.store(1).list('presign')).toHaveLength(before + 1);
      // A validator that stands by a wrong contribution may also vote for the aggregate with it.
      for (const [k, i] of [1, 2, 4].entries())
        expect(proven(network, i, [3], known[k]), `validator ${i}`).toContain(`ecdsa-presign 3 ${check}`);
      if (name === 'with a wrong proof') expectUnconvincing(network, fileOf(network, 1, check));
    });
  }

  it('two of four in one session: it fails, and both are proven all the same', async () => {
    const known = network.store(2).list('evidence');
    const second = lyingIn(network, 4, 'ecdsa-presign', 'round-1', flipped);
    const first = lyingIn(network, 3, 'ecdsa-presign', 'round-1', truncated);
    network.line = (call) => (call.to === 3 ? first(call) : second(call));
    await expect(network.validator(1).leadPresigns(1)).rejects.toMatchObject({ code: 'THRESHOLD_NOT_REACHED' });
    expect(proven(network, 2, [3, 4], known).sort()).toEqual(['ecdsa-presign 3 MPC:P1', 'ecdsa-presign 4 MPC:P2']);
  });

  it('one that cheats all the time fills no disk', async () => {
    const store = network.store(1);
    for (let i = 0; i < 64; i++)
      store.put('evidence', `ecdsa-presign.${String(i).padStart(64, '0')}.3.MPC-P1`, new Uint8Array(1));
    // Of the session before, somebody may still be judging validator 4.
    const about = (): string[] => store.list('evidence').filter((id) => id.endsWith('.3.MPC-P1'));
    const full = about();
    expect(full.length).toBeGreaterThanOrEqual(64);
    network.line = lyingIn(network, 3, 'ecdsa-presign', 'round-1', truncated);
    await network.validator(1).leadPresigns(1);
    expect(about()).toEqual(full);
  });
});

describe('a validator that cheats while the network key is made', () => {
  it('registration, deal, acknowledgement, rehearsal, setup: each is proven', async () => {
    const network = opened(new ToyNetwork({ label: 'cheating genesis' }));
    const session = ceremonySession(network, 'network-dkg', new Uint8Array(0));
    const { parameters, access, committee } = network;
    const context = { network: networkName, epoch: 0n, session, identities: committee.identityKeys };
    const input = { parameters, access, context };
    const inboxOf = (request: SessionRequest, round: number) =>
      (request.history[round] ?? []).map((bytes, i) => ({
        from: v(i + 1),
        message: openEnvelope(bytes, network.networkId).body.slice(32),
      }));
    const registered = (request: SessionRequest) =>
      networkDkg.verifyRegistrations({ ...input, inbox: inboxOf(request, 0) }).committee;

    // A registration that proves nothing: nobody goes on, and the leader can say why.
    network.line = lyingIn(network, 3, 'network-dkg', 'register', flipped);
    await expect(network.validator(1).leadGenesis()).rejects.toMatchObject({ code: 'THRESHOLD_NOT_REACHED' });
    expect(proven(network, 1)).toEqual(['network-dkg 3 CG:8.1.1']);
    expectUnconvincing(network, fileOf(network, 1, 'CG:8.1.1'));
    const fresh = opened(new ToyNetwork({ label: 'cheating genesis' }));

    // A deal whose body for validator 2 is sealed to somebody else: a valid complaint.
    const wrongBody: Lie = (_network, _deal, request) => {
      const right = registered(request);
      const keys = new Map(right.keys);
      keys.set(v(2), right.keys.get(v(1)) as never);
      return networkDkg.deal({ ...input, committee: { ...right, keys }, dealer: v(3) }, randomFor('wrong body'))
        .message;
    };
    // A rejection without evidence.
    const falseComplaint: Lie = (_network, _own, request) => {
      const right = registered(request);
      const deals = networkDkg.verifyDeals({ ...input, committee: right, inbox: inboxOf(request, 1) });
      return networkDkg.encodeAcknowledge(input, deals, { deals: deals.digest, rejected: [v(1)], complaints: [] });
    };
    const lines = [
      lyingIn(fresh, 3, 'network-dkg', 'deal', wrongBody),
      lyingIn(fresh, 3, 'network-dkg', 'acknowledge', falseComplaint),
      lyingIn(fresh, 3, 'network-dkg', 'rehearse', flipped),
      lyingIn(fresh, 3, 'network-setup', 'round-1', flipped),
    ];
    fresh.line = (call) =>
      lines.reduce<() => Promise<Uint8Array>>((pass, line) => () => line({ ...call, pass }), call.pass)();
    await fresh.validator(1).leadGenesis();
    for (const i of [1, 2, 4]) {
      expect(fresh.validator(i).status()).toMatchObject({ hasKey: true, hasSetup: true });
      expect(proven(fresh, i).sort(), `validator ${i}`).toEqual([
        'network-dkg 3 CG:8.1.3',
        'network-dkg 3 CG:8.1.5',
        'network-setup 3 MPC:N3',
      ]);
    }
    for (const check of ['CG:8.1.3', 'MPC:N3']) expectUnconvincing(fresh, fileOf(fresh, 2, check));
  });

  it('a deal with a wrong proof or of a wrong length is proven, and the key is made without it', async () => {
    const network = opened(new ToyNetwork({ label: 'bad deal' }));
    network.line = lyingIn(network, 2, 'network-dkg', 'deal', truncated);
    await network.validator(1).leadGenesis();
    for (const i of [1, 3, 4]) expect(proven(network, i, [2])).toEqual(['network-dkg 2 CG:8.1.2']);
  });

  it('a message far longer than honest ones is left out and proven; it stops the genesis where silence does, nowhere else', async () => {
    const network = opened(new ToyNetwork({ label: 'filled' }));
    const lines = [
      lyingIn(network, 3, 'network-dkg', 'rehearse', swollen),
      lyingIn(network, 3, 'network-setup', 'round-1', swollen),
    ];
    network.line = (call) =>
      lines.reduce<() => Promise<Uint8Array>>((pass, line) => () => line({ ...call, pass }), call.pass)();
    await network.validator(1).leadGenesis();
    for (const i of [1, 2, 3, 4]) expect(network.validator(i).hasNetwork, `validator ${i}`).toBe(true);
    expect(proven(network, 1).sort()).toEqual(['network-dkg 3 MPC:S13', 'network-setup 3 MPC:N2']);
    // The others never saw it.
    expect(proven(network, 2)).toEqual([]);

    // Everybody has to deal. Who does not is named to the operator, with proof.
    const other = opened(new ToyNetwork({ label: 'filled deal' }));
    other.line = lyingIn(other, 2, 'network-dkg', 'deal', swollen);
    await expect(other.validator(1).leadGenesis()).rejects.toMatchObject({ code: 'THRESHOLD_NOT_REACHED' });
    expect(proven(other, 1, [2])).toEqual(['network-dkg 2 CG:8.1.2']);
    expect(other.logs.some((text) => text.includes('deal: validator 2 says'))).toBe(true);
  });

  it('a wrong reveal is proven (ten validators, one of them silent)', () => {
    const access = equalWeights(10);
    const parameters = toyParameters();
    const secrets = access.validators.map((i) => new Secret(randomFor(`ten/${i}`)(32)));
    const committee = createCommittee(
      secrets.map((secret) => signingPublicKey(secret)),
      access,
    );
    const networkId = networkIdOf('ten', parameters.profile.id, committee.digest);
    const session = ceremonySession({ networkId, committee }, 'network-dkg', new Uint8Array(0));
    const input = {
      parameters,
      access,
      context: { network: 'ten', epoch: 0n, session, identities: committee.identityKeys },
    };
    const request: SessionRequest = {
      protocol: 'network-dkg',
      session,
      step: '',
      input: new Uint8Array(0),
      history: [],
      certificates: [],
    };
    const steps = ['register', 'deal', 'acknowledge', 'reveal'];
    const history: Uint8Array[][] = [];
    const entries = (messages: ReadonlyMap<number, Uint8Array>) =>
      [...messages].map(([from, message]) => ({ from: v(from), message }));
    const append = (messages: ReadonlyMap<number, Uint8Array>): void => {
      const step = steps[history.length] as string;
      const place = contributionPlace({ ...request, history }, history.length, step);
      history.push(
        [...messages].map(([from, message]) =>
          encodeEnvelope(
            sealEnvelope(secrets[from - 1] as Secret<Uint8Array>, {
              networkId,
              session,
              kind: `network-dkg/${step}`,
              body: concat(place, message),
            }),
          ),
        ),
      );
    };
    const all = <T>(make: (i: ReturnType<typeof v>) => T): Map<number, T> =>
      new Map(access.validators.map((i) => [i as number, make(i)]));
    const registrations = all((i) => networkDkg.register({ ...input, validator: i }, randomFor(`ten/register/${i}`)));
    const messages = <T extends { message: Uint8Array }>(of: Map<number, T>) =>
      new Map([...of].map(([i, { message }]) => [i, message]));
    append(messages(registrations));
    const { committee: registered } = networkDkg.verifyRegistrations({
      ...input,
      inbox: entries(messages(registrations)),
    });
    const dealt = all((i) =>
      networkDkg.deal({ ...input, committee: registered, dealer: i }, randomFor(`ten/deal/${i}`)),
    );
    append(messages(dealt));
    const base = { ...input, committee: registered };
    const deals = networkDkg.verifyDeals({ ...base, inbox: entries(messages(dealt)) });
    // Nobody complains; validator 10 says nothing.
    const acknowledge = networkDkg.encodeAcknowledge(input, deals, {
      deals: deals.digest,
      rejected: [],
      complaints: [],
    });
    const acknowledged = new Map(access.validators.filter((i) => i !== 10).map((i) => [i as number, acknowledge]));
    append(acknowledged);
    const judgement = networkDkg.judgeAcknowledgements({ ...base, deals, inbox: entries(acknowledged) });
    const reveals = new Map(
      [1, 2, 3, 4, 5, 6, 7, 8].map((i) => {
        const { message } = networkDkg.reveal({
          ...input,
          deals,
          judgement,
          secrets: (dealt.get(i) as ReturnType<typeof networkDkg.deal>).secrets,
        });
        const wrong = message.slice();
        wrong[wrong.length - 1] = (wrong.at(-1) as number) ^ 1;
        return [i, i === 5 ? wrong : message];
      }),
    );
    append(reveals);
    const file = (accused: number): Uint8Array =>
      encodeEvidence({
        network: { name: 'ten', profile: parameters.profile.id, curveId: curve.id, committee },
        kind: 'network-dkg',
        session,
        accused,
        check: 'CG:8.1.4',
        reason: '',
        records: {},
        material: sessionMaterial({ ...request, history }),
      });
    const verdict = verifyEvidence(file(5), { parameters, curve, networkId });
    expect(verdict.problem).toBeUndefined();
    expect(verdict.faults.map(({ party, check }) => `${party} ${check}`)).toEqual(['5 CG:8.1.4']);
    // Who revealed rightly and who was silent are no culprits.
    for (const other of [1, 9, 10])
      expect(verifyEvidence(file(other), { parameters, curve, networkId }).valid).toBe(false);
  });
});

describe('honest validators under a leader that shows each of them what it likes', () => {
  it('no arrangement of their messages is evidence against one of them (property)', async () => {
    const network = opened(new ToyNetwork({ from: fixture() }));
    const leader = network.committee.identityKeys[0] as Uint8Array;
    const opening = { nonce: randomFor('framing leader')(32), count: 1, generations: new Map() };
    const { session, input } = openSessionWith(leader, opening);
    const bare = { protocol: 'ecdsa-presign', session: sessionId(session), input, certificates: [] };
    const ask = (to: number, step: string, history: Uint8Array[][]): Promise<Uint8Array> =>
      network.ask(1, to, 'session/contribute', encodeSessionRequest({ ...bare, step, history }));
    const masks = await Promise.all([1, 2, 3, 4].map((i) => ask(i, 'round-1', [])));
    // Validators 1 to 3 answer the whole set, validator 4 another one.
    const whole = await Promise.all([1, 2, 3].map((i) => ask(i, 'round-2', [masks])));
    const part = await ask(4, 'round-2', [masks.slice(1)]);
    const nonces = await Promise.all([1, 2, 3].map((i) => ask(i, 'round-3', [masks, whole])));
    // Another session with the same people, and one whose leader says another batch size.
    const elsewhere = openSessionWith(leader, { ...opening, nonce: randomFor('another')(32) });
    const foreign = await network.ask(
      1,
      2,
      'session/contribute',
      encodeSessionRequest({
        ...bare,
        session: elsewhere.session,
        input: elsewhere.input,
        step: 'round-1',
        history: [],
      }),
    );
    const larger = openSessionWith(leader, { ...opening, count: 2 }).input;
    const messages = [...masks, ...whole, part, ...nonces, foreign];

    const frame = {
      name: networkName,
      profile: network.parameters.profile.id,
      curveId: curve.id,
      committee: network.committee,
    };
    const [keyRecord, keyCertificate, setupRecord, setupCertificate] = ['key', 'setup'].flatMap((id) =>
      decodePair(network.store(1).get('network', id) as Uint8Array),
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const records = {
      networkKey: { record: keyRecord, certificate: keyCertificate },
      networkSetup: { record: setupRecord, certificate: setupCertificate },
    };
    const verdict = (evidence: Omit<Evidence, 'network' | 'reason' | 'records'>): EvidenceVerdict =>
      judge(network, encodeEvidence({ ...evidence, network: frame, reason: '', records }));
    const checks = ['MPC:P1', 'MPC:P2', 'MPC:4.2', 'MPC:P4', 'MPC:P5'];

    // What a leader would try first: the right messages, beside one that answered another set.
    for (const history of [
      [masks, [...whole, part]],
      [masks.slice(1), [...whole, part]],
      [masks.slice(1), whole],
      [masks, whole, nonces],
      [masks.slice(0, 3), whole, nonces],
      [masks, [whole[0] as Uint8Array], nonces],
      [[masks[0] as Uint8Array]],
    ])
      for (const said of [input, larger]) {
        const material = sessionMaterial({ ...bare, step: '', input: said, history });
        const { valid, faults } = verdict({ kind: 'ecdsa-presign', session, accused: 4, check: 'MPC:4.2', material });
        expect(valid).toBe(false);
        expect(faults).toEqual([]);
      }

    const inbox = fc.subarray(messages.map((_, i) => i)).map((chosen) => chosen.map((i) => messages[i] as Uint8Array));
    fc.assert(
      fc.property(
        fc.array(inbox, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(input, larger),
        fc.constantFrom(1, 2, 3, 4),
        fc.constantFrom(...checks),
        (history, said, accused, check) => {
          const material = sessionMaterial({ ...bare, step: '', input: said, history });
          const { valid, faults } = verdict({ kind: 'ecdsa-presign', session, accused, check, material });
          return !valid && faults.length === 0;
        },
      ),
      { numRuns: 60, seed: 7 },
    );
    // No two messages of an honest validator are equivocation.
    for (const a of messages)
      for (const b of messages) {
        const material = encodeMessagePair(a, b);
        const { valid, faults } = verdict({
          kind: 'equivocation-message',
          session,
          accused: 1,
          check: 'MPC:C.3',
          material,
        });
        expect(valid || faults.length > 0).toBe(false);
      }
    // Nobody noted anything either.
    for (const i of [1, 2, 3, 4]) expect(listEvidence(network.store(i))).toEqual([]);
  });
});

function decodePair(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(4);
  const second = view.getUint32(8 + first);
  return [bytes.slice(8, 8 + first), bytes.slice(12 + first, 12 + first + second)];
}
