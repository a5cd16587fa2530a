/*
 * The threads of a stream. They share the work of an operation piece by piece, as each becomes free: so a call goes on
 * at the pace of the threads that have a processor, and never waits for one that other programs keep from it, but for
 * the piece that it has begun. Between operations they spin for some tens of microseconds, then they sleep.
 */
#ifndef SCANFORMER_CPU_TEAM_H
#define SCANFORMER_CPU_TEAM_H

#include <stdint.h>

/* Opaque: the files that are compiled once an instruction set must not see the standard library's templates. */
struct Team;

/* Part of an operation: items [begin, end), on thread 0 (the caller's) to team_threads - 1. Must not throw. */
typedef void (*TeamBody)(const void* context, int64_t begin, int64_t end, int thread);

/* A team of at least one thread, the caller's; the others start with the first work. Throws std::bad_alloc. */
Team* team_create(int threads);

/* Ends the threads; NULL is allowed. No work may be running. */
void team_destroy(Team* team);

int team_threads(const Team* team);

/*
 * Runs body over [0, items) in pieces of `grain` items, and returns when all of them are done. A single piece
 * is run by the caller. One call at a time.
 */
void team_run(Team* team, int64_t items, int64_t grain, TeamBody body, const void* context);

/* For counts up to INT_MAX, which no divisor can be added to. */
static inline int div_up(int value, int divisor) { return value / divisor + (value % divisor != 0 ? 1 : 0); }

static inline int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

/* body(item, thread) for each of [0, items), in pieces of `grain`. */
template <typename Body>
static inline void run_each(Team* team, int64_t items, int64_t grain, const Body& body) {
    team_run(
        team, items, grain,
        [](const void* all, int64_t begin, int64_t end, int thread) {
            const Body& each = *static_cast<const Body*>(all);
            for (int64_t i = begin; i < end; i++) each(i, thread);
        },
        &body);
}

/* The same for items that are alike: by all threads in a few pieces each, or only by the caller. */
template <typename Body>
static inline void parallel_for(Team* team, int64_t items, bool parallel, const Body& body) {
    const int64_t pieces = parallel ? 4 * static_cast<int64_t>(team_threads(team)) : 1;
    run_each(team, items, (items + pieces - 1) / pieces, body);
}

#endif
