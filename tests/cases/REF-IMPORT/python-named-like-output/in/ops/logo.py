LOGO = "ops"
