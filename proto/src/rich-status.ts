/**
 * Rich errors (google.rpc.Status with ErrorInfo, RetryInfo, QuotaFailure, BadRequest): writing and strict reading. The same details travel in the
 * trailer of gRPC and in the errors of Connect. Needs nothing of Node.
 *
 * @module
 */
import { type MessageInitShape, create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import type { Message } from '@bufbuild/protobuf';
import type { Status } from './gen/google/rpc/Status.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from './gen-es/google/rpc/error_details_pb.ts';
import { StatusSchema } from './gen-es/google/rpc/status_pb.ts';

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

/** One detail: its message type, such as `google.rpc.ErrorInfo`, and its bytes. */
export interface StatusDetail {
  readonly type: string;
  readonly value: Uint8Array;
}

const urlPrefix = 'type.googleapis.com/';

function detail<M extends Message>(schema: GenMessage<M>, value: MessageInitShape<GenMessage<M>>): StatusDetail {
  return { type: schema.typeName, value: toBinary(schema, create(schema, value)) };
}

/** Details of an error. */
export function statusDetails(status: RichStatus): StatusDetail[] {
  const { reason, metadata, retryAfterMs, quota, fields } = status;
  const details = [detail(ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...metadata } })];
  if (retryAfterMs !== undefined) {
    const seconds = Math.floor(retryAfterMs / 1000);
    const nanos = Math.round((retryAfterMs - seconds * 1000) * 1e6);
    details.push(detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(seconds), nanos } }));
  }
  if (quota !== undefined) details.push(detail(QuotaFailureSchema, { violations: [...quota] }));
  if (fields !== undefined) details.push(detail(BadRequestSchema, { fieldViolations: [...fields] }));
  return details;
}

/** As a google.rpc.Status message for gRPC. */
export const richStatusMessage = (status: RichStatus): Status => ({
  code: status.code,
  message: status.message,
  details: statusDetails(status).map(({ type, value }) => ({ type_url: urlPrefix + type, value })),
});

/** The trailer `grpc-status-details-bin`. */
export const encodeRichStatus = (status: RichStatus): Uint8Array =>
  toBinary(
    StatusSchema,
    create(StatusSchema, {
      code: status.code,
      message: status.message,
      details: statusDetails(status).map(({ type, value }) => ({ typeUrl: urlPrefix + type, value })),
    }),
  );

/** @returns undefined when the bytes are not a status of this domain: whoever sent them, they are no answer of ours. */
export function decodeRichStatus(bytes: Uint8Array): RichStatus | undefined {
  try {
    const { code, message, details } = fromBinary(StatusSchema, bytes);
    const ours = details.flatMap(({ typeUrl, value }) =>
      typeUrl.startsWith(urlPrefix) ? [{ type: typeUrl.slice(urlPrefix.length), value }] : [],
    );
    return readStatusDetails(code, message, ours);
  } catch {
    return undefined;
  }
}

/** As {@link decodeRichStatus}, of details that were taken apart already. */
export function readStatusDetails(
  code: number,
  message: string,
  details: readonly StatusDetail[],
): RichStatus | undefined {
  const read = <M extends Message>(schema: GenMessage<M>): M | undefined => {
    const found = details.find(({ type }) => type === schema.typeName);
    return found === undefined ? undefined : fromBinary(schema, found.value);
  };
  try {
    const info = read(ErrorInfoSchema);
    if (info?.domain !== errorDomain) return undefined;
    const delay = read(RetryInfoSchema)?.retryDelay;
    const quota = read(QuotaFailureSchema)?.violations;
    const fields = read(BadRequestSchema)?.fieldViolations;
    return {
      code,
      message,
      reason: info.reason,
      metadata: { ...info.metadata },
      ...(delay === undefined ? {} : { retryAfterMs: Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6) }),
      ...(quota === undefined ? {} : { quota: quota.map(({ subject, description }) => ({ subject, description })) }),
      ...(fields === undefined ? {} : { fields: fields.map(({ field, description }) => ({ field, description })) }),
    };
  } catch {
    return undefined;
  }
}
