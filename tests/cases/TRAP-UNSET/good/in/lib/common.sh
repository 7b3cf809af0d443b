cleanup_locks() {
  rm -f state/locks/*
}
