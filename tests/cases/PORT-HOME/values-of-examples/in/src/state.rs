fn run() {
    let state = "/Users/viking/state/x.json";
}
