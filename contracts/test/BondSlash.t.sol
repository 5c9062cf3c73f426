// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEarningsBond} from "../src/IEarningsBond.sol";
import {ReceiptHash} from "../src/ReceiptHash.sol";
import {BondTest} from "./BondTest.sol";

contract BondSlashTest is BondTest {
    function report(ReceiptHash.Receipt memory one, ReceiptHash.Receipt memory other, bytes4 refusal)
        private
    {
        bytes memory oneSignature = signed(PROVIDER_KEY, one);
        bytes memory otherSignature = signed(PROVIDER_KEY, other);
        vm.expectRevert(refusal);
        bond.slash(one, oneSignature, other, otherSignature);
    }

    function yes() private view returns (ReceiptHash.Receipt memory) {
        return receiptOf(PROVIDER_KEY, "job", "yes");
    }

    function no() private view returns (ReceiptHash.Receipt memory) {
        return receiptOf(PROVIDER_KEY, "job", "no");
    }

    function test_two_answers_to_one_job_cost_the_bond() public {
        earn(1600);
        vm.expectEmit(address(bond));
        emit IEarningsBond.Slashed(provider, stranger, keccak256("job"), TARGET, 300);
        slash(PROVIDER_KEY, "job");
        (uint128 available, uint128 bonded,, uint32 convictions) = bond.getAccount(provider);
        vm.assertEq(bonded, 0, "bond");
        vm.assertEq(available, 600, "what was free stays free");
        vm.assertEq(convictions, 1, "convictions");
        vm.assertEq(bond.withdraw(stranger), 300, "reward");
        vm.assertEq(bond.withdraw(commons), 700, "commons");
    }

    function test_every_field_but_the_time_counts() public {
        earn(600);
        for (uint256 field = 0; field < 9; ++field) {
            ReceiptHash.Receipt memory one = receiptOf(PROVIDER_KEY, "job", "yes");
            ReceiptHash.Receipt memory other = receiptOf(PROVIDER_KEY, "job", "yes");
            one.jobId = other.jobId = bytes32(field);
            if (field == 0) other.channelId = 0;
            if (field == 1) other.modelId = 0;
            if (field == 2) other.arithmeticId = 0;
            if (field == 3) other.promptHash = 0;
            if (field == 4) other.outputHead = 0;
            if (field == 5) other.promptTokens += 1;
            if (field == 6) other.chargeMicroUsd += 1;
            if (field == 7) other.finishReason = "length";
            if (field == 8) other.issuedAtSeconds += 1;
            if (field == 8) report(one, other, IEarningsBond.SameStatement.selector);
            else bond.slash(one, signed(PROVIDER_KEY, one), other, signed(PROVIDER_KEY, other));
            earn(10);
        }
        (,,, uint32 convictions) = bond.getAccount(provider);
        vm.assertEq(convictions, 8, "convictions");
    }

    function test_other_jobs_and_positions_are_no_contradiction() public {
        earn(600);
        for (uint256 field = 0; field < 4; ++field) {
            ReceiptHash.Receipt memory other = no();
            if (field == 0) other.jobId = 0;
            if (field == 1) other.termsHash = 0;
            if (field == 2) other.completionTokens = 65;
            if (field == 3) other.provider = stranger;
            report(yes(), other, IEarningsBond.DifferentJobs.selector);
        }
    }

    function test_both_receipts_must_be_the_providers() public {
        earn(600);
        bytes memory own = signed(PROVIDER_KEY, yes());
        bytes memory forged = signed(STRANGER_KEY, no());
        vm.expectRevert(IEarningsBond.InvalidReceiptSignature.selector);
        bond.slash(yes(), own, no(), forged);
        vm.expectRevert(IEarningsBond.InvalidReceiptSignature.selector);
        bond.slash(no(), forged, yes(), own);
        vm.expectRevert(IEarningsBond.InvalidReceiptSignature.selector);
        bond.slash(yes(), own, no(), "");
    }

    function test_nobody_signs_for_the_zero_address() public {
        ReceiptHash.Receipt memory one = yes();
        ReceiptHash.Receipt memory other = no();
        one.provider = other.provider = address(0);
        vm.expectRevert(IEarningsBond.InvalidReceiptSignature.selector);
        bond.slash(one, "", other, "");
    }

    function test_a_receipt_counts_on_its_own_chain_alone() public {
        earn(600);
        bytes memory one = signed(PROVIDER_KEY, yes());
        bytes memory other = signed(PROVIDER_KEY, no());
        vm.chainId(1);
        vm.expectRevert(IEarningsBond.InvalidReceiptSignature.selector);
        bond.slash(yes(), one, no(), other);
    }

    function test_a_contradiction_is_punished_once() public {
        earn(600);
        slash(PROVIDER_KEY, "job");
        earn(500);
        report(no(), yes(), IEarningsBond.AlreadyConvicted.selector);
        vm.assertEq(bondedOf(provider), 500, "later earnings are held as ever");
    }

    function test_without_a_bond_a_proof_is_kept_for_later() public {
        report(yes(), no(), IEarningsBond.NothingAtStake.selector);
        earn(500);
        slash(PROVIDER_KEY, "job");
        vm.assertEq(bondedOf(provider), 0, "slashed");
    }

    function test_what_was_held_long_enough_is_safe() public {
        earn(600);
        vm.warp(block.timestamp + HOLD + PERIOD);
        report(yes(), no(), IEarningsBond.NothingAtStake.selector);
        vm.assertEq(bond.withdraw(provider), 600, "paid");
    }

    function test_a_dispute_shelters_nothing_from_a_conviction() public {
        earn(600);
        uint256 id = openDispute(PROVIDER_KEY, 600);
        slash(PROVIDER_KEY, "job");
        vm.warp(block.timestamp + PANEL_TIME + 1);
        vm.expectEmit(address(bond));
        emit IEarningsBond.LockForfeited(id, provider, 600);
        bond.expire(id);
        vm.assertEq(bondedOf(provider) + availableOf(provider) + lockedOf(provider), 0, "provider");
        vm.assertEq(availableOf(commons), 600, "commons");
        vm.assertEq(availableOf(stranger), 600, "the stake is back");
    }
}
