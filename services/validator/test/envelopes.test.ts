/**
 * Who may say what to a validator: the signed frame of every call, field by field. A refusal is a reply with a stable code, never an exception.
 */
import { Secret, concat, digestTagged, encodeText, hashTagged, presignId, sessionId } from '@dwallet/sigma';
import {
  RemoteError,
  clientKind,
  decodeParts,
  decodeReply,
  encodeCall,
  encodeEnvelope,
  encodeParts,
  encodeSignRequest,
  encodeTakePresign,
  maxBodyBytes,
  rawMessageRequest,
  rawOrder,
  networkIdOf,
  deriveSessionId,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSessionRequest } from '../src/core.ts';
import { ToyNetwork, accountKeyOf, fixture, fromHex, hex, networkName, randomFor, v } from './helpers/toy-network.ts';

const network = new ToyNetwork({ from: fixture() });
afterAll(() => network.close());

/** The refusal of a call. */
async function refusal(call: Uint8Array, to = 2): Promise<RemoteError> {
  const reply = await network.validator(to).call(call);
  try {
    decodeReply(reply, maxBodyBytes);
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
  return expect.fail('the call was answered');
}

const list = encodeText('presign');
/** A request from validator 1 that is answered, with any part changed. */
function request(
  change: {
    readonly key?: Secret<Uint8Array>;
    readonly networkId?: typeof network.networkId;
    readonly session?: Uint8Array;
    readonly kind?: string;
    readonly method?: string;
    readonly body?: Uint8Array;
  } = {},
): Uint8Array {
  const body = change.body ?? list;
  const envelope = sealEnvelope(change.key ?? network.keystore(1).identity, {
    networkId: change.networkId ?? network.networkId,
    session: change.session ?? hashTagged('request', [body], 32),
    kind: change.kind ?? 'request/records/list',
    body,
  });
  return encodeCall(change.method ?? 'records/list', encodeEnvelope(envelope));
}

describe('the frame of requests between validators', () => {
  it('a whole request is answered', async () => {
    const body = decodeReply(await network.validator(2).call(request()), maxBodyBytes);
    expect(body.length).toBe(6 * 32);
  });

  it('a flipped bit anywhere is refused', async () => {
    const call = request();
    for (let i = 0; i < call.length; i++) {
      const bent = call.slice();
      bent[i] = (bent[i] as number) ^ (1 << (i % 8));
      const { code } = await refusal(bent);
      expect(['DECODE', 'NOT_A_MEMBER'], `byte ${i}`).toContain(code);
    }
  });

  it('a truncated or a longer one is refused', async () => {
    const call = request();
    for (let length = 0; length < call.length; length++)
      expect((await refusal(call.subarray(0, length))).code, `${length} bytes`).toBe('DECODE');
    expect((await refusal(concat(call, Uint8Array.of(0)))).code).toBe('DECODE');
  });

  it('a message of another network, or of another committee, means nothing here', async () => {
    const other = networkIdOf('another', network.parameters.profile.id, network.committee.digest);
    expect((await refusal(request({ networkId: other }))).message).toContain('another network');
    const profile = networkIdOf(networkName, 'CLG-128', network.committee.digest);
    expect((await refusal(request({ networkId: profile }))).message).toContain('another network');
  });

  it('a sender outside the committee is nobody (lessons 1.14)', async () => {
    const stranger = new Secret(randomFor('stranger')(32));
    expect((await refusal(request({ key: stranger }))).code).toBe('NOT_A_MEMBER');
  });

  it('a request is for one method, and its session is that of its body', async () => {
    expect((await refusal(request({ method: 'records/fetch' }))).message).toContain('Envelope.kind');
    expect((await refusal(request({ kind: 'request/records/fetch' }))).message).toContain('Envelope.kind');
    expect((await refusal(request({ session: new Uint8Array(32) }))).message).toContain('Envelope.session');
  });

  it('an unknown method is refused', async () => {
    for (const method of ['', 'x', 'records', 'sign/', 'session/', 'client/', 'client/x', 'Network', 'network/']) {
      const call = request({ method, kind: `request/${method}` });
      expect((await refusal(call)).code, method).toBe('DECODE');
    }
    expect((await refusal(encodeCall('x'.repeat(65), list))).code).toBe('DECODE');
  });

  it('an account key is not a member: what clients may ask goes through client methods only', async () => {
    const account = accountKeyOf(fixture().wallet);
    expect((await refusal(request({ key: account }))).code).toBe('NOT_A_MEMBER');
  });
});

describe('the frame of requests of clients', () => {
  const account = accountKeyOf(fixture().wallet);
  const id = sessionId(fromHex(fixture().wallet.wallets[0]?.id ?? ''));
  const take = encodeTakePresign(id, rawMessageRequest('sha256', list, new Uint8Array(32)));
  const seal = (kind: string, session: Uint8Array, body: Uint8Array): Uint8Array =>
    encodeEnvelope(sealEnvelope(account, { networkId: network.networkId, session, kind, body }));

  it('is of the kind of the method', async () => {
    const envelope = seal(clientKind.takePresign, id, take);
    for (const method of Object.values(clientKind).filter((kind) => kind !== clientKind.takePresign)) {
      expect((await refusal(encodeCall(method, envelope))).message, method).toContain('Envelope.kind');
    }
  });

  it('a member checks the kind again: a leader cannot pass one request off as another', async () => {
    const envelope = seal(clientKind.takePresign, id, take);
    for (const method of ['user-key', 'dwallet/vote', 'dwallet/accept', 'sign/bind']) {
      expect((await refusal(network.callAs(1, method, envelope))).message, method).toContain('Envelope.kind');
    }
    for (const [method, parts] of [
      ['dwallet/commit', [envelope, list]],
      ['sign/share', [envelope, list, list]],
      ['sign/prove', [envelope, list, list]],
      ['sign/record', [envelope, list]],
    ] as const) {
      expect((await refusal(network.callAs(1, method, encodeParts(parts)))).message, method).toContain('Envelope.kind');
    }
    const other = seal(clientKind.sign, id, take);
    expect((await refusal(network.callAs(1, 'sign/assign', encodeParts([other, id])))).message).toContain(
      'Envelope.kind',
    );
  });

  it('the session of the envelope is that of its body', async () => {
    const other = new Uint8Array(32).fill(7);
    const assign = encodeParts([seal(clientKind.takePresign, other, take), id]);
    expect((await refusal(network.callAs(1, 'sign/assign', assign))).message).toContain('Envelope.session');
    const presign = presignId(new Uint8Array(32).fill(8));
    const empty = new Uint8Array(0);
    const asked = { id, presignId: presign, assignedTo: 'message' } as const;
    const fields = { ...asked, nonce: new Uint8Array(32), ...rawOrder('sha256', list) };
    const sign = seal(clientKind.sign, other, encodeSignRequest({ ...fields, signMessage: empty }));
    expect((await refusal(network.callAs(1, 'sign/bind', sign))).message).toContain('Envelope.session');
    const accept = seal(clientKind.acceptDWallet, other, concat(id, Uint8Array.of(0, 0, 0, 0)));
    expect((await refusal(network.callAs(1, 'dwallet/accept', accept))).message).toContain('Envelope.session');
  });

  it("a presign is named by 32 bytes: anything else is the sender's mistake and no bug of ours", async () => {
    const envelope = seal(clientKind.takePresign, id, take);
    for (const bytes of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(33), new Uint8Array(5000)]) {
      expect((await refusal(network.callAs(1, 'sign/assign', encodeParts([envelope, bytes])))).code).toBe('DECODE');
    }
  });
});

describe('sessions belong to their leader', () => {
  const sender = (index: number): Uint8Array => network.committee.identityKeys[index - 1] as Uint8Array;
  const contribute = (
    leader: number,
    opener: number,
    type: 'SYSTEM' | 'INTERNAL_PRESIGN' | 'USER',
    protocol: string,
    extra = new Uint8Array(0),
    generations: Uint8Array = Uint8Array.of(0, 0),
  ): Uint8Array => {
    const nonce = randomFor(`${leader}/${opener}/${type}`)(32);
    const fresh = digestTagged('session-opening', [nonce, generations]);
    const session = deriveSessionId({ version: 1n, type, sender: sender(opener), fresh });
    const input = concat(nonce, extra, generations);
    const body = { protocol, session, step: 'round-1', input, history: [], certificates: [] };
    return network.callAs(leader, 'session/contribute', encodeSessionRequest(body));
  };
  const count = Uint8Array.of(0, 1);
  /** A contribution to the one session of a ceremony, as far as `change` leaves it. */
  const ceremony = (protocol: string, change: { session?: Uint8Array; input?: Uint8Array } = {}): Uint8Array => {
    const [key] = decodeParts(network.store(1).get('network', 'key') as Uint8Array, 'key', 2) as [Uint8Array];
    const basis = protocol === 'network-setup' ? key : new Uint8Array(0);
    const fresh = digestTagged('ceremony-session', [encodeText(protocol), network.committee.digest, basis]);
    const session = deriveSessionId({ version: 1n, type: 'SYSTEM', sender: network.networkId, fresh });
    const body = { protocol, session, step: 'round-1', input: new Uint8Array(0), history: [], certificates: [] };
    return network.callAs(1, 'session/contribute', encodeSessionRequest({ ...body, ...change } as typeof body));
  };

  it('a leader that did not open the session is refused, as is a session of another type (MPC 1.2)', async () => {
    expect((await refusal(contribute(1, 3, 'INTERNAL_PRESIGN', 'ecdsa-presign', count))).code).toBe('NOT_OWNER');
    expect((await refusal(contribute(1, 1, 'SYSTEM', 'ecdsa-presign', count))).code).toBe('NOT_OWNER');
    expect((await refusal(contribute(1, 1, 'USER', 'ecdsa-presign', count))).code).toBe('NOT_OWNER');
    for (const protocol of ['network-dkg', 'network-setup'])
      expect((await refusal(ceremony(protocol, { session: new Uint8Array(32).fill(1) }))).code).toBe('NOT_OWNER');
  });

  it('an opening that is not exactly nonce, batch size and ascending generations is refused', async () => {
    const one = Uint8Array.of(0, 1);
    for (const generations of [
      new Uint8Array(0),
      Uint8Array.of(0),
      Uint8Array.of(0, 1),
      concat(one, Uint8Array.of(0, 1), new Uint8Array(31)),
      concat(one, Uint8Array.of(0, 0), new Uint8Array(32)),
      concat(one, Uint8Array.of(0, 1), new Uint8Array(33)),
      concat(Uint8Array.of(0, 2), Uint8Array.of(0, 2), new Uint8Array(32), Uint8Array.of(0, 1), new Uint8Array(32)),
      concat(Uint8Array.of(0, 2), Uint8Array.of(0, 2), new Uint8Array(32), Uint8Array.of(0, 2), new Uint8Array(32)),
      Uint8Array.of(255, 255),
    ]) {
      const call = contribute(1, 1, 'INTERNAL_PRESIGN', 'ecdsa-presign', count, generations);
      expect((await refusal(call)).code, hex(generations)).toBe('DECODE');
    }
  });

  it('input of another size, unknown protocols, steps and batches are refused', async () => {
    expect((await refusal(contribute(1, 1, 'INTERNAL_PRESIGN', 'ecdsa-presign'))).code).toBe('DECODE');
    for (const protocol of ['network-dkg', 'network-setup'])
      expect((await refusal(ceremony(protocol, { input: count }))).code).toBe('DECODE');
    expect((await refusal(contribute(1, 1, 'SYSTEM', 'x'))).code).toBe('DECODE');
    for (const batch of [Uint8Array.of(0, 0), Uint8Array.of(0, 65), Uint8Array.of(255, 255)]) {
      expect((await refusal(contribute(1, 1, 'INTERNAL_PRESIGN', 'ecdsa-presign', batch))).code).toBe('DECODE');
    }
  });

  it('a network that has its key and setup makes no second ones', async () => {
    expect((await refusal(ceremony('network-dkg'))).code).toBe('NOT_READY');
    expect((await refusal(ceremony('network-setup'))).code).toBe('NOT_READY');
    await network.validator(1).leadGenesis();
    expect(hex(network.store(1).get('network', 'key') as Uint8Array)).toBe(
      hex(network.store(2).get('network', 'key') as Uint8Array),
    );
    expect(network.peer(v(2))).toBeDefined();
  });
});
