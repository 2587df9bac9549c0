/** A committee with a dealt key and proven encryptions to decrypt. */
import type { Random, ValidatorId } from '@dwallet/sigma';
import {
  type AccessStructure,
  type DecryptableCiphertext,
  type DecryptionRequest,
  type DecryptionSetup,
  type DecryptionShares,
  type ExpectedSet,
  type ProvedDecryptionShares,
  type PublicParameters,
  createDecryptionRequest,
  createDecryptionSetup,
  declareDecryptable,
  encrypt,
  partialDecrypt,
  proveShares,
} from '../../src/index.ts';
import { type Dealing, dealShares } from './dealer.ts';
import { testRandom, testSession } from './toy.ts';

export interface TestCommittee {
  readonly parameters: PublicParameters;
  readonly access: AccessStructure;
  readonly dealing: Dealing;
  readonly setup: DecryptionSetup;
  readonly random: Random;
  /** Honest encryptions of the messages; the rule of CG 2.9 holds because this process made them. */
  encryptAll(messages: readonly bigint[]): DecryptableCiphertext[];
  request(messages: readonly bigint[], options?: { readonly expectedSet?: ExpectedSet }): DecryptionRequest;
  answer(request: DecryptionRequest, validator: number): DecryptionShares;
  prove(request: DecryptionRequest, published: DecryptionShares): ProvedDecryptionShares;
}

export function createTestCommittee(
  parameters: PublicParameters,
  access: AccessStructure,
  label: string,
  options: { readonly negative?: boolean } = {},
): TestCommittee {
  const random = testRandom(label);
  const dealing = dealShares(parameters, access, random, options);
  const setup = createDecryptionSetup(parameters, dealing.state);
  const encryptAll = (messages: readonly bigint[]): DecryptableCiphertext[] =>
    messages.map((m) =>
      declareDecryptable(
        parameters,
        encrypt(parameters, dealing.state.encryptionKey, m, random).ciphertext,
        'verified-encryption',
      ),
    );
  return {
    parameters,
    access,
    dealing,
    setup,
    random,
    encryptAll,
    request: (messages, { expectedSet } = {}) =>
      createDecryptionRequest(setup, {
        session: testSession(parameters, access),
        ciphertexts: encryptAll(messages),
        ...(expectedSet === undefined ? {} : { expectedSet }),
      }),
    answer: (request, validator) => partialDecrypt(request, dealing.sharesOf(validator as ValidatorId), random),
    prove: (request, published) => proveShares(request, published, dealing.sharesOf(published.sender), random),
  };
}

/** All subsets of `items` of the given size. */
export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}
