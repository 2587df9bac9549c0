/**
 * A minimal ERC-20 token whose owner mints. Trailing bytes after the arguments of `transfer` and `burn` are ignored, as ERC-20 contracts do: there
 * stands the destination of a departure (docs/zones.md, What validators see).
 *
 * Storage: an account's balance is at the slot of its address; an allowance at keccak-256(owner, spender); the two slots below.
 *
 * @module
 */
import { type Address, type Hex, pad, parseAbi } from 'viem';
import { assemble, deploymentCode } from './assembler.ts';

/** Beyond every address, so that no balance can lie there. */
const ownerSlot: Hex = `0x80${'00'.repeat(31)}`;
const supplySlot: Hex = `0x80${'00'.repeat(30)}01`;

export const tokenAbi = parseAbi([
  'function balanceOf(address account) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function transfer(address to, uint256 amount) returns (bool)',
  'function transferFrom(address from, address to, uint256 amount) returns (bool)',
  'function approve(address spender, uint256 amount) returns (bool)',
  'function mint(address to, uint256 amount) returns (bool)',
  'function burn(uint256 amount) returns (bool)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event Approval(address indexed owner, address indexed spender, uint256 value)',
]);

/** Comments show the stack after a line, its top at the right. */
export const tokenAssembly = `
    CALLVALUE @fail JUMPI                        ; takes no coin
    PUSH0 CALLDATALOAD 0xe0 SHR                  ; selector, which stays below everything
    DUP1 selector(transfer(address,uint256)) EQ @transfer JUMPI
    DUP1 selector(balanceOf(address)) EQ @balanceOf JUMPI
    DUP1 selector(mint(address,uint256)) EQ @mint JUMPI
    DUP1 selector(burn(uint256)) EQ @burn JUMPI
    DUP1 selector(approve(address,uint256)) EQ @approve JUMPI
    DUP1 selector(transferFrom(address,address,uint256)) EQ @transferFrom JUMPI
    DUP1 selector(totalSupply()) EQ @totalSupply JUMPI
    DUP1 selector(allowance(address,address)) EQ @allowance JUMPI
fail:
    PUSH0 PUSH0 REVERT
ok:
    0x01                                         ; true
answer:
    PUSH0 MSTORE 0x20 PUSH0 RETURN

balanceOf:
    0x04 CALLDATALOAD SLOAD @answer JUMP
totalSupply:
    ${supplySlot} SLOAD @answer JUMP
allowance:
    0x04 CALLDATALOAD PUSH0 MSTORE 0x24 CALLDATALOAD 0x20 MSTORE
    0x40 PUSH0 KECCAK256 SLOAD @answer JUMP

transfer:
    CALLDATASIZE 0x44 GT @fail JUMPI             ; cut short
    @ok CALLER 0x04 CALLDATALOAD 0x24 CALLDATALOAD
    @move JUMP                                   ; return, from, to, amount

transferFrom:
    CALLDATASIZE 0x64 GT @fail JUMPI
    0x04 CALLDATALOAD PUSH0 MSTORE CALLER 0x20 MSTORE
    0x40 PUSH0 KECCAK256                         ; slot
    DUP1 SLOAD 0x44 CALLDATALOAD                 ; slot, allowed, amount
    DUP1 DUP3 LT @fail JUMPI                     ; allowed < amount
    SWAP1 SUB SWAP1 SSTORE                       ;
    @ok 0x04 CALLDATALOAD 0x24 CALLDATALOAD 0x44 CALLDATALOAD
    @move JUMP

move:                                            ; return, from, to, amount
    DUP3 0xa0 SHR @fail JUMPI                    ; no address has more than 160 bits
    DUP2 0xa0 SHR @fail JUMPI
    DUP2 ISZERO @fail JUMPI                      ; burning is another function
    DUP3 SLOAD                                   ; return, from, to, amount, balance
    DUP2 DUP2 LT @fail JUMPI                     ; balance < amount
    DUP2 SWAP1 SUB DUP4 SSTORE                   ; return, from, to, amount
    DUP2 SLOAD DUP2 ADD DUP3 SSTORE
    PUSH0 MSTORE SWAP1                           ; return, to, from
    topic(Transfer(address,address,uint256))
    0x20 PUSH0 LOG3 JUMP

mint:
    CALLDATASIZE 0x44 GT @fail JUMPI
    ${ownerSlot} SLOAD CALLER EQ ISZERO @fail JUMPI
    0x24 CALLDATALOAD ${supplySlot} SLOAD        ; amount, supply
    DUP2 ADD DUP2 DUP2 LT @fail JUMPI            ; amount, new supply: overflow if it is smaller than the amount
    ${supplySlot} SSTORE                         ; amount
    0x04 CALLDATALOAD                            ; amount, to
    DUP1 0xa0 SHR @fail JUMPI
    DUP1 ISZERO @fail JUMPI
    DUP1 SLOAD DUP3 ADD DUP2 SSTORE
    SWAP1 PUSH0 MSTORE PUSH0                     ; to, from nobody
    topic(Transfer(address,address,uint256))
    0x20 PUSH0 LOG3 @ok JUMP

burn:
    CALLDATASIZE 0x24 GT @fail JUMPI
    0x04 CALLDATALOAD CALLER SLOAD               ; amount, balance
    DUP2 DUP2 LT @fail JUMPI
    DUP2 SWAP1 SUB CALLER SSTORE                 ; amount
    DUP1 ${supplySlot} SLOAD SUB ${supplySlot} SSTORE
    PUSH0 MSTORE PUSH0 CALLER                    ; to nobody, from
    topic(Transfer(address,address,uint256))
    0x20 PUSH0 LOG3 @ok JUMP

approve:
    CALLDATASIZE 0x44 GT @fail JUMPI
    CALLER PUSH0 MSTORE
    0x04 CALLDATALOAD DUP1 0xa0 SHR @fail JUMPI
    DUP1 0x20 MSTORE 0x24 CALLDATALOAD           ; spender, amount
    DUP1 0x40 PUSH0 KECCAK256 SSTORE
    PUSH0 MSTORE CALLER                          ; spender, owner
    topic(Approval(address,address,uint256))
    0x20 PUSH0 LOG3 @ok JUMP
`;

/** Data of the transaction that makes a token. @param owner - who mints. */
export const tokenDeployment = (owner: Address): Hex =>
  deploymentCode(assemble(tokenAssembly), [[ownerSlot, pad(owner, { size: 32 })]]);
