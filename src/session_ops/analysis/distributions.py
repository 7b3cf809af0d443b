"""Which distribution brings which import name, and which Python has which module: knowledge as tables."""

from __future__ import annotations

from session_ops.patterns import regex

DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "attr": ("attrs",), "bs4": ("beautifulsoup4",), "Crypto": ("pycryptodome", "pycrypto"), "cv2": ("opencv-python", "opencv-python-headless",
    "opencv-contrib-python"), "dateutil": ("python-dateutil",), "discord": ("discord-py", "py-cord"), "docx": ("python-docx",),
    "dotenv": ("python-dotenv",), "fitz": ("pymupdf",), "frontmatter": ("python-frontmatter",), "git": ("gitpython",), "github": ("pygithub",),
    "grpc": ("grpcio",), "jose": ("python-jose",), "jwt": ("pyjwt",), "ldap": ("python-ldap",), "lark": ("lark", "lark-parser"),
    "magic": ("python-magic",), "markdown_it": ("markdown-it-py",), "multipart": ("python-multipart",), "MySQLdb": ("mysqlclient",),
    "nacl": ("pynacl",), "OpenSSL": ("pyopenssl",), "PIL": ("pillow",), "pkg_resources": ("setuptools",), "playwright": ("playwright",),
    "pptx": ("python-pptx",), "psycopg2": ("psycopg2", "psycopg2-binary"), "pythoncom": ("pywin32",), "win32api": ("pywin32",),
    "win32con": ("pywin32",), "win32gui": ("pywin32",), "serial": ("pyserial",), "six": ("six",), "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",), "slugify": ("python-slugify",), "socks": ("pysocks",), "speech_recognition": ("speechrecognition",),
    "telegram": ("python-telegram-bot",), "tree_sitter": ("tree-sitter",), "usb": ("pyusb",), "websocket": ("websocket-client",),
    "yaml": ("pyyaml",), "zmq": ("pyzmq",), "Xlib": ("python-xlib",), "gitlab": ("python-gitlab",), "jira": ("jira",), "dns": ("dnspython",),
    "pywintypes": ("pywin32",), "levenshtein": ("levenshtein", "python-levenshtein"), "Levenshtein": ("levenshtein", "python-levenshtein"),
    "faiss": ("faiss-cpu", "faiss-gpu"), "umap": ("umap-learn",), "igraph": ("python-igraph", "igraph"), "setuptools": ("setuptools",),
    "google": ("protobuf",), "ruamel": ("ruamel-yaml",), "zope": ("zope-interface",), "sentry_sdk": ("sentry-sdk",), "mcp": ("mcp", "fastmcp"),
    "pylsp": ("python-lsp-server",), "semver": ("semver",), "psycopg": ("psycopg", "psycopg-binary"), "engineio": ("python-engineio",),
    "socketio": ("python-socketio",), "jinja2": ("jinja2",), "werkzeug": ("werkzeug",), "marshmallow": ("marshmallow",),
    "sounddevice": ("sounddevice",), "claude_agent_sdk": ("claude-agent-sdk",), "claude_code_sdk": ("claude-code-sdk",),
    "pyperclip": ("pyperclip",), "pydantic_settings": ("pydantic-settings",), "apscheduler": ("apscheduler",), "nio": ("matrix-nio",),
}  # fmt: skip
"""Import names that differ from the distribution's (or that several bring). Source: the distributions' top_level.txt."""

BRINGS: dict[str, tuple[str, ...]] = {
    "click": (), "pyyaml": (), "toml": (), "tomli": (), "tomlkit": (), "psutil": (), "watchdog": (), "filelock": (), "python-dotenv": (),
    "colorama": (), "tabulate": (), "termcolor": (), "prompt-toolkit": ("wcwidth",), "redis": (), "websockets": (), "portalocker": (),
    "rich": ("markdown-it-py", "mdurl", "pygments"), "requests": ("urllib3", "certifi", "idna", "charset-normalizer"), "pexpect": ("ptyprocess",),
    "libtmux": (), "python-dateutil": ("six",), "humanize": (), "pytz": (), "tzdata": (), "packaging": (), "platformdirs": (), "attrs": (),
    "typing-extensions": (), "jinja2": ("markupsafe",), "typer": ("click", "rich", "shellingham", "typing-extensions", "markdown-it-py",
    "mdurl", "pygments"), "pydantic": ("pydantic-core", "annotated-types", "typing-extensions", "typing-inspection"), "orjson": (),
    "httpx": ("httpcore", "anyio", "certifi", "idna", "h11", "sniffio"), "numpy": (), "croniter": ("pytz", "python-dateutil", "six"),
    "textual": ("rich", "markdown-it-py", "typing-extensions", "platformdirs", "pygments", "mdurl"), "pyperclip": (), "schedule": (),
    "aiosqlite": (), "aiofiles": (), "gitpython": ("gitdb", "smmap"), "questionary": ("prompt-toolkit", "wcwidth"), "structlog": (),
    "loguru": (), "tqdm": (), "cryptography": ("cffi", "pycparser"), "pyjwt": (), "msgspec": (), "simplejson": (), "ujson": (), "regex": (),
    "uvicorn": ("click", "h11", "typing-extensions"), "starlette": ("anyio", "idna", "sniffio"), "flask": ("werkzeug", "jinja2", "click",
    "itsdangerous", "markupsafe", "blinker"), "pathspec": (), "networkx": (), "setproctitle": (), "sqlalchemy": ("typing-extensions", "greenlet"),
}  # fmt: skip
"""Distributions whose requirements are few and known: what a declaration of them installs besides. Source: their metadata on PyPI."""

COMMON = frozenset(
    (
        "aiohttp",
        "anthropic",
        "boto3",
        "botocore",
        "celery",
        "django",
        "docker",
        "fastapi",
        "kubernetes",
        "langchain",
        "libtmux",
        "litellm",
        "matplotlib",
    )
    + (
        "mcp",
        "openai",
        "pandas",
        "paramiko",
        "pika",
        "plotly",
        "prometheus-client",
        "pytest",
        "scipy",
        "streamlit",
        "tornado",
        "torch",
        "uvicorn",
    )
    + (
        "websockets",
        "apscheduler",
        "invoke",
        "fire",
        "fabric",
        "google",
        "transformers",
        "sentry-sdk",
        "slack-sdk",
        "tenacity",
        "pydantic-settings",
    )
)
"""Further distributions whose import names are their own."""
DOCUMENTED_PARTS: dict[str, tuple[str, ...]] = {
    "fastapi": ("starlette", "pydantic"), "flask": ("werkzeug", "jinja2", "click", "markupsafe"), "pandas": ("numpy",), "typer": ("click",),
    "pydantic": ("pydantic-core", "typing-extensions"), "fastmcp": ("mcp",), "boto3": ("botocore",), "pygls": ("lsprotocol",), "eventlet": ("greenlet",),
    "scikit-learn": ("joblib",), "sphinx": ("docutils",), "ipython": ("traitlets",),
    "jupyter-client": ("traitlets",), "notebook": ("traitlets",), "pytest": ("pluggy",), "httpx": ("httpcore",), "kopf": ("aiohttp",),
}  # fmt: skip
"""What a framework's own documentation tells its users to import, although it is a distribution of its own."""

STDLIB_SINCE: dict[str, tuple[int, int]] = {"tomllib": (3, 11), "zoneinfo": (3, 9), "graphlib": (3, 9)}
"""Modules that came to the standard library after Python 3.8. Source: docs.python.org, "New in version"."""
STDLIB_UNTIL: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), (3, 12)),
    **dict.fromkeys(("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev",
                     "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"), (3, 13)),
}  # fmt: skip
"""Modules that left the standard library, and the first Python without them. Source: PEP 594, PEP 632."""

_MARKS = regex(r"[-_.]+")
_AFTER_NAME = regex(r"[\s<>=!~;\[(@]")


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it. Source: packaging.python.org, names and normalization."""
    return _MARKS.sub("-", name).lower()


def required(spec: str) -> str:
    """The normalised name of the distribution that a requirement (PEP 508) asks for."""
    return normalised(_AFTER_NAME.split(spec.strip(), maxsplit=1)[0])


def brought_by(module: str, declared: frozenset[str]) -> bool:
    """May one of the declared distributions (normalised) bring this import name? Said generously: part of a name is enough."""
    if any(one in declared for one in DISTRIBUTIONS.get(module, ())):
        return True
    short = normalised(module).strip("-")
    squeezed = short.replace("-", "")
    for one in declared:
        bare = one.replace("-", "")
        if squeezed == bare or short in one.split("-") or bare.removeprefix("python").removeprefix("py") == squeezed:
            return True
        if short.startswith(f"{one}-"):
            continue  # requests_toolbelt is none of requests: what adds to a package is published by itself
        if len(squeezed) > 3 and (squeezed in bare or (len(bare) > 3 and bare in squeezed)):
            return True
    return False
