package paths

import "strings"

// folder below ~/.claude/projects
func encodeProject(path string) string {
	encoded := strings.ReplaceAll(path, "/", "-")
	encoded = strings.ReplaceAll(encoded, ".", "-")
	encoded = strings.ReplaceAll(encoded, "_", "-")
	return encoded
}
