/** Validators that lie in what they contribute or answer, each lie signed by the liar and kept by it as its own. */
import { uniformBits } from '@dwallet/sigma';
import {
  decodeReply,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { decodeSessionRequest } from '../../src/core.ts';
import type { SessionRequest } from '../../src/core.ts';
import { type Line, type ToyNetwork, hex, randomFor } from './toy-network.ts';

/** What is said instead of a message. */
export type Lie = (network: ToyNetwork, message: Uint8Array, request: SessionRequest) => Uint8Array;

/** Another element of the group in place of the last one of the message. */
export const garbage: Lie = ({ parameters }, body) => {
  const { group, randomnessBits } = parameters;
  const lie = body.slice();
  const exponent = uniformBits(randomFor('garbage'), randomnessBits);
  lie.set(group.encode(parameters.powerOfH(exponent, randomnessBits)), lie.length - group.elementBytes);
  return lie;
};
export const truncated: Lie = (_network, body) => body.slice(0, -1);
/** One bit of the last bytes, where proofs have their responses. */
export const flipped: Lie = (_network, body) => {
  const lie = body.slice();
  lie[lie.length - 3] = (lie.at(-3) as number) ^ 4;
  return lie;
};
/** Far longer than any honest message. */
export const swollen: Lie = (_network, body) => Buffer.concat([body, new Uint8Array(256 * 1024)]);

const placeBytes = 32;

/** Validator `by` lies in its contribution to `step` of a protocol, to everybody in the same way. */
export function lyingIn(network: ToyNetwork, by: number, protocol: string, step: string, lie: Lie): Line {
  return async ({ to, method, bytes, pass }) => {
    const reply = await pass();
    if (to !== by || method !== 'session/contribute') return reply;
    const request = decodeSessionRequest(network.bodyOf(bytes), network.access.validators.length);
    if (request.protocol !== protocol || request.step !== step) return reply;
    const { networkId, session, kind, body } = openEnvelope(decodeReply(reply, maxBodyBytes), network.networkId);
    const told = lie(network, body.slice(placeBytes), request);
    const full = new Uint8Array([...body.subarray(0, placeBytes), ...told]);
    const envelope = encodeEnvelope(
      sealEnvelope(network.keystore(by).identity, { networkId, session, kind, body: full }),
    );
    // It stands by its lie.
    const id = `${hex(session)}.${kind.replaceAll('/', '_')}`;
    const stored = network.store(by).get('contribution', id) as Uint8Array;
    network.store(by).put('contribution', id, new Uint8Array([...stored.subarray(0, 32), ...envelope]));
    return encodeResult(envelope);
  };
}

/** Validator `by` lies in its answers to a method that are envelopes. */
export function lyingWhen(network: ToyNetwork, lies: readonly { by: number; method: string; lie: Lie }[]): Line {
  return async ({ to, method, pass }) => {
    const reply = await pass();
    const found = lies.find((entry) => entry.by === to && entry.method === method);
    if (found === undefined) return reply;
    const { networkId, session, kind, body } = openEnvelope(decodeReply(reply, maxBodyBytes), network.networkId);
    const told = found.lie(network, body, undefined as never);
    const envelope = sealEnvelope(network.keystore(to).identity, { networkId, session, kind, body: told });
    return encodeResult(encodeEnvelope(envelope));
  };
}
