package web

import "embed"

//go:embed all:frontend/dist
var FS embed.FS
