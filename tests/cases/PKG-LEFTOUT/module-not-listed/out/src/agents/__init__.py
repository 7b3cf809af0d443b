from json_files import read
