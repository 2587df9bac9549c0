/** A request as validators get it: one byte string that strangers made. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { p2wpkhAddress, p2wpkhScript, spendPsbt } from '../src/bitcoin/index.ts';
import { ChainError, decodeRequest, encodeRequest, hashMessage, MAX_REQUEST_BYTES } from '../src/index.ts';
import { parseRequest } from '../src/registry.ts';
import { requests, signer } from './requests-of-every-format.ts';

const regtest = 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328';
const encoded = requests.map(([chainId, format, raw]) => encodeRequest({ chainId, format, raw }));

/** What a validator does with it: reads it, and takes one payload. */
function read(bytes: Uint8Array, index = 0): { readonly digest: Uint8Array } | undefined {
  const { chainId, format, raw } = decodeRequest(bytes);
  const { payloads } = parseRequest(chainId, format, raw, signer.publicKey);
  const payload = payloads[index % payloads.length];
  if (payload === undefined) throw new Error('there are no payloads');
  expect(hashMessage(payload.hashScheme, payload.message)).toEqual(payload.digest);
  return payload;
}

describe('the encoding of a request', () => {
  it.each(requests)('%s %s goes there and back', (chainId, format, raw) => {
    expect(decodeRequest(encodeRequest({ chainId, format, raw }))).toEqual({ chainId, format, raw });
  });

  it('holds names as they are written, once', () => {
    const raw = new Uint8Array(3);
    for (const chainId of ['', 'eip155', 'EIP155:1', 'eip155:', 'eip155:1:2', 'eip155:ü', `eip155:${'1'.repeat(33)}`])
      expect(() => encodeRequest({ chainId, format: 'psbt', raw }), chainId).toThrow('request.chainId');
    for (const format of ['', 'EIP1559', '-psbt', 'a b', 'x'.repeat(33), 'ps\u0000bt'])
      expect(() => encodeRequest({ chainId: 'eip155:1', format, raw }), format).toThrow('request.format');
    const most =
      MAX_REQUEST_BYTES - encodeRequest({ chainId: 'eip155:1', format: 'psbt', raw: new Uint8Array(0) }).length;
    const long = { chainId: 'eip155:1', format: 'psbt', raw: new Uint8Array(most) };
    expect(decodeRequest(encodeRequest(long)).raw).toHaveLength(most);
    expect(() => encodeRequest({ ...long, raw: new Uint8Array(most + 1) })).toThrow('is longer');
    expect(() => decodeRequest(new Uint8Array(MAX_REQUEST_BYTES + 1))).toThrow('is longer');
  });

  it.each([
    ['nothing', []],
    ['another version', [0, 8]],
    ['no chain', [1]],
    ['a chain that is cut off', [1, 8, 0x65]],
    ['a format that is cut off', [1, 5, 0x61, 0x62, 0x63, 0x3a, 0x31, 4, 0x70]],
    ['bytes that are no ASCII', [1, 5, 0x61, 0x62, 0xc3, 0x3a, 0x31, 4, 0x70, 0x73, 0x62, 0x74]],
  ])('%s is refused', (_what, bytes) => {
    expect(() => decodeRequest(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ name: 'TransactionDecodeError', field: expect.stringMatching(/^request/) as string }),
    );
  });
});

/** Bytes that began as a request of some format. */
const mutated = fc
  .tuple(
    fc.constantFrom(...encoded),
    fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('set' as const), at: fc.nat(), value: fc.nat(255) }),
        fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), length: fc.nat(40) }),
        fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), length: fc.nat(64), times: fc.nat(50) }),
        fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 40 }) }),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([start, changes]) =>
    changes.reduce<Uint8Array>((bytes, change) => {
      const at = change.at % (bytes.length + 1);
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
      switch (change.kind) {
        case 'set':
          return at === bytes.length ? bytes : bytes.with(at, change.value);
        case 'cut':
          return Uint8Array.of(...head, ...tail.subarray(change.length));
        case 'repeat': {
          const part = tail.subarray(0, change.length);
          return Uint8Array.of(...head, ...Array.from({ length: change.times }, () => [...part]).flat(), ...tail);
        }
        case 'insert':
          return Uint8Array.of(...head, ...change.bytes, ...tail);
      }
    }, start),
  );

describe('a request of a stranger', () => {
  it('is read, the same way every time, or refused with a typed error: nothing else happens', () => {
    fc.assert(
      fc.property(mutated, fc.nat(3), (bytes, index) => {
        let first: { readonly digest: Uint8Array } | undefined;
        try {
          first = read(bytes, index);
        } catch (error) {
          if (!(error instanceof ChainError)) throw error;
          expect(error.field).not.toBe('');
          return;
        }
        expect(read(bytes, index)?.digest).toEqual(first?.digest);
        // What is read has one encoding, so nobody shows two requests for one.
        expect(encodeRequest(decodeRequest(bytes))).toEqual(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('every byte counts: a changed byte is refused, or another message to sign', () => {
    for (const bytes of encoded) {
      const honest = read(bytes);
      const { raw } = decodeRequest(bytes);
      for (let at = bytes.length - raw.length; at < bytes.length; at += 1 + Math.floor(raw.length / 60)) {
        const other = bytes.with(at, (bytes[at] ?? 0) ^ 1);
        let digest: Uint8Array | undefined;
        try {
          digest = read(other)?.digest;
        } catch (error) {
          expect(error).toBeInstanceOf(ChainError);
        }
        // Two PSBTs can hold one transaction: what they claim about amounts of others is not all signed.
        if (decodeRequest(bytes).format !== 'psbt') expect(digest).not.toEqual(honest?.digest);
      }
    }
  });

  it('is bounded where reading costs: outputs and entries of a PSBT', () => {
    const script = p2wpkhScript(signer.publicKey);
    const address = p2wpkhAddress(signer.publicKey, 'regtest');
    const spend = (outputs: number): Uint8Array =>
      spendPsbt(
        {
          publicKey: signer.publicKey,
          inputs: [{ txid: 'ab'.repeat(32), vout: 0, amountSats: 100_000n, scriptPubKey: script }],
          outputs: Array.from({ length: outputs }, () => ({ address, amountSats: 1n })),
        },
        'regtest',
      );
    expect(parseRequest(regtest, 'psbt', spend(250), signer.publicKey).payloads).toHaveLength(1);
    expect(() => spend(251)).toThrow('outputs: must be at most 250');
    const entries = Array.from({ length: 10_001 }, (_, i) => [4, 0xfa, i & 255, i >> 8, 0, 0]).flat();
    const many = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff, ...entries, 0);
    expect(() => parseRequest(regtest, 'psbt', many, signer.publicKey)).toThrow('is beyond 10000 entries in all');
  });
});
