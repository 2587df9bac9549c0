/**
 * Where a departure goes, as bytes that travel with it: in calldata on EVM chains, in an OP_RETURN output on Bitcoin (at most 80 bytes there).
 *
 * `DWZ1`, one byte for the namespace, then
 * - 1, eip155: chain id (8 bytes, big-endian), address (20 bytes). 33 bytes in all;
 * - 2, bip122: first 16 bytes of the genesis hash, output script (the rest, 22 to 34 bytes);
 * - 0, any other namespace: length of the CAIP-2 id (1 byte), the id, recipient (the rest; both ASCII).
 *
 * Every destination has one encoding. What is read is written again and must be the same bytes.
 *
 * @module
 */
import {
  BITCOIN_NETWORKS,
  addressToScript,
  decodeEvmAddress,
  encodeEvmAddress,
  scriptToAddress,
} from '@dwallet/chains';
import {
  DecodeError,
  InvalidArgumentsError,
  Reader,
  concat,
  encodeText,
  encodeUint,
  encodeUint8,
} from '@dwallet/sigma';
import { addressProblem, chainField } from '../record/caip.ts';
import { hex, sameBytes } from '../record/codec.ts';

export interface Destination {
  /** CAIP-2. */
  readonly chain: string;
  /** Address there, in its one spelling. */
  readonly recipient: string;
}

const magic = encodeText('DWZ1');
const namespaces = { other: 0, eip155: 1, bip122: 2 } as const;
/** Longest destination: 4 + 1 + 1 + 41 + 128. */
export const maxDestinationBytes = 175;

const bitcoinNetwork = (chain: string) => Object.values(BITCOIN_NETWORKS).find(({ id }) => id === chain);
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** Canonical bytes of a destination. @throws InvalidArgumentsError if it is none. */
export function encodeDestination({ chain, recipient }: Destination): Uint8Array {
  const id = chainField.write(chain, 'chain').subarray(4);
  const wrong = addressProblem(chain, recipient);
  if (wrong !== undefined) throw new InvalidArgumentsError('recipient', wrong);
  if (chain.startsWith('eip155:')) {
    return concat(
      magic,
      encodeUint8(namespaces.eip155),
      encodeUint(BigInt(chain.slice('eip155:'.length)), 8),
      decodeEvmAddress(recipient),
    );
  }
  if (chain.startsWith('bip122:')) {
    const network = bitcoinNetwork(chain);
    if (network === undefined) throw new InvalidArgumentsError('chain', 'is a Bitcoin network that is not known here');
    return concat(
      magic,
      encodeUint8(namespaces.bip122),
      fromHex(chain.slice('bip122:'.length)),
      addressToScript(recipient, network.name),
    );
  }
  return concat(magic, encodeUint8(namespaces.other), encodeUint8(id.length), id, encodeText(recipient));
}

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function readDestination(bytes: Uint8Array, name: string): Destination {
  const reader = new Reader(bytes, name);
  if (!sameBytes(reader.fixed('magic', magic.length), magic))
    throw new DecodeError(reader.path('magic'), 'is not DWZ1');
  const namespace = reader.uint8('namespace');
  if (namespace === namespaces.eip155) {
    const chain = `eip155:${reader.uint64('chain')}`;
    return { chain, recipient: encodeEvmAddress(reader.fixed('recipient', 20)) };
  }
  if (namespace === namespaces.bip122) {
    const chain = `bip122:${hex(reader.fixed('chain', 16))}`;
    const network = bitcoinNetwork(chain);
    if (network === undefined)
      throw new DecodeError(reader.path('chain'), 'is a Bitcoin network that is not known here');
    return { chain, recipient: scriptToAddress(reader.fixed('recipient', reader.remaining), network.name) };
  }
  if (namespace !== namespaces.other) throw new DecodeError(reader.path('namespace'), `is ${namespace}`);
  const chain = ascii(reader.fixed('chain', reader.uint8('chainLength')));
  return { chain, recipient: ascii(reader.fixed('recipient', reader.remaining)) };
}

/** Reads a destination. @throws DecodeError if the bytes are not the one encoding of one. */
export function decodeDestination(bytes: Uint8Array, name = 'Destination'): Destination {
  if (bytes.length > maxDestinationBytes) throw new DecodeError(name, `is longer than ${maxDestinationBytes} bytes`);
  try {
    const destination = readDestination(bytes, name);
    if (!sameBytes(encodeDestination(destination), bytes)) throw new DecodeError(name, 'is not in its canonical form');
    return destination;
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    throw new DecodeError(name, cause instanceof Error ? cause.message : 'is not a destination', undefined, { cause });
  }
}
