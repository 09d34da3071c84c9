#include "util/digest.hpp"

#include <kazoo/acl.hpp>

#include <array>
#include <openssl/evp.h>
#include <stdexcept>

namespace kazoo {

namespace {

constexpr std::size_t sha1_size = 20;
constexpr std::size_t sha1_base64_size = (sha1_size + 2) / 3 * 4;

} // namespace

std::string util::sha1_base64(std::string_view text) {
    std::array<unsigned char, sha1_size> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("SHA-1 is not available");
    std::array<unsigned char, sha1_base64_size + 1> encoded{}; // OpenSSL adds a NUL
    EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
    return {encoded.begin(), encoded.end() - 1};
}

std::string digest_id(std::string_view user, std::string_view password) {
    std::string credential;
    credential.reserve(user.size() + 1 + password.size());
    credential.append(user).append(":").append(password);
    return std::string(user) + ":" + util::sha1_base64(credential);
}

} // namespace kazoo
