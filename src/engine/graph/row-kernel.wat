;; What is done to each weight of a model while it is prepared, four weights at a time. Addresses and lengths are in bytes.
(module
  (memory (export "memory") 1)

  ;; Multiplies the floats of the rows from $at up to $end, each $length long, by the factors of their columns.
  (func (export "multiplyColumns") (param $at i32) (param $end i32) (param $length i32) (param $factors i32)
    (local $factor i32)
    (local $rowEnd i32)
    (loop $rows
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return)))
      (local.set $factor (local.get $factors))
      (local.set $rowEnd (i32.add (local.get $at) (local.get $length)))
      (block $noFour
        (loop $fours
          (br_if $noFour (i32.lt_u (i32.sub (local.get $rowEnd) (local.get $at)) (i32.const 16)))
          (v128.store (local.get $at)
            (f32x4.mul (v128.load (local.get $at)) (v128.load (local.get $factor))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $factor (i32.add (local.get $factor) (i32.const 16)))
          (br $fours)))
      (block $noOne
        (loop $ones
          (br_if $noOne (i32.eq (local.get $at) (local.get $rowEnd)))
          (f32.store (local.get $at)
            (f32.mul (f32.load (local.get $at)) (f32.load (local.get $factor))))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $factor (i32.add (local.get $factor) (i32.const 4)))
          (br $ones)))
      (br $rows)))

  ;; Quantises the floats from $at up to $end in groups, each $length long. Writes a byte for each float, from $bytes on:
  ;; the integer nearest to float ÷ scale, which is -127 to 127, plus 128 minus $minus; and a float for each group, its
  ;; scale, from $scales on. Where a quotient lies half way, it goes up.
  (func (export "quantiseGroups")
    (param $at i32) (param $end i32) (param $length i32) (param $minus i32) (param $bytes i32) (param $scales i32)
    (local $groupEnd i32)
    (local $float i32)
    (local $four v128)
    (local $largest i32)
    (local $scale f64)
    (local $inverse f64)
    (loop $groups
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return)))
      (local.set $groupEnd (i32.add (local.get $at) (local.get $length)))

      ;; Magnitudes are in the order of their bits; what is no number is above them all, and makes no scale.
      (local.set $four (v128.const i32x4 0 0 0 0))
      (local.set $float (local.get $at))
      (block $noFour
        (loop $fours
          (br_if $noFour (i32.lt_u (i32.sub (local.get $groupEnd) (local.get $float)) (i32.const 16)))
          (local.set $four
            (i32x4.max_s
              (local.get $four)
              (v128.and (v128.load (local.get $float))
                (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff))))
          (local.set $float (i32.add (local.get $float) (i32.const 16)))
          (br $fours)))
      (block $noOne
        (loop $ones
          (br_if $noOne (i32.eq (local.get $float) (local.get $groupEnd)))
          (local.set $four
            (i32x4.max_s
              (local.get $four)
              (v128.and (v128.load32_zero (local.get $float)) (v128.const i32x4 0x7fffffff 0 0 0))))
          (local.set $float (i32.add (local.get $float) (i32.const 4)))
          (br $ones)))
      (local.set $four
        (i32x4.max_s (local.get $four)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $four) (local.get $four))))
      (local.set $four
        (i32x4.max_s (local.get $four)
          (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $four) (local.get $four))))
      (local.set $largest (i32x4.extract_lane 0 (local.get $four)))
      (local.set $scale
        (select
          (f64.div (f64.promote_f32 (f32.reinterpret_i32 (local.get $largest))) (f64.const 127))
          (f64.const 1e-8)
          (local.get $largest)))
      (f32.store (local.get $scales) (f32.demote_f64 (local.get $scale)))
      (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
      (local.set $inverse (f64.div (f64.const 1) (local.get $scale)))

      ;; In double precision, so that what is cut off is exactly what is below the half above the next integer.
      (block $noFour
        (loop $fours
          (br_if $noFour (i32.lt_u (i32.sub (local.get $groupEnd) (local.get $at)) (i32.const 16)))
          (v128.store32_lane 0 (local.get $bytes)
            (i8x16.shuffle 0 4 8 12 16 20 24 28 0 0 0 0 0 0 0 0
              (i32x4.sub
                (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
                  (call $cutOff (v128.load64_zero (local.get $at)) (local.get $inverse))
                  (call $cutOff (v128.load64_zero offset=8 (local.get $at)) (local.get $inverse)))
                (i32x4.splat (local.get $minus)))
              (v128.const i32x4 0 0 0 0)))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $bytes (i32.add (local.get $bytes) (i32.const 4)))
          (br $fours)))
      (block $noOne
        (loop $ones
          (br_if $noOne (i32.eq (local.get $at) (local.get $groupEnd)))
          (i32.store8 (local.get $bytes)
            (i32.sub
              (i32x4.extract_lane 0
                (call $cutOff (v128.load32_zero (local.get $at)) (local.get $inverse)))
              (local.get $minus)))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $bytes (i32.add (local.get $bytes) (i32.const 1)))
          (br $ones)))
      (br $groups)))

  ;; The first two floats times $inverse, plus 128 and a half, which makes them positive, without what is behind the point.
  (func $cutOff (param $floats v128) (param $inverse f64) (result v128)
    (i32x4.trunc_sat_f64x2_s_zero
      (f64x2.add
        (f64x2.mul (f64x2.promote_low_f32x4 (local.get $floats)) (f64x2.splat (local.get $inverse)))
        (f64x2.splat (f64.const 128.5))))))
