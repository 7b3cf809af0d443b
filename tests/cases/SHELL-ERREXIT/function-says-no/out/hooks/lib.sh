resolve_current() {
  if [ ! -f .current ]; then
    return 1
  fi
  cat .current
}
