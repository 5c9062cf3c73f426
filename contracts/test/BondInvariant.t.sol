// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BondActor} from "./BondActor.sol";
import {BondStrangers} from "./BondStrangers.sol";
import {InvariantTest} from "./InvariantTest.sol";

contract BondInvariantTest is InvariantTest {
    BondStrangers private actor;

    function setUp() public {
        actor = new BondStrangers();
        actor.setUp();
        bytes4[] memory actions = new bytes4[](10);
        actions[0] = BondActor.act_earn.selector;
        actions[1] = BondActor.act_earn_through_a_hub.selector;
        actions[2] = BondActor.act_withdraw.selector;
        actions[3] = BondActor.act_wait.selector;
        actions[4] = BondActor.act_slash.selector;
        actions[5] = BondActor.act_dispute.selector;
        actions[6] = BondActor.act_resolve.selector;
        actions[7] = BondStrangers.act_stranger_disputes.selector;
        actions[8] = BondStrangers.act_stranger_earns.selector;
        actions[9] = BondStrangers.act_stranger_forges.selector;
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

    /// @dev Whatever strangers do, money is held from the period that it came in, and a receipt locks a bond once.
    function invariant_nobody_blocks_anothers_money() public view {
        vm.assertEq(actor.misdated(), 0, "misdated");
        vm.assertEq(actor.overlocked(), 0, "locked too often");
    }

    /// @dev Whatever came before, everybody can be paid in the end.
    function afterInvariant() public {
        actor.payEverybody();
        vm.assertEq(actor.held(), 0, "nothing sticks");
        vm.assertEq(actor.paid(), actor.taken(), "all is paid");
    }
}
