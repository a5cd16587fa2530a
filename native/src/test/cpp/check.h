/* What the tests of the native operations share: counted checks, guarded arrays, random values, reference arithmetic.
 */
#ifndef SCANFORMER_TEST_CHECK_H
#define SCANFORMER_TEST_CHECK_H

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "scanformer.h"

/* What is being tested; printed with a failure. */
inline std::string context;

/*
 * The backend under test: its functions, the element types of activations, its attention's compute types, and whether
 * it reads tables on the device, where faults in them are found late and row by row.
 */
inline const sf_backend* tested_backend = nullptr;
inline std::vector<int> backend_types = {SF_F32, SF_BF16};
inline std::vector<int> backend_compute_types = {SF_F32};
inline bool tables_on_device = false;

/* Whether each group is to run a few of its cases only, every kernel among them: what checks each access is slow. */
inline bool brief = false;
/* n, or an eighth of it. */
inline int fewer(int n) { return brief ? (n + 7) / 8 : n; }
/* Those of the brief cases, or all of them. */
inline std::vector<int> cases(const std::vector<int>& few, const std::vector<int>& all) { return brief ? few : all; }

/* Where arrays and tables lie: memory that the backend and the host both read, aligned to 64 bytes. */
inline void* (*allocate_shared)(size_t bytes) = [](size_t bytes) -> void* {
    void* memory = nullptr;
    return posix_memalign(&memory, 64, bytes) == 0 ? memory : nullptr;
};
inline void (*free_shared)(void* memory) = [](void* memory) { std::free(memory); };

/* Ends the program: a device that a fault was seen on gives no more memory. */
[[noreturn]] inline void without_memory(size_t bytes) {
    std::printf("FAILED %s: no memory of %zu bytes; is the device lost?\n", context.c_str(), bytes);
    std::fflush(stdout);
    std::abort();
}

template <typename T>
struct SharedAllocator {
    using value_type = T;
    SharedAllocator() = default;
    template <typename U>
    SharedAllocator(const SharedAllocator<U>&) {}
    T* allocate(size_t n) {
        auto* memory = static_cast<T*>(allocate_shared(n * sizeof(T)));
        if (memory == nullptr) without_memory(n * sizeof(T));
        return memory;
    }
    void deallocate(T* memory, size_t) { free_shared(memory); }
    template <typename U>
    bool operator==(const SharedAllocator<U>&) const {
        return true;
    }
    template <typename U>
    bool operator!=(const SharedAllocator<U>&) const {
        return false;
    }
};

/* Rows of a table that the backend reads. */
template <typename T>
using Table = std::vector<T, SharedAllocator<T>>;
inline int passed = 0;
inline int failed = 0;

inline void check(bool condition, const std::string& what) {
    if (condition) {
        passed++;
        return;
    }
    failed++;
    /* A broken kernel fails by the thousand; the first failures say enough. */
    if (failed <= 50) std::printf("FAILED %s: %s\n", context.c_str(), what.c_str());
}

template <typename A, typename B>
void check_equal(const A& actual, const B& expected, const std::string& what) {
    check(actual == expected, what + ": found " + std::to_string(actual) + ", expected " + std::to_string(expected));
}

/* The sanitizer sees a write past an array; without it, bytes after the array that must stay as they are do. */
#ifdef SCANFORMER_SANITIZE
constexpr size_t kGuardBytes = 0;
#else
constexpr size_t kGuardBytes = 64;
#endif

/* A batch of more than a warp's 32 items: a device's search for an item goes more than one step. */
constexpr int kManyItems = 33;

/* An array aligned to 64 bytes. It starts as bytes of 0xff: NaN as fp32 and as bf16, -1 as an integer. */
template <typename T>
class Array {
  public:
    explicit Array(size_t size) : size_(size), bytes_(size * sizeof(T)) {
        data_ = static_cast<T*>(allocate_shared(bytes_ + kGuardBytes));
        if (data_ == nullptr) without_memory(bytes_);
        poison();
    }

    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;

    ~Array() {
        for (size_t i = bytes_; i < bytes_ + kGuardBytes; i++) {
            if (byte(i) != 0xff) {
                check(false, "bytes after an array were written");
                break;
            }
        }
        free_shared(data_);
    }

    void poison() { std::memset(static_cast<void*>(data_), 0xff, bytes_ + kGuardBytes); }

    bool untouched() const {
        for (size_t i = 0; i < bytes_; i++) {
            if (byte(i) != 0xff) return false;
        }
        return true;
    }

    bool same_bytes(const Array& other) const {
        return bytes_ == other.bytes_ && std::memcmp(data_, other.data_, bytes_) == 0;
    }

    T* data() { return data_; }
    const T* data() const { return data_; }
    size_t size() const { return size_; }
    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }

  private:
    unsigned char byte(size_t i) const { return reinterpret_cast<const unsigned char*>(data_)[i]; }

    size_t size_;
    size_t bytes_;
    T* data_;
};

inline std::mt19937_64 generator;

/* A random integer from low to high, both included. */
inline int random_int(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator); }

inline float random_float(double low, double high) {
    return static_cast<float>(std::uniform_real_distribution<double>(low, high)(generator));
}

inline void fill(Array<float>& array, double low = -1, double high = 1) {
    for (size_t i = 0; i < array.size(); i++) array[i] = random_float(low, high);
}

/* bfloat16 is the upper half of an fp32; conversion is to nearest, ties to even. */
inline float from_bf16(uint16_t value) {
    const uint32_t bits = static_cast<uint32_t>(value) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

inline uint16_t to_bf16(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* fp16, by the name that compilers have long had for it. */
#if defined(__aarch64__)
typedef __fp16 Half;
#else
typedef _Float16 Half;
#endif

/* An array of an activation type, read and written as doubles. */
class Activations {
  public:
    Activations(int type, size_t size) : type_(type), bytes_(size * (type == SF_F32 ? 4 : 2)) {}

    void* data() { return bytes_.data(); }
    void poison() { bytes_.poison(); }
    bool untouched() const { return bytes_.untouched(); }
    bool same_bytes(const Activations& other) const { return bytes_.same_bytes(other.bytes_); }
    void copy_from(const Activations& other) { std::memcpy(bytes_.data(), other.bytes_.data(), bytes_.size()); }

    double operator[](size_t i) const {
        if (type_ == SF_F32) return static_cast<double>(reinterpret_cast<const float*>(bytes_.data())[i]);
        const uint16_t bits = reinterpret_cast<const uint16_t*>(bytes_.data())[i];
        if (type_ == SF_BF16) return static_cast<double>(from_bf16(bits));
        Half half;
        std::memcpy(&half, &bits, sizeof half);
        return static_cast<double>(half);
    }

    void set(size_t i, double value) {
        if (type_ == SF_F32) {
            reinterpret_cast<float*>(bytes_.data())[i] = static_cast<float>(value);
        } else if (type_ == SF_BF16) {
            reinterpret_cast<uint16_t*>(bytes_.data())[i] = to_bf16(static_cast<float>(value));
        } else {
            const auto half = static_cast<Half>(value);
            std::memcpy(bytes_.data() + 2 * i, &half, sizeof half);
        }
    }

    /* Rounding to bf16 is off by up to 2^-9 of the value, to fp16 by 2^-12. */
    double tolerance(double fp32) const {
        return type_ == SF_BF16 ? fp32 + 1.0 / 256 : type_ == SF_F16 ? fp32 + 1.0 / 2048 : fp32;
    }

  private:
    int type_;
    Array<unsigned char> bytes_;
};

/* A value as an array of the type holds it. */
inline double rounded(int type, float value) {
    if (type == SF_F32) return static_cast<double>(value);
    if (type == SF_BF16) return static_cast<double>(from_bf16(to_bf16(value)));
    return static_cast<double>(static_cast<Half>(value));
}

/* Checks get(i) against expected(i) for i in [0, n), relative to values over 1, as one check. */
template <typename Get, typename Expected>
void check_near(size_t n, const Get& get, const Expected& expected, double tolerance, const std::string& what) {
    for (size_t i = 0; i < n; i++) {
        const double a = get(i);
        const double e = expected(i);
        if (!(std::fabs(a - e) <= tolerance * std::max(1.0, std::fabs(e)))) {
            char message[160];
            std::snprintf(message, sizeof message, ": element %zu of %zu is %.9g, expected %.9g", i, n, a, e);
            check(false, what + message);
            return;
        }
    }
    check(true, what);
}

template <typename Values>
void check_near(const Values& actual, const std::vector<double>& expected, double tolerance, const std::string& what) {
    check_near(
        expected.size(), [&](size_t i) { return static_cast<double>(actual[i]); },
        [&](size_t i) { return expected[i]; }, tolerance, what);
}

inline void check_ok(sf_stream* stream, int status, const std::string& what) {
    check(status == SF_OK, what + ": status " + std::to_string(status) + ", " + sf_error(stream));
    if (tables_on_device) {
        const int late = sf_synchronize(stream);
        check(late == SF_OK, what + ": status " + std::to_string(late) + ", " + sf_error(stream));
    }
}

/* A call that must fail with that status, and a message that starts with the operation's name. */
inline void check_refused(sf_stream* stream, int status, int expected, const std::string& operation,
                          const std::string& what) {
    if (tables_on_device && status == SF_OK) status = sf_synchronize(stream);
    check_equal(status, expected, operation + " with " + what);
    const std::string message = sf_error(stream);
    const std::string start = operation + ": ";
    check(message.rfind(start, 0) == 0 && message.size() > start.size() && message[start.size()] != ',',
          operation + " with " + what + ": the message is \"" + message + "\"");
}

/* LayerNorm of v, times weight, plus bias. */
inline std::vector<double> layer_norm(const std::vector<double>& v, const float* weight, const float* bias,
                                      double eps) {
    double mean = 0, variance = 0;
    for (double value : v) mean += value / static_cast<double>(v.size());
    for (double value : v) variance += (value - mean) * (value - mean) / static_cast<double>(v.size());
    std::vector<double> result;
    for (size_t i = 0; i < v.size(); i++) {
        result.push_back((v[i] - mean) / std::sqrt(variance + eps) * static_cast<double>(weight[i]) +
                         static_cast<double>(bias[i]));
    }
    return result;
}

/* The groups of tests. Those of one stream run for each instruction set and number of threads. */
void test_linear(sf_stream* stream);
void test_layer_norm(sf_stream* stream);
void test_attention(sf_stream* stream);
void test_attention_extremes(sf_stream* stream);
void test_pyramid(sf_stream* stream);
void test_patches(sf_stream* stream);
void test_embeddings(sf_stream* stream);
void test_refusals(sf_stream* stream);
void test_unsupported(sf_stream* stream);
void test_limits(sf_stream* stream);
void test_memory(sf_stream* stream);
void test_hostile(sf_stream* stream);
void test_cpu_device();
void test_team();

#endif
