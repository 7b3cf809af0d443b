#!/usr/bin/env bash
go run ./cmd/board
go run cmd/board/main.go
go build -o cmd/board ./cmd/board
go install example.org/board/cmd/board@latest
