/**
 * Network setup, round 1 (MPC 2.2): a validator contributes to the two network key shares of a curve.
 *
 * Computes X_{j,i} = x_{j,i} G and ct_{j,i} = Enc_pk(x_{j,i}; eta_{j,i}) for j = 0, 1 with one L_EncDL proof for both.
 *
 * @module
 */
import {
  type Ciphertext,
  type EncryptionKey,
  type PublicParameters,
  encodeCiphertext,
  encrypt,
  readCiphertext,
} from '@dwallet/class-groups';
import {
  CheckError,
  type Curve,
  type Point,
  type Proof,
  type Random,
  Reader,
  type SessionId,
  type ValidatorId,
  concat,
  encodeContext,
  encodeProof,
  encodeUint8,
  proofBytes,
  prove,
  readPoint,
  readProof,
  sessionId,
  uniformNonZero,
} from '@dwallet/sigma';
import { encryptedDiscreteLog, encryptionOfDiscreteLog } from '../proofs/encryption-of-discrete-log.ts';
import { header, messageType, readCurveId, readHeader, requireLength } from '../wire/format.ts';

/** What setup runs over: the network's key of one curve. */
export interface SetupContext {
  readonly curve: Curve;
  readonly parameters: PublicParameters;
  /** pk, from the network DKG. */
  readonly encryptionKey: EncryptionKey;
  readonly sessionId: SessionId;
}

/** Statements of a contribution; the number is in the message and must be this one (MPC:N1). */
export const setupStatements = 2;

export interface SetupContribution {
  readonly sessionId: SessionId;
  readonly ciphertexts: readonly [Ciphertext, Ciphertext];
  readonly publicShares: readonly [Point, Point];
  readonly proof: Proof;
}

/** (B_i, i, sid, "network-setup", "1", "EncDL/<curve>"). There is no G_com yet; pk is in the language's parameters. */
export const setupProofContext = ({ curve, sessionId: session }: SetupContext, validator: ValidatorId): Uint8Array =>
  encodeContext({
    role: 'validator',
    party: validator,
    session,
    protocol: 'network-setup',
    round: '1',
    proof: `EncDL/${curve.name}`,
  });

/**
 * @param args.random - seeded by `roundRandom` over `roundInputs` (MPC 1.5).
 * @returns The message, about 2 kB. Nothing else is kept: the shares x_{j,i} exist only as ciphertexts.
 */
export function contributeToSetup(
  args: SetupContext & { readonly validator: ValidatorId; readonly random: Random },
): Uint8Array {
  const { curve, parameters, encryptionKey, validator, random } = args;
  const contribute = () => {
    // Uniform in [1, q) instead of [0, q): a share of 0 has no encodable point (statistical difference 2^-256).
    const x = uniformNonZero(random, curve.q);
    const { ciphertext, randomness } = encrypt(parameters, encryptionKey, x, random);
    return { witness: [x, randomness] as const, ciphertext, point: curve.multiply(curve.G, x) };
  };
  const [first, second] = [contribute(), contribute()];
  const proof = prove(
    encryptionOfDiscreteLog(curve, parameters, encryptionKey),
    setupProofContext(args, validator),
    [encryptedDiscreteLog(first.ciphertext, first.point), encryptedDiscreteLog(second.ciphertext, second.point)],
    [first.witness, second.witness],
    random,
  );
  return encodeSetupContribution(args, {
    sessionId: args.sessionId,
    ciphertexts: [first.ciphertext, second.ciphertext],
    publicShares: [first.point, second.point],
    proof,
  });
}

/** curve, sid, count, (c1, c2, X) twice, proof (MPC Appendix C). */
export function encodeSetupContribution(context: SetupContext, contribution: SetupContribution): Uint8Array {
  const { curve, parameters, encryptionKey } = context;
  const { ciphertexts, publicShares, proof } = contribution;
  return concat(
    header(messageType.setupContribution),
    encodeUint8(curve.id),
    contribution.sessionId,
    encodeUint8(setupStatements),
    ...[0, 1].flatMap((j) => [
      encodeCiphertext(parameters, ciphertexts[j] as Ciphertext),
      curve.encodePoint(publicShares[j] as Point),
    ]),
    encodeProof(encryptionOfDiscreteLog(curve, parameters, encryptionKey), setupStatements, proof),
  );
}

/** Exact size of a contribution. */
export function setupContributionBytes({ curve, parameters, encryptionKey }: SetupContext): number {
  const language = encryptionOfDiscreteLog(curve, parameters, encryptionKey);
  const statements = setupStatements * (2 * parameters.group.elementBytes + curve.pointBytes);
  return 36 + statements + proofBytes(language, setupStatements);
}

/** Strict (MPC:N2). @throws DecodeError; CheckError MPC:N1 for another number of statements. */
export function decodeSetupContribution(context: SetupContext, bytes: Uint8Array): SetupContribution {
  const { curve, parameters, encryptionKey } = context;
  const language = encryptionOfDiscreteLog(curve, parameters, encryptionKey);
  const reader = new Reader(bytes, 'SetupContribution');
  readHeader(reader, messageType.setupContribution);
  readCurveId(reader, curve, 'curve');
  const session = sessionId(reader.fixed('sessionId', 32));
  const count = reader.uint8('count');
  if (count !== setupStatements) throw new CheckError('MPC:N1', reader.path('count'), `${count} statements`);
  requireLength(bytes, [setupContributionBytes(context)], 'SetupContribution');
  const read = (j: number) => ({
    ciphertext: readCiphertext(reader, parameters, `ct[${j}]`),
    point: readPoint(reader, curve, `X[${j}]`),
  });
  const [first, second] = [read(0), read(1)];
  const proof = readProof(reader, language, count, 'proof');
  reader.end();
  return {
    sessionId: session,
    ciphertexts: [first.ciphertext, second.ciphertext],
    publicShares: [first.point, second.point],
    proof,
  };
}
