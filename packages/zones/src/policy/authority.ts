/**
 * What a sign request says entitles it, in the opaque `authority` of the request: the zone that it names, and for a vault the entry that it pays, for a
 * cluster's dWallet the settlement that it posts.
 *
 * @module
 */
import { DecodeError, Reader, concat } from '@dwallet/sigma';
import { assetField, chainField } from '../record/caip.ts';
import { counter, recordType, recordVersion, text } from '../record/codec.ts';

export type Authority =
  /** An ordinary dWallet. */
  | { readonly kind: 'zone'; readonly zone: string }
  /** A vault pays the entry of this height. */
  | { readonly kind: 'entry'; readonly zone: string; readonly asset: string; readonly height: bigint }
  /** A cluster's dWallet posts the settlement of this interval. */
  | { readonly kind: 'settlement'; readonly zone: string; readonly cluster: string; readonly interval: bigint };

const kinds = ['zone', 'entry', 'settlement'] as const;
const clusterField = text(64, (name) => (/^[-_.a-z0-9]{1,64}$/.test(name) ? undefined : 'is no name of a cluster'));

/** version, type, kind, zone, and what the kind has. @throws InvalidArgumentsError naming the field. */
export function encodeAuthority(authority: Authority): Uint8Array {
  const rest = {
    zone: (): Uint8Array[] => [],
    entry: (): Uint8Array[] =>
      authority.kind === 'entry'
        ? [assetField.write(authority.asset, 'asset'), counter.write(authority.height, 'height')]
        : [],
    settlement: (): Uint8Array[] =>
      authority.kind === 'settlement'
        ? [clusterField.write(authority.cluster, 'cluster'), counter.write(authority.interval, 'interval')]
        : [],
  }[authority.kind]();
  return concat(
    Uint8Array.of(recordVersion, recordType.authority, kinds.indexOf(authority.kind)),
    chainField.write(authority.zone, 'zone'),
    ...rest,
  );
}

/** Strict: every field has one encoding. @throws DecodeError naming the field. */
export function decodeAuthority(bytes: Uint8Array): Authority {
  const reader = new Reader(bytes, 'authority');
  reader.constant('version', recordVersion);
  reader.constant('type', recordType.authority);
  const kind = kinds[reader.uint8('kind')];
  if (kind === undefined) throw new DecodeError(reader.path('kind'), 'is unknown');
  const zone = chainField.read(reader, 'zone');
  const rest = (): Authority => {
    switch (kind) {
      case 'zone':
        return { kind, zone };
      case 'entry':
        return { kind, zone, asset: assetField.read(reader, 'asset'), height: counter.read(reader, 'height') };
      case 'settlement':
        return {
          kind,
          zone,
          cluster: clusterField.read(reader, 'cluster'),
          interval: counter.read(reader, 'interval'),
        };
    }
  };
  const authority = rest();
  reader.end();
  return authority;
}
