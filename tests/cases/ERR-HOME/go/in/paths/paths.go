package paths

import (
	"os"
	"path/filepath"
)

func Sessions() string {
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".claude", "projects")
}
