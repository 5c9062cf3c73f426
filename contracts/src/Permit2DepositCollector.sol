// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IDepositCollector} from "./IDepositCollector.sol";
import {ISignatureTransfer} from "./ISignatureTransfer.sol";

/// @title Permit2DepositCollector
/// @notice Collects deposits of tokens without EIP-3009, with a Permit2 signature of the payer, who has allowed Permit2
///         to take the token, or allows it with an EIP-2612 signature that comes along.
/// @dev The witness is the channel's id, so a signature serves one channel alone. The money goes from the payer to the
///      settlement contract and never through this one.
contract Permit2DepositCollector is IDepositCollector {
    /// @notice Type of the witness, as Permit2 appends it to its own.
    string public constant DEPOSIT_WITNESS_TYPE_STRING =
        "DepositWitness witness)DepositWitness(bytes32 channelId)TokenPermissions(address token,uint256 amount)";
    /// @notice EIP-712 type of the witness.
    bytes32 public constant DEPOSIT_WITNESS_TYPEHASH = keccak256("DepositWitness(bytes32 channelId)");

    /// @notice The settlement contract that deposits go to, and the only caller.
    address public immutable x402BatchSettlement;
    /// @notice Permit2.
    ISignatureTransfer public immutable PERMIT2;

    /// @notice The token refused the EIP-2612 signature with a reason. The deposit goes on: it may have been used.
    event EIP2612PermitFailedWithReason(address indexed token, address indexed owner, string reason);
    /// @notice The token panicked at the EIP-2612 signature. The deposit goes on.
    event EIP2612PermitFailedWithPanic(address indexed token, address indexed owner, uint256 errorCode);
    /// @notice The token refused the EIP-2612 signature with an error of its own, or none. The deposit goes on.
    event EIP2612PermitFailedWithData(address indexed token, address indexed owner, bytes data);

    /// @notice The caller is not the settlement contract.
    error OnlyX402BatchSettlement();
    /// @notice The settlement contract's address is zero.
    error InvalidX402BatchSettlementAddress();
    /// @notice Permit2's address is zero.
    error InvalidPermit2Address();
    /// @notice The EIP-2612 signature is not for the deposit's amount.
    error Permit2612AmountMismatch();

    /// @param settlement Settlement contract to serve.
    /// @param permit2 Permit2.
    constructor(address settlement, address permit2) {
        if (settlement == address(0)) revert InvalidX402BatchSettlementAddress();
        if (permit2 == address(0)) revert InvalidPermit2Address();
        x402BatchSettlement = settlement;
        PERMIT2 = ISignatureTransfer(permit2);
    }

    /// @inheritdoc IDepositCollector
    /// @param collectorData `abi.encode(uint256 nonce, uint256 deadline, bytes permit2Signature, bytes eip2612)`, the
    ///        last of them empty or `abi.encode(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)`
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        bytes calldata collectorData
    ) external {
        if (msg.sender != x402BatchSettlement) revert OnlyX402BatchSettlement();
        (uint256 nonce, uint256 deadline, bytes memory signature, bytes memory eip2612) =
            abi.decode(collectorData, (uint256, uint256, bytes, bytes));
        if (eip2612.length > 0) _allowPermit2(payer, token, amount, eip2612);
        PERMIT2.permitWitnessTransferFrom(
            ISignatureTransfer.PermitTransferFrom({
                permitted: ISignatureTransfer.TokenPermissions({token: token, amount: amount}),
                nonce: nonce,
                deadline: deadline
            }),
            ISignatureTransfer.SignatureTransferDetails({to: msg.sender, requestedAmount: amount}),
            payer,
            keccak256(abi.encode(DEPOSIT_WITNESS_TYPEHASH, channelId)),
            DEPOSIT_WITNESS_TYPE_STRING,
            signature
        );
    }

    /// @dev Anybody may have sent the same signature before, so a failure decides nothing.
    function _allowPermit2(address payer, address token, uint256 amount, bytes memory eip2612) private {
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) =
            abi.decode(eip2612, (uint256, uint256, uint8, bytes32, bytes32));
        if (value != amount) revert Permit2612AmountMismatch();
        try IERC20Permit(token).permit(payer, address(PERMIT2), value, deadline, v, r, s) {}
        catch Error(string memory reason) {
            emit EIP2612PermitFailedWithReason(token, payer, reason);
        } catch Panic(uint256 errorCode) {
            emit EIP2612PermitFailedWithPanic(token, payer, errorCode);
        } catch (bytes memory thrown) {
            emit EIP2612PermitFailedWithData(token, payer, thrown);
        }
    }
}
