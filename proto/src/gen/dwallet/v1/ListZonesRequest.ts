// @ts-nocheck: generated.
export interface ListZonesRequest {
}

export interface ListZonesRequest__Output {
}
