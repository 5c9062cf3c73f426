// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// The collectors' interface under the path that x402's own has, for collectors written against that one.
import {IDepositCollector} from "../IDepositCollector.sol";
