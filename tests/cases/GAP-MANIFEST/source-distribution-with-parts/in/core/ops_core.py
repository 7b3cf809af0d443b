import msgspec
