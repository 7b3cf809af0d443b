package main

import _ "embed"

//go:embed templates/agent.md
var agent string

func main() { println(agent) }
