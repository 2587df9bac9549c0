/**
 * Class-group arithmetic behind one interface: {@link Kernel} makes a {@link ClassGroup} for a discriminant, elements are opaque,
 * and only canonical bytes cross the boundary.
 *
 * @module
 */

export { referenceKernel } from './reference/group.ts';
export type {
  ClassGroup,
  DecodeTableOptions,
  Element,
  FixedBaseTable,
  GroupParameters,
  Kernel,
  ParseCheck,
  PowerTerm,
  TableField,
} from './types.ts';
export { ElementDecodeError, KernelArgumentError, TableDecodeError } from './types.ts';
