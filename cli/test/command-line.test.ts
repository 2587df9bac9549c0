/**
 * The wallet's commands without a network: what they take, what they ask, how they end, and what completion offers.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BITCOIN_NETWORKS } from '@dwallet/chains';
import { eip1559Chain, evmAddress, evmNetwork } from '@dwallet/chains/evm';
import { CancelledError, KeystoreError, SendError } from '@dwallet/client-sdk/node';
import { ChainServerError } from '@dwallet/client-sdk/bitcoin';
import { EvmRpcError } from '@dwallet/client-sdk/ethereum';
import { InvalidArgumentsError } from '@dwallet/sigma';
import { RemoteError } from '@dwallet/two-pc-mpc/client';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Shell, completionScript } from '../src/completion.ts';
import { CommandError } from '../src/network/layout.ts';
import { dwalletProgram } from '../src/program.ts';
import { parseAmount } from '../src/wallet/amount.ts';
import { chainNames } from '../src/wallet/chain-names.ts';
import { addressesOn, allAddresses, chainIdOf, chainIds } from '../src/wallet/chains.ts';
import { connectionOf, keepConnection } from '../src/wallet/connection.ts';
import { errorReport, exitCodeOf } from '../src/wallet/error-report.ts';
import { askHidden, readSecret, writeSecretFile } from '../src/wallet/secrets.ts';
import { pick } from '../src/wallet/session.ts';
import { formatOf } from '../src/wallet/tasks.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-cli-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const publicKey = Uint8Array.from(
  Buffer.from('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex'),
);
const program = (): Command => dwalletProgram(() => {});
const allCommands = (command: Command, path: string): [string, Command][] => [
  [path, command],
  ...command.commands.flatMap((inner) => allCommands(inner, `${path} ${inner.name()}`)),
];

describe('every command of the wallet', () => {
  const own = allCommands(program(), 'dwallet').filter(
    ([path, command]) =>
      command.commands.length === 0 && !/^dwallet (network|validator|worker|evidence|completion)/.test(path),
  );
  it('there are those of the issue', () => {
    const names = own.map(([path]) => path.slice('dwallet '.length));
    for (const name of ['wallet create', 'wallet list', 'wallet show', 'wallet recover', 'wallet passphrase'])
      expect(names).toContain(name);
    for (const name of ['address', 'sign', 'send', 'message', 'inspect', 'verify', 'bench'])
      expect(names).toContain(name);
  });
  it.each(own)('%s: --json, and examples that begin with its name', (path, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    expect(help).toContain(`Examples:\n  $ ${path}`);
    // No option takes a secret: those that have to do with one take a file or a descriptor.
    for (const { long, flags } of command.options)
      if (/pass|word|seed|secret|key/.test(long ?? '')) expect(flags, long ?? '').toMatch(/-(file|fd) <(file|n)>$/);
  });
});

describe('amounts', () => {
  it.each([
    ['0.1eth', 10n ** 17n],
    ['1 ETH', 10n ** 18n],
    ['1.5gwei', 1_500_000_000n],
    ['7wei', 7n],
  ])('%s', (text, wei) => expect(parseAmount(text, 'evm', '--amount')).toBe(wei));
  it('0.00000001btc', () => expect(parseAmount('0.00000001btc', 'bitcoin', '--amount')).toBe(1n));
  it.each(['1', '0.5wei', '1btc', '-1eth', '1e3wei', '.5eth', '1.0000000001gwei', '0x10wei', '1eth 2wei', ''])(
    'refuses %j',
    (text) => expect(() => parseAmount(text, 'evm', '--amount')).toThrow('--amount'),
  );
});

describe('chains', () => {
  it('every name stands for one, and every network of Bitcoin has a name', () => {
    expect(Object.keys(chainIds).sort()).toEqual([...chainNames].sort());
    for (const name of chainNames) expect(chainIdOf(name)).toMatch(/^[a-z0-9]+:/);
    expect(chainIdOf('eip155:8453')).toBe('eip155:8453');
    expect(Object.values(BITCOIN_NETWORKS).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['bitcoin', 'bitcoin-testnet', 'bitcoin-regtest'].map(chainIdOf)),
    );
    expect(() => chainIdOf('mars')).toThrow('--chain: mars');
  });
  it('addresses: those of the formats that differ, each EVM address once', () => {
    expect(addressesOn('eip155:1', publicKey).map(({ address }) => address)).toEqual([evmAddress(publicKey)]);
    expect(allAddresses(publicKey).filter(({ chainId }) => chainId.startsWith('eip155:'))).toHaveLength(1);
  });
  it('the format of raw bytes is read off them, or must be said', () => {
    const chain = eip1559Chain(evmNetwork(1));
    const intent = {
      nonce: 0,
      to: evmAddress(publicKey),
      valueWei: 1n,
      gasLimit: 21_000n,
      data: new Uint8Array(0),
      accessList: [],
      maxFeePerGasWei: 2n,
      maxPriorityFeePerGasWei: 1n,
    };
    const raw = chain.encodeUnsigned(chain.build(intent));
    expect(formatOf('eip155:1', raw, publicKey, undefined)).toBe('eip1559');
    expect(formatOf('eip155:1', raw, publicKey, 'legacy')).toBe('legacy');
    expect(() => formatOf('eip155:1', raw, publicKey, 'psbt')).toThrow('--format: psbt is not one of');
    expect(() => formatOf('eip155:1', Uint8Array.of(1, 2, 3), publicKey, undefined)).toThrow('--format');
  });
});

describe('which dWallet', () => {
  const wallets = [{ id: 'aa11' }, { id: 'aa22' }, { id: 'bb33' }];
  it('the only one, or the one that is meant', () => {
    expect(pick([{ id: 'aa11' }], undefined).id).toBe('aa11');
    expect(pick(wallets, 'b').id).toBe('bb33');
  });
  it.each([[undefined], ['aa'], ['cc']])('not by %j', (asked) => {
    expect(() => pick(wallets, asked)).toThrow('aa11, aa22, bb33');
  });
  it('not of a wallet that has none', () => expect(() => pick([], undefined)).toThrow('wallet create'));
});

describe('secrets', () => {
  const path = join(root, 'secret');
  const source = { what: 'passphrase', options: '--passphrase-file FILE', environment: 'DWALLET_TEST_SECRET_FILE' };
  it('from a file that an option or the environment names, or a descriptor: the first line', async () => {
    writeFileSync(path, 'correct horse \r\nnot this\n', { mode: 0o600 });
    expect(await readSecret({ ...source, file: path })).toBe('correct horse ');
    process.env['DWALLET_TEST_SECRET_FILE'] = path;
    expect(await readSecret(source)).toBe('correct horse ');
    delete process.env['DWALLET_TEST_SECRET_FILE'];
    expect(await readSecret({ ...source, descriptor: openSync(path, 'r') })).toBe('correct horse ');
  });
  it('nothing from an empty file, from two places, or from where nobody is', async () => {
    writeFileSync(join(root, 'empty'), '\nsecond\n', { mode: 0o600 });
    await expect(readSecret({ ...source, file: join(root, 'empty') })).rejects.toThrow('empty');
    await expect(readSecret({ ...source, file: join(root, 'gone') })).rejects.toThrow('cannot be read');
    await expect(readSecret({ ...source, file: path, descriptor: 0 })).rejects.toThrow('not both');
    await expect(readSecret({ ...source, descriptor: 4000 })).rejects.toThrow('descriptor 4000');
    await expect(readSecret(source)).rejects.toThrow('no terminal');
  });
  it('at the terminal: not shown, corrected, and given up', async () => {
    const type = async (text: string): Promise<string> => {
      const input = new PassThrough() as PassThrough & { setRawMode?: (on: boolean) => void };
      const modes: boolean[] = [];
      input.setRawMode = (on) => void modes.push(on);
      const asked = askHidden('', input);
      input.write(text);
      try {
        return await asked;
      } finally {
        expect(modes).toEqual([true, false]);
      }
    };
    expect(await type('passwörtx\u007f\n')).toBe('passwört');
    await expect(type('half\u0003')).rejects.toMatchObject({ exitCode: 130 });
  });
  it('a file for words is new, and its owner alone', () => {
    const words = join(root, 'words');
    writeSecretFile(words, 'one two');
    expect(readFileSync(words, 'utf8')).toBe('one two\n');
    expect(() => writeSecretFile(words, 'three')).toThrow('there already');
    expect(readFileSync(words, 'utf8')).toBe('one two\n');
  });
});

describe('the way to the network', () => {
  const folder = join(root, 'kept');
  it('is kept beside the wallet, certificates included', () => {
    const ca = join(root, 'ca.pem');
    writeFileSync(ca, 'PEM');
    const options = { endpoints: 'a.example:1, [::1]:2', ca, profile: '112' as const, networkId: 'ab'.repeat(32) };
    keepConnection(folder, options);
    rmSync(ca);
    const kept = { endpoints: ['a.example:1', '[::1]:2'], ca: 'PEM', profile: '112', networkId: 'ab'.repeat(32) };
    expect(connectionOf(folder, {})).toEqual(kept);
    keepConnection(folder, {});
    expect(connectionOf(folder, {})).toEqual(kept);
  });
  it.each([
    [{ endpoints: 'nowhere' }, '--endpoints'],
    [{ endpoints: 'a:1', network: 'x' }, '--network'],
    [{ ca: 'x' }, 'belong to --endpoints'],
    [{ endpoints: 'a:1', networkId: 'zz' }, '--network-id'],
  ])('not by %j', (options, said) => expect(() => connectionOf(folder, options)).toThrow(said));
  it('a file that somebody bent is an error', () => {
    writeFileSync(join(folder, 'connection.json'), '{"version":1,"endpoints":[7]}');
    expect(() => connectionOf(folder, {})).toThrow('not a file that this version reads');
  });
});

describe('how a command ends', () => {
  it.each([
    [new CancelledError(), 130],
    [new InvalidArgumentsError('x', 'y'), 2],
    [new KeystoreError('KEYSTORE_WRONG_SECRET', 'x'), 3],
    [new KeystoreError('KEYSTORE_DAMAGED', 'x'), 1],
    [new RemoteError('UNAVAILABLE', undefined, 'x'), 4],
    [new RemoteError('PERMISSION_DENIED', undefined, 'x'), 3],
    [new SendError('SEND_NOT_APPROVED', 'x'), 3],
    [new SendError('SEND_WAIT_FAILED', 'x', undefined, { cause: new EvmRpcError('EVM_RPC_UNREACHABLE', 'x') }), 4],
    [new SendError('SEND_WAIT_FAILED', 'x', undefined, { cause: new ChainServerError('CHAIN_UNREACHABLE', 'x') }), 4],
    [new ChainServerError('CHAIN_REFUSED', 'x'), 3],
    [new ChainServerError('CHAIN_ANSWER', 'x'), 1],
    [new CommandError('x', 3), 3],
    [new Error('x'), 1],
  ])('%s: %i', (error, code) => expect(exitCodeOf(error)).toBe(code));

  it('a payment that may yet come to be is in the report', () => {
    const signed = { encoded: Uint8Array.of(1, 2), txid: '0xab' };
    const report = errorReport(new SendError('SEND_BROADCAST_FAILED', 'x', signed));
    expect(report).toEqual({
      error: 'SEND_BROADCAST_FAILED',
      message: 'x',
      exitCode: 1,
      transaction: { txid: '0xab', raw: '0102' },
    });
  });
});

describe('completion', () => {
  /** What a shell offers for the last word, or how it completes the line. */
  type Ask = (line: string) => string[];
  const scriptOf = (shell: Shell): string => {
    const path = join(root, `completion.${shell}`);
    writeFileSync(path, completionScript(program(), shell));
    return path;
  };
  const has = (shell: Shell): boolean => {
    const there = process.platform !== 'win32' && spawnSync(shell, ['--version']).status === 0;
    if (!there) process.stdout.write(`skipped: ${shell} is not installed here\n`);
    return there;
  };
  const run = (shell: Shell, args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(shell, args, { encoding: 'utf8', cwd: root, timeout: 60_000 });
    expect([status, stderr], shell).toEqual([0, '']);
    return stdout;
  };
  const bash: Ask = (line) => {
    const typed = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _dwallet; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const offered = run('bash', ['-c', typed, 'bash', scriptOf('bash'), ...line.split(' ')]);
    return offered.trim().split('\n');
  };
  const fish: Ask = (line) =>
    run('fish', ['--no-config', '-c', `source ${scriptOf('fish')}; complete -C ${JSON.stringify(line)}`])
      .trim()
      .split('\n')
      .map((offer) => offer.split('\t', 1)[0] as string);
  /** An interactive zsh at a terminal: the line after the tabulator key, with the part that all offers have in common. */
  const zsh: Ask = (line) => {
    const [script, out] = [scriptOf('zsh'), join(root, 'zsh-line')];
    rmSync(out, { force: true });
    const inner = [
      `autoload -U compinit; compinit -u -D; source ${script}; setopt no_beep no_auto_menu no_list_ambiguous`,
      `tell() { print -r -- "$BUFFER" > ${out}.part; command mv ${out}.part ${out} }; zle -N tell; bindkey '^Xt' tell`,
      'print ready-to-$((1 + 1))',
    ].join('\n');
    writeFileSync(join(root, 'inner.zsh'), inner);
    const outer = [
      'zmodload zsh/zpty',
      `zpty z 'TERM=dumb PS1= zsh -f -i'`,
      `zpty -w z 'source ${join(root, 'inner.zsh')}'`,
      "zpty -r -m z said '*ready-to-2*'",
      `zpty -w -n z $'${line}\t\x18t'`,
      `while [[ ! -s ${out} ]]; do zpty -r -t z more; sleep 0.02; done`,
      'zpty -d z',
    ].join('\n');
    run('zsh', ['-f', '-c', outer]);
    return [readFileSync(out, 'utf8').trimEnd()];
  };
  const offers = (shell: Shell, ask: Ask): void => {
    expect(ask('dwallet ')).toEqual(expect.arrayContaining(['wallet', 'send', 'network', 'completion']));
    expect(ask('dwallet wa')).toEqual(['wallet']);
    expect(ask('dwallet wallet re')).toEqual(['recover']);
    expect(ask('dwallet wallet create --pass').toSorted()).toEqual(['--passphrase-fd', '--passphrase-file']);
    expect(ask('dwallet completion ')).toEqual(expect.arrayContaining(['bash', 'fish', 'zsh']));
    expect(ask('dwallet network ')).not.toContain('init-local');
    // Two commands end with the same word, and take different options.
    expect(ask('dwallet evidence verify --re'), shell).not.toContain('--record');
    expect(ask('dwallet verify --re'), shell).toEqual(['--record']);
    // After an option with a value: its words, or files.
    expect(ask('dwallet bench --profile ').toSorted()).toEqual(['112', '128']);
    expect(ask('dwallet send --data ')).toContain('payload.bin');
    expect(ask('dwallet inspect pay')).toEqual(['payload.bin']);
  };
  beforeAll(() => writeFileSync(join(root, 'payload.bin'), 'x'));

  it.skipIf(!has('bash'))('of bash, as bash does it', () => offers('bash', bash));
  it.skipIf(!has('fish'))('of fish, as fish does it', () => offers('fish', fish));
  it.skipIf(!has('zsh'))('of zsh, as zsh does it at a terminal', () => {
    expect(zsh('dwallet wa')).toEqual(['dwallet wallet']);
    expect(zsh('dwallet wallet re')).toEqual(['dwallet wallet recover']);
    expect(zsh('dwallet wallet create --pass')).toEqual(['dwallet wallet create --passphrase-f']);
    expect(zsh('dwallet evidence verify --re')).toEqual(['dwallet evidence verify --re']);
    expect(zsh('dwallet verify --re')).toEqual(['dwallet verify --record']);
    expect(zsh('dwallet bench --profile ')).toEqual(['dwallet bench --profile 1']);
    expect(zsh('dwallet send --data pay')).toEqual(['dwallet send --data payload.bin']);
    expect(zsh('dwallet inspect pay')).toEqual(['dwallet inspect payload.bin']);
    // As a file in a folder of functions it serves the first time already.
    const folder = join(root, 'functions');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '_dwallet'), completionScript(program(), 'zsh'));
    const asFile = `fpath=(${folder} $fpath); autoload -U compinit; compinit -u -D; print \${_comps[dwallet]}`;
    expect(run('zsh', ['-f', '-c', asFile])).toBe('_dwallet\n');
  });
});
