echo "$NAME"
