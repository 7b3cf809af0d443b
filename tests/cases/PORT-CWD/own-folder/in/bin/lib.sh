hello() { echo hello; }
