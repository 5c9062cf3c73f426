// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Multicall3
/// @notice Makes several calls in one transaction. Stands for the public contract of that name on chains that lack
///         it, with the one function that is used here, its types and its error.
/// @dev The contracts that are called see this one as their caller. It holds no money and has no state.
contract Multicall3 {
    /// @notice One call.
    /// @param target Contract to call.
    /// @param allowFailure Whether the others count even where this one reverts.
    /// @param callData Function and arguments, ABI-encoded.
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    /// @notice What a call came to.
    /// @param success Whether it did not revert.
    /// @param returnData What it returned, or its error.
    struct Result {
        bool success;
        bytes returnData;
    }

    /// @notice Makes calls one after another. All are undone where one reverts that must not.
    /// @param calls The calls.
    /// @return returnData What each came to.
    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            // The caller chooses whom to call, and there is nothing here to take.
            // forge-lint: disable-next-line(calls-loop)
            (bool success, bytes memory data) = calls[i].target.call(calls[i].callData);
            require(success || calls[i].allowFailure, "Multicall3: call failed");
            returnData[i] = Result(success, data);
        }
    }
}
