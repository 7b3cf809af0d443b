SRC_PACKAGE_DIR="${SRC_PACKAGE_DIR:-your_project_host}"
ls "src/$SRC_PACKAGE_DIR"
