/**
 * A small EVM assembler, so that the contracts of the demonstration are readable and need no compiler.
 *
 * A source is words between spaces; `;` starts a comment that ends with its line. A word is
 * - an opcode by its name (PUSH1 to PUSH32 are not written: numbers are pushed);
 * - a number, `0x` and hex digits: pushed with as many bytes as were written (`0x` alone is not a number);
 * - `name:`, a place to jump to (JUMPDEST); `@name`, its address, pushed with two bytes;
 * - `selector(signature)` and `topic(signature)`, pushed: the first 4 bytes, or all 32, of the signature's keccak-256.
 *
 * @module
 */
import {
  type Hex,
  concatHex,
  hexToBytes,
  numberToHex,
  size,
  stringToBytes,
  toEventSelector,
  toFunctionSelector,
} from 'viem';

/** A source that cannot be assembled. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}

const numbered = (name: string, count: number, first: number): readonly (readonly [string, number])[] =>
  Array.from({ length: count }, (_, i) => [`${name}${i + 1}`, first + i] as const);

/** The opcodes that the contracts use (Cancun and later). */
const opcodes: ReadonlyMap<string, number> = new Map<string, number>([
  ['STOP', 0x00],
  ['ADD', 0x01],
  ['SUB', 0x03],
  ['LT', 0x10],
  ['GT', 0x11],
  ['EQ', 0x14],
  ['ISZERO', 0x15],
  ['SHL', 0x1b],
  ['SHR', 0x1c],
  ['KECCAK256', 0x20],
  ['CALLER', 0x33],
  ['CALLVALUE', 0x34],
  ['CALLDATALOAD', 0x35],
  ['CALLDATASIZE', 0x36],
  ['CALLDATACOPY', 0x37],
  ['CODECOPY', 0x39],
  ['EXTCODESIZE', 0x3b],
  ['RETURNDATASIZE', 0x3d],
  ['POP', 0x50],
  ['MLOAD', 0x51],
  ['MSTORE', 0x52],
  ['SLOAD', 0x54],
  ['SSTORE', 0x55],
  ['JUMP', 0x56],
  ['JUMPI', 0x57],
  ['GAS', 0x5a],
  ['PUSH0', 0x5f],
  ...numbered('DUP', 16, 0x80),
  ...numbered('SWAP', 16, 0x90),
  ['LOG0', 0xa0],
  ...numbered('LOG', 4, 0xa1),
  ['CALL', 0xf1],
  ['RETURN', 0xf3],
  ['REVERT', 0xfd],
]);
const jumpDestination = 0x5b;
const push0 = 0x5f;

/** Words of a source; signatures may not contain spaces. */
const wordsOf = (source: string): readonly string[] =>
  source
    .split('\n')
    .map((line) => line.split(';', 1)[0] ?? '')
    .join(' ')
    .split(/\s+/)
    .filter((word) => word !== '');

function push(value: Hex): readonly number[] {
  const length = size(value);
  if (length < 1 || length > 32) throw new AssemblyError(`${value} does not fit into a word`);
  return [push0 + length, ...hexToBytes(value)];
}

/** Bytes of a source. @throws AssemblyError that names the word. */
export function assemble(source: string): Uint8Array {
  const code: number[] = [];
  const places = new Map<string, number>();
  const references: { readonly at: number; readonly name: string }[] = [];
  for (const word of wordsOf(source)) {
    const opcode = opcodes.get(word);
    const [, hash, signature] = /^(selector|topic)\((.+\))\)$/.exec(word) ?? [];
    if (opcode !== undefined) code.push(opcode);
    else if (/^0x(?:[0-9a-fA-F]{2})+$/.test(word)) code.push(...push(word as Hex));
    else if (signature !== undefined && stringToBytes(signature).length === signature.length) {
      code.push(...push(hash === 'selector' ? toFunctionSelector(signature) : toEventSelector(signature)));
    } else if (/^[a-z]\w*:$/i.test(word)) {
      const name = word.slice(0, -1);
      if (places.has(name)) throw new AssemblyError(`${word} is there twice`);
      places.set(name, code.length);
      code.push(jumpDestination);
    } else if (/^@[a-z]\w*$/i.test(word)) {
      references.push({ at: code.length + 1, name: word.slice(1) });
      code.push(...push('0x0000'));
    } else throw new AssemblyError(`${word} is no word of the assembler`);
  }
  for (const { at, name } of references) {
    const place = places.get(name);
    if (place === undefined) throw new AssemblyError(`there is no place ${name}`);
    code[at] = place >> 8;
    code[at + 1] = place & 0xff;
  }
  return Uint8Array.from(code);
}

/** Storage of a new contract: slot and value, 32 bytes each. */
export type InitialStorage = readonly (readonly [Hex, Hex])[];

/** What a transaction without recipient carries to make a contract with this code and storage. */
export function deploymentCode(runtime: Uint8Array, storage: InitialStorage): Hex {
  const writes = storage.map(([slot, value]) => `${value} ${slot} SSTORE`).join('\n');
  const length = numberToHex(runtime.length, { size: 2 });
  const init = (offset: number): Uint8Array =>
    assemble(`${writes} ${length} ${numberToHex(offset, { size: 2 })} PUSH0 CODECOPY ${length} PUSH0 RETURN`);
  return concatHex([
    `0x${Buffer.from(init(init(0).length)).toString('hex')}`,
    `0x${Buffer.from(runtime).toString('hex')}`,
  ]);
}
