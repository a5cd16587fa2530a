/* The operations that only the CUDA backend has: conversion, activation, plain matrix products, graphs. */
#include <algorithm>

#include "check.h"
#include "scanformer_backend.h"
#include "scanformer_cuda.h"

namespace {

double activated(double v, int activation) {
    if (activation == SF_RELU) return v > 0 ? v : 0;
    if (activation == SF_GELU) return v / 2 * (1 + std::erf(v / std::sqrt(2.0)));
    if (activation == SF_SIGMOID) return 1 / (1 + std::exp(-v));
    return v;
}

/* The bias begins `shift` elements into an array: aligned rows of a multiple of four columns go another way. */
void test_activation(sf_stream* stream, int type, int activation, int columns, size_t shift) {
    const int rows = random_int(1, 40);
    const auto n = static_cast<size_t>(rows * columns);
    Array<float> bias(static_cast<size_t>(columns) + shift);
    fill(bias, -3, 3);
    Activations y(type, n);
    const bool with_bias = random_int(0, 3) > 0;
    std::vector<double> expected;
    for (size_t i = 0; i < n; i++) {
        y.set(i, static_cast<double>(random_float(-4, 4)));
        const double added = with_bias ? static_cast<double>(bias[i % static_cast<size_t>(columns) + shift]) : 0;
        expected.push_back(activated(y[i] + added, activation));
    }
    check_ok(stream,
             sf_bias_activation(stream, rows, columns, with_bias ? bias.data() + shift : nullptr, activation, type,
                                y.data()),
             "sf_bias_activation");
    check_near(y, expected, y.tolerance(2e-6), "activation " + std::to_string(activation));
}

void test_convert(sf_stream* stream, int type) {
    const auto n = static_cast<size_t>(random_int(1, 3000));
    Array<float> from(n);
    fill(from, -100, 100);
    Activations to(type, n);
    check_ok(stream, sf_convert(stream, static_cast<int64_t>(n), from.data(), type, to.data()), "sf_convert");
    std::vector<double> expected;
    for (size_t i = 0; i < n; i++) expected.push_back(rounded(type, from[i]));
    check_near(to, expected, 0, "conversion to type " + std::to_string(type));
}

void test_matmul(sf_stream* stream, int type, int y_type) {
    const int rows = random_int(1, 20), out = random_int(1, 20), in = random_int(1, 40);
    Activations x(type, static_cast<size_t>(rows * in)), weight(type, static_cast<size_t>(out * in));
    for (int i = 0; i < rows * in; i++) x.set(static_cast<size_t>(i), static_cast<double>(random_float(-1, 1)));
    for (int i = 0; i < out * in; i++) weight.set(static_cast<size_t>(i), static_cast<double>(random_float(-1, 1)));
    Activations y(y_type, static_cast<size_t>(rows * out));
    check_ok(stream, sf_plain_matmul(stream, rows, out, in, type, x.data(), weight.data(), y_type, y.data()),
             "sf_plain_matmul");
    std::vector<double> expected;
    for (int r = 0; r < rows; r++) {
        for (int o = 0; o < out; o++) {
            double sum = 0;
            for (int k = 0; k < in; k++) {
                sum += x[static_cast<size_t>(r * in + k)] * weight[static_cast<size_t>(o * in + k)];
            }
            expected.push_back(sum);
        }
    }
    check_near(y, expected, y.tolerance(1e-5), "a plain matrix product");
}

/* Of more and fewer elements than a warp takes in a step, with rows and outputs that no block is full of. */
void test_few_rows(sf_stream* stream, int activation) {
    const int rows = random_int(1, 9), out = random_int(1, 9), in = 4 * random_int(1, 450);
    Array<float> x(static_cast<size_t>(rows * in)), weight(static_cast<size_t>(out * in));
    Array<float> bias(static_cast<size_t>(out)), y(static_cast<size_t>(rows * out));
    fill(x);
    fill(weight, -0.2, 0.2);
    fill(bias);
    const bool with_bias = random_int(0, 3) > 0;
    const int without = random_int(0, rows - 1), infinite = random_int(0, in - 1);
    x[static_cast<size_t>(without * in + infinite)] = INFINITY;
    weight[static_cast<size_t>(infinite)] = 0;
    check_ok(stream,
             sf_few_rows_linear(stream, rows, out, in, x.data(), weight.data(), with_bias ? bias.data() : nullptr,
                                activation, y.data()),
             "sf_few_rows_linear");
    for (int r = 0; r < rows; r++) {
        for (int o = 0; o < out; o++) {
            double sum = with_bias ? static_cast<double>(bias[static_cast<size_t>(o)]) : 0;
            for (int k = 0; k < in; k++) {
                sum +=
                    static_cast<double>(x[static_cast<size_t>(r * in + k)]) * weight[static_cast<size_t>(o * in + k)];
            }
            const double found = y[static_cast<size_t>(r * out + o)];
            /* No activation makes a number of a NaN. */
            const double expected = std::isnan(sum) ? sum : activated(sum, activation);
            const std::string what = "output " + std::to_string(o) + " of row " + std::to_string(r) + " of a layer";
            if (std::isfinite(expected)) {
                check(std::fabs(found - expected) <= 1e-5 * std::max(1.0, std::fabs(expected)), what);
            } else {
                check(std::isnan(expected) ? std::isnan(found) : found == expected, what + " with infinity");
            }
        }
    }
}

void test_few_rows_refusals(sf_stream* stream) {
    Array<float> array(64);
    const auto refused = [&](int rows, int out, int in, const float* x, const char* what) {
        check_refused(stream, sf_few_rows_linear(stream, rows, out, in, x, array.data(), nullptr, 0, array.data()),
                      SF_INVALID_ARGUMENT, "sf_few_rows_linear", what);
    };
    refused(-1, 1, 4, array.data(), "negative rows");
    refused(1, 0, 4, array.data(), "no outputs");
    refused(1, 1, 6, array.data(), "inputs that are no whole vectors");
    refused(1, 1, 4, nullptr, "no x");
    refused(1, 1, 4, array.data() + 1, "an x that is not aligned");
    check(array.untouched(), "a refused sf_few_rows_linear writes nothing");
    check_ok(stream, sf_few_rows_linear(stream, 0, 1, 4, nullptr, nullptr, nullptr, 0, nullptr), "no rows");
}

/* Arrays that begin within an element are refused; a device would be lost by them. */
void test_misaligned(sf_stream* stream) {
    Array<float> array(64);
    float* const whole = array.data();
    auto* const within = reinterpret_cast<float*>(reinterpret_cast<uintptr_t>(whole) + 1);
    const auto refused = [&](int status, const char* operation, const char* what) {
        check_refused(stream, status, SF_INVALID_ARGUMENT, operation, std::string(what) + " that is misaligned");
    };
    const char* operation = "sf_bias_activation";
    refused(sf_bias_activation(stream, 2, 3, within, 0, SF_F32, whole), operation, "a bias");
    for (const int type : backend_types) {
        refused(sf_bias_activation(stream, 2, 3, whole, 0, type, within), operation, "y");
        refused(sf_convert(stream, 4, whole, type, within), "sf_convert", "a target");
        refused(sf_plain_matmul(stream, 2, 2, 2, type, within, whole, SF_F32, whole), "sf_plain_matmul", "x");
        refused(sf_plain_matmul(stream, 2, 2, 2, type, whole, within, SF_F32, whole), "sf_plain_matmul", "a weight");
        refused(sf_plain_matmul(stream, 2, 2, 2, SF_F32, whole, whole, type, within), "sf_plain_matmul", "y");
    }
    refused(sf_convert(stream, 4, within, SF_F16, whole), "sf_convert", "a source");
    operation = "sf_few_rows_linear";
    refused(sf_few_rows_linear(stream, 2, 2, 4, whole, whole, within, 0, whole), operation, "a bias");
    refused(sf_few_rows_linear(stream, 2, 2, 4, whole, whole, nullptr, 0, within), operation, "y");
    check(array.untouched(), "what is refused for its alignment writes nothing");
}

/* A graph reads what tables and arrays hold when it is launched, not what they held when it was recorded. */
void test_graph(sf_stream* stream) {
    Array<sf_grid> grid(1);
    grid[0] = {};
    grid[0].rows = grid[0].cols = 8;
    Array<uint8_t> mask(64);
    Array<int32_t> indices(64), count(1);
    std::memset(mask.data(), 0, 64);
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    check_equal(sf_compact_patches(stream, grid.data(), 1, mask.data(), indices.data(), count.data()),
                static_cast<int>(SF_OK), "an operation that is recorded");
    sf_graph* graph = nullptr;
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_OK), "sf_graph_end");
    check(count.untouched(), "what is recorded does not run");
    for (const int set : {0, 1, 17, 64}) {
        for (int i = 0; i < 64; i++) mask[static_cast<size_t>(i)] = i < set ? 1 : 0;
        check_ok(stream, sf_graph_launch(stream, graph), "sf_graph_launch");
        check_equal(count[0], set, "the count of a replayed compaction");
    }
    sf_graph_destroy(graph);
    sf_graph_destroy(nullptr);
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    check_equal(sf_synchronize(stream), static_cast<int>(SF_DEVICE_ERROR), "waiting while recording");
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_DEVICE_ERROR), "the end of a spoilt recording");
    check(graph == nullptr, "a spoilt recording gives no graph");
    check_ok(stream, sf_synchronize(stream), "sf_synchronize after a spoilt recording");
    check_refused(stream, sf_graph_launch(stream, nullptr), SF_INVALID_ARGUMENT, "sf_graph_launch", "no graph");
}

/* What a pyramid needs beside its arguments can grow and move, which a recording would not see. */
void test_recorded_pyramid(sf_stream* stream) {
    const Table<uint8_t> pixel = {0};
    sf_image image = {};
    image.planes[0] = reinterpret_cast<uint64_t>(pixel.data());
    image.strides[0] = image.width = image.height = 1;
    image.format = SF_GRAY;
    const Table<float> mean = {0, 0, 0}, std = {1, 1, 1};
    Array<float> canvas(3);
    const auto build = [&] {
        return sf_build_pyramid(stream, &image, 1, 1, 1, 1, mean.data(), std.data(), canvas.data());
    };
    check_ok(stream, build(), "sf_build_pyramid");
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    const int status = build();
    const std::string message = sf_error(stream);
    sf_graph* graph = nullptr;
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_OK), "sf_graph_end");
    sf_graph_destroy(graph);
    check_equal(status, static_cast<int>(SF_INVALID_ARGUMENT), "sf_build_pyramid while recording");
    check(message.rfind("sf_build_pyramid: ", 0) == 0, "the message is \"" + message + "\"");
    check_ok(stream, build(), "sf_build_pyramid after a recording");
}

/* Memory of the device is told from what lies in a hole between two allocations of it. */
void test_device_memory(sf_stream* stream) {
    constexpr int64_t bytes = 8 << 20;
    void* memory[3] = {};
    for (void*& each : memory) check_ok(stream, sf_allocate(stream, bytes, &each), "sf_allocate");
    std::sort(memory, memory + 3);
    const auto address = [&](int i) { return reinterpret_cast<uint64_t>(memory[i]); };
    check_ok(stream, sf_check_device_memory(stream, address(1), bytes), "all of an allocation");
    check_ok(stream, sf_free(stream, memory[1], bytes), "sf_free");
    const auto range = static_cast<int64_t>(address(2) - address(0)) + 64;
    check_refused(stream, sf_check_device_memory(stream, address(0), range), SF_INVALID_ARGUMENT,
                  "sf_check_device_memory", "a range with a hole");
    for (const int i : {0, 2}) check_ok(stream, sf_free(stream, memory[i], bytes), "sf_free");
}

/* The work between the two calls is done when the time of it is there. */
void test_timer(sf_stream* stream) {
    Array<float> array(1000);
    float milliseconds = -1;
    check_ok(stream, sf_timer_begin(stream), "sf_timer_begin");
    check_ok(stream, sf_clear(stream, array.data(), 4000), "sf_clear");
    check_ok(stream, sf_timer_end(stream, &milliseconds), "sf_timer_end");
    check(milliseconds >= 0, "the time of work is not negative");
    check_near(array, std::vector<double>(1000, 0.0), 0, "cleared memory");
    check_refused(stream, sf_clear(stream, array.data(), 0), SF_INVALID_ARGUMENT, "sf_clear", "no bytes");
    check_refused(stream, sf_timer_end(stream, nullptr), SF_INVALID_ARGUMENT, "sf_timer_end", "no place for the time");
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    check_equal(sf_timer_begin(stream), static_cast<int>(SF_INVALID_ARGUMENT), "sf_timer_begin while recording");
    sf_graph* graph = nullptr;
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_OK), "sf_graph_end");
    sf_graph_destroy(graph);
}

/* A stream of another backend is refused by each function that only CUDA has. */
void test_foreign_stream() {
    sf_backend other = *sf_cuda_backend();
    other.name = "other";
    sf_stream stream = {};
    stream.backend = &other;
    const auto refused = [&](int status, const char* operation) {
        check_refused(&stream, status, SF_INVALID_ARGUMENT, operation, "another backend's stream");
        stream.error[0] = '\0';
    };
    Array<float> array(1);
    void* memory = nullptr;
    sf_graph* graph = nullptr;
    refused(sf_allocate_host(&stream, 64, &memory), "sf_allocate_host");
    refused(sf_free_host(&stream, nullptr), "sf_free_host");
    refused(sf_copy_to_device(&stream, array.data(), array.data(), 4), "sf_copy_to_device");
    refused(sf_copy_to_host(&stream, array.data(), array.data(), 4), "sf_copy_to_host");
    refused(sf_check_device_memory(&stream, 64, 64), "sf_check_device_memory");
    refused(sf_convert(&stream, 1, array.data(), SF_F32, array.data()), "sf_convert");
    refused(sf_bias_activation(&stream, 1, 1, nullptr, SF_RELU, SF_F32, array.data()), "sf_bias_activation");
    refused(sf_plain_matmul(&stream, 1, 1, 1, SF_F32, array.data(), array.data(), SF_F32, array.data()),
            "sf_plain_matmul");
    refused(sf_few_rows_linear(&stream, 1, 1, 4, array.data(), array.data(), nullptr, 0, array.data()),
            "sf_few_rows_linear");
    refused(sf_tensor_matmul(&stream, 1, 1, 8, SF_F16, array.data(), array.data(), nullptr, 0, nullptr, SF_F32,
                             array.data(), 32, 1, nullptr),
            "sf_tensor_matmul");
    refused(sf_tensor_matmul_qkv(&stream, 1, 8, SF_F16, array.data(), array.data(), nullptr, 0, 1, 32, 0, array.data(),
                                 nullptr, array.data(), 32, 1, nullptr),
            "sf_tensor_matmul_qkv");
    const sf_image image = {};
    const sf_image* images[] = {&image};
    float* const canvases[] = {array.data()};
    refused(sf_build_pyramids(&stream, images, 1, 1, 1, 1, 1, array.data(), array.data(), canvases),
            "sf_build_pyramids");
    refused(sf_clear(&stream, array.data(), 4), "sf_clear");
    refused(sf_timer_begin(&stream), "sf_timer_begin");
    refused(sf_timer_end(&stream, array.data()), "sf_timer_end");
    refused(sf_graph_begin(&stream), "sf_graph_begin");
    refused(sf_graph_end(&stream, &graph), "sf_graph_end");
    refused(sf_graph_launch(&stream, nullptr), "sf_graph_launch");
    check(sf_cuda_queue(&stream) == nullptr, "another backend's stream has no queue of CUDA");
    check_equal(sf_compute_capability(&stream), 0, "the compute capability of another backend's stream");
    check(array.untouched(), "what is refused writes nothing");
}

}  // namespace

void test_cuda_operations(sf_stream* stream) {
    for (const int type : backend_types) {
        for (int activation = SF_IDENTITY; activation <= SF_SIGMOID; activation++) {
            test_activation(stream, type, activation, random_int(1, 70), 0);
            test_activation(stream, type, activation, 4 * random_int(1, 20), 0);
            test_activation(stream, type, activation, 4 * random_int(1, 20), 1);
            test_activation(stream, type, activation, 4 * random_int(700, 900), 0);
        }
        test_convert(stream, type);
        for (const int y_type : backend_types) test_matmul(stream, type, y_type);
    }
    for (int activation = SF_IDENTITY; activation <= SF_SIGMOID; activation++) {
        for (int i = 0; i < 3; i++) test_few_rows(stream, activation);
    }
    test_few_rows_refusals(stream);
    test_misaligned(stream);
    test_graph(stream);
    test_recorded_pyramid(stream);
    test_device_memory(stream);
    test_timer(stream);
    test_foreign_stream();
    check_refused(stream, sf_bias_activation(stream, -1, 1, nullptr, 0, SF_F32, nullptr), SF_INVALID_ARGUMENT,
                  "sf_bias_activation", "negative rows");
    check_refused(stream, sf_convert(stream, 1, nullptr, SF_F16, nullptr), SF_INVALID_ARGUMENT, "sf_convert",
                  "no array");
    check_refused(stream, sf_plain_matmul(stream, 1, 0, 1, SF_F32, nullptr, nullptr, SF_F32, nullptr),
                  SF_INVALID_ARGUMENT, "sf_plain_matmul", "no columns");
    char report[512];
    check_equal(sf_probe(sf_cuda_backend(), 0, report, sizeof report), static_cast<int>(SF_OK), "sf_probe");
    check_equal(sf_probe(sf_cuda_backend(), 4096, report, sizeof report), static_cast<int>(SF_UNSUPPORTED),
                "sf_probe of another device");
}
