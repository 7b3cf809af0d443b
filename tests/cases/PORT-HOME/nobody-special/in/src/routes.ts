router.get("/home/settings/profile", show)
