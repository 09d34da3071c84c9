# What is installed, in four components: the library, what programs are built with, the testing kit, kz.
include(CMakePackageConfigHelpers)

set(cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/kazoo)

# -- library, development ---------------------------------------------------------------------------------------------
install(TARGETS kazoo EXPORT kazoo_targets
        RUNTIME COMPONENT library
        LIBRARY COMPONENT library NAMELINK_COMPONENT development
        ARCHIVE COMPONENT development
        FILE_SET core COMPONENT development)
install(TARGETS kazoo_asio EXPORT kazoo_targets FILE_SET asio COMPONENT development)
install(FILES include/kazoo/boost_asio.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kazoo COMPONENT development)
install(EXPORT kazoo_targets NAMESPACE kazoo:: DESTINATION ${cmake_folder} COMPONENT development)
configure_package_config_file(cmake/kazoo-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/kazoo-config.cmake
                              INSTALL_DESTINATION ${cmake_folder})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/kazoo-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kazoo-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/kazoo-config-version.cmake
        DESTINATION ${cmake_folder} COMPONENT development)

# -- testkit ----------------------------------------------------------------------------------------------------------
if(TARGET kazoo_testkit)
    install(TARGETS kazoo_testkit EXPORT kazoo_testkit_targets
            ARCHIVE COMPONENT testkit
            FILE_SET testkit COMPONENT testkit)
    install(EXPORT kazoo_testkit_targets NAMESPACE kazoo:: DESTINATION ${cmake_folder} COMPONENT testkit)
endif()

# -- tool -------------------------------------------------------------------------------------------------------------
if(TARGET kz)
    set_target_properties(kz PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    install(TARGETS kz RUNTIME COMPONENT tool)
endif()

# -- pkg-config -------------------------------------------------------------------------------------------------------
# Folders relative to the .pc file, so that a moved installation still works; absolute where the user wants them absolute.
set(pc_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${pc_folder})
    string(REGEX REPLACE "[^/]+" ".." to_prefix ${pc_folder})
    set(pc_prefix "\${pcfiledir}/${to_prefix}")
endif()
set(pc_libdir "\${prefix}")
cmake_path(APPEND pc_libdir ${CMAKE_INSTALL_LIBDIR})
set(pc_includedir "\${prefix}")
cmake_path(APPEND pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
# There is either a shared kazoo, which brings what it needs, or a static one, whose users link it also without --static.
set(pc_requires "")
set(pc_libraries -pthread)
if(NOT BUILD_SHARED_LIBS)
    set(pc_requires "libssl >= 3, libcrypto >= 3")
    if(CMAKE_DL_LIBS)
        string(APPEND pc_libraries " -l${CMAKE_DL_LIBS}")
    endif()
endif()
configure_file(cmake/kazoo.pc.in kazoo.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kazoo.pc DESTINATION ${pc_folder} COMPONENT development)
if(TARGET kazoo_testkit)
    configure_file(cmake/kazoo-testkit.pc.in kazoo-testkit.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kazoo-testkit.pc DESTINATION ${pc_folder} COMPONENT testkit)
endif()

# -- licence and documentation; a Debian package has these in its own way ---------------------------------------------
if(NOT KAZOO_DEB)
    install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT library)
    install(FILES CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
endif()
install(DIRECTORY doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development FILES_MATCHING PATTERN *.md)
