package paths

import (
	"os"
	"path/filepath"
)

func Sessions() string {
	home, err := os.UserHomeDir()
	if err != nil {
		panic(err)
	}
	return filepath.Join(home, ".claude", "projects")
}
