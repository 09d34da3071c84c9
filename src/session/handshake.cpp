#include "session/handshake.hpp"

#include "proto/framing.hpp"

#include <algorithm>
#include <limits>

namespace kazoo::session {

namespace {
/// Version, timeout, id, a password of 16 bytes behind its length, and whether it is read-only.
constexpr std::size_t longest_answer = 4 + 4 + 8 + 4 + 16 + 1;
} // namespace

void put_connect(std::string& out, const identity& wanted, std::int64_t last_zxid, std::chrono::milliseconds timeout,
                 bool read_only) {
    constexpr std::chrono::milliseconds::rep longest = std::numeric_limits<std::int32_t>::max();
    proto::connect_request request;
    request.last_zxid_seen = last_zxid;
    request.timeout_ms =
        static_cast<std::int32_t>(std::clamp(timeout.count(), std::chrono::milliseconds::rep{1}, longest));
    request.session_id = static_cast<std::int64_t>(wanted.id);
    request.password = {wanted.password.data(), wanted.password.size()};
    proto::put_connect_request(out, request, read_only);
}

connect_answer read_connect_answer(std::string_view payload) {
    connect_answer answer;
    // A read-only server without local sessions answers with a reply header alone, keeps the connection open, and says
    // nothing more.
    if (payload.size() == proto::reply_header::size) {
        proto::reply_header header;
        proto::decode(payload, header);
        answer.verdict = connect_verdict::refused;
        answer.err = header.err;
        return answer;
    }
    proto::connect_response response;
    std::optional<bool> read_only; // servers up to 3.3 do not send the byte
    if (!proto::get_connect_response(payload, response, read_only)) return answer;
    answer.who.read_only = read_only.value_or(false);
    const bool sound = response.password.size() == answer.who.password.size() && payload.size() <= longest_answer;
    if (!sound) return answer;
    if (response.timeout_ms <= 0) {
        answer.verdict = connect_verdict::over;
        return answer;
    }
    if (response.session_id == 0) return answer;
    answer.verdict = connect_verdict::granted;
    answer.who.id = session_id{response.session_id};
    std::ranges::copy(response.password, answer.who.password.begin());
    answer.who.negotiated_timeout = std::chrono::milliseconds(response.timeout_ms);
    return answer;
}

} // namespace kazoo::session
