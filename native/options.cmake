# What the native build and the kernels' have in common.

# A quiet build: what is printed is a warning or an error.
set_property(GLOBAL PROPERTY RULE_MESSAGES OFF)
set_property(GLOBAL PROPERTY TARGET_MESSAGES OFF)

# Off on machines whose compilers are others: what one of them warns of is no reason not to test there.
option(SCANFORMER_STRICT "Warnings, and kernels over their budget, are errors" ON)
set(werror "")
set(nvcc_werror "")
if(SCANFORMER_STRICT)
  set(werror -Werror)
  set(nvcc_werror "-Werror all-warnings")
endif()

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# No path of the build in what is built.
get_filename_component(repository "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
add_compile_options("-ffile-prefix-map=${repository}=.")
