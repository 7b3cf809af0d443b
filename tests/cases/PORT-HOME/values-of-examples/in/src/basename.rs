impl Command for Basename {
    fn examples(&self) -> Vec<Shown> {
        vec![Shown::new("/Users/viking/code/spam.txt")]
    }
}
