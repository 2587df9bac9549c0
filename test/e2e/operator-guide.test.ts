/**
 * docs/operators.md, word by word: its commands on four "hosts", which are the loopback addresses 127.0.0.11 to 127.0.0.14, each with a folder of
 * its own and nothing shared but the files that the guide says to exchange. Then a client signs with the network that came out of it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clg112, createPublicParameters } from '@dwallet/class-groups';
import { DWalletClient, FileMessageStore, FileWalletStore, GrpcPeer } from '@dwallet/client-sdk/node';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { encodeText, secp256k1Curve } from '@dwallet/sigma';
import { adminCall, loadValidatorSet } from '@dwallet/validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dwallet-guide-'));
const names = ['alpha', 'beta', 'gamma', 'delta'];
const hosts = [1, 2, 3, 4];
const home = (index: number): string => join(folder, `host-${index}`);

interface Block {
  readonly where: 'every-host' | 'first-host' | 'lost-host';
  readonly background: boolean;
  readonly text: string;
}

/** Fenced blocks whose first line says where they run. `example` ones are not run. */
const blocks: Block[] = [
  ...readFileSync(join(root, 'docs', 'operators.md'), 'utf8').matchAll(/^```sh (\S+)( background)?\n([\s\S]*?)^```$/gm),
].flatMap(([, where, background, text]) =>
  where === 'example'
    ? []
    : [{ where: where as Block['where'], background: background !== undefined, text: text as string }],
);

const running = new Map<number, ChildProcess>();

function shell(index: number, { text, background }: Block): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', background ? `exec ${text}` : text], {
    cwd: home(index),
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      HOME: home(index),
      INDEX: String(index),
      NAME: names[index - 1],
      HOST: `127.0.0.${10 + index}`,
      NETWORK: 'guide',
      PROFILE: '112',
      // Four validators on the cores of one machine.
      DWALLET_COMPUTE_THREADS: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  if (background) {
    running.set(index, child);
    return Promise.resolve('');
  }
  return once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`on host ${index}:\n${text}\nended with ${code}:\n${out}`);
    return out;
  });
}

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'cli'], { cwd: root });
  mkdirSync(join(folder, 'bin'));
  const command = join(folder, 'bin', 'dwallet');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'cli', 'dist', 'main.js')}" "$@"\n`);
  chmodSync(command, 0o755);
  for (const index of hosts) mkdirSync(home(index));
});
afterAll(async () => {
  await Promise.all(
    [...running.values()].map(async (child) => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'close');
    }),
  );
  rmSync(folder, { recursive: true, force: true });
});

/** What people carry from host to host between two commands of the guide. */
function exchange(next: Block): void {
  if (next.text.includes('validator set ')) {
    for (const index of hosts.slice(1))
      copyFileSync(join(home(index), `entry-${index}.yaml`), join(home(1), `entry-${index}.yaml`));
  }
  if (next.text.includes('config --config') && next.text.includes('--check')) {
    for (const index of hosts.slice(1))
      copyFileSync(join(home(1), 'validators.yaml'), join(home(index), 'validators.yaml'));
  }
}

/** Host 4 loses its data folder: killed, deleted, and a backup of it comes from elsewhere. */
async function loseHost(): Promise<void> {
  const socket = join(home(4), 'data', 'admin.sock');
  await adminCall(socket, 'backup', { folder: join(home(4), 'backup-4') });
  const child = running.get(4) as ChildProcess;
  child.kill('SIGKILL');
  await once(child, 'close');
  rmSync(join(home(4), 'data'), { recursive: true });
}

describe.skipIf(process.platform !== 'linux')('the operator guide', () => {
  it('takes four hosts from nothing to a network that signs, through a backup and a restore', async () => {
    expect(blocks.length).toBeGreaterThanOrEqual(10);
    const said: string[] = [];
    let lost = false;
    for (const block of blocks) {
      exchange(block);
      if (block.where === 'lost-host' && !lost) {
        await loseHost();
        lost = true;
      }
      const where = block.where === 'every-host' ? hosts : block.where === 'first-host' ? [1] : [4];
      said.push(...(await Promise.all(where.map((index) => shell(index, block)))));
    }
    expect(lost).toBe(true);
    // Everybody checked the same network.
    const checked = said.flatMap((text) => /"networkId":"([0-9a-f]{64})"/.exec(text)?.[1] ?? []);
    expect(checked).toHaveLength(4);
    expect(new Set(checked).size).toBe(1);
    const { facts } = await adminCall<{ facts: Record<string, unknown> }>(
      join(home(4), 'data', 'admin.sock'),
      'status',
    );
    expect(facts).toMatchObject({ restored: true, phase: 'serving', networkId: checked[0] });
  }, 900_000);

  it('and a client signs with it, knowing the validator set only', async () => {
    const set = loadValidatorSet(join(home(1), 'validators.yaml'));
    const client = await DWalletClient.connect({
      peers: set.entries.map(
        ({ clients, name }) =>
          new GrpcPeer({ endpoint: clients, ca: set.authorities, tlsName: name, deadlineMs: 110_000 }),
      ),
      parameters: createPublicParameters(wasmKernel, clg112),
      curve: secp256k1Curve,
      store: new FileWalletStore(join(folder, 'wallet.json')),
      messages: new FileMessageStore(join(folder, 'messages')),
      random: (length) => new Uint8Array(randomBytes(length)),
      prepare: false,
    });
    const wallet = await client.createDWallet({ rawDigests: true });
    const { signature, blamed } = await wallet.signRaw('keccak256', encodeText('from the guide'));
    expect(signature.r).toBeTypeOf('bigint');
    expect(blamed).toEqual([]);
    client.close();
  });
});
