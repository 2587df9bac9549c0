/** Who may import what: the table of architecture.md, as data. A name is a package of ours or an npm scope or package. */
export interface ImportRow {
  readonly folder: string;
  /** Packages of ours, by specifier; subpaths are listed one by one. */
  readonly ours: readonly string[];
  /** npm packages and scopes; undefined for "any, and node: builtins too". */
  readonly theirs?: readonly string[];
}

const pure = ['@dwallet/kernel', '@dwallet/sigma', '@dwallet/class-groups', '@dwallet/chains', '@dwallet/zones'];

export const importTable: readonly ImportRow[] = [
  { folder: 'packages/kernel', ours: [], theirs: [] },
  { folder: 'packages/sigma', ours: ['@dwallet/kernel'], theirs: ['@noble'] },
  { folder: 'packages/class-groups', ours: ['@dwallet/kernel', '@dwallet/sigma'], theirs: ['@noble'] },
  {
    folder: 'packages/two-pc-mpc',
    ours: ['@dwallet/kernel', '@dwallet/sigma', '@dwallet/class-groups'],
    theirs: ['@noble'],
  },
  { folder: 'packages/chains', ours: [], theirs: ['@noble', '@scure', 'viem'] },
  { folder: 'packages/zones', ours: ['@dwallet/chains'], theirs: [] },
  { folder: 'proto', ours: [] },
  { folder: 'services/validator', ours: ['@dwallet/proto', ...pure, '@dwallet/two-pc-mpc/network'] },
  { folder: 'client-sdk', ours: ['@dwallet/proto', ...pure, '@dwallet/two-pc-mpc/client'] },
  { folder: 'cli', ours: ['@dwallet/client-sdk'] },
];

/** Every specifier of ours that some code could write. */
export const allOurs: readonly string[] = [
  ...pure,
  '@dwallet/two-pc-mpc',
  '@dwallet/two-pc-mpc/client',
  '@dwallet/two-pc-mpc/network',
  '@dwallet/proto',
  '@dwallet/validator',
  '@dwallet/client-sdk',
  '@dwallet/cli',
];
