"""A Wine of a test's own: its registry and its files, while the system's files stay the
template's, which is made once for the tree."""

import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEMPLATE = f"{ROOT}/build-windows/wine"


def make_prefix(prefix):
    subprocess.run([f"{ROOT}/tools/wine", "cmd", "/c", "exit"], check=True, timeout=280)
    shutil.copytree(TEMPLATE, prefix, symlinks=True,
                    ignore=shutil.ignore_patterns("windows", "Program Files*", "Temp"))
    os.symlink(f"{TEMPLATE}/drive_c/windows", f"{prefix}/drive_c/windows")
