/**
 * `dwallet inspect` and `dwallet verify`: files of the protocol, without a wallet and without a network.
 *
 * @module
 */
import { type Description, describeBytes, isCertificate, isEvidence, linesOf } from '../../inspect/describe.ts';
import { bytesOf, fromHex, hex, readFileBytes } from '../../inspect/text.ts';
import { UsageError, exitCodes } from '../errors.ts';
import type { Output } from '../output.ts';

async function describe(bytes: Uint8Array): Promise<Description> {
  if (!isEvidence(bytes)) return describeBytes(bytes);
  // The validator's code is loaded where it is needed only.
  const { describeEvidence } = await import('../../offline/judge.ts');
  const { session, id, accused, ...facts } = describeEvidence(bytes);
  const fields = {
    ...facts,
    accused: accused === 0 ? 'nobody alone' : `validator ${accused}`,
    session: hex(session),
    id: hex(id),
    note: 'nothing was judged: "dwallet verify" does that',
  };
  return { type: 'evidence', bytes: bytes.length, fields };
}

export async function inspect(output: Output, file: string): Promise<void> {
  const description = await describe(bytesOf(readFileBytes(file)));
  output.result({ ...description }, linesOf(description));
}

interface VerifyOptions {
  readonly validators?: string;
  readonly networkId?: string;
  readonly record?: string;
  readonly setup?: string;
}

export async function verify(output: Output, file: string, options: VerifyOptions): Promise<number> {
  const bytes = bytesOf(readFileBytes(file));
  if (options.networkId !== undefined && !/^[0-9a-f]{64}$/.test(options.networkId))
    throw new UsageError('--network-id: must be 64 hex characters');
  const judge = await import('../../offline/judge.ts');
  const trusted = options.validators === undefined ? undefined : judge.trustedSet(options.validators);
  if (isCertificate(bytes)) {
    if (trusted === undefined)
      throw new UsageError('--validators: whose certificate? The validator set of the network that you trust');
    const read = (path: string | undefined): Uint8Array | undefined =>
      path === undefined ? undefined : bytesOf(readFileBytes(path));
    const verdict = judge.judgeCertificate(bytes, trusted, read(options.record), read(options.setup));
    const { kind, id, version, digest } = verdict.fact;
    output.result(
      {
        type: 'certificate',
        valid: verdict.valid,
        networkId: hex(trusted.networkId),
        fact: { kind, id: hex(id), version, digest: hex(digest) },
        signers: verdict.signers,
        record: verdict.record ?? null,
        problem: verdict.problem ?? null,
      },
      verdict.valid
        ? [
            `valid: validators ${verdict.signers.join(', ')} state ${kind} ${hex(id)}`,
            ...(verdict.record === true ? ['and it is the record that was given'] : [`  digest ${hex(digest)}`]),
          ]
        : [`not valid: ${verdict.problem ?? ''}`],
    );
    return verdict.valid ? exitCodes.ok : exitCodes.failed;
  }
  if (!isEvidence(bytes)) throw new UsageError(`${file}: is neither a certificate nor evidence`);
  const networkId = options.networkId === undefined ? trusted?.networkId : fromHex(options.networkId);
  const verdict = judge.judgeEvidence(bytes, networkId);
  const named = verdict.networkId === undefined ? null : hex(verdict.networkId);
  output.result(
    {
      type: 'evidence',
      valid: verdict.valid,
      faults: verdict.faults,
      networkId: named,
      trusted: networkId !== undefined,
      problem: verdict.problem ?? null,
    },
    verdict.valid
      ? [
          ...verdict.faults.map(({ party, check, reason }) => `validator ${party} is at fault (${check}): ${reason}`),
          ...(verdict.faults.length === 0 ? ['no single validator is at fault: the quorum of the presign is'] : []),
          ...(networkId === undefined
            ? [`if network ${named} is the one that you mean: pass --validators to be sure`]
            : []),
        ]
      : [`this file proves nothing: ${verdict.problem ?? 'unknown'}`],
  );
  return verdict.valid ? exitCodes.ok : exitCodes.failed;
}
