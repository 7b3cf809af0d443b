package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"example.com/tracker/state"
)

func main() { fmt.Println(cobra.Command{}, yaml.Node{}, state.All) }
