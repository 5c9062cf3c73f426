// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {Erc3009DepositCollector} from "../src/Erc3009DepositCollector.sol";
import {IDepositCollector} from "../src/IDepositCollector.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @notice Brings one unit less than it was asked for.
contract StingyCollector is IDepositCollector {
    function collect(address, address token, uint256 amount, bytes32, bytes calldata) external {
        require(ERC20(token).transfer(msg.sender, amount - 1), "no transfer");
    }
}

/// @notice Calls back into the contract while it collects.
contract ReentrantCollector is IDepositCollector {
    function collect(address payer, address token, uint256, bytes32, bytes calldata) external {
        BatchSettlement(msg.sender).settle(payer, token);
    }
}

contract DepositTest is SettlementTest {
    function test_deposit_creates_a_channel() public {
        BatchSettlement.ChannelConfig memory config = channel(1);
        bytes32 id = settlement.getChannelId(config);
        bytes memory data = authorize(id, 500, PAYER_KEY);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.ChannelCreated(id, config);
        vm.expectEmit(address(settlement));
        emit BatchSettlement.Deposited(id, stranger, 500, 500);
        vm.prank(stranger);
        settlement.deposit(config, 500, address(collector), data);
        vm.assertEq(balanceOf(id), 500, "channel balance");
        vm.assertEq(dollar.balanceOf(address(settlement)), 500, "money held");
        vm.assertEq(dollar.balanceOf(payer), FUNDS - 500, "payer pays");
    }

    function test_a_second_deposit_adds_up() public {
        fund(channel(1), 500);
        vm.assertEq(balanceOf(fund(channel(1), 250)), 750, "channel balance");
    }

    function test_the_channel_id_covers_every_term() public view {
        BatchSettlement.ChannelConfig memory config = channel(1);
        bytes32 id = settlement.getChannelId(config);
        config.withdrawDelay += 1;
        vm.assertTrue(settlement.getChannelId(config) != id, "delay");
        vm.assertTrue(settlement.getChannelId(channel(2)) != id, "salt");
    }

    function test_terms_must_name_everybody() public {
        for (uint256 field = 0; field < 4; ++field) {
            BatchSettlement.ChannelConfig memory config = channel(1);
            if (field == 0) config.payer = address(0);
            if (field == 1) config.receiver = address(0);
            if (field == 2) config.receiverAuthorizer = address(0);
            if (field == 3) config.token = address(0);
            vm.expectRevert(BatchSettlement.InvalidChannel.selector);
            settlement.deposit(config, 1, address(collector), "");
        }
    }

    function test_fuzz_the_delay_has_bounds(uint40 delay) public {
        vm.assume(delay < 15 minutes || delay > 30 days);
        BatchSettlement.ChannelConfig memory config = channel(1);
        config.withdrawDelay = delay;
        vm.expectRevert(BatchSettlement.WithdrawDelayOutOfRange.selector);
        settlement.deposit(config, 1, address(collector), "");
    }

    function test_nothing_cannot_be_deposited() public {
        vm.expectRevert(BatchSettlement.ZeroDeposit.selector);
        settlement.deposit(channel(1), 0, address(collector), "");
    }

    function test_a_collector_is_needed() public {
        vm.expectRevert(BatchSettlement.InvalidCollector.selector);
        settlement.deposit(channel(1), 1, address(0), "");
    }

    function test_the_balance_cannot_overflow() public {
        fund(channel(1), 1);
        vm.expectRevert(BatchSettlement.DepositOverflow.selector);
        settlement.deposit(channel(1), type(uint128).max, address(collector), "");
    }

    function test_the_money_must_arrive_whole() public {
        StingyCollector stingy = new StingyCollector();
        dollar.mint(address(stingy), 500);
        vm.expectRevert(BatchSettlement.DepositCollectionFailed.selector);
        settlement.deposit(channel(1), 500, address(stingy), "");
    }

    function test_a_collector_cannot_call_back() public {
        ReentrantCollector reentrant = new ReentrantCollector();
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        settlement.deposit(channel(1), 500, address(reentrant), "");
    }

    function test_an_authorization_serves_one_channel_alone() public {
        bytes memory data = authorize(settlement.getChannelId(channel(1)), 500, PAYER_KEY);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        settlement.deposit(channel(2), 500, address(collector), data);
    }

    function test_an_authorization_serves_once() public {
        bytes32 id = settlement.getChannelId(channel(1));
        bytes memory data = authorize(id, 500, PAYER_KEY);
        settlement.deposit(channel(1), 500, address(collector), data);
        bytes32 nonce = keccak256(abi.encode(id, uint256(1)));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, payer, nonce));
        settlement.deposit(channel(1), 500, address(collector), data);
    }

    function test_only_the_payer_authorizes_a_deposit() public {
        bytes memory data = authorize(settlement.getChannelId(channel(1)), 500, STRANGER_KEY);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        settlement.deposit(channel(1), 500, address(collector), data);
    }

    function test_the_collector_serves_the_settlement_alone() public {
        bytes32 id = settlement.getChannelId(channel(1));
        bytes memory data = authorize(id, 500, PAYER_KEY);
        vm.expectRevert(Erc3009DepositCollector.OnlyX402BatchSettlement.selector);
        collector.collect(payer, address(dollar), 500, id, data);
    }

    function test_the_collector_needs_a_settlement() public {
        vm.expectRevert(Erc3009DepositCollector.InvalidX402BatchSettlementAddress.selector);
        new Erc3009DepositCollector(address(0));
    }
}
