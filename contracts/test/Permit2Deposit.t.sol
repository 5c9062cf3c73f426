// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {ISignatureTransfer} from "../src/ISignatureTransfer.sol";
import {Permit2} from "../src/Permit2.sol";
import {Permit2DepositCollector} from "../src/Permit2DepositCollector.sol";
import {PlainDollar} from "../src/PlainDollar.sol";
import {Permit2Test} from "./Permit2Test.sol";

contract Permit2DepositTest is Permit2Test {
    function test_a_deposit_goes_by_permit2() public {
        allow(FUNDS);
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes32 id = deposit(config, 500, data(config, 500, 7, PAYER_KEY, ""));
        vm.assertEq(balanceOf(id), 500, "channel balance");
        vm.assertEq(plain.balanceOf(payer), FUNDS - 500, "payer pays");
        vm.assertEq(plain.balanceOf(address(settlement)), 500, "money held");
    }

    function test_an_eip2612_signature_allows_permit2_on_the_way() public {
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes32 id = deposit(config, 500, data(config, 500, 7, PAYER_KEY, allowance(500, PAYER_KEY)));
        vm.assertEq(balanceOf(id), 500, "channel balance");
        vm.assertEq(plain.allowance(payer, address(permit2)), 0, "allowance used up");
    }

    function test_an_eip2612_signature_that_somebody_sent_before_is_no_obstacle() public {
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes memory signed = allowance(500, PAYER_KEY);
        (uint256 value, uint256 until, uint8 v, bytes32 r, bytes32 s) =
            abi.decode(signed, (uint256, uint256, uint8, bytes32, bytes32));
        vm.prank(stranger);
        plain.permit(payer, address(permit2), value, until, v, r, s);
        bytes32 id = deposit(config, 500, data(config, 500, 7, PAYER_KEY, signed));
        vm.assertEq(balanceOf(id), 500, "channel balance");
    }

    function test_a_token_that_refuses_with_a_reason_is_no_obstacle() public {
        bytes memory collectorData = refusedBy(abi.encodeWithSignature("Error(string)", "paused"));
        vm.expectEmit(address(permitCollector));
        emit Permit2DepositCollector.EIP2612PermitFailedWithReason(address(plain), payer, "paused");
        vm.assertEq(balanceOf(deposit(plainChannel(1), 500, collectorData)), 500, "channel balance");
    }

    function test_a_token_that_panics_is_no_obstacle() public {
        bytes memory collectorData = refusedBy(abi.encodeWithSignature("Panic(uint256)", 0x11));
        vm.expectEmit(address(permitCollector));
        emit Permit2DepositCollector.EIP2612PermitFailedWithPanic(address(plain), payer, 0x11);
        vm.assertEq(balanceOf(deposit(plainChannel(1), 500, collectorData)), 500, "channel balance");
    }

    function test_fuzz_a_token_that_refuses_with_an_error_of_its_own_is_no_obstacle(uint256 detail) public {
        bytes memory thrown = abi.encodeWithSignature("Refused(uint256)", detail);
        bytes memory collectorData = refusedBy(thrown);
        vm.expectEmit(address(permitCollector));
        emit Permit2DepositCollector.EIP2612PermitFailedWithData(address(plain), payer, thrown);
        vm.assertEq(balanceOf(deposit(plainChannel(1), 500, collectorData)), 500, "channel balance");
    }

    function test_a_forged_eip2612_signature_allows_nothing() public {
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes memory collectorData = data(config, 500, 7, PAYER_KEY, allowance(500, STRANGER_KEY));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(permit2), 0, 500)
        );
        settlement.deposit(config, 500, address(permitCollector), collectorData);
    }

    function test_an_eip2612_signature_must_be_for_the_deposit() public {
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes memory collectorData = data(config, 500, 7, PAYER_KEY, allowance(501, PAYER_KEY));
        vm.expectRevert(Permit2DepositCollector.Permit2612AmountMismatch.selector);
        settlement.deposit(config, 500, address(permitCollector), collectorData);
    }

    function test_a_signature_serves_once() public {
        allow(FUNDS);
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes memory collectorData = data(config, 500, 7, PAYER_KEY, "");
        deposit(config, 500, collectorData);
        vm.expectRevert(Permit2.InvalidNonce.selector);
        settlement.deposit(config, 500, address(permitCollector), collectorData);
    }

    function test_fuzz_nonces_serve_in_any_order(uint256 one, uint256 other) public {
        vm.assume(one != other);
        allow(FUNDS);
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        deposit(config, 1, data(config, 1, one, PAYER_KEY, ""));
        vm.assertEq(balanceOf(deposit(config, 2, data(config, 2, other, PAYER_KEY, ""))), 3, "both count");
    }

    function test_a_signature_serves_one_channel_and_one_amount() public {
        allow(FUNDS);
        bytes memory collectorData = data(plainChannel(1), 500, 7, PAYER_KEY, "");
        vm.expectRevert(Permit2.InvalidSigner.selector);
        settlement.deposit(plainChannel(2), 500, address(permitCollector), collectorData);
        vm.expectRevert(Permit2.InvalidSigner.selector);
        settlement.deposit(plainChannel(1), 499, address(permitCollector), collectorData);
    }

    function test_only_the_payer_signs() public {
        allow(FUNDS);
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes memory collectorData = data(config, 500, 7, STRANGER_KEY, "");
        vm.expectRevert(Permit2.InvalidSigner.selector);
        settlement.deposit(config, 500, address(permitCollector), collectorData);
    }

    function test_a_signature_ends() public {
        allow(FUNDS);
        BatchSettlement.ChannelConfig memory config = plainChannel(1);
        bytes memory collectorData = data(config, 500, 7, PAYER_KEY, "");
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(Permit2.SignatureExpired.selector, deadline));
        settlement.deposit(config, 500, address(permitCollector), collectorData);
    }

    function test_permit2_gives_no_more_than_was_permitted() public {
        ISignatureTransfer.PermitTransferFrom memory permit = ISignatureTransfer.PermitTransferFrom(
            ISignatureTransfer.TokenPermissions(address(plain), 500), 7, deadline
        );
        vm.expectRevert(abi.encodeWithSelector(Permit2.InvalidAmount.selector, 500));
        permit2.permitWitnessTransferFrom(
            permit, ISignatureTransfer.SignatureTransferDetails(stranger, 501), payer, 0, "", ""
        );
    }

    function test_only_the_settlement_contract_collects() public {
        allow(FUNDS);
        bytes memory collectorData = data(plainChannel(1), 500, 7, PAYER_KEY, "");
        vm.prank(stranger);
        vm.expectRevert(Permit2DepositCollector.OnlyX402BatchSettlement.selector);
        permitCollector.collect(payer, address(plain), 500, bytes32(0), collectorData);
    }

    function test_the_collector_needs_both_addresses() public {
        vm.expectRevert(Permit2DepositCollector.InvalidX402BatchSettlementAddress.selector);
        new Permit2DepositCollector(address(0), address(permit2));
        vm.expectRevert(Permit2DepositCollector.InvalidPermit2Address.selector);
        new Permit2DepositCollector(address(settlement), address(0));
    }

    function test_the_plain_dollar_counts_in_micro_dollars() public view {
        vm.assertEq(plain.decimals(), 6, "decimals");
    }

    function test_fuzz_the_plain_dollar_exists_on_the_local_chain_alone(uint64 id) public {
        vm.assume(id != 31337);
        vm.chainId(id);
        vm.expectRevert(abi.encodeWithSelector(PlainDollar.NotLocalChain.selector, uint256(id)));
        new PlainDollar();
    }

    /// @dev Data of a deposit that is allowed already, with an EIP-2612 signature that the token answers with `thrown`.
    function refusedBy(bytes memory thrown) private returns (bytes memory) {
        allow(500);
        vm.mockCallRevert(address(plain), abi.encodeWithSelector(plain.permit.selector), thrown);
        return data(plainChannel(1), 500, 7, PAYER_KEY, allowance(500, PAYER_KEY));
    }
}
