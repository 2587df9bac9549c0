/**
 * An immutable map with cheap updates, for what grows without bound (spent events, entries, releases).
 *
 * Keys are hex of digests, hence uniform: the 16-way tree over their digits has depth log16(n), and nobody can make it degenerate.
 *
 * @module
 */
type Node<V> = { readonly key: string; readonly value: V } | readonly (Node<V> | undefined)[];

const isBranch = <V>(node: Node<V>): node is readonly (Node<V> | undefined)[] => Array.isArray(node);
const digit = (key: string, depth: number): number => Number.parseInt(key.charAt(depth), 16);

function put<V>(node: Node<V> | undefined, depth: number, key: string, value: V): Node<V> {
  if (node === undefined) return { key, value };
  if (isBranch(node)) {
    const copy = node.slice();
    const at = digit(key, depth);
    copy[at] = put(copy[at], depth + 1, key, value);
    return copy;
  }
  if (node.key === key) return { key, value };
  const branch: (Node<V> | undefined)[] = Array.from({ length: 16 });
  branch[digit(node.key, depth)] = node;
  return put<V>(branch, depth, key, value);
}

function* entriesOf<V>(node: Node<V> | undefined): IterableIterator<readonly [string, V]> {
  if (node === undefined) return;
  if (isBranch(node)) for (const branch of node) yield* entriesOf(branch);
  else yield [node.key, node.value];
}

export class PersistentMap<V> {
  readonly #root: Node<V> | undefined;
  readonly size: number;
  private constructor(root: Node<V> | undefined, size: number) {
    this.#root = root;
    this.size = size;
  }
  static empty<V>(): PersistentMap<V> {
    return new PersistentMap<V>(undefined, 0);
  }
  /** @param key - lower-case hex of a 32-byte digest. */
  get(key: string): V | undefined {
    let node = this.#root;
    for (let depth = 0; node !== undefined; depth++) {
      if (!isBranch(node)) return node.key === key ? node.value : undefined;
      node = node[digit(key, depth)];
    }
    return undefined;
  }
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }
  /** Ascending by key. */
  *entries(): IterableIterator<readonly [string, V]> {
    yield* entriesOf(this.#root);
  }
  /** A map with `key` set; this one stays as it is. */
  set(key: string, value: V): PersistentMap<V> {
    return new PersistentMap(put(this.#root, 0, key, value), this.size + (this.has(key) ? 0 : 1));
  }
}
