#!/usr/bin/env bash
# Wine of some systems lacks the library from which Rust has its random numbers: puts one beside the program in FOLDER.
#
#   tests/wine-library.sh FOLDER
set -euo pipefail
x86_64-w64-mingw32-gcc -shared -O2 -o "$1/bcryptprimitives.dll" -x c - -ladvapi32 <<'C'
#include <windows.h>
#include <ntsecapi.h>
BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return RtlGenRandom(data, (ULONG)size); }
C
