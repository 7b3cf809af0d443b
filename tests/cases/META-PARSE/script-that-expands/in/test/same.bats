@test "same" {
  [ 1 = 1 ]
}
