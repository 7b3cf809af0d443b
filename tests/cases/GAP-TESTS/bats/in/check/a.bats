@test "a" { ./a.sh; }
