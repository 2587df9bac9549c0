/**
 * A faulty validator for the demonstration of identifiable abort: it votes without verifying and publishes garbage decryption shares. It has
 * its own keys like any other validator; nothing of this exists in the validator service.
 *
 * @module
 */
import type { PublicParameters } from '@dwallet/class-groups';
import { type Curve, type Digest, type ValidatorId, uniformBits, type Random } from '@dwallet/sigma';
import {
  type Committee,
  type Peer,
  boundDigestOf,
  decodeCall,
  decodeReply,
  decodeSignRequest,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  openEnvelope,
  sealEnvelope,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import { type Keystore, type Validator, bindingFact } from '@dwallet/validator';

export interface ByzantineOptions {
  readonly index: ValidatorId;
  readonly committee: Committee;
  readonly curve: Curve;
  readonly parameters: PublicParameters;
  readonly keystore: Keystore;
  readonly networkId: Digest;
  readonly random: Random;
}

/** The vote that binds a presign to a request, by somebody who looked at nothing. @param body - of the method `sign/bind`. */
export function bindingVote(
  body: Uint8Array,
  { committee, curve, index, keystore, networkId }: Omit<ByzantineOptions, 'parameters' | 'random'>,
): Uint8Array {
  const client = openEnvelope(openEnvelope(body, networkId).body, networkId);
  const request = decodeSignRequest(client.body);
  const fact = bindingFact(request.presignId, boundDigestOf(curve, request));
  return signFact(committee, fact, index, keystore.identity).signature;
}

/** Wraps an honest validator. */
export function byzantineValidator(honest: Validator, options: ByzantineOptions): Peer {
  const { parameters, keystore, networkId, random } = options;
  return {
    async call(call) {
      const { method, body } = decodeCall(call, maxBodyBytes + 1024);
      if (method === 'sign/bind') return encodeResult(bindingVote(body, options));
      const reply = await honest.call(call);
      if (method !== 'sign/share') return reply;
      const envelope = openEnvelope(decodeReply(reply, maxBodyBytes), networkId);
      const garbage = envelope.body.slice();
      // The last element of the message becomes another element of the group.
      const { group, randomnessBits } = parameters;
      garbage.set(
        group.encode(parameters.powerOfH(uniformBits(random, randomnessBits), randomnessBits)),
        garbage.length - group.elementBytes,
      );
      const { session, kind } = envelope;
      return encodeResult(encodeEnvelope(sealEnvelope(keystore.identity, { networkId, session, kind, body: garbage })));
    },
  };
}
