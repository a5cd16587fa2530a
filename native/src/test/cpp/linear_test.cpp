/* Linear layers: products of odd sizes in both types, row buckets, and one layer on two streams at once. */
#include <functional>
#include <thread>

#include "check.h"
#include "scanformer_backend.h"
#include "scanformer_cpu.h"

namespace {

double activate(double v, int activation) {
    switch (activation) {
        case SF_RELU:
            return v > 0 ? v : 0;
        case SF_GELU:
            return 0.5 * v * (1 + std::erf(v / std::sqrt(2.0)));
        case SF_SIGMOID:
            return 1 / (1 + std::exp(-v));
        default:
            return v;
    }
}

/* One weight with the values that its products are to be computed from. */
struct Layer {
    int out;
    int in;
    int type;
    Array<float> weight;
    Array<float> bias;
    bool has_bias;
    sf_linear* linear = nullptr;

    Layer(sf_stream* stream, int out_size, int in_size, int weight_type, bool with_bias)
        : out(out_size),
          in(in_size),
          type(weight_type),
          weight(static_cast<size_t>(out_size) * static_cast<size_t>(in_size)),
          bias(static_cast<size_t>(out_size)),
          has_bias(with_bias) {
        fill(weight, -1 / std::sqrt(in_size), 1 / std::sqrt(in_size));
        fill(bias);
        check_ok(stream,
                 sf_linear_create(stream, out, in, weight.data(), has_bias ? bias.data() : nullptr, type, &linear),
                 "sf_linear_create");
    }

    ~Layer() { sf_linear_destroy(linear); }

    double weight_at(int o, int i) const {
        const float w = weight[static_cast<size_t>(o) * static_cast<size_t>(in) + static_cast<size_t>(i)];
        return static_cast<double>(type == SF_BF16 ? from_bf16(to_bf16(w)) : w);
    }
};

void test_product(sf_stream* stream, const Layer& layer, int rows, int activation, int y_type) {
    const auto room = static_cast<size_t>(sf_linear_rows(rows));
    const auto in = static_cast<size_t>(layer.in);
    const auto out = static_cast<size_t>(layer.out);
    /* The rows up to the bucket stay NaN: they must not reach the rows that were asked for. */
    Activations x(layer.type, room * in);
    for (size_t i = 0; i < static_cast<size_t>(rows) * in; i++) {
        const float value = random_float(-1, 1);
        if (layer.type == SF_BF16) {
            static_cast<uint16_t*>(x.data())[i] = to_bf16(value);
        } else {
            static_cast<float*>(x.data())[i] = value;
        }
    }
    Activations y(y_type, room * out);
    check_ok(stream, sf_linear_apply(stream, layer.linear, rows, x.data(), activation, y_type, y.data()),
             "sf_linear_apply");
    std::vector<double> expected;
    for (size_t r = 0; r < static_cast<size_t>(rows); r++) {
        for (int o = 0; o < layer.out; o++) {
            double sum = layer.has_bias ? static_cast<double>(layer.bias[static_cast<size_t>(o)]) : 0;
            for (int i = 0; i < layer.in; i++) sum += x[r * in + static_cast<size_t>(i)] * layer.weight_at(o, i);
            expected.push_back(activate(sum, activation));
        }
    }
    const bool exact = layer.type == SF_F32 && y_type == SF_F32;
    check_near(y, expected, exact ? 1e-5 : 2e-2,
               "product of " + std::to_string(rows) + " x " + std::to_string(layer.in) + " to " +
                   std::to_string(layer.out) + ", activation " + std::to_string(activation) + ", types " +
                   std::to_string(layer.type) + " and " + std::to_string(y_type));
}

/* A model that has gone wrong must not give boxes and scores that look right. */
void test_not_a_number(sf_stream* stream, int type, int y_type) {
    Layer layer(stream, 20, 8, type, true);
    Activations x(type, 8);
    for (size_t i = 0; i < 8; i++) x.set(i, i == 3 ? std::nan("") : 1);
    for (const int activation : {SF_IDENTITY, SF_RELU, SF_GELU, SF_SIGMOID}) {
        Activations y(y_type, 20);
        for (size_t i = 0; i < 20; i++) y.set(i, 1);
        check_ok(stream, sf_linear_apply(stream, layer.linear, 1, x.data(), activation, y_type, y.data()),
                 "sf_linear_apply");
        int numbers = 0;
        for (size_t i = 0; i < 20; i++) numbers += !std::isnan(y[i]);
        check_equal(numbers, 0,
                    "numbers made of one that is none, activation " + std::to_string(activation) + ", types " +
                        std::to_string(type) + " and " + std::to_string(y_type));
    }
}

void test_row_buckets() {
    check_equal(sf_linear_rows(0), 0, "sf_linear_rows(0)");
    int previous = 0;
    for (int rows = 1; rows <= 5000; rows++) {
        const int bucket = sf_linear_rows(rows);
        const bool good = bucket >= rows && bucket >= previous && bucket - rows < std::max(8, rows / 8) &&
                          sf_linear_rows(bucket) == bucket;
        if (!good) check(false, "sf_linear_rows(" + std::to_string(rows) + ") is " + std::to_string(bucket));
        previous = bucket;
    }
    check(sf_linear_rows(3000) > 0, "sf_linear_rows");
    /* A bucket that no int holds is none. */
    check_equal(sf_linear_rows(INT32_MAX - 63), INT32_MAX - 63, "sf_linear_rows of the most rows");
    check_equal(sf_linear_rows(INT32_MAX), 0, "sf_linear_rows of too many rows");
    check_equal(sf_linear_rows(-1), 0, "sf_linear_rows of negative rows");
}

void test_two_streams(sf_stream* stream) {
    Layer layer(stream, 33, 17, SF_F32, true);
    Array<float> x(8 * 17);
    fill(x);
    Array<float> y0(8 * 33);
    Array<float> y1(8 * 33);
    sf_stream* second = nullptr;
    check_equal(sf_stream_create(tested_backend, 0, 1, 0, &second), static_cast<int>(SF_OK), "sf_stream_create");
    int statuses[2] = {SF_OK, SF_OK};
    const auto work = [&](sf_stream* on, Array<float>& y, int& status) {
        for (int i = 0; i < 50 && status == SF_OK; i++) {
            status = sf_linear_apply(on, layer.linear, 1 + i % 8, x.data(), SF_GELU, SF_F32, y.data());
        }
        status = status == SF_OK ? sf_linear_apply(on, layer.linear, 8, x.data(), SF_GELU, SF_F32, y.data()) : status;
    };
    std::thread other(work, second, std::ref(y1), std::ref(statuses[1]));
    work(stream, y0, statuses[0]);
    other.join();
    check_ok(stream, statuses[0], "product on the first of two streams");
    check_ok(second, statuses[1], "product on the second of two streams");
    check_near(y0, std::vector<double>(y1.data(), y1.data() + y1.size()), 1e-6, "products on two streams");
    sf_stream_destroy(second);
}

void test_linear_refusals(sf_stream* stream) {
    Layer layer(stream, 5, 3, SF_F32, true);
    Array<float> x(8 * 3);
    fill(x);
    Array<float> y(8 * 5 + 16);
    const char* create = "sf_linear_create";
    sf_linear* none = layer.linear;
    check_refused(stream, sf_linear_create(stream, 0, 3, x.data(), nullptr, SF_F32, &none), SF_INVALID_ARGUMENT, create,
                  "no outputs");
    check(none == nullptr, "sf_linear_create leaves NULL on failure");
    check_refused(stream, sf_linear_create(stream, 3, -1, x.data(), nullptr, SF_F32, &none), SF_INVALID_ARGUMENT,
                  create, "negative inputs");
    check_refused(stream, sf_linear_create(stream, 3, 3, nullptr, nullptr, SF_F32, &none), SF_INVALID_ARGUMENT, create,
                  "a NULL weight");
    check_refused(stream, sf_linear_create(stream, 3, 3, x.data(), nullptr, SF_F32, nullptr), SF_INVALID_ARGUMENT,
                  create, "no place for the layer");
    check_refused(stream, sf_linear_create(stream, 3, 3, x.data(), nullptr, SF_F16, &none), SF_UNSUPPORTED, create,
                  "fp16");
    for (const int in : {1, INT32_MAX}) {
        check_refused(stream, sf_linear_create(stream, INT32_MAX, in, x.data(), nullptr, SF_F32, &none),
                      SF_OUT_OF_MEMORY, create, "more outputs than memory holds");
    }
    check_refused(stream, sf_linear_create(stream, INT32_MAX / 2, INT32_MAX, x.data(), nullptr, SF_F32, &none),
                  SF_OUT_OF_MEMORY, create, "a weight of more bytes than 64 bits count");
    const auto refused = [&](sf_linear* linear, int rows, const void* from, int activation, int type, void* to,
                             const char* what) {
        check_refused(stream, sf_linear_apply(stream, linear, rows, from, activation, type, to), SF_INVALID_ARGUMENT,
                      "sf_linear_apply", what);
    };
    refused(nullptr, 1, x.data(), SF_IDENTITY, SF_F32, y.data(), "a NULL layer");
    const auto* misplaced = reinterpret_cast<const float*>(reinterpret_cast<uintptr_t>(x.data()) + 1);
    check_refused(stream, sf_linear_create(stream, 1, 1, misplaced, nullptr, SF_F32, &none), SF_INVALID_ARGUMENT,
                  create, "a misaligned weight");
    check_refused(stream, sf_linear_create(stream, 1, 1, x.data(), misplaced, SF_F32, &none), SF_INVALID_ARGUMENT,
                  create, "a misaligned bias");
    refused(layer.linear, INT32_MAX, x.data(), SF_IDENTITY, SF_F32, y.data(), "more rows than an int counts");
    check_equal(sf_linear_rows(INT32_MAX), 0, "the bucket of more rows than an int counts");
    refused(layer.linear, -1, x.data(), SF_IDENTITY, SF_F32, y.data(), "negative rows");
    refused(layer.linear, INT32_MAX, nullptr, SF_IDENTITY, SF_F32, nullptr, "too many rows");
    refused(layer.linear, 1, nullptr, SF_IDENTITY, SF_F32, y.data(), "x NULL");
    refused(layer.linear, 1, x.data(), SF_IDENTITY, SF_F32, nullptr, "y NULL");
    refused(layer.linear, 1, x.data() + 1, SF_IDENTITY, SF_F32, y.data(), "x misaligned");
    refused(layer.linear, 1, x.data(), SF_IDENTITY, SF_F32, y.data() + 1, "y misaligned");
    refused(layer.linear, 1, x.data(), 4, SF_F32, y.data(), "an unknown activation");
    refused(layer.linear, 1, x.data(), SF_IDENTITY, 3, y.data(), "an unknown type");
    check_refused(stream, sf_linear_apply(stream, layer.linear, 1, x.data(), SF_IDENTITY, SF_F16, y.data()),
                  SF_UNSUPPORTED, "sf_linear_apply", "a type that the CPU does not write");
    check(y.untouched(), "a refused product writes nothing");
    check_ok(stream, sf_linear_apply(stream, layer.linear, 0, nullptr, SF_IDENTITY, SF_F32, nullptr), "no rows");
    check(sf_linear_bytes(layer.linear) >= 5 * 3 * 4 + 5 * 4, "sf_linear_bytes");
    sf_linear_destroy(nullptr);
    sf_backend other = *tested_backend;
    other.name = "other";
    sf_stream foreign = {};
    foreign.backend = &other;
    check_refused(&foreign, sf_linear_create(&foreign, 3, 3, x.data(), nullptr, SF_F32, &none), SF_INVALID_ARGUMENT,
                  create, "another backend's stream");
    check_refused(&foreign, sf_linear_apply(&foreign, layer.linear, 1, x.data(), SF_IDENTITY, SF_F32, y.data()),
                  SF_INVALID_ARGUMENT, "sf_linear_apply", "another backend's stream");
}

}  // namespace

void test_linear(sf_stream* stream) {
    char report[512];
    check_equal(sf_probe(tested_backend, 0, report, sizeof report), static_cast<int>(SF_OK), "sf_probe");
    const bool bf16 = std::strstr(report, "bf16=true") != nullptr;
    if (!bf16) std::printf("this CPU has no products in bf16; they are not tested\n");
    const int sizes[][2] = {{1, 1},    {1, 37},
                            {4, 33},   {random_int(2, 70), random_int(2, 70)},
                            {129, 65}, {64, 3},
                            {3, 768},  {70, 1600},
                            {193, 37}, {random_int(200, 700), 64}};
    for (const int type : {SF_F32, SF_BF16}) {
        if (type == SF_BF16 && !bf16) continue;
        for (const auto& size : sizes) {
            Layer layer(stream, size[0], size[1], type, random_int(0, 1) == 1);
            if (layer.linear == nullptr) continue;
            for (const int rows : {1, 2, 3, 5, 17, 100}) {
                const int activation = random_int(SF_IDENTITY, SF_SIGMOID);
                test_product(stream, layer, rows, activation, SF_F32);
                if (bf16) test_product(stream, layer, rows, activation, SF_BF16);
            }
        }
        /* Several slices of outputs, the last a narrower one, and several pieces of rows, the last a shorter one. */
        Layer wide(stream, 2 * 192 + random_int(1, 191), 40, type, true);
        for (const int rows : {40, 130, random_int(500, 1300)}) {
            test_product(stream, wide, rows, random_int(SF_IDENTITY, SF_SIGMOID), SF_F32);
        }
        for (const bool bias : {false, true}) {
            Layer layer(stream, random_int(2, 40), random_int(2, 40), type, bias);
            for (int activation = SF_IDENTITY; activation <= SF_SIGMOID; activation++) {
                test_product(stream, layer, random_int(1, 20), activation, SF_F32);
            }
        }
    }
    for (const int type : {SF_F32, SF_BF16}) {
        for (const int y_type : {SF_F32, SF_BF16}) {
            if (bf16 || (type == SF_F32 && y_type == SF_F32)) test_not_a_number(stream, type, y_type);
        }
    }
    test_row_buckets();
    test_two_streams(stream);
    test_linear_refusals(stream);
}
