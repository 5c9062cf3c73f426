// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ISignatureTransfer
/// @notice The part of Permit2 that deposits use: a transfer that its owner signed once, bound to a witness.
interface ISignatureTransfer {
    /// @notice What an owner lets be transferred.
    /// @param token Token.
    /// @param amount Most that may be transferred.
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    /// @notice What an owner signs, besides spender and witness.
    /// @param permitted Token and most.
    /// @param nonce Any number that the owner has not used yet.
    /// @param deadline Unix time until which it holds.
    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice What the spender asks for.
    /// @param to Account that receives.
    /// @param requestedAmount Amount, at most what is permitted.
    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    /// @notice Transfers as the owner has signed. The caller is the spender.
    /// @param permit What was signed.
    /// @param transferDetails What is asked for.
    /// @param owner Owner who signed.
    /// @param witness Struct hash of the witness that was signed with it.
    /// @param witnessTypeString The witness's field, the end of the outer type, and the types it names, in order.
    /// @param signature EIP-712 signature by `owner`; ERC-1271 where it is a contract.
    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external;
}
