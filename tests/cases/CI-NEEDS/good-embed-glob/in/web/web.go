package web

import "embed"

//go:embed page.*
var Files embed.FS
