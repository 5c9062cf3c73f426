// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title PlainDollar
/// @notice Worthless dollar for the local chain without EIP-3009, but with EIP-2612: its deposits go by Permit2.
contract PlainDollar is ERC20Permit {
    uint256 private constant LOCAL_CHAIN_ID = 31337;

    /// @notice Version of the EIP-712 domain under which allowances are signed.
    string public constant version = "1";

    /// @notice Test money exists on the local chain alone.
    error NotLocalChain(uint256 chainId);

    constructor() ERC20("Plain Dollar", "PUSD") ERC20Permit("Plain Dollar") {
        if (block.chainid != LOCAL_CHAIN_ID) revert NotLocalChain(block.chainid);
    }

    /// @notice Creates money out of nothing. Anyone may call.
    /// @param to Account that receives it.
    /// @param amount Amount in micro-dollars.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Number of decimals: one unit is a micro-dollar.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
