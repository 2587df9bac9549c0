/**
 * How jobs and results lie in Redis, which is not trusted: sealed with a key that a validator shares with its worker machines and with
 * nobody else. Whoever has Redis but not the key sees sizes and times, can lose, repeat or mix up, and can make nothing that opens.
 *
 * Whoever has the key is the validator as far as public checks go (docs/security.md).
 *
 * @module
 */
import {
  DecodeError,
  Reader,
  type Random,
  type Secret,
  concat,
  encodeBytes,
  encodeText,
  hashTagged,
} from '@dwallet/sigma';
import type { Job } from '@dwallet/two-pc-mpc/network';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

const nonceBytes = 24;
const keyBytes = 32;
const maxJobBytes = 2 ** 26;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export interface RedisAddress {
  /** redis://host:port/db or rediss://.. */
  readonly url: string;
  readonly password?: string;
}

/**
 * Connection options for BullMQ.
 * @param closed - says that the connection is to end: a Redis that is away is not looked for any more. Default: never.
 * @throws DecodeError for a URL of another kind.
 */
export function connectionOf({ url, password }: RedisAddress, closed: () => boolean = () => false) {
  const parsed = new URL(url);
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:')
    throw new DecodeError('redis.url', 'must begin with redis:// or rediss://');
  const secret = password ?? (parsed.password === '' ? undefined : decodeURIComponent(parsed.password));
  const database = Number(parsed.pathname.slice(1));
  return {
    host: parsed.hostname,
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(secret === undefined ? {} : { password: secret }),
    ...(Number.isInteger(database) ? { db: database } : {}),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
    // A Redis that is away is looked for at this pace.
    retryStrategy: (): number | null => (closed() ? null : 500),
  };
}

/** One validator and its workers. */
export class JobSeal {
  readonly #jobKey: Uint8Array;
  readonly #resultKey: Uint8Array;
  readonly #idKey: Uint8Array;
  readonly #random: Random;
  /** Name of the queue: of this key and these parameters, so that others on the same Redis never meet. */
  readonly queue: string;

  /** @param parameters - digest of the public parameters. */
  constructor(key: Secret<Uint8Array>, parameters: Uint8Array, random: Random) {
    const secret = key.expose();
    if (secret.length !== keyBytes) throw new DecodeError('workerKey', `must be ${keyBytes} bytes`);
    this.#jobKey = hashTagged('compute/redis-job-key', [secret], keyBytes);
    this.#resultKey = hashTagged('compute/redis-result-key', [secret], keyBytes);
    this.#idKey = hashTagged('compute/redis-id-key', [secret], keyBytes);
    this.queue = `dwallet-${hex(hashTagged('compute/redis-queue', [secret, parameters], 16))}`;
    this.#random = random;
  }

  /** The same for the same job, so that a job that is added twice is one job. Says nothing to whoever has no key. */
  id(job: Pick<Job, 'name' | 'input'>): string {
    return hex(hashTagged('compute/redis-job-id', [this.#idKey, encodeText(job.name), job.input], 32));
  }

  #seal(key: Uint8Array, id: string, bytes: Uint8Array): string {
    const nonce = this.#random(nonceBytes);
    return Buffer.from(concat(nonce, xchacha20poly1305(key, nonce, encodeText(id)).encrypt(bytes))).toString('base64');
  }

  #open(key: Uint8Array, id: string, text: unknown, field: string): Uint8Array {
    if (typeof text !== 'string') throw new DecodeError(field, 'is not text');
    const bytes = new Uint8Array(Buffer.from(text, 'base64'));
    try {
      return xchacha20poly1305(key, bytes.subarray(0, nonceBytes), encodeText(id)).decrypt(bytes.subarray(nonceBytes));
    } catch (cause) {
      throw new DecodeError(field, 'was not sealed by this validator or its workers', undefined, { cause });
    }
  }

  sealJob(id: string, { name, input }: Pick<Job, 'name' | 'input'>): string {
    return this.#seal(this.#jobKey, id, concat(encodeBytes(encodeText(name)), encodeBytes(input)));
  }

  /** @throws DecodeError unless it was sealed for this id with this key, and the id is that of the job. */
  openJob(id: string, sealed: unknown): Pick<Job, 'name' | 'input'> {
    const reader = new Reader(this.#open(this.#jobKey, id, sealed, 'RedisJob'), 'RedisJob');
    const name = new TextDecoder().decode(reader.bytes('name', 64));
    const input = reader.bytes('input', maxJobBytes);
    reader.end();
    if (this.id({ name, input }) !== id) throw new DecodeError('RedisJob.id', 'is that of another job');
    return { name, input };
  }

  sealResult(id: string, framed: Uint8Array): string {
    return this.#seal(this.#resultKey, id, framed);
  }

  /** @throws DecodeError unless it was sealed for this id with this key. */
  openResult(id: string, sealed: unknown): Uint8Array {
    return this.#open(this.#resultKey, id, sealed, 'RedisResult');
  }
}
