// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BondTest} from "./BondTest.sol";

/// @notice Measures execution gas and compares it with `contracts/gas.json`. With `WRITE_GAS=true` it writes that
///         file instead.
abstract contract GasSnapshot is BondTest {
    /// @dev Deviation that passes, upwards and downwards, in thousandths.
    uint256 private constant TOLERANCE_PERMILLE = 2;
    string private constant FILE = "contracts/gas.json";

    /// @dev Calls as `sender`, with storage cold as in a transaction of its own, and compares the gas with what the
    ///      file says for `name`.
    function snapshot(string memory name, address sender, address target, bytes memory call)
        internal
        returns (uint256)
    {
        coolAll();
        return snapshotWarm(name, sender, target, call);
    }

    /// @dev The same with storage as earlier calls of the test have left it.
    function snapshotWarm(string memory name, address sender, address target, bytes memory call)
        internal
        returns (uint256 gas)
    {
        vm.prank(sender);
        (bool succeeded,) = target.call(call);
        vm.assertTrue(succeeded, "call");
        gas = vm.lastCallGas().gasTotalUsed;
        string memory key = string.concat(".", name);
        if (vm.envOr("WRITE_GAS", false)) vm.writeJson(vm.toString(gas), FILE, key);
        else compare(gas, vm.parseJsonUint(vm.readFile(FILE), key));
    }

    /// @dev Makes everything cold that a call may touch.
    function coolAll() internal virtual {
        vm.cool(address(settlement));
        vm.cool(address(collector));
        vm.cool(address(dollar));
        vm.cool(address(bond));
        vm.cool(address(registry));
    }

    function compare(uint256 gas, uint256 expected) private pure {
        uint256 tolerance = expected * TOLERANCE_PERMILLE / 1000;
        vm.assertLe(gas, expected + tolerance, "more gas than in contracts/gas.json");
        vm.assertGe(gas, expected - tolerance, "less gas: run npm run contracts:gas to keep it so");
    }
}
