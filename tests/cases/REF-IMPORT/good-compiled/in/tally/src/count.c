int total(void) { return 0; }
