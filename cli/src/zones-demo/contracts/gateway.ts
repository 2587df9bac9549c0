/**
 * A minimal zone gateway: departures of tokens with their destination, and the messages of clusters (docs/zones.md, What validators see).
 *
 * Anybody departs and sends. Deliveries come from one account, the relayer, and settlements from another, the cluster's dWallet: what they may
 * deliver and settle is for the validators to decide.
 *
 * Storage: the next nonce of what is sent at keccak-256(cluster, to, 0), of what is delivered at keccak-256(cluster, from, 1); the two slots below.
 *
 * @module
 */
import { type Address, type Hex, pad, parseAbi } from 'viem';
import { assemble, deploymentCode } from './assembler.ts';

const relayerSlot: Hex = '0x00';
const settlerSlot: Hex = '0x01';

export const gatewayAbi = parseAbi([
  'function depart(address token, address vault, uint256 amount, bytes destination)',
  'function send(bytes32 cluster, bytes32 to, bytes data) returns (uint64 nonce)',
  'function deliver(bytes32 cluster, bytes32 from, uint64 nonce, bytes payload)',
  'function settle(bytes32 settlement)',
  'event Departure(address indexed token, address indexed from, uint256 amount, bytes destination)',
  'event Message(bytes32 indexed cluster, bytes32 indexed to, address indexed from, uint64 nonce, bytes data)',
  'event Delivered(bytes32 indexed cluster, bytes32 indexed from, uint64 nonce, bytes32 payloadHash)',
  'event Settled(bytes32 indexed settlement)',
]);

/** Comments show the stack after a line, its top at the right. Data of events is laid out from 0x100 on, where memory is still zero. */
export const gatewayAssembly = `
    CALLVALUE @fail JUMPI                        ; takes no coin
    PUSH0 CALLDATALOAD 0xe0 SHR                  ; selector, which stays below everything
    DUP1 selector(depart(address,address,uint256,bytes)) EQ @depart JUMPI
    DUP1 selector(send(bytes32,bytes32,bytes)) EQ @send JUMPI
    DUP1 selector(deliver(bytes32,bytes32,uint64,bytes)) EQ @deliver JUMPI
    DUP1 selector(settle(bytes32)) EQ @settle JUMPI
fail:
    PUSH0 PUSH0 REVERT

depart:
    0x64 CALLDATALOAD 0x80 EQ ISZERO @fail JUMPI ; one layout of the arguments
    0x84 CALLDATALOAD                            ; length
    DUP1 0xaf LT @fail JUMPI                     ; longer than any destination
    DUP1 0xa4 ADD CALLDATASIZE LT @fail JUMPI    ; cut short
    0x04 CALLDATALOAD EXTCODESIZE ISZERO @fail JUMPI
    selector(transferFrom(address,address,uint256)) 0xe0 SHL PUSH0 MSTORE
    CALLER 0x04 MSTORE
    0x24 CALLDATALOAD 0x24 MSTORE
    0x44 CALLDATALOAD 0x44 MSTORE
    0x20 0x80 0x64 PUSH0 PUSH0 0x04 CALLDATALOAD GAS CALL ISZERO @fail JUMPI
    RETURNDATASIZE ISZERO @taken JUMPI           ; some tokens answer nothing
    0x80 MLOAD 0x01 EQ ISZERO @fail JUMPI
taken:
    0x44 CALLDATALOAD 0x0100 MSTORE
    0x40 0x0120 MSTORE
    DUP1 0x0140 MSTORE
    DUP1 0xa4 0x0160 CALLDATACOPY
    CALLER 0x04 CALLDATALOAD                     ; length, from, token
    topic(Departure(address,address,uint256,bytes))
    DUP4 0x1f ADD 0x05 SHR 0x05 SHL 0x60 ADD 0x0100 LOG3
    STOP

send:
    0x44 CALLDATALOAD 0x60 EQ ISZERO @fail JUMPI
    0x64 CALLDATALOAD                            ; length
    DUP1 0xffec LT @fail JUMPI                   ; with the sender, 64 kB are a payload
    DUP1 0x84 ADD CALLDATASIZE LT @fail JUMPI
    0x04 CALLDATALOAD PUSH0 MSTORE
    0x24 CALLDATALOAD 0x20 MSTORE
    0x60 PUSH0 KECCAK256                         ; length, slot
    DUP1 SLOAD DUP1 0x01 ADD DUP3 SSTORE         ; length, slot, nonce
    DUP1 0x0100 MSTORE
    0x40 0x0120 MSTORE
    DUP3 0x0140 MSTORE
    DUP3 0x84 0x0160 CALLDATACOPY
    CALLER 0x24 CALLDATALOAD 0x04 CALLDATALOAD   ; length, slot, nonce, from, to, cluster
    topic(Message(bytes32,bytes32,address,uint64,bytes))
    DUP7 0x1f ADD 0x05 SHR 0x05 SHL 0x60 ADD 0x0100 LOG4
    PUSH0 MSTORE 0x20 PUSH0 RETURN               ; the nonce

deliver:
    ${relayerSlot} SLOAD CALLER EQ ISZERO @fail JUMPI
    0x44 CALLDATALOAD 0x40 SHR @fail JUMPI
    0x64 CALLDATALOAD 0x80 EQ ISZERO @fail JUMPI
    0x84 CALLDATALOAD                            ; length
    DUP1 0x010000 LT @fail JUMPI
    DUP1 0xa4 ADD CALLDATASIZE LT @fail JUMPI
    0x04 CALLDATALOAD PUSH0 MSTORE
    0x24 CALLDATALOAD 0x20 MSTORE
    0x01 0x40 MSTORE
    0x60 PUSH0 KECCAK256                         ; length, slot
    DUP1 SLOAD 0x44 CALLDATALOAD                 ; length, slot, next, nonce
    DUP2 DUP2 LT @fail JUMPI                     ; delivered before; a void one may be left out
    DUP1 0x01 ADD DUP4 SSTORE
    PUSH0 MSTORE POP                             ; length, slot
    DUP2 0xa4 0x0100 CALLDATACOPY
    DUP2 0x0100 KECCAK256 0x20 MSTORE
    0x24 CALLDATALOAD 0x04 CALLDATALOAD          ; length, slot, from, cluster
    topic(Delivered(bytes32,bytes32,uint64,bytes32))
    0x40 PUSH0 LOG3
    STOP

settle:
    ${settlerSlot} SLOAD CALLER EQ ISZERO @fail JUMPI
    CALLDATASIZE 0x24 GT @fail JUMPI
    0x04 CALLDATALOAD topic(Settled(bytes32)) PUSH0 PUSH0 LOG2
    STOP
`;

/** Data of the transaction that makes a gateway. */
export const gatewayDeployment = (accounts: { readonly relayer: Address; readonly settler: Address }): Hex =>
  deploymentCode(assemble(gatewayAssembly), [
    [relayerSlot, pad(accounts.relayer, { size: 32 })],
    [settlerSlot, pad(accounts.settler, { size: 32 })],
  ]);
