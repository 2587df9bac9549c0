// @ts-nocheck: generated.
import type { Long } from '@grpc/proto-loader';

export interface HelloResponse {
  /**
   * Number of the answering validator, 1..n.
   */
  'validator'?: (number);
  /**
   * 32 bytes.
   */
  'networkId'?: (Buffer | Uint8Array | string);
  /**
   * Version of the wire contract: 1.
   */
  'protocolVersion'?: (number);
  /**
   * How often its store was opened or restored; grows, and tells a restored validator from one that merely restarted.
   */
  'generation'?: (number | string | Long);
  /**
   * Whether it has its share of the network key, and the setup.
   */
  'hasKey'?: (boolean);
  'hasSetup'?: (boolean);
  /**
   * Presigns that it has assigned to nobody.
   */
  'availablePresigns'?: (number);
  /**
   * Version of its software, for operators.
   */
  'softwareVersion'?: (string);
}

export interface HelloResponse__Output {
  /**
   * Number of the answering validator, 1..n.
   */
  'validator': (number);
  /**
   * 32 bytes.
   */
  'networkId': (Buffer);
  /**
   * Version of the wire contract: 1.
   */
  'protocolVersion': (number);
  /**
   * How often its store was opened or restored; grows, and tells a restored validator from one that merely restarted.
   */
  'generation': (number);
  /**
   * Whether it has its share of the network key, and the setup.
   */
  'hasKey': (boolean);
  'hasSetup': (boolean);
  /**
   * Presigns that it has assigned to nobody.
   */
  'availablePresigns': (number);
  /**
   * Version of its software, for operators.
   */
  'softwareVersion': (string);
}
