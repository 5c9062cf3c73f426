// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestBase} from "./TestBase.sol";

/// @notice Base of the invariant tests: forge calls the actor's actions at random and checks after each.
abstract contract InvariantTest is TestBase {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    FuzzSelector private target;

    /// @dev Names the contract that acts and what it may do.
    function actAs(address actor, bytes4[] memory actions) internal {
        target = FuzzSelector(actor, actions);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = target;
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = target.addr;
    }
}
