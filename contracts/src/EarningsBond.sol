// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {BatchSettlement} from "./BatchSettlement.sol";
import {BondAccounts} from "./BondAccounts.sol";
import {HeldEarnings} from "./HeldEarnings.sol";
import {IEarningsBond} from "./IEarningsBond.sol";
import {IModelRegistry} from "./IModelRegistry.sol";
import {ReceiptHash} from "./ReceiptHash.sol";

/// @title EarningsBond
/// @notice Credits providers with what their channels earn and holds the newest part as bond.
/// @dev Holds, of its token, the credit and the bond of every account and, for every open dispute, lock and stake;
///      what was claimed and not credited yet is not owed. No owner, no upgrade, no loop over accounts.
contract EarningsBond is IEarningsBond, BondAccounts, EIP712, Multicall {
    using SafeERC20 for IERC20;
    using HeldEarnings for HeldEarnings.Ring;
    using ReceiptHash for ReceiptHash.Receipt;

    /// @notice Largest reward: half of what is forfeited, so that whoever reports itself loses the other half.
    uint16 public constant MAX_REWARD_BPS = 5000;
    /// @notice EIP-712 type of a panel member's verdict.
    bytes32 public constant VERDICT_TYPEHASH =
        keccak256("Verdict(uint256 disputeId,bytes32 receiptHash,bool guilty)");
    uint16 private constant WHOLE_BPS = 10_000;
    /// @dev Share of its stake that an accuser loses to the accused when the panel is silent.
    uint16 private constant SILENCE_BPS = 500;

    /// @notice Settlement contract whose channels pay here.
    BatchSettlement public immutable settlement;
    /// @notice Registry of the listings that royalties are owed to.
    IModelRegistry public immutable registry;
    /// @notice Account that is credited with forfeited money that rewards nobody.
    address public immutable commons;
    /// @notice Time that the panel has for a verdict, in seconds.
    uint40 public immutable disputeSeconds;
    /// @notice Share of forfeited money that goes to whoever proved the fault.
    uint16 public immutable rewardBps;
    /// @notice Verdicts that decide a dispute.
    uint256 public immutable quorum;

    /// @notice Whether the account's verdicts count.
    mapping(address member => bool) public isPanelMember;
    /// @notice Claimed total of each channel up to which it has been credited.
    mapping(bytes32 channelId => uint128) public creditedTotal;
    /// @notice Whether a contradiction has been punished, by the hash of provider, job, terms and position.
    mapping(bytes32 contradiction => bool) public isPunished;
    /// @notice How much of the bond the disputes about a receipt have locked so far; the target at most.
    mapping(bytes32 receiptHash => uint128) public disputedAmount;
    /// @notice Number of disputes opened so far.
    uint256 public disputeCount;

    mapping(uint256 disputeId => Dispute) private disputes;
    mapping(uint256 disputeId => HeldEarnings.Ring) private locks;

    /// @param terms Terms of the contract, fixed from here on.
    constructor(BondTerms memory terms)
        BondAccounts(terms.token, terms.target, terms.holdSeconds)
        EIP712("Opentab Earnings Bond", "1")
    {
        _checkTerms(terms);
        settlement = BatchSettlement(terms.settlement);
        registry = IModelRegistry(terms.registry);
        commons = terms.commons;
        disputeSeconds = terms.disputeSeconds;
        rewardBps = terms.rewardBps;
        quorum = terms.quorum;
        for (uint256 i = 0; i < terms.panel.length; ++i) {
            address member = terms.panel[i];
            if (member == address(0) || isPanelMember[member]) revert InvalidTerms();
            isPanelMember[member] = true;
        }
    }

    /// @inheritdoc IEarningsBond
    function credit(BatchSettlement.ChannelConfig calldata config)
        external
        nonReentrant
        returns (uint128 earned)
    {
        if (config.receiver != address(this) || config.token != address(token)) {
            revert ForeignChannel();
        }
        bytes32 channelId = settlement.getChannelId(config);
        (, uint128 totalClaimed) = settlement.channels(channelId);
        earned = totalClaimed - creditedTotal[channelId];
        if (earned == 0) return 0;
        creditedTotal[channelId] = totalClaimed;
        settlement.settle(address(this), address(token));

        address provider = config.receiverAuthorizer;
        uint128 royalty = _creditRoyalty(config.salt, earned);
        emit EarningsCredited(channelId, provider, earned, royalty);
        _hold(provider, earned - royalty);
    }

    /// @inheritdoc IEarningsBond
    function slash(
        ReceiptHash.Receipt calldata one,
        bytes calldata oneSignature,
        ReceiptHash.Receipt calldata other,
        bytes calldata otherSignature
    ) external nonReentrant {
        if (!one.sameJob(other)) revert DifferentJobs();
        if (one.sameStatement(other)) revert SameStatement();
        _checkReceiptSigned(one, oneSignature);
        _checkReceiptSigned(other, otherSignature);
        _punishOnce(one);

        Account storage provider = _upToDate(one.provider);
        if (provider.bond.total == 0 && provider.locked == 0) revert NothingAtStake();
        ++provider.convictions;
        uint128 amount = provider.bond.takeOldest(provider.bond.total);
        uint128 reward = _share(amount, rewardBps);
        emit Slashed(one.provider, msg.sender, one.jobId, amount, reward);
        _credit(msg.sender, reward);
        _credit(commons, amount - reward);
    }

    /// @inheritdoc IEarningsBond
    function dispute(ReceiptHash.Receipt calldata receipt, bytes calldata signature, uint128 most)
        external
        nonReentrant
        returns (uint256 disputeId)
    {
        if (most == 0) revert ZeroStake();
        bytes32 receiptHash = _checkReceiptSigned(receipt, signature);
        Account storage provider = _upToDate(receipt.provider);
        uint128 others = provider.locked;
        disputeId = ++disputeCount;
        uint128 locked = _lock(disputeId, provider, receiptHash, most);
        uint128 stake = locked > 0 ? locked : _least(most, others);
        if (stake == 0) revert NothingAtStake();

        uint40 deadline = uint40(block.timestamp) + disputeSeconds;
        disputes[disputeId] =
            Dispute(receipt.provider, deadline, provider.convictions, msg.sender, stake, locked, receiptHash);
        emit DisputeOpened(disputeId, receipt.provider, msg.sender, receiptHash, stake, locked, deadline);
        token.safeTransferFrom(msg.sender, address(this), stake);
    }

    /// @inheritdoc IEarningsBond
    function resolve(uint256 disputeId, bool guilty, bytes[] calldata signatures) external nonReentrant {
        Dispute memory open = getDispute(disputeId);
        // The panel has days, so a validator's seconds do not matter.
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp > open.deadline) revert VerdictTooLate();
        _checkVerdicts(getVerdictDigest(disputeId, guilty), signatures);

        _close(disputeId, open);
        emit DisputeResolved(disputeId, guilty);
        if (guilty) {
            ++accounts[open.provider].convictions;
            uint128 reward = _share(open.locked, rewardBps);
            _credit(open.accuser, open.stake + reward);
            _credit(commons, open.locked - reward);
        } else {
            _credit(open.provider, open.stake);
            _giveBack(disputeId, open);
        }
        delete locks[disputeId];
    }

    /// @inheritdoc IEarningsBond
    function expire(uint256 disputeId) external nonReentrant {
        Dispute memory open = getDispute(disputeId);
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp <= open.deadline) revert DisputeStillOpen();
        _close(disputeId, open);
        // Rounded up, so that no stake is too small to lose something.
        uint128 lost = _isConvictedSince(open) ? 0 : open.stake - _share(open.stake, WHOLE_BPS - SILENCE_BPS);
        emit DisputeExpired(disputeId, lost);
        _credit(open.accuser, open.stake - lost);
        _credit(open.provider, lost);
        _giveBack(disputeId, open);
        delete locks[disputeId];
    }

    /// @inheritdoc IEarningsBond
    function getDispute(uint256 disputeId) public view returns (Dispute memory open) {
        open = disputes[disputeId];
        if (open.stake == 0) revert UnknownDispute(disputeId);
    }

    /// @inheritdoc IEarningsBond
    function getVerdictDigest(uint256 disputeId, bool guilty) public view returns (bytes32) {
        bytes32 receiptHash = disputes[disputeId].receiptHash;
        return _hashTypedDataV4(keccak256(abi.encode(VERDICT_TYPEHASH, disputeId, receiptHash, guilty)));
    }

    /// @inheritdoc IEarningsBond
    function getReceiptDigest(ReceiptHash.Receipt calldata receipt) public view returns (bytes32) {
        return receipt.digest(address(settlement));
    }

    /// @dev Credits the publisher that a channel's salt names, and returns with how much.
    function _creditRoyalty(bytes32 listingId, uint128 earned) private returns (uint128 royalty) {
        (address publisher, uint16 royaltyBps) = registry.royaltyOf(listingId);
        royalty = _share(earned, royaltyBps);
        if (royalty == 0) return 0;
        accounts[publisher].available += royalty;
        emit RoyaltyCredited(listingId, publisher, royalty);
    }

    /// @dev Marks the contradiction as punished, so that two receipts cost a bond once.
    function _punishOnce(ReceiptHash.Receipt calldata receipt) private {
        bytes32 contradiction = keccak256(
            abi.encode(receipt.provider, receipt.jobId, receipt.termsHash, receipt.completionTokens)
        );
        if (isPunished[contradiction]) revert AlreadyConvicted();
        isPunished[contradiction] = true;
    }

    /// @dev Takes a dispute's lock out of the bond and returns how much. A receipt locks a whole bond once, and not
    ///      less, so that a small dispute with a friend spares it no larger one.
    function _lock(uint256 disputeId, Account storage provider, bytes32 receiptHash, uint128 most)
        private
        returns (uint128 locked)
    {
        uint128 left = target - disputedAmount[receiptHash];
        if (left == 0) revert AlreadyDisputed();
        locked = provider.bond.moveOldest(locks[disputeId], _least(most, left));
        disputedAmount[receiptHash] += locked;
        provider.locked += locked;
    }

    function _close(uint256 disputeId, Dispute memory open) private {
        delete disputes[disputeId];
        accounts[open.provider].locked -= open.locked;
    }

    function _giveBack(uint256 disputeId, Dispute memory open) private {
        if (open.locked == 0) return;
        if (!_isConvictedSince(open)) return _putBack(open.provider, locks[disputeId]);
        emit LockForfeited(disputeId, open.provider, open.locked);
        _credit(commons, open.locked);
    }

    function _isConvictedSince(Dispute memory open) private view returns (bool) {
        return accounts[open.provider].convictions != open.convictions;
    }

    function _checkReceiptSigned(ReceiptHash.Receipt calldata receipt, bytes calldata signature)
        private
        view
        returns (bytes32 digest)
    {
        digest = getReceiptDigest(receipt);
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (signer == address(0) || signer != receipt.provider) revert InvalidReceiptSignature();
    }

    /// @dev Signers must ascend, so that none counts twice.
    function _checkVerdicts(bytes32 digest, bytes[] calldata signatures) private view {
        if (signatures.length < quorum) revert QuorumMissing(signatures.length, quorum);
        address last = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            (address signer,,) = ECDSA.tryRecoverCalldata(digest, signatures[i]);
            if (signer <= last || !isPanelMember[signer]) revert InvalidVerdict(i);
            last = signer;
        }
    }

    function _checkTerms(BondTerms memory terms) private pure {
        if (
            terms.settlement == address(0) || terms.registry == address(0) || terms.commons == address(0)
                || terms.disputeSeconds == 0 || terms.rewardBps > MAX_REWARD_BPS
                || terms.quorum > terms.panel.length || terms.quorum <= terms.panel.length / 2
        ) revert InvalidTerms();
    }

    function _least(uint128 one, uint128 other) private pure returns (uint128) {
        return one < other ? one : other;
    }

    /// @dev Rounds down: what is left over stays with the other share.
    function _share(uint128 amount, uint16 bps) private pure returns (uint128) {
        // The share is at most the amount, as no caller's bps exceed the whole.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(uint256(amount) * bps / WHOLE_BPS);
    }
}
