// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {IDepositCollector} from "../src/IDepositCollector.sol";
import {TestDollar} from "../src/TestDollar.sol";

/// @notice A collector that anybody may name: brings money of its own, or too little, and tries to come back in.
contract StrangerCollector is IDepositCollector {
    TestDollar private immutable dollar;
    uint256 private missing;

    constructor(TestDollar dollar_) {
        dollar = dollar_;
    }

    /// @notice By how much it falls short from now on.
    function fallShortBy(uint256 amount) external {
        missing = amount;
    }

    function collect(address payer, address token, uint256 amount, bytes32, bytes calldata) external {
        dollar.mint(msg.sender, amount - missing);
        bytes memory again = abi.encodeCall(BatchSettlement.settle, (payer, token));
        (bool succeeded,) = msg.sender.call(again);
        require(!succeeded, "came back in");
    }
}
