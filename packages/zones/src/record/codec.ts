/**
 * Canonical encodings of records: version byte, type byte, then the fields in their declared order. Reader and writer of a field are one
 * object, so they cannot drift apart; what was decoded is encoded again and must be the same bytes.
 *
 * @module
 */
import {
  DecodeError,
  type Digest,
  InvalidArgumentsError,
  Reader,
  concat,
  digest,
  digestTagged,
  encodeBytes,
  encodeText,
  encodeUint,
} from '@dwallet/sigma';

/** Version byte of every record. */
export const recordVersion = 1;

/** Type bytes. Never reuse a number. */
export const recordType = {
  zone: 1,
  asset: 2,
  ledgerEntry: 3,
  cluster: 4,
  message: 5,
  heartbeat: 6,
  head: 7,
  settlement: 8,
  proposal: 9,
  approval: 10,
  dwalletPolicy: 11,
  release: 12,
  worldEvent: 13,
  authority: 14,
  delivery: 15,
  configuration: 16,
  chainConfiguration: 17,
} as const;

/** One field: what it looks like in bytes, and what it may be. */
export interface Field<T> {
  /** @throws InvalidArgumentsError if `value` is not allowed. */
  write(value: T, field: string): Uint8Array;
  /** @throws DecodeError naming the field. */
  read(reader: Reader, field: string): T;
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
export const hex = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += hexDigits[byte];
  return text;
};

/** Lexicographic order of bytes. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Non-negative integer in `width` bytes. */
export const unsigned = (width: number): Field<bigint> => ({
  write(value, field) {
    if (typeof value !== 'bigint' || value < 0n || value >> BigInt(8 * width) !== 0n) {
      throw new InvalidArgumentsError(field, `must be an integer of at most ${width} bytes`);
    }
    return encodeUint(value, width);
  },
  read: (reader, field) => reader.uint(field, width, 1n << BigInt(8 * width)),
});
/** Heights, nonces, versions. */
export const counter = unsigned(8);
/** Amounts in the smallest unit: 32 bytes. */
export const amount = unsigned(32);

/** A safe integer in [min, max], 8 bytes: times and durations in ms, small counts. */
export const integer = (min = 0, max = Number.MAX_SAFE_INTEGER): Field<number> => ({
  write(value, field) {
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidArgumentsError(field, `must be an integer from ${min} to ${max}`);
    }
    return encodeUint(BigInt(value), 8);
  },
  read(reader, field) {
    const value = reader.uint(field, 8, 1n << 53n);
    if (value < BigInt(min) || value > BigInt(max)) throw new DecodeError(reader.path(field), 'is out of range');
    return Number(value);
  },
});
/** Milliseconds since the Unix epoch. */
export const time = integer();

export const boolean: Field<boolean> = {
  write: (value) => Uint8Array.of(value ? 1 : 0),
  read(reader, field) {
    const value = reader.uint8(field);
    if (value > 1) throw new DecodeError(reader.path(field), 'is neither 0 nor 1');
    return value === 1;
  },
};

/** One of `values`, as its index. Values are only ever appended. */
export const oneOf = <T extends string>(values: readonly T[]): Field<T> => ({
  write(value, field) {
    const index = values.indexOf(value);
    if (index < 0) throw new InvalidArgumentsError(field, `is not one of ${values.join(', ')}`);
    return Uint8Array.of(index);
  },
  read(reader, field) {
    const value = values[reader.uint8(field)];
    if (value === undefined) throw new DecodeError(reader.path(field), 'is unknown');
    return value;
  },
});

/** Bytes of `min` to `max` length. */
export const byteString = (min: number, max: number): Field<Uint8Array> => ({
  write(value, field) {
    if (!(value instanceof Uint8Array) || value.length < min || value.length > max) {
      throw new InvalidArgumentsError(field, `must be ${min} to ${max} bytes`);
    }
    return encodeBytes(value);
  },
  read(reader, field) {
    const value = reader.bytes(field, max);
    if (value.length < min) throw new DecodeError(reader.path(field), `is shorter than ${min} bytes`);
    return value;
  },
});

export const digestField: Field<Digest> = {
  write(value, field) {
    if (!(value instanceof Uint8Array) || value.length !== 32)
      throw new InvalidArgumentsError(field, 'must be 32 bytes');
    return value;
  },
  read: (reader, field) => digest(reader.fixed(field, 32)),
};

/**
 * ASCII text of a checked form.
 * @param problem - what is wrong with a text, or undefined.
 */
export const text = (maxLength: number, problem: (value: string) => string | undefined): Field<string> => {
  const refusal = (value: string): string | undefined => {
    if (typeof value !== 'string' || value.length > maxLength || !/^[\x20-\x7e]*$/.test(value)) {
      return `must be at most ${maxLength} printable ASCII characters`;
    }
    return problem(value);
  };
  return {
    write(value, field) {
      const wrong = refusal(value);
      if (wrong !== undefined) throw new InvalidArgumentsError(field, wrong);
      return encodeBytes(encodeText(value));
    },
    read(reader, field) {
      const value = String.fromCharCode(...reader.bytes(field, maxLength));
      const wrong = refusal(value);
      if (wrong !== undefined) throw new DecodeError(reader.path(field), wrong);
      return value;
    },
  };
};

type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** Several fields in declared order. */
export const struct = <T extends object>(fields: Fields<T>): Field<T> => {
  const entries = Object.entries(fields) as [string & keyof T, Field<unknown>][];
  return {
    write: (value, field) => concat(...entries.map(([name, f]) => f.write(value[name], `${field}.${name}`))),
    read: (reader, field) =>
      Object.fromEntries(entries.map(([name, f]) => [name, f.read(reader, `${field}.${name}`)])) as T,
  };
};

/** A list of `min` to `max` items, whose encodings (or those of their `key`) are strictly ascending: one order, nothing twice. */
export const sortedList = <T>(
  item: Field<T>,
  min: number,
  max: number,
  key?: (item: T) => Uint8Array,
): Field<readonly T[]> => {
  const keyOf = (value: T): Uint8Array => key?.(value) ?? item.write(value, 'item');
  const disorder = (values: readonly T[]): number =>
    values.findIndex((value, i) => i > 0 && compareBytes(keyOf(values[i - 1] as T), keyOf(value)) >= 0);
  return {
    write(values, field) {
      if (!Array.isArray(values) || values.length < min || values.length > max) {
        throw new InvalidArgumentsError(field, `must have ${min} to ${max} items`);
      }
      const parts = values.map((value, i) => item.write(value as T, `${field}[${i}]`));
      const at = disorder(values as readonly T[]);
      if (at >= 0) throw new InvalidArgumentsError(`${field}[${at}]`, 'is not in ascending order or there twice');
      return concat(encodeUint(BigInt(values.length), 4), ...parts);
    },
    read(reader, field) {
      const count = reader.count(field, min, max);
      const values = Array.from({ length: count }, (_, i) => item.read(reader, `${field}[${i}]`));
      const at = disorder(values);
      if (at >= 0) throw new DecodeError(reader.path(`${field}[${at}]`), 'is not in ascending order or there twice');
      return values;
    },
  };
};

/** A field with a check over its whole value. */
export const checked = <T>(inner: Field<T>, problem: (value: T) => string | undefined): Field<T> => ({
  write(value, field) {
    const bytes = inner.write(value, field);
    const wrong = problem(value);
    if (wrong !== undefined) throw new InvalidArgumentsError(field, wrong);
    return bytes;
  },
  read(reader, field) {
    const value = inner.read(reader, field);
    const wrong = problem(value);
    if (wrong !== undefined) throw new DecodeError(reader.path(field), wrong);
    return value;
  },
});

/** A record: encode, strict decode, digest. */
export interface RecordCodec<T> {
  readonly name: string;
  /** @throws InvalidArgumentsError naming the field. */
  encode(value: T): Uint8Array;
  /** @throws DecodeError naming the field; accepts exactly one encoding of each record. */
  decode(bytes: Uint8Array): T;
  /** 32 bytes over the whole encoding. */
  digest(value: T): Digest;
}

/** @param maxBytes - longer encodings are refused before anything is parsed. */
export function record<T extends object>(
  name: string,
  type: number,
  maxBytes: number,
  fields: Fields<T>,
  problem: (value: T) => string | undefined = () => undefined,
): RecordCodec<T> {
  const body = checked(struct(fields), problem);
  const encode = (value: T): Uint8Array => concat(Uint8Array.of(recordVersion, type), body.write(value, name));
  return {
    name,
    encode,
    decode(bytes) {
      if (!(bytes instanceof Uint8Array) || bytes.length > maxBytes) {
        throw new DecodeError(`${name}.length`, `exceeds ${maxBytes} bytes`);
      }
      const reader = new Reader(bytes, name);
      reader.constant('version', recordVersion);
      reader.constant('type', type);
      const value = body.read(reader, 'body');
      reader.end();
      if (!sameBytes(encode(value), bytes)) throw new DecodeError(`${name}.bytes`, 'are not the canonical encoding');
      return value;
    },
    digest: (value) => digestTagged(`zones/${name}`, [encode(value)]),
  };
}
