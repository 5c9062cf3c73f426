// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {HeldEarnings} from "./HeldEarnings.sol";
import {IEarningsBond} from "./IEarningsBond.sol";

/// @title BondAccounts
/// @notice Credit and bond of every account, and the one way out: to its owner, whoever asks.
abstract contract BondAccounts is IEarningsBond, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using HeldEarnings for HeldEarnings.Ring;

    /// @dev Money of one account: free, locked by disputes, held.
    struct Account {
        uint128 available;
        uint128 locked;
        uint32 convictions;
        HeldEarnings.Ring bond;
    }

    /// @notice Token that everything is counted in.
    IERC20 public immutable token;
    /// @notice Most that is held of one provider.
    uint128 public immutable target;
    /// @notice Length of one of the eight periods that earnings are held for, in seconds.
    uint40 public immutable periodSeconds;
    mapping(address owner => Account) internal accounts;

    constructor(address token_, uint128 target_, uint40 holdSeconds) {
        if (token_ == address(0) || target_ == 0 || holdSeconds == 0) revert InvalidTerms();
        token = IERC20(token_);
        target = target_;
        periodSeconds = (holdSeconds - 1) / HeldEarnings.PERIODS + 1;
    }

    /// @inheritdoc IEarningsBond
    function withdraw(address account) external nonReentrant returns (uint128 amount) {
        Account storage owner = _upToDate(account);
        amount = owner.available;
        if (amount == 0) return 0;
        owner.available = 0;
        emit Withdrawn(account, msg.sender, amount);
        token.safeTransfer(account, amount);
    }

    /// @inheritdoc IEarningsBond
    function getAccount(address account)
        external
        view
        returns (uint128 available, uint128 bonded, uint128 locked, uint32 convictions)
    {
        Account storage owner = accounts[account];
        uint128 matured = owner.bond.matured(_period());
        return (owner.available + matured, owner.bond.total - matured, owner.locked, owner.convictions);
    }

    /// @inheritdoc IEarningsBond
    function getBond(address provider)
        external
        view
        returns (uint128[9] memory amounts, uint40[9] memory releaseAt)
    {
        HeldEarnings.Ring storage bond = accounts[provider].bond;
        uint40 period = _period();
        for (uint40 i = 0; i < amounts.length; ++i) {
            amounts[i] = bond.heldOf(period, i);
            releaseAt[i] = (period + 1 + i) * periodSeconds;
        }
    }

    /// @dev Adds to a bond as its newest part; what exceeds the target becomes credit.
    function _hold(address account, uint128 amount) internal {
        Account storage owner = _upToDate(account);
        emit BondHeld(account, amount);
        _release(account, owner, owner.bond.add(amount, target));
    }

    /// @dev Puts back into a bond what a dispute took out, each part with its age, as if it had never been away:
    ///      what has been held long enough meanwhile, and what exceeds the target, becomes credit.
    function _putBack(address account, HeldEarnings.Ring storage lock) internal {
        Account storage owner = _upToDate(account);
        emit BondHeld(account, lock.total);
        uint128 matured = lock.turn(_period());
        _release(account, owner, matured + owner.bond.join(lock, target));
    }

    /// @dev The account's storage, once what has been held long enough is credit.
    function _upToDate(address account) internal returns (Account storage owner) {
        owner = accounts[account];
        _release(account, owner, owner.bond.turn(_period()));
    }

    function _release(address account, Account storage owner, uint128 amount) internal {
        if (amount == 0) return;
        owner.available += amount;
        emit BondReleased(account, amount);
    }

    function _credit(address account, uint128 amount) internal {
        if (amount == 0) return;
        accounts[account].available += amount;
        emit Credited(account, amount);
    }

    function _period() internal view returns (uint40) {
        return uint40(block.timestamp) / periodSeconds;
    }
}
