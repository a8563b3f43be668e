# Cross-compile with zig's C compiler: the program zig from PATH, or the package ziglang of the
# Python that is first on PATH (or that -DTC_PYTHON= names).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
find_program(TC_ZIG zig)
if(TC_ZIG)
  set(CMAKE_C_COMPILER "${TC_ZIG}" cc)
else()
  find_program(TC_PYTHON NAMES python3 python REQUIRED)
  execute_process(
    COMMAND "${TC_PYTHON}" -m ziglang version
    RESULT_VARIABLE TC_ZIGLANG_MISSING OUTPUT_QUIET ERROR_QUIET
  )
  if(TC_ZIGLANG_MISSING)
    message(FATAL_ERROR "No zig on PATH, and ${TC_PYTHON} lacks the package ziglang. "
                        "Try: pip install ziglang, or -DTC_PYTHON=<a Python that has it>")
  endif()
  set(CMAKE_C_COMPILER "${TC_PYTHON}" -m ziglang cc)
endif()
set(CMAKE_ASM_COMPILER ${CMAKE_C_COMPILER})
# CMake does not recognise an assembler behind several words.
set(CMAKE_ASM_COMPILER_ID Clang)
# CMake's test programs would need a start-up and a linker script.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TC_PYTHON)
