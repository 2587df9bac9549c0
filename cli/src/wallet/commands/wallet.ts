/**
 * `dwallet wallet create|list|show|recover|passphrase`.
 *
 * @module
 */
import { Command } from 'commander';
import { type Finish, acting, integer, newCommand, withConnection, withWallet } from '../command-line.ts';

export function walletCommand(finish: Finish): Command {
  const group = new Command('wallet').description(
    'the wallet: an encrypted folder with one recovery seed and any number of dWallets',
  );
  group.addCommand(
    withConnection(
      withWallet(
        newCommand('create', 'makes a dWallet; and the wallet, with new recovery words, if there is none yet', [
          'dwallet wallet create --network .dwallet/network',
          'dwallet wallet create --endpoints v1.example.org:7001,v2.example.org:7001 --passphrase-file ~/.dwallet-passphrase',
        ]),
      ),
    )
      .option('--words-file <file>', 'new file for the recovery words, instead of showing them')
      .option('--raw-digests', 'lets validators sign bytes that they cannot read, for this dWallet and for ever', false)
      .action(acting(finish, async () => (await import('../actions/wallet.ts')).create)),
  );
  group.addCommand(
    withWallet(newCommand('list', 'the dWallets of the wallet', ['dwallet wallet list --json'])).action(
      acting(finish, async () => (await import('../actions/wallet.ts')).list),
    ),
  );
  group.addCommand(
    withWallet(
      newCommand('show', 'one dWallet with its addresses', ['dwallet wallet show', 'dwallet wallet show 3fa8']),
    )
      .argument('[id]', 'beginning of its id; needed when there are several')
      .action(acting(finish, async () => (await import('../actions/wallet.ts')).show)),
  );
  group.addCommand(
    withConnection(
      withWallet(
        newCommand('recover', 'brings all dWallets back from the recovery words and the network, into a new wallet', [
          'dwallet wallet recover --wallet restored --network .dwallet/network',
          'dwallet wallet recover --wallet restored --words-file words.txt --endpoints v1.example.org:7001',
        ]),
      ),
    )
      .option(
        '--words-file <file>',
        'file whose first line has the 24 words; or $DWALLET_WORDS_FILE; default: they are asked for',
      )
      .action(acting(finish, async () => (await import('../actions/wallet.ts')).recover)),
  );
  group.addCommand(
    withWallet(
      newCommand('passphrase', 'changes the passphrase; the recovery words stay the same', [
        'dwallet wallet passphrase',
        'dwallet wallet passphrase --passphrase-file old --new-passphrase-file new',
      ]),
    )
      .option('--new-passphrase-file <file>', 'file whose first line is the new one; or $DWALLET_NEW_PASSPHRASE_FILE')
      .option('--new-passphrase-fd <n>', 'file descriptor to read it from', integer(0, 1_000_000))
      .action(acting(finish, async () => (await import('../actions/wallet.ts')).passphrase)),
  );
  return group;
}
