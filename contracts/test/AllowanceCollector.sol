// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestDollar} from "../src/TestDollar.sol";
import {IDepositCollector} from "../src/interfaces/IDepositCollector.sol";

/// @notice Collects with the allowance that the payer gave it.
contract AllowanceCollector is IDepositCollector {
    function collect(address payer, address token, uint256 amount, bytes32, bytes calldata) external {
        require(TestDollar(token).transferFrom(payer, msg.sender, amount), "no transfer");
    }
}
