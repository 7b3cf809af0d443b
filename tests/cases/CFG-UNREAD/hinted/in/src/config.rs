pub struct Settings {
    pub vm_host: String,
    #[serde(default = "default_user")]
    pub vm_user: String,
    pub database_url: String,
    #[serde(default)]
    pub rate_burst: u32,
    pub secret_word: String,
    pub pool_size: u32,
}
fn default_user() -> String {
    "claude".into()
}
pub fn load() -> Settings {
    Config::builder().add_source(config::Environment::with_prefix("SM")).build()
}
