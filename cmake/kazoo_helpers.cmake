# All .cpp files of the given folders, one level deep.
function(kazoo_sources result)
    set(all "")
    foreach(folder IN LISTS ARGN)
        file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
        list(APPEND all ${found})
    endforeach()
    set(${result} ${all} PARENT_SCOPE)
endfunction()

# Warnings for everything of ours, never for those who use us.
function(kazoo_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                             -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers)
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
        target_compile_options(${target} PRIVATE -Wthread-safety)
    endif()
    if(CMAKE_UNITY_BUILD) # a .cpp file is included there: it stands beside others, and g++ takes it for a header
        target_compile_options(${target} PRIVATE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    endif()
    if(KAZOO_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()

# What every library target of ours needs.
function(kazoo_private_settings target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
    target_include_directories(${target} SYSTEM PRIVATE ${ASIO_INCLUDE_DIR})
    target_compile_definitions(${target} PRIVATE ASIO_STANDALONE ASIO_NO_DEPRECATED)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                               VISIBILITY_INLINES_HIDDEN ON CXX_EXTENSIONS OFF INSTALL_RPATH "$ORIGIN"
                                               VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL SHARED_LIBRARY)
        target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL
                                              -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
        set_target_properties(${target} PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
    endif()
    kazoo_warnings(${target})
endfunction()

# Installs the headers of the given folders with the target and lets all_verify_interface_header_sets (which CMake has from
# 3.24) compile each alone.
function(kazoo_public_headers target set)
    set(headers "")
    foreach(folder IN LISTS ARGN)
        file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.hpp)
        list(APPEND headers ${found})
    endforeach()
    # The adapters need a library that only their users have.
    list(FILTER headers EXCLUDE REGEX "/(asio|boost_asio)\\.hpp$")
    target_sources(${target} PUBLIC FILE_SET ${set} TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include
                                    FILES ${headers})
    set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# What the tests of a label run is built by the target tests_LABEL.
function(kazoo_tests_need label program)
    if(NOT TARGET tests_${label})
        add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${program})
endfunction()
