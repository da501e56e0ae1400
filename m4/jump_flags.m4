# SPDX-License-Identifier: BSD-2-Clause
# Compiler and linker flags of the whole build: warnings, hardening,
# reproducible output, and the two instrumented builds.

AC_DEFUN([JUMP_TRY_CFLAG], [
  AC_MSG_CHECKING([whether $CC takes $1])
  jump_saved_cflags=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes]); JUMP_CFLAGS="$JUMP_CFLAGS $1"],
    [AC_MSG_RESULT([no])])
  CFLAGS=$jump_saved_cflags
])

AC_DEFUN([JUMP_FLAGS], [
  JUMP_CFLAGS='-std=gnu11 -fvisibility=hidden'
  for flag in -Wall -Wextra -Wformat=2 -Wstrict-prototypes \
      -Wmissing-prototypes -Wshadow -Wpointer-arith -Wundef -Wvla \
      -Wimplicit-fallthrough -Wno-unused-parameter \
      -fstack-protector-strong -fstack-clash-protection -fcf-protection \
      -ffunction-sections -fdata-sections ; do
    JUMP_TRY_CFLAG([$flag])
  done
  JUMP_CFLAGS="$JUMP_CFLAGS "'-ffile-prefix-map=$(abs_top_srcdir)=.'
  AS_IF([test "x$enable_werror" = xyes], [JUMP_CFLAGS="$JUMP_CFLAGS -Werror"])
  JUMP_CPPFLAGS='-D_GNU_SOURCE'
  jump_build=hardened
  JUMP_LDFLAGS='-Wl,-z,relro,-z,now,-z,noexecstack,-z,defs -Wl,--as-needed'
  AS_IF([test "x$enable_sanitizers" = xyes || test "x$enable_fuzzing" = xyes], [
    jump_build=instrumented
    JUMP_CFLAGS="$JUMP_CFLAGS -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
    JUMP_LDFLAGS='-fsanitize=address,undefined'
    AS_IF([test "x$enable_fuzzing" = xyes],
      [JUMP_CFLAGS="$JUMP_CFLAGS -fsanitize=fuzzer-no-link"])
  ], [
    JUMP_CPPFLAGS="$JUMP_CPPFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
  ])
  JUMP_PROG_CFLAGS='-fPIE'
  JUMP_PROG_LDFLAGS='-pie'
  AC_SUBST([jump_build])
  AC_SUBST([JUMP_CFLAGS])
  AC_SUBST([JUMP_CPPFLAGS])
  AC_SUBST([JUMP_LDFLAGS])
  AC_SUBST([JUMP_PROG_CFLAGS])
  AC_SUBST([JUMP_PROG_LDFLAGS])
])
