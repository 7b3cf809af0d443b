use serde_json::from_str;
use state::Value;

fn main() {
    let quote = '"';
    let read: Value = from_str("{}").unwrap(); // toml::from_str would do
    println!("{quote}{read}");
}
