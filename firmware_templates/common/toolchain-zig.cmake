# Cross-compile with zig's C compiler: the program zig from PATH, or Python's package ziglang.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
find_program(TC_ZIG zig)
if(TC_ZIG)
  set(CMAKE_C_COMPILER "${TC_ZIG}" cc)
else()
  find_program(TC_PYTHON NAMES python3 python REQUIRED)
  set(CMAKE_C_COMPILER "${TC_PYTHON}" -m ziglang cc)
endif()
set(CMAKE_ASM_COMPILER ${CMAKE_C_COMPILER})
# CMake's test programs would need a start-up and a linker script.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
