#include "number_argument.hpp"

#include <map>
#include <string>

namespace kz {

CLI::Validator a_number() {
    return {[](std::string& text) {
                return text.find_first_of("nN") == std::string::npos ? "" : text + " is not a number";
            },
            ""};
}

CLI::Validator size_with_unit() {
    constexpr std::uint64_t k = 1024;
    auto units = CLI::AsNumberWithUnit(
        std::map<std::string, std::uint64_t>{
            {"k", k}, {"K", k}, {"m", k * k}, {"M", k * k}, {"g", k * k * k}, {"G", k * k * k}},
        CLI::AsNumberWithUnit::Options(CLI::AsNumberWithUnit::CASE_SENSITIVE | CLI::AsNumberWithUnit::UNIT_OPTIONAL));
    units.description("");
    return units;
}

CLI::Validator seconds_with_unit() {
    auto units = CLI::AsNumberWithUnit(
        std::map<std::string, double>{{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}},
        CLI::AsNumberWithUnit::Options(CLI::AsNumberWithUnit::CASE_SENSITIVE | CLI::AsNumberWithUnit::UNIT_OPTIONAL));
    units.description("");
    return units;
}

CLI::Validator not_negative() {
    return {[](std::string& text) { return text.find('-') == std::string::npos ? "" : text + " is negative"; }, ""};
}

} // namespace kz
