import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError, InvalidArgumentsError } from '@dwallet/sigma';
import {
  type Approval,
  type LedgerEntry,
  type RecordCodec,
  approvalRecord,
  assetRecord,
  chainConfiguration,
  clusterProposal,
  clusterRecord,
  dwalletPolicyRecord,
  entryFact,
  genesisDigest,
  headFact,
  headRecord,
  heartbeatRecord,
  ledgerEntry,
  longestWindowMs,
  messageFact,
  messageRecord,
  noDigest,
  proposalRecord,
  releaseFact,
  settlementRecord,
  sourceEventFact,
  zoneFactOf,
  zoneRecord,
} from '../src/index.ts';
import { PersistentMap } from '../src/persistent-map.ts';
import {
  asset,
  assetX,
  approveBy,
  bytes32,
  clusterOfChains,
  dapp,
  defi,
  evmAccount,
  governanceOf,
  hexOf,
  owner,
  policy,
  tokenOf,
  zone,
} from './helpers/build.ts';

const entry: LedgerEntry = {
  asset: assetX,
  height: 0n,
  prev: genesisDigest(assetX),
  kind: 'transfer',
  from: owner,
  to: defi,
  amount: 12n,
  recipient: evmAccount('user'),
  sourceEvent: { chain: owner, reference: '0xabc/3' },
  time: 1_700_000_000_000,
};
const cluster = clusterOfChains('fast', [dapp, defi]);
const proposal = clusterProposal(cluster);
const head = {
  cluster: 'fast',
  member: dapp,
  height: 3n,
  time: 5,
  state: bytes32('state'),
  version: 0n,
  prev: bytes32('prev'),
  consumed: [{ chain: defi, count: 2n }],
  sent: [],
};

/** A record without its type, so that records of all types fit one list. */
const sample = <T>(codec: RecordCodec<T>, value: T, digest: string) => ({
  name: codec.name,
  value: value as unknown,
  bytes: codec.encode(value),
  actual: hexOf(codec.digest(value)),
  digest,
  decode: (bytes: Uint8Array): unknown => codec.decode(bytes),
  again: (bytes: Uint8Array): Uint8Array => codec.encode(codec.decode(bytes)),
});

/** One record of each type, with the digest that it must have for ever: certificates name it. */
const samples = [
  sample(
    zoneRecord,
    zone(defi, { limits: [{ asset: tokenOf('X', defi), windowMs: 1000, ceiling: 5n }] }),
    'c747fa5d4b76d8865c16bb9dea645a608cd4e2a10bd46ee78d8ba3d2e822d498',
  ),
  sample(
    assetRecord,
    asset('X', owner, [owner, defi]),
    '521784c5ff2d0ea211a5df4611e23df82f00258cfb98bd26c84f687db8bac1d6',
  ),
  sample(ledgerEntry, entry, 'e7ff80d124055743174cbcde8161da89af18686046f06f3b9d3978a07efa2708'),
  sample(clusterRecord, cluster, '2f8a152d469f56f5628541f2b82af8da5584cd88893d88bd5d8c455a937da51e'),
  sample(
    messageRecord,
    { cluster: 'fast', from: dapp, to: defi, nonce: 7n, sentAt: 9, payload: Uint8Array.of(1, 2) },
    'e5163a78d80856dabd95d1bf1605e06ec1c6eca0ef72e239f862c502ca897d01',
  ),
  sample(
    heartbeatRecord,
    { cluster: 'fast', member: dapp, at: 9 },
    '73c2111d29c4cfb9302decb917d35b39414bd68fd979b45bcbeda7e1bd38082c',
  ),
  sample(
    chainConfiguration,
    {
      chain: defi,
      contracts: [
        {
          address: evmAccount('gateway'),
          code: bytes32('code'),
          storage: [{ slot: noDigest, value: bytes32('value') }],
        },
      ],
    },
    '7c6490bf2e054cc2b952b80ed63b0c4c95a9c2a5d61133242ae144b6c781c6db',
  ),
  sample(headRecord, head, '56a45d5dfc8930e48f8c91fdc542ae6b712d6fcf55f277847d022fa2332cfafc'),
  sample(
    settlementRecord,
    {
      cluster: 'fast',
      interval: 1n,
      time: 10,
      prev: noDigest,
      heads: [{ member: dapp, head: bytes32('head') }],
      roots: [{ from: dapp, to: defi, first: 0n, end: 2n, root: bytes32('root') }],
    },
    '9e099f1748d4296792614b87952434b575c8be38d328b97cb78a890774977cea',
  ),
  sample(proposalRecord, proposal, '2c7b4e5f00b0f71a003c6266ca522763d6f60e49609d3bae17f1744f17069967'),
  sample(
    approvalRecord,
    approveBy(proposal, governanceOf(dapp).keys)[0] as Approval,
    'f359548b6e51fcaa99fcfed5c3fb898fa37ad42f528c6bfa0fca2a4381cf8708',
  ),
  sample(
    dwalletPolicyRecord,
    policy('alice', { zones: [dapp, defi] }),
    'eeeaddd131d2c13f0f8ad1b7b76d7c021bb8d25cd865249fd691332cea4dddee',
  ),
];

describe('records', () => {
  for (const { name, value, bytes, actual, digest, decode, again } of samples) {
    it(`${name} round trip and digest`, () => {
      expect(decode(bytes)).toEqual(value);
      expect(again(bytes)).toEqual(bytes);
      expect(actual).toBe(digest);
    });

    it(`${name}: any other bytes are refused or another record`, () => {
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          const changed = bytes.slice();
          changed[at] = (changed[at] as number) ^ flip;
          let written: Uint8Array;
          try {
            written = again(changed);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
            return;
          }
          expect(written).toEqual(changed);
        }),
        { numRuns: 300 },
      );
      for (let length = 0; length < bytes.length; length++)
        expect(() => decode(bytes.slice(0, length))).toThrow(DecodeError);
      expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(DecodeError);
      expect(() => decode(Uint8Array.of(2, ...bytes.slice(1)))).toThrow(/version/);
      expect(() => decode(Uint8Array.of(1, 99, ...bytes.slice(2)))).toThrow(/type/);
    });
  }

  it('no record decodes as another type, no two types share a digest', () => {
    for (const { bytes } of samples) {
      for (const other of samples) {
        if (other.bytes !== bytes) expect(() => other.decode(bytes)).toThrow(DecodeError);
      }
    }
    expect(new Set(samples.map(({ digest }) => digest)).size).toBe(samples.length);
  });

  it('names what must not be written', () => {
    const bad = (field: RegExp, write: () => unknown): void => {
      expect(write).toThrow(InvalidArgumentsError);
      expect(write).toThrow(field);
    };
    const [token] = [tokenOf('X', defi)];
    bad(/chain/, () => zoneRecord.encode(zone('eip155:01')));
    bad(/finality/, () => zoneRecord.encode(zone(defi, { finality: { kind: 'confirmations', confirmations: 0 } })));
    bad(/another chain/, () => zoneRecord.encode(zone(dapp, { limits: [{ asset: token, windowMs: 1, ceiling: 1n }] })));
    // Validators forget what left before the longest window.
    bad(/windowMs/, () =>
      zoneRecord.encode(zone(defi, { limits: [{ asset: token, windowMs: longestWindowMs + 1, ceiling: 1n }] })),
    );
    bad(/twice/, () =>
      zoneRecord.encode(
        zone(defi, {
          limits: [
            { asset: token, windowMs: 1, ceiling: 1n },
            { asset: token, windowMs: 1, ceiling: 2n },
          ],
        }),
      ),
    );
    bad(/threshold/, () => zoneRecord.encode(zone(defi, { governance: { ...governanceOf(defi), threshold: 4 } })));
    bad(/keys/, () =>
      zoneRecord.encode(zone(defi, { governance: { keys: [...governanceOf(defi).keys].reverse(), threshold: 1 } })),
    );
    bad(/public key/, () =>
      zoneRecord.encode(
        zone(defi, { governance: { keys: [{ scheme: 'ed25519', publicKey: new Uint8Array(32) }], threshold: 1 } }),
      ),
    );
    bad(/amount/, () => ledgerEntry.encode({ ...entry, amount: 0n }));
    bad(/source event/, () => ledgerEntry.encode({ ...entry, from: dapp }));
    bad(/recipient/, () => ledgerEntry.encode({ ...entry, recipient: evmAccount('user').toLowerCase() }));
    bad(/OwnerChain/, () => assetRecord.encode(asset('X', owner, [defi])));
    bad(/threshold/, () => clusterRecord.encode({ ...cluster, threshold: 1 }));
    bad(/itself/, () =>
      messageRecord.encode({ cluster: 'c', from: dapp, to: dapp, nonce: 0n, sentAt: 1, payload: new Uint8Array(0) }),
    );
    bad(/zero/, () => headRecord.encode({ ...head, sent: [{ chain: defi, count: 0n }] }));
  });

  it('one token has one spelling', () => {
    const reference = evmAccount('token');
    const write = (id: string): unknown => ledgerEntry.encode({ ...entry, asset: id });
    write(`eip155:1/erc20:${reference}`);
    for (const id of [
      `eip155:1/erc20:${reference.toLowerCase()}`,
      `eip155:01/erc20:${reference}`,
      'eip155:1/slip44:61',
      `solana:x/erc20:${reference}`,
      'eip155:1',
      'bip122:000000000019d6689c085ae165831e93/slip44:1',
    ]) {
      expect(() => write(id), id).toThrow(InvalidArgumentsError);
    }
  });

  it('facts: one id for what there is one digest of', () => {
    const other = { ...entry, amount: 13n };
    expect(entryFact(other).id).toEqual(entryFact(entry).id);
    expect(entryFact(other).digest).not.toEqual(entryFact(entry).digest);
    expect(entryFact({ ...entry, height: 1n }).version).toBe(1n);
    // The source event is one, whichever asset claims it and at whatever height.
    expect(sourceEventFact({ ...other, asset: tokenOf('X', owner), height: 9n }).id).toEqual(sourceEventFact(entry).id);
    expect(releaseFact(entry, 'a').id).toEqual(releaseFact(entry, 'b').id);
    expect(releaseFact(entry, 'a').digest).not.toEqual(releaseFact(entry, 'b').digest);
    expect(headFact(head).id).not.toEqual(headFact({ ...head, version: 1n }).id);
    const message = { cluster: 'fast', from: dapp, to: defi, nonce: 0n, sentAt: 1, payload: new Uint8Array(0) };
    expect(messageFact(message).id).not.toEqual(messageFact({ ...message, from: defi, to: dapp }).id);
    for (const fact of [entryFact(entry), zoneFactOf(zone(defi)), headFact(head)]) expect(fact.id.length).toBe(32);
  });
});

it('the persistent map behaves like a map, and old versions stay', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(5)), { maxLength: 60 }), (writes) => {
      const model = new Map<string, number>();
      let map = PersistentMap.empty<number>();
      for (const [key, value] of writes) {
        const name = hexOf(bytes32(`key/${key}`));
        const before = map;
        const old = before.get(name);
        map = map.set(name, value);
        expect(before.get(name)).toBe(old);
        model.set(name, value);
        expect(map.size).toBe(model.size);
      }
      for (const [name, value] of model) expect(map.get(name)).toBe(value);
      expect(map.get(hexOf(bytes32('absent')))).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});
