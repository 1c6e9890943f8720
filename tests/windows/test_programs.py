"""What Windows is told of the programs that are installed, before it runs them: how they may
be loaded, what they need, how to treat them. Read with binutils, as they are in the
installer. (Who they are: test_setup.py.)"""

import re
import subprocess

from netns import check
from prefix import ROOT

STAGE = f"{ROOT}/build-windows/lanparty-setup-files"
MINGW = "x86_64-w64-mingw32"

# All of Windows 10 itself. A library of a compiler's would have to be shipped, and one that
# nobody meant to need may be somebody's who puts it in the way.
COMMON = {"advapi32", "bcrypt", "kernel32", "msvcrt", "ole32", "shell32", "user32", "winmm",
          "ws2_32"}
IMPORTS = {
    "lanparty-client.exe": COMMON | {"crypt32", "dbghelp", "iphlpapi", "setupapi", "userenv"},
    "lanparty.exe": COMMON | {"comctl32", "comdlg32", "dwmapi", "gdi32", "uxtheme"},
}


def objdump(option, name):
    return subprocess.run([f"{MINGW}-objdump", option, f"{STAGE}/{name}"], check=True,
                          capture_output=True, text=True, errors="replace").stdout


def loader_flags(name):
    head = objdump("-p", name)
    return set(re.search(r"DllCharacteristics.*\n((?:\t+\S+\n)+)", head)[1].split())


def compiler_guards_control_flow():
    return subprocess.run([f"{MINGW}-gcc", "-mguard=cf", "-E", "-xc", "/dev/null"], check=False,
                          capture_output=True).returncode == 0


def test_programs_are_loaded_where_nobody_can_guess_and_data_is_no_code(_prefix):
    for name in IMPORTS:
        flags = loader_flags(name)
        check({"HIGH_ENTROPY_VA", "DYNAMIC_BASE", "NX_COMPAT"} <= flags, f"{name} is hardened",
              *flags)
        # GCC 12 has no Control Flow Guard; from the day that it has, we do.
        check(("GUARD_CF" in flags) == compiler_guards_control_flow(),
              f"{name} is guarded where the compiler can", *flags)
        head, sections = objdump("-p", name), objdump("-h", name)
        base = int(re.search(r"ImageBase\s+([0-9a-f]+)", head)[1], 16)
        check(base >= 1 << 32, f"{name} has room to move in", hex(base))
        check(".reloc" in sections, f"{name} can be moved", sections)
        for section, kinds in re.findall(r"^ *\d+ (\S+) .*\n +(.*)$", sections, re.MULTILINE):
            check("CODE" not in kinds or "READONLY" in kinds,
                  f"{section} of {name} is not written and run", kinds)


def test_programs_need_windows_and_nothing_else(_prefix):
    for name, allowed in IMPORTS.items():
        head = objdump("-p", name)
        needed = {library.lower().removesuffix(".dll")
                  for library in re.findall(r"DLL Name: (\S+)", head)}
        check(needed and needed <= allowed, f"{name} needs what Windows has",
              *(needed - allowed))
        check(".edata" not in objdump("-h", name), f"{name} offers nothing to others")


def manifest_of(name):
    with open(f"{STAGE}/{name}", "rb") as file:
        found = re.findall(rb"<assembly .*?</assembly>", file.read(), re.DOTALL)
    check(len(found) == 1, f"{name} has one manifest", len(found))
    return found[0].decode()


def test_programs_tell_windows_how_to_treat_them(_prefix):
    rows = {
        'level="asInvoker" uiAccess="false"': set(IMPORTS),
        ">true</longPathAware>": set(IMPORTS),
        ">UTF-8</activeCodePage>": set(IMPORTS),
        "{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}": set(IMPORTS),     # Windows 10 and 11
        ">PerMonitorV2, PerMonitor</dpiAwareness>": {"lanparty.exe"},
        'name="Microsoft.Windows.Common-Controls" version="6.0.0.0"': {"lanparty.exe"},
    }
    for words, names in rows.items():
        for name in IMPORTS:
            check((words in manifest_of(name)) == (name in names), f"{name}: {words}")
