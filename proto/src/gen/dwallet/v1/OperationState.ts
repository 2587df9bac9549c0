// @ts-nocheck: generated.
export const OperationState = {
  OPERATION_STATE_UNSPECIFIED: 'OPERATION_STATE_UNSPECIFIED',
  /**
   * Accepted, stored, running or waiting to run.
   */
  OPERATION_STATE_PENDING: 'OPERATION_STATE_PENDING',
  /**
   * Done; the result is there.
   */
  OPERATION_STATE_COMPLETED: 'OPERATION_STATE_COMPLETED',
  /**
   * Over without a result; `error` says why, and whether the same request may be sent again.
   */
  OPERATION_STATE_FAILED: 'OPERATION_STATE_FAILED',
} as const;

export type OperationState =
  | 'OPERATION_STATE_UNSPECIFIED'
  | 0
  /**
   * Accepted, stored, running or waiting to run.
   */
  | 'OPERATION_STATE_PENDING'
  | 1
  /**
   * Done; the result is there.
   */
  | 'OPERATION_STATE_COMPLETED'
  | 2
  /**
   * Over without a result; `error` says why, and whether the same request may be sent again.
   */
  | 'OPERATION_STATE_FAILED'
  | 3

export type OperationState__Output = typeof OperationState[keyof typeof OperationState]
