use rocket::serde::json::serde_json;

mod uuid;

fn main() {
    let found = regex::Regex::new("serde::x").unwrap();
    println!("{:?} {:?} {:?}", found, uuid::next(), serde_json::Value::Null);
}
