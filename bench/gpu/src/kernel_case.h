/* A kernel that is timed with one case of arguments, for the programs that time kernels. */
#ifndef SCANFORMER_KERNEL_CASE_H
#define SCANFORMER_KERNEL_CASE_H

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "timer.h"

constexpr int64_t kL2Bytes = 64 << 20;

inline bool quick = false;

inline int runs() { return quick ? 1 : 30; }

struct Case {
    const char* kernel;
    int type;
    int batch;
    double bytes; /* each array counted once; 0 where time is not for moving bytes */
    double flops;
};

/* Times `sets` sets of arguments that hold bytes_per_set of arrays each. */
inline void measure(sf_stream* stream, const Case& c, int64_t bytes_per_set,
                    const std::function<std::function<void()>()>& make) {
    const int sets =
        quick ? 1 : static_cast<int>(std::min<int64_t>(32, 1 + 4 * kL2Bytes / std::max<int64_t>(bytes_per_set, 1)));
    std::vector<std::function<void()>> made;
    for (int i = 0; i < sets; i++) made.push_back(make());
    const int rounds = quick ? 1 : std::max(1, 64 / sets);
    const Times times =
        time_in_graph(stream, sets * rounds, runs(), [&](int i) { made[static_cast<size_t>(i % sets)](); });
    print_record(
        "{\"record\": \"kernel\", \"kernel\": \"%s\", \"type\": \"%s\", \"batch\": %d, \"us\": %.3f, \"us_p10\": %.3f, "
        "\"us_p90\": %.3f, \"bytes\": %.0f, \"flops\": %.0f, \"gb_s\": %.1f, \"tflop_s\": %.3f, \"cold\": %s}",
        c.kernel, name_of(c.type), c.batch, times.median, times.p10, times.p90, c.bytes, c.flops,
        c.bytes / times.median / 1e3, c.flops / times.median / 1e6,
        sets * bytes_per_set >= 2 * kL2Bytes ? "true" : "false");
}

/* Arrays that live as long as the work that uses them. */
template <typename... B>
std::shared_ptr<std::vector<Buffer>> kept(B&&... buffers) {
    auto result = std::make_shared<std::vector<Buffer>>();
    (result->push_back(std::move(buffers)), ...);
    return result;
}

#endif
