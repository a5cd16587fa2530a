/*
 * Each thread has a range of a work's pieces of its own, which it takes from the front, in their order; when it has
 * none left, it takes from the back of others' ranges. A range carries the number of its work: a thread that comes
 * late, with what it has read of a work that is done, cannot claim of the next one, since the range has changed by
 * then.
 */
#include "team.h"

#include <linux/futex.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <system_error>
#include <thread>
#include <vector>

#include "spin_pause.h"

namespace {

/* The most pieces of a work: the ends of a range are numbers of 16 bits. */
constexpr int64_t kMaxPieces = UINT16_MAX;

/* Rounds of waiting for more work before a thread sleeps: some tens of microseconds, longer than Java is between ops.
 */
constexpr int kSpins = 2000;

/* Rounds of waiting for others' last pieces before the processor is offered to whoever wants it. */
constexpr int kPatience = 200;

/* The pieces [begin, end) that are left of a thread's share of a work. */
struct Range {
    uint32_t work;
    uint16_t begin;
    uint16_t end;
};
static_assert(std::atomic<Range>::is_always_lock_free, "a range is one word");

/* A thread's range, on a cache line of its own. */
struct alignas(64) Share {
    std::atomic<Range> range{Range{}};
};

}  // namespace

/* All atomic operations are sequentially consistent where no order is named. */
struct Team {
    explicit Team(int threads) : threads_(threads), shares_(static_cast<size_t>(threads)) {}

    ~Team() {
        stop_ = true;
        wake(INT_MAX);
        for (std::thread& worker : workers_) worker.join();
    }

    int threads() const { return threads_; }

    void run(int64_t items, int64_t grain, TeamBody body, const void* context) {
        if (items <= 0) return;
        if (items <= grain || threads_ == 1) {
            body(context, 0, items, 0);
            return;
        }
        start();
        /* All ranges are empty: until one of them is set, nobody reads what describes the work. */
        body_ = body;
        context_ = context;
        items_ = items;
        grain_ = std::max(grain, (items + kMaxPieces - 1) / kMaxPieces);
        done_ = 0;
        const auto pieces = static_cast<uint32_t>((items + grain_ - 1) / grain_);
        const uint32_t work = work_ + 1;
        const auto threads = static_cast<uint32_t>(threads_);
        for (uint32_t t = 0; t < threads; t++) {
            shares_[t].range = Range{work, static_cast<uint16_t>(uint64_t{pieces} * t / threads),
                                     static_cast<uint16_t>(uint64_t{pieces} * (t + 1) / threads)};
        }
        work_ = work;
        if (sleepers_ > 0) wake(threads_ - 1);
        take_part(0);
        for (int round = 0; done_.load(std::memory_order_acquire) < pieces; round++) {
            if (round < kPatience) {
                spin_pause();
            } else {
                sched_yield();
            }
        }
    }

  private:
    /* Starts the threads. Where the system refuses one, those that there are do the work. */
    void start() {
        if (started_) return;
        started_ = true;
        /* Signals are the application's. */
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        try {
            for (int t = 1; t < threads_; t++) workers_.emplace_back([this, t] { serve(t); });
        } catch (const std::system_error&) {
        } catch (const std::bad_alloc&) {
        }
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    /* Runs the thread's own pieces, then those that others have left. */
    void take_part(int thread) {
        for (int t = 0; t < threads_; t++) {
            while (run_piece((thread + t) % threads_, t == 0, thread)) {
            }
        }
    }

    /* Claims a piece of the owner's range, from the front or the back, and runs it; whether there was one. */
    bool run_piece(int owner, bool from_front, int thread) {
        std::atomic<Range>& range = shares_[static_cast<size_t>(owner)].range;
        Range seen = range.load(std::memory_order_acquire);
        while (seen.begin < seen.end) {
            Range left = seen;
            const int64_t piece = from_front ? left.begin++ : --left.end;
            /* Read before the claim, which fails if this is of another work than the range. */
            const TeamBody body = body_;
            const void* context = context_;
            const int64_t items = items_;
            const int64_t grain = grain_;
            if (range.compare_exchange_strong(seen, left)) {
                body(context, piece * grain, std::min(items, (piece + 1) * grain), thread);
                done_.fetch_add(1, std::memory_order_release);
                return true;
            }
        }
        return false;
    }

    void serve(int thread) {
        pthread_setname_np(pthread_self(), "scanformer");
        /* What oneDNN runs here is a piece, and one thread's. */
        omp_set_num_threads(1);
        uint32_t seen = 0;
        for (int spins = 0; !stop_; spins++) {
            const uint32_t work = work_.load(std::memory_order_acquire);
            if (work != seen) {
                seen = work;
                take_part(thread);
                spins = 0;
            } else if (spins < kSpins) {
                spin_pause();
            } else {
                sleep(seen);
                spins = 0;
            }
        }
    }

    /* Sleeps until there is another work than the one seen, which there may be already. */
    void sleep(uint32_t seen) {
        const uint32_t epoch = epoch_;
        sleepers_++;
        /* Who has set the work before this looks at it may have seen no sleeper; who sets it later sees this one. */
        if (work_ == seen && !stop_) futex(FUTEX_WAIT_PRIVATE, epoch);
        sleepers_--;
    }

    void wake(int threads) {
        epoch_++;
        futex(FUTEX_WAKE_PRIVATE, static_cast<uint32_t>(threads));
    }

    void futex(int operation, uint32_t value) {
        static_assert(sizeof epoch_ == sizeof value, "the futex is a number of 32 bits");
        syscall(SYS_futex, reinterpret_cast<uint32_t*>(&epoch_), operation, value, nullptr, nullptr, 0);
    }

    const int threads_;
    bool started_ = false;
    std::vector<std::thread> workers_;
    std::vector<Share> shares_;

    /* The work: what is written once for each is kept apart from what is written often. */
    alignas(64) std::atomic<uint32_t> work_{0};
    std::atomic<TeamBody> body_{nullptr};
    std::atomic<const void*> context_{nullptr};
    std::atomic<int64_t> items_{0};
    std::atomic<int64_t> grain_{1};
    std::atomic<bool> stop_{false};
    alignas(64) std::atomic<uint32_t> done_{0};
    alignas(64) std::atomic<uint32_t> epoch_{0};
    std::atomic<uint32_t> sleepers_{0};
};

Team* team_create(int threads) { return new Team(threads); }

void team_destroy(Team* team) { delete team; }

int team_threads(const Team* team) { return team->threads(); }

void team_run(Team* team, int64_t items, int64_t grain, TeamBody body, const void* context) {
    team->run(items, grain, body, context);
}
