/**
 * Typed data (EIP-712).
 *
 * The canonical unsigned encoding is JSON as wallets exchange it (`types`, `primaryType`, `domain`, `message`) in one fixed form:
 * UTF-8 without spaces, keys in the order below, integers as decimal strings, addresses with EIP-55 capitals, bytes in
 * lower-case hex, every type used and none unused. The message to sign is `0x19 0x01 domainSeparator hashStruct(message)` under
 * keccak256, derived from that JSON and from nothing else. The domain must name this chain.
 *
 * @module
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { hashTypedData } from 'viem/utils';
import { equalBytes, integerToBytes32 } from '../bytes.ts';
import { assertSignature, assertSignatures, decodePublicKey, type EcdsaSignature, hashMessage } from '../ecdsa.ts';
import { decoding, EncodingMismatchError, InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import type { SigningFormat, SigningPayload } from '../native-chain.ts';
import { isWellFormed, quoteText, strictUtf8 } from '../text.ts';
import { decodeEvmAddress, encodeEvmAddress, evmAddress, type Hex } from './address.ts';
import { decodeMessageSignature, encodeMessageSignature } from './eip191.ts';
import { type EvmChainOptions, type EvmNames, evmNames, hex } from './fields.ts';
import { onlyParity } from './transaction.ts';

export const MAX_TYPED_DATA_BYTES = 64 * 1024;
/** Every value is a line that a person has to read. */
const MAX_VALUES = 500;
const MAX_DEPTH = 32;
/** Their text is hashed once for every struct value. */
const MAX_TYPES = 64;

/** One value: integers are bigint, addresses and bytes hex text. */
export type TypedDataValue =
  | bigint
  | boolean
  | string
  | readonly TypedDataValue[]
  | { readonly [member: string]: TypedDataValue };

export interface TypedDataMember {
  readonly name: string;
  readonly type: string;
}

export interface TypedDataDomain {
  readonly name?: string;
  readonly version?: string;
  readonly chainId: bigint;
  readonly verifyingContract?: Hex;
  /** 32 bytes. */
  readonly salt?: Hex;
}

/** Typed data, checked against its types. */
export interface TypedDataIntent {
  readonly domain: TypedDataDomain;
  /** Without EIP712Domain, which follows from the domain. */
  readonly types: { readonly [struct: string]: readonly TypedDataMember[] };
  readonly primaryType: string;
  readonly message: { readonly [member: string]: TypedDataValue };
}

/** Typed data as an application hands it over: the parsed JSON of eth_signTypedData_v4. */
export interface TypedDataInput {
  readonly domain: unknown;
  readonly types: unknown;
  readonly primaryType: unknown;
  readonly message: unknown;
}

export interface SignedTypedData {
  readonly intent: TypedDataIntent;
  readonly signature: EcdsaSignature;
}

export type TypedDataFormat = SigningFormat<TypedDataIntent, { readonly intent: TypedDataIntent }, SignedTypedData> & {
  readonly chainId: number;
};

/** Typed data for contracts of one EVM network. */
export function eip712Messages(options: EvmChainOptions): TypedDataFormat {
  const chain = evmNames(options);
  const { chainId } = chain;
  const checkChain = (intent: TypedDataIntent): TypedDataIntent => {
    if (intent.domain.chainId !== BigInt(chainId)) {
      throw new InvalidIntentError('domain.chainId', `is ${intent.domain.chainId}, not ${chainId}`);
    }
    return intent;
  };
  const normalise = (intent: TypedDataIntent): TypedDataIntent => checkChain(parseTypedData(intent));
  const encodeUnsigned = ({ intent }: { readonly intent: TypedDataIntent }): Uint8Array =>
    utf8ToBytes(canonicalJson(intent));
  return {
    id: `eip155:${chainId}`,
    chainId,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: evmAddress,
    build: (intent) => ({ intent: normalise(intent) }),
    encodeUnsigned,
    parse(bytes) {
      if (bytes.length > MAX_TYPED_DATA_BYTES) {
        throw new TransactionDecodeError('typedData', `is longer than ${MAX_TYPED_DATA_BYTES} bytes`);
      }
      return decoding('typedData', 'JSON of EIP-712 typed data', () => {
        const text = strictUtf8(bytes);
        if (text === undefined) throw new TransactionDecodeError('typedData', 'is not UTF-8');
        const intent = normalise(JSON.parse(text) as TypedDataIntent);
        if (!equalBytes(encodeUnsigned({ intent }), bytes)) {
          throw new TransactionDecodeError('typedData', 'is not canonically encoded');
        }
        return intent;
      });
    },
    payloads: ({ intent }) => [payload(intent)],
    attach({ intent }, publicKey, signatures) {
      decodePublicKey(publicKey);
      assertSignatures([payload(intent)], publicKey, signatures);
      return { intent, signature: onlyParity(signatures[0] as EcdsaSignature) };
    },
    verify({ intent, signature }, publicKey) {
      try {
        const read = decodeMessageSignature(encodeMessageSignature(signature));
        assertSignature('signature', read, payload(normalise(intent)).digest, publicKey);
        return true;
      } catch {
        return false;
      }
    },
    encode: ({ signature }) => encodeMessageSignature(signature),
    describe: (intent) => describe(normalise(intent), chain),
  };
}

/**
 * Checks typed data of an application and brings it to the form of {@link TypedDataIntent}. Unused types are dropped: they are
 * not signed. Accepts integers as bigint, safe numbers, decimal or 0x text.
 *
 * @throws {@link InvalidIntentError} Naming the field, such as `message.to.wallet`.
 */
export function parseTypedData(input: TypedDataInput): TypedDataIntent {
  const root = record('typedData', input);
  onlyKeys('typedData', root, ['types', 'primaryType', 'domain', 'message']);
  const declared = readTypes(root['types']);
  const primaryType = root['primaryType'];
  if (typeof primaryType !== 'string' || !Object.hasOwn(declared, primaryType) || primaryType === DOMAIN) {
    throw new InvalidIntentError('primaryType', 'is not one of the struct types');
  }
  const domain = readDomain(root['domain']);
  const domainType = declared[DOMAIN];
  if (domainType !== undefined && encodeMembers(domainType) !== encodeMembers(domainMembers(domain))) {
    throw new InvalidIntentError(
      'types.EIP712Domain',
      'does not list exactly the fields of the domain, in their order',
    );
  }
  const used = [...referenced(primaryType, declared)].toSorted();
  const types = Object.fromEntries(used.map((name) => [name, declared[name] as readonly TypedDataMember[]]));
  const count = { values: 0 };
  const message = readStruct('message', primaryType, root['message'], types, count, 0);
  return { domain, types, primaryType, message };
}

const DOMAIN = 'EIP712Domain';
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]{0,63}$/;

/** Fields of the domain with their types, in the order of the EIP. */
const DOMAIN_FIELDS = [
  ['name', 'string'],
  ['version', 'string'],
  ['chainId', 'uint256'],
  ['verifyingContract', 'address'],
  ['salt', 'bytes32'],
] as const;

type Types = { readonly [struct: string]: readonly TypedDataMember[] };

function record(field: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidIntentError(field, 'is not an object');
  }
  return value as Record<string, unknown>;
}

function onlyKeys(field: string, value: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!names.includes(key))
      throw new InvalidIntentError(field, `has a field that its type does not: ${quoteText(key)}`);
  }
  for (const name of names) {
    if (!Object.hasOwn(value, name)) throw new InvalidIntentError(`${field}.${name}`, 'is missing');
  }
}

function readTypes(value: unknown): Types {
  const entries = Object.entries(record('types', value));
  if (entries.length > MAX_TYPES) throw new InvalidIntentError('types', `must be at most ${MAX_TYPES}`);
  const types = entries.map(([name, members]) => {
    if (!IDENTIFIER.test(name) || name === '__proto__') {
      throw new InvalidIntentError('types', `${quoteText(name)} is not an identifier`);
    }
    const at = `types.${name}`;
    if (isAtomic(name)) throw new InvalidIntentError(at, 'is the name of a built-in type');
    if (!Array.isArray(members)) throw new InvalidIntentError(at, 'is not a list');
    const seen = new Set<string>();
    const list = (members as readonly unknown[]).map((member, i): TypedDataMember => {
      const entry = record(`${at}[${i}]`, member);
      onlyKeys(`${at}[${i}]`, entry, ['name', 'type']);
      const { name: memberName, type } = entry;
      if (typeof memberName !== 'string' || !IDENTIFIER.test(memberName) || memberName === '__proto__') {
        throw new InvalidIntentError(`${at}[${i}].name`, 'is not an identifier');
      }
      if (seen.has(memberName)) throw new InvalidIntentError(`${at}[${i}].name`, 'is there twice');
      seen.add(memberName);
      if (typeof type !== 'string') throw new InvalidIntentError(`${at}[${i}].type`, 'is not a string');
      return { name: memberName, type };
    });
    return [name, list] as const;
  });
  const all = Object.fromEntries(types);
  for (const [name, members] of types) {
    members.forEach(({ type }, i) => {
      const { base } = splitType(type);
      if (!isAtomic(base) && (!Object.hasOwn(all, base) || base === DOMAIN)) {
        throw new InvalidIntentError(`types.${name}[${i}].type`, `${quoteText(type)} is not a type`);
      }
    });
  }
  return all;
}

/** `Person[2][]` is an array of Person[2]: the last dimension is the outermost. */
function splitType(type: string): { readonly base: string; readonly dimensions: readonly (number | undefined)[] } {
  const [, base = '', suffix = ''] = /^([^[\]]*)((?:\[(?:[1-9][0-9]{0,3})?\])*)$/.exec(type) ?? [];
  const dimensions = [...suffix.matchAll(/\[([0-9]*)\]/g)].map(([, size]) => (size === '' ? undefined : Number(size)));
  return { base, dimensions };
}

function isAtomic(type: string): boolean {
  if (['bool', 'address', 'bytes', 'string'].includes(type)) return true;
  const [, kind, digits = ''] = /^(u?int|bytes)([1-9][0-9]{0,2})$/.exec(type) ?? [];
  const size = Number(digits);
  return kind === 'bytes' ? size <= 32 : kind !== undefined && size % 8 === 0 && size <= 256;
}

/** The struct type and all struct types inside it. */
function referenced(struct: string, types: Types, found = new Set<string>()): Set<string> {
  if (found.has(struct)) return found;
  found.add(struct);
  for (const { type } of types[struct] ?? []) {
    const { base } = splitType(type);
    if (!isAtomic(base)) referenced(base, types, found);
  }
  return found;
}

function readDomain(value: unknown): TypedDataDomain {
  const domain = record('domain', value);
  const known = DOMAIN_FIELDS.map(([name]) => name as string);
  onlyKeys(
    'domain',
    domain,
    known.filter((name) => Object.hasOwn(domain, name)),
  );
  // Without it the signature would be valid for the same contract address on every network.
  if (!Object.hasOwn(domain, 'chainId')) throw new InvalidIntentError('domain.chainId', 'is missing');
  const read = Object.fromEntries(
    DOMAIN_FIELDS.filter(([name]) => Object.hasOwn(domain, name)).map(([name, type]) => [
      name,
      readAtomic(`domain.${name}`, type, domain[name]),
    ]),
  );
  return read as unknown as TypedDataDomain;
}

const domainMembers = (domain: TypedDataDomain): readonly TypedDataMember[] =>
  DOMAIN_FIELDS.filter(([name]) => domain[name] !== undefined).map(([name, type]) => ({ name, type }));

function readStruct(
  field: string,
  struct: string,
  value: unknown,
  types: Types,
  count: { values: number },
  depth: number,
): { readonly [member: string]: TypedDataValue } {
  const members = types[struct] ?? [];
  const given = record(field, value);
  onlyKeys(
    field,
    given,
    members.map(({ name }) => name),
  );
  return Object.fromEntries(
    members.map(({ name, type }) => {
      const { base, dimensions } = splitType(type);
      return [name, readValue(`${field}.${name}`, base, dimensions, given[name], types, count, depth + 1)];
    }),
  );
}

function readValue(
  field: string,
  base: string,
  dimensions: readonly (number | undefined)[],
  value: unknown,
  types: Types,
  count: { values: number },
  depth: number,
): TypedDataValue {
  if (depth > MAX_DEPTH) throw new InvalidIntentError(field, `is nested deeper than ${MAX_DEPTH} levels`);
  count.values += 1;
  if (count.values > MAX_VALUES) throw new InvalidIntentError('message', `has more than ${MAX_VALUES} values`);
  if (dimensions.length > 0) {
    if (!Array.isArray(value)) throw new InvalidIntentError(field, 'is not a list');
    const size = dimensions.at(-1);
    if (size !== undefined && value.length !== size) {
      throw new InvalidIntentError(field, `must have ${size} elements, not ${value.length}`);
    }
    return (value as readonly unknown[]).map((item, i) =>
      readValue(`${field}[${i}]`, base, dimensions.slice(0, -1), item, types, count, depth + 1),
    );
  }
  return isAtomic(base) ? readAtomic(field, base, value) : readStruct(field, base, value, types, count, depth);
}

function readAtomic(field: string, type: string, value: unknown): bigint | boolean | string {
  switch (type) {
    case 'bool':
      if (typeof value !== 'boolean') throw new InvalidIntentError(field, 'is not true or false');
      return value;
    case 'string':
      if (typeof value !== 'string' || !isWellFormed(value)) throw new InvalidIntentError(field, 'is not a string');
      return value;
    case 'address':
      if (typeof value !== 'string') throw new InvalidIntentError(field, 'is not an address');
      return encodeEvmAddress(decodeEvmAddress(value, field));
  }
  if (type.startsWith('bytes')) {
    const size = type === 'bytes' ? undefined : Number(type.slice(5));
    if (typeof value !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) {
      throw new InvalidIntentError(field, 'is not bytes as 0x and hex digits');
    }
    if (size !== undefined && value.length !== 2 + 2 * size)
      throw new InvalidIntentError(field, `must be ${size} bytes`);
    return value.toLowerCase();
  }
  const integer = readInteger(field, value);
  const bits = BigInt(type.replace(/^u?int/, ''));
  const [low, high] = type.startsWith('u') ? [0n, 1n << bits] : [-(1n << (bits - 1n)), 1n << (bits - 1n)];
  if (integer < low || integer >= high) throw new InvalidIntentError(field, `is not a ${type}`);
  return integer;
}

function readInteger(field: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^(?:-?[0-9]{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)) return BigInt(value);
  throw new InvalidIntentError(field, 'is not an integer');
}

/** The one encoding of checked typed data. Struct members stand in the order of their type. */
function canonicalJson(intent: TypedDataIntent): string {
  const write = (value: unknown): unknown => {
    if (typeof value === 'bigint') return value.toString();
    if (Array.isArray(value)) return value.map(write);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, write(item)]));
  };
  const { domain, types, primaryType, message } = intent;
  return JSON.stringify({
    types: { [DOMAIN]: domainMembers(domain), ...types },
    primaryType,
    domain: write(domain),
    message: write(message),
  });
}

function payload(intent: TypedDataIntent): SigningPayload {
  const { domain, types, primaryType, message } = intent;
  const domainTypes = { [DOMAIN]: domainMembers(domain) };
  const bytes = concatBytes(
    Uint8Array.of(0x19, 0x01),
    hashStruct(DOMAIN, domain as unknown as Readonly<Record<string, TypedDataValue>>, domainTypes),
    hashStruct(primaryType, message, types),
  );
  const digest = hashMessage('keccak256', bytes);
  // Two implementations must agree before a key signs.
  const all: Record<string, readonly TypedDataMember[]> = { ...domainTypes, ...types };
  const library = hashTypedData({ domain: { ...domain }, types: all, primaryType, message: { ...message } });
  if (hex(digest) !== library)
    throw new EncodingMismatchError('typedData', 'our EIP-712 hash differs from the library');
  return { message: bytes, hashScheme: 'keccak256', digest };
}

const encodeMembers = (members: readonly TypedDataMember[]): string =>
  members.map(({ name, type }) => `${type} ${name}`).join(',');

/** keccak256(typeHash || encodeData): EIP-712 "Definition of hashStruct". */
function hashStruct(struct: string, value: Readonly<Record<string, TypedDataValue>>, types: Types): Uint8Array {
  const [, ...others] = referenced(struct, types);
  const encodedType = [struct, ...others.toSorted()]
    .map((name) => `${name}(${encodeMembers(types[name] ?? [])})`)
    .join('');
  const members = (types[struct] ?? []).map(({ name, type }) => {
    const { base, dimensions } = splitType(type);
    return encodeValue(base, dimensions, value[name] as TypedDataValue, types);
  });
  return keccak_256(concatBytes(keccak_256(utf8ToBytes(encodedType)), ...members));
}

/** 32 bytes: EIP-712 "Definition of encodeData". */
function encodeValue(
  base: string,
  dimensions: readonly (number | undefined)[],
  value: TypedDataValue,
  types: Types,
): Uint8Array {
  if (dimensions.length > 0) {
    const items = (value as readonly TypedDataValue[]).map((item) =>
      encodeValue(base, dimensions.slice(0, -1), item, types),
    );
    return keccak_256(concatBytes(...items));
  }
  if (!isAtomic(base)) return hashStruct(base, value as Readonly<Record<string, TypedDataValue>>, types);
  if (typeof value === 'boolean') return integerToBytes32(value ? 1n : 0n);
  if (typeof value === 'bigint') return integerToBytes32(BigInt.asUintN(256, value));
  const text = value as string;
  if (base === 'string') return keccak_256(utf8ToBytes(text));
  const bytes = hexToBytes(text.slice(2));
  if (base === 'bytes') return keccak_256(bytes);
  const out = new Uint8Array(32);
  out.set(bytes, base === 'address' ? 12 : 0);
  return out;
}

function describe(intent: TypedDataIntent, chain: EvmNames): readonly string[] {
  const { domain, primaryType, types, message } = intent;
  const application = domain.name === undefined ? 'an application without a name' : quoteText(domain.name);
  const version = domain.version === undefined ? '' : ` version ${quoteText(domain.version)}`;
  const contract =
    domain.verifyingContract === undefined ? 'no named contract' : `the contract ${domain.verifyingContract}`;
  const lines = [
    `Sign ${primaryType} for ${application}${version} on ${chain.name} (eip155:${chain.chainId}), checked by ${contract}.`,
  ];
  if (domain.salt !== undefined) lines.push(`Domain salt: ${domain.salt}.`);
  const show = (path: string, type: string, value: TypedDataValue): void => {
    const { base, dimensions } = splitType(type);
    if (dimensions.length > 0) {
      const items = value as readonly TypedDataValue[];
      if (items.length === 0) lines.push(`${path}: an empty list`);
      const inner =
        base +
        dimensions
          .slice(0, -1)
          .map((size) => `[${size ?? ''}]`)
          .join('');
      items.forEach((item, i) => show(`${path}[${i}]`, inner, item));
    } else if (!isAtomic(base)) {
      const members = types[base] ?? [];
      if (members.length === 0) lines.push(`${path}: nothing`);
      for (const member of members) {
        const prefix = path === '' ? member.name : `${path}.${member.name}`;
        show(prefix, member.type, (value as Readonly<Record<string, TypedDataValue>>)[member.name] as TypedDataValue);
      }
    } else {
      lines.push(`${path}: ${base === 'string' ? quoteText(value as string) : (value as bigint | boolean | string)}`);
    }
  };
  show('', primaryType, message);
  lines.push('Such a signature can act like a transaction: for example, let somebody take tokens of this account.');
  return lines;
}
