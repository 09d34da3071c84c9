#pragma once
// What a program may do to the library, one way each; tests look at how it ends and what it prints.
#include <string>
#include <vector>

namespace test_program {

using words = std::vector<std::string>;

// Each gets the words behind its name, and returns the exit code.
int end_with_a_client(const words&);
int wait_for_a_signal(const words&);
int fork_with_clients(const words&);
int close_a_plugin(const words&);
int use_sasl(const words&);
int run_out_of_threads(const words&);
int run_out_of_descriptors(const words&);
int run_out_of_memory(const words&);
int run_out_of_room(const words&);
int run_out_of_room_for_names(const words&);
int run_out_of_room_to_send(const words&);
int run_out_of_entropy(const words&);

} // namespace test_program
