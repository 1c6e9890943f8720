#!/usr/bin/env python3
"""Fails when a file includes something its room may not see (STYLE.md section 2)."""
import pathlib
import re
import sys

# The same fact as the picture in STYLE.md and ARCHITECTURE.md: change them together.
MAY_SEE = {
    "base": "",
    "wire": "base",
    "core": "base wire",
    "quic": "base",
    "os": "base",
    "runtime": "base wire core quic os",
    "app": "base wire core quic os runtime",
}
PURE = {"base", "wire", "core"}
PURE_HEADERS = "assert inttypes limits stdarg stdbool stddef stdint stdio stdlib string".split()
LIBRARIES = {"wire": ["jansson"]}  # a pure library that one pure room may use

def main(root: pathlib.Path) -> int:
    src = root / "src"
    bad = []
    seen = 0
    for path in sorted([*src.rglob("*.[ch]"), *src.rglob("*.def")]):
        seen += 1
        room = path.relative_to(src).parts[0]
        where = path.relative_to(root)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            ours = re.match(r'#\s*include "(\w+)/', line)
            if ours and ours[1] not in [room, *MAY_SEE[room].split()]:
                bad.append(f"{where}:{number}: {room}/ may not include {ours[1]}/")
            theirs = re.match(r"#\s*include <(.+)\.h>", line)
            allowed = PURE_HEADERS + LIBRARIES.get(room, [])
            if theirs and room in PURE and theirs[1] not in allowed:
                bad.append(f"{where}:{number}: {room}/ is pure: no <{theirs[1]}.h>")
            if re.search(r"_WIN32|__linux__", line) and room != "os":
                bad.append(f"{where}:{number}: the platform is chosen in the build, not in {room}/")
            if theirs and room == "os" and path.suffix == ".h" and theirs[1] not in PURE_HEADERS:
                bad.append(f"{where}:{number}: os/ headers hold no system type: no <{theirs[1]}.h>")
    print("\n".join(bad) if bad else f"{seen} files keep the dependency rule")
    return 1 if bad or seen == 0 else 0

if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
