/**
 * The jobs side by side, as a table and as JSON lines.
 *
 * @module
 */
import { type Row, formatBytes, formatMilliseconds, formatNumber, formatSpread, formatTable } from '../format.ts';
import type { Cost } from '../measure.ts';
import { type Summary, summarize } from '../statistics.ts';
import { pinnedPeer } from './install.ts';

/** Jobs in the order of the table. A job is the peer's too if its own samples say so. */
export const jobs = {
  'key-pair.first': 'user key pair, first use in a new process',
  'key-pair.first-derived': '  the same, with the class group derived anew',
  'key-pair.again': 'user key pair, again',
  'share.first': 'share encryption with proof, first use',
  'share.again': 'share encryption with proof, again',
  'share.again-key-table': '  the same, with a table of the user key',
  'both.first': 'key pair and share encryption, first use',
  'both.again': 'key pair and share encryption, again',
  'share.verify': 'verification of the proof, from bytes',
  'share.decrypt': 'decryption of the share, from bytes',
} as const;
export type PeerJob = keyof typeof jobs;
export const jobNames = Object.keys(jobs) as PeerJob[];

/** The peer's job that ours is held against. The peer has no state between calls, so its first and later calls do the same work. */
export const peerJobOf = (job: PeerJob): PeerJob => (job === 'key-pair.first-derived' ? 'key-pair.first' : job);

/** Samples of one side: of us at one profile, or of the peer. */
export class Side {
  readonly name: string;
  /** Bits of Delta_K. */
  readonly bits: number;
  readonly #costs = new Map<PeerJob, Cost[]>();

  constructor(name: string, bits: number) {
    this.name = name;
    this.bits = bits;
  }

  add(job: PeerJob, cost: Cost): void {
    const samples = this.#costs.get(job);
    if (samples === undefined) this.#costs.set(job, [cost]);
    else samples.push(cost);
  }

  /** Milliseconds; undefined if the job was not measured. */
  cost(job: PeerJob, kind: keyof Cost): Summary | undefined {
    const samples = this.#costs.get(job);
    return samples === undefined ? undefined : summarize(samples.map((cost) => cost[kind]));
  }
}

/** One line of `--json`. */
export interface PeerLine {
  readonly figure: string;
  /** ours / peer for `ratio`, else ours. */
  readonly value: number;
  readonly unit: 'ratio' | 'ms' | 'bytes';
  readonly peer: number | null;
  readonly ours: number;
  readonly peerName: string;
  /** Level and bits of Delta_K that each ran at; absent for sizes. */
  readonly peerLevel?: string;
  readonly peerBits?: number;
  readonly oursLevel?: string;
  readonly oursBits?: number;
  readonly oursWall?: number;
  readonly peerWall?: number;
}

export interface PeerSizes {
  /** The WebAssembly module, and after gzip -9. */
  readonly module: number;
  readonly gzip: number;
}

const peerName = `${pinnedPeer.name}@${pinnedPeer.version}`;
const rounded = (value: number): number => Number(value.toPrecision(6));

/** The level that BICYCL's table gives to a fundamental discriminant. */
export const levelOf = (bits: number): string =>
  bits >= 1827 ? 'CLG-128' : bits >= 1348 ? 'CLG-112' : 'below CLG-112';

/** Medians of CPU time; a figure that the peer cannot run without its network has `peer: null` and our milliseconds as its value. */
export function peerLines(ours: Side, peer: Side): PeerLine[] {
  const levels = {
    peerName,
    peerLevel: levelOf(peer.bits),
    peerBits: peer.bits,
    oursLevel: levelOf(ours.bits),
    oursBits: ours.bits,
  };
  return jobNames.flatMap((job): PeerLine[] => {
    const own = ours.cost(job, 'cpu')?.median;
    if (own === undefined) return [];
    const oursWall = rounded(ours.cost(job, 'wall')?.median ?? Number.NaN);
    const theirs = peer.cost(peerJobOf(job), 'cpu')?.median;
    const figure = `peers.${job}`;
    if (theirs === undefined) {
      return [{ figure, value: rounded(own), unit: 'ms', peer: null, ours: rounded(own), ...levels, oursWall }];
    }
    const peerWall = rounded(peer.cost(peerJobOf(job), 'wall')?.median ?? Number.NaN);
    const value = rounded(own / theirs);
    return [{ figure, value, unit: 'ratio', peer: rounded(theirs), ours: rounded(own), ...levels, oursWall, peerWall }];
  });
}

export const sizeLines = (ours: PeerSizes, peer: PeerSizes & { readonly unpacked: number }): PeerLine[] => [
  { figure: 'peers.module', value: ours.module, unit: 'bytes', peer: peer.module, ours: ours.module, peerName },
  { figure: 'peers.module-gzip', value: ours.gzip, unit: 'bytes', peer: peer.gzip, ours: ours.gzip, peerName },
];

/** 1/210 or 1.4. */
export const formatShare = (ratio: number): string =>
  ratio < 0.5 ? `1/${formatNumber(1 / ratio)}` : formatNumber(ratio);

const cell = (summary: Summary | undefined): string =>
  summary === undefined ? '' : `${formatMilliseconds(summary.median)} ${formatSpread(summary)}`.trimEnd();

/** CPU time of every job on each side, and ours / theirs. */
export function formatSides(ours: readonly Side[], peer: Side): string {
  const rows: Row[] = jobNames.map((job) => {
    const theirs = peer.cost(peerJobOf(job), 'cpu');
    const own = ours.map((side) => side.cost(job, 'cpu'));
    return [
      jobs[job],
      theirs === undefined ? 'needs its network' : cell(theirs),
      ...own.map(cell),
      ...own.map((summary) =>
        summary === undefined || theirs === undefined ? '' : formatShare(summary.median / theirs.median),
      ),
    ];
  });
  const level = ({ bits }: Side): string => `${levelOf(bits)} (${bits} bits)`;
  return formatTable(
    ['CPU time', `ika-wasm, ${level(peer)}`, ...ours.map((side) => `ours, ${level(side)}`), ...ours.map(() => 'ratio')],
    rows,
  );
}

export const formatSizes = (ours: PeerSizes, peer: PeerSizes & { readonly unpacked: number }): string =>
  formatTable(
    ['Sizes', 'ika-wasm', 'ours'],
    [
      ['WebAssembly module', formatBytes(peer.module), formatBytes(ours.module)],
      ['WebAssembly module, gzip -9', formatBytes(peer.gzip), formatBytes(ours.gzip)],
      ['package, unpacked (three builds of it)', formatBytes(peer.unpacked), ''],
    ],
  );
