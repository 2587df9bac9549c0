/**
 * `dwallet zone|asset|cluster`: what validators know about zones, assets and clusters.
 *
 * @module
 */
import { Argument, Command } from 'commander';
import { type Finish, acting, integer, newCommand, withConnection } from '../wallet/command-line.ts';
import type * as queries from './queries.ts';

const chain = new Argument('<chain>', 'CAIP-2 id, such as eip155:1');
const asset = new Argument('<asset>', 'CAIP-19 id on its OwnerChain, such as eip155:1/erc20:0x...');
const cluster = new Argument('<cluster>', 'name of the cluster');

const query = (name: string, description: string, example: string, ...args: Argument[]): Command => {
  const command = withConnection(newCommand(name, description, [example]));
  for (const argument of args) command.addArgument(argument);
  return command;
};

const load =
  <K extends keyof typeof queries>(name: K) =>
  async () =>
    (await import('./queries.ts'))[name];

export function zoneCommands(finish: Finish): Command[] {
  const zone = new Command('zone').description(
    'zones: chains with their own governance, and what became of their events',
  );
  zone
    .addCommand(
      query('list', 'all zones and their status', 'dwallet zone list').action(acting(finish, load('listZones'))),
    )
    .addCommand(query('show', 'one zone', 'dwallet zone show eip155:1', chain).action(acting(finish, load('showZone'))))
    .addCommand(
      query(
        'event',
        'the entry that an event made, or the rule that refuses it',
        'dwallet zone event eip155:1 0x12..:3',
        chain,
      )
        .argument('<reference>', 'names the event on its chain')
        .action(acting(finish, load('showEvent'))),
    )
    .addCommand(
      query('policy', 'what a dWallet may sign', 'dwallet zone policy 02ab...')
        .argument('<public-key>', '66 hex characters')
        .action(acting(finish, load('showPolicy'))),
    )
    .addCommand(
      query('submit', 'hands in a record with the approvals of its governance', 'dwallet zone submit zone.bin')
        .argument('<file>', 'the submission, as bytes or as hex')
        .action(acting(finish, load('submit'))),
    )
    .addCommand(
      query('watch', 'a zone whenever it changes', 'dwallet zone watch eip155:1', chain).action(
        acting(finish, load('watchZone')),
      ),
    );
  const assets = new Command('asset').description('assets: balances per chain, and the certified ledger');
  assets
    .addCommand(query('list', 'all assets', 'dwallet asset list').action(acting(finish, load('listAssets'))))
    .addCommand(
      query('show', 'one asset and its balances', 'dwallet asset show eip155:1/erc20:0x...', asset).action(
        acting(finish, load('showAsset')),
      ),
    )
    .addCommand(
      query('entries', 'entries of its ledger', 'dwallet asset entries eip155:1/erc20:0x... --from 10', asset)
        .option('--from <height>', 'first height', integer(0, Number.MAX_SAFE_INTEGER), 0)
        .action(acting(finish, load('listEntries'))),
    )
    .addCommand(
      query('entry', 'one entry with its certificate', 'dwallet asset entry eip155:1/erc20:0x... 42', asset)
        .argument('<height>', 'height of the entry', integer(0, Number.MAX_SAFE_INTEGER))
        .action(acting(finish, load('showEntry'))),
    )
    .addCommand(
      query('watch', 'entries as they are certified', 'dwallet asset watch eip155:1/erc20:0x...', asset)
        .option('--from <height>', 'first height', integer(0, Number.MAX_SAFE_INTEGER), 0)
        .action(acting(finish, load('watchEntries'))),
    );
  const clusters = new Command('cluster').description('clusters: members that exchange messages within one bound');
  clusters
    .addCommand(query('list', 'all clusters', 'dwallet cluster list').action(acting(finish, load('listClusters'))))
    .addCommand(
      query('show', 'one cluster, its members, and what is in doubt', 'dwallet cluster show fast', cluster).action(
        acting(finish, load('showCluster')),
      ),
    )
    .addCommand(
      query('settlement', 'one settlement with its certificate', 'dwallet cluster settlement fast 0', cluster)
        .argument('<interval>', 'number of the settlement', integer(0, Number.MAX_SAFE_INTEGER))
        .action(acting(finish, load('showSettlement'))),
    )
    .addCommand(
      query('watch', 'messages as they are certified', 'dwallet cluster watch fast', cluster)
        .option('--status', 'the status instead of the messages', false)
        .action(acting(finish, load('watchCluster'))),
    );
  return [zone, assets, clusters];
}
