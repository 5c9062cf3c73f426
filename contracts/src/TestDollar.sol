// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IReceiveWithAuthorization} from "./IReceiveWithAuthorization.sol";

/// @title TestDollar
/// @notice Worthless dollar for the local chain: six decimals and EIP-3009 as USDC has them, and a mint for all.
contract TestDollar is ERC3009, IReceiveWithAuthorization {
    /// @notice Version of the EIP-712 domain under which authorizations are signed.
    string public constant version = "1";

    uint256 private constant LOCAL_CHAIN_ID = 31337;

    /// @notice Test money exists on the local chain alone.
    error NotLocalChain(uint256 chainId);

    constructor() ERC20("Test Dollar", "TUSD") EIP712("Test Dollar", version) {
        if (block.chainid != LOCAL_CHAIN_ID) revert NotLocalChain(block.chainid);
    }

    /// @notice Creates money out of nothing. Anyone may call.
    /// @param to Account that receives it.
    /// @param amount Amount in micro-dollars.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc IReceiveWithAuthorization
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(
            abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(from, _hashTypedDataV4(structHash), signature)) {
            revert ERC3009InvalidSignature();
        }
        if (to != msg.sender) revert ERC20InvalidReceiver(to);
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @notice Number of decimals: one unit is a micro-dollar.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
