"""The `coordinate` gate as a probe: several sessions of the tracker at once, one of them killed, and a look at the state afterwards."""
