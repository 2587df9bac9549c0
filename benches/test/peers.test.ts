import { mkdirSync, mkdtempSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveTestParameters } from '@dwallet/class-groups';
import { referenceKernel } from '@dwallet/kernel';
import { bytesToInteger } from '@dwallet/sigma';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../src/command-line.ts';
import { parsePeerOptions } from '../src/peers.ts';
import { Side, formatShare, formatSides, levelOf, peerLines } from '../src/peers/figures.ts';
import {
  type IkaWasm,
  PeerFormatError,
  commonDiscriminant,
  inspectKeyPairs,
  readPublicKey,
  readSecretKey,
  refusals,
} from '../src/peers/ika.ts';
import { PeerInstallError, installSentence, pinnedPeer, requirePinned } from '../src/peers/install.ts';

describe('options of bench:peers', () => {
  it('measures both profiles in three rounds by default', () => {
    const options = parsePeerOptions([]);
    expect(options?.profiles.map(({ id }) => id)).toEqual(['CLG-112', 'CLG-128']);
    expect(options).toMatchObject({ rounds: 3, json: false });
    expect(parsePeerOptions(['--profile', '128', '--rounds', '5', '--json'])).toMatchObject({
      profiles: [{ id: 'CLG-128' }],
      rounds: 5,
      json: true,
    });
  });

  it.each([[['--rounds', '2']], [['--rounds', 'x']], [['--profile', '96']], [['--kernel', 'wasm']], [['extra']]])(
    'refuses %j',
    (argv) => {
      expect(() => parsePeerOptions(argv)).toThrow(UsageError);
    },
  );

  it('asks for help', () => {
    expect(parsePeerOptions(['--help'])).toBeUndefined();
  });
});

describe('figures of bench:peers', () => {
  const ours = new Side('CLG-128', 1827);
  for (const cpu of [10, 20, 90]) ours.add('key-pair.again', { cpu, wall: 2 * cpu });
  ours.add('key-pair.first-derived', { cpu: 500, wall: 500 });
  ours.add('share.again', { cpu: 40, wall: 41 });
  const peer = new Side('peer', 1348);
  for (const cpu of [900, 1000, 1100]) peer.add('key-pair.again', { cpu, wall: cpu });
  peer.add('key-pair.first', { cpu: 2000, wall: 2100 });

  it('puts medians, the ratio and both levels on a line', () => {
    expect(peerLines(ours, peer)).toContainEqual({
      figure: 'peers.key-pair.again',
      value: 0.02,
      unit: 'ratio',
      ours: 20,
      peer: 1000,
      peerName: `${pinnedPeer.name}@${pinnedPeer.version}`,
      peerLevel: 'CLG-112',
      peerBits: 1348,
      oursLevel: 'CLG-128',
      oursBits: 1827,
      oursWall: 40,
      peerWall: 1000,
    });
  });

  it('gives our milliseconds, and no ratio, where the peer cannot run', () => {
    const line = peerLines(ours, peer).find(({ figure }) => figure === 'peers.share.again');
    expect(line).toMatchObject({ value: 40, unit: 'ms', ours: 40, peer: null });
  });

  it("holds a key pair that derives its class group against the peer's first", () => {
    const line = peerLines(ours, peer).find(({ figure }) => figure === 'peers.key-pair.first-derived');
    expect(line).toMatchObject({ value: 0.25, peer: 2000 });
  });

  it('leaves out what was not measured', () => {
    expect(peerLines(ours, peer).map(({ figure }) => figure)).not.toContain('peers.share.verify');
  });

  it('formats a table', () => {
    const table = formatSides([ours], peer);
    expect(table).toContain('ika-wasm, CLG-112 (1348 bits)');
    expect(table).toContain('ours, CLG-128 (1827 bits)');
    expect(table).toMatch(/user key pair, again +1\.00 s ±5% +20\.0 ms ±100% +1\/50\.0$/m);
    expect(table).toMatch(/share encryption with proof, again +needs its network +40\.0 ms$/m);
  });

  it('names levels and ratios', () => {
    expect([1827, 1828, 1826, 1348, 1347].map(levelOf)).toEqual([
      'CLG-128',
      'CLG-128',
      'CLG-112',
      'CLG-112',
      'below CLG-112',
    ]);
    expect([0.004, 0.5, 2].map(formatShare)).toEqual(['1/250', '0.500', '2.00']);
  });
});

describe("the witness of the peer's key pairs", () => {
  // Keys of ours in the peer's layout.
  const parameters = deriveTestParameters(referenceKernel, 520);
  const { group, h, q } = parameters;
  const littleEndian = (value: bigint, length: number): number[] => [
    ...Buffer.from(
      BigInt.asUintN(8 * length, value)
        .toString(16)
        .padStart(2 * length, '0'),
      'hex',
    ).reverse(),
  ];
  const encode = (a: bigint, b: bigint): number[] => [
    0,
    0x82,
    2,
    0x80,
    2,
    ...littleEndian(a, 128),
    ...littleEndian(b, 128),
  ];
  const pairOf = (secret: bigint) => {
    const bytes = group.encode(group.powerVartime(h, secret));
    const width = bytes.length / 2;
    const b = BigInt.asIntN(8 * width, bytesToInteger(bytes.subarray(width)));
    return {
      publicKey: encode(bytesToInteger(bytes.subarray(0, width)), b),
      secretKey: [0xc0, 1, ...littleEndian(secret, 192)],
    };
  };
  // The last public key has a negative b.
  const secrets = [3n ** 200n, 5n ** 150n, 7n];
  const pairs = secrets.map(pairOf);
  const forms = pairs.map(({ publicKey }) => readPublicKey(publicKey));

  it('reads keys', () => {
    expect(pairs.map(({ secretKey }) => readSecretKey(secretKey))).toEqual(secrets);
    expect(readPublicKey(encode(5n, -3n))).toEqual({ a: 5n, b: -3n });
    expect(new Set(forms.map(({ b }) => b < 0n)).size).toBe(2);
    expect(() => readPublicKey([1, ...encode(1n, 1n).slice(1)])).toThrow(PeerFormatError);
    expect(() => readPublicKey([...encode(1n, 1n), 0])).toThrow(PeerFormatError);
    expect(() => readSecretKey([0xc0, 1])).toThrow(PeerFormatError);
  });

  it('finds the discriminant that the public keys share', () => {
    const discriminant = -parameters.p * q ** 3n;
    expect(commonDiscriminant(forms)).toBe(discriminant);
    // Two give no more bits than it has: that would be a guess.
    expect(commonDiscriminant(forms.slice(0, 2))).toBeUndefined();
    expect(commonDiscriminant([...forms, ...forms])).toBe(discriminant);
    const [first, ...others] = forms as [(typeof forms)[0], ...typeof forms];
    expect(commonDiscriminant([{ a: first.a, b: first.b + 2n }, ...others])).not.toBe(discriminant);
  });

  it('accepts key pairs of one base and tells their sizes', () => {
    expect(inspectKeyPairs(referenceKernel, q, pairs)).toEqual({
      discriminantBits: (parameters.p * q ** 3n).toString(2).length,
      fundamentalBits: (parameters.p * q).toString(2).length,
    });
  });

  it('refuses a secret that does not belong to its public key, and one key three times', () => {
    const [first, second, third] = pairs as [(typeof pairs)[0], (typeof pairs)[0], (typeof pairs)[0]];
    const wrong = { publicKey: second.publicKey, secretKey: [0xc0, 1, ...littleEndian(secrets[1]! + 1n, 192)] };
    expect(inspectKeyPairs(referenceKernel, q, [first, wrong, third])).toBeUndefined();
    expect(inspectKeyPairs(referenceKernel, q, [first, first, first])).toBeUndefined();
    expect(inspectKeyPairs(referenceKernel, q, [first, second, third, third])).toBeUndefined();
  });

  it('refuses a group of another conductor', () => {
    expect(inspectKeyPairs(referenceKernel, q + 2n, pairs)).toBeUndefined();
  });
});

describe('what the peer refuses', () => {
  const pair = { publicKey: [1], secretKey: [2] };
  const refusing: IkaWasm = {
    generate_secp_cg_keypair_from_seed: () => [[], []],
    encrypt_secret_share: () => {
      throw new Error('end of input');
    },
    create_dkg_centralized_output_v2: () => {
      // What wasm-bindgen throws need not be an Error.
      throw 'no parameters';
    },
  };

  it('is its answer, or nothing if it does the job', () => {
    expect(refusals(refusing, pair)).toEqual({
      encrypt_secret_share: 'end of input',
      create_dkg_centralized_output_v2: 'no parameters',
    });
    expect(refusals({ ...refusing, encrypt_secret_share: () => [] }, pair)['encrypt_secret_share']).toBeUndefined();
  });
});

describe('the installation of the peer', () => {
  it('says in a sentence why it failed', () => {
    expect(installSentence('npm error code ENOTFOUND\nnpm error network request failed')).toMatch(
      /cannot be reached \(ENOTFOUND\)/,
    );
    expect(installSentence('npm error code E404')).toMatch(/has no version 0\.2\.1/);
    expect(installSentence('something else')).toMatch(/npm failed\.\nsomething else$/);
  });

  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'peers-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const place = (integrity: string, licence: string): void => {
    const modules = join(directory, 'node_modules');
    const folder = join(modules, ...pinnedPeer.name.split('/'));
    mkdirSync(folder, { recursive: true });
    const packages = { [`node_modules/${pinnedPeer.name}`]: { version: pinnedPeer.version, integrity } };
    writeFileSync(join(modules, '.package-lock.json'), JSON.stringify({ packages }));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ license: licence }));
  };

  it('accepts the pinned tarball with the pinned licence only', () => {
    place(pinnedPeer.integrity, pinnedPeer.licence);
    requirePinned(directory);
    place(pinnedPeer.integrity, 'UNLICENSED');
    expect(() => requirePinned(directory)).toThrow(/licence UNLICENSED/);
  });

  it('removes another tarball', () => {
    place('sha512-other', pinnedPeer.licence);
    expect(() => requirePinned(directory)).toThrow(PeerInstallError);
    expect(existsSync(join(directory, 'node_modules'))).toBe(false);
    expect(() => requirePinned(directory)).toThrow(PeerInstallError);
  });
});
