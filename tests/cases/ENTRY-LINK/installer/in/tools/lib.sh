main() { echo "fleet: $*"; }
