package main

import "github.com/spf13/cobra"

func main() {
	root := &cobra.Command{
		Use: "fleet",
	}
	root.AddCommand(&cobra.Command{Use: "list"}, &cobra.Command{Use: "create [name]"}, &cobra.Command{Use: "remove", Aliases: []string{"rm"}})
	_ = root.Execute()
}
