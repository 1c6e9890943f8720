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


def without_screen(prefix):
    """There is none in a namespace: windows are made all the same, and nobody sees them."""
    with open(f"{prefix}/user.reg", "a") as registry:
        registry.write('\n[Software\\\\Wine\\\\Drivers] 1\n"Graphics"="null"\n')


def share_public(prefix):
    """Wine 8 tells services that %ProgramData% is the public profile: let both be one."""
    public, data = f"{prefix}/drive_c/users/Public", f"{prefix}/drive_c/ProgramData"
    for name in os.listdir(public):
        shutil.move(f"{public}/{name}", data)
    os.rmdir(public)
    os.symlink("../ProgramData", public)


def own_system(prefix, *doubles):
    """The system's folder is this prefix's alone, and holds these doubles: of libraries that
    are asked for there and nowhere else."""
    template, own = f"{TEMPLATE}/drive_c/windows", f"{prefix}/drive_c/windows"
    os.unlink(own)
    shutil.copytree(template, own, symlinks=True,
                    copy_function=lambda source, target:
                    os.symlink(os.path.realpath(source), target))
    for double in doubles:
        os.unlink(f"{own}/system32/{double}")
        shutil.copy(f"{ROOT}/build-windows/tests/{double}", f"{own}/system32")
