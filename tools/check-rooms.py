#!/usr/bin/env python3
"""Fails when a file includes something its room may not see (STYLE.md section 2)."""
import pathlib
import re
import sys

MAY_SEE = {
    "base": "",
    "wire": "base",
    "core": "base wire",
    "quic": "base",
    "os": "base",
    "gui": "base wire os",
    "runtime": "base wire core quic os",
    "app": "base wire core quic os runtime",
    "tests/sim": "base wire core",
}
PURE = {"base", "wire", "core"}
# What a room knows without its system: the rest of it is in a folder of the system's name.
PURE_BESIDE_SYSTEM = {"gui"}
PURE_HEADERS = "assert inttypes limits stdarg stdatomic stdbool stddef stdint stdio stdlib string".split()
LIBRARIES = {"wire": ["jansson"], "gui": ["jansson", "zlib", "math"]}  # pure ones, for one room


def room_of(path):
    return path.parts[1] if path.parts[0] == "src" else "tests/sim"


def complaints_of(root, where):
    room = room_of(where)
    if room not in MAY_SEE:
        yield f"{where}:1: tools/check-rooms.py knows no room {room}/"
        return
    may_see = [room.split("/")[-1], *MAY_SEE[room].split()]
    is_pure = room in PURE or room in PURE_BESIDE_SYSTEM and "windows" not in where.parts
    for number, line in enumerate((root / where).read_text().splitlines(), 1):
        ours = re.match(r'#\s*include "(\w+)/', line)
        if ours and ours[1] not in may_see:
            yield f"{where}:{number}: {room}/ may not include {ours[1]}/"
        theirs = re.match(r"#\s*include <(.+)\.h>", line)
        allowed = PURE_HEADERS + LIBRARIES.get(room, [])
        if theirs and is_pure and theirs[1] not in allowed:
            yield f"{where}:{number}: {room}/ is pure: no <{theirs[1]}.h>"
        if ours and ours[1] == "os" and is_pure:
            yield f"{where}:{number}: {where.parent} is pure: no {ours[1]}/"
        if re.search(r"_WIN32|__linux__", line) and room != "os":
            yield f"{where}:{number}: the platform is chosen in the build, not in {room}/"
        # What Windows' own files share among themselves may speak its language.
        is_face = room == "os" and where.suffix == ".h" and "windows" not in where.parts
        if theirs and is_face and theirs[1] not in PURE_HEADERS:
            yield f"{where}:{number}: os/ headers hold no system type: no <{theirs[1]}.h>"


def picture_in(page):
    """Who may see whom, as drawn: arrows reach everything to their right."""
    sees, trunk = {}, []
    for line in page.read_text().splitlines():
        if "──► " not in line or "later" in line or "◄" in line:
            continue
        parts = [part.strip() for part in re.sub(r"\(.*", "", line).split("──►")]
        names = [part.strip("─┬├└ ") for part in parts]
        if not names[0]:
            names = trunk + names[1:]
        trunk = next((names[:at + 1] for at, part in enumerate(parts) if "┬" in part), trunk)
        for at, name in enumerate(names):
            right = {one for part in names[at + 1:] for one in part.split(", ")}
            if "," not in name:
                sees.setdefault(name, set()).update(right)
    return sees


def complaints_of_picture(root, name):
    drawn = picture_in(root / name)
    for room, others in MAY_SEE.items():
        if drawn.get(room, set(others.split())) != set(others.split()) or (
                room not in drawn and "/" not in room):
            yield f"{name}:1: the picture and tools/check-rooms.py disagree about {room}/"
    for room in sorted(set(drawn) - set(MAY_SEE)):
        yield f"{name}:1: tools/check-rooms.py knows no room {room}/, which the picture shows"


def main(root):
    files = [path.relative_to(root) for top in ("src", "tests/sim")
             for path in sorted((root / top).rglob("*")) if path.suffix in (".c", ".h", ".def")]
    bad = [one for where in files for one in complaints_of(root, where)]
    bad += [one for name in ("STYLE.md", "ARCHITECTURE.md")
            for one in complaints_of_picture(root, name)]
    print("\n".join(bad) if bad else f"{len(files)} files keep the dependency rule")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
