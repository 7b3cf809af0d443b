pub fn up() {}
