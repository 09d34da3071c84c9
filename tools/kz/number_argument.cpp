#include "number_argument.hpp"

#include <string>

namespace kz {

CLI::Validator a_number() {
    return {[](std::string& text) {
                return text.find_first_of("nN") == std::string::npos ? "" : text + " is not a number";
            },
            ""};
}

CLI::Validator not_negative() {
    return {[](std::string& text) { return text.find('-') == std::string::npos ? "" : text + " is negative"; }, ""};
}

} // namespace kz
