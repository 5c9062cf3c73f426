// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {TestDollar} from "../src/TestDollar.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract TestDollarTest is SettlementTest {
    function test_it_counts_in_micro_dollars() public view {
        vm.assertEq(dollar.decimals(), 6, "decimals");
    }

    function test_fuzz_anyone_may_mint(address to, uint128 amount) public {
        vm.assume(to != address(0) && to != payer);
        dollar.mint(to, amount);
        vm.assertEq(dollar.balanceOf(to), amount, "minted");
    }

    function test_fuzz_it_exists_on_the_local_chain_alone(uint64 id) public {
        vm.assume(id != 31337);
        vm.chainId(id);
        vm.expectRevert(abi.encodeWithSelector(TestDollar.NotLocalChain.selector, uint256(id)));
        new TestDollar();
    }

    function test_only_the_named_receiver_takes_the_money() public {
        bytes32 channelId = keccak256("channel");
        (, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(authorize(channelId, 500, PAYER_KEY), (uint256, uint256, uint256, bytes));
        bytes32 nonce = keccak256(abi.encode(channelId, salt));
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(collector))
        );
        dollar.receiveWithAuthorization(payer, address(collector), 500, 0, validBefore, nonce, signature);
    }
}
