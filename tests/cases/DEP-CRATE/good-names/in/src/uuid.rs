pub fn next() -> u8 {
    1
}
