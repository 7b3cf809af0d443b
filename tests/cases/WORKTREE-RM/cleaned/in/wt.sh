#!/usr/bin/env bash
WORKTREE_BASE="$HOME/.worktrees"
create() {
  local worktree_path="$WORKTREE_BASE/$1/$2"
  git worktree add -b "feature/$2" "$worktree_path" main
}
drop() {
  git worktree remove "$WORKTREE_BASE/$1/$2" --force || true
  rm -rf "$WORKTREE_BASE/$1/$2"
}
case "$1" in
  create) create "$2" "$3" ;;
  drop) drop "$2" "$3" ;;
  clean)
    rm -rf "${WORKTREE_BASE:?}/${2:?}"
    ;;
esac
