/* Teams of threads: every item is done once, by a thread of the team, however many works follow each other. */
#include "../../cpu/team.h"

#include <atomic>
#include <thread>

#include "check.h"

namespace {

void test_work(Team* team, int64_t items, int64_t grain) {
    std::vector<std::atomic<int>> done(static_cast<size_t>(items));
    std::atomic<int> strangers{0};
    run_each(team, items, grain, [&](int64_t item, int thread) {
        done[static_cast<size_t>(item)]++;
        if (thread < 0 || thread >= team_threads(team)) strangers++;
    });
    int wrong = strangers;
    for (const auto& times : done) wrong += times != 1;
    if (wrong > 0) {
        check(false, std::to_string(items) + " items in pieces of " + std::to_string(grain) + ": " +
                         std::to_string(wrong) + " not done once, or by no thread of the team");
    }
}

/* The pieces of a count that nothing can be added to. */
void test_divisions() {
    check_equal(div_up(0, 7), 0, "div_up(0, 7)");
    check_equal(div_up(7, 7), 1, "div_up(7, 7)");
    check_equal(div_up(8, 7), 2, "div_up(8, 7)");
    for (const int divisor : {1, 168, 512, INT32_MAX}) {
        for (const int count : {INT32_MAX - 63, INT32_MAX - 1, INT32_MAX}) {
            const int64_t pieces = div_up(count, divisor);
            check(pieces * divisor >= count && (pieces - 1) * divisor < count,
                  std::to_string(count) + " divided by " + std::to_string(divisor) + ": " + std::to_string(pieces));
        }
    }
}

}  // namespace

void test_team() {
    test_divisions();
    for (const int threads : {1, 2, 3, 8}) {
        Team* team = team_create(threads);
        check_equal(team_threads(team), threads, "team_threads");
        /* Short works one after another, which late threads meet, and pauses in which they fall asleep. */
        for (int work = 0; work < 3000; work++) {
            test_work(team, random_int(0, 40), random_int(1, 5));
            if (work % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        parallel_for(team, 0, true, [](int64_t, int) { check(false, "an item of no items"); });
        std::atomic<int64_t> sum{0};
        parallel_for(team, 1000, true, [&](int64_t item, int) { sum += item; });
        check_equal(static_cast<int>(sum), 499500, "the sum of all items");
        team_destroy(team);
    }
    /* One that never worked has no threads to end. */
    team_destroy(team_create(4));
    team_destroy(nullptr);
}
