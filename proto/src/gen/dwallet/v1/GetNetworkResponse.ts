// @ts-nocheck: generated.
export interface GetNetworkResponse {
  /**
   * 32 bytes: what every envelope is bound to.
   */
  'networkId'?: (Buffer | Uint8Array | string);
  /**
   * Name of the network, as in its id.
   */
  'name'?: (string);
  /**
   * Weights of the validators, canonical encoding.
   */
  'accessStructure'?: (Buffer | Uint8Array | string);
  /**
   * Ed25519 identity keys, 32 bytes each, validator 1 first.
   */
  'identityKeys'?: (Buffer | Uint8Array | string)[];
  /**
   * Network key record and the quorum certificate over it.
   */
  'keyRecord'?: (Buffer | Uint8Array | string);
  'keyCertificate'?: (Buffer | Uint8Array | string);
  /**
   * Network setup record and the quorum certificate over it.
   */
  'setupRecord'?: (Buffer | Uint8Array | string);
  'setupCertificate'?: (Buffer | Uint8Array | string);
  /**
   * This validator's signed statement of the generation of its store (envelope of kind generation), for the ids of new dWallets. Each validator states
   * its own; a client that creates a dWallet asks all of them.
   */
  'generation'?: (Buffer | Uint8Array | string);
}

export interface GetNetworkResponse__Output {
  /**
   * 32 bytes: what every envelope is bound to.
   */
  'networkId': (Buffer);
  /**
   * Name of the network, as in its id.
   */
  'name': (string);
  /**
   * Weights of the validators, canonical encoding.
   */
  'accessStructure': (Buffer);
  /**
   * Ed25519 identity keys, 32 bytes each, validator 1 first.
   */
  'identityKeys': (Buffer)[];
  /**
   * Network key record and the quorum certificate over it.
   */
  'keyRecord': (Buffer);
  'keyCertificate': (Buffer);
  /**
   * Network setup record and the quorum certificate over it.
   */
  'setupRecord': (Buffer);
  'setupCertificate': (Buffer);
  /**
   * This validator's signed statement of the generation of its store (envelope of kind generation), for the ids of new dWallets. Each validator states
   * its own; a client that creates a dWallet asks all of them.
   */
  'generation': (Buffer);
}
