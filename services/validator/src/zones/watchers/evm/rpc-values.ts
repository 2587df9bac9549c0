/**
 * Answers of EVM nodes, read strictly: what is not of the expected form is an inconsistency that names its place, and never half used.
 * Hashes, addresses and topics are lower-case hex with `0x`.
 *
 * @module
 */
import { z } from 'zod';
import { InconsistentNodeError } from '../node-error.ts';

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`), `${bytes} bytes in hex`)
    .transform((text) => text.toLowerCase());
const hash = hexOf(32);
const address = hexOf(20);
/** Bytes, each two digits. */
export const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/, 'bytes in hex')
  .transform((text) => text.toLowerCase());
/** 32 bytes of storage; some nodes leave out leading zeros. */
export const word = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/, 'at most 32 bytes in hex')
  .transform((text) => `0x${text.slice(2).toLowerCase().padStart(64, '0')}`);
const bigQuantity = z
  .string()
  .regex(/^0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})$/, 'a quantity')
  .transform((text) => BigInt(text));
/** Up to 2^53. */
export const quantity = bigQuantity
  .refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER), 'a smaller quantity')
  .transform(Number);

const headFields = {
  number: quantity,
  hash,
  parentHash: hash,
  timestamp: quantity,
  logsBloom: hexOf(256),
};
export const blockValue = z.object({ ...headFields, transactions: z.array(hash) });
export const transactionValue = z.object({
  hash,
  blockHash: hash,
  from: address,
  to: address.nullish(),
  input: data,
  value: bigQuantity,
});
export const fullBlockValue = z.object({ ...headFields, transactions: z.array(transactionValue) });
export const logValue = z.object({
  address,
  topics: z.array(hash).max(4),
  data,
  blockHash: hash,
  transactionHash: hash,
  logIndex: quantity,
  removed: z.literal(false).optional(),
});
export const receiptValue = z.object({
  transactionHash: hash,
  blockHash: hash,
  status: quantity,
  logs: z.array(logValue),
});

export type BlockValue = z.output<typeof blockValue>;
export type TransactionValue = z.output<typeof transactionValue>;
export type LogValue = z.output<typeof logValue>;
export type ReceiptValue = z.output<typeof receiptValue>;

/** @throws InconsistentNodeError `malformed`, naming method and field. */
export function readValue<S extends z.ZodType>(node: string, method: string, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InconsistentNodeError(
    node,
    'malformed',
    `${method}: ${issue?.path.join('.') || 'the answer'} is not what it must be`,
  );
}
