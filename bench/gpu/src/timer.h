/*
 * Device memory, and the time of work on a stream. On a device by CUDA's events; where kernels are emulated by the
 * host's clock, whose figures mean nothing.
 */
#ifndef SCANFORMER_GPU_TIMER_H
#define SCANFORMER_GPU_TIMER_H

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "scanformer_cuda.h"

#ifndef SF_EMULATION
#include <cuda_runtime_api.h>
#endif

/* Ends the program when a call failed. */
inline void require(int status, sf_stream* stream, const char* what) {
    if (status == SF_OK) return;
    std::fprintf(stderr, "%s: %s\n", what, sf_error(stream));
    std::exit(1);
}

inline std::mt19937 generator(1);

/* Whether --quick, the one option of these programs, is given; ends the program with 2 where something else is. */
inline bool parse_quick(int argc, char** argv) {
    const bool quick = argc > 1 && std::string(argv[1]) == "--quick";
    if (argc > (quick ? 2 : 1)) {
        std::fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
        std::exit(2);
    }
    return quick;
}

/* A stream of device 0; ends the program with 77 where there is none, having said why. */
inline sf_stream* open_device() {
    char report[1024];
    if (sf_probe(sf_cuda_backend(), 0, report, sizeof report) != SF_OK) {
        std::printf("skipped: %s\n", report);
        std::exit(77);
    }
    sf_stream* stream = nullptr;
    if (sf_stream_create(sf_cuda_backend(), 0, 0, 0, &stream) != SF_OK) {
        std::fprintf(stderr, "no stream could be opened on the device\n");
        std::exit(1);
    }
    return stream;
}

/* Device memory, aligned to 256 bytes, freed with the object. */
class Buffer {
  public:
    Buffer(sf_stream* stream, int64_t bytes) : stream_(stream), bytes_(std::max<int64_t>(bytes, 1)) {
        require(sf_allocate(stream, bytes_, &memory_), stream, "sf_allocate");
    }
    Buffer(Buffer&& other) noexcept : stream_(other.stream_), bytes_(other.bytes_), memory_(other.memory_) {
        other.memory_ = nullptr;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { (void)sf_free(stream_, memory_, bytes_); }

    template <typename T = void>
    T* as() const {
        return static_cast<T*>(memory_);
    }
    uint64_t address() const { return reinterpret_cast<uint64_t>(memory_); }
    int64_t bytes() const { return bytes_; }

    void upload(const void* host, int64_t bytes) const {
        require(sf_upload(stream_, memory_, 0, host, bytes), stream_, "sf_upload");
    }

  private:
    sf_stream* stream_;
    int64_t bytes_;
    void* memory_ = nullptr;
};

template <typename T>
Buffer uploaded(sf_stream* stream, const std::vector<T>& values) {
    Buffer buffer(stream, static_cast<int64_t>(values.size() * sizeof(T)));
    if (!values.empty()) buffer.upload(values.data(), buffer.bytes());
    return buffer;
}

inline int64_t bytes_of(int type) { return type == SF_F32 ? 4 : 2; }

/* n normal numbers of an element type, the same again after a million. Not zeros, which a device multiplies faster. */
inline std::vector<float> normal_numbers(int64_t n) {
    std::vector<float> values(static_cast<size_t>(n));
    constexpr size_t kDrawn = 1 << 20;
    std::normal_distribution<float> distribution;
    for (size_t i = 0; i < values.size(); i++) values[i] = i < kDrawn ? distribution(generator) : values[i - kDrawn];
    return values;
}

inline Buffer normal(sf_stream* stream, int64_t n, int type) {
    const std::vector<float> values = normal_numbers(n);
    const Buffer fp32 = uploaded(stream, values);
    Buffer result(stream, n * bytes_of(type));
    require(sf_convert(stream, n, fp32.as<float>(), type, result.as()), stream, "sf_convert");
    require(sf_synchronize(stream), stream, "sf_synchronize");
    return result;
}

/* Microseconds that the device took for what `enqueue` puts on the stream. */
class Timer {
  public:
    explicit Timer(sf_stream* stream) : stream_(stream) {
#ifndef SF_EMULATION
        if (cudaEventCreate(&begin_) != cudaSuccess || cudaEventCreate(&end_) != cudaSuccess) std::exit(1);
#endif
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() {
#ifndef SF_EMULATION
        (void)cudaEventDestroy(begin_);
        (void)cudaEventDestroy(end_);
#endif
    }

    double time(const std::function<void()>& enqueue) {
#ifndef SF_EMULATION
        const auto queue = static_cast<cudaStream_t>(sf_cuda_queue(stream_));
        float milliseconds = 0;
        (void)cudaEventRecord(begin_, queue);
        enqueue();
        (void)cudaEventRecord(end_, queue);
        require(sf_synchronize(stream_), stream_, "sf_synchronize");
        if (cudaEventElapsedTime(&milliseconds, begin_, end_) != cudaSuccess) std::exit(1);
        return 1e3 * static_cast<double>(milliseconds);
#else
        const auto begin = std::chrono::steady_clock::now();
        enqueue();
        require(sf_synchronize(stream_), stream_, "sf_synchronize");
        return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
#endif
    }

  private:
    sf_stream* stream_;
#ifndef SF_EMULATION
    cudaEvent_t begin_ = nullptr;
    cudaEvent_t end_ = nullptr;
#endif
};

/* Percentiles of repeated runs, in microseconds. */
struct Times {
    double p10, median, p90;
};

inline Times percentiles(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) {
        return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
    };
    return {at(0.1), at(0.5), at(0.9)};
}

/*
 * The time of one of `items` pieces of work that enqueue(i) puts on the stream, recorded in one graph: `runs` launches
 * after two to warm up.
 */
inline Times time_in_graph(sf_stream* stream, int items, int runs, const std::function<void(int)>& enqueue) {
    for (int i = 0; i < items; i++) enqueue(i);
    require(sf_synchronize(stream), stream, "sf_synchronize");
    require(sf_graph_begin(stream), stream, "sf_graph_begin");
    for (int i = 0; i < items; i++) enqueue(i);
    sf_graph* graph = nullptr;
    require(sf_graph_end(stream, &graph), stream, "sf_graph_end");
    Timer timer(stream);
    std::vector<double> times;
    for (int run = -2; run < runs; run++) {
        const double time =
            timer.time([&] { require(sf_graph_launch(stream, graph), stream, "sf_graph_launch"); }) / items;
        if (run >= 0) times.push_back(time);
    }
    sf_graph_destroy(graph);
    return percentiles(times);
}

inline const char* name_of(int type) {
    return type == SF_F32 ? "fp32" : type == SF_F16 ? "fp16" : type == SF_BF16 ? "bf16" : "tf32";
}

/* Prints a record as one line of JSON. */
inline void print_record(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::printf("\n");
    std::fflush(stdout);
}

#endif
