work() { log work; }
