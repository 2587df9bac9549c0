/**
 * Rich errors (google.rpc.Status with ErrorInfo, RetryInfo, QuotaFailure, BadRequest): writing and strict reading.
 *
 * @module
 */
import { rpcMessage } from './definitions.ts';
import type { Status } from './gen/google/rpc/Status.ts';

/** Whose reasons ours are. */
export const errorDomain = 'dwallet';

/** An error as it travels. */
export interface RichStatus {
  /** gRPC status code, 0..16. */
  readonly code: number;
  readonly message: string;
  /** Stable reason, such as NOT_OWNER. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Least wait before another try, when trying again makes sense. */
  readonly retryAfterMs?: number;
  /** Limits that were met. */
  readonly quota?: readonly { readonly subject: string; readonly description: string }[];
  /** Fields of the request that are wrong. */
  readonly fields?: readonly { readonly field: string; readonly description: string }[];
}

const typeUrl = (name: string): string => `type.googleapis.com/google.rpc.${name}`;

/** As a google.rpc.Status message. */
export function richStatusMessage(status: RichStatus): Status {
  const details = [
    {
      type_url: typeUrl('ErrorInfo'),
      value: rpcMessage('ErrorInfo').serialize({
        reason: status.reason,
        domain: errorDomain,
        metadata: { ...status.metadata },
      }),
    },
  ];
  if (status.retryAfterMs !== undefined) {
    const seconds = Math.floor(status.retryAfterMs / 1000);
    const nanos = Math.round((status.retryAfterMs - seconds * 1000) * 1e6);
    details.push({
      type_url: typeUrl('RetryInfo'),
      value: rpcMessage('RetryInfo').serialize({ retryDelay: { seconds, nanos } }),
    });
  }
  if (status.quota !== undefined)
    details.push({
      type_url: typeUrl('QuotaFailure'),
      value: rpcMessage('QuotaFailure').serialize({ violations: [...status.quota] }),
    });
  if (status.fields !== undefined)
    details.push({
      type_url: typeUrl('BadRequest'),
      value: rpcMessage('BadRequest').serialize({ fieldViolations: [...status.fields] }),
    });
  return { code: status.code, message: status.message, details };
}

/** The trailer `grpc-status-details-bin`. */
export const encodeRichStatus = (status: RichStatus): Buffer =>
  rpcMessage('Status').serialize(richStatusMessage(status));

/** @returns undefined when the bytes are not a status of this domain: whoever sent them, they are no answer of ours. */
export function decodeRichStatus(bytes: Uint8Array): RichStatus | undefined {
  try {
    return readRichStatus(rpcMessage('Status').deserialize(Buffer.from(bytes)));
  } catch {
    return undefined;
  }
}

/** As {@link decodeRichStatus}, of a message that was read already. @throws when a detail cannot be read. */
export function readRichStatus(status: Status): RichStatus | undefined {
  const detail = (name: string): Buffer | undefined => {
    for (const any of status.details ?? [])
      if ('type_url' in any && any.type_url === typeUrl(name)) return Buffer.from(any.value as Uint8Array);
    return undefined;
  };
  const infoBytes = detail('ErrorInfo');
  if (infoBytes === undefined) return undefined;
  const info = rpcMessage('ErrorInfo').deserialize(infoBytes);
  if (info.domain !== errorDomain) return undefined;
  const retryBytes = detail('RetryInfo');
  const delay = retryBytes === undefined ? null : rpcMessage('RetryInfo').deserialize(retryBytes).retryDelay;
  const quotaBytes = detail('QuotaFailure');
  const fieldBytes = detail('BadRequest');
  return {
    code: status.code ?? 2,
    message: status.message ?? '',
    reason: info.reason,
    metadata: info.metadata,
    ...(delay === null ? {} : { retryAfterMs: delay.seconds * 1000 + Math.ceil(delay.nanos / 1e6) }),
    ...(quotaBytes === undefined ? {} : { quota: rpcMessage('QuotaFailure').deserialize(quotaBytes).violations }),
    ...(fieldBytes === undefined ? {} : { fields: rpcMessage('BadRequest').deserialize(fieldBytes).fieldViolations }),
  };
}
