package paths

import "strings"

// folder below ~/.claude/projects
func encodeProject(path string) string {
	encoded := strings.ReplaceAll(path, "/", "-")
	encoded = strings.ReplaceAll(encoded, ".", "-")
	return encoded
}
