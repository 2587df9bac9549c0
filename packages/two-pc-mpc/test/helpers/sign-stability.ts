/** Every message of one signature of the trusted-dealer fixture, as SHA-256, with the short values in full. */
import { encodeShares } from '@dwallet/class-groups';
import { sha256 } from '@noble/hashes/sha2.js';
import { targetPresign } from '../../src/ecdsa/presign/target.ts';
import { createSignMessage } from '../../src/ecdsa/sign/client-sign.ts';
import { messageScalar } from '../../src/ecdsa/sign/message-hash.ts';
import {
  combineSignature,
  createSigningDecryption,
  decryptOptimistic,
  permitShares,
} from '../../src/ecdsa/sign/network-decrypt.ts';
import { requireVerified, verifySignMessage } from '../../src/ecdsa/sign/network-verify.ts';
import { deriveNonceRandomizers } from '../../src/ecdsa/sign/nonce-randomizers.ts';
import { decodeSignMessage } from '../../src/ecdsa/sign/sign-message.ts';
import { encodeRecoverableSignature } from '../../src/ecdsa/sign/signature-record.ts';
import { MemorySingleUseStore } from '../../src/ecdsa/single-use.ts';
import type { EcdsaSignature } from '../../src/types.ts';
import { assigned, createFixture, curve, randomFor } from './sign-fixture.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export async function computeSignVectors(): Promise<Record<string, string>> {
  const fixture = createFixture({ seed: 'stability' });
  const { setup, parameters } = fixture;
  const { record, userShare } = fixture.dwallet('w');
  const { presign } = fixture.presign('p');
  const approved = fixture.approve('a', 'keccak256');
  const targeted = targetPresign(setup, presign, record);
  const bytes = createSignMessage({
    setup,
    record,
    presign: targeted,
    userShare,
    hashScheme: approved.hashScheme,
    message: approved.message,
    random: randomFor('stability client'),
  });
  const message = decodeSignMessage(parameters, curve, bytes);
  const nonce = deriveNonceRandomizers(
    {
      curve,
      presign: targeted,
      userPublicShare: record.userPublicShare,
      hashScheme: approved.hashScheme,
      message: messageScalar(curve, message.messageDigest),
    },
    message,
  );
  const verified = verifySignMessage({
    setup,
    record,
    presign,
    state: assigned(record, approved),
    approved,
    bytes,
    random: randomFor('stability verifier'),
  });
  const decryption = createSigningDecryption(verified, fixture.place);
  const permit = await permitShares(new MemorySingleUseStore(), verified);
  const answers = fixture.access.validators.map((validator) =>
    decryptOptimistic(permit, decryption, fixture.keySharesOf(validator), randomFor(`stability ${validator}`)),
  );
  const signature = combineSignature(decryption, answers) as EcdsaSignature;
  return {
    presignId: hex(presign.presignId),
    targetedPresign: hex(targeted.digest),
    signMsg: hex(sha256(bytes)),
    signMsgBytes: String(bytes.length),
    nu0: nonce.randomizers[0].toString(16),
    nu1: nonce.randomizers[1].toString(16),
    nuG: nonce.randomizers[2].toString(16),
    nuSeed: hex(nonce.seed),
    D: hex(requireVerified(verified).digest),
    decryptionRequest: hex(decryption.request.digest),
    ...Object.fromEntries(
      answers.map((answer) => [`shareMsg${answer.sender}`, hex(sha256(encodeShares(decryption.request, answer)))]),
    ),
    signature: hex(encodeRecoverableSignature(signature)),
  };
}
