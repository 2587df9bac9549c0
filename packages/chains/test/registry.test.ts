import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cosmosFamilyOf } from '../src/cosmos/index.ts';
import { eip1559Chain, evmFamily, evmTransfer } from '../src/evm/index.ts';
import {
  ChainError,
  createRegistry,
  hashMessage,
  InvalidIntentError,
  quoteText,
  TransactionDecodeError,
  UnsupportedRequestError,
} from '../src/index.ts';
import { attachRequest, chainFor, chainModules, parseRequest } from '../src/registry.ts';
import { call, fees, other, requests, signer, to } from './requests-of-every-format.ts';

describe('parseRequest', () => {
  it('there is a request of every format', () => {
    const formats = new Set(chainModules.flatMap((chain) => chain.formats.map(({ format }) => format)));
    expect(new Set(requests.map(([, format]) => format))).toEqual(formats);
  });

  it.each(requests)('%s %s: intent, payloads and lines; signed and attached', (chainId, format, bytes) => {
    const request = parseRequest(chainId, format, bytes, signer.publicKey);
    expect(request).toMatchObject({ chainId, format });
    expect(request.payloads.length).toBe(format === 'psbt' ? 2 : 1);
    for (const { message, hashScheme, digest } of request.payloads) {
      expect(hashMessage(hashScheme, message)).toEqual(digest);
    }
    expect(request.lines.length).toBeGreaterThan(1);
    for (const line of request.lines) expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);
    const signatures = signer.sign(request.payloads);
    const signed = attachRequest(chainId, format, bytes, signer.publicKey, signatures);
    expect(signed.encoded.length).toBeGreaterThan(60);
    const isMessage = ['eip191', 'eip712', 'eip7702-authorization'].includes(format);
    expect(signed.txid === undefined).toBe(isMessage);
    // Twice the same, and the same again: pure.
    expect(parseRequest(chainId, format, bytes, signer.publicKey)).toEqual(request);
    expect(() => attachRequest(chainId, format, bytes, signer.publicKey, other.sign(request.payloads))).toThrow(
      expect.objectContaining({ name: 'InvalidSignatureError', field: 'signatures[0]' }),
    );
  });

  it.each(requests)('%s %s: the bytes are read as no other format', (chainId, format, bytes) => {
    for (const module of chainModules) {
      for (const candidate of module.formats) {
        if (candidate.format === format && module.id.split(':')[0] === chainId.split(':')[0]) continue;
        expect(() => candidate.read(bytes, signer.publicKey), `${module.id} ${candidate.format}`).toThrow(ChainError);
      }
    }
  });

  it.each(requests)('%s %s: another key signs it only if the bytes name no sender', (chainId, format, bytes) => {
    const read = (): unknown => parseRequest(chainId, format, bytes, other.publicKey);
    if (chainId.startsWith('eip155')) expect(read).not.toThrow();
    else expect(read).toThrow(InvalidIntentError);
    expect(() => parseRequest(chainId, format, bytes, new Uint8Array(33))).toThrow(
      expect.objectContaining({ field: 'publicKey' }),
    );
  });

  it.each(requests)('%s %s: nothing, noise and a byte too many are refused with a field', (chainId, format, bytes) => {
    const nonsense = [new Uint8Array(0), new Uint8Array(64).fill(0xff), Uint8Array.of(...bytes, 0), bytes.slice(1)];
    for (const wrong of nonsense) {
      // A personal message ends where its length says; one byte more is another length.
      expect(() => parseRequest(chainId, format, wrong, signer.publicKey)).toThrow(TransactionDecodeError);
    }
  });

  it('unknown chains and formats are refused', () => {
    const [, , bytes] = requests[0] as (typeof requests)[number];
    for (const chainId of [
      '',
      'eip155',
      'eip155:',
      'eip155:01',
      'eip155:0x1',
      'eip155:99999999999999999',
      'eip155:1:2',
    ]) {
      expect(() => parseRequest(chainId, 'eip1559', bytes, signer.publicKey), chainId).toThrow(
        expect.objectContaining({ name: 'UnsupportedRequestError', field: 'chainId' }),
      );
    }
    for (const chainId of [
      'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
      'bip122:00',
      'cosmos:nowhere-1',
      'tron:0x1',
      'xrpl:99',
    ]) {
      expect(() => chainFor(chainId), chainId).toThrow(UnsupportedRequestError);
    }
    for (const format of ['', 'psbt', 'raw', 'EIP1559', '__proto__']) {
      expect(() => parseRequest('eip155:1', format, bytes, signer.publicKey)).toThrow(
        expect.objectContaining({ name: 'UnsupportedRequestError', field: 'format' }),
      );
    }
  });
});

describe('registries', () => {
  it('every chain has its own id, and every id is found again', () => {
    const ids = chainModules.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(chainFor(id).id).toBe(id);
    for (const id of ids) expect(chainFor(id).formats.every((format) => format.chainId === id)).toBe(true);
    expect(chainFor('eip155:1').name).toBe('Ethereum');
  });

  it('an EVM network without a name is read, and its coin is not called ETH', () => {
    const chain = eip1559Chain({ chainId: 424242 });
    const bytes = chain.encodeUnsigned({ intent: evmTransfer({ ...fees, ...call }) });
    const { lines } = parseRequest('eip155:424242', 'eip1559', bytes, signer.publicKey);
    expect(lines[0]).toBe(
      `Send 0.000000000000000001 of the native coin of eip155:424242 to ${to} on an unnamed EVM network (eip155:424242).`,
    );
    expect(lines.at(-1)).toBe(`Signed by ${chain.address(signer.publicKey)}.`);
  });

  it('a small registry knows its families only; networks can be added', () => {
    const own = { chainId: 'my-chain', name: 'Mine', prefix: 'mine', coins: {} };
    const small = createRegistry([evmFamily, cosmosFamilyOf([own])]);
    expect(small.chainFor('cosmos:my-chain').name).toBe('Mine');
    expect(() => small.chainFor('xrpl:0')).toThrow(UnsupportedRequestError);
    expect(() => small.chainFor('cosmos:cosmoshub-4')).toThrow(UnsupportedRequestError);
  });
});

describe('text of strangers', () => {
  it('stays on its line, in its order, and visible', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['plain text, 1.5!', '"plain text, 1.5!"'],
      ['say "hi" \\', '"say \\"hi\\" \\\\"'],
      ['a\r\nb\tc\u0000', '"a\\u{d}\\u{a}b\\u{9}c\\u{0}"'],
      ['\u001b[31mred', '"\\u{1b}[31mred"'],
    ];
    for (const [text, shown] of cases) expect(quoteText(text)).toBe(shown);
    const tricks =
      '\u202e\u2066\u200b\u200d\u00ad\ufeff\u2028\u2029\u00a0\u3000\u3164\u115f\u2800\u05d0\u0627\u{1e900}\u0301\u{e0041}\ufe0f\ue000';
    for (const trick of Array.from(tricks)) {
      expect(quoteText(`a${trick}b`), trick.codePointAt(0)?.toString(16)).toBe(
        `"a\\u{${trick.codePointAt(0)?.toString(16)}}b" (not only ASCII: letters may look like others)`,
      );
    }
    expect(quoteText('Zürich 東京')).toBe('"Zürich 東京" (not only ASCII: letters may look like others)');
  });

  it('two texts are never shown alike, long ones neither', () => {
    expect(quoteText('\\u{a}')).not.toBe(quoteText('\n'));
    const long = quoteText(`${'x'.repeat(3000)}1`);
    expect(long).toContain('and 1001 more characters (SHA-256 of all: ');
    expect(long).not.toBe(quoteText(`${'x'.repeat(3000)}2`));
  });
});

describe('a bundle takes what it uses', () => {
  const source = new URL('../src/', import.meta.url);
  /** Packages that an entry leads to, through our own files. */
  function packagesOf(entry: string): readonly string[] {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (url: URL): void => {
      if (seen.has(url.href)) return;
      seen.add(url.href);
      for (const [, specifier = ''] of readFileSync(url, 'utf8').matchAll(
        /^(?:import|export|\}) [^;]*?from '([^']+)';/gm,
      )) {
        if (specifier.startsWith('.')) visit(new URL(specifier, url));
        else packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
      }
    };
    visit(new URL(entry, source));
    return [...packages].toSorted();
  }
  const noble = ['@noble/curves', '@noble/hashes'];

  it.each([
    ['index.ts', [...noble, '@scure/btc-signer', 'viem']],
    ['bitcoin/index.ts', [...noble, '@scure/btc-signer']],
    ['evm/index.ts', [...noble, 'viem']],
    ['cosmos/index.ts', [...noble, '@scure/base', 'cosmjs-types']],
    ['tron/index.ts', [...noble, '@scure/base']],
    ['xrpl/index.ts', [...noble, 'ripple-address-codec', 'ripple-binary-codec']],
  ])('%s leads to %j only', (entry, packages) => {
    expect(packagesOf(entry)).toEqual(packages);
  });

  it('libraries with network clients are there for tests only', () => {
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
    const all = new Set(['index.ts', 'registry.ts'].flatMap(packagesOf));
    expect(Object.keys(dependencies).toSorted()).toEqual([...all].toSorted());
  });
});
