/*
 * What the machine can do at most, with one thread and with all: fused multiply-adds in fp32 and in bf16 (GFLOP/s, 0
 * where the CPU has no products of bf16), and memory traffic of reading and of copying arrays far larger than the
 * caches (GB/s; a copy counts what it reads and what it writes). What operations are compared with. Prints JSON.
 *
 * The multiply-adds are twelve independent chains of vectors a thread, more than any core needs to hide their latency.
 * The vectors are the widest that the CPU has.
 */
#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

namespace {

constexpr int kChains = 12;
constexpr long kRounds = 5000000;
constexpr int kRepeats = 5;

/* Of each of a thread's arrays. */
constexpr size_t kArrayBytes = size_t{256} << 20;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/* Keeps a value that nobody reads. */
std::atomic<float> sink{0};

/*
 * A thread's chains in vectors of one instruction set, each a variable of its own, for an array would be stored in
 * every round. The empty asm keeps the compiler from working the loop out.
 */
#define MULTIPLY_ADD(name, isa, vector, factors, one, step, first_lane)                                              \
    __attribute__((target(isa))) void name() {                                                                       \
        const auto a = factors;                                                                                      \
        vector c0 = one, c1 = one, c2 = one, c3 = one, c4 = one, c5 = one;                                           \
        vector c6 = one, c7 = one, c8 = one, c9 = one, c10 = one, c11 = one;                                         \
        for (long round = 0; round < kRounds; round++) {                                                             \
            c0 = step(c0, a), c1 = step(c1, a), c2 = step(c2, a), c3 = step(c3, a), c4 = step(c4, a),                \
            c5 = step(c5, a);                                                                                        \
            c6 = step(c6, a), c7 = step(c7, a), c8 = step(c8, a), c9 = step(c9, a), c10 = step(c10, a);              \
            c11 = step(c11, a);                                                                                      \
            asm volatile(""                                                                                          \
                         : "+v"(c0), "+v"(c1), "+v"(c2), "+v"(c3), "+v"(c4), "+v"(c5), "+v"(c6), "+v"(c7), "+v"(c8), \
                           "+v"(c9), "+v"(c10), "+v"(c11));                                                          \
        }                                                                                                            \
        sink = first_lane(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11);                              \
    }
#define STEP_512(c, a) _mm512_fmadd_ps(c, a, a)
#define STEP_256(c, a) _mm256_fmadd_ps(c, a, a)
/* As CPUs without fused ones do it. */
#define STEP_128(c, a) _mm_add_ps(_mm_mul_ps(c, a), a)
#define STEP_BF16(c, a) _mm512_dpbf16_ps(c, a, a)

MULTIPLY_ADD(multiply_add_512, "avx512f", __m512, _mm512_set1_ps(0.5f), a, STEP_512, _mm512_cvtss_f32)
MULTIPLY_ADD(multiply_add_256, "avx2,fma", __m256, _mm256_set1_ps(0.5f), a, STEP_256, _mm256_cvtss_f32)
MULTIPLY_ADD(multiply_add_128, "sse2", __m128, _mm_set1_ps(0.5f), a, STEP_128, _mm_cvtss_f32)
MULTIPLY_ADD(multiply_add_bf16, "avx512f,avx512bf16", __m512,
             _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.25f)), _mm512_setzero_ps(), STEP_BF16,
             _mm512_cvtss_f32)

/* The shortest time that all threads together take for their work, which each is given its number for. */
double best_seconds(int threads, const std::function<void(int)>& work) {
    double best = 1e9;
    for (int repeat = 0; repeat < kRepeats; repeat++) {
        std::atomic<int> ready{0};
        std::atomic<bool> go{false};
        std::vector<std::thread> others;
        for (int t = 1; t < threads; t++) {
            others.emplace_back([&, t] {
                ready++;
                while (!go) std::this_thread::yield();
                work(t);
            });
        }
        while (ready < threads - 1) std::this_thread::yield();
        const auto start = std::chrono::steady_clock::now();
        go = true;
        work(0);
        for (std::thread& other : others) other.join();
        best = std::min(best, seconds_since(start));
    }
    return best;
}

double gflops(int threads, int flops_a_chain, void (*multiply_add)()) {
    const double seconds = best_seconds(threads, [&](int) { multiply_add(); });
    return static_cast<double>(flops_a_chain) * kChains * kRounds * threads / seconds / 1e9;
}

void print(int threads) {
    double fp32;
    if (__builtin_cpu_supports("avx512f")) {
        fp32 = gflops(threads, 2 * 16, multiply_add_512);
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        fp32 = gflops(threads, 2 * 8, multiply_add_256);
    } else {
        fp32 = gflops(threads, 2 * 4, multiply_add_128);
    }
    const double bf16 = __builtin_cpu_supports("avx512bf16") ? gflops(threads, 4 * 16, multiply_add_bf16) : 0;

    /* Each thread's own, and written by it first, so that pages are where it runs. */
    std::vector<std::vector<uint64_t>> from(static_cast<size_t>(threads)), to(static_cast<size_t>(threads));
    const auto own = [](std::vector<std::vector<uint64_t>>& arrays, int t) -> std::vector<uint64_t>& {
        return arrays[static_cast<size_t>(t)];
    };
    best_seconds(threads, [&](int t) {
        own(from, t).assign(kArrayBytes / sizeof(uint64_t), 1);
        own(to, t).assign(kArrayBytes / sizeof(uint64_t), 0);
    });
    const double read = best_seconds(threads, [&](int t) {
        uint64_t sum[8] = {};
        const std::vector<uint64_t>& array = own(from, t);
        for (size_t i = 0; i < array.size(); i += 8) {
            for (size_t j = 0; j < 8; j++) sum[j] += array[i + j];
        }
        for (size_t j = 1; j < 8; j++) sum[0] += sum[j];
        sink = static_cast<float>(sum[0]);
    });
    const double copy =
        best_seconds(threads, [&](int t) { std::memcpy(own(to, t).data(), own(from, t).data(), kArrayBytes); });
    const double bytes = static_cast<double>(kArrayBytes) * threads;
    std::printf(
        "{\"threads\": %d, \"fp32GigaFlops\": %.1f, \"bf16GigaFlops\": %.1f, \"readGigaBytes\": %.2f, "
        "\"copyGigaBytes\": %.2f}",
        threads, fp32, bf16, bytes / read / 1e9, 2 * bytes / copy / 1e9);
}

}  // namespace

int main() {
    const int all = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    std::printf("[");
    print(1);
    if (all > 1) {
        std::printf(",\n ");
        print(all);
    }
    std::printf("]\n");
    return 0;
}
