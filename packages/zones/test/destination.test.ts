import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BITCOIN_NETWORKS, encodeEvmAddress, scriptToAddress } from '@dwallet/chains';
import { DecodeError, InvalidArgumentsError } from '@dwallet/sigma';
import { type Destination, decodeDestination, encodeDestination, maxDestinationBytes } from '../src/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const evm = fc
  .tuple(fc.bigInt(1n, 9_999_999_999_999_999n), bytes(20))
  .map(([id, account]): Destination => ({ chain: `eip155:${id}`, recipient: encodeEvmAddress(account) }));
const bitcoin = fc
  .tuple(fc.constantFrom(...Object.values(BITCOIN_NETWORKS)), fc.constantFrom('p2wpkh', 'p2pkh', 'p2sh'), bytes(20))
  .map(([network, kind, hash]): Destination => {
    const script =
      kind === 'p2wpkh'
        ? [0x00, 0x14, ...hash]
        : kind === 'p2pkh'
          ? [0x76, 0xa9, 0x14, ...hash, 0x88, 0xac]
          : [0xa9, 0x14, ...hash, 0x87];
    return { chain: network.id, recipient: scriptToAddress(Uint8Array.from(script), network.name) };
  });
const other = fc
  .tuple(fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{1,32}$/), fc.stringMatching(/^[-.%a-zA-Z0-9]{1,128}$/))
  .map(([reference, recipient]): Destination => ({ chain: `solana:${reference}`, recipient }));
const anyDestination = fc.oneof(evm, bitcoin, other);

describe('the destination that travels with a departure', () => {
  it('has fixed bytes', () => {
    const recipient = encodeEvmAddress(new Uint8Array(20).fill(0x11));
    expect(hex(encodeDestination({ chain: 'eip155:31337', recipient }))).toBe(
      `44575a31010000000000007a69${'11'.repeat(20)}`,
    );
    const script = Uint8Array.of(0, 0x14, ...new Uint8Array(20).fill(7));
    const { id } = BITCOIN_NETWORKS.regtest;
    expect(hex(encodeDestination({ chain: id, recipient: scriptToAddress(script, 'regtest') }))).toBe(
      `44575a31020f9188f13cb7b2c71f2a335e3a4fc3280014${'07'.repeat(20)}`,
    );
    expect(hex(encodeDestination({ chain: 'solana:a', recipient: 'bc' }))).toBe('44575a310008736f6c616e613a616263');
  });

  it('reads what was written, and EVM and Bitcoin ones fit into an OP_RETURN output', () => {
    fc.assert(
      fc.property(anyDestination, (destination) => {
        const encoded = encodeDestination(destination);
        expect(decodeDestination(encoded)).toEqual(destination);
        expect(encoded.length).toBeLessThanOrEqual(destination.chain.startsWith('solana') ? maxDestinationBytes : 80);
      }),
    );
  });

  it('has one encoding: other bytes are another destination or none', () => {
    fc.assert(
      fc.property(anyDestination, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(3), (destination, at, by, cut) => {
        const encoded = encodeDestination(destination);
        const variants = [encoded.slice(0, encoded.length - 1 - cut), Uint8Array.of(...encoded, by)];
        const flipped = encoded.slice();
        flipped[at % encoded.length] = (flipped[at % encoded.length] as number) ^ by;
        for (const variant of [...variants, flipped]) {
          let read: Destination;
          try {
            read = decodeDestination(variant);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
            continue;
          }
          expect(read).not.toEqual(destination);
          expect(encodeDestination(read)).toEqual(variant);
        }
      }),
    );
  });

  it('refuses a chain under the wrong namespace, unknown Bitcoin networks and what is no address', () => {
    const asText = Uint8Array.of(...Buffer.from('DWZ1'), 0, 8, ...Buffer.from(`eip155:1${'0x'.padEnd(42, '1')}`));
    expect(() => decodeDestination(asText)).toThrow(DecodeError);
    const unknown = Uint8Array.of(...Buffer.from('DWZ1'), 2, ...new Uint8Array(16), 0, 0x14, ...new Uint8Array(20));
    expect(() => decodeDestination(unknown)).toThrow(/not known here/);
    expect(() => encodeDestination({ chain: 'eip155:1', recipient: '0x12' })).toThrow(InvalidArgumentsError);
    expect(() => encodeDestination({ chain: 'nonsense', recipient: 'a' })).toThrow(InvalidArgumentsError);
  });
});
