/**
 * `dwallet inspect` and `dwallet verify` on objects that a real (toy) network has made, and on files that are not what they seem.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AccessStructure, clg112, equalWeights } from '@dwallet/class-groups';
import { evmAddress } from '@dwallet/chains/evm';
import { EncryptedFileKeystore, FileMessageStore } from '@dwallet/client-sdk/node';
import {
  type Digest,
  type PresignId,
  Secret,
  type SessionId,
  digest,
  encodeText,
  secp256k1Curve,
  validatorId,
} from '@dwallet/sigma';
import {
  type Committee,
  clientKind,
  createCommittee,
  decodeCertificate,
  decodeParts,
  encodeCertificate,
  encodeEnvelope,
  encodeSignatureRecord,
  encodeTakePresign,
  networkIdOf,
  sealEnvelope,
  signFact,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/client';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeEvidence, encodeVotePair, equivocationCheck, factName } from '../../services/validator/src/evidence.ts';
import { fixture, fromHex, hex, toyParameters } from '../../services/validator/test/helpers/toy-network.ts';
import { describeBytes, isCertificate, isEvidence, linesOf } from '../src/inspect/describe.ts';
import { bytesOf } from '../src/inspect/text.ts';
import { type TrustedSet, describeEvidence, judgeCertificate, judgeEvidence } from '../src/offline/judge.ts';

const { common, keystores, wallet } = fixture();
const partsOf = (kind: string, count: number): Uint8Array[] =>
  decodeParts(fromHex(Object.values(common[kind] ?? {})[0] as string), kind, count);
const [record, certificate] = partsOf('dwallet', 2) as [Uint8Array, Uint8Array];
const [setup, setupCertificate] = decodeParts(fromHex(common['network']?.['setup'] as string), 'setup', 2) as [
  Uint8Array,
  Uint8Array,
];
const presign = partsOf('presign', 3)[0] as Uint8Array;
const dwalletId = wallet.wallets[0]?.id as string;
const publicKey = describeBytes(record).fields['publicKey'] as string;

const identities = keystores.map((text) => new Secret(fromHex((JSON.parse(text) as { identity: string }).identity)));
const access: AccessStructure = equalWeights(4);
const committee: Committee = createCommittee(identities.map(signingPublicKey), access);
const trusted: TrustedSet = {
  committee,
  networkId: networkIdOf('toy', 'toy', committee.digest),
  parameters: toyParameters,
};

const root = mkdtempSync(join(tmpdir(), 'dwallet-inspect-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('inspect', () => {
  it('names dWallet, keys and owner of a record, in hex, base64 or bytes', () => {
    const description = describeBytes(record);
    expect(description).toMatchObject({ type: 'dWallet record', bytes: record.length });
    expect(description.fields).toMatchObject({
      dwallet: dwalletId,
      curve: 'secp256k1',
      ethereumAddress: evmAddress(fromHex(publicKey)),
    });
    const text = linesOf(description).join('\n');
    expect(text).toContain(`dwallet               ${dwalletId}`);
    for (const written of [hex(record), `0x${hex(record)}\n`, Buffer.from(record).toString('base64')])
      expect(bytesOf(encodeText(written))).toEqual(record);
    expect(bytesOf(record)).toBe(record);
  });

  it.each([
    ['network setup', setup, { curve: 'secp256k1' }],
    ['presign', presign, { index: expect.any(Number) as number }],
    ['certificate', certificate, { states: expect.objectContaining({ kind: 'dwallet', id: dwalletId }) as object }],
    [
      'signature',
      encodeSignatureRecord({
        presignId: new Uint8Array(32).fill(1) as PresignId,
        digest: digest(new Uint8Array(32).fill(2)),
        signature: { r: 5n, s: 6n, recoveryId: 1 },
      }),
      { recoveryId: 1, s: '6'.padStart(64, '0') },
    ],
  ])('reads a %s', (type, bytes, fields) => {
    expect(describeBytes(bytes)).toMatchObject({ type, fields });
    // Nothing is read from a part of it, or past its end.
    expect(() => describeBytes(bytes.subarray(0, bytes.length - 1))).toThrow();
    expect(() => describeBytes(Uint8Array.from([...bytes, 0]))).toThrow();
  });

  it('of an envelope: sender, what it asks, and whether its signature holds', () => {
    const account = new Secret(new Uint8Array(32).fill(9));
    const nonce = new Uint8Array(32).fill(4);
    const body = encodeTakePresign(fromHex(dwalletId) as SessionId, { kind: 'reservation', nonce });
    const networkId = digest(new Uint8Array(32).fill(7));
    const kind = clientKind.takePresign;
    const bytes = encodeEnvelope(sealEnvelope(account, { networkId, session: fromHex(dwalletId), kind, body }));
    expect(describeBytes(bytes)).toMatchObject({
      type: 'envelope',
      fields: {
        kind,
        network: hex(networkId),
        sender: hex(signingPublicKey(account)),
        signature: 'holds under the sender named here',
        body: { dwallet: dwalletId, for: 'a reservation' },
      },
    });
    const bent = bytes.with(bytes.length - 1, (bytes.at(-1) as number) ^ 1);
    expect(describeBytes(bent).fields['signature']).toBe('DOES NOT HOLD');
    // A body that is bent is said to be, and the rest is shown.
    const cut = encodeEnvelope(
      sealEnvelope(account, { networkId, session: fromHex(dwalletId), kind, body: body.subarray(1) }),
    );
    expect(describeBytes(cut).fields['body']).toMatch(/^cannot be read: TakePresign/);
    const unread = encodeEnvelope(
      sealEnvelope(account, { networkId, session: fromHex(dwalletId), kind: 'presign/round-1', body: presign }),
    );
    expect(describeBytes(unread).fields['body']).toBe(`${presign.length} bytes: presign`);
  });

  it('of a keystore only the header, and nothing of what it keeps; of a stored message what it signs', async () => {
    const keystore = await EncryptedFileKeystore.open(join(root, 'wallet'), { secret: 'a passphrase', log2N: 10 });
    await keystore.compareAndSet(0, wallet);
    const [name] = readdirSync(join(root, 'wallet')).filter((one) => one.endsWith('.sealed')) as [string];
    const sealed = new Uint8Array(readFileSync(join(root, 'wallet', name)));
    const description = describeBytes(sealed);
    expect(description).toMatchObject({ type: 'keystore', fields: { revision: 1 } });
    const said = JSON.stringify(description) + linesOf(description).join('\n');
    for (const secret of [wallet.seed, wallet.wallets[0]?.userShare as string]) expect(said).not.toContain(secret);
    expect(said).not.toContain(hex(sealed.subarray(100)).slice(0, 64));
    const store = new FileMessageStore(join(root, 'messages'));
    const id = new Uint8Array(32).fill(3) as PresignId;
    await store.putIfAbsent(id, Uint8Array.of(1, 2, 3));
    const [stored] = readdirSync(join(root, 'messages')) as [string];
    // Not a client message, and said to be none.
    expect(() => describeBytes(new Uint8Array(readFileSync(join(root, 'messages', stored))))).toThrow('SignMsg');
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['a text', encodeText('hello')],
    ['an unknown type', Uint8Array.of(1, 200, 0)],
    ['an older version', Uint8Array.of(0, 6, 0)],
  ])('refuses %s', (_, bytes) => {
    expect(() => describeBytes(bytes)).toThrow('no object of the protocol');
  });
});

describe('verify', () => {
  it('a certificate of the trusted validators, and the record that it states', () => {
    expect(judgeCertificate(certificate, trusted)).toMatchObject({ valid: true, fact: { kind: 'dwallet' } });
    expect(judgeCertificate(certificate, trusted, record, setup)).toMatchObject({ valid: true, record: true });
    expect(judgeCertificate(setupCertificate, trusted, setup)).toMatchObject({ valid: true, record: true });
    expect(isCertificate(certificate)).toBe(true);
  });

  it('not of other validators, not of another record, not with a signature bent or too few of them', () => {
    const strangers = identities.map((_, i) => signingPublicKey(new Secret(new Uint8Array(32).fill(0x40 + i))));
    const others = { ...trusted, committee: createCommittee(strangers, access) };
    expect(judgeCertificate(certificate, others)).toMatchObject({ valid: false });
    expect(judgeCertificate(certificate, trusted, setup)).toMatchObject({ valid: false, record: false });
    const decoded = decodeCertificate(certificate);
    const [first, ...rest] = decoded.votes as [(typeof decoded.votes)[0]];
    const bent = encodeCertificate({
      ...decoded,
      votes: [{ ...first, signature: first.signature.with(5, 1) }, ...rest],
    });
    expect(judgeCertificate(bent, trusted).problem).toContain(`validator ${first.validator}`);
    const few = encodeCertificate({ ...decoded, votes: rest.slice(0, 1) });
    expect(judgeCertificate(few, trusted).problem).toContain('below the threshold');
    expect(() => judgeCertificate(certificate, trusted, record)).toThrow('--setup');
    expect(() => judgeCertificate(certificate, trusted, presign)).toThrow('record');
  });

  it('evidence: who lied, for whom; and nothing about a network that somebody else has', () => {
    const votes = [1, 2].map((fill) => {
      const fact = {
        kind: 'dwallet' as const,
        id: fromHex(dwalletId),
        version: 0n,
        digest: digest(new Uint8Array(32).fill(fill)),
      };
      return { fact, ...signFact(committee, fact, validatorId(2), identities[1] as Secret<Uint8Array>) };
    });
    const [one, two] = votes as [(typeof votes)[0], (typeof votes)[0]];
    const bytes = encodeEvidence({
      network: { name: 'toy', profile: clg112.id, curveId: secp256k1Curve.id, committee },
      kind: 'equivocation-vote',
      session: factName(one.fact),
      accused: 2,
      check: equivocationCheck.vote,
      reason: 'two votes',
      records: {},
      material: encodeVotePair(committee, 2, one, two),
    });
    expect(isEvidence(bytes)).toBe(true);
    expect(describeEvidence(bytes)).toMatchObject({ kind: 'equivocation-vote', accused: 2, network: 'toy' });
    const verdict = judgeEvidence(bytes);
    expect(verdict).toMatchObject({ valid: true, faults: [{ party: 2, check: equivocationCheck.vote }] });
    expect(judgeEvidence(bytes, verdict.networkId as Digest).valid).toBe(true);
    expect(judgeEvidence(bytes, new Uint8Array(32)).valid).toBe(false);
    const same = encodeEvidence({
      network: { name: 'toy', profile: clg112.id, curveId: secp256k1Curve.id, committee },
      kind: 'equivocation-vote',
      session: factName(one.fact),
      accused: 2,
      check: equivocationCheck.vote,
      reason: 'one vote, twice',
      records: {},
      material: encodeVotePair(committee, 2, one, one),
    });
    expect(judgeEvidence(same)).toMatchObject({ valid: false });
  });
});
