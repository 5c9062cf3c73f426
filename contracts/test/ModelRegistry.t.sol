// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../src/IModelRegistry.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {TestBase} from "./TestBase.sol";

contract ModelRegistryTest is TestBase {
    bytes32 private constant MODEL = keccak256("manifest");
    address private constant PUBLISHER = address(0xb00c);
    address private constant OTHER = address(0x0dd);

    ModelRegistry private registry = new ModelRegistry();

    function register(address publisher, uint16 royaltyBps) private returns (bytes32) {
        vm.prank(publisher);
        return registry.register(MODEL, royaltyBps, sources("ipfs://model"));
    }

    function sources(string memory only) private pure returns (string[] memory list) {
        list = new string[](1);
        list[0] = only;
    }

    function test_a_listing_says_what_was_registered() public {
        bytes32 id = registry.getListingId(MODEL, PUBLISHER);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelRegistered(id, MODEL, PUBLISHER, 250, sources("ipfs://model"));
        vm.assertEq(register(PUBLISHER, 250), id, "id");
        IModelRegistry.Listing memory listing = registry.getListing(id);
        vm.assertEq(listing.modelId, MODEL, "model");
        vm.assertEq(listing.publisher, PUBLISHER, "publisher");
        vm.assertEq(listing.royaltyBps, 250, "royalty");
        vm.assertTrue(!listing.deprecated, "in use");
        vm.assertEq(keccak256(bytes(registry.getSources(id)[0])), keccak256("ipfs://model"), "source");
    }

    function test_fuzz_the_royalty_is_30_percent_at_most(uint16 royaltyBps) public {
        vm.assume(royaltyBps > 3000);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RoyaltyTooHigh.selector, royaltyBps));
        register(PUBLISHER, royaltyBps);
        register(PUBLISHER, 3000);
    }

    function test_a_royalty_cannot_be_registered_anew() public {
        bytes32 id = register(PUBLISHER, 250);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.AlreadyRegistered.selector, id));
        register(PUBLISHER, 300);
    }

    function test_nobody_takes_the_place_of_another() public {
        bytes32 own = register(PUBLISHER, 250);
        bytes32 foreign = register(OTHER, 3000);
        vm.assertTrue(own != foreign, "two listings");
        (address publisher, uint16 royaltyBps) = registry.royaltyOf(own);
        vm.assertEq(publisher, PUBLISHER, "publisher");
        vm.assertEq(royaltyBps, 250, "royalty");
    }

    function test_a_model_has_an_id() public {
        vm.expectRevert(IModelRegistry.InvalidModelId.selector);
        registry.register(bytes32(0), 0, sources("ipfs://model"));
    }

    function test_sources_can_be_replaced() public {
        bytes32 id = register(PUBLISHER, 250);
        string[] memory two = new string[](2);
        (two[0], two[1]) = ("ipfs://a", "ipfs://b");
        vm.expectEmit(address(registry));
        emit IModelRegistry.SourcesChanged(id, two);
        vm.prank(PUBLISHER);
        registry.setSources(MODEL, two);
        vm.assertEq(registry.getSources(id).length, 2, "two");
        vm.prank(PUBLISHER);
        registry.setSources(MODEL, sources("ipfs://c"));
        vm.assertEq(registry.getSources(id).length, 1, "one");
        vm.assertEq(keccak256(bytes(registry.getSources(id)[0])), keccak256("ipfs://c"), "the new one");
    }

    function test_sources_are_few_and_short() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.InvalidSourceCount.selector, 9));
        registry.register(MODEL, 0, new string[](9));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.InvalidSource.selector, 0));
        registry.register(MODEL, 0, sources(""));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.InvalidSource.selector, 0));
        registry.register(MODEL, 0, sources(string(new bytes(513))));
        registry.register(MODEL, 0, sources(string(new bytes(512))));
    }

    function test_a_model_that_tabs_carry_needs_no_source() public {
        bytes32 id = registry.register(MODEL, 0, new string[](0));
        vm.assertEq(registry.getSources(id).length, 0, "none");
    }

    function test_listings_come_newest_first() public {
        bytes32 first = register(PUBLISHER, 250);
        bytes32 second = register(OTHER, 3000);
        vm.assertEq(registry.listingCount(), 2, "count");
        IModelRegistry.ListedModel[] memory newest = registry.getNewest(0, 2);
        vm.assertEq(newest[0].listingId, second, "newest");
        vm.assertEq(newest[1].listingId, first, "oldest");
        vm.assertEq(newest[0].listing.publisher, OTHER, "publisher");
        vm.assertEq(newest[0].listing.royaltyBps, 3000, "royalty");
        vm.assertEq(keccak256(bytes(newest[1].sources[0])), keccak256("ipfs://model"), "source");
    }

    function test_fuzz_a_page_of_listings_is_within_bounds(uint8 count, uint256 skip, uint256 most) public {
        count = count % 16;
        for (uint256 i = 0; i < count; ++i) {
            registry.register(bytes32(i + 1), 0, new string[](0));
        }
        IModelRegistry.ListedModel[] memory page = registry.getNewest(skip, most);
        uint256 left = skip < count ? count - skip : 0;
        vm.assertEq(page.length, most < left ? most : left, "length");
        for (uint256 i = 0; i < page.length; ++i) {
            vm.assertEq(page[i].listing.modelId, bytes32(left - i), "model");
        }
    }

    function test_deprecation_is_for_ever_and_keeps_the_royalty() public {
        bytes32 id = register(PUBLISHER, 250);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelDeprecated(id);
        vm.prank(PUBLISHER);
        registry.deprecate(MODEL);
        vm.assertTrue(registry.getListing(id).deprecated, "deprecated");
        (, uint16 royaltyBps) = registry.royaltyOf(id);
        vm.assertEq(royaltyBps, 250, "royalty");
        vm.prank(PUBLISHER);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.AlreadyDeprecated.selector, id));
        registry.deprecate(MODEL);
    }

    function test_only_the_publisher_changes_a_listing() public {
        register(PUBLISHER, 250);
        bytes memory notRegistered = abi.encodeWithSelector(
            IModelRegistry.NotRegistered.selector, registry.getListingId(MODEL, OTHER)
        );
        vm.prank(OTHER);
        vm.expectRevert(notRegistered);
        registry.setSources(MODEL, sources("ipfs://other"));
        vm.prank(OTHER);
        vm.expectRevert(notRegistered);
        registry.deprecate(MODEL);
    }

    function test_an_unknown_listing_is_owed_nothing() public {
        (address publisher, uint16 royaltyBps) = registry.royaltyOf(MODEL);
        vm.assertEq(publisher, address(0), "nobody");
        vm.assertEq(royaltyBps, 0, "nothing");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotRegistered.selector, MODEL));
        registry.getListing(MODEL);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotRegistered.selector, MODEL));
        registry.getSources(MODEL);
    }
}
