# Debian packages by CPack: libkazoo0 (the shared library), libkazoo-dev (with the testing kit) and kz.
# Preset deb has the settings of the build; scripts/make-deb.sh makes the packages.
set(deb_revision 1)
set(deb_version ${PROJECT_VERSION}-${deb_revision})
set(deb_folder ${CMAKE_CURRENT_BINARY_DIR}/debian)

# Who makes packages answers for them, and says so in the variables that Debian's own tools read. Else it is nobody.
set(deb_maintainer "kazoo maintainers <maintainers@kazoo.example>")
if(DEFINED ENV{DEBEMAIL} AND DEFINED ENV{DEBFULLNAME})
    set(deb_maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()

# -- copyright and changelog of each package --------------------------------------------------------------------------
find_program(GZIP_PROGRAM gzip REQUIRED)
string(TIMESTAMP deb_date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH, if set
configure_file(cmake/debian/changelog.in ${deb_folder}/changelog.Debian @ONLY)
configure_file(CHANGELOG.md ${deb_folder}/changelog COPYONLY)
foreach(name changelog.Debian changelog)
    execute_process(COMMAND ${GZIP_PROGRAM} -9nkf ${deb_folder}/${name} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
function(kazoo_deb_documents package component)
    install(FILES cmake/debian/copyright ${deb_folder}/changelog.gz ${deb_folder}/changelog.Debian.gz
            DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endfunction()
kazoo_deb_documents(libkazoo0 library)
kazoo_deb_documents(libkazoo-dev development)
kazoo_deb_documents(kz tool)

# -- all packages -----------------------------------------------------------------------------------------------------
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${deb_maintainer})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian/compress_manuals.cmake)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # or that of the project would become the first line of each description
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL library development testkit tool)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${deb_revision})
set(CPACK_DEBIAN_PACKAGE_SOURCE kazoo)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# -- libkazoo0 --------------------------------------------------------------------------------------------------------
# The name of the library holds major and minor version, that of the package does not: what is built with 0.1 says so
# in its dependency.
set(soversion ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
math(EXPR next_minor "${PROJECT_VERSION_MINOR} + 1")
file(WRITE ${deb_folder}/shlibs "libkazoo ${soversion} libkazoo0 (>= ${soversion}), libkazoo0 (<< \
${PROJECT_VERSION_MAJOR}.${next_minor}~)\n")
file(WRITE ${deb_folder}/triggers "activate-noawait ldconfig\n")
install(FILES cmake/debian/libkazoo0 DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT library)

set(CPACK_DEBIAN_LIBKAZOO0_PACKAGE_NAME libkazoo0)
set(CPACK_DEBIAN_LIBKAZOO0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBKAZOO0_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBKAZOO0_PACKAGE_SUGGESTS "libsasl2-2, libsasl2-modules, libsasl2-modules-gssapi-mit") # loaded by need
set(CPACK_DEBIAN_LIBKAZOO0_PACKAGE_CONTROL_EXTRA ${deb_folder}/shlibs ${deb_folder}/triggers)
set(CPACK_DEBIAN_LIBKAZOO0_DESCRIPTION "Apache ZooKeeper client and recipes for C++20
A client for Apache ZooKeeper whose sessions survive what networks do, whose
errors say whether an operation may have been applied, and whose locks say when
they are lost. Operations block, give futures, or are awaited in coroutines.

This package contains the shared library.")

# -- libkazoo-dev -----------------------------------------------------------------------------------------------------
set(CPACK_DEBIAN_LIBKAZOO_DEV_PACKAGE_NAME libkazoo-dev)
set(CPACK_DEBIAN_LIBKAZOO_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBKAZOO_DEV_PACKAGE_DEPENDS "libkazoo0 (= ${deb_version}), libssl-dev (>= 3)")
set(CPACK_DEBIAN_LIBKAZOO_DEV_PACKAGE_SUGGESTS libasio-dev)
set(CPACK_DEBIAN_LIBKAZOO_DEV_DESCRIPTION "Apache ZooKeeper client and recipes for C++20 - development files
A client for Apache ZooKeeper whose sessions survive what networks do, whose
errors say whether an operation may have been applied, and whose locks say when
they are lost. Operations block, give futures, or are awaited in coroutines.

This package contains the headers, files for CMake and pkg-config, the
documentation, and kazoo::testkit: a server inside the test's process, a
simulated world, and faults on demand.")

# -- kz ---------------------------------------------------------------------------------------------------------------
set(CPACK_DEBIAN_KZ_PACKAGE_NAME kz)
set(CPACK_DEBIAN_KZ_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_KZ_PACKAGE_DEPENDS "libkazoo0 (= ${deb_version})")
set(CPACK_DEBIAN_KZ_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR})
set(CPACK_DEBIAN_KZ_DESCRIPTION "command line tool for Apache ZooKeeper
Reads, writes and watches nodes, runs commands under a lock, and prints for
people or as JSON. It also has a ZooKeeper server for trying things out, which
keeps everything in memory.")

include(CPack)
cpack_add_component_group(libkazoo0)
cpack_add_component_group(libkazoo_dev)
cpack_add_component_group(kz)
cpack_add_component(library GROUP libkazoo0)
cpack_add_component(development GROUP libkazoo_dev DEPENDS library)
cpack_add_component(testkit GROUP libkazoo_dev DEPENDS development)
cpack_add_component(tool GROUP kz DEPENDS library)
