#[derive(Deserialize)]
pub struct Settings {
    #[serde(default = "default_container_max")]
    pub container_max: i32,
    #[serde(default = "default_rate_burst")]
    pub rate_burst: u32,
}
fn default_container_max() -> i32 {
    20
}
fn default_rate_burst() -> u32 {
    20
}
pub fn load() -> Settings {
    Config::builder().add_source(Environment::with_prefix("SM")).build()
}
