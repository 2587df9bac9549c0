/**
 * Configuration of a validator: one YAML file, the environment (`DWALLET_POOL_LOW=8`) and the command line (`--set pool.low=8`), in rising
 * order of precedence. Unknown names are refused everywhere. Secrets are named by file or by environment variable, never written here.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { DWalletError } from '@dwallet/sigma';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { isOriginEntry } from './api/origins.ts';
import { resolveZonePaths, zoneSecretNames, zonesSchema } from './zones/config.ts';

/** A configuration that cannot be used. The message has one line per mistake: path, what was given (its kind, never the value), what is allowed. */
export class ConfigError extends DWalletError {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG';
  readonly problems: readonly string[];
  constructor(source: string, problems: readonly string[], options?: ErrorOptions) {
    super([`${source} cannot be used:`, ...problems.map((problem) => `  ${problem}`)].join('\n'), options);
    this.problems = problems;
  }
}

/** Host and port, `127.0.0.1:7101` or `[::1]:7101`. */
export const addressSchema = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$/, 'host:port')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'host:port');
const path = z.string().min(1).max(4096);
export const nameSchema = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$/, 'letters, digits, ".", "_" and "-", at most 63');
const environmentName = z.string().regex(/^[A-Z][A-Z0-9_]{0,127}$/, 'the name of an environment variable');
const milliseconds = (least: number, most: number) => z.int().min(least).max(most);

/** Whether a host, as in an address, is this machine only. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

const certificate = (side: string) =>
  z
    .strictObject({
      certificate: path.default(`tls/${side}.crt`).describe('PEM file with the certificate and its chain'),
      key: path.default(`tls/${side}.key`).describe('PEM file with its private key, readable by its owner only'),
    })
    .prefault({});

/** The schema. Every field has a default except those that say who this validator is. */
export const configSchema = z
  .strictObject({
    data: path.describe('folder of everything that this validator keeps; relative paths are relative to this file'),
    validator: z
      .strictObject({ index: z.int().min(1).max(128), name: nameSchema.optional() })
      .describe('who this is in the validator set'),
    network: z.strictObject({
      name: nameSchema.describe('name of the network; part of its identity'),
      profile: z.enum(['128', '112']).default('128').describe('security of the class group in bits'),
      set: path.describe('file with the validator set: the same at every validator'),
    }),
    listen: z
      .strictObject({
        peers: addressSchema.default('127.0.0.1:7101').describe('gRPC for the other validators, mutual TLS'),
        clients: addressSchema.default('127.0.0.1:7201').describe('gRPC for clients, TLS'),
        http: addressSchema
          .default('127.0.0.1:7301')
          .describe('/metrics, /healthz, /readyz; plain HTTP, keep it private'),
      })
      .prefault({}),
    browser: z
      .strictObject({
        listen: addressSchema
          .optional()
          .describe('Connect and gRPC-Web for pages, HTTPS with tls.clients; default: off'),
        allowedOrigins: z
          .array(z.string().refine(isOriginEntry, 'an origin: https://host, an extension, http://127.0.0.1:*'))
          .max(64)
          .default([])
          .describe('pages that may call, such as https://wallet.example'),
        plainHttp: z.boolean().default(false).describe('HTTP without TLS; only where listen is on loopback'),
      })
      .prefault({})
      .refine(({ listen, plainHttp }) => !plainHttp || listen === undefined || isLoopback(splitAddress(listen).host), {
        path: ['plainHttp'],
        error: 'true only where browser.listen is on loopback',
      }),
    tls: z
      .strictObject({
        peers: certificate('peers'),
        clients: certificate('clients'),
      })
      .prefault({}),
    keystore: z
      .strictObject({
        passphraseFile: path.optional().describe('file whose first line is the passphrase'),
        passphraseEnvironment: environmentName.optional().describe('environment variable with the passphrase'),
        keyFile: path.optional().describe('file with a key of 32 bytes in hex, for services'),
      })
      .refine((unlock) => Object.values(unlock).filter((value) => value !== undefined).length === 1, {
        error: 'exactly one of passphraseFile, passphraseEnvironment, keyFile',
      })
      .describe('what unlocks the keystore: exactly one of these'),
    pool: z
      .strictObject({
        low: z.int().min(0).max(100_000).default(32).describe('refill when the network has fewer free presigns'),
        high: z.int().min(1).max(100_000).default(64).describe('refill up to this many free presigns of the network'),
        batch: z.int().min(1).max(64).default(16).describe('presigns per session'),
        floor: z.int().min(0).max(100_000).default(1).describe('not ready below this many free presigns'),
        maxInFlight: z.int().min(1).max(10_000).default(4).describe('no refill while more signatures are under way'),
      })
      .prefault({})
      .refine((pool) => pool.low < pool.high, { path: ['low'], error: 'a number below pool.high' }),
    limits: z
      .strictObject({
        inFlight: z.int().min(1).max(100_000).default(256).describe('client requests under way'),
        inFlightPerAccount: z.int().min(1).max(100_000).default(16),
        perAccountPerSecond: z.number().min(0.01).max(100_000).default(10).describe('mutating requests of an account'),
        burstPerAccount: z.int().min(1).max(100_000).default(40),
        // The default has room for the largest message that can be signed; nothing larger is of use.
        requestBytes: z.int().min(65_536).max(1_310_720).default(1_310_720).describe('largest request of a client'),
        deadlineMs: milliseconds(1000, 3_600_000).default(120_000).describe('longest wait of a client'),
      })
      .prefault({}),
    timeouts: z
      .strictObject({
        answerMs: milliseconds(100, 3_600_000).default(600_000).describe('an answer to a step of a session'),
        sharesMs: milliseconds(100, 3_600_000).default(60_000).describe('shares of the expected set'),
        fetchMs: milliseconds(100, 600_000).default(15_000).describe('a record that another validator has'),
        shutdownMs: milliseconds(0, 600_000).default(30_000).describe('running sessions, when the process is to end'),
      })
      .prefault({}),
    compute: z
      .strictObject({
        threads: z.int().min(0).max(256).optional().describe('worker threads; 0: none; default: one less than cores'),
        redis: z
          .strictObject({
            url: z
              .string()
              .regex(/^rediss?:\/\/[^@\s]+$/, 'redis://host:port or rediss://host:port without a password'),
            passwordFile: path.optional(),
            passwordEnvironment: environmentName.optional(),
            workerKeyFile: path
              .default('worker.key')
              .describe('key of 32 bytes in hex that seals jobs and results; the workers have a copy'),
          })
          .optional()
          .describe('send compute jobs to `dwallet worker` processes through this Redis'),
      })
      .prefault({}),
    genesis: z
      .strictObject({
        automatic: z.boolean().default(true).describe('validator 1 leads the genesis when all others answer'),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
        file: path.optional().describe('JSON lines are appended here instead of standard output'),
      })
      .prefault({}),
    tracing: z
      .strictObject({
        spans: z
          .boolean()
          .default(false)
          .describe('one log line per step of a session, with its trace id and duration'),
      })
      .prefault({}),
    admin: z.strictObject({ socket: path.optional().describe('default: admin.sock in the data folder') }).prefault({}),
    reflection: z.boolean().default(true).describe('gRPC server reflection for clients'),
    zones: zonesSchema,
  })
  .describe('dWallet validator');

/** The configuration with absolute paths and every default filled in. */
export type ValidatorConfig = z.output<typeof configSchema>;

/** JSON Schema of the file. */
export const printSchema = (): unknown => z.toJSONSchema(configSchema, { io: 'input' });

/** Names that start with DWALLET_ and are not configuration. */
const otherEnvironment = new Set([
  'DWALLET_KERNEL',
  'DWALLET_DEBUG',
  'DWALLET_TEST_PROFILE',
  'DWALLET_PASSPHRASE',
  'DWALLET_REDIS_PASSWORD',
  // Of the wallet's commands, in the same shell.
  'DWALLET_WALLET',
  'DWALLET_PASSPHRASE_FILE',
  'DWALLET_NEW_PASSPHRASE_FILE',
  'DWALLET_WORDS_FILE',
  'DWALLET_RPC_FILE',
]);

const pathFields = [
  'data',
  'network.set',
  'tls.peers.certificate',
  'tls.peers.key',
  'tls.clients.certificate',
  'tls.clients.key',
  'keystore.passphraseFile',
  'keystore.keyFile',
  'compute.redis.passwordFile',
  'compute.redis.workerKeyFile',
  'log.file',
  'admin.socket',
] as const;

type Tree = { [key: string]: unknown };
type LeafType = 'string' | 'integer' | 'number' | 'boolean' | 'array';

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** Path -> type of every field, as the schema has them. */
function leaves(schema: JsonSchema, at: readonly string[] = []): Map<string, LeafType> {
  const found = new Map<string, LeafType>();
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const here = [...at, key];
    if (inner.properties === undefined) found.set(here.join('.'), (inner.type ?? 'string') as LeafType);
    else for (const [name_, type] of leaves(inner, here)) found.set(name_, type);
  }
  return found;
}

const environmentOf = (field: string): string =>
  `DWALLET_${field
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;

/** Text as the field's type reads it. What it cannot read stays text, and the schema says what is allowed. */
function coerce(text: string, type: LeafType): unknown {
  if (type === 'array') return text === '' ? [] : text.split(',');
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type !== 'integer' && type !== 'number') return text;
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? text : value;
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function put(tree: Tree, field: string, value: unknown): void {
  const keys = field.split('.');
  const last = keys.pop() as string;
  let at = tree;
  for (const key of keys) {
    const next = at[key];
    if (isTree(next)) at = next;
    else {
      const made: Tree = {};
      at[key] = made;
      at = made;
    }
  }
  at[last] = value;
}

function read(tree: unknown, keys: readonly PropertyKey[]): unknown {
  let at = tree;
  for (const key of keys) at = isTree(at) || Array.isArray(at) ? (at as Tree)[String(key)] : undefined;
  return at;
}

/** Its kind and size, never the value: it may be a secret in the wrong place. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number';
  return `a ${typeof value}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
};

/** Where, what was given, what is allowed: one line per mistake. */
export function describeIssues(error: z.ZodError, given: unknown): string[] {
  const lines = error.issues.flatMap((issue) => {
    const at = issue.path.join('.') || 'the file';
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${[...issue.path, key].join('.')}: there is no such field`);
    }
    const value = read(given, issue.path);
    const size =
      issue.code === 'too_small' || issue.code === 'too_big'
        ? `${issue.code === 'too_small' ? 'at least' : 'at most'} ${
            issue.code === 'too_small' ? issue.minimum : issue.maximum
          }${issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' items' : ''}`
        : undefined;
    const allowed =
      size ??
      (issue.code === 'invalid_type'
        ? (typeNames[issue.expected] ?? issue.expected)
        : issue.code === 'invalid_value'
          ? `one of ${issue.values.map(String).join(', ')}`
          : issue.message);
    return [`${at}: given ${kindOf(value)}, allowed ${allowed}`];
  });
  return [...new Set(lines)];
}

/** A YAML or JSON mapping. @throws ConfigError that names the line, and quotes nothing. */
export function parseMapping(text: string, source: string): Tree {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true, strict: true });
  const problems = [...document.errors, ...document.warnings].map(
    ({ code, linePos }) => `line ${linePos?.[0].line ?? '?'}: not YAML (${code.toLowerCase().replaceAll('_', ' ')})`,
  );
  if (problems.length > 0) throw new ConfigError(source, problems);
  const value: unknown = document.toJS({ maxAliasCount: 0 }) ?? {};
  if (!isTree(value)) throw new ConfigError(source, [`the file: given ${kindOf(value)}, allowed a mapping`]);
  return value;
}

export interface ConfigSources {
  /** Path of the YAML file. */
  readonly file?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to; default: the file's folder, or the working folder. */
  readonly folder?: string;
  /** `field=value` of the command line. */
  readonly set?: readonly string[];
}

/**
 * Reads the configuration: command line over environment over file.
 * @returns it with absolute paths (relative ones are relative to the file's folder, or the working folder).
 * @throws ConfigError with every mistake.
 */
export function loadConfig(sources: ConfigSources): ValidatorConfig {
  const { file, environment = {}, set = [] } = sources;
  const source = file ?? 'the configuration';
  let tree: Tree = {};
  if (file !== undefined) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'error';
      throw new ConfigError(source, [`the file cannot be read (${code})`], { cause });
    }
    tree = parseMapping(text, source);
  }
  const fields = leaves(printSchema() as JsonSchema);
  const byEnvironment = new Map([...fields.keys()].map((field) => [environmentOf(field), field]));
  const problems: string[] = [];
  const secretNames = new Set(otherEnvironment);
  const configured = [
    read(tree, ['keystore', 'passphraseEnvironment']),
    read(tree, ['compute', 'redis', 'passwordEnvironment']),
    environment['DWALLET_KEYSTORE_PASSPHRASE_ENVIRONMENT'],
    environment['DWALLET_COMPUTE_REDIS_PASSWORD_ENVIRONMENT'],
  ];
  for (const secret of configured) if (typeof secret === 'string') secretNames.add(secret);
  for (const secret of zoneSecretNames(tree['zones'])) secretNames.add(secret);
  for (const [key, value] of Object.entries(environment)) {
    if (!key.startsWith('DWALLET_') || value === undefined || secretNames.has(key)) continue;
    const field = byEnvironment.get(key);
    if (field === undefined) problems.push(`${key}: there is no such field`);
    else put(tree, field, coerce(value, fields.get(field) as LeafType));
  }
  for (const assignment of set) {
    const at = assignment.indexOf('=');
    const field = assignment.slice(0, Math.max(at, 0));
    const type = fields.get(field);
    if (at < 0) problems.push('--set: given a text without "=", allowed field=value');
    else if (type === undefined) problems.push(`--set ${field}: there is no such field`);
    else put(tree, field, coerce(assignment.slice(at + 1), type));
  }
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) problems.push(...describeIssues(parsed.error, tree));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(source, problems);
  const base = sources.folder ?? (file === undefined ? process.cwd() : dirname(resolve(file)));
  const config = parsed.data as unknown as Tree;
  for (const field of pathFields) {
    const value = read(config, field.split('.'));
    if (typeof value === 'string' && !isAbsolute(value)) put(config, field, resolve(base, value));
  }
  return { ...parsed.data, zones: resolveZonePaths(parsed.data.zones, base) };
}

/** Host and port of an address of this configuration. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replaceAll(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
