#pragma once
// Writes JSON. Commas and quoting are its business; that keys and values alternate is the caller's.
#include <concepts>
#include <string>
#include <string_view>

namespace kz {

class json {
  public:
    json& begin_object() { return open('{'); }
    json& end_object() { return close('}'); }
    json& begin_array() { return open('['); }
    json& end_array() { return close(']'); }
    json& key(std::string_view);
    /// Must be UTF-8.
    json& value(std::string_view);
    json& value(const char* text) { return value(std::string_view(text)); }
    json& value(bool b) { return raw(b ? "true" : "false"); }
    template <std::integral N> json& value(N number) { return raw(std::to_string(number)); }
    json& null() { return raw("null"); }
    template <class V> json& member(std::string_view name, const V& v) { return key(name).value(v); }

    /// The document and a newline.
    std::string line() && { return std::move(text_) + "\n"; }

  private:
    json& open(char bracket);
    json& close(char bracket);
    json& raw(std::string_view);
    void separate();
    void quote(std::string_view);

    std::string text_;
    bool first_ = true;
};

/// Well-formed: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view) noexcept;
std::string base64(std::string_view);

} // namespace kz
