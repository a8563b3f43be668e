# What find_package(Zephyr) brings: the target `app`, to which an application adds its sources. Here
# it is a program for this PC. Numbers of prj.conf become macros,
# as Kconfig's do; a line that Kconfig could not read is an error.
project(ZephyrStandIn LANGUAGES C CXX)

set(STAND_IN_DIR "${CMAKE_CURRENT_LIST_DIR}")
if(EXISTS "${CMAKE_SOURCE_DIR}/model/tcm_ops.h")
  # TFLM's headers are stand-ins too, which cannot be linked.
  add_library(app OBJECT "${STAND_IN_DIR}/kernel_for_pc.c")
  target_include_directories(app PRIVATE "${STAND_IN_DIR}/../tflm")
else()
  add_executable(app "${STAND_IN_DIR}/kernel_for_pc.c")
endif()
target_include_directories(app PRIVATE "${STAND_IN_DIR}/include")
set_target_properties(app PROPERTIES C_STANDARD 17 CXX_STANDARD 17)
# CONFIG_CPP_EXCEPTIONS and CONFIG_CPP_RTTI are off unless an application wants them.
target_compile_options(app PRIVATE -O1 -Wall -Wextra -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>)

file(STRINGS "${CMAKE_SOURCE_DIR}/prj.conf" STAND_IN_LINES REGEX "^CONFIG_")
foreach(line IN LISTS STAND_IN_LINES)
  if(NOT line MATCHES "^(CONFIG_[A-Z0-9_]+)=(y|n|[0-9]+|\".*\")$")
    message(FATAL_ERROR "prj.conf: ${line}")
  endif()
  set(name "${CMAKE_MATCH_1}")
  set(value "${CMAKE_MATCH_2}")
  if(value MATCHES "^[0-9]+$")
    target_compile_definitions(app PRIVATE "${name}=${value}")
  endif()
endforeach()
target_compile_definitions(app PRIVATE CONFIG_SYS_CLOCK_HW_CYCLES_PER_SEC=${STAND_IN_CYCLES_PER_SEC})

# Zephyr keeps a compiler's flags as properties of such targets.
add_custom_target(compiler-cpp)
set_target_properties(compiler-cpp PROPERTIES no_threadsafe_statics -fno-threadsafe-statics)

function(zephyr_compile_options)
  target_compile_options(app PRIVATE ${ARGN})
endfunction()
