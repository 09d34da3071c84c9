// The recorded requests of a real server give the recorded replies, byte for byte. Only what cannot be the same is
// translated: session ids, passwords, and the times of a Stat.
#include "golden/golden.hpp"
#include "server/server.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace kazoo::server {
namespace {

using golden::step;

/// As the recorded server was set up.
config recorded_config() {
    config c;
    c.tick = std::chrono::seconds(1);
    c.extended_types = true;
    c.seed = 7;
    return c;
}

/// A wall clock that occurs nowhere else in a reply, so that it is known where a reply holds a time.
constexpr std::int64_t sentinel_time = 0x000001a25e5e5e5e;

std::string be64(std::int64_t value) {
    std::string bytes(8, '\0');
    proto::store_be64(bytes.data(), static_cast<std::uint64_t>(value));
    return bytes;
}

class replay {
  public:
    /// Every request comes in two pieces, the first of `first_piece` bytes; 0: byte by byte.
    replay(const std::vector<golden::exchange>& exchanges, std::size_t first_piece)
        : server_(recorded_config(), now_), first_piece_(first_piece) {
        for (const golden::exchange& e : exchanges) {
            SCOPED_TRACE(e.name);
            for (const step& s : e.steps) take(s);
            for (const auto& [number, id] : ids_)
                EXPECT_EQ(golden::to_hex(server_.unsent(id)), "") << "unexpected output on connection " << number;
        }
    }

  private:
    struct identity {
        std::int64_t id;
        std::string password;
    };

    void take(const step& s) {
        if (!ids_.contains(s.connection)) ids_[s.connection] = server_.open("127.0.0.1", now_);
        const connection_id id = ids_[s.connection];
        switch (s.what) {
        case step::kind::send: send(id, shaken_.contains(s.connection) ? s.bytes : with_our_session(s.bytes)); break;
        case step::kind::receive: expect(s, id); break;
        case step::kind::closed:
            EXPECT_EQ(golden::to_hex(server_.unsent(id)), "") << "unexpected output before the close";
            EXPECT_TRUE(server_.finished(id)) << "connection " << s.connection << " is open";
            leave(s.connection);
            break;
        case step::kind::drop: leave(s.connection); break;
        }
    }

    void send(connection_id id, std::string_view bytes) {
        for (std::size_t length = first_piece_; !bytes.empty(); length = bytes.size()) {
            const std::string piece(bytes.substr(0, first_piece_ == 0 ? 1 : length));
            bytes.remove_prefix(piece.size());
            server_.receive(id, piece, now_);
        }
    }

    void leave(int number) {
        server_.closed(ids_[number], now_);
        ids_.erase(number);
    }

    /// A connect request that resumes a recorded session resumes ours.
    std::string with_our_session(std::string frame) const {
        constexpr std::size_t id_at = 20, password_at = 32;
        if (frame.size() < password_at) return frame;
        for (const auto& [recorded, ours] : sessions_) {
            if (frame.compare(id_at, 8, be64(recorded)) == 0) frame.replace(id_at, 8, be64(ours.id));
            const auto& recorded_password = recorded_passwords_.at(recorded);
            if (frame.compare(password_at, 16, recorded_password) == 0) frame.replace(password_at, 16, ours.password);
        }
        return frame;
    }

    void expect(const step& s, connection_id id) {
        const std::string_view unsent = server_.unsent(id);
        const proto::frame frame = proto::next_frame(unsent, unsent.size());
        ASSERT_EQ(frame.state, proto::frame::status::complete) << "no frame on connection " << s.connection;
        std::string ours(unsent.substr(0, 4 + frame.payload.size()));
        server_.sent(id, ours.size(), now_);
        if (shaken_.insert(s.connection).second)
            translate_handshake(ours, s.bytes);
        else
            translate(ours, s.bytes);
        EXPECT_EQ(golden::to_hex(ours), golden::to_hex(s.bytes));
    }

    void translate_handshake(std::string& ours, const std::string& recorded) {
        constexpr std::size_t id_at = 12, password_at = 24;
        ASSERT_GE(recorded.size(), password_at + 16);
        ASSERT_GE(ours.size(), password_at + 16);
        const auto our_id = static_cast<std::int64_t>(proto::load_be64(&ours[id_at]));
        const auto recorded_id = static_cast<std::int64_t>(proto::load_be64(&recorded[id_at]));
        if (our_id == 0 || recorded_id == 0) return; // a refusal: compared as it is
        if (const auto known = sessions_.find(recorded_id); known != sessions_.end()) {
            EXPECT_EQ(known->second.id, our_id) << "a resumed session keeps its id";
            EXPECT_EQ(known->second.password, ours.substr(password_at, 16)) << "and its password";
        }
        sessions_.insert_or_assign(recorded_id, identity{our_id, ours.substr(password_at, 16)});
        recorded_passwords_.insert_or_assign(recorded_id, recorded.substr(password_at, 16));
        ours.replace(id_at, 8, recorded, id_at, 8);
        ours.replace(password_at, 16, recorded, password_at, 16);
    }

    void translate(std::string& ours, const std::string& recorded) const {
        for (const auto& [recorded_id, our] : sessions_)
            for (std::size_t at = 0; (at = ours.find(be64(our.id), at)) != std::string::npos; at += 8)
                ours.replace(at, 8, be64(recorded_id));
        for (std::size_t at = 0; (at = ours.find(be64(sentinel_time), at)) != std::string::npos; at += 8) {
            ASSERT_GE(recorded.size(), at + 8);
            const std::uint64_t time = proto::load_be64(&recorded[at]);
            ASSERT_EQ(time >> 32, 0x1a2U) << "a time at offset " << at << " in ours, not in the recorded frame";
            ours.replace(at, 8, recorded, at, 8);
        }
    }

    moment now_{time_point(std::chrono::hours(1)), sentinel_time};
    server server_;
    std::size_t first_piece_;
    std::map<int, connection_id> ids_;
    std::set<int> shaken_;
    std::map<std::int64_t, identity> sessions_; ///< ours, by the recorded id
    std::map<std::int64_t, std::string> recorded_passwords_;
};

class golden_replay : public testing::TestWithParam<std::string> {};

constexpr std::size_t in_one_piece = std::string::npos, byte_by_byte = 0;

TEST_P(golden_replay, gives_the_recorded_replies) { replay run(golden::transcript(GetParam()), in_one_piece); }

TEST_P(golden_replay, gives_them_however_the_requests_are_split) {
    const auto exchanges = golden::transcript(GetParam());
    std::size_t longest = 0;
    for (const auto& e : exchanges)
        for (const step& s : e.steps)
            if (s.what == step::kind::send) longest = std::max(longest, s.bytes.size());
    replay run(exchanges, byte_by_byte);
    for (std::size_t split = 1; split < longest && !HasFailure(); ++split) {
        SCOPED_TRACE("split at " + std::to_string(split));
        replay again(exchanges, split);
    }
}

INSTANTIATE_TEST_SUITE_P(transcripts, golden_replay, testing::ValuesIn(golden::transcripts()),
                         [](const auto& transcript) { return transcript.param; });

} // namespace
} // namespace kazoo::server
