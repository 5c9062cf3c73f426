// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title HeldEarnings
/// @notice The newest part of an account's earnings, held for eight whole periods and up to a target.
/// @dev Earnings of one period share a slot of a ring of nine, so every operation costs at most nine steps,
///      however many payments there were. A payment of period `p` is let go in period `p + 9`: after eight whole
///      periods at least, and nine at most. Amounts are in the token's smallest unit.
library HeldEarnings {
    /// @notice Whole periods that a payment is held for.
    uint40 internal constant PERIODS = 8;
    uint40 private constant SLOTS = PERIODS + 1;

    /// @notice What is held for one account.
    /// @param total Sum of the slots.
    /// @param period Period up to which the ring has been turned.
    /// @param slots Earnings of the periods `period - 8` to `period`, each at its number modulo nine.
    struct Ring {
        uint128 total;
        uint40 period;
        uint128[9] slots;
    }

    /// @notice Turns the ring to a period and returns what has been held long enough.
    function turn(Ring storage ring, uint40 period) internal returns (uint128 released) {
        uint40 last = ring.period;
        if (period == last) return 0;
        ring.period = period;
        uint40 steps = period - last < SLOTS ? period - last : SLOTS;
        for (uint40 step = 1; step <= steps; ++step) {
            released += _takeFrom(ring, (last + step) % SLOTS, type(uint128).max);
        }
        if (released > 0) ring.total -= released;
    }

    /// @notice Adds earnings of the ring's period and returns the oldest part, by which the target is exceeded.
    function add(Ring storage ring, uint128 amount, uint128 target) internal returns (uint128 released) {
        ring.slots[ring.period % SLOTS] += amount;
        uint128 total = ring.total + amount;
        ring.total = total;
        if (total > target) released = takeOldest(ring, total - target);
    }

    /// @notice Takes up to `amount` out, oldest earnings first, and returns how much.
    function takeOldest(Ring storage ring, uint128 amount) internal returns (uint128 taken) {
        uint40 period = ring.period;
        for (uint40 step = 1; step <= SLOTS && taken < amount; ++step) {
            taken += _takeFrom(ring, (period + step) % SLOTS, amount - taken);
        }
        ring.total -= taken;
    }

    /// @notice Moves up to `amount` to an empty ring, oldest earnings first and each part with its age, and returns
    ///         how much.
    function moveOldest(Ring storage ring, Ring storage empty, uint128 amount)
        internal
        returns (uint128 moved)
    {
        uint40 period = ring.period;
        for (uint40 step = 1; step <= SLOTS && moved < amount; ++step) {
            uint40 slot = (period + step) % SLOTS;
            uint128 part = _takeFrom(ring, slot, amount - moved);
            if (part > 0) empty.slots[slot] = part;
            moved += part;
        }
        ring.total -= moved;
        (empty.total, empty.period) = (moved, period);
    }

    /// @notice Adds another ring of the same period, each part with its age, and returns the oldest part, by which
    ///         the target is exceeded. The other ring is not emptied.
    function join(Ring storage ring, Ring storage other, uint128 target) internal returns (uint128 released) {
        for (uint40 slot = 0; slot < SLOTS; ++slot) {
            uint128 part = other.slots[slot];
            if (part > 0) ring.slots[slot] += part;
        }
        uint128 total = ring.total + other.total;
        ring.total = total;
        if (total > target) released = takeOldest(ring, total - target);
    }

    /// @notice Returns what would be released by turning the ring to a period.
    function matured(Ring storage ring, uint40 period) internal view returns (uint128 sum) {
        uint40 last = ring.period;
        uint40 steps = period - last < SLOTS ? period - last : SLOTS;
        for (uint40 step = 1; step <= steps; ++step) {
            sum += ring.slots[(last + step) % SLOTS];
        }
    }

    /// @notice Returns what of period `period - 8 + age` is still held in `period`; an age of 8 is the newest.
    function heldOf(Ring storage ring, uint40 period, uint40 age) internal view returns (uint128) {
        if (period + age > ring.period + PERIODS) return 0;
        return ring.slots[(period + age + 1) % SLOTS];
    }

    function _takeFrom(Ring storage ring, uint40 slot, uint128 most) private returns (uint128 taken) {
        uint128 held = ring.slots[slot];
        taken = held < most ? held : most;
        if (taken > 0) ring.slots[slot] = held - taken;
    }
}
