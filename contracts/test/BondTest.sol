// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchSettlement} from "../src/BatchSettlement.sol";
import {EarningsBond} from "../src/EarningsBond.sol";
import {IEarningsBond} from "../src/IEarningsBond.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {ReceiptHash} from "../src/ReceiptHash.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @notice A bond with a panel of three, a listed model, and providers who earn through channels.
abstract contract BondTest is SettlementTest {
    uint128 internal constant TARGET = 1000;
    uint40 internal constant PERIOD = 1 days;
    uint40 internal constant HOLD = 8 * PERIOD;
    uint40 internal constant PANEL_TIME = 3 days;
    uint16 internal constant REWARD_BPS = 3000;
    uint16 internal constant ROYALTY_BPS = 1000;
    uint256 internal constant PROVIDER_KEY = RECEIVER_KEY;
    bytes32 internal constant MODEL = keccak256("manifest");

    address internal constant publisher = address(0xb00c);
    address internal constant commons = address(0xc0);
    EarningsBond internal bond;
    ModelRegistry internal registry;
    bytes32 internal listingId;
    address internal provider = receiver;
    uint256[3] internal panelKeys;

    function setUp() public virtual override {
        super.setUp();
        registry = new ModelRegistry();
        string[] memory sources = new string[](1);
        sources[0] = "ipfs://model";
        vm.prank(publisher);
        listingId = registry.register(MODEL, ROYALTY_BPS, sources);
        bond = new EarningsBond(terms());
        dollar.mint(stranger, FUNDS);
        vm.prank(stranger);
        dollar.approve(address(bond), FUNDS);
    }

    /// @dev Terms of the bond; the panel's members stand in ascending order, as their verdicts must.
    function terms() internal returns (IEarningsBond.BondTerms memory) {
        panelKeys = [uint256(1), 2, 3];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (vm.addr(panelKeys[j]) > vm.addr(panelKeys[i])) {
                    (panelKeys[i], panelKeys[j]) = (panelKeys[j], panelKeys[i]);
                }
            }
        }
        address[] memory panel = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            panel[i] = vm.addr(panelKeys[i]);
        }
        return IEarningsBond.BondTerms({
            settlement: address(settlement),
            token: address(dollar),
            registry: address(registry),
            commons: commons,
            target: TARGET,
            holdSeconds: HOLD,
            disputeSeconds: PANEL_TIME,
            rewardBps: REWARD_BPS,
            panel: panel,
            quorum: 2
        });
    }

    /// @dev A channel that pays a provider through the bond.
    function bondChannel(uint256 providerKey, bytes32 salt)
        internal
        view
        returns (BatchSettlement.ChannelConfig memory config)
    {
        config = channel(0);
        config.receiver = address(bond);
        config.receiverAuthorizer = vm.addr(providerKey);
        config.salt = salt;
    }

    /// @dev Deposits, claims and credits an amount through one of the provider's channels.
    function earn(uint256 providerKey, bytes32 salt, uint128 amount) internal {
        BatchSettlement.ChannelConfig memory config = bondChannel(providerKey, salt);
        bytes32 id = fund(config, amount);
        uint128 total = claimedOf(id) + amount;
        BatchSettlement.VoucherClaim[] memory lines = batch(line(config, total, total));
        vm.prank(config.receiverAuthorizer);
        settlement.claim(lines);
        bond.credit(config);
    }

    /// @dev Earns without a royalty.
    function earn(uint128 amount) internal {
        earn(PROVIDER_KEY, 0, amount);
    }

    function receiptOf(uint256 providerKey, string memory job, string memory answer)
        internal
        view
        returns (ReceiptHash.Receipt memory)
    {
        return ReceiptHash.Receipt({
            jobId: keccak256(bytes(job)),
            termsHash: keccak256("terms"),
            provider: vm.addr(providerKey),
            channelId: keccak256("channel"),
            modelId: MODEL,
            arithmeticId: keccak256("arithmetic"),
            promptHash: keccak256("prompt"),
            outputHead: keccak256(bytes(answer)),
            promptTokens: 12,
            completionTokens: 64,
            chargeMicroUsd: 7,
            finishReason: "stop",
            issuedAtSeconds: uint40(block.timestamp)
        });
    }

    function signed(uint256 key, ReceiptHash.Receipt memory receipt) internal view returns (bytes memory) {
        return sign(key, bond.getReceiptDigest(receipt));
    }

    /// @dev Reports that a provider gave two answers to one job.
    function slash(uint256 providerKey, string memory job) internal {
        ReceiptHash.Receipt memory one = receiptOf(providerKey, job, "yes");
        ReceiptHash.Receipt memory other = receiptOf(providerKey, job, "no");
        bytes memory oneSignature = signed(providerKey, one);
        bytes memory otherSignature = signed(providerKey, other);
        vm.prank(stranger);
        bond.slash(one, oneSignature, other, otherSignature);
    }

    /// @dev The stranger disputes a receipt of the provider.
    function openDispute(uint256 providerKey, uint128 most) internal returns (uint256) {
        return openDispute(receiptOf(providerKey, "disputed", "maybe"), providerKey, most);
    }

    function openDispute(ReceiptHash.Receipt memory receipt, uint256 providerKey, uint128 most)
        internal
        returns (uint256)
    {
        bytes memory signature = signed(providerKey, receipt);
        vm.prank(stranger);
        return bond.dispute(receipt, signature, most);
    }

    /// @dev Verdicts of the panel's first members.
    function verdicts(uint256 disputeId, bool guilty, uint256 count)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = sign(panelKeys[i], bond.getVerdictDigest(disputeId, guilty));
        }
    }

    function availableOf(address account) internal view returns (uint128 available) {
        (available,,,) = bond.getAccount(account);
    }

    function bondedOf(address account) internal view returns (uint128 bonded) {
        (, bonded,,) = bond.getAccount(account);
    }

    function lockedOf(address account) internal view returns (uint128 locked) {
        (,, locked,) = bond.getAccount(account);
    }
}
