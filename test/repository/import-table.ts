/** Who may import what: the table of architecture.md, as data. A name is a package of ours or an npm scope or package. */
export interface ImportRow {
  readonly folder: string;
  /** Packages of ours, by specifier; subpaths are listed one by one. */
  readonly ours: readonly string[];
  /** npm packages and scopes; undefined for "any, and node: builtins too". */
  readonly theirs?: readonly string[];
}

/** The package and its entries, one per family of chains. */
const chains = ['', '/bitcoin', '/evm', '/cosmos', '/tron', '/xrpl', '/encoded-request', '/request', '/registry'].map(
  (entry) => `@dwallet/chains${entry}`,
);

/** The wallet and its entries, one per kind of chain or program. */
const clientSdk = [
  '',
  '/node',
  '/browser',
  '/compute-worker',
  '/ethereum',
  '/evm-wallets',
  '/bitcoin',
  '/cosmos',
  '/tron',
  '/xrpl',
].map((entry) => `@dwallet/client-sdk${entry}`);

/** For gRPC, and for programs that have none. */
const proto = ['@dwallet/proto', '@dwallet/proto/es'];

const pure = ['@dwallet/kernel', '@dwallet/sigma', '@dwallet/class-groups', ...chains, '@dwallet/zones'];

export const importTable: readonly ImportRow[] = [
  { folder: 'packages/kernel', ours: [], theirs: [] },
  { folder: 'packages/sigma', ours: ['@dwallet/kernel'], theirs: ['@noble'] },
  { folder: 'packages/class-groups', ours: ['@dwallet/kernel', '@dwallet/sigma'], theirs: ['@noble'] },
  {
    folder: 'packages/two-pc-mpc',
    ours: ['@dwallet/kernel', '@dwallet/sigma', '@dwallet/class-groups'],
    theirs: ['@noble'],
  },
  {
    folder: 'packages/chains',
    ours: [],
    theirs: ['@noble', '@scure', 'viem', 'cosmjs-types', 'ripple-address-codec', 'ripple-binary-codec'],
  },
  { folder: 'packages/zones', ours: ['@dwallet/sigma', ...chains], theirs: ['@noble'] },
  { folder: 'proto', ours: [] },
  { folder: 'services/validator', ours: [...proto, ...pure, '@dwallet/two-pc-mpc/network'] },
  { folder: 'client-sdk', ours: [...proto, ...pure, '@dwallet/two-pc-mpc/client'] },
  {
    folder: 'cli',
    ours: [
      '@dwallet/kernel',
      '@dwallet/sigma',
      '@dwallet/class-groups',
      ...chains,
      '@dwallet/zones',
      '@dwallet/two-pc-mpc/client',
      ...clientSdk,
    ],
  },
];

/** Every specifier of ours that some code could write. */
export const allOurs: readonly string[] = [
  ...pure,
  '@dwallet/two-pc-mpc',
  '@dwallet/two-pc-mpc/client',
  '@dwallet/two-pc-mpc/network',
  ...proto,
  '@dwallet/validator',
  ...clientSdk,
  '@dwallet/cli',
];
