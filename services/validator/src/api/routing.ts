/**
 * Routing fields of requests between validators, read from their envelopes at both ends of a line, and the comparison of routing fields with what
 * an envelope says.
 *
 * @module
 */
import { type PeerMethodName, peerMethods } from '@dwallet/proto';
import { DecodeError, Reader } from '@dwallet/sigma';
import { type PeekedEnvelope, peekEnvelope } from '@dwallet/two-pc-mpc/network';

/** The first of a list of byte strings, as a view. */
function firstPart(bytes: Uint8Array, name: string): Uint8Array {
  const reader = new Reader(bytes.subarray(0, 8), name);
  if (reader.uint32('count') === 0) throw new DecodeError(name, 'is empty');
  const length = reader.uint32('[0]');
  if (bytes.length < 8 + length) throw new DecodeError(`${name}[0]`, 'is cut off');
  return bytes.subarray(8, 8 + length);
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Routing fields of a request, by their names in the .proto files. */
export type RoutingFields = Readonly<Partial<Record<string, Uint8Array | string>>>;

/** Of a validator's request. @throws DecodeError */
export function peerRouting(method: PeerMethodName, { body }: PeekedEnvelope): RoutingFields {
  switch (peerMethods[method].routing) {
    case 'session': {
      const reader = new Reader(body.subarray(0, 4 + 64 + 32 + 4 + 64), 'SessionRequest');
      const protocol = text(reader.bytes('protocol', 64));
      const sessionId = reader.fixed('session', 32);
      return { protocol, sessionId, step: text(reader.bytes('step', 64)) };
    }
    case 'account':
      return { account: peekEnvelope(body).sender };
    case 'dwallet': {
      const request = method === 'dwallet/commit' ? firstPart(body, 'CommitDWallet') : body;
      return { dwalletId: peekEnvelope(request).session };
    }
    case 'presign': {
      if (method === 'sign/bind') return { presignId: peekEnvelope(body).session };
      const request = firstPart(body, 'SignRequest');
      if (method !== 'sign/assign') return { presignId: peekEnvelope(request).session };
      const id = new Reader(body.subarray(8 + request.length, 8 + request.length + 36), 'AssignPresign');
      return { presignId: id.bytes('presignId', 32) };
    }
    case 'slot':
      return { slot: body.slice(0, 8) };
    case 'kind': {
      if (method === 'records/list') {
        const [kind = ''] = text(body.subarray(0, 32)).split('\0');
        return { kind };
      }
      return { kind: text(new Reader(body.subarray(0, 4 + 32), 'FetchRecord').bytes('kind', 32)) };
    }
  }
}

/** Name of a field as the .proto files and error details write it: `dwalletId` is `dwallet_id`. */
export const protoFieldName = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const same = (a: Uint8Array | string, b: unknown): boolean =>
  typeof a === 'string' ? a === b : b instanceof Uint8Array && Buffer.from(a).equals(b);

/** The first field of a request that does not say what its envelope says, in .proto spelling; undefined when all do. */
export const routingMismatch = (expected: RoutingFields, request: object): string | undefined => {
  const found = request as Readonly<Record<string, unknown>>;
  const field = Object.keys(expected).find((name) => !same(expected[name] as Uint8Array | string, found[name]));
  return field === undefined ? undefined : protoFieldName(field);
};
