/**
 * Values of plain data as bytes and back: what a snapshot of the world is written in. Objects, arrays, maps, sets, persistent maps, texts, numbers, integers and
 * bytes; equal values in equal order give equal bytes. An object that occurs twice is one object again.
 *
 * For a validator's own store only. Nothing that came from elsewhere is read with it.
 *
 * @module
 */
import { BugError, DecodeError } from '@dwallet/sigma';
import { PersistentMap } from '@dwallet/zones';

const tag = {
  undefined: 0,
  false: 1,
  true: 2,
  number: 3,
  integer: 4,
  text: 5,
  sameText: 6,
  bytes: 7,
  array: 8,
  map: 9,
  set: 10,
  persistent: 11,
  object: 12,
  sameObject: 13,
} as const;

class Writer {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  readonly #texts = new Map<string, number>();
  readonly #objects = new Map<object, number>();

  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
  #tag(value: number): void {
    this.#bytes[this.#room(1)] = value;
  }
  /** Seven bits a byte, the lowest first. */
  #count(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#tag(128 + (rest % 128));
    this.#tag(rest);
  }
  #raw(bytes: Uint8Array): void {
    this.#count(bytes.length);
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }
  #text(text: string): void {
    const known = this.#texts.get(text);
    if (known !== undefined) {
      this.#tag(tag.sameText);
      this.#count(known);
      return;
    }
    this.#texts.set(text, this.#texts.size);
    this.#tag(tag.text);
    this.#raw(new TextEncoder().encode(text));
  }
  #pairs(kind: number, size: number, pairs: Iterable<readonly [unknown, unknown]>): void {
    this.#tag(kind);
    this.#count(size);
    for (const [key, value] of pairs) {
      this.value(key);
      this.value(value);
    }
  }
  #items(kind: number, size: number, items: Iterable<unknown>): void {
    this.#tag(kind);
    this.#count(size);
    for (const item of items) this.value(item);
  }
  #object(value: object): void {
    const known = this.#objects.get(value);
    if (known !== undefined) {
      this.#tag(tag.sameObject);
      this.#count(known);
      return;
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new BugError('a snapshot holds plain data only');
    this.#objects.set(value, this.#objects.size);
    const fields = Object.entries(value);
    this.#tag(tag.object);
    this.#count(fields.length);
    for (const [name, inner] of fields) {
      this.#text(name);
      this.value(inner);
    }
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'undefined':
        return this.#tag(tag.undefined);
      case 'boolean':
        return this.#tag(value ? tag.true : tag.false);
      case 'number': {
        this.#tag(tag.number);
        const at = this.#room(8);
        new DataView(this.#bytes.buffer).setFloat64(at, value);
        return;
      }
      case 'bigint':
        this.#tag(tag.integer);
        return this.#raw(new TextEncoder().encode(value.toString(36)));
      case 'string':
        return this.#text(value);
      case 'object':
        if (value instanceof Uint8Array) {
          this.#tag(tag.bytes);
          this.#raw(value);
        } else if (Array.isArray(value)) this.#items(tag.array, value.length, value);
        else if (value instanceof Map) this.#pairs(tag.map, value.size, value);
        else if (value instanceof Set) this.#items(tag.set, value.size, value);
        else if (value instanceof PersistentMap) this.#pairs(tag.persistent, value.size, value.entries());
        else if (value === null) throw new BugError('a snapshot holds no null');
        else this.#object(value);
        return;
      default:
        throw new BugError(`a snapshot holds no ${typeof value}`);
    }
  }
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

class PlainReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  readonly #texts: string[] = [];
  readonly #objects: object[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw new DecodeError('PlainValue', 'ends too early');
    this.#at += count;
    return at;
  }
  #byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }
  #count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }
  #raw(): Uint8Array {
    const count = this.#count();
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }
  #newText(): string {
    const text = new TextDecoder().decode(this.#raw());
    this.#texts.push(text);
    return text;
  }
  #known<T>(list: readonly T[]): T {
    const found = list[this.#count()];
    if (found === undefined) throw new DecodeError('PlainValue', 'refers to nothing');
    return found;
  }
  *#pairs(): IterableIterator<[unknown, unknown]> {
    for (let left = this.#count(); left > 0; left--) yield [this.value(), this.value()];
  }
  *#items(): IterableIterator<unknown> {
    for (let left = this.#count(); left > 0; left--) yield this.value();
  }
  #object(): object {
    const made: Record<string, unknown> = {};
    this.#objects.push(made);
    for (let left = this.#count(); left > 0; left--) {
      const name = this.value();
      if (typeof name !== 'string') throw new DecodeError('PlainValue', 'has a field without a name');
      made[name] = this.value();
    }
    return made;
  }

  value(): unknown {
    const kind = this.#byte();
    switch (kind) {
      case tag.undefined:
        return undefined;
      case tag.false:
        return false;
      case tag.true:
        return true;
      case tag.number:
        return this.#view.getFloat64(this.#take(8));
      case tag.integer:
        return integerOf(new TextDecoder().decode(this.#raw()));
      case tag.text:
        return this.#newText();
      case tag.sameText:
        return this.#known(this.#texts);
      case tag.bytes:
        return this.#raw();
      case tag.array:
        return [...this.#items()];
      case tag.map:
        return new Map(this.#pairs());
      case tag.set:
        return new Set(this.#items());
      case tag.persistent: {
        let map = PersistentMap.empty<unknown>();
        for (const [key, value] of this.#pairs()) map = map.set(key as string, value);
        return map;
      }
      case tag.object:
        return this.#object();
      case tag.sameObject:
        return this.#known(this.#objects);
      default:
        throw new DecodeError('PlainValue', `has the unknown tag ${kind}`);
    }
  }
  end(): void {
    if (this.#at !== this.#bytes.length) throw new DecodeError('PlainValue', 'goes on');
  }
}

/** Of base 36, which is short and exact. */
function integerOf(text: string): bigint {
  const sign = text.startsWith('-') ? -1n : 1n;
  let value = 0n;
  for (const digit of text.replace('-', '')) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return sign * value;
}

/** @throws BugError for what is no plain data. */
export function encodePlain(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.done();
}

/** @throws DecodeError */
export function decodePlain(bytes: Uint8Array): unknown {
  const reader = new PlainReader(bytes);
  const value = reader.value();
  reader.end();
  return value;
}
