/**
 * The development network under the page: `dwallet network up --evm` as a process, and what it says.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../protocol.ts';

export interface LocalNetworkOptions {
  /** Folder of its state; what is there is used again. */
  readonly data: string;
  readonly profile: '112' | '128' | undefined;
  /** `field=value` for every validator. */
  readonly set?: readonly string[];
  readonly signal: AbortSignal;
  readonly onLine: (text: string) => void;
}

export interface RunningNetwork {
  readonly settings: Settings;
  /** Whether anything was started here. What ran before goes on without this process. */
  readonly started: boolean;
  /** Resolves when what was started here has ended, whoever ended it; never when nothing was. */
  readonly ended: Promise<void>;
  /** Ends what was started here. */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('../../../../cli/dist/main.js', import.meta.url));

interface NetworkEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** @throws Error with what the command said, when it ends before the network serves. */
export async function startLocalNetwork({
  data,
  profile,
  set = [],
  signal,
  onLine,
}: LocalNetworkOptions): Promise<RunningNetwork> {
  const options = ['--validators', '4', ...(profile === undefined ? [] : ['--profile', profile])];
  const settings = set.flatMap((one) => ['--set', one]);
  const child = spawn(
    process.execPath,
    [program, 'network', 'up', '--evm', '--json', '--data', data, ...options, ...settings],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const end = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const endpoints: string[] = [];
  let rpc = '';
  let chainId = 0;
  const up = new Promise<Pick<RunningNetwork, 'settings' | 'started'>>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as NetworkEvent;
      if (told.event === 'validator') endpoints.push(`http://127.0.0.1:${Number(told['browser'])}`);
      else if (told.event === 'evm') [rpc, chainId] = [String(told['rpc']), Number(told['chainId'])];
      else if (told.event === 'step' && told['state'] === 'finished') onLine(`${String(told['title'])}: done`);
      else if (told.event === 'error') errors += `${String(told['message'])}\n`;
      else if (told.event === 'up')
        resolve({
          settings: { endpoints, rpc, chainId, profile: told['profile'] === 'CLG-112' ? '112' : '128' },
          started: Number(told['started']) > 0,
        });
    });
    void closed.then(() => reject(new Error(errors.trim() || 'the network has ended')));
  });
  const stop = async (): Promise<void> => {
    end();
    await closed;
  };
  const serving = await up;
  // The command has nothing to wait for when everything ran already.
  return { ...serving, ended: serving.started ? closed : new Promise(() => {}), stop };
}
