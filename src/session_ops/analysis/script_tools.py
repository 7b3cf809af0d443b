"""Tools that the scripts of package.json start, and that no manifest brings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.lock_files import NPM_LOCKS
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_BRINGS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in (
        "eslint", "prettier", "jest", "vitest", "mocha", "ava", "tsx", "ts-node", "ts-node-dev", "nodemon", "rimraf", "concurrently", "cross-env",
        "webpack", "rollup", "esbuild", "tsup", "nyc", "c8", "husky", "lint-staged", "turbo", "lerna", "semantic-release", "cypress", "xo", "standard",
        "oxlint", "next", "nuxt", "svelte-check", "prisma", "drizzle-kit", "knex", "typedoc", "copyfiles", "shx", "madge", "publint", "tsc-alias",
        "wait-on", "stylelint", "cpx", "del-cli", "sort-package-json", "knip", "depcheck", "markdownlint-cli2",
    )},
    "tsc": ("typescript",), "vite": ("vite", "vitest", "@sveltejs/kit"), "playwright": ("@playwright/test", "playwright"), "tap": ("tap",),
    "biome": ("@biomejs/biome",), "changeset": ("@changesets/cli",), "commitlint": ("@commitlint/cli",), "dotenv": ("dotenv-cli", "dotenv-cra"),
    "npm-run-all": ("npm-run-all", "npm-run-all2"), "run-s": ("npm-run-all", "npm-run-all2"),
    "run-p": ("npm-run-all", "npm-run-all2"), "nest": ("@nestjs/cli",),
    "ng": ("@angular/cli",),
    "ncc": ("@vercel/ncc",), "tailwindcss": ("tailwindcss", "@tailwindcss/cli"), "webpack-cli": ("webpack-cli",), "markdownlint": ("markdownlint-cli",),
    "api-extractor": ("@microsoft/api-extractor",), "attw": ("@arethetypeswrong/cli",), "astro": ("astro",), "docusaurus": ("@docusaurus/core",),
}  # fmt: skip
"""Commands that only packages of npm bring, and these packages (their package.json, `bin`)."""
_KEY = r"\"(?:[^\"\n]*node_modules/)?{}\"\s*:\s*\{{"
_ANYWHERE = r"(?m)(?:node_modules/|[\"'\s/]){}(?:[\"'@:]|$)"
"""How lock files name what they hold: npm's also has the names that others only ask for."""
_STARTS = regex(r"(?:^|&&|\|\||;|\|(?!\|))\s*(?:cross-env\s+)?(?:\w+=\S+\s+)*(?P<tool>[a-z][\w-]*)(?=\s|$|;)")


@rule("DEP-SCRIPT", gate="metadata", category="dependency")
def script_without_its_tool(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A script of package.json starts a tool that no package.json brings.

    Why: `npm run lint` ends with "eslint: not found" for everybody who has not installed the tool for the whole machine; npm puts only what is
    declared on the path of scripts. Passes: tools that a manifest around it declares in any group, that the lock file holds because another package
    brings them, `npx TOOL` and scripts that go on without it.
    Do: Add the tool to devDependencies, or remove the script.
    Source: docs.npmjs.com, scripts, "path".
    """
    packages = [m for m in manifests if m.ecosystem == "npm" and not m.broken]
    if not any(e.kind == "task" for m in packages for e in m.entry_points):
        raise NotApplicable("no package.json with scripts")
    for one in packages:
        if is_aside(one.path) or tree.entries[one.path].vendored:
            continue
        around = [m for m in packages if not m.folder or one.folder == m.folder or one.folder.startswith(m.folder + "/")]
        named = {d.name for m in around for d in m.dependencies}
        if not named or any(re.match(r"(?:workspace|file|link):", d.spec) for m in around for d in m.dependencies):
            continue  # a package of the same repository may bring its tools with it
        absent: dict[str, tuple[str, int]] = {}
        for task in (e for e in one.entry_points if e.kind == "task"):
            for match in _STARTS.finditer(task.value):
                tool = match["tool"]
                if tool in _BRINGS and not named & set(_BRINGS[tool]) and tool not in absent and "|| true" not in task.value:
                    absent[tool] = (task.name, task.line)
        for tool, (name, line) in absent.items():
            if not _locked(tree, one, around, _BRINGS[tool]):
                yield Finding(
                    f"the script {name} starts {tool}, which no dependency brings",
                    tree.evidence(one.path, line),
                    impact=f"`npm run {name}` ends with: {tool}: not found.",
                    confidence="possible",
                )


def _locked(tree: Tree, one: Manifest, around: list[Manifest], packages: tuple[str, ...]) -> bool:
    """Does a lock file around the manifest hold one of the packages, because another one brings it?"""
    for folder in {one.folder, *(m.folder for m in around)}:
        for name in NPM_LOCKS:
            text = tree.text(f"{folder}/{name}" if folder else name)
            shape = _KEY if name == "package-lock.json" else _ANYWHERE
            if text and any(re.search(shape.format(re.escape(p)), text) for p in packages):
                return True
    return False
