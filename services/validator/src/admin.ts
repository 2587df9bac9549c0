/**
 * The operator's line to a running validator: JSON over HTTP on a Unix socket in the data folder, readable by its owner only. Whoever can open
 * the socket can read the validator's data anyway; nothing secret is ever answered.
 *
 * @module
 */
import { chmodSync, closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { type IncomingMessage, type Server, createServer, request } from 'node:http';
import { createConnection } from 'node:net';
import { basename, dirname } from 'node:path';
import { DWalletError } from '@dwallet/sigma';

/** The line to a running validator does not work: nobody listens, or it refused. */
export class AdminError extends DWalletError {
  override readonly name = 'AdminError';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type AdminCommands = Readonly<Record<string, (input: Readonly<Record<string, unknown>>) => unknown>>;

/** The largest evidence, in base 64. */
const maxRequestBytes = 1 << 26;
/** What the operating system takes as the path of a socket, less one. */
const maxSocketPath = 100;

/** A name of the socket that is short enough: through an open folder where the operating system has such names. */
function shortened(path: string): { readonly path: string; readonly release: () => void } {
  if (Buffer.byteLength(path) <= maxSocketPath) return { path, release: () => {} };
  if (process.platform !== 'linux')
    throw new AdminError('SOCKET_PATH', `the path of the admin socket is too long: set admin.socket to a shorter one`);
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${folder}/${basename(path)}`, release: () => closeSync(folder) };
}

async function bodyOf(message: IncomingMessage, max: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).length;
    if (size > max) throw new AdminError('TOO_LARGE', 'the message is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function inputOf(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new AdminError('INPUT', 'the input is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AdminError('INPUT', 'the input must be an object');
  return value as Readonly<Record<string, unknown>>;
}

/** Whether somebody answers on the socket. */
const isAlive = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const line = createConnection(path);
    line.once('connect', () => {
      line.destroy();
      resolve(true);
    });
    line.once('error', () => resolve(false));
  });

/**
 * Serves commands by name. A socket that a killed process left is replaced; one that answers is not.
 * @param failed - hears of errors that nobody foresaw; the caller learns nothing of them.
 */
export async function startAdminServer(
  socket: string,
  commands: AdminCommands,
  failed: (command: string, error: unknown) => void,
): Promise<{ close(): Promise<void> }> {
  mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  const { path, release } = shortened(socket);
  const answer = async (message: IncomingMessage): Promise<unknown> => {
    const name = (message.url ?? '').slice(1);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new AdminError('COMMAND', 'there is no such command');
    try {
      return await command(inputOf(await bodyOf(message, maxRequestBytes)));
    } catch (error) {
      if (!(error instanceof DWalletError)) failed(name, error);
      throw error;
    }
  };
  const server: Server = createServer((message, response) => {
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value ?? {}));
    };
    answer(message).then(
      (result) => send(200, result),
      (error: unknown) =>
        send(
          400,
          error instanceof DWalletError
            ? { code: error.code, message: error.message }
            : { code: 'INTERNAL', message: 'internal error, see the log' },
        ),
    );
  });
  // Backups and ceremonies take their time.
  server.requestTimeout = 0;
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await listen();
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    if (await isAlive(path)) throw new AdminError('RUNNING', 'another process serves this data folder', { cause });
    rmSync(path, { force: true });
    await listen();
  }
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          release();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/**
 * One command to a running validator.
 * @throws AdminError NOT_RUNNING when nobody listens; the validator's own code when it refuses.
 */
export async function adminCall<T>(
  socket: string,
  command: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  let short: ReturnType<typeof shortened>;
  try {
    short = shortened(socket);
  } catch (cause) {
    if (cause instanceof AdminError) throw cause;
    throw new AdminError('NOT_RUNNING', 'the validator is not running', { cause });
  }
  try {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      // A line of its own: one that was kept may be to a process that has ended.
      const call = request({ socketPath: short.path, path: `/${command}`, method: 'POST', agent: false }, resolve);
      call.once('error', reject);
      call.end(JSON.stringify(input));
    });
    const text = await bodyOf(message, maxRequestBytes);
    const value = JSON.parse(text) as T & { readonly code?: string; readonly message?: string };
    if (message.statusCode !== 200) throw new AdminError(value.code ?? 'INTERNAL', value.message ?? 'internal error');
    return value;
  } catch (cause) {
    if (cause instanceof DWalletError) throw cause;
    throw new AdminError('NOT_RUNNING', 'the validator is not running', { cause });
  } finally {
    short.release();
  }
}
