/**
 * A real local EVM node: the anvil binary that the npm package @foundry-rs/anvil brings for this platform.
 *
 * It runs on 127.0.0.1 with a free port, without prefunded accounts, and mines a block for each transaction.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { endChild, killWithParent } from './child-processes.ts';
import { LocalChainError } from './local-chain-error.ts';

const START_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 30_000;
const RECEIPT_ATTEMPTS = 100;
const RECEIPT_PAUSE_MS = 50;
/** Enough of the last output to explain a failure. */
const KEPT_OUTPUT = 4000;

/** What became of a raw transaction. */
export type EvmSubmission =
  | {
      readonly accepted: true;
      readonly hash: string;
      /** `reverted`: mined and paid for, but its call failed. */
      readonly status: 'success' | 'reverted';
      readonly blockNumber: bigint;
      readonly gasUsed: bigint;
    }
  | { readonly accepted: false; readonly reason: string };

/** A running node. */
export interface EvmNode {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** anvil and its version, as it names itself. */
  readonly client: string;
  /** One JSON-RPC call. @throws {@link LocalChainError} If the node refuses it or is gone. */
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
  /** Sets the balance of an address (a faucet without a transaction: anvil_setBalance). */
  fund(address: string, wei: bigint): Promise<void>;
  /** Balance in wei. */
  balance(address: string): Promise<bigint>;
  /** Hands in a raw transaction (eth_sendRawTransaction) and waits for its receipt. A refusal is an answer, not an error. */
  submit(rawTransaction: Uint8Array): Promise<EvmSubmission>;
  /** Ends the node. Safe to call again. */
  stop(): Promise<void>;
}

export interface EvmNodeOptions {
  /** When aborted, the start fails, or the running node is ended. */
  readonly signal?: AbortSignal;
  /** Default: anvil's, 31337. */
  readonly chainId?: number;
  /** Default: a block for each transaction; otherwise blocks come by `evm_mine` only. */
  readonly mining?: boolean;
}

/**
 * Starts a node; about 0.1 to 3 s.
 *
 * @throws {@link LocalChainError} With a sentence for the user, if the binary is missing or does not start.
 */
export async function startEvmNode(options: EvmNodeOptions = {}): Promise<EvmNode> {
  options.signal?.throwIfAborted();
  const binary = anvilBinary(process.platform, process.arch);
  const { chainId: wanted, mining = true } = options;
  const extra = [...(wanted === undefined ? [] : ['--chain-id', String(wanted)]), ...(mining ? [] : ['--no-mining'])];
  // Port 0 lets the system choose, so that two nodes can never ask for the same one. anvil prints what it got.
  const fixed = ['--host', '127.0.0.1', '--port', '0', '--accounts', '0', '--hardfork', 'prague'];
  const child = spawn(binary, [...fixed, ...extra], {
    stdio: 'pipe',
    env: { ...process.env, NO_COLOR: '1' },
    windowsHide: true,
  });
  killWithParent(child);
  const abort = (): void => void endChild(child);
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const { port, output } = await listening(child, options.signal);
    const rpcUrl = `http://127.0.0.1:${port}`;
    const request = requester(rpcUrl, child, output);
    const chainId = Number(BigInt(text(await request('eth_chainId'), 'eth_chainId')));
    const client = text(await request('web3_clientVersion'), 'web3_clientVersion');
    return {
      rpcUrl,
      chainId,
      client,
      request,
      async fund(address, wei) {
        await request('anvil_setBalance', [address, `0x${wei.toString(16)}`]);
      },
      async balance(address) {
        return BigInt(text(await request('eth_getBalance', [address, 'latest']), 'eth_getBalance'));
      },
      submit: (rawTransaction) => submit(request, rawTransaction),
      async stop() {
        options.signal?.removeEventListener('abort', abort);
        await endChild(child);
      },
    };
  } catch (error) {
    options.signal?.removeEventListener('abort', abort);
    await endChild(child);
    throw error;
  }
}

const PLATFORM_PACKAGES: Readonly<Record<string, string>> = {
  'darwin arm64': '@foundry-rs/anvil-darwin-arm64',
  'darwin x64': '@foundry-rs/anvil-darwin-amd64',
  'linux arm64': '@foundry-rs/anvil-linux-arm64',
  'linux x64': '@foundry-rs/anvil-linux-amd64',
  'win32 x64': '@foundry-rs/anvil-win32-amd64',
};

/** Path of the binary in node_modules. @throws {@link LocalChainError} `MISSING_BINARY` with what to do about it. */
export function anvilBinary(platform: string, arch: string): string {
  const platformPackage = PLATFORM_PACKAGES[`${platform} ${arch}`];
  if (platformPackage === undefined) {
    throw new LocalChainError(
      'MISSING_BINARY',
      `The local EVM node (anvil) has no binary for ${platform} ${arch}: use one of ${Object.keys(PLATFORM_PACKAGES).join(', ')}.`,
    );
  }
  try {
    // From anvil's own folder: package managers that isolate packages put its optional parts beside it, not beside us.
    const anvil = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json');
    return createRequire(anvil).resolve(`${platformPackage}/bin/anvil${platform === 'win32' ? '.exe' : ''}`);
  } catch (cause) {
    throw new LocalChainError(
      'MISSING_BINARY',
      `The local EVM node is not installed: ${platformPackage} is missing. Run "npm ci" without --omit=optional.`,
      { cause },
    );
  }
}

/** Waits for the line that names the port. `output` keeps the end of what anvil prints. */
function listening(
  child: ChildProcessWithoutNullStreams,
  signal: AbortSignal | undefined,
): Promise<{ readonly port: number; readonly output: () => string }> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    const fail = (why: string, cause?: unknown): void => {
      clearTimeout(timer);
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const said = output.trim() === '' ? '' : ` It said: ${output.trim()}`;
      reject(new LocalChainError('START_FAILED', `The local EVM node (anvil) ${why}.${said}`, { cause }));
    };
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve({ port: Number(port), output: () => output });
    };
    // Both streams are read to the end, or a full pipe would stop anvil.
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(`cannot be run: ${error.message}`, error));
    child.once('close', (code, killedBy) => fail(`ended at once (${killedBy ?? `exit code ${code}`})`));
  });
}

type Request = EvmNode['request'];

function requester(rpcUrl: string, child: ChildProcessWithoutNullStreams, output: () => string): Request {
  let id = 0;
  return async (method, params = []) => {
    id += 1;
    let answer: unknown;
    try {
      const response = await fetch(rpcUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      answer = await response.json();
    } catch (cause) {
      if (child.exitCode === null && child.signalCode === null) {
        throw new LocalChainError('REQUEST_FAILED', `The local EVM node did not answer ${method}.`, { cause });
      }
      const last = output().trim().split('\n').at(-1) ?? '';
      throw new LocalChainError('STOPPED', `The local EVM node is not running any more. Its last line: ${last}`, {
        cause,
      });
    }
    if (typeof answer === 'object' && answer !== null) {
      if ('error' in answer) {
        throw new LocalChainError('REQUEST_FAILED', `${method}: ${errorMessage(answer.error)}`, {
          cause: answer.error,
        });
      }
      if ('result' in answer) return answer.result;
    }
    throw new LocalChainError('REQUEST_FAILED', `${method}: the answer is not JSON-RPC.`);
  };
}

async function submit(request: Request, rawTransaction: Uint8Array): Promise<EvmSubmission> {
  let hash: string;
  try {
    hash = text(await request('eth_sendRawTransaction', [`0x${Buffer.from(rawTransaction).toString('hex')}`]), 'hash');
  } catch (error) {
    // Only an answer of the node is a refusal; a node that is gone remains an error.
    if (error instanceof LocalChainError && error.code === 'REQUEST_FAILED' && !(error.cause instanceof Error)) {
      return { accepted: false, reason: errorMessage(error.cause) };
    }
    throw error;
  }
  for (let attempt = 0; attempt < RECEIPT_ATTEMPTS; attempt++) {
    const receipt = await request('eth_getTransactionReceipt', [hash]);
    if (typeof receipt === 'object' && receipt !== null) {
      const { status, blockNumber, gasUsed } = receipt as Record<string, unknown>;
      return {
        accepted: true,
        hash,
        status: BigInt(text(status, 'status')) === 1n ? 'success' : 'reverted',
        blockNumber: BigInt(text(blockNumber, 'blockNumber')),
        gasUsed: BigInt(text(gasUsed, 'gasUsed')),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, RECEIPT_PAUSE_MS));
  }
  // A future nonce waits in the pool for ever.
  return { accepted: false, reason: 'the node took the transaction but did not mine it' };
}

function errorMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return 'unknown error';
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new LocalChainError('REQUEST_FAILED', `${name}: the answer is not a string.`);
  return value;
}
