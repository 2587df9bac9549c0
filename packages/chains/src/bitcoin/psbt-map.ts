/**
 * The outer form of a PSBT: maps of keys and values (BIP-174), for versions 0 and 2 (BIP-370).
 *
 * Every entry is kept as it came, in its order, so that writing again gives the same bytes and a foreign PSBT loses nothing.
 * Keys are unique, lengths in their shortest form, and nothing follows the last map.
 *
 * @module
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.ts';
import { TransactionDecodeError } from '../errors.ts';
import { ByteReader, compactSize, withLength } from './encoding.ts';

/** In all maps together: each of them is kept, and keys are compared within a map. */
const MAX_ENTRIES = 10_000;
const MAGIC = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);

/** One entry of a map. */
export interface PsbtEntry {
  readonly type: number;
  /** What follows the type in the key. */
  readonly keyData: Uint8Array;
  readonly value: Uint8Array;
}

export type PsbtMap = readonly PsbtEntry[];

/** All maps of a PSBT. */
export interface PsbtMaps {
  readonly global: PsbtMap;
  readonly inputs: readonly PsbtMap[];
  readonly outputs: readonly PsbtMap[];
}

/**
 * @param counts - numbers of inputs and outputs, from the global map.
 * @throws {@link TransactionDecodeError}
 */
export function decodeMaps(
  bytes: Uint8Array,
  counts: (global: PsbtMap) => { readonly inputs: number; readonly outputs: number },
): PsbtMaps {
  const reader = new ByteReader(bytes);
  if (!equalBytes(reader.take(Math.min(5, bytes.length), 'psbt'), MAGIC)) {
    throw new TransactionDecodeError('psbt', 'does not start with "psbt" and 0xff');
  }
  const budget = { left: MAX_ENTRIES };
  const global = readMap(reader, 'psbt.global', budget);
  const { inputs, outputs } = counts(global);
  // Every map has at least its end mark, so a large number in few bytes is a lie.
  if (inputs + outputs > reader.left) throw new TransactionDecodeError('psbt', 'is cut off');
  const maps = {
    global,
    inputs: Array.from({ length: inputs }, (_, i) => readMap(reader, `psbt.inputs[${i}]`, budget)),
    outputs: Array.from({ length: outputs }, (_, i) => readMap(reader, `psbt.outputs[${i}]`, budget)),
  };
  reader.end('psbt');
  return maps;
}

export function encodeMaps({ global, inputs, outputs }: PsbtMaps): Uint8Array {
  const write = (map: PsbtMap): Uint8Array =>
    concatBytes(
      ...map.map(({ type, keyData, value }) =>
        concatBytes(withLength(concatBytes(compactSize(type), keyData)), withLength(value)),
      ),
      Uint8Array.of(0),
    );
  return concatBytes(MAGIC, write(global), ...inputs.map(write), ...outputs.map(write));
}

function readMap(reader: ByteReader, field: string, budget: { left: number }): PsbtMap {
  const map: PsbtEntry[] = [];
  const seen = new Set<string>();
  for (;;) {
    const length = reader.compactSize(field);
    if (length === 0) return map;
    if (budget.left-- <= 0) throw new TransactionDecodeError(field, `is beyond ${MAX_ENTRIES} entries in all`);
    const key = reader.take(length, field);
    const inner = new ByteReader(key);
    const type = inner.compactSize(field);
    const keyData = inner.take(inner.left, field);
    const name = bytesToHex(key);
    if (seen.has(name)) throw new TransactionDecodeError(field, `has the key ${name.slice(0, 80)} twice`);
    seen.add(name);
    map.push({ type, keyData, value: reader.take(reader.compactSize(field), field) });
  }
}

/**
 * The value of a key that consists of its type alone.
 *
 * @throws {@link TransactionDecodeError} If the key has more than its type: BIP-174 allows that for other types only.
 */
export function single(map: PsbtMap, type: number, field: string): Uint8Array | undefined {
  const found = map.filter((entry) => entry.type === type);
  if (found.some(({ keyData }) => keyData.length > 0))
    throw new TransactionDecodeError(field, 'has a key that is too long');
  return found[0]?.value;
}

/** The map with an entry added behind those of the same and lower types. */
export function withEntry(map: PsbtMap, entry: PsbtEntry): PsbtMap {
  const at = map.findLastIndex(({ type }) => type <= entry.type) + 1;
  return [...map.slice(0, at), entry, ...map.slice(at)];
}
