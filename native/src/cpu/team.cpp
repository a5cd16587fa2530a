/*
 * Work is claimed by a ticket: its upper half is the number of the work, its lower half the next piece. A thread that
 * comes late, with the ticket of a work that is done, cannot claim of the next one: the ticket has changed by then.
 */
#include "team.h"

#include <immintrin.h>
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

namespace {

/* A ticket of which no piece can be claimed, while a work is being described. */
constexpr uint32_t kClosed = UINT32_MAX;

/* Rounds of waiting for more work before a thread sleeps: some tens of microseconds, longer than Java is between ops.
 */
constexpr int kSpins = 2000;

/* Rounds of waiting for others' last pieces before the processor is offered to whoever wants it. */
constexpr int kPatience = 200;

uint32_t piece_of(uint64_t ticket) { return static_cast<uint32_t>(ticket); }

uint64_t ticket_of(uint64_t work, uint32_t piece) { return work << 32 | piece; }

}  // namespace

struct Team {
    explicit Team(int threads) : threads_(threads) {}

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
        const uint64_t work = (ticket_ >> 32) + 1;
        /* A late thread reads what follows only under a ticket that it then fails to claim with. */
        ticket_ = ticket_of(work, kClosed);
        const auto pieces = static_cast<uint32_t>((items + grain - 1) / grain);
        body_ = body;
        context_ = context;
        items_ = items;
        grain_ = grain;
        pieces_ = pieces;
        done_ = 0;
        ticket_ = ticket_of(work, 0);
        if (sleepers_ > 0) wake(static_cast<int>(std::min<uint32_t>(pieces - 1, INT_MAX)));
        take_part(0);
        for (int round = 0; done_.load(std::memory_order_acquire) < pieces; round++) {
            if (round < kPatience) {
                _mm_pause();
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

    /* Claims pieces and runs them, until there are none; whether there was one. */
    bool take_part(int thread) {
        bool any = false;
        for (;;) {
            uint64_t ticket = ticket_.load(std::memory_order_acquire);
            const uint32_t piece = piece_of(ticket);
            if (piece >= pieces_) return any;
            const TeamBody body = body_;
            const void* context = context_;
            const int64_t items = items_;
            const int64_t grain = grain_;
            if (!ticket_.compare_exchange_strong(ticket, ticket + 1)) continue;
            const int64_t begin = piece * grain;
            body(context, begin, std::min(items, begin + grain), thread);
            done_.fetch_add(1, std::memory_order_release);
            any = true;
        }
    }

    void serve(int thread) {
        pthread_setname_np(pthread_self(), "scanformer");
        /* What oneDNN runs here is a piece, and one thread's. */
        omp_set_num_threads(1);
        int spins = 0;
        while (!stop_) {
            if (take_part(thread)) {
                spins = 0;
            } else if (++spins < kSpins) {
                _mm_pause();
            } else {
                sleep();
                spins = 0;
            }
        }
    }

    /* Sleeps until there is work, which there may be already. */
    void sleep() {
        const uint32_t epoch = epoch_;
        sleepers_++;
        /* Who has set the ticket before this looks at it may not have seen the sleeper; who sets it later does. */
        if (piece_of(ticket_) >= pieces_ && !stop_) futex(FUTEX_WAIT_PRIVATE, epoch);
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

    /* What is written often is kept apart from what is read often. All orders are sequential where none is named. */
    alignas(64) std::atomic<uint64_t> ticket_{ticket_of(0, kClosed)};
    alignas(64) std::atomic<uint32_t> pieces_{0};
    std::atomic<TeamBody> body_{nullptr};
    std::atomic<const void*> context_{nullptr};
    std::atomic<int64_t> items_{0};
    std::atomic<int64_t> grain_{1};
    alignas(64) std::atomic<uint32_t> done_{0};
    alignas(64) std::atomic<uint32_t> epoch_{0};
    std::atomic<uint32_t> sleepers_{0};
    std::atomic<bool> stop_{false};
};

Team* team_create(int threads) { return new Team(threads); }

void team_destroy(Team* team) { delete team; }

int team_threads(const Team* team) { return team->threads(); }

void team_run(Team* team, int64_t items, int64_t grain, TeamBody body, const void* context) {
    team->run(items, grain, body, context);
}
