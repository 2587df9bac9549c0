/**
 * Validators that lie or fall silent while a signature is made: the signature completes while a quorum is honest, whoever lied is named with
 * evidence that convinces others, and nobody else can be named (MPC 5.7, 11.5; CG 3.10).
 */
import { uniformBits } from '@dwallet/sigma';
import {
  decodeReply,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterEach, describe, expect, it } from 'vitest';
import { verifyEvidence } from '@dwallet/validator';
import { RawClient, type Taken, unshown } from '../../services/validator/test/helpers/raw-client.ts';
import { ToyNetwork, curve, fixture, hex, randomFor } from '../../services/validator/test/helpers/toy-network.ts';

const open: ToyNetwork[] = [];
async function started(
  label: string,
): Promise<{ network: ToyNetwork; alice: RawClient; taken: Taken; request: Uint8Array }> {
  const network = new ToyNetwork({ from: fixture() });
  open.push(network);
  const alice = new RawClient(network);
  const taken = await alice.take(1, label);
  return { network, alice, taken, request: alice.signRequest(taken, await alice.signMessage(taken)) };
}
afterEach(() => open.splice(0).forEach((network) => network.close()));

type Lie = (network: ToyNetwork, body: Uint8Array) => Uint8Array;

/** Another element of the group in place of the last one of the message. */
const garbage: Lie = ({ parameters }, body) => {
  const { group, randomnessBits } = parameters;
  const lie = body.slice();
  const exponent = uniformBits(randomFor('garbage'), randomnessBits);
  lie.set(group.encode(parameters.powerOfH(exponent, randomnessBits)), lie.length - group.elementBytes);
  return lie;
};
const truncated: Lie = (_network, body) => body.slice(0, -1);
const flipped: Lie = (_network, body) => {
  const lie = body.slice();
  lie[lie.length - 3] = (lie.at(-3) as number) ^ 4;
  return lie;
};

/** Lies of some validators in some messages, each signed by the liar. */
function lying(
  network: ToyNetwork,
  lies: readonly { readonly by: number; readonly method: string; readonly lie: Lie }[],
) {
  network.line = async ({ to, method, pass }) => {
    const reply = await pass();
    const found = lies.find((entry) => entry.by === to && entry.method === method);
    if (found === undefined) return reply;
    const { networkId, session, kind, body } = openEnvelope(decodeReply(reply, maxBodyBytes), network.networkId);
    const lie = found.lie(network, body);
    const envelope = sealEnvelope(network.keystore(to).identity, { networkId, session, kind, body: lie });
    return encodeResult(encodeEnvelope(envelope));
  };
}

function expectSigned(alice: RawClient, taken: Taken, { signature }: { signature: { r: bigint; s: bigint } }): void {
  const bytes = Buffer.from([signature.r, signature.s].map((x) => x.toString(16).padStart(64, '0')).join(''), 'hex');
  const key = alice.setup.curve.encodePoint(alice.record.publicKey);
  expect(secp256k1.verify(bytes, sha256(taken.message), key, { prehash: false, lowS: true })).toBe(true);
}

function evidenceOf(network: ToyNetwork, index: number): Uint8Array[] {
  const validator = network.validator(index);
  return validator.status().evidence.map((id) => validator.evidence(id) as Uint8Array);
}

/** What a file proves, to anybody who trusts this network. Nothing if it is not valid. */
const verdictOf = ({ networkId, parameters }: ToyNetwork, file: Uint8Array): string[] => {
  const { valid, faults } = verifyEvidence(file, { networkId, parameters, curve });
  return valid ? names(faults) : [];
};

const names = (blamed: readonly { party: number; check: string }[]): string[] =>
  blamed.map(({ party, check }) => `${party} ${check}`);

describe('one validator of four lies', () => {
  it('garbage shares: the signature completes, the liar is named, the evidence convinces a validator that was away (CG:3.10)', async () => {
    const { network, alice, taken } = await started('garbage');
    const request = alice.signRequest(unshown(taken), await alice.signMessage(taken));
    lying(network, [{ by: 3, method: 'sign/share', lie: garbage }]);
    const signed = await alice.sign(1, request);
    expectSigned(alice, taken, signed);
    expect(names(signed.blamed)).toEqual(['3 CG:3.10']);
    const [evidence] = evidenceOf(network, 1) as [Uint8Array];
    // From the file alone; a validator that knows nothing of the signature says the same.
    expect(verdictOf(network, evidence)).toEqual(['3 CG:3.10']);
    const judge = new ToyNetwork({ from: fixture() });
    open.push(judge);
    expect(names((await judge.validator(2).judgeEvidence(evidence)).faults)).toEqual(['3 CG:3.10']);
    expect(judge.store(2).list('assignment')).toEqual([]);
    // Judging is not deciding: the message that was verified for it opens no door to a share, without the certificate of its assignment.
    await expect(judge.ask(1, 2, 'sign/bind', request)).rejects.toMatchObject({ check: 'MPC:S1' });
  });

  it('a malformed share message is named, and everybody is asked for the rest (MPC:S13)', async () => {
    const { network, alice, taken, request } = await started('malformed');
    lying(network, [{ by: 2, method: 'sign/share', lie: truncated }]);
    const signed = await alice.sign(1, request);
    expectSigned(alice, taken, signed);
    expect(names(signed.blamed)).toEqual(['2 MPC:S13']);
    const [evidence] = evidenceOf(network, 1) as [Uint8Array];
    expect(verdictOf(network, evidence)).toEqual(['2 MPC:S13']);
  });

  it('one that lies first and is silent afterwards is named all the same', async () => {
    const { network, alice, taken, request } = await started('lies and hides');
    let asked = 0;
    lying(network, [{ by: 2, method: 'sign/share', lie: truncated }]);
    const lie = network.line;
    network.line = (call) => {
      if (call.to === 2 && call.method === 'sign/share' && ++asked > 1) return Promise.reject(new Error('silent'));
      return lie(call);
    };
    const signed = await alice.sign(1, request);
    expectSigned(alice, taken, signed);
    expect(asked).toBe(2);
    expect(names(signed.blamed)).toEqual(['2 MPC:S13']);
    expect(evidenceOf(network, 1)).toHaveLength(1);
  });

  it('one that never answers in the share round: the signature completes through the general set (CG 3.7)', async () => {
    const { network, alice, taken, request } = await started('silent');
    const never = new Promise<Uint8Array>(() => {});
    const asked: number[] = [];
    network.line = ({ to, method, pass }) => {
      if (method === 'sign/share') asked.push(to);
      return to === 2 && (method === 'sign/share' || method === 'sign/record') ? never : pass();
    };
    const signed = await alice.sign(1, request);
    expectSigned(alice, taken, signed);
    // Silence is not a proof of anything (lessons 2.12).
    expect(signed.blamed).toEqual([]);
    expect(evidenceOf(network, 1)).toEqual([]);
    expect(asked.filter((to) => to === 2)).toHaveLength(2);
  });

  it('one that publishes garbage and does not prove it is named by what the others prove (CG:3.10)', async () => {
    const { network, alice, taken, request } = await started('garbage, then silence');
    lying(network, [{ by: 4, method: 'sign/share', lie: garbage }]);
    const lie = network.line;
    network.line = (call) =>
      call.to === 4 && call.method === 'sign/prove' ? Promise.reject(new Error('silent')) : lie(call);
    const signed = await alice.sign(1, request);
    expectSigned(alice, taken, signed);
    expect(names(signed.blamed)).toEqual(['4 CG:3.10']);
    const [evidence] = evidenceOf(network, 1) as [Uint8Array];
    expect(verdictOf(network, evidence)).toEqual(['4 CG:3.10']);
  });
});

describe('two validators of four lie', () => {
  it('no signature, but both are named; when they are honest again the same bytes are signed (CG:3.9)', async () => {
    const { network, alice, taken, request } = await started('two liars');
    lying(network, [
      { by: 2, method: 'sign/share', lie: garbage },
      { by: 3, method: 'sign/share', lie: garbage },
      { by: 2, method: 'sign/prove', lie: flipped },
      { by: 3, method: 'sign/prove', lie: flipped },
    ]);
    await expect(alice.sign(1, request)).rejects.toMatchObject({ code: 'THRESHOLD_NOT_REACHED' });
    expect(network.store(1).list('signature')).toEqual([]);
    const evidence = evidenceOf(network, 1);
    const parties = new Set<number>();
    for (const item of evidence)
      for (const fault of verdictOf(network, item)) {
        const [party, check] = fault.split(' ');
        expect(check).toMatch(/CG:3\.9|MPC:S13/);
        parties.add(Number(party));
      }
    expect(parties).toEqual(new Set([2, 3]));
    expect(evidence).toHaveLength(2);

    network.line = ({ pass }) => pass();
    network.restartAll();
    expectSigned(alice, taken, await alice.sign(2, request));
    const digests = new Set(network.access.validators.map((i) => network.marked(i).get(hex(taken.presign.presignId))));
    digests.delete(undefined);
    expect(digests.size).toBe(1);
  });

  it('two that are silent: no signature, nobody is named', async () => {
    const { network, alice, request } = await started('two silent');
    network.line = ({ to, method, pass }) =>
      (to === 2 || to === 3) && method === 'sign/share' ? Promise.reject(new Error('silent')) : pass();
    await expect(alice.sign(1, request)).rejects.toMatchObject({ code: 'THRESHOLD_NOT_REACHED' });
    expect(evidenceOf(network, 1)).toEqual([]);
  });

  it('a share that another validator signed is not its own, and a share of another presign is none of this one', async () => {
    const { network, alice, taken, request } = await started('borrowed');
    let borrowed: Uint8Array | undefined;
    network.line = async ({ to, method, pass }) => {
      const reply = await pass();
      if (method !== 'sign/share') return reply;
      if (to === 2) borrowed = reply;
      // Validator 3 hands in the message of validator 2, envelope and all.
      if (to === 3 && borrowed !== undefined) return borrowed;
      return reply;
    };
    const signed = await alice.sign(1, request);
    expectSigned(alice, taken, signed);
    expect(signed.blamed).toEqual([]);
  });
});
