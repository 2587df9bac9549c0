// @ts-nocheck: generated.
import type { DWallet as _dwallet_v1_DWallet, DWallet__Output as _dwallet_v1_DWallet__Output } from '../../dwallet/v1/DWallet.ts';

export interface GetDWalletResponse {
  'dwallet'?: (_dwallet_v1_DWallet | null);
}

export interface GetDWalletResponse__Output {
  'dwallet': (_dwallet_v1_DWallet__Output | null);
}
