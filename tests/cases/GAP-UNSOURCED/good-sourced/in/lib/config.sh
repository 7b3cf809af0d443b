load_config() { cat .loop.json; }
