include(CMakePackageConfigHelpers)

install(TARGETS kazoo EXPORT kazoo_targets FILE_SET core)
install(TARGETS kazoo_testing EXPORT kazoo_targets FILE_SET testing)
install(FILES include/kazoo/asio.hpp include/kazoo/boost_asio.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kazoo)
if(TARGET kz)
    set_target_properties(kz PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    install(TARGETS kz)
endif()

install(EXPORT kazoo_targets NAMESPACE kazoo:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/kazoo)
configure_package_config_file(cmake/kazoo-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/kazoo-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/kazoo)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/kazoo-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kazoo-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/kazoo-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/kazoo)
