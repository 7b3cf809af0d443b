package main

import "embed"

//go:embed templates/*.md all:more
var files embed.FS

//go:embed web/dist/*
var web embed.FS

func main() {}
