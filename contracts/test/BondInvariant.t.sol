// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEarningsBond} from "../src/IEarningsBond.sol";
import {BondTest} from "./BondTest.sol";
import {InvariantTest} from "./InvariantTest.sol";

/// @notice Three providers earn, withdraw, contradict themselves and are disputed, at random times.
contract BondActor is BondTest {
    uint256 private constant PROVIDERS = 3;
    uint256[] private open;
    uint256 private jobs;

    /// @notice Everything that was ever credited by channels and staked by accusers.
    uint256 public taken;
    /// @notice Everything that was ever paid out.
    uint256 public paid;

    function act_earn(uint256 who, uint128 amount, bool withRoyalty) external {
        amount = uint128(bound(amount, 1, 3 * TARGET));
        if (dollar.balanceOf(payer) < amount) dollar.mint(payer, amount);
        earn(keyOf(who), withRoyalty ? listingId : bytes32(0), amount);
        taken += amount;
    }

    function act_withdraw(uint256 who) external {
        paid += bond.withdraw(accountOf(who));
    }

    function act_wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 3 * PERIOD));
    }

    function act_slash(uint256 who) external {
        (, uint128 bonded, uint128 locked,) = bond.getAccount(vm.addr(keyOf(who)));
        if (bonded + locked > 0) slash(keyOf(who), string(abi.encode(++jobs)));
    }

    function act_dispute(uint256 who, uint128 most) external {
        uint128 bonded = bondedOf(vm.addr(keyOf(who)));
        if (bonded == 0) return;
        uint256 id = openDispute(keyOf(who), uint128(bound(most, 1, 2 * TARGET)));
        open.push(id);
        taken += bond.getDispute(id).amount;
    }

    function act_resolve(uint256 which, bool guilty) external {
        if (open.length == 0) return;
        uint256 id = open[which % open.length];
        if (block.timestamp > bond.getDispute(id).deadline) bond.expire(id);
        else bond.resolve(id, guilty, verdicts(id, guilty, 2));
        forget(which % open.length);
    }

    /// @notice Ends every dispute, waits until all is released, and pays everybody.
    function payEverybody() external {
        vm.warp(block.timestamp + PANEL_TIME + 1);
        for (uint256 i = 0; i < open.length; ++i) {
            bond.expire(open[i]);
        }
        delete open;
        vm.warp(block.timestamp + HOLD + PERIOD);
        for (uint256 i = 0; i < 6; ++i) {
            paid += bond.withdraw(accountOf(i));
        }
    }

    /// @notice What the contract owes: credit, bonds, and lock and stake of every open dispute.
    function owed() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 6; ++i) {
            (uint128 available, uint128 bonded, uint128 locked,) = bond.getAccount(accountOf(i));
            sum += uint256(available) + bonded + locked;
        }
        for (uint256 i = 0; i < open.length; ++i) {
            sum += bond.getDispute(open[i]).amount;
        }
    }

    function held() external view returns (uint256) {
        return dollar.balanceOf(address(bond));
    }

    /// @notice The locks of a provider's open disputes, and what its account says is locked.
    function locks(uint256 who) external view returns (uint256 sum, uint256 locked) {
        address account = vm.addr(keyOf(who));
        for (uint256 i = 0; i < open.length; ++i) {
            IEarningsBond.Dispute memory dispute = bond.getDispute(open[i]);
            if (dispute.provider == account) sum += dispute.amount;
        }
        return (sum, lockedOf(account));
    }

    /// @notice A provider's bond, and the sum of its parts.
    function bondAndParts(uint256 who) external view returns (uint256 bonded, uint256 parts) {
        address account = vm.addr(keyOf(who));
        (uint128[9] memory amounts,) = bond.getBond(account);
        for (uint256 i = 0; i < amounts.length; ++i) {
            parts += amounts[i];
        }
        return (bondedOf(account), parts);
    }

    /// @dev Providers, accuser, publisher and commons: all who can have credit.
    function accountOf(uint256 who) private view returns (address) {
        who %= 6;
        if (who < PROVIDERS) return vm.addr(keyOf(who));
        if (who == 3) return stranger;
        return who == 4 ? publisher : commons;
    }

    function keyOf(uint256 who) private pure returns (uint256) {
        return 0xb0b0 + who % PROVIDERS;
    }

    function forget(uint256 index) private {
        open[index] = open[open.length - 1];
        open.pop();
    }
}

contract BondInvariantTest is InvariantTest {
    BondActor private actor;

    function setUp() public {
        actor = new BondActor();
        actor.setUp();
        bytes4[] memory actions = new bytes4[](6);
        actions[0] = BondActor.act_earn.selector;
        actions[1] = BondActor.act_withdraw.selector;
        actions[2] = BondActor.act_wait.selector;
        actions[3] = BondActor.act_slash.selector;
        actions[4] = BondActor.act_dispute.selector;
        actions[5] = BondActor.act_resolve.selector;
        actAs(address(actor), actions);
    }

    /// @dev To the unit: more would be lost, less would be owed to somebody who cannot be paid.
    function invariant_the_bond_holds_exactly_what_it_owes() public view {
        vm.assertEq(actor.held(), actor.owed(), "owed");
        vm.assertEq(actor.held(), actor.taken() - actor.paid(), "taken and not paid");
    }

    function invariant_bonds_are_the_sums_of_their_parts_and_never_above_the_target() public view {
        for (uint256 who = 0; who < 3; ++who) {
            (uint256 bonded, uint256 parts) = actor.bondAndParts(who);
            vm.assertEq(bonded, parts, "parts");
            vm.assertLe(bonded, 1000, "target");
            (uint256 sum, uint256 locked) = actor.locks(who);
            vm.assertEq(locked, sum, "locks");
        }
    }

    /// @dev Whatever came before, everybody can be paid in the end.
    function afterInvariant() public {
        actor.payEverybody();
        vm.assertEq(actor.held(), 0, "nothing sticks");
        vm.assertEq(actor.paid(), actor.taken(), "all is paid");
    }
}
