// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// The settlement contract under the path and the name that x402's own has, so that code written against that one
// compiles here unchanged. An alias and not a contract that inherits: structs, events and errors are not found by the
// name of an heir.
import {BatchSettlement as x402BatchSettlement} from "./BatchSettlement.sol";
