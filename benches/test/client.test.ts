import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { DWallet, DWalletClient } from '@dwallet/client-sdk';
import { MemoryKeystore } from '@dwallet/client-sdk';
import { describe, expect, it } from 'vitest';
import { parseClientOptions } from '../src/client.ts';
import { ClientSide, clientJson, formatClient } from '../src/client/figures.ts';
import { Relay } from '../src/client/relay.ts';
import { WalletSteps, presignsOf, stepTexts, stepsOf } from '../src/client/steps.ts';
import { UsageError } from '../src/command-line.ts';

describe('options of bench:client', () => {
  it('measures CLG-128 in Node, and in a browser and beside the peer where they are', () => {
    expect(parseClientOptions([])).toEqual({ profile: '128', rounds: 5, browser: 'auto', peer: 'auto', json: false });
    const smoke = { profile: '112', rounds: 1, browser: 'no', peer: 'no', json: true };
    expect(parseClientOptions(['--smoke', '--json'])).toEqual(smoke);
    expect(parseClientOptions(['--help'])).toBeUndefined();
  });
  it.each([[['--rounds', '0']], [['--rounds', '16']], [['--browser', 'firefox']], [['--profile', '96']]])(
    'refuses %j',
    (argv) => expect(() => parseClientOptions(argv)).toThrow(UsageError),
  );
});

describe('the steps of bench:client', () => {
  it('need as many presigns as are made before, and have a name each', () => {
    for (const rounds of [1, 5]) {
      const steps = stepsOf(rounds);
      expect(steps.filter((step) => step.startsWith('sign'))).toHaveLength(presignsOf(rounds));
      expect(steps.every((step) => step in stepTexts)).toBe(true);
    }
  });

  it('are done, or an error: a wallet that prepares nothing and a signature of another length are not measured', async () => {
    let [prepared, length] = [1, 65];
    const wallet = {
      prepare: async () => prepared,
      signMessage: async () => new Uint8Array(length),
    } as unknown as DWallet;
    const client = { createDWallet: async () => wallet, close() {} } as unknown as DWalletClient;
    const steps = new WalletSteps({ openKeystore: async () => new MemoryKeystore(), connect: async () => client });
    await expect(steps.run('sign')).rejects.toThrow('an earlier step is missing');
    for (const step of stepsOf(1)) await steps.run(step);
    prepared = 0;
    await expect(steps.run('prepare')).rejects.toThrow('no presign was prepared');
    length = 64;
    await expect(steps.run('sign')).rejects.toThrow('no signature');
  });
});

describe('figures of bench:client', () => {
  const side = new ClientSide('node');
  for (const cpu of [30, 10, 20]) side.add({ step: 'sign', cpu, wall: 2 * cpu, bytes: 1000 + cpu, memory: 5000 * cpu });

  it('are medians by step, and the peak of all', () => {
    expect(side.figures()).toEqual([
      { figure: 'client/node/sign.cpu', value: 20, unit: 'ms' },
      { figure: 'client/node/sign.wall', value: 40, unit: 'ms' },
      { figure: 'client/node/sign.bytes', value: 1020, unit: 'bytes' },
      { figure: 'client/node/memory.peak', value: 150_000, unit: 'bytes' },
    ]);
    expect(clientJson({ figure: 'x', value: 1 / 3, unit: 'ratio' })).toEqual({
      figure: 'x',
      value: 0.333333,
      target: null,
      met: null,
      unit: 'ratio',
    });
  });

  it('leave empty what was not measured', () => {
    const table = formatClient([side, new ClientSide('chromium')]);
    expect(table).toMatch(/^signature +20\.0 ms +40\.0 ms +1 020 B *$/m);
    expect(table).toMatch(/^create a dWallet *$/m);
  });
});

describe('the relay', () => {
  it('counts both directions, changes nothing, and ends both sides', async () => {
    const echo = createServer((socket) =>
      socket.on('data', (chunk: Buffer) => socket.end(Buffer.concat([chunk, chunk]))),
    );
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const relay = await Relay.start((echo.address() as AddressInfo).port);
    const socket = connect({ host: '127.0.0.1', port: relay.port });
    socket.write(Buffer.alloc(1000, 7));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    expect(Buffer.concat(chunks)).toEqual(Buffer.alloc(2000, 7));
    expect(relay.bytes).toBe(3000);
    relay.close();
    echo.close();
  });
});
