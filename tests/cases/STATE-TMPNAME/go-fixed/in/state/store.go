package state

import (
	"encoding/json"
	"os"
	"sync"
)

type Store struct {
	mu   sync.Mutex
	path string
}

func New() *Store {
	return &Store{path: filepath.Join("data", "sessions.json")}
}

func (s *Store) load() (map[string]string, error) {
	data, err := os.ReadFile(s.sessionsFile)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	return found, json.Unmarshal(data, &found)
}

func (s *Store) save(all map[string]string) error {
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	next := s.sessionsFile + ".tmp"
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return err
	}
	return os.Rename(next, s.sessionsFile)
}

func (s *Store) Add(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.load()
	if err != nil {
		return err
	}
	all[id] = "active"
	return s.save(all)
}
