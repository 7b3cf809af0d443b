package state

var All = `
import "github.com/none/such"
`
