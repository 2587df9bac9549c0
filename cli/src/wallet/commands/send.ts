/**
 * `dwallet send`.
 *
 * @module
 */
import type { Command } from 'commander';
import {
  type Finish,
  acting,
  integer,
  newCommand,
  withApproval,
  withConnection,
  withDWalletChoice,
  withWallet,
} from '../command-line.ts';

export const sendCommand = (finish: Finish): Command =>
  withApproval(
    withDWalletChoice(
      withConnection(
        withWallet(
          newCommand('send', 'pays: builds, shows, signs, hands in, and waits until it is in the chain', [
            'dwallet send --to 0x000000000000000000000000000000000000dEaD --amount 0.1eth',
            'dwallet send --chain eip155:8453 --to 0x... --amount 5gwei --rpc-file ~/.base-rpc --yes',
            'dwallet send --chain bitcoin --to bc1q... --amount 20000sat --rpc https://example.org/api --fee-rate 4',
          ]),
        ),
      ),
    ),
  )
    .requiredOption('--to <address>', 'who is paid')
    .requiredOption('--amount <amount>', 'with its unit: 0.1eth, 5gwei, 1wei; 0.001btc, 20000sat')
    .option('--chain <name>', 'an Ethereum chain or Bitcoin; default: the chain beside the local network')
    .option(
      '--rpc <url>',
      'JSON-RPC of an Ethereum node, or a Bitcoin server with the Esplora interface (a bitcoind by itself has none)',
    )
    .option('--rpc-file <file>', 'file with that URL, when it holds a key of access; or $DWALLET_RPC_FILE')
    .option('--data <file>', 'call data, for Ethereum chains')
    .option('--fee-rate <n>', 'sats per vbyte, for Bitcoin; default: what the server says', integer(1, 10_000))
    .option('--max-fee <amount>', 'most that gas or fee may cost (default: 0.05eth, 100000sat)')
    .option('--no-wait', 'does not wait until it is in the chain')
    .action(acting(finish, async () => (await import('../actions/send.ts')).send));
