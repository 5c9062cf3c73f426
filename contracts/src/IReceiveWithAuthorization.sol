// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IReceiveWithAuthorization
/// @notice The EIP-3009 function that deposits use, with the signature as bytes (as USDC has it since v2.2).
interface IReceiveWithAuthorization {
    /// @notice Transfers `value` from `from` to the caller, as `from` has signed.
    /// @param from Owner who signed.
    /// @param to The caller.
    /// @param value Amount in the token's smallest unit.
    /// @param validAfter Unix time after which the authorization holds.
    /// @param validBefore Unix time before which it holds.
    /// @param nonce Unique number that makes it serve once.
    /// @param signature EIP-712 signature by `from`; ERC-1271 where `from` is a contract.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
