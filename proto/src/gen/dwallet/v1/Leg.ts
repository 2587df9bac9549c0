// @ts-nocheck: generated.
export interface Leg {
  'from'?: (string);
  'to'?: (string);
}

export interface Leg__Output {
  'from': (string);
  'to': (string);
}
