/**
 * `dwallet network ...`: a development network on loopback, each validator a process of its own.
 *
 * @module
 */
import { existsSync, mkdirSync, rmSync, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalEvm } from '@dwallet/client-sdk/node';
import type { Reporter } from '../reporter.ts';
import {
  CommandError,
  type NetworkFile,
  type ProfileBits,
  checkGenesis,
  choosePorts,
  readNetwork,
  requireNetwork,
  evmPaths,
  validatorPaths,
  writeNetwork,
} from './layout.ts';
import {
  type Readiness,
  askReadiness,
  lastLines,
  pidOf,
  runValidatorCommand,
  startEvmProcess,
  startValidator,
  stopValidator,
} from './processes.ts';

const numbers = (file: NetworkFile): number[] => file.ports.map((_, i) => i + 1);

function requireIndex(file: NetworkFile, index: number): void {
  if (index < 1 || index > file.ports.length)
    throw new CommandError(`there is no validator ${index}: this network has 1 to ${file.ports.length}`, 2);
}

export interface UpOptions {
  readonly data: string;
  readonly validators: number | undefined;
  readonly profile: ProfileBits | undefined;
  readonly detach: boolean;
  /** A local Ethereum chain (anvil) beside the validators. */
  readonly evm: boolean;
  readonly timeoutMs: number;
  /** `field=value`, passed on to every validator's configuration when the network is made. */
  readonly set: readonly string[];
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

/** Makes what is missing of a network: keys, certificates, validator set, configurations. */
export async function prepareNetwork(
  options: Pick<UpOptions, 'data' | 'validators' | 'profile' | 'set'>,
): Promise<NetworkFile> {
  const { data } = options;
  const known = readNetwork(data);
  const validators = options.validators ?? known?.ports.length ?? 4;
  const profile = options.profile ?? known?.profile ?? '128';
  if (known !== undefined && (known.ports.length !== validators || known.profile !== profile)) {
    throw new CommandError(
      `the network in ${data} has ${known.ports.length} validators and CLG-${known.profile}: use another folder`,
      2,
    );
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const running = known === undefined ? [] : numbers(known).filter((i) => pidOf(validatorPaths(data, i)) !== undefined);
  // Whoever runs keeps the ports that it has.
  const ports =
    running.length > 0 && known !== undefined ? [...known.ports] : await choosePorts(validators, known?.ports ?? []);
  const file: NetworkFile = { version: 1, profile, ports };
  const portArguments = ports.map(({ peers, clients, http, browser }) => `${peers},${clients},${http},${browser}`);
  const settings = options.set.flatMap((assignment) => ['--set', assignment]);
  const made = await runValidatorCommand([
    'init-local',
    '--data',
    data,
    '--profile',
    profile,
    ...settings,
    ...portArguments,
  ]);
  checkGenesis(data, (JSON.parse(made) as { identities: string[] }).identities);
  writeNetwork(data, file);
  return file;
}

/** Waits until a validator is ready. @throws CommandError when its process ends first, or after `timeoutMs`. */
async function untilReady(
  data: string,
  file: NetworkFile,
  indices: readonly number[],
  timeoutMs: number,
  signal: AbortSignal,
  progress: (detail: string) => void,
): Promise<void> {
  const begin = performance.now();
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    const states = await Promise.all(
      indices.map(async (i) => ({ i, state: await askReadiness(file.ports[i - 1]?.http ?? 0) })),
    );
    if (states.every(({ state }) => state?.ready === true)) return;
    const gone = indices.find((i) => pidOf(validatorPaths(data, i)) === undefined);
    if (gone !== undefined) {
      const { log } = validatorPaths(data, gone);
      throw new CommandError(
        `validator ${gone} has ended: ${lastLines(log, 1)[0] ?? 'nothing was logged'}\nsee ${log}`,
      );
    }
    const text = states.map(({ i, state }) => `${i}: ${describe(state)}`).join(', ');
    if (text !== said) progress(text);
    said = text;
    if (performance.now() - begin > timeoutMs) throw new CommandError(`not ready in time (${text})`);
    await sleep(200, undefined, { signal });
  }
}

const describe = (state: Readiness | undefined): string => {
  if (state === undefined) return 'starting';
  if (state.ready) return 'ready';
  const waiting = Object.entries(state.conditions).flatMap(([name, holds]) => (holds ? [] : [name]));
  return `waiting for ${waiting.join(' and ')}`;
};

/** Starts the chain unless it runs, and waits until it answers. @throws CommandError when its process ends first. */
async function startEvm(data: string, detached: boolean, timeoutMs: number, signal: AbortSignal): Promise<LocalEvm> {
  const paths = evmPaths(data);
  if (pidOf(paths) === undefined) rmSync(paths.config, { force: true });
  startEvmProcess({ paths, detached });
  const begin = performance.now();
  while (!existsSync(paths.config)) {
    if (pidOf(paths) === undefined || performance.now() - begin > timeoutMs)
      throw new CommandError(
        `the Ethereum chain does not start: ${lastLines(paths.log, 1)[0] ?? 'nothing was logged'}`,
      );
    await sleep(50, undefined, { signal });
  }
  const { localEvm } = await import('@dwallet/client-sdk/node');
  return localEvm(data);
}

/** Gives an address of the local chain coins out of nothing. @returns its balance, in wei. */
export async function fund(data: string, address: string, wei: bigint): Promise<bigint> {
  requireNetwork(data);
  if (pidOf(evmPaths(data)) === undefined)
    throw new CommandError('no Ethereum chain runs beside this network: start it with "dwallet network up --evm"', 3);
  const [{ localEvm }, { httpRpc }] = await Promise.all([
    import('@dwallet/client-sdk/node'),
    import('@dwallet/client-sdk/ethereum'),
  ]);
  const node = httpRpc(localEvm(data).rpc);
  await node.request({ method: 'anvil_setBalance', params: [address, `0x${wei.toString(16)}`] });
  return BigInt(String(await node.request({ method: 'eth_getBalance', params: [address, 'latest'] })));
}

/** `network up`. Resolves when all serve, if it was to leave them (`detach`) or they ran already; otherwise when the signal has ended what it started. */
export async function up(options: UpOptions): Promise<void> {
  const { data, detach, report, signal, timeoutMs } = options;
  const file = await report.step('keys, certificates and configurations', () => prepareNetwork(options));
  const all = numbers(file);
  const over = new AbortController();
  const startsEvm = options.evm && pidOf(evmPaths(data)) === undefined;
  const started = all.filter((i) => {
    const child = startValidator({
      paths: validatorPaths(data, i),
      detached: detach,
      onExit: (code, by) => {
        if (signal.aborted || over.signal.aborted) return;
        report.say(`validator ${i} ended (${code ?? by})`, { event: 'exited', validator: i, code, signal: by });
      },
    });
    return child !== undefined;
  });
  const end = async (): Promise<void> => {
    over.abort();
    await Promise.all([
      ...started.map((i) => stopValidator(validatorPaths(data, i), 'SIGTERM', 40_000)),
      ...(startsEvm ? [stopValidator(evmPaths(data), 'SIGTERM', 5_000)] : []),
    ]);
  };
  let evm: LocalEvm | undefined;
  try {
    if (options.evm) evm = await report.step('a local Ethereum chain', () => startEvm(data, detach, timeoutMs, signal));
    await report.step(`starting ${started.length} of ${all.length} validators`, (progress) =>
      untilReady(data, file, all, timeoutMs, signal, progress),
    );
  } catch (error) {
    await end();
    if (signal.aborted) return;
    throw error;
  }
  for (const i of all) {
    const { clients, http, browser } = file.ports[i - 1] as NetworkFile['ports'][number];
    const pages = browser === 0 ? '' : `   pages http://127.0.0.1:${browser}`;
    report.say(`validator ${i}   clients 127.0.0.1:${clients}${pages}   http://127.0.0.1:${http}/metrics`, {
      event: 'validator',
      validator: i,
      pid: pidOf(validatorPaths(data, i)),
      ...(file.ports[i - 1] as NetworkFile['ports'][number]),
    });
  }
  if (evm !== undefined) report.say(`Ethereum chain ${evm.chainId}   ${evm.rpc}`, { event: 'evm', ...evm });
  const own = started.length + (startsEvm ? 1 : 0);
  report.say(`the network ${own === 0 ? 'ran already' : 'serves'}; its state is in ${data}`, {
    event: 'up',
    validators: all.length,
    profile: `CLG-${file.profile}`,
    data,
    detached: detach,
    // Processes that this command has started, the chain included.
    started: own,
  });
  if (detach || own === 0) return;
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await report.step('stopping the validators', end);
}

export interface ValidatorState {
  readonly validator: number;
  readonly state: 'stopped' | 'starting' | 'waiting' | 'ready';
  readonly pid: number | null;
  readonly waitingFor: readonly string[];
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

export async function status(data: string): Promise<ValidatorState[]> {
  const file = requireNetwork(data);
  return Promise.all(
    numbers(file).map(async (validator) => {
      const pid = pidOf(validatorPaths(data, validator));
      const answer = pid === undefined ? undefined : await askReadiness(file.ports[validator - 1]?.http ?? 0);
      return {
        validator,
        state: pid === undefined ? 'stopped' : answer === undefined ? 'starting' : answer.ready ? 'ready' : 'waiting',
        pid: pid ?? null,
        waitingFor: Object.entries(answer?.conditions ?? {}).flatMap(([name, holds]) => (holds ? [] : [name])),
        facts: answer?.facts ?? {},
      } as const;
    }),
  );
}

/** Ends all validators, or some of them. @returns which ones were running. */
export async function stop(data: string, graceMs: number): Promise<number[]> {
  const file = requireNetwork(data);
  const stopped = await Promise.all(
    numbers(file).map(async (i) => ((await stopValidator(validatorPaths(data, i), 'SIGTERM', graceMs)) ? [i] : [])),
  );
  await stopValidator(evmPaths(data), 'SIGTERM', graceMs);
  return stopped.flat();
}

/** SIGKILL: no notice, no clean-up. @returns its process. */
export async function kill(data: string, index: number): Promise<number> {
  const file = requireNetwork(data);
  requireIndex(file, index);
  const paths = validatorPaths(data, index);
  const pid = pidOf(paths);
  if (pid === undefined) throw new CommandError(`validator ${index} is not running`, 3);
  await stopValidator(paths, 'SIGKILL', 10_000);
  return pid;
}

/** Starts one validator again, in the background, and waits until it is ready. */
export async function start(
  data: string,
  index: number,
  timeoutMs: number,
  report: Reporter,
  signal: AbortSignal,
): Promise<number> {
  const file = requireNetwork(data);
  requireIndex(file, index);
  const paths = validatorPaths(data, index);
  if (startValidator({ paths, detached: true }) === undefined)
    throw new CommandError(`validator ${index} is already running`, 3);
  await report.step(`starting validator ${index}`, (progress) =>
    untilReady(data, file, [index], timeoutMs, signal, progress),
  );
  return pidOf(paths) as number;
}

/** A log line for people; what is not one of ours comes as it is. */
export function formatLine(line: string): string {
  try {
    const { time, level, msg, validator, traceId, session, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
    const short = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 8) : '-');
    const details = Object.entries(rest).flatMap(([name, value]) =>
      ['network', 'pid', 'hostname'].includes(name) ? [] : [`${name}=${text(value)}`],
    );
    return [
      text(time).slice(11, 23),
      String(level).padEnd(5),
      `v${text(validator)}`,
      short(traceId),
      short(session),
      text(msg),
      ...details,
    ].join(' ');
  } catch {
    return line;
  }
}

export interface LogOptions {
  readonly index: number | undefined;
  readonly follow: boolean;
  readonly lines: number;
  readonly signal: AbortSignal;
  readonly write: (line: string) => void;
}

/** Prints the last lines of the logs, and follows them. */
export async function logs(data: string, options: LogOptions): Promise<void> {
  const file = requireNetwork(data);
  if (options.index !== undefined) requireIndex(file, options.index);
  const wanted = options.index === undefined ? numbers(file) : [options.index];
  const paths = wanted.map((i) => validatorPaths(data, i).log);
  const recent = paths.flatMap((path) => lastLines(path, options.lines));
  // Lines begin with their time, so several logs sort into one.
  const timeOf = (line: string): string => /"time":"([^"]*)"/.exec(line)?.[1] ?? '';
  for (const line of recent.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))) options.write(line);
  if (!options.follow) return;
  await Promise.all(paths.map((path) => follow(path, options)));
}

async function follow(path: string, { signal, write }: LogOptions): Promise<void> {
  while (!existsSync(path)) {
    if (signal.aborted) return;
    await sleep(200);
  }
  const handle = await open(path, 'r');
  try {
    let at = (await handle.stat()).size;
    let rest = '';
    while (!signal.aborted) {
      const { size } = await handle.stat();
      while (at < size) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(write);
      }
      await changed(path, signal);
    }
  } finally {
    await handle.close();
  }
}

/** Until a file changes, or half a second: not every file system tells. */
const changed = (path: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const watcher = watch(path);
    const done = (): void => {
      clearTimeout(timer);
      watcher.close();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, 500);
    watcher.once('change', done);
    watcher.once('error', done);
    signal.addEventListener('abort', done);
  });
