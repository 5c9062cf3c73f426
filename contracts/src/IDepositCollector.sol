// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IDepositCollector
/// @notice Pulls a deposit from its payer to the settlement contract, in whatever way a token offers.
interface IDepositCollector {
    /// @notice Transfers exactly `amount` of `token` from `payer` to the settlement contract, the only caller.
    /// @param payer Owner of the money.
    /// @param token Token to pull.
    /// @param amount Amount that must arrive, in the token's smallest unit.
    /// @param channelId Channel that the payer's authorization must be bound to.
    /// @param collectorData The payer's authorization, encoded as the collector asks.
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        bytes calldata collectorData
    ) external;
}
