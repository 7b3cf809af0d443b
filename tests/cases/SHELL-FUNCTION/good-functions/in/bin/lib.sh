log_error() { echo "$1"; }
