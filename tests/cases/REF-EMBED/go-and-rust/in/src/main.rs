fn main() {
    println!("{}", include_str!("../templates/agent.md"));
}
