// @ts-nocheck: generated.
export interface HelloRequest {
  /**
   * Number of the calling validator, 1..n.
   */
  'validator'?: (number);
  /**
   * 32 bytes: the caller's network.
   */
  'networkId'?: (Buffer | Uint8Array | string);
  /**
   * Version of the wire contract that the caller speaks: 1.
   */
  'protocolVersion'?: (number);
}

export interface HelloRequest__Output {
  /**
   * Number of the calling validator, 1..n.
   */
  'validator': (number);
  /**
   * 32 bytes: the caller's network.
   */
  'networkId': (Buffer);
  /**
   * Version of the wire contract that the caller speaks: 1.
   */
  'protocolVersion': (number);
}
