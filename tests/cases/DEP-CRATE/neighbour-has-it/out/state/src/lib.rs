pub use serde_json::Value;
