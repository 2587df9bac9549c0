/**
 * `dwallet send`.
 *
 * @module
 */
import { type Command, Option } from 'commander';
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
            'dwallet send --chain bitcoin --to bc1q... --amount 0.01btc --api node --rpc-file ~/.bitcoin-rpc',
          ]),
        ),
      ),
    ),
  )
    .requiredOption('--to <address>', 'who is paid')
    .requiredOption('--amount <amount>', 'with its unit: 0.1eth, 5gwei, 1wei; 0.001btc, 20000sat')
    .option('--chain <name>', 'an Ethereum chain or Bitcoin; default: the chain beside the local network')
    .option('--rpc <url>', 'JSON-RPC of an Ethereum node; for Bitcoin what --api says')
    .option('--rpc-file <file>', 'file with that URL, when it holds a password or key; or $DWALLET_RPC_FILE')
    .addOption(
      new Option(
        '--api <kind>',
        'for Bitcoin, what answers there: a server with the Esplora interface (the default), or a node of your own (bitcoind, bcoin)',
      ).choices(['esplora', 'node']),
    )
    .option('--data <file>', 'call data, for Ethereum chains')
    .option('--fee-rate <n>', 'sats per vbyte, for Bitcoin; default: what the server says', integer(1, 10_000))
    .option('--max-fee <amount>', 'most that gas or fee may cost (default: 0.05eth, 100000sat)')
    .option('--no-wait', 'does not wait until it is in the chain')
    .action(acting(finish, async () => (await import('../actions/send.ts')).send));
