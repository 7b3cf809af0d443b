# put into ~/.bashrc or ~/.zshrc
if [ -n "$BASH_VERSION" ]; then
  complete -F _fleet fleet
fi
