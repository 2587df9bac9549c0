// @ts-nocheck: generated.
import type { Operation as _dwallet_v1_Operation, Operation__Output as _dwallet_v1_Operation__Output } from '../../dwallet/v1/Operation.ts';

export interface GetOperationResponse {
  'operation'?: (_dwallet_v1_Operation | null);
}

export interface GetOperationResponse__Output {
  'operation': (_dwallet_v1_Operation__Output | null);
}
